"""Backends are found by their files' names; nothing heavy is imported to list them."""

import json
import subprocess
import sys

import pytest

from aigc import stage
from aigc.errors import BriefError, UnknownBackend

HEAVY = (
    "torch",
    "diffusers",
    "transformers",
    "ctranslate2",
    "ray",
    "gradio",
    "huggingface_hub",
)


def blocked(code: str) -> str:
    """Run code where importing anything heavy fails; give what it prints."""
    block = f"import sys\nfor name in {HEAVY}: sys.modules[name] = None\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block + code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_listing_imports_no_backend() -> None:
    code = (
        "from aigc import stage\nimport json\n"
        "names = {name: stage.backends(name) for name in stage.STAGES}\n"
        "for name, found in names.items():\n"
        "    for each in found:\n"
        "        assert stage.describe(name, each)\n"
        "        assert f'aigc.{name}.{each}' not in sys.modules\n"
        "print(json.dumps(names))"
    )
    names = json.loads(blocked(code))
    assert set(names) == set(stage.STAGES)
    assert all("builtin" in found for found in names.values())


def test_every_backend_is_imported_without_anything_heavy() -> None:
    code = (
        "from aigc import stage\n"
        "for name in stage.STAGES:\n"
        "    for each in stage.backends(name):\n"
        "        print(stage.backend_class(name, each)().backend)"
    )
    count = sum(len(stage.backends(name)) for name in stage.STAGES)
    assert len(blocked(code).split()) == count


def test_the_package_itself_is_light() -> None:
    code = (
        "import aigc, aigc.cli, aigc.recipe, aigc.brief\n"
        "assert 'numpy' not in sys.modules or 'aigc.campaign' in sys.modules\n"
        "assert 'cv2' not in sys.modules and 'scipy' not in sys.modules\n"
    )
    blocked(code)


def test_unknown_backend_lists_the_choices() -> None:
    with pytest.raises(UnknownBackend) as error:
        stage.backend_class("scene", "magic")
    assert str(error.value).startswith("scene: no backend 'magic'; choose from builtin")


@pytest.mark.parametrize("name", ["../cli", "__init__", "", "builtin.py"])
def test_only_backends_are_imported(name: str) -> None:
    with pytest.raises(UnknownBackend):
        stage.backend_class("rank", name)


def test_a_new_file_is_a_backend(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "caption"
    folder.mkdir()
    (folder / "mine.py").write_text('"""My own."""\n\nclass Backend(Captioner):\n    pass\n')
    (folder / "helper.py").write_text('"""No backend."""\n# class Backend(X): only said\n')
    monkeypatch.setattr(stage, "__file__", str(tmp_path / "stage.py"))
    stage.backends.cache_clear()
    try:
        assert stage.backends("caption") == ("mine",)
        assert stage.describe("caption", "mine") == "My own"
    finally:
        stage.backends.cache_clear()


def test_wrong_option_names_itself() -> None:
    with pytest.raises(BriefError) as error:
        stage.configure("scene", "builtin", {"sparkle": 1})
    assert str(error.value).startswith("scene.sparkle: builtin has no such option; it has: ")
    with pytest.raises(BriefError) as error:
        stage.configure("scene", "builtin", {"set": ["x"]})
    assert "scene.set" in str(error.value)
    assert "\n" not in str(error.value)
