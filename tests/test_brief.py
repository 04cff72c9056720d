"""Briefs: read from any form, forgiven where plain, else refused in one line that helps."""

import json
from pathlib import Path
from typing import Any

import pytest

from aigc import brief
from aigc.errors import BriefError

LEAST = {"name": "Mug", "photo": "mug.jpg"}


def refusal(fields: dict[str, Any]) -> str:
    """Say how a brief is refused: one line, not a long one."""
    with pytest.raises(BriefError) as error:
        brief.make(LEAST | fields)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


def file_refusal(path: Path) -> str:
    """Say how a brief file is refused: one line that names the file."""
    with pytest.raises(BriefError) as error:
        brief.load(path)
    message = str(error.value)
    assert "\n" not in message
    return message


FORMS = {
    "a.yaml": "name: Mug\nphoto: mug.jpg\nfeatures: [holds 400 ml]\nseed: 3\n",
    "a.yml": "name: Mug\nphoto: mug.jpg\nfeatures:\n  - holds 400 ml\nseed: 3\n",
    "a.toml": 'name = "Mug"\nphoto = "mug.jpg"\nfeatures = ["holds 400 ml"]\nseed = 3\n',
    "a.JSON": '{"name": "Mug", "photo": "mug.jpg", "features": ["holds 400 ml"], "seed": 3}',
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_forms_and_byte_order_mark(tmp_path: Path, name: str, mark: str) -> None:
    path = tmp_path / name
    path.write_text(mark + FORMS[name], "utf-8")
    read = brief.load(path)
    assert (read.name, read.features, read.seed) == ("Mug", ("holds 400 ml",), 3)
    assert Path(read.photo).resolve() == tmp_path / "mug.jpg"


def test_paths_stand_beside_the_brief(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shop" / "a.yaml"
    path.parent.mkdir()
    path.write_text("name: Mug\nphoto: pictures/mug.jpg\nbrand: {name: Mug, logo: logo.png}\n")
    monkeypatch.chdir(tmp_path)
    read = brief.load("shop/a.yaml")
    assert Path(read.photo) == Path("shop/pictures/mug.jpg")
    assert Path(read.brand.logo) == Path("shop/logo.png")


@pytest.mark.parametrize("ref", ["/photos/mug.jpg", "file:///photos/mug.jpg", "pypi:a==1/b.png"])
def test_whole_references_stay(tmp_path: Path, ref: str) -> None:
    (tmp_path / "a.yaml").write_text(f"name: Mug\nphoto: '{ref}'\n")
    assert brief.load(tmp_path / "a.yaml").photo == ref


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "- name: Mug\n"),
        ("a.yaml", ""),
        ("a.yaml", "just words"),
        ("a.json", "[]"),
        ("a.json", "null"),
    ],
)
def test_not_a_table(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert "a brief is a table of fields" in file_refusal(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "name: [unclosed"),
        ("a.yaml", "name: !!python/object:os.system x"),
        ("a.yaml", "made: 2026-99-99"),
        ("a.yaml", "name: " + "[" * 1200),
        ("a.yaml", "name: " + "9" * 9000),
        ("a.yaml", "? [a, b]\n: c"),
        ("a.yaml", "name: a\x00b"),
        ("a.toml", "name = "),
        ("a.toml", "name = " + "[" * 3000),
        ("a.json", "{"),
        ("a.json", '{"name": ' + "[" * 100_000),
        ("a.json", '{"seed": ' + "9" * 9000 + "}"),
    ],
)
def test_cannot_be_parsed(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    message = file_refusal(tmp_path / name)
    assert "cannot be parsed" in message
    assert name in message


def test_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("name: 青瓷茶壶".encode("gbk"))
    assert "save it as UTF-8" in file_refusal(path)
    path.write_bytes("name: Mug".encode("utf-16"))
    assert "save it as UTF-8" in file_refusal(path)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be read" in file_refusal(tmp_path / "none.yaml")
    assert "cannot be read" in file_refusal(tmp_path / ("x" * 300 + ".yaml"))
    (tmp_path / "folder.yaml").mkdir()
    assert "cannot be read" in file_refusal(tmp_path / "folder.yaml")


def test_unknown_type_of_file(tmp_path: Path) -> None:
    assert ".yaml, .yml, .toml, .json" in file_refusal(tmp_path / "brief.docx")


def test_shared_yaml_nodes_do_not_blow_up(tmp_path: Path) -> None:
    rows = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 30)]
    path = tmp_path / "a.yaml"
    path.write_text("\n".join(["name: Mug", "l0: &l0 [x]", *rows, "photo: *l29"]))
    assert len(file_refusal(path)) < 400


