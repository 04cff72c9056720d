"""No personal identifiers are stored: columns by name, values by look, segments by their number."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner

from aigc import cli
from aigc.errors import BriefError
from aigc.feedback import database, privacy
from aigc.feedback.store import import_logs, read


def table(tmp_path: Path, extra: dict[str, list[str]], name: str = "log.csv") -> Path:
    """A log of as many rows as the extra columns have."""
    count = max(map(len, extra.values()))
    columns = {
        "creative": ["a"] * count,
        "day": ["2026-11-22"] * count,
        "impressions": ["10"] * count,
        "clicks": ["1"] * count,
        **extra,
    }
    path = tmp_path / name
    lines = [list(columns), *(list(row) for row in zip(*columns.values(), strict=True))]
    path.write_text("".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "anna@example.com"),
        ("E-mail Address", "anna@example.com"),
        ("email_sha256", "anna@example.com"),  # hashed by name only
        ("Phone", "+44 20 7946 0958"),
        ("customer phone number", "13812345678"),
        ("手机号", "13812345678"),
        ("用户ID", "8812"),
        ("user_id", "8812"),
        ("UserName", "anna"),
        ("姓名", "王芳"),
        ("收货人姓名", "王芳"),
        ("身份证号码", "11010519491231002X"),
        ("openid", "oABCDEFGHIJKLMNOPQRSTUVWXYZ1"),
        ("IDFA", str(uuid.UUID(int=1))),
        ("gaid", str(uuid.UUID(int=1))),
        ("device id", "A1B2"),
        ("IP Address", "192.0.2.1"),
        ("cookie", "abc"),
        ("gclid", "Cj0KCQ"),
        ("地址", "南京路1号"),
        ("微信号", "wang_fang"),
    ],
)
def test_a_column_that_identifies_people_is_refused_though_nobody_asked_for_it(
    tmp_path, name, value
):
    path = table(tmp_path, {name: ["", value]})
    with pytest.raises(BriefError, match="identifies people") as refused:
        import_logs([path], tmp_path)
    said = str(refused.value)
    assert name in said
    assert "line 3" in said
    assert "--ignore" in said
    assert value not in said
    assert not database(tmp_path).exists()
    assert import_logs([path], tmp_path, ignore=[name]).files[0].new == 1
    assert value.encode() not in database(tmp_path).read_bytes()


DIGESTS = [hashlib.sha256, hashlib.md5, hashlib.sha1, hashlib.sha512]


@pytest.mark.parametrize("method", DIGESTS)
def test_hashed_columns_are_let_through_and_not_stored(tmp_path, method):
    raw = [method(f"anna{n}".encode()).digest() for n in range(3)]
    texts = [each.hex().upper() for each in raw], [base64.b64encode(each).decode() for each in raw]
    for number, hashed in enumerate(texts):
        path = table(tmp_path, {"email": hashed}, f"{number}.csv")
        outputs = tmp_path / str(number)
        assert import_logs([path], outputs).files[0].new == 1
        assert hashed[0].encode() not in database(outputs).read_bytes()


def test_one_value_that_is_not_hashed_refuses_the_whole_log(tmp_path):
    good = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(2000)]
    for bad in ("anna@example.com", hashlib.md5(b"anna").hexdigest()):
        with pytest.raises(BriefError, match="line 2002"):
            import_logs([table(tmp_path, {"email": [*good, bad]})], tmp_path)
    assert read(tmp_path) == []


@pytest.mark.parametrize(
    "name",
    [
        "Ad ID",
        "Creative ID",
        "创意ID",
        "Campaign ID",
        "Account name",
        "Phone calls",
        "Email sign-ups",
        "访客数",
        "Landing page",
        "Ad group phone numbers: active",
        "cell_id",
        "Product ID",
    ],
)
def test_columns_of_ads_and_counts_are_no_identifiers_of_people(name):
    assert privacy.personal([name]) == ()


def test_how_many_called_is_no_phone_number_and_an_account_is_no_customer(tmp_path):
    path = table(tmp_path, {"Phone": ["12", "3.5%"], "Customer ID": ["123-456-7890"] * 2})
    assert import_logs([path], tmp_path).files[0].new == 1


@pytest.mark.parametrize("field", ["creative", "channel", "segment"])
@pytest.mark.parametrize(
    "value",
    [
        "anna@example.com",
        "for Anna <anna@example.com>",
        "+86 138 1234 5678",
        "138-1234-5678",
        "(415) 555-2671",
        "+44 20 7946 0958",
        "192.0.2.17",
        "2001:db8::17",
        "11010519491231002X",
    ],
)
def test_a_row_that_would_store_an_identifier_is_skipped_without_showing_it(tmp_path, field, value):
    path = table(tmp_path, {field: [value, "fine"]})
    imported = import_logs([path], tmp_path)
    ((line, reason),) = imported.files[0].reasons
    assert (line, imported.files[0].new) == (2, 1)
    assert f"{field} looks like" in reason
    assert value not in reason
    assert value.encode() not in database(tmp_path).read_bytes()


def test_an_ad_platforms_numbers_are_creatives_but_no_channels(tmp_path):
    numbers = ["13812345678", "23851234567890123", str(uuid.UUID(int=7))]
    assert import_logs([table(tmp_path, {"creative": numbers})], tmp_path).files[0].skipped == 0
    imported = import_logs([table(tmp_path, {"channel": numbers})], tmp_path / "other")
    assert [line for line, _ in imported.files[0].reasons] == [2, 4]


def test_what_stands_around_our_id_is_not_stored(tmp_path):
    name = "Anna anna@example.com | teapot-1a2b3c4d.c01"
    import_logs([table(tmp_path, {"creative": [name]})], tmp_path)
    assert read(tmp_path)[0].creative == "teapot-1a2b3c4d.c01"
    assert b"anna" not in database(tmp_path).read_bytes()


def test_a_segment_that_singles_out_people_is_refused(tmp_path):
    people = [f"reader {n}" for n in range(40)]
    with pytest.raises(BriefError, match=r"40 in 40 rows.*single out people.*--ignore 'segment'"):
        import_logs([table(tmp_path, {"segment": people})], tmp_path)
    assert read(tmp_path) == []
    cities = [f"city {n % 40}" for n in range(400)]
    assert import_logs([table(tmp_path, {"city": cities})], tmp_path).files[0].new == 40
    many = [f"place {n % 1200}" for n in range(4800)]
    with pytest.raises(BriefError, match="single out people"):
        import_logs([table(tmp_path, {"region": many})], tmp_path / "other")


def test_a_mapped_column_that_identifies_people_cannot_be_let_in_by_ignoring_it(tmp_path):
    path = table(tmp_path, {"email": ["anna@example.com"]})
    for options in ({}, {"ignore": ["email"]}):
        with pytest.raises(BriefError):
            import_logs([path], tmp_path, {"segment": "email"}, **options)
    with pytest.raises(BriefError, match="no column 'mail' to ignore; found: creative, day"):
        import_logs([path], tmp_path, ignore=["mail"])


def test_nested_identifiers_of_jsonl_are_found(tmp_path):
    path = tmp_path / "log.jsonl"
    row = {"creative": "a", "impressions": 10, "clicks": 1, "user": {"id": 8812}}
    path.write_text(json.dumps(row))
    with pytest.raises(BriefError, match=r"'user\.id' identifies people"):
        import_logs([path], tmp_path)


def test_the_help_says_what_is_refused():
    said = " ".join(CliRunner().invoke(cli.cli, ["feedback", "import", "--help"]).output.split())
    assert "No personal identifiers are stored" in said
    assert "--ignore" in said
