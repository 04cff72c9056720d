"""Click logs: what is read, what is refused, and which tests hang together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from aigc import events
from aigc.errors import BriefError
from aigc.rank.clicks import log

HEAD = "test_id,headline,impressions,clicks\n"


def _csv(folder: Path, body: str, head: str = HEAD, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text(head + body, "utf-8")
    return path


def test_reads_what_is_there_and_names_it(tmp_path: Path) -> None:
    path = _csv(tmp_path, "a,One,100,5\na,Two,200,7\nb,Three,100,1\nb,Four,50,0\n")
    found = log.read([path])
    assert found.texts == ("One", "Two", "Four", "Three")
    assert found.clicks.tolist() == [5, 7, 0, 1]
    assert found.impressions.tolist() == [100, 200, 50, 100]
    assert found.tests.tolist() == [0, 0, 1, 1]
    assert found.evidence == {"tests": 2, "texts": 4, "impressions": 450, "clicks": 13}
    assert found.names == ("log.csv",)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a,Bad,10,11", "11 clicks of 10 impressions"),
        ("a,Bad,-3,0", "impressions '-3' is no whole number"),
        ("a,Bad,ten,1", "impressions 'ten' is no whole number"),
        ("a,Bad,10,1.5", "clicks '1.5' is no whole number"),
        ("a,Bad,nan,1", "impressions 'nan' is no whole number"),
        ("a,Bad,0,0", "never shown"),
        ("a,  ,10,1", "no text"),
        (",Bad,10,1", "no test"),
        ("a,Bad," + "9" * 400 + ",1", "is too large"),
    ],
)
def test_a_bad_row_is_told_by_line_and_skipped(tmp_path: Path, row: str, why: str) -> None:
    path = _csv(tmp_path, f"a,One,100,5\n{row}\na,Two,200,7\n")
    heard: list[str] = []
    with events.listening(lambda event: heard.append(event.message)):
        found = log.read([path])
    assert found.texts == ("One", "Two")
    assert found.wrong == 1
    (said,) = heard
    assert "'log.csv': skipped line 3: " in said
    assert why in said


def test_counts_with_thousands_and_as_floats_are_counts(tmp_path: Path) -> None:
    found = log.read([_csv(tmp_path, 'a,One,"12,345",5\na,Two,200.0,7.0\n')])
    assert found.impressions.tolist() == [12345, 200]


def test_the_same_text_of_a_test_is_one_and_of_two_tests_are_two(tmp_path: Path) -> None:
    body = "a,One,100,5\na, One ,50,1\na,Two,100,1\nb,One,10,1\nb,Three,10,0\n"
    found = log.read([_csv(tmp_path, body)])
    assert found.texts == ("One", "Two", "One", "Three")
    assert found.impressions.tolist() == [150, 100, 10, 10]


def test_tests_that_tell_nothing_are_counted(tmp_path: Path) -> None:
    body = "a,One,100,5\na,Two,200,7\nb,Alone,10,1\nc,X,10,0\nc,Y,10,0\nd,X,5,5\nd,Y,6,6\n"
    found = log.read([_csv(tmp_path, body)])
    assert found.silent == 3
    assert set(found.texts) == {"One", "Two"}
    with pytest.raises(BriefError, match="no test to learn from: 1 that tell nothing"):
        log.read([_csv(tmp_path, "b,Alone,10,1\n")])


def test_tests_that_share_a_text_directly_or_not_are_one_group(tmp_path: Path) -> None:
    body = "a,One,9,1\na,Two,9,1\nb,two,9,1\nb,Three,9,1\nc,Three,9,1\nc,X,9,1\nd,Y,9,1\nd,Z,9,1\n"
    groups = log.read([_csv(tmp_path, body)]).groups
    assert len(set(groups[:6])) == 1
    assert groups[6] == groups[7] != groups[0]


def test_segments_are_compared_apart(tmp_path: Path) -> None:
    head = "test,text,audience,views,clicks\n"
    body = "a,One,age=1,9,1\na,Two,age=1,9,2\na,One,age=2,9,3\na,Two,age=2,9,1\n"
    found = log.read([_csv(tmp_path, body, head)])
    assert found.segments == ("age=1", "age=1", "age=2", "age=2")
    assert found.cells.tolist() == [0, 0, 1, 1]
    assert found.evidence["tests"] == 1


def test_columns_are_found_or_named_or_shown(tmp_path: Path) -> None:
    path = _csv(tmp_path, "a,One,9,1\na,Two,9,2\n", "which,words,Views,CLICKS\n")
    with pytest.raises(BriefError, match="no column for test; found: which, words, Views, CLICKS"):
        log.read([path])
    with pytest.raises(BriefError, match="no column 'word' for text; found: which"):
        log.read([path], {"test": "which", "text": "word"})
    assert log.read([path], {"test": "which", "text": "words"}).clicks.tolist() == [1, 2]


def test_order_of_rows_and_files_changes_nothing(tmp_path: Path) -> None:
    pairs = [("b", "X"), ("a", "Y"), ("a", "Z"), ("b", "W")]
    lines = [
        {"test": test, "text": text, "impressions": 90 + n, "clicks": n + 1}
        for n, (test, text) in enumerate(pairs)
    ]
    one = tmp_path / "one.jsonl"
    one.write_text("\n".join(map(json.dumps, lines)))
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_text("\n".join(map(json.dumps, lines[2:])))
    second.write_text("\n".join(map(json.dumps, lines[:2])))
    whole, parts = log.read([one]), log.read([first, second])
    assert whole.digest == parts.digest
    assert whole.texts == parts.texts
    np.testing.assert_array_equal(whole.clicks, parts.clicks)
    lines[0]["clicks"] = 2
    one.write_text("\n".join(map(json.dumps, lines)))
    assert log.read([one]).digest != whole.digest
