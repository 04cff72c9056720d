"""Shops' own exports: recognised by their columns, mapped by a table, and shown."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from pictures import mug, save
from sheets_kit import Error, xlsx

from aigc import brief, catalogue
from aigc.batches import Entry
from aigc.campaign import Brief
from aigc.catalogue import cells, offers, photos, shops

SHOPIFY = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name",
    "Option1 Value", "Variant SKU", "Variant Price", "Variant Compare At Price", "Image Src",
    "Image Position", "SEO Title", "Status",
]  # fmt: skip
NEW_SHOPIFY = [
    "Title", "URL handle", "Description", "Vendor", "Type", "Status", "Option1 value", "Price",
    "Compare-at price", "Product image URL", "Image position",
]  # fmt: skip
WOO = [
    "ID", "Type", "SKU", "Name", "Published", "Short description", "Description", "Sale price",
    "Regular price", "Categories", "Images", "Parent", "Brands",
]  # fmt: skip
TAOBAO = ["title", "cid", "price", "num", "description", "picture", "subtitle"]
TAOBAO_CHINESE = ["宝贝名称", "宝贝类目", "宝贝价格", "宝贝数量", "宝贝描述", "新图片", "宝贝卖点"]


def export(path: Path, columns: list[str], *rows: dict[str, Any]) -> Path:
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def made(source: Path, **options: Any) -> list[Brief]:
    found = list(catalogue.read(source, **options).entries())
    assert [each.wrong for each in found] == [()] * len(found)
    return [brief.make(each.fields) for each in found]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Give a folder of photos, as downloaded from the shop."""
    for name in ("mug.png", "mug-2.png", "pot.png", "vase one.png"):
        save(mug(60), tmp_path / "photos" / name)
    return tmp_path / "photos"


def at(name: str) -> str:
    return f"https://cdn.shop.example/files/{name}?v=1699"


def test_shopify_has_several_rows_a_product(tmp_path, pictures):
    path = export(
        tmp_path / "products_export.csv",
        SHOPIFY,
        {
            "Handle": "mug", "Title": "Green &amp; Blue Mug", "Vendor": "Clay", "Type": "Mugs",
            "Body (HTML)": "<p>For you.</p><ul><li>Holds 400&nbsp;ml</li><li>Hand <b>made</b></li>"
            "</ul><script>x()</script>",
            "Option1 Value": "S", "Variant Price": "19.00", "Variant Compare At Price": "24.50",
            "Image Src": at("mug-2.png"), "Image Position": "2", "Status": "active",
        },
        {"Handle": "mug", "Image Src": at("mug.png"), "Image Position": "1"},
        {
            "Handle": "pot", "Title": "Pot", "Variant Price": "30.00", "Image Src": at("pot.png"),
            "Body (HTML)": "Pours well. Never drips!\nMade of clay", "Status": "active",
        },
        {"Handle": "pot", "Variant Price": "25.50", "Variant Compare At Price": "40"},
        {"Handle": "old", "Title": "Old", "Variant Price": "1", "Status": "archived"},
        {"Handle": "old", "Variant Price": "2"},
        {
            "Handle": "vase", "Title": "Vase", "Variant Price": "5.00", "Status": "active",
            "Variant Compare At Price": "5.00", "Image Src": at("vase%20one.png"),
        },
    )  # fmt: skip
    read = catalogue.read(path, photos=pictures, currency="$")
    green, pot, vase = made(path, photos=pictures, currency="$")
    assert read.total == 3
    assert (green.name, green.product, green.brand.name) == ("Green & Blue Mug", "Mugs", "Clay")
    assert green.features == ("Holds 400 ml", "Hand made")
    assert (green.price, green.was) == ("$19", "$24.50")
    assert Path(green.photo).name == "mug.png"
    assert (pot.price, pot.was) == ("from $25.50", "")
    assert pot.features == ("Pours well.", "Never drips!", "Made of clay")
    assert (vase.price, vase.was, Path(vase.photo).name) == ("$5", "", "vase one.png")
    lines = read.mapping.lines()
    assert lines[0] == "read as Shopify products"
    assert "price <- Variant Price" in lines
    assert "left out: rows whose Status is draft or archived" in lines
    assert "left out: Tags, Published, Option1 Name, Option1 Value, Variant SKU, SEO Title" in lines
    first = next(read.entries())
    assert first.where == "products_export.csv, line 2"


