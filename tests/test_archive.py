"""Zips of a campaign: a channel's pictures, the words on them, the same bytes every time."""

import csv
import io
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import pytest

from aigc import adtexts, export, pipeline
from aigc.campaign import Campaign, Copy, Score
from aigc.errors import ExportError
from aigc.recipe import Recipe

Fields = dict[str, Any]


@pytest.fixture
def made(fields: Fields, plain_recipe: Recipe, tmp_path: Path) -> Campaign:
    """Make a campaign with two variants and a name that no file system should see."""
    asked = fields | {"name": "青瓷 茶壶/cafe\u0301", "variants": 2, "coupon": "TEA20"}
    return pipeline.run(asked, plain_recipe, outputs=tmp_path / "o")


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def test_a_zip_a_channel(made: Campaign) -> None:
    folder = Path(made.folder)
    paths = export.pack(folder)
    assert [path.relative_to(folder).as_posix() for path in paths] == [
        "zips/iab-rectangle.zip",
        "zips/iab-leaderboard.zip",
    ]
    for path, name in zip(paths, made.brief.channels, strict=True):
        files = contents(path)
        pictures = [each for each in files if each.endswith(".jpg")]
        assert sorted(files) == sorted([*pictures, "copy.txt"])
        assert len(pictures) == 2
        own = {each.data for each in made.posters if each.channel == name}
        assert {files[each] for each in pictures} == own
        assert all(each.isascii() and "/" not in each and name in each for each in pictures)
        words = files["copy.txt"].decode()
        assert all(each in words for each in pictures)
        shown = {each.copy_id for each in made.posters if each.channel == name}
        assert all(copy.headline in words for copy in made.copies if copy.id in shown)
        assert "TEA20" in words


def test_no_link_goes_along_to_a_platform_that_refuses_it(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    names = ("xiaohongshu-1080", "amazon-main", "iab-rectangle", "instagram-square")
    asked = fields | {"channels": names, "link": "https://shop.example/mug"}
    made = pipeline.run(asked, plain_recipe, outputs=tmp_path / "o")
    words = [contents(path)["copy.txt"].decode() for path in export.pack(made.folder)]
    assert ["shop.example" in each for each in words] == [False, False, True, True]
    assert "nothing is set on it" in words[1]


def test_the_same_campaign_gives_the_same_bytes(made: Campaign, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in export.pack(made.folder)]
    again = export.pack(made.folder, to=tmp_path / "elsewhere")
    assert [path.read_bytes() for path in again] == first
    with zipfile.ZipFile(again[0]) as packed:
        for row in packed.infolist():
            assert row.date_time == (1980, 1, 1, 0, 0, 0)
            assert row.filename == unicodedata.normalize("NFC", row.filename)
    whole = [export.pack(made.folder, whole=True, to=tmp_path / n)[0] for n in "ab"]
    assert whole[0].name == f"{made.id}.zip"
    assert whole[0].read_bytes() == whole[1].read_bytes()


def test_one_zip_of_all_has_a_folder_a_channel_and_the_brief(made: Campaign) -> None:
    (path,) = export.pack(made.folder, whole=True)
    names = contents(path).keys()
    own = {"brief.yaml", "photo.png", "recipe.toml"}
    assert {name.split("/")[0] for name in names} == {*made.brief.channels, *own}
    assert len(names) == 2 * 3 + len(own)


def test_only_the_channels_that_are_asked_for(made: Campaign) -> None:
    (path,) = export.pack(made.folder, ["iab-leaderboard"])
    assert path.name == "iab-leaderboard.zip"
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    with pytest.raises(ExportError, match=r"no channel 'ebay'; it has iab-rectangle, iab-"):
        export.pack(made.folder, ["iab-leaderboard", "ebay"])
    with pytest.raises(ExportError, match="is no campaign folder"):
        export.pack(Path(made.folder) / "none")


def test_the_contact_sheet_links_them_until_they_are_stale(made: Campaign) -> None:
    folder = Path(made.folder)
    page = folder / "index.html"
    assert "zips/" not in page.read_text()
    export.pack(folder, ["iab-leaderboard"])
    assert 'href="zips/iab-leaderboard.zip"' in page.read_text()
    assert "iab-rectangle.zip" not in page.read_text()
    export.load(folder)  # and it is as whole as before
    pipeline.redo(folder, "scene", options=["scene.shade=90"])
    assert not list(folder.rglob("*.zip"))
    assert "zips/" not in page.read_text()


def test_a_write_that_fails_leaves_no_half_zip(made: Campaign, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ExportError, match="cannot write"):
        export.pack(made.folder, to=tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def ads(campaign: Campaign) -> dict[str, str]:
    data = adtexts.google(campaign)
    assert data is not None
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
    return row


def test_google_gets_its_texts_as_a_table(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    asked = fields | {"channels": ["google-landscape"], "link": "https://shop.example/mug"}
    asked["brand"] = {"name": "Norrland"}
    made = pipeline.run(asked, plain_recipe, outputs=tmp_path / "o")
    folder = Path(made.folder)
    row = ads(made)
    assert (folder / adtexts.GOOGLE).read_bytes() == adtexts.google(made)
    assert contents(export.pack(folder)[0])[adtexts.GOOGLE] == adtexts.google(made)
    assert adtexts.GOOGLE in (folder / "index.html").read_text()
    assert row["Headline 1"] == made.ranked()[0].headline
    assert (row["Business name"], row["Final URL"]) == ("Norrland", "https://shop.example/mug")
    other = pipeline.run(fields, plain_recipe, outputs=tmp_path / "o")
    assert adtexts.google(other) is None
    assert not (Path(other.folder) / adtexts.GOOGLE).exists()


def test_google_takes_only_what_fits_its_limits(made: Campaign) -> None:
    def copy(n: int, headline: str, body: str) -> Copy:
        return Copy(id=f"c{n}", headline=headline, body=body, cta="", hashtags=(), source="")

    copies = (
        copy(0, "x" * 31, "y" * 91),
        copy(1, "暖" * 16, "茶" * 46),  # a Chinese character counts two
        copy(2, "Short", "A body that fits."),
        copy(3, "Short", "Another one."),
        *(copy(n, f"Head {n}", f"Body {n}.") for n in range(4, 14)),
    )
    ranking = tuple(Score(candidate_id=each.id, total=0.5, parts={}, reason="") for each in copies)
    brief = made.brief.model_copy(update={"channels": ("google-square", "ebay")})
    row = ads(made.model_copy(update={"copies": copies, "ranking": ranking, "brief": brief}))
    headlines = [text for name, text in row.items() if name.startswith("Headline")]
    descriptions = [text for name, text in row.items() if name.startswith("Description")]
    assert headlines == ["Short", "Head 4", "Head 5", "Head 6", "Head 7"]
    assert row["Long headline"] == "Short. A body that fits."
    assert descriptions[:2] == ["A body that fits.", "Another one."]
    assert len(descriptions) == 5
    assert "Business name" not in row
