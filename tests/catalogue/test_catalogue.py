"""Catalogues: folders and tables, read lazily, and everything that is wrong with them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pictures import mug, save

from aigc import brief, catalogue
from aigc.batches import Entry
from aigc.errors import BriefError


def photo_in(folder: Path, name: str = "mug.png") -> Path:
    return save(mug(60), folder / name)


def table(path: Path, *rows: Sequence[Any], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as stream:
        csv.writer(stream).writerows(rows)
    return path


def jsonl(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def entries(source: Path, **options: Any) -> list[Entry]:
    return list(catalogue.read(source, **options).entries())


def said(entry: Entry) -> dict[str, str]:
    return {wrong.column: wrong.says for wrong in entry.wrong}


def test_a_folder_of_photos_is_a_product_each(tmp_path):
    for name in ("blue_mug-01.jpg", "green-Tea_pot.png", "s002_Gym-bag.webp", "青瓷 茶壶.png"):
        photo_in(tmp_path, name)
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("x")
    read = catalogue.read(tmp_path, defaults={"channels": ["jd-main"], "brand": {"name": "Acme"}})
    found = list(read.entries())
    assert [each.fields["name"] for each in found] == [
        "Blue mug", "Green Tea pot", "Gym bag", "青瓷 茶壶",
    ]  # fmt: skip
    assert read.total == 4
    assert not any(each.wrong for each in found)
    assert found == list(read.entries())
    made = brief.make(found[0].fields)
    assert made.channels == ("jd-main",)
    assert made.brand.name == "Acme"
    assert read.mapping.left_out == ("notes.txt",)


def test_a_file_name_of_the_camera_is_no_product(tmp_path):
    for name in ("IMG_2034.jpg", "微信图片_20261101.png", "DSC0001 (2).png", "20261101.png"):
        photo_in(tmp_path, name)
    for each in entries(tmp_path):
        assert "rename it" in said(each)["name"]


def test_a_brief_beside_a_photo_says_the_rest(tmp_path):
    photo_in(tmp_path, "mug.png")
    (tmp_path / "mug.yaml").write_text("price: 199\nbrand: {name: Clay}\n")
    photo_in(tmp_path / "far", "pot.png")
    (tmp_path / "pot.toml").write_text('name = "Pot"\nphoto = "far/pot.png"\n')
    (tmp_path / "bad.json").write_text("[1]")
    bad, first, second = entries(tmp_path, defaults={"brand": {"tone": "fun"}})
    assert "holds a list" in said(bad)[""]
    made = brief.make(first.fields)
    assert (made.name, made.price, made.brand.name, made.brand.tone) == (
        "Mug", "199", "Clay", "fun",
    )  # fmt: skip
    assert Path(second.fields["photo"]).resolve() == tmp_path / "far" / "pot.png"


def test_columns_are_found_by_name_in_english_and_chinese(tmp_path):
    photo_in(tmp_path)
    path = table(
        tmp_path / "list.csv",
        [
            "商品名称",
            "图片",
            "价格(元)",
            "卖点1",
            "卖点2",
            "渠道",
            "品牌",
            "品牌色",
            "日期",
            "库存",
        ],
        [
            "青瓷杯",
            "mug.png",
            "199.0",
            "手工",
            "可微波；轻",
            "jd-main，taobao-main",
            "瓷",
            "#00ff00|#0000ff",
            "2026年11月1日",
            "7",
        ],
        encoding="gb18030",
    )
    read = catalogue.read(path, currency="¥")
    (entry,) = read.entries()
    assert entry.wrong == ()
    made = brief.make(entry.fields)
    assert made.name == "青瓷杯"
    assert made.price == "¥199"
    assert made.features == ("手工", "可微波", "轻")
    assert made.channels == ("jd-main", "taobao-main")
    assert made.brand.colours == ("#00ff00", "#0000ff")
    assert made.date == "2026-11-01"
    assert read.mapping.left_out == ("库存",)
    lines = read.mapping.lines()
    assert "name <- 商品名称" in lines
    assert "left out: 库存" in lines


def test_every_error_of_every_row_by_its_column(tmp_path):
    photo_in(tmp_path)
    (tmp_path / "fake.png").write_text("no picture")
    save(mug(20), tmp_path / "tiny.png")
    path = table(
        tmp_path / "list.csv",
        ["Title", "Image", "Price", "Channels", "Style", "Variants", "Brand colours"],
        ["Mug", "mug.png", "1", "", "", "2", ""],
        ["", "gone.png", "9" * 25, "myspace, jd-main, jd-main", "brutalist", "9", "red"],
        ["Mug", "fake.png", "1", "", "", "", ""],
        [],
        ["Mug", "tiny.png", "1", "", "", "", ""],
        ["Mug", "", "1", "", "", "", ""],
        ["Mug", "mug.png"],
    )
    good, bad, fake, tiny, missing, ragged = entries(path)
    assert good.wrong == ()
    assert [each.where for each in (good, bad, fake, tiny)] == [
        f"list.csv, line {line}" for line in (2, 3, 4, 6)
    ]
    assert list(said(bad)) == [
        "Image",
        "Title",
        "Price",
        "Variants",
        "Channels",
        "Style",
        "Brand colours",
    ]
    assert "'gone.png': no such file" in said(bad)["Image"]
    assert "24 characters" in said(bad)["Price"]
    assert sum(each.column == "Channels" for each in bad.wrong) == 2
    assert said(bad)["Brand colours"].startswith("no. 1: 'red'")
    assert "not a picture" in said(fake)["Image"]
    assert "too small" in said(tiny)["Image"]
    assert "missing" in said(missing)["Image"]
    assert said(ragged) == {"": "2 cells, 7 columns"}
    assert entries(path, check_photos=False)[2].wrong == ()


def test_nested_fields_of_jsonl_and_fields_that_come_late(tmp_path):
    photo_in(tmp_path)
    row = {"name": "Mug", "photo": "mug.png"}
    late = row | {
        "brand": {"name": "Clay", "colours": ["#ff0000"]},
        "texts": [{"headline": "Hot"}],
        "coupon": "TEA20",
        "weight": 3,
        "price": 199.0,
    }
    path = jsonl(tmp_path / "a.jsonl", *[row] * 150, late, [row], "mug")
    read = catalogue.read(path)
    found = list(read.entries())
    made = brief.make(found[150].fields)
    assert (made.brand.name, made.brand.colours) == ("Clay", ("#ff0000",))
    assert (made.texts[0].headline, made.coupon, made.price) == ("Hot", "TEA20", "199")
    assert read.mapping.left_out == ("weight",)
    assert [said(each) for each in found[151:]] == [{"": "no JSON object"}] * 2
    assert read.total == 153
    assert read.remarks == (
        "149 products say the same as an earlier one, which is made once: no. 2, 3, 4, 5, 6 …",
    )


def test_a_column_may_be_chosen_and_defaults_fill_what_is_empty(tmp_path):
    photo_in(tmp_path / "pictures", "A1.PNG")
    path = table(
        tmp_path / "a.csv", ["SKU", "Label", "Tone"], ["a1", "Mug", ""], ["A1", "Pot", "fun"]
    )
    with pytest.raises(BriefError, match=r"no column for name; found: SKU, Label.*--column name="):
        catalogue.read(path)
    with pytest.raises(BriefError, match="no column 'Lable'"):
        catalogue.read(path, columns={"name": "Lable", "photo": "SKU"})
    with pytest.raises(BriefError, match="no field 'nmae'"):
        catalogue.read(path, columns={"nmae": "Label"})
    found = entries(
        path,
        columns={"name": "Label", "photo": "SKU"},
        photos=tmp_path / "pictures",
        defaults={"tone": "poetic", "language": "de"},
    )
    made = [brief.make(each.fields) for each in found]
    assert [(each.name, each.tone, each.language) for each in made] == [
        ("Mug", "poetic", "de"), ("Pot", "fun", "de"),
    ]  # fmt: skip
    assert Path(made[0].photo).resolve() == tmp_path / "pictures" / "A1.PNG"


def test_a_default_that_is_wrong_is_said_once_and_first(tmp_path):
    photo_in(tmp_path)
    with pytest.raises(BriefError, match="no style 'brutalist'"):
        catalogue.read(tmp_path, defaults={"style": "brutalist"})
    assert entries(tmp_path, defaults={"brand": {"avoid": ["product"]}})[0].wrong == ()


def test_an_address_without_a_file_names_the_remedy(tmp_path):
    path = jsonl(tmp_path / "a.jsonl", {"name": "Mug", "photo": "https://a.example/b/mug.png?v=2"})
    assert "--fetch-photos" in said(entries(path)[0])["photo"]
    photo_in(tmp_path / "local" / "deeper")
    (entry,) = entries(path, photos=tmp_path / "local")
    assert entry.wrong == ()
    assert entry.fields["photo"].endswith("deeper/mug.png")


def test_entries_are_lazy(tmp_path):
    photo_in(tmp_path)
    path = jsonl(
        tmp_path / "a.jsonl", *[{"name": f"Mug {n}", "photo": "mug.png"} for n in range(9)]
    )
    read = catalogue.read(path)
    first = next(read.entries())
    path.write_text("")
    assert first.fields["name"] == "Mug 0"
    assert read.remarks == ()


def test_defaults_are_files_from_here_and_rows_from_beside_the_catalogue(tmp_path, monkeypatch):
    photo_in(tmp_path / "far")
    save(mug(60), tmp_path / "here" / "logo.png")
    monkeypatch.chdir(tmp_path / "here")
    jsonl(tmp_path / "far" / "a.jsonl", {"name": "Mug", "photo": "mug.png", "brand": {"name": "C"}})
    (entry,) = entries(Path("../far/a.jsonl"), defaults={"brand": {"logo": "logo.png"}})
    made = brief.make(entry.fields)
    assert (made.photo, made.brand.logo, made.brand.name) == ("../far/mug.png", "logo.png", "C")


def test_parquet_keeps_its_types(tmp_path):
    photo_in(tmp_path)
    with duckdb.connect() as database:
        database.execute(
            "COPY (SELECT 'Mug' AS name, 'mug.png' AS photo, ['a one', 'b two'] AS features, "
            "199.00::DECIMAL(9,2) AS price, 'nan'::DOUBLE AS was, DATE '2026-11-11' AS date, "
            "{'name': 'Clay', 'colours': ['#ff0000']} AS brand, 3 AS variants) TO ? ",
            [str(tmp_path / "a.parquet")],
        )
    (entry,) = entries(tmp_path / "a.parquet", currency="¥")
    made = brief.make(entry.fields)
    assert (made.features, made.price, made.was) == (("a one", "b two"), "¥199", "")
    assert (made.date, made.variants, made.brand.colours) == ("2026-11-11", 3, ("#ff0000",))
    assert entry.where == "a.parquet, row 1"


def test_texts_and_lists_in_one_cell(tmp_path):
    photo_in(tmp_path)
    path = table(
        tmp_path / "a.csv",
        ["name", "photo", "features", "texts", "badges", "avoid"],
        [
            "Mug",
            "gone.png; mug.png",
            '["one; two", "three"]',
            "Hot!|Hotter!",
            "CE, FDA",
            "cheap、bad",
        ],
        ["Pot", "mug.png", "• one\n• two", '[{"headline": "A", "cta": "Buy"}]', "", ""],
        ["Cup", "mug.png", "[unclosed", "", "", ""],
    )
    first, second, third = [brief.make(each.fields) for each in entries(path)]
    assert Path(first.photo).name == "mug.png"
    assert first.features == ("one; two", "three")
    assert [each.headline for each in first.texts] == ["Hot!", "Hotter!"]
    assert (first.badges, first.brand.avoid) == (("CE", "FDA"), ("cheap", "bad"))
    assert second.features == ("one", "two")
    assert second.texts[0].cta == "Buy"
    assert third.features == ("[unclosed",)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone.csv", "no such file or folder"),
        ("gone", "no such file or folder"),
        ("list.pdf", "tables are read from"),
        ("empty", "holds no photo and no brief"),
        ("empty.csv", "no row can be read"),
    ],
)
def test_what_is_no_catalogue(tmp_path, name, says):
    (tmp_path / "list.pdf").write_bytes(b"%PDF")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BriefError, match=says):
        catalogue.read(tmp_path / name)


def test_a_list_of_briefs_in_one_file_names_the_remedy(tmp_path):
    (tmp_path / "briefs.json").write_text('[{"name": "Mug"}]')
    assert "one brief a line" in said(entries(tmp_path / "briefs.json")[0])[""]


def test_two_files_of_one_name_are_no_guess(tmp_path):
    photo_in(tmp_path / "all" / "a")
    photo_in(tmp_path / "all" / "b")
    path = table(tmp_path / "a.csv", ["name", "photo"], ["Mug", "mug.png"])
    assert (
        "several files are called 'mug.png'"
        in said(entries(path, photos=tmp_path / "all")[0])["photo"]
    )


def test_what_failed_names_the_file_that_was_looked_for(tmp_path, monkeypatch):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "fake.png").write_text("no picture")
    path = table(
        tmp_path / "far" / "a.csv", ["name", "photo"], ["Mug", "gone.png"], ["Mug", "fake.png"]
    )
    monkeypatch.chdir(tmp_path)
    gone, fake = entries(path.relative_to(tmp_path))
    assert gone.fields["photo"] == "far/gone.png"
    assert fake.fields["photo"] == "far/fake.png"
    photo_in(tmp_path / "far", "gone.png")
    assert brief.make(gone.fields).photo == entries(path)[0].fields["photo"]
