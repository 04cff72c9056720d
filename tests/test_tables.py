"""Tables as programs write them: encodings, delimiters, titles, ragged rows, damage."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest

from aigc import tables
from aigc.errors import BriefError
from aigc.tables import Wanted

CHINESE = "日期,创意ID,展现量\n2026-11-22,青瓷茶壶,1000\n2026-11-23,竹制茶盘,900\n"


def saved(tmp_path: Path, data: bytes | str, name: str = "log.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def values(path: Path) -> list[list[object]]:
    return [list(row.values.values()) for row in tables.rows(path) if not row.wrong]


def wrong(path: Path) -> list[tuple[int, str]]:
    return [(row.line, row.wrong) for row in tables.rows(path) if row.wrong]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"]
)
def test_chinese_exports_are_read_in_the_encoding_they_have(tmp_path, encoding):
    path = saved(tmp_path, CHINESE.encode(encoding))
    assert tables.columns(path) == ("日期", "创意ID", "展现量")
    assert values(path)[1] == ["2026-11-23", "竹制茶盘", "900"]


def test_big_endian_with_its_mark(tmp_path):
    path = saved(tmp_path, b"\xfe\xff" + CHINESE.encode("utf-16-be"))
    assert tables.columns(path)[0] == "日期"


def test_western_excel_is_read_where_utf8_fails(tmp_path):
    text = "Anzeige;Straße;Größe\nKännchen für €5;Müllerstraße;schön\n"
    path = saved(tmp_path, text.encode("cp1252"))
    assert tables.columns(path) == ("Anzeige", "Straße", "Größe")
    assert values(path) == [["Kännchen für €5", "Müllerstraße", "schön"]]


def test_one_damaged_letter_does_not_change_the_encoding_of_all_others(tmp_path):
    path = saved(tmp_path, CHINESE.encode() * 5 + "2026,青".encode()[:-1] + b",1\n")
    found = values(path)
    assert found[0][1] == "青瓷茶壶"
    assert found[-1][1] == "\ufffd"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_the_delimiter_is_the_one_that_cuts_all_rows_alike(tmp_path, delimiter, suffix):
    rows = [["text", "shown", "clicks"], ["Tea, now", "1 200", "12"], ["Cup, pot, tray", "9", "0"]]
    text = "\n".join(delimiter.join(f'"{c}"' if "," in c else c for c in row) for row in rows)
    assert values(saved(tmp_path, text, f"log{suffix}")) == rows[1:]


def test_unquoted_commas_between_semicolons_are_text(tmp_path):
    path = saved(tmp_path, "text;cost\nHello, world;1,50\nOne, two;2,00\nThree;3,00\n")
    assert values(path) == [["Hello, world", "1,50"], ["One, two", "2,00"], ["Three", "3,00"]]


def test_a_title_and_a_date_above_the_header_are_not_the_header(tmp_path):
    text = (
        'Ad report,,,\n"1 November 2026 - 30 November 2026"\n\n'
        'Ad,Clicks,Impr.,Cost\nPot,5,"1,000",--\n'
    )
    path = saved(tmp_path, text)
    assert tables.columns(path) == ("Ad", "Clicks", "Impr.", "Cost")
    assert [(row.line, row.values["Impr."]) for row in tables.rows(path)] == [(5, "1,000")]


def test_the_excel_hint_for_the_delimiter_is_no_header(tmp_path):
    assert tables.columns(saved(tmp_path, "sep=;\na;b;c\n1;2;3\n")) == ("a", "b", "c")


def test_a_table_of_two_columns_needs_no_title(tmp_path):
    assert tables.columns(saved(tmp_path, "a,b\n1,2\n")) == ("a", "b")
    assert values(saved(tmp_path, "text\nTea\nCups\n")) == [["Tea"], ["Cups"]]


def test_quoted_line_ends_keep_the_line_numbers(tmp_path):
    path = saved(tmp_path, 'a,b\r\n"one\r\ntwo",1\r\nshort\r\nlast,2\r\n')
    found = list(tables.rows(path))
    assert [(row.line, bool(row.wrong)) for row in found] == [(2, False), (4, True), (5, False)]
    assert found[0].values["a"] == "one\r\ntwo"


def test_ragged_rows_are_named_and_the_rest_goes_on(tmp_path):
    path = saved(tmp_path, "a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n4,5,6\n")
    assert wrong(path) == [(3, "2 cells, 3 columns"), (4, "4 cells, 3 columns")]
    assert values(path) == [["1", "2", "3"], ["1", "2", "3"], ["4", "5", "6"]]


def test_a_nul_byte_spoils_its_own_row_only(tmp_path):
    assert wrong(saved(tmp_path, "a,b\n1,x\0y\n2,z\n")) == [(2, "holds a NUL byte")]


def test_a_huge_field_is_a_bad_row_and_a_huge_line_no_table(tmp_path):
    path = saved(tmp_path, "a,b\n1," + "x" * 200_000 + "\n2,z\n")
    assert [line for line, _ in wrong(path)] == [2]
    assert values(path) == [["2", "z"]]
    with pytest.raises(BriefError, match="line 2 is longer"):
        list(tables.rows(saved(tmp_path, "a,b\n1," + "x" * 2_000_000)))


def test_a_quote_that_never_ends_is_a_bad_row(tmp_path):
    path = saved(tmp_path, 'a,b\n1,"x\n' + "2,y\n" * 50_000)
    assert wrong(path)[0][0] == 2


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
@pytest.mark.parametrize("name", ["log.csv", "log.jsonl"])
def test_an_empty_file_has_no_columns(tmp_path, text, name):
    path = saved(tmp_path, text, name)
    assert list(tables.rows(path)) == []
    with pytest.raises(BriefError, match="no row"):
        tables.columns(path)


def test_a_header_alone_has_columns_and_no_rows(tmp_path):
    path = saved(tmp_path, "a,b\n")
    assert tables.columns(path) == ("a", "b")
    assert list(tables.rows(path)) == []


def test_columns_of_one_name_do_not_hide_each_other(tmp_path):
    path = saved(tmp_path, "clicks,clicks,,clicks\n1,2,3,4\n")
    assert tables.columns(path) == ("clicks", "clicks (2)", "column 3", "clicks (3)")
    assert tables.mapped(tables.columns(path), {"n": Wanted(("clicks",))}, {}, "log") == {
        "n": "clicks"
    }


def test_nested_values_are_named_with_dots(tmp_path):
    rows = [{"ad": {"id": "x", "tags": ["a"]}, "clicks": 3}, {"clicks": 4, "day": "2026-11-22"}]
    path = saved(tmp_path, "\n".join(map(json.dumps, rows)), "log.jsonl")
    assert tables.columns(path) == ("ad.id", "ad.tags", "clicks", "day")
    assert next(iter(tables.rows(path))).values == {"ad.id": "x", "ad.tags": ["a"], "clicks": 3}


def test_lines_that_are_no_json_objects_are_named(tmp_path):
    deep = "[" * 100_000
    path = saved(tmp_path, f'{{"a": 1}}\n{{"a": \n[1]\n\n{{"a": "\\ud800"}}\n{deep}\n', "l.jsonl")
    assert [line for line, _ in wrong(path)] == [2, 3, 5, 6]
    assert values(path) == [[1]]


@pytest.mark.parametrize("name", ["log.csv.gz", "log.jsonl.gz", "LOG.CSV.GZ"])
def test_gzip_is_unpacked(tmp_path, name):
    text = '{"a": "1"}\n' if "json" in name else "a,b\n1,2\n"
    assert values(saved(tmp_path, gzip.compress(text.encode()), name))[0][0] == "1"


def test_damaged_gzip_says_so(tmp_path):
    whole = gzip.compress(("a,b\n" + "1,2\n" * 9999).encode())
    cut = saved(tmp_path, whole[: len(whole) // 2], "cut.csv.gz")
    for path in (cut, saved(tmp_path, "a,b\n1,2\n", "no.csv.gz")):
        with pytest.raises(BriefError, match=r"csv\.gz.*cannot be read"):
            list(tables.rows(path))


def parquet(path: Path, query: str) -> Path:
    with duckdb.connect() as database:
        database.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def test_parquet_under_a_name_that_looks_like_a_pattern(tmp_path):
    parquet(tmp_path / "log1.parquet", "SELECT 1 AS other")
    path = parquet(
        tmp_path / "log[1]*?.parquet",
        "SELECT 'x' AS ad, {'clicks': 3} AS metrics, DATE '2026-11-22' AS day",
    )
    assert tables.columns(path) == ("ad", "metrics.clicks", "day")
    assert list(next(iter(tables.rows(path))).values) == ["ad", "metrics.clicks", "day"]


def test_parquet_without_rows_has_columns(tmp_path):
    path = parquet(tmp_path / "log.parquet", "SELECT 1 AS a, 2 AS b LIMIT 0")
    assert tables.columns(path) == ("a", "b")
    assert list(tables.rows(path)) == []


@pytest.mark.parametrize("keep", [0, 3, 0.5, 0.98])
def test_damaged_parquet_says_so(tmp_path, keep):
    path = parquet(tmp_path / "log.parquet", "SELECT range AS n FROM range(10000)")
    data = path.read_bytes()
    path.write_bytes(data[: int(keep if keep > 1 else keep * len(data))])
    with pytest.raises(BriefError, match=r"log\.parquet.*cannot be read"):
        list(tables.rows(path))


def test_parquet_damaged_in_its_middle_says_so(tmp_path):
    path = parquet(tmp_path / "log.parquet", "SELECT md5(range::VARCHAR) AS n FROM range(100000)")
    data = bytearray(path.read_bytes())
    data[4:200_000] = b"\xff" * 199_996
    path.write_bytes(data)
    with pytest.raises(BriefError, match=r"log\.parquet.*cannot be read"):
        list(tables.rows(path))


def test_other_files_are_refused_with_what_is_read(tmp_path):
    with pytest.raises(BriefError, match=r"\.csv.*save it as CSV"):
        tables.rows(saved(tmp_path, "x", "log.numbers"))
    with pytest.raises(BriefError, match="no such file"):
        tables.columns(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BriefError, match="no such file"):
        tables.columns(tmp_path / "folder.csv")


def test_names_match_without_case_width_and_what_stands_in_brackets():
    found = ["Ad Name", "Ｉｍｐｒ．", "Amount spent (USD)", "花费（元）", "Clicks (all)", "clicks"]
    wanted = {
        "ad": Wanted(("ad_name",)),
        "shown": Wanted(("impr",)),
        "cost": Wanted(("cost", "amount spent")),
        "yuan": Wanted(("花费",)),
        "clicks": Wanted(("Clicks",)),
        "none": Wanted(("profit",), needed=False),
    }
    assert tables.mapped(found, wanted, {}, "log") == {
        "ad": "Ad Name",
        "shown": "Ｉｍｐｒ．",
        "cost": "Amount spent (USD)",
        "yuan": "花费（元）",
        "clicks": "clicks",
    }


def test_what_cannot_be_matched_shows_the_columns_there_are():
    wanted = {"clicks": Wanted(("clicks",))}
    with pytest.raises(BriefError, match=r"log\.csv: no column for clicks; found: a, b"):
        tables.mapped(["a", "b"], wanted, {}, "log.csv")
    with pytest.raises(BriefError, match="no column 'c' for clicks; found: a, b"):
        tables.mapped(["a", "b"], wanted, {"clicks": "c"}, "log.csv")
