"""The brief that a campaign keeps: run anywhere, it gives the same campaign, byte for byte."""

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pictures import save
from PIL import Image

from aigc import archive, brief, export, pipeline
from aigc.campaign import Campaign, EditedCopy, Edits, Tweak
from aigc.errors import BriefError
from aigc.recipe import Recipe
from aigc.revise import layouts, revise

Fields = dict[str, Any]
GOES_ALONG = {"brief.yaml", "photo.png", "matte.png", "recipe.toml", "brand/logo.png"}


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a campaign with what it holds."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def corrected(fields: Fields, plain_recipe: Recipe, tmp_path: Path) -> Campaign:
    """Make a campaign with a logo, and correct its matte, a text and a poster."""
    save(Image.new("RGBA", (60, 30), (200, 30, 30, 255)), tmp_path / "logos" / "Mine.PNG")
    with Image.open(fields["photo"]) as photo:
        width, height = photo.size
    drawn = Image.new("L", (width, height))
    drawn.paste(255, (20, 20, width - 40, height - 20))
    drawn.save(tmp_path / "drawn.png")
    asked = fields | {"brand": {"logo": str(tmp_path / "logos" / "Mine.PNG")}, "name": "青 Mug"}
    made = pipeline.run(asked, plain_recipe, outputs=tmp_path / "made")
    edits = Edits(
        matte=str(tmp_path / "drawn.png"),
        texts={"c3": EditedCopy(headline="No: it's 5 %", hashtags=("#mug",))},
        lead="c3",
        posters={"iab-rectangle": Tweak(product=(0.05, 0.0), seed=8)},
    )
    return revise(made.folder, edits)


def test_the_folder_itself_can_be_run(corrected: Campaign, tmp_path: Path) -> None:
    folder = Path(corrected.folder)
    assert files(folder).keys() > GOES_ALONG
    text = (folder / "brief.yaml").read_text("utf-8")
    assert "青 Mug" in text  # for people, too
    assert str(tmp_path) not in text
    assert "language" not in text  # a default says nothing
    recipe = Recipe.load(folder / "recipe.toml")
    before = files(folder)
    again = pipeline.run(folder / "brief.yaml", recipe, outputs=folder.parent)
    assert again.id == corrected.id
    assert files(folder) == before
    elsewhere = pipeline.run(folder / "brief.yaml", recipe, outputs=tmp_path / "elsewhere")
    assert files(Path(elsewhere.folder)) == before


def test_a_zip_can_be_run(corrected: Campaign, tmp_path: Path) -> None:
    (path,) = export.pack(corrected.folder, whole=True, to=tmp_path)
    assert path.read_bytes() == archive.of_all(corrected)
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as packed:
        assert set(packed.namelist()) > GOES_ALONG
        packed.extractall(tmp_path / "unpacked")
    shutil.rmtree(corrected.folder)
    recipe = Recipe.load(tmp_path / "unpacked" / "recipe.toml")
    again = pipeline.run(tmp_path / "unpacked" / "brief.yaml", recipe, outputs=tmp_path / "again")
    assert again.id == corrected.id
    assert [each.data for each in again.posters] == [each.data for each in corrected.posters]
    assert again.brief.edits.texts == corrected.brief.edits.texts


def test_a_revision_needs_none_of_the_files_that_were_given(
    corrected: Campaign, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "logos")
    (tmp_path / "drawn.png").unlink()
    saved = export.load(corrected.folder)
    again = revise(corrected.folder, saved.brief.edits.model_copy(update={"lead": "c1"}))
    assert again.id == corrected.id
    assert (Path(corrected.folder) / "brand" / "logo.png").exists()
    revise(corrected.folder, Edits())
    assert not (Path(corrected.folder) / "matte.png").exists()


def test_a_brand_file_counts_by_what_it_holds(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    def made(colour: str, name: str) -> str:
        logo = tmp_path / name
        Image.new("RGB", (40, 40), colour).save(logo)
        asked = brief.make(fields | {"brand": {"logo": str(logo)}})
        return pipeline.begun(asked, plain_recipe, tmp_path).id

    assert made("red", "a.png") == made("red", "b.png")
    assert made("red", "a.png") != made("blue", "a.png")


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ("matte: none.png", r"edits\.matte = '.*none\.png': no readable picture"),
        ("posters: {iab-rectangle: {scale: 9}}", r"edits\.posters\.iab-rectangle\.scale = 9: "),
        ("posters: {iab-rectangle: {size: 9}}", r"\.size: no such field; a poster's tweak has cop"),
        ("posters: {moon: {}}", r"edits\.posters\.moon: no such poster; choose from iab-"),
        ("style: moon", r"edits\.style = 'moon': no such style; choose from auto, "),
        ("texts: {c1: {body: x}}", r"edits\.texts\.c1\.headline: missing"),
        ("colour: red", r"edits\.colour: no such field; a brief's edits has matte"),
        ("[a]", r"edits = \['a'\]: "),
    ],
)
def test_a_brief_file_says_what_is_wrong_with_a_correction(
    fields: Fields, tmp_path: Path, edits: str, says: str
) -> None:
    lines = [f"name: Mug\nphoto: {fields['photo']}\nchannels: [iab-rectangle]\n"]
    inner = f" {edits}" if edits.startswith("[") else f"\n  {edits}"
    (tmp_path / "brief.yaml").write_text(f"{lines[0]}edits:{inner}\n")
    with pytest.raises(BriefError, match=says) as error:
        brief.load(tmp_path / "brief.yaml")
    assert "\n" not in str(error.value)
    assert brief.wrongs(brief.read(tmp_path / "brief.yaml"), tmp_path)[0].line == str(error.value)


def test_a_word_that_the_brand_avoids_is_no_correction(
    fields: Fields, plain_recipe: Recipe, tmp_path: Path
) -> None:
    made = pipeline.run(fields | {"brand": {"avoid": ["cheap"]}}, plain_recipe, outputs=tmp_path)
    with pytest.raises(BriefError, match=r"edits\.texts\.c1\.body = 'So cheap': holds 'cheap'"):
        revise(made.folder, Edits(texts={"c1": EditedCopy(headline="Mug", body="So cheap")}))


@pytest.mark.parametrize("kind", ["layout", "text"])
def test_real_stages_end_as_a_run_from_scratch(
    real: Campaign, real_fields: Fields, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "o" / real.id
    shutil.copytree(real.folder, folder)
    first, second = real.posters
    choices = layouts(real, first.id)
    assert first.layout in choices
    other = next(name for name in choices if name != first.layout)
    edits = {
        "layout": Edits(posters={first.id: Tweak(layout=other, text=(0.0, 0.02))}),
        "text": Edits(
            texts={second.copy_id: EditedCopy(headline="A mug to keep", cta="Buy")},
            lead=second.copy_id,
        ),
    }[kind]
    revised = revise(folder, edits)
    fresh = pipeline.run(real_fields | {"edits": edits.model_dump()}, outputs=tmp_path / "fresh")
    assert files(folder) == files(Path(fresh.folder))
    if kind == "layout":
        assert revised.posters[0].layout == other
        assert revised.posters[1].data == second.data
    else:
        assert (revised.posters[1].texts or {})["headline"] == "A mug to keep"