def test_shopify_under_its_new_names(tmp_path, pictures):
    path = export(
        tmp_path / "new.csv",
        NEW_SHOPIFY,
        {
            "Title": "Mug", "URL handle": "mug", "Description": "<p>Holds 400 ml</p>",
            "Status": "Active", "Price": "19.99", "Product image URL": at("mug.png"),
        },
        {"Title": "Pot", "URL handle": "pot", "Status": "Draft"},
    )  # fmt: skip
    (only,) = made(path, photos=pictures, currency="EUR", defaults={"language": "de"})
    assert (only.price, only.features) == ("19.99 EUR", ("Holds 400 ml",))
    assert catalogue.read(path).mapping.kind == "shopify"


def test_woocommerce_says_prices_of_variable_products_elsewhere(tmp_path, pictures):
    path = export(
        tmp_path / "wc.csv",
        WOO,
        {
            "ID": 1, "Type": "simple, virtual", "Name": "Mug", "Published": 1,
            "Short description": "", "Description": r"<ul><li>Holds 400 ml</li></ul>",
            "Sale price": "15", "Regular price": "19.90", "Brands": "Clay",
            "Images": f"{at('mug.png')}, {at('mug-2.png')}",
        },
        {"ID": 2, "Type": "variable", "SKU": "POT", "Name": "Pot", "Published": 1,
         "Images": at("pot.png"), "Description": r"<b>Pours</b> well\nNever\, ever drips"},
        {"ID": 3, "Type": "variable", "Name": "'@home Vase", "Published": 1,
         "Images": at("vase one.png")},
        {"ID": 4, "Type": "simple", "Name": "Draft", "Published": -1, "Images": at("mug.png")},
        {"ID": 5, "Type": "variation", "Name": "Pot - S", "Parent": "POT", "Regular price": "9"},
        {"ID": 6, "Type": "variation", "Name": "Pot - L", "Parent": "POT", "Regular price": "12"},
        {"ID": 7, "Type": "variation", "Name": "Vase - S", "Parent": "id:3", "Sale price": "7",
         "Regular price": "8"},
    )  # fmt: skip
    first, pot, vase = made(
        path, photos=pictures, currency="{} zł", columns={"product": "Categories"}
    )
    assert (first.price, first.was, first.brand.name) == ("15 zł", "19.90 zł", "Clay")
    assert first.features == ("Holds 400 ml",)
    assert Path(first.photo).name == "mug.png"
    assert pot.features == ("Pours well", "Never, ever drips")
    assert vase.name == "@home Vase"
    assert (pot.price, vase.price, vase.was) == ("from 9 zł", "7 zł", "8 zł")


@pytest.mark.parametrize(("encoding", "header"), [("utf-16", True), ("gb18030", False)])
def test_taobao_assistant_with_its_pictures_in_a_folder(tmp_path, encoding, header):
    save(mug(60), tmp_path / "shop" / "0a1b.tbi", format="PNG")
    save(mug(60), tmp_path / "shop" / "9f9f.tbi", format="PNG")
    picture = "9f9f:1:1:|;0a1b:1:0:|https://img.example/0a1b.jpg;77:2:0:1627207:28320|;"
    rows = [
        *([["version 1.00"], TAOBAO] if header else []),
        TAOBAO_CHINESE,
        ["手工青瓷杯", "50006298", "199.00", "8", "<p>手工拉坯。</p><p>可微波。</p>", picture, ""],
        ["竹茶盘", "50006298", "0", "8", "", "9f9f:1:0:|;", "天然竹;轻"],
    ]
    path = tmp_path / "shop.csv"
    text = "".join("\t".join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)
    path.write_bytes(text.replace('"version 1.00"', "version 1.00").encode(encoding))
    read = catalogue.read(path)
    cup, tray = made(path)
    assert read.mapping.kind == "taobao"
    assert read.total == 2
    assert (cup.name, cup.price, cup.language) == ("手工青瓷杯", "¥199", "zh-CN")
    assert cup.features == ("手工拉坯。", "可微波。")
    assert Path(cup.photo).resolve() == tmp_path / "shop" / "0a1b.tbi"
    assert (tray.price, tray.features) == ("", ("天然竹;轻",))
    assert {"cid", "宝贝类目"} & {*read.mapping.left_out}


