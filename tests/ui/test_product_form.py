"""The form becomes briefs and jobs, or says what must be put right and where."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from aigc.campaign import Brand
from aigc.errors import AigcError, BriefError
from aigc.recipe import Recipe
from ui import answers
from ui.house import House
from ui.line import News
from ui.product import brand, examples, making, photos
from ui.words import speaker


class Ledger:
    """A line that only writes down what it is given."""

    def __init__(self) -> None:
        self.put_in: list[tuple[str, str]] = []
        self.state = "waiting"

    def put(self, owner: str, name: str, work: Callable[..., Any], *given: Any) -> str:
        """Note a job that makes a campaign of a brief by a recipe."""
        assert work.func.__name__ == "run"  # type: ignore[attr-defined]
        assert [type(each).__name__ for each in given] == ["Brief", "Recipe"]
        self.put_in.append((owner, name))
        return f"job{len(self.put_in)}"

    def jobs(self, owner: str) -> list[News]:
        """Every job, in the state that the test says."""
        mine = [n for n, row in enumerate(self.put_in, 1) if row[0] == owner]
        return [News(f"job{n}", self.state) for n in mine]  # type: ignore[arg-type]


@pytest.fixture
def house(tmp_path: Path, plain_recipe: Recipe) -> House:
    """A house whose line is a ledger."""
    (tmp_path / "scratch" / "uploads").mkdir(parents=True)
    return House(tmp_path / "outputs", tmp_path / "scratch", Ledger(), plain_recipe)  # type: ignore[arg-type]


def _uploaded(house: House, source: Path, name: str = "") -> dict[str, str]:
    data = source.read_bytes()
    folder = house.scratch / "uploads" / hashlib.sha256(data).hexdigest()
    folder.mkdir(exist_ok=True)
    (folder / source.name).write_bytes(data)
    return {"path": str(folder / source.name), "name": name}


def _form(*dropped: dict[str, str], **more: Any) -> dict[str, Any]:
    filled = {"photos": list(dropped), "name": "Tea jar", "channels": ["instagram-square"]}
    return filled | more


def _orders(house: House, form: dict[str, Any], language: str = "en") -> list[making.Order]:
    return making.orders(house, house.outputs, form, speaker(language))


def test_photo_name_and_channels_are_enough(house: House, photo: Path) -> None:
    """Folds that were never opened send nothing, and nothing is asked of them."""
    (order,) = _orders(house, _form(_uploaded(house, photo)))
    assert (order.brief.name, order.brief.channels) == ("Tea jar", ("instagram-square",))
    assert order.brief.tone == "promotional"
    assert order.recipe["caption"].backend == "plain"


@pytest.mark.parametrize(
    ("more", "field", "says"),
    [
        ({"photos": []}, "photo", "请先放一张商品照片。"),
        ({"name": "  "}, "name", "请填写商品名称。"),
        ({"channels": []}, "channels", "请至少选择一个投放渠道。"),
        ({"date": "tomorrow"}, "", "开始日期: date = 'tomorrow'"),
        ({"channels": ["nowhere"]}, "channels", "no channel 'nowhere'"),
        ({"brand_name": "A", "colour_0": "teal"}, "", "brand.colours.0 = 'teal'"),
    ],
)
def test_wrongs_are_said_by_their_field(
    house: House, photo: Path, more: dict[str, Any], field: str, says: str
) -> None:
    """Ours in the page's language; those of the core under the field's label."""
    form = _form(_uploaded(house, photo)) | more
    with pytest.raises(making.FormError) as wrong:
        _orders(house, form, "zh")
    assert wrong.value.field == field
    assert says in str(wrong.value)


def test_several_photos_are_a_campaign_each(house: House, photo: Path, tmp_path: Path) -> None:
    """With the same settings, by the names beside the photos; each must have one."""
    other = tmp_path / "cup.png"
    Image.new("RGB", (300, 300), "teal").save(other)
    first, second = _uploaded(house, photo, "Jar"), _uploaded(house, other, "Cup")
    made = _orders(house, _form(first, second, name="ignored", price="$9"))
    assert [(each.brief.name, each.brief.price) for each in made] == [("Jar", "$9"), ("Cup", "$9")]
    with pytest.raises(making.FormError, match="every photo"):
        _orders(house, _form(first, second | {"name": ""}))


def test_only_uploads_are_photos(house: House, photo: Path, tmp_path: Path) -> None:
    """A path that a browser makes up is refused, whatever it names."""
    job = house.scratch / "jobs" / "a"
    job.mkdir(parents=True)
    (job / "1.jpg").write_bytes(photo.read_bytes())
    folder = Path(_uploaded(house, photo)["path"]).parent
    (folder / "link.png").symlink_to(photo)
    for path in (str(photo), "/etc/passwd", str(job / "1.jpg"), f"{folder}/../../x", None, 7):
        with pytest.raises(making.FormError):
            _orders(house, _form({"path": path, "name": ""}))  # type: ignore[dict-item]
    with pytest.raises(making.FormError):
        _orders(house, _form({"path": str(folder / "link.png"), "name": ""}))


def test_a_second_press_makes_no_second_job(house: House, photo: Path) -> None:
    """Until the first has ended; what another merchant asks for is another job."""
    (order,) = _orders(house, _form(_uploaded(house, photo)))
    line: Any = house.line
    first = making.put(house, "ann", house.outputs, order)
    assert making.put(house, "ann", house.outputs, order) == first
    assert making.put(house, "bob", house.outputs, order) != first
    line.state = "stopped"
    assert making.put(house, "ann", house.outputs, order) != first
    assert line.put_in == [("ann", "Tea jar"), ("bob", "Tea jar"), ("ann", "Tea jar")]


def test_a_brand_is_remembered(house: House, photo: Path) -> None:
    """With its logo, for the merchant whose home it is; that used last comes first."""
    more = {"brand_name": "青瓷坊", "logo": str(photo), "colour_0": "rgba(38, 116.4, 112, 1)"}
    (order,) = _orders(house, _form(_uploaded(house, photo), **more, avoid="cheap\nfree"))
    assert order.brief.brand.colours == ("#267470",)
    kept = Path(order.brief.brand.logo)
    assert kept.is_relative_to(house.outputs / ".brand")
    assert kept.read_bytes() == photo.read_bytes()
    brand.keep(house.outputs, Brand(name="Other"))
    assert [kit.brand.name for kit in brand.kits(house.outputs)] == ["Other", "青瓷坊"]
    again = brand.kit(house.outputs, brand.kits(house.outputs)[1].name)
    assert again == order.brief.brand
    assert brand.keep(house.outputs, again) == again
    assert brand.kits(house.scratch) == []
    with pytest.raises(AigcError, match="there is none"):
        brand.kit(house.outputs, "../x")


def test_a_kit_that_was_damaged_is_left_out(tmp_path: Path) -> None:
    """The others are still there."""
    brand.keep(tmp_path, Brand(name="Good"))
    broken = tmp_path / ".brand" / "bad" / "kit.json"
    broken.parent.mkdir()
    broken.write_text("{")
    assert [kit.brand.name for kit in brand.kits(tmp_path)] == ["Good"]


def test_examples_fill_the_form(house: House) -> None:
    """Each of them is asked for as it stands in its file, with a photo that is an upload."""
    cards = examples.cards()
    assert {"lamp", "speaker", "teapot"} <= {card.key for card in cards}
    for card in cards:
        form = examples.filled(card.brief, house)
        assert form["photos"][0]["shown"].startswith("data:image/webp")
        (order,) = _orders(house, form)
        same = {"photo": order.brief.photo}
        assert order.brief == card.brief.model_copy(update=same)
        assert photos.own(house, order.brief.photo) == order.brief.photo


def test_strangers_do_not_choose_models(house: House, photo: Path) -> None:
    """An option may name a server or a folder of the machine; who logged in may."""
    form = _form(_uploaded(house, photo), options={"caption": {"backend": "plain", "words": 7}})
    by_guests = {
        guests: _orders(replace(house, guests=guests), form)[0].recipe["caption"].model_dump()
        for guests in ("one", "names", "visitors")
    }
    assert by_guests["one"]["words"] == by_guests["names"]["words"] == 7
    assert by_guests["visitors"]["words"] == 1
    with pytest.raises(BriefError, match="send none"):
        answers.recipe_of(replace(house, guests="visitors"), {"caption": {"words": 7}})
