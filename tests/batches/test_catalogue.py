"""Catalogues: folders and tables, read lazily, and everything that is wrong with them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pictures import mug, save

from aigc import brief
from aigc.batches import Entry, catalogue
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
