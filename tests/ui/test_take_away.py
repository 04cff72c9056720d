"""Taking a campaign away: zips made when asked for, texts, and the addresses of files."""

import os
import re
import zipfile
from typing import Any

import pytest
from loops import ended
from posters_kit import desk, finished

from aigc.errors import BriefError, ExportError
from aigc.export import open_folder
from ui.review import take
from ui.review.work import Work
from ui.words import LANGUAGES

EVIL = '</pre><script>alert(1)</script>"'


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """A finished campaign with two posters for each of two channels."""
    fields = {
        "channels": ["google-square", "instagram-square"],
        "variants": 2,
        "name": EVIL,
        "features": ["holds 400 ml"],
        "link": "https://example.com/x",
    }
    return finished(tmp_path_factory.mktemp("campaign"), **fields)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_there_is_can_be_taken(work: Work, language: str) -> None:
    drawn = take.shelves(desk(work, language), work)
    addresses = re.findall(r'href="([^"]+)"', drawn)
    files = [re.sub(r"\?.*", "", each).split("/", 3)[3] for each in addresses]
    assert sorted(files) == sorted(
        [
            *(poster.file for poster in work.campaign.posters),
            "google-ads.csv", "index.html", "brief.yaml",
        ]
    )  # fmt: skip
    assert all((work.folder / file).exists() for file in files)
    assert all("v=" in each for each in addresses)
    assert "aigc run brief.yaml" in drawn


def test_words_of_a_merchant_do_not_leave_their_place(work: Work) -> None:
    drawn = take.shelves(desk(work), work)
    assert "<script" not in drawn
    assert drawn.count("</pre>") == 2


def test_a_channels_text_says_each_copy_once(work: Work) -> None:
    square = [each for each in work.campaign.posters if each.channel == "instagram-square"]
    text = take.text(work.campaign, [*square, *square])
    copies = {copy.id: copy for copy in work.campaign.copies}
    used = dict.fromkeys(poster.copy_id for poster in square)
    assert text.count("\n\n") == len(used) - 1
    first = copies[square[0].copy_id]
    lines = [first.headline, first.body, first.cta, "https://example.com/x", "#thing"]
    assert text.startswith("\n".join(line for line in lines if line))


def test_a_channel_that_forbids_links_gets_none(work: Work) -> None:
    poster = work.campaign.posters[0].model_copy(update={"channel": "taobao-main"})
    assert "https://" not in take.text(work.campaign, [poster])


def test_a_zip_is_made_once_until_the_campaign_changes(work: Work) -> None:
    path = take.zipped(work, "instagram-square")
    with zipfile.ZipFile(path) as packed:
        assert sum(name.endswith(".jpg") for name in packed.namelist()) == 2
        assert "copy.txt" in packed.namelist()
    os.utime(path, ns=(2**62, 2**62))
    assert take.zipped(work, "instagram-square") == path
    assert path.stat().st_mtime_ns == 2**62
    os.utime(path, ns=(1, 1))
    take.zipped(work, "instagram-square")
    assert path.stat().st_mtime_ns > work.stamp("campaign.json")


@pytest.mark.usefixtures("plain_recipe")
def test_the_whole_campaign_is_one_zip(work: Work) -> None:
    path = take.zipped(work, "")
    assert path.name == f"{work.campaign.id}.zip"
    with zipfile.ZipFile(path) as packed:
        assert len([name for name in packed.namelist() if name.endswith(".jpg")]) == 4


def test_a_campaign_that_is_being_corrected_is_not_packed(work: Work) -> None:
    with open_folder(work.folder), pytest.raises(ExportError, match="being written"):
        take.zipped(work, "google-square")


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"do": "pack"},
        {"do": "pack", "value": None},
        {"do": "pack", "value": "taobao-main"},
        {"do": "pack", "value": "../instagram-square"},
        {"do": "pack", "value": ["instagram-square"]},
        {"do": "rm", "value": ""},
    ],
)
def test_a_zip_that_nobody_offered_is_refused(work: Work, told: dict[str, Any]) -> None:
    with pytest.raises(BriefError, match="no such channel"):
        take.asked(work.campaign, told)


def said(work: Work, name: str, told: Any) -> list[str]:
    """What the page says after the press of a button, in turn."""

    async def listen() -> list[str]:
        return [news async for news in take.packing(desk(work), None, name, told)]

    return ended(listen())


def test_the_page_says_that_it_packs_and_then_gives_the_zip(work: Work) -> None:
    packing, packed = said(work, work.name, {"do": "pack", "value": "instagram-square"})
    assert "<progress" in packing
    assert f"/work/{work.name}/zips/instagram-square.zip?v=" in packed
    assert "download=1" in packed
    assert "<script" not in packed


@pytest.mark.parametrize("name", ["", "no-such-campaign", "../outputs", "."])
def test_what_is_none_of_theirs_is_not_packed(work: Work, name: str) -> None:
    (only,) = said(work, name, {"do": "pack", "value": ""})
    assert 'role="alert"' in only