@pytest.mark.parametrize("photo", [None, "", 7, [], {}])
def test_photo_is_needed(photo: Any) -> None:
    assert refusal({"photo": photo}).startswith("photo")


@pytest.mark.parametrize(
    "name",
    [None, "", "   ", "\n\t", "\u3000", "\u200b", "\u2060\ufeff", True, ["Mug"], {"en": "Mug"}],
)
def test_name_that_is_none(name: Any) -> None:
    assert refusal({"name": name}).startswith("name")


def test_huge_name() -> None:
    message = refusal({"name": "x" * 100_000})
    assert message.startswith("name = 'xxx")
    assert "120" in message


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Mug 🫖✨", "Mug 🫖✨"),
        ("👩🏽‍🍳 apron", "👩🏽‍🍳 apron"),
        ("إبريق شاي", "إبريق شاي"),
        ("青瓷 teapot чайник", "青瓷 teapot чайник"),
        ("  Mug \n with\ta\r\nlid  ", "Mug with a lid"),
        ("Mug\x00\x07\x1b[31m", "Mug [31m"),
        ("line\u2028separator", "line separator"),
        ("cafe\u0301", "café"),
        (2000, "2000"),
    ],
)
def test_names_are_tidied(said: Any, kept: str) -> None:
    assert brief.make(LEAST | {"name": said}).name == kept


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"name": "\\ud83e", "photo": "a.jpg"}')
    assert file_refusal(tmp_path / "a.json").startswith("name")


def test_unknown_field_lists_those_there_are() -> None:
    message = refusal({"colour": "red"})
    assert message.startswith("colour: no such field")
    assert "features" in message


def test_unknown_field_of_the_brand_lists_the_brands() -> None:
    message = refusal({"brand": {"colour": "red"}})
    assert message.startswith("brand.colour: no such field")
    assert "logo" in message
    assert "features" not in message


def test_everything_that_is_wrong_at_once_the_first_as_make_says_it() -> None:
    given = LEAST | {
        "name": "Cheap Mug",
        "price": "9" * 25,
        "channels": ["myspace", "jd-main", "jd-main"],
        "style": "brutalist",
        "features": ["good", ""],
        "brand": {"avoid": ["cheap"], "colours": ["red"]},
        "colour": "red",
    }
    found = brief.wrongs(given)
    assert {each.field for each in found} == {
        "price", "features.1", "colour", "channels", "style", "brand.colours.0", "name",
    }  # fmt: skip
    assert found[0].line == refusal(given)
    assert brief.wrongs(LEAST) == []


