"""What the page does with a form, without a browser."""

import threading
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from aigc import export, recipe, stage
from aigc.campaign import Brief, Photo
from aigc.errors import BriefError
from ui import handlers
from ui.handlers import Form


@pytest.fixture
def form(photo: Path) -> Form:
    """A filled form."""
    return Form(
        photo=str(photo),
        name="Tea jar",
        channels=["iab-rectangle"],
        price="£12",
        features="holds 300 ml\n\n  dishwasher safe \n",
        tone="functional",
        language="en",
        style="auto",
        variants=1,
        seed=3,
        was="£15",
        discount="-20%",
        coupon="JAR20",
        link=" https://shop.example/jar ",
        badges="BPA free\n\n CE ",
        date="2026-12-01",
    )


def test_a_form_becomes_the_brief_that_the_command_line_would_read(form: Form) -> None:
    brief = handlers.brief_of(form)
    assert brief.features == ("holds 300 ml", "dishwasher safe")
    assert (brief.price, brief.seed, brief.channels) == ("£12", 3, ("iab-rectangle",))
    assert (brief.was, brief.discount, brief.coupon) == ("£15", "-20%", "JAR20")
    assert (brief.link, brief.date) == ("https://shop.example/jar", "2026-12-01")
    assert brief.badges == ("BPA free", "CE")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("photo", None, "photo"),
        ("name", "   ", "name"),
        ("channels", [], "channel"),
        ("channels", ["myspace"], "myspace"),
        ("features", "x" * 201, "features"),
        ("seed", -1, "seed"),
        ("style", "../../etc", "style"),
        ("tone", "angry", "tone"),
        ("date", "Christmas", "YYYY-MM-DD"),
        ("link", "our shop", "link"),
        ("badges", "a\nb\nc\nd\ne", "badges"),
    ],
)
def test_a_wrong_field_is_named(form: Form, field: str, value: object, says: str) -> None:
    with pytest.raises(BriefError, match=says) as caught:
        handlers.brief_of(form._replace(**{field: value}))
    assert "\n" not in str(caught.value)


def test_fields_of_an_accordion_that_stayed_closed_are_empty(form: Form) -> None:
    fields = ("was", "discount", "coupon", "link", "badges", "date")
    closed = handlers.brief_of(form._replace(**dict.fromkeys(fields)))
    assert {getattr(closed, name) for name in fields} == {"", ()}


def test_an_empty_seed_is_the_usual_one(form: Form) -> None:
    assert handlers.brief_of(form._replace(seed=None)).seed == 0


def test_an_example_fills_the_form_and_comes_back_as_the_same_brief(
    form: Form, tmp_path: Path
) -> None:
    brief = handlers.brief_of(form)
    filled = handlers.form_of(brief, tmp_path)
    assert filled.photo != form.photo
    assert Path(filled.photo or "").read_bytes() == Path(form.photo or "").read_bytes()
    assert handlers.brief_of(filled._replace(photo=form.photo)) == brief


def test_examples_without_their_photo_are_left_out(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("{name: A, photo: my jar.png}")
    (tmp_path / "b.toml").write_text('name = "B"\nphoto = "gone.png"')
    (tmp_path / "notes.txt").write_text("not a brief")
    assert [brief.name for brief in handlers.examples(tmp_path)] == ["A"]
    assert handlers.examples(tmp_path / "none") == []


def test_a_thumbnail_is_small_and_needs_a_photo_on_disk(form: Form, tmp_path: Path) -> None:
    shown = handlers.thumbnail(handlers.brief_of(form), tmp_path)
    with Image.open(shown or "") as image:
        assert max(image.size) <= 160
    assert handlers.thumbnail(Brief(name="A", photo="pypi:a==1/b.png"), tmp_path) is None


def test_a_photo_that_browsers_do_not_show_is_given_as_png(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (96, 96))
    clear.paste((200, 30, 30, 255), (24, 24, 72, 72))
    clear.save(tmp_path / "box.tiff")
    shown = Path(handlers.readable(str(tmp_path / "box.tiff"), tmp_path))
    assert shown.name == "box.png"
    with Image.open(shown) as image:
        assert image.getchannel("A").getextrema() == (0, 255)


def test_a_text_file_is_refused_by_its_name_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("not a photo")
    with pytest.raises(BriefError, match=r"^photo = 'photo\.jpg': not a picture"):
        handlers.readable(str(tmp_path / "photo.jpg"), tmp_path)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("name", "product&#39;s name"),
        ("photo", "&#39;my jar.png&#39;"),
        ("outputs", "cannot write"),
    ],
)
def test_an_error_is_a_last_view_that_says_so(
    form: Form, tmp_path: Path, wrong: str, says: str
) -> None:
    outputs = tmp_path / "outputs"
    if wrong == "name":
        form = form._replace(name="")
    elif wrong == "photo":
        Path(form.photo or "").write_bytes(b"\x89PNG\r\n")
    else:
        outputs.write_text("a file where the folder should be")
    last = list(handlers.make(form, outputs, tmp_path, threading.Event()))[-1]
    assert 'role="alert"' in last.progress
    assert says in last.progress
    assert str(tmp_path / "my jar.png") not in last.progress
    assert not last.running
    assert not last.archive


def test_stop_ends_between_stages_and_the_next_run_goes_on(form: Form, tmp_path: Path) -> None:
    outputs, scratch, stop = tmp_path / "outputs", tmp_path / "scratch", threading.Event()
    scratch.mkdir()
    for view in handlers.make(form, outputs, scratch, stop):
        if view.caption:
            stop.set()
    assert "Stopped" in view.progress
    assert not view.running
    assert view.caption
    (folder,) = (path for path in outputs.glob("[!.]*") if path.is_dir())
    assert (folder / "caption.json").exists()
    assert not (folder / "campaign.json").exists()

    views = list(handlers.make(form, outputs, scratch, threading.Event()))
    assert [each.running for each in views] == [True] * (len(views) - 1) + [False]
    firsts = [
        next(i for i, each in enumerate(views) if getattr(each, field))
        for field in ("caption", "copies", "posters", "archive")
    ]
    assert firsts == sorted(firsts)
    last = views[-1]
    assert last.posters == (
        (str(folder / "typeset/iab-rectangle.jpg"), "IAB medium rectangle · 300 × 250"),
    )
    with zipfile.ZipFile(last.archive) as packed:
        assert packed.testzip() is None
        names = set(packed.namelist())
    assert {f"{folder.name}/campaign.json", f"{folder.name}/typeset/iab-rectangle.jpg"} <= names
    assert not Path(last.archive).is_relative_to(outputs)
    saved = export.load(folder)
    assert {step.stage for step in saved.steps} == set(stage.STAGES)
    assert saved.id == export.campaign_id(
        saved.brief, Photo.model_validate(saved.photo), recipe.Recipe.load()
    )