def test_a_sheet_of_a_merchant(tmp_path, pictures):
    path = xlsx(
        tmp_path / "list.xlsx",
        ["商品名称", "图片", "售价", "原价", "卖点", "备注"],
        ["青瓷杯", "mug", 199.0, 259, "手工；可微波", Error("#N/A")],
        ["茶壶", "pot.png", 19.9, Error("#DIV/0!"), None, None],
    )
    first, second = catalogue.read(path, photos=pictures, currency="¥").entries()
    made = brief.make(first.fields)
    assert (made.price, made.was, made.features) == ("¥199", "¥259", ("手工", "可微波"))
    assert second.fields["price"] == "¥19.90"
    assert second.where == "list.xlsx, row 3"
    assert [(each.column, each.says) for each in second.wrong] == [
        ("原价", "#DIV/0!: an error of the sheet's; mend the cell")
    ]


@pytest.mark.parametrize(
    ("value", "currency", "printed"),
    [
        (199.0, "¥", "¥199"),
        (19.9, "$", "$19.90"),
        ("19.00", "", "19"),
        ("1,299.00", "$", "$1,299"),
        ("19,90", "€", "€19,90"),
        ("1 299", "kr", "1 299 kr"),
        ("from $9", "$", "from $9"),
        ("12", "Rs. ", "Rs. 12"),
    ],
)
def test_prices_as_they_are_printed(value, currency, printed):
    assert cells.meant("price", cells.plain(value), currency) == printed


@pytest.mark.parametrize(
    ("value", "amount"), [("1.299,50", "1299.50"), ("1,299", "1299"), ("5", "5"), ("free", None)]
)
def test_amounts_whatever_mark_is_before_the_cents(value, amount):
    found = cells.number(value)
    assert (str(found) if found is not None else None) == amount


@pytest.mark.parametrize(
    ("category", "own", "of_shop"),
    [
        ("Mugs", "Mugs", "Mugs"),
        ("Apparel & Accessories > Clothing > Shirts", "Shirts", "Shirts"),
        ("Gear/bags", "Gear/bags", "bags"),
        ("Salt & pepper set", "Salt & pepper set", None),
        ("All > Home & Living", None, None),
    ],
)
def test_what_a_product_is_by_its_category(category, own, of_shop):
    assert cells.meant("product", category) == own
    assert cells.meant("product", category, html=True) == of_shop


def test_every_shop_maps_fields_that_there_are():
    for shop in shops.all_shops():
        assert {*shop.fields} <= {*shops.FIELDS}
        assert {*shop.defaults} <= {*Brief.model_fields}
    assert shops.all_shops()[-1].name == shops.OWN
    assert [shops.starting_from("$9", each) for each in ("en", "zh-CN", "tlh")] == [
        "from $9",
        "$9起",
        "",
    ]


def test_pictures_of_taobao_without_the_products_own():
    assert photos.of_taobao("77:2:0:1627207:28320|;;x") == []


def test_a_variant_that_costs_more_is_told_by_its_amount_not_its_spelling():
    shop = next(each for each in shops.all_shops() if each.name == "shopify")
    found = offers.Offers(shop, ["Price"], {"price": ("Price",)})
    rows = [offers.Row(2, {"Price": "9.0"}), offers.Row(3, {"Price": "9.00"})]
    assert found.cost(rows, "en", "$") == {"price": "$9"}
    assert found.cost([*rows, offers.Row(4, {"Price": "11"})], "tlh", "$") == {}


def entry_of(rows: str, tmp_path: Path) -> Entry:
    save(mug(60), tmp_path / "mug.png")
    path = tmp_path / "a.csv"
    path.write_text(rows)
    return next(catalogue.read(path).entries())


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("🫖🍵", ""),
        ("إبريق الشاي", ""),
        ("\u200b\u200b", "shows nothing"),
        ("x" * 5000, "at most 120"),
        ("x" * 200_000, "field larger than"),
    ],
)
def test_odd_cells(tmp_path, cell, says):
    wrong = entry_of(f"name,photo\n{cell},mug.png\n", tmp_path).wrong
    assert says in " ".join(each.says for each in wrong)
    assert bool(wrong) == bool(says)