def test_field_names_that_are_no_text() -> None:
    assert "no such field" in refusal({1: "x"})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("variants", 0, "greater than or equal to 1"),
        ("variants", 7, "less than or equal to 6"),
        ("variants", "many", "integer"),
        ("variants", 1.5, "integer"),
        ("seed", -1, "greater than or equal to 0"),
        ("seed", 2**32, "less than or equal to 4294967295"),
        ("tone", "angry", "'heartwarming'"),
        ("price", "9" * 25, "24"),
        ("price", ["9"], "string"),
        ("features", {"a": 1}, "tuple"),
        ("features", [""], "at least 1"),
        ("features", ["good"] * 21, "20"),
        ("channels", [], "at least 1"),
        ("channels", 3, "tuple"),
        ("brand", "Acme", "Brand"),
        ("date", "next week", "YYYY-MM-DD"),
        ("link", "our shop", "nothing that a phone opens"),
        ("link", "https://[", "nothing that a phone opens"),
        ("date", 20261201, "string"),
        ("date", "2026-02-30", "day"),
        ("badges", ["CE", ""], "at least 1"),
        ("badges", ["CE"] * 5, "4"),
        ("discount", "x" * 17, "16"),
        ("texts", [{"body": "No headline"}], "missing"),
        ("texts", [{"headline": "A", "tagline": "B"}], "headline, body, cta"),
        ("texts", 3, "tuple"),
        ("texts", [["A"]], "OwnCopy"),
    ],
)
def test_wrong_values(field: str, value: Any, allowed: str) -> None:
    message = refusal({field: value})
    assert message.startswith(field)
    assert allowed in message


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("taobao", "did you mean taobao-main, taobao-white, taobao-portrait, taobao-detail?"),
        ("amzon-main", "did you mean amazon-main"),
        ("Google Square", "did you mean google-square"),
        ("myspace", "`aigc channels` lists them"),
    ],
)
def test_unknown_channel_names_those_that_may_be_meant(name: str, meant: str) -> None:
    message = refusal({"channels": [name]})
    assert f"'{name}'" in message
    assert meant in message


def test_channel_named_twice() -> None:
    assert "twice" in refusal({"channels": ["jd-main", "jd-main"]})


def test_unknown_style_lists_the_choices() -> None:
    message = refusal({"style": "brutalist"})
    assert "'brutalist'" in message
    assert "minimal" in message


def test_what_is_plainly_meant() -> None:
    read = brief.make(
        LEAST | {"price": 199, "channels": "jd-main", "features": "holds 400 ml", "tone": None}
    )
    assert read.price == "199"
    assert read.channels == ("jd-main",)
    assert read.features == ("holds 400 ml",)
    assert read.tone == "promotional"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Hot for hours", ["Hot for hours"]),
        (["One", "Two"], ["One", "Two"]),
        ({"headline": "One", "cta": "Buy"}, ["One"]),
        ([{"headline": " One "}, "Two"], ["One", "Two"]),
    ],
)
def test_own_copy_as_headlines_or_tables(given: Any, kept: list[str]) -> None:
    assert [each.headline for each in brief.make(LEAST | {"texts": given}).texts] == kept


def test_offers_dates_and_the_brand_as_a_file_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "name: Mug\nphoto: mug.jpg\ndate: 2026-12-01\nprice: 199\nwas: 249.5\ndiscount: -20%\n"
        "badges: CE\nbrand: {avoid: cheap, colours: '#ff0000', font: own.ttf,"
        " logo_on_dark: white.png, tone: null}\n"
    )
    read = brief.load(path)
    assert (read.date, read.price, read.was, read.discount) == (
        "2026-12-01",
        "199",
        "249.5",
        "-20%",
    )
    assert read.badges == ("CE",)
    assert (read.brand.avoid, read.brand.colours) == (("cheap",), ("#ff0000",))
    assert Path(read.brand.font).resolve() == tmp_path / "own.ttf"
    assert Path(read.brand.logo_on_dark).resolve() == tmp_path / "white.png"
    (tmp_path / "a.toml").write_text(
        'name = "Mug"\nphoto = "mug.jpg"\ndate = 2026-12-01T08:00:00\n'
    )
    assert brief.load(tmp_path / "a.toml").date == "2026-12-01"


def test_examples_are_sound() -> None:
    found = [
        path
        for path in (Path(__file__).parent.parent / "examples").iterdir()
        if path.suffix in brief.SUFFIXES
    ]
    assert {path.suffix for path in found} >= {".yaml", ".toml", ".json"}
    for path in found:
        read = brief.load(path)
        assert read.features
        assert read.photo.startswith("pypi:") or Path(read.photo).exists()


def test_brief_repeats_through_json() -> None:
    made = brief.make(LEAST | {"name": "青瓷", "brand": {"name": "A"}})
    assert brief.make(json.loads(made.model_dump_json())) == made
