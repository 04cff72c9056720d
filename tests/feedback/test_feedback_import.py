"""Logs of ad platforms into the database: columns, rows, days, restated figures, many at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from filelock import FileLock

import aigc
from aigc import cli, events
from aigc.errors import BriefError, ExportError
from aigc.feedback import Performance, connection, database
from aigc.feedback.store import Imported, import_logs, read

HEADER = "creative,channel,day,impressions,clicks,conversions,cost\n"
POT = "teapot-1a2b3c4d.taobao-main"


def log(tmp_path: Path, text: str, name: str = "log.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def rows(*lines: str) -> str:
    return HEADER + "".join(f"{line}\n" for line in lines)


def figures(outputs: Path) -> list[tuple[int, int, float, float]]:
    return [(r.impressions, r.clicks, r.conversions, r.cost) for r in read(outputs)]


def reasons(imported: Imported) -> dict[int, str]:
    return dict(imported.files[0].reasons)


def campaign(outputs: Path, name: str, posters: list[str], copies: list[str]) -> None:
    (outputs / name).mkdir(parents=True)
    parts = {"posters": [{"id": each} for each in posters], "copies": [{"id": c} for c in copies]}
    (outputs / name / "campaign.json").write_text(json.dumps({"id": name, **parts}))


def test_rows_come_back_as_they_were(tmp_path):
    path = log(tmp_path, rows(f"{POT},taobao,2026-11-22,1000,12,1.5,3.25"))
    imported = aigc.import_feedback([path], tmp_path)
    assert (imported.files[0].new, imported.files[0].skipped) == (1, 0)
    assert read(tmp_path) == [
        Performance(
            creative=POT,
            channel="taobao",
            day=date(2026, 11, 22),
            impressions=1000,
            clicks=12,
            conversions=1.5,
            cost=3.25,
        )
    ]
    assert read(tmp_path, "teapot-1a2b3c4d") == read(tmp_path)
    assert read(tmp_path, "teapot-1a2b3c4") == read(tmp_path, "cup-00000000") == []


def test_nothing_imported_is_nothing_read_and_nothing_made(tmp_path):
    assert read(tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_the_same_rows_again_change_nothing(tmp_path):
    lines = [
        f"{POT},t,2026-11-{day:02d},{day * 100},{day},0.1,{day / 7:.4f}" for day in range(1, 29)
    ]
    path = log(tmp_path, rows(*lines, *lines[:9]))
    import_logs([path], tmp_path)
    before, bytes_before = read(tmp_path), database(tmp_path).read_bytes()
    backwards = log(tmp_path, rows(*reversed([*lines, *lines[:9]])), "other.csv")
    again = import_logs([path], tmp_path).files[0]
    other = import_logs([backwards, path], tmp_path).files
    assert (again.new, again.known, again.replaced) == (0, 28, 0)
    assert [(each.new, each.known, each.replaced) for each in other] == [(0, 28, 0)] * 2
    assert read(tmp_path) == before
    assert database(tmp_path).read_bytes() == bytes_before


def test_rows_of_one_log_that_agree_in_key_are_added_up(tmp_path):
    line = f"{POT},t,2026-11-22 {{}}:00,100,1,0.1,0.1"
    path = log(tmp_path, rows(*(line.format(f"{hour:02d}") for hour in range(24))))
    import_logs([path], tmp_path)
    assert figures(tmp_path) == [(2400, 24, 2.4, 2.4)]


def test_a_later_log_restates_a_day_and_says_so(tmp_path):
    first = log(tmp_path, rows("a,t,2026-11-21,100,1,0,1", "a,t,2026-11-22,50,1,0,1"))
    later = log(tmp_path, rows("a,t,2026-11-22,90,2,0,2", "a,t,2026-11-23,10,0,0,0"), "later.csv")
    import_logs([first], tmp_path)
    done = import_logs([later], tmp_path).files[0]
    assert (done.new, done.known, done.replaced, done.fewer) == (1, 0, 1, 0)
    assert figures(tmp_path) == [(100, 1, 0, 1), (90, 2, 0, 2), (10, 0, 0, 0)]


def test_fewer_impressions_than_before_are_remarked_for_they_may_be_a_part(tmp_path):
    import_logs([log(tmp_path, rows("a,t,2026-11-22,500,5,0,1"))], tmp_path)
    said: list[str] = []
    with events.listening(lambda event: said.append(event.message)):
        done = import_logs([log(tmp_path, rows("a,t,2026-11-22,200,2,0,1"))], tmp_path)
    assert done.files[0].fewer == 1
    assert any("--source" in line for line in said)


def test_sources_are_added_and_restated_apart(tmp_path):
    path = log(tmp_path, rows("a,t,2026-11-22,500,5,0,1"))
    import_logs([path], tmp_path, source="account-a")
    import_logs([path], tmp_path, source="account-b")
    assert figures(tmp_path) == [(1000, 10, 0, 2)]
    import_logs([log(tmp_path, rows("a,t,2026-11-22,600,6,0,1"))], tmp_path, source="account-b")
    assert figures(tmp_path) == [(1100, 11, 0, 2)]


def test_two_logs_at_once_that_disagree_are_refused_for_neither_is_later(tmp_path):
    one = log(tmp_path, rows("a,t,2026-11-22,500,5,0,1"), "one.csv")
    two = log(tmp_path, rows("a,t,2026-11-22,200,2,0,1", "b,t,2026-11-22,1,0,0,0"), "two.csv")
    with pytest.raises(BriefError, match=r"different things of a, t, 2026-11-22.*--source"):
        import_logs([one, two], tmp_path)
    assert read(tmp_path) == []


def test_one_bad_log_of_several_imports_none(tmp_path):
    good = log(tmp_path, rows("a,t,2026-11-22,500,5,0,1"))
    bad = log(tmp_path, "x,y\n1,2\n", "bad.csv")
    with pytest.raises(BriefError, match=r"bad\.csv.*no column for creative; found: x, y"):
        import_logs([good, bad], tmp_path)
    assert not database(tmp_path).exists()


def test_another_breakdown_of_the_same_figures_is_not_added_to_them(tmp_path):
    by_day = log(tmp_path, rows("a,t,2026-11-22,500,5,0,1"))
    by_age = log(
        tmp_path, "creative,channel,day,age,impressions,clicks\na,t,2026-11-22,18,300,3\n", "b.csv"
    )
    total = log(tmp_path, "creative,impressions,clicks\na,900,9\n", "c.csv")
    elsewhere = log(tmp_path, "creative,channel,age,impressions,clicks\na,q,18,300,3\n", "d.csv")
    import_logs([by_day], tmp_path)
    for path in (by_age, total):
        with pytest.raises(BriefError, match=r"a would be counted twice.*--afresh.*--source"):
            import_logs([path], tmp_path)
    assert import_logs([elsewhere], tmp_path).files[0].new == 1, "another channel counts others"
    import_logs([by_age], tmp_path, afresh=True)
    assert [(row.segment, row.impressions) for row in read(tmp_path)] == [("age=18", 300)]


def test_bad_rows_are_named_by_line_and_skipped(tmp_path):
    bad = {
        3: ("a,t,2026-11-22,10,11,0,1", "11 clicks of 10 impressions"),
        4: ("a,t,2026-11-22,-10,1,0,1", "impressions '-10' is negative"),
        5: (",t,2026-11-22,10,1,0,1", "creative is empty"),
        6: ("a,t,2026-02-30,10,1,0,1", "day '2026-02-30' is no day"),
        7: ("a,t,,10,1,0,1", "day is empty"),
        8: ("a,t,2026-11-22,,1,0,1", "no impressions"),
        9: ("a,t,2026-11-22,12.5%,1,0,1", "impressions '12.5%' is no number, but a share"),
        10: ("a,t,2026-11-22,10,1", "5 cells, 7 columns"),
        11: ("a,t,2026-11-22,10,1,0,-3", "cost '-3' is negative"),
        12: ("Total: Account,t,2026-11-22,10,1,0,1", "creative 'Total: Account' is a total"),
        13: ("合计,t,2026-11-22,10,1,0,1", "creative '合计' is a total"),
        14: ("2.38512E+16,t,2026-11-22,10,1,0,1", "rounded by a spreadsheet"),
        15: ("x" * 201 + ",t,2026-11-22,10,1,0,1", "longer than 200"),
        16: ("a,t,2026-11-01 - 2026-11-22,10,1,0,1", "more than a day"),
        17: ("a,t,2026-11-22,1.5,1,0,1", "impressions '1.5' is no whole number"),
        18: ("a,t,2026-11-22,99999999999999,1,0,1", "too large"),
    }
    good = "a,t,2026-11-22,10,1,0,1"
    imported = import_logs([log(tmp_path, rows(good, *(row for row, _ in bad.values())))], tmp_path)
    found = reasons(imported)
    assert found.keys() == bad.keys()
    for line, (_, why) in bad.items():
        assert why in found[line]
    assert imported.files[0].skipped == len(bad)
    assert figures(tmp_path) == [(10, 1, 0, 1)]


def test_lists_and_half_numbers_of_json_are_bad_rows(tmp_path):
    day = {"creative": "a", "impressions": 10, "clicks": 1}
    bad = [{"clicks": [1]}, {"creative": ["a"]}, {"impressions": float("inf")}, {"clicks": {}}]
    text = "\n".join(json.dumps({**day, **each}) for each in [{}, *bad, {"clicks": None}])
    imported = import_logs([log(tmp_path, text, "log.jsonl")], tmp_path)
    assert sorted(reasons(imported)) == [2, 3, 4]
    assert figures(tmp_path) == [(30, 1, 0, 0)]


META = (
    "Ad name,Platform,Reporting starts,Reporting ends,Age,Gender,Impressions,Clicks (all),"
    "Link clicks,Amount spent (USD),Results\n"
    ',,2026-11-01,2026-11-22,,,"1,234",99,45,99.10,4\n'
    'Autumn | teapot-1a2b3c4d.c01 | v2,facebook,2026-11-22,2026-11-22,25-34,female,"1,234",'
    "50,45,12.50,4\n"
    "Autumn | teapot-1a2b3c4d.c01 | v2,facebook,2026-11-21,2026-11-22,25-34,male,10,5,4,2.50,\n"
)
GOOGLE = (
    'Ad report\n"November 22, 2026 - November 22, 2026"\n'
    "Ad ID,Ad name,Final URL,Day,Network (with search partners),Clicks,Impr.,CTR,Cost,Conversions\n"
    "712345678901,Spring,https://x.example/?utm_content=teapot-1a2b3c4d.c01,2026-11-22,Search,"
    '45,"1,234",3.65%,12.50,1.50\n'
    'Total: Account, --, --, --, --,45,"1,234",3.65%,12.50,1.50\n'
)
CHINESE = (
    "日期,计划名称,创意ID,创意名称,展现量,点击量,点击率,花费（元）,总成交笔数\n"
    "2026年11月22日,秋季,9876543210123,TEAPOT-1A2B3C4D.C01_秋,1234,45,3.65%,￥12.50,--\n"
    "合计,--,--,--,1234,45,3.65%,￥12.50,--\n"
)


@pytest.mark.parametrize(
    ("text", "encoding", "conversions", "channel", "segment"),
    [
        (META, "utf-8", 0, "facebook", "age=25-34; gender=female"),
        (GOOGLE, "utf-8", 1.5, "Search", ""),
        (GOOGLE.replace('"1,234"', "1234").replace(",", "\t"), "utf-16", 1.5, "Search", ""),
        (CHINESE, "gb18030", 0, "", ""),
        (CHINESE.replace("展现量", "曝光量").replace("花费（元）", "消耗"), "utf-8-sig", 0, "", ""),
    ],
)
def test_the_platforms_own_exports_need_no_flags(
    tmp_path, text, encoding, conversions, channel, segment
):
    campaign(tmp_path, "teapot-1a2b3c4d", ["taobao-main"], ["c01"])
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode(encoding))
    imported = import_logs([path], tmp_path)
    (found,) = read(tmp_path)
    assert imported.unknown == ()
    assert found.creative == "teapot-1a2b3c4d.c01"
    assert (found.channel, found.segment) == (channel, segment)
    assert found.day == date(2026, 11, 22)
    assert figures(tmp_path) == [(1234, 45, conversions, 12.5)]


def test_a_row_of_several_days_is_skipped_and_says_what_to_do(tmp_path):
    imported = import_logs([log(tmp_path, META)], tmp_path)
    assert "goes to 2026-11-22; export by day" in reasons(imported)[4]


def test_parquet_and_jsonl_of_an_api(tmp_path):
    path = tmp_path / "log.parquet"
    with duckdb.connect() as found:
        found.execute(
            "COPY (SELECT 'a' AS creative, DATE '2026-11-22' AS day, 10::UBIGINT AS impressions, "
            f"true AS clicks, 1.25::DECIMAL(9,2) AS cost) TO '{path}'"
        )
    row = {"metrics": {"impressions": "10", "clicks": "1"}, "segments": {"date": "2026-11-22"}}
    other = log(tmp_path, json.dumps({"ad": "a", "cost": 1.25, **row}), "log.jsonl")
    assert import_logs([path], tmp_path).files[0].new == 1
    assert import_logs([other], tmp_path).files[0].known == 1
    assert figures(tmp_path) == [(10, 1, 0, 1.25)]


def test_columns_given_by_hand_come_first_and_a_wrong_one_shows_what_there_is(tmp_path):
    path = log(tmp_path, "x,y,n,c,seen by,day\nq,a,10,1,Women; 18=19,2026-11-22\n")
    columns = {
        "creative": "y",
        "channel": "=taobao",
        "impressions": "n",
        "clicks": "c",
        "segment": ["who=seen by"],
        "day": "=2026-11-20",
    }
    import_logs([path], tmp_path, columns)
    (found,) = read(tmp_path)
    assert (found.creative, found.channel, found.segment) == ("a", "taobao", "who=Women, 18:19")
    assert found.day == date(2026, 11, 20)
    with pytest.raises(BriefError, match="no column 'z' for clicks; found: x, y, n, c"):
        import_logs([path], tmp_path, {**columns, "clicks": "z"})
    with pytest.raises(BriefError, match="no column 'z' for segment"):
        import_logs([path], tmp_path, {**columns, "segment": "z"})
    with pytest.raises(BriefError, match="no field 'click'"):
        import_logs([path], tmp_path, {"click": "c"})


def test_a_column_of_segments_is_taken_as_it_is(tmp_path):
    head = "creative,impressions,clicks,segment\n"
    import_logs([log(tmp_path, head + "a,10,1,gender=f; age=18-24\nb,10,1,women\n")], tmp_path)
    assert [row.segment for row in read(tmp_path)] == ["age=18-24; gender=f", "segment=women"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("11/12/2026", "11/22/2026", date(2026, 11, 12)),
        ("11/12/2026", "22/11/2026", date(2026, 12, 11)),
    ],
)
def test_one_clear_day_tells_how_the_others_are_written(tmp_path, first, second, expected):
    many = [f"a,t,{first},1,0,0,0"] * 1500
    path = log(tmp_path, rows(*many, f"b,t,{second},1,0,0,0"))
    import_logs([path], tmp_path)
    assert [(row.creative, row.day) for row in read(tmp_path)] == [
        ("a", expected),
        ("b", date(2026, 11, 22)),
    ]


def test_days_that_may_be_read_in_two_ways_are_asked_for(tmp_path):
    path = log(tmp_path, rows("a,t,11/12/2026 13:00,1,0,0,0"))
    with pytest.raises(BriefError, match=r"2026-11-12 or 2026-12-11; say which with --day-format"):
        import_logs([path], tmp_path)
    import_logs([path], tmp_path, day_format="%d/%m/%Y")
    assert read(tmp_path)[0].day == date(2026, 12, 11)


def test_our_ids_are_found_in_what_stands_around_them(tmp_path):
    campaign(tmp_path, "teapot-1a2b3c4d", ["taobao-main", "taobao-main-2"], ["c01"])
    names = {
        "autumn-teapot-1a2b3c4d.taobao-main-v2": "teapot-1a2b3c4d.taobao-main",
        "x_TEAPOT-1A2B3C4D.TAOBAO-MAIN-2.jpg": "teapot-1a2b3c4d.taobao-main-2",
        "https://s.example/?a=1&utm_content=teapot-1a2b3c4d%2Ec01&b=2": "teapot-1a2b3c4d.c01",
        "cup-00000000.c09 (old) teapot-1a2b3c4d.c01 Anna": "teapot-1a2b3c4d.c01",
        "mug-00000000.c09 for Anna": "mug-00000000.c09",
        "23851234567890": "23851234567890",
    }
    lines = [f"{name},t,2026-11-22,{10 + n},0,0,0" for n, name in enumerate(names)]
    imported = import_logs([log(tmp_path, rows(*lines))], tmp_path)
    assert {row.creative for row in read(tmp_path)} == set(names.values())
    assert imported.unknown == ("23851234567890", "mug-00000000.c09")


def test_escape_codes_do_not_reach_the_terminal(tmp_path):
    path = log(tmp_path, rows("a\x1b[31mb,t,2026-11-22,10,1,0,0", "a,t,\x1b[2J,1,0,0,0"))
    imported = import_logs([path], tmp_path)
    assert read(tmp_path)[0].creative == "a [31mb"
    assert reasons(imported)[3].isprintable()


def test_a_link_of_any_length_is_read_in_time(tmp_path):
    path = log(tmp_path, rows(*(f"{sign * 60_000},t,2026-11-22,1,0,0,0" for sign in ("a-", "1"))))
    started = time.process_time()
    assert import_logs([path], tmp_path).files[0].skipped == 2
    assert time.process_time() - started < 5


def test_of_several_columns_the_one_that_says_something_names_the_creative(tmp_path):
    head = "Ad name,Ad ID,Final URL,impressions,clicks\n"
    link = "https://s.example/?x=teapot-1a2b3c4d.c01"
    import_logs([log(tmp_path, f"{head} --,123456789012,https://s.example,10,1\n")], tmp_path)
    assert read(tmp_path)[0].creative == "123456789012"
    import_logs([log(tmp_path, f"{head}Spring,123456789012,{link},10,1\n")], tmp_path, afresh=True)
    assert read(tmp_path)[0].creative == "teapot-1a2b3c4d.c01"


def test_a_dry_run_counts_and_writes_nothing(tmp_path):
    path = log(tmp_path, rows("a,t,2026-11-22,10,1,0,1"))
    outputs = tmp_path / "outputs"
    assert import_logs([path], outputs, dry_run=True).files[0].new == 1
    assert not outputs.exists()
    import_logs([path], outputs)
    before = database(outputs).read_bytes()
    changed = log(tmp_path, rows("a,t,2026-11-22,20,1,0,1"))
    assert import_logs([changed], outputs, dry_run=True, afresh=True).files[0].new == 1
    assert import_logs([changed], outputs, dry_run=True).files[0].replaced == 1
    assert database(outputs).read_bytes() == before


def test_the_command_prints_the_mapping_the_counts_and_the_bad_lines(tmp_path):
    path = log(tmp_path, rows("a,t,2026-11-22,10,1,0,1", *["a,t,2026-11-22,10,11,0,1"] * 30))
    ran = CliRunner().invoke(cli.cli, ["feedback", "import", str(path), "-o", str(tmp_path)])
    assert ran.exit_code == 0
    assert "creative = creative, channel = channel" in ran.stdout
    assert "31 rows; added up: 1 new, 0 known, 0 replaced; 30 skipped" in ran.stdout
    assert ran.stdout.count("11 clicks of 10 impressions") == 20
    assert "and 10 more" in ran.stdout
    assert "creatives 0 of 1" in ran.stdout
    options = ["--dry-run", "--json", "--clicks", "impressions", "--ignore", "cost"]
    ran = CliRunner().invoke(
        cli.cli, ["feedback", "import", str(path), "-o", str(tmp_path), *options]
    )
    told = json.loads(ran.stdout)
    assert told["dry_run"]
    assert "cost" not in told["files"][0]["columns"]
    assert told["files"][0]["replaced"] == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEADER, "the logs have none"),
        (rows("a,t,2026-11-22,10,11,0,1"), "line 2: 11 clicks of 10 impressions"),
    ],
)
def test_the_command_fails_where_nothing_could_be_imported(tmp_path, text, why):
    ran = aigc_command("import", log(tmp_path, text), "-o", tmp_path)
    said = ran.communicate(timeout=60)
    assert ran.returncode == 1
    assert "no row could be imported" in said[1]
    assert why in said[1]
    assert "Traceback" not in said[1]


def aigc_command(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aigc", "feedback", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_that_import_at_once_lose_nothing(tmp_path):
    own = [
        log(tmp_path, rows(*(f"c{n},t,2026-11-{d:02d},9,1,0,1" for d in range(1, 29))), f"{n}.csv")
        for n in range(4)
    ]
    shared = log(tmp_path, rows(*(f"all,t,2026-11-{d:02d},9,1,0,1" for d in range(1, 29))))
    running = [aigc_command("import", path, shared, "-o", tmp_path) for path in own]
    for _ in range(3):
        read(tmp_path)  # while they write
    for each in running:
        said = each.communicate(timeout=90)
        assert each.returncode == 0, said
    found = read(tmp_path)
    assert len(found) == 5 * 28
    assert {(row.impressions, row.clicks) for row in found} == {(9, 1)}


def test_threads_that_import_and_read_at_once(tmp_path):
    paths = [log(tmp_path, rows(f"c{n},t,2026-11-22,9,1,0,1"), f"{n}.csv") for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(import_logs, [path], tmp_path) for path in paths]
        found = [pool.submit(read, tmp_path) for _ in range(6)]
    assert [each.result().files[0].new for each in done] == [1] * 6
    assert all(len(each.result()) <= 6 for each in found)
    assert [row.creative for row in read(tmp_path)] == [f"c{n}" for n in range(6)]


SLOW = """
import sys, time
from aigc.feedback import connection, merging, store
merge = merging._merge
def slow(kept, *args, **options):
    counts = merge(kept, *args, **options)
    kept.execute("INSERT INTO performance SELECT 'half', 'x', '', '', NULL, range, 0, 0, 0, '' "
                 "FROM range(400000)")
    print("in the middle", flush=True)
    time.sleep(60)
    return counts
merging._merge = slow
try:
    store.import_logs([sys.argv[1]], sys.argv[2])
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_import_that_is_ended_in_the_middle_leaves_what_was_there(tmp_path, how):
    import_logs([log(tmp_path, rows("a,t,2026-11-22,10,1,0,1"))], tmp_path)
    other = log(tmp_path, rows("a,t,2026-11-22,99,1,0,1", "b,t,2026-11-22,10,1,0,1"), "b.csv")
    command = [sys.executable, "-c", SLOW, str(other), str(tmp_path)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert running.stdout.readline() == "in the middle\n"
    running.send_signal(how)
    assert running.wait(timeout=30) == (130 if how == signal.SIGINT else -how)
    running.stdout.close()
    assert figures(tmp_path) == [(10, 1, 0, 1)]
    assert import_logs([other], tmp_path).files[0].replaced == 1
    assert figures(tmp_path) == [(99, 1, 0, 1), (10, 1, 0, 1)]


def test_who_waits_too_long_is_told(tmp_path, monkeypatch):
    path = log(tmp_path, rows("a,t,2026-11-22,10,1,0,1"))
    import_logs([path], tmp_path)
    monkeypatch.setattr(connection, "WAIT", 0.2)
    monkeypatch.setattr(connection, "_SOON", 0.05)
    said: list[str] = []
    with FileLock(tmp_path / f".{database(tmp_path).name}.lock"):
        with (
            events.listening(lambda event: said.append(event.message)),
            pytest.raises(ExportError, match="in use by another import"),
        ):
            import_logs([path], tmp_path)
        with pytest.raises(ExportError, match="in use by another import"):
            read(tmp_path)
    assert any("waiting" in line for line in said)


def test_another_program_that_has_the_database_open_is_named(tmp_path):
    path = log(tmp_path, rows("a,t,2026-11-22,10,1,0,1"))
    import_logs([path], tmp_path)
    code = (
        f"import duckdb; d = duckdb.connect({str(database(tmp_path))!r}); "
        "print(1, flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    other.stdout.readline()
    try:
        with pytest.raises(ExportError, match="open in another program"):
            import_logs([path], tmp_path)
    finally:
        other.communicate("\n", timeout=30)
    assert import_logs([path], tmp_path).files[0].known == 1


def test_a_database_of_a_newer_version_and_none_at_all_are_told_apart(tmp_path):
    path = log(tmp_path, rows("a,t,2026-11-22,10,1,0,1"))
    import_logs([path], tmp_path)
    with duckdb.connect(str(database(tmp_path))) as found:
        found.execute("UPDATE schema_version SET number = number + 1")
    for use in (lambda: import_logs([path], tmp_path), lambda: read(tmp_path)):
        with pytest.raises(ExportError, match=r"newer aigc \(schema 2.*upgrade aigc"):
            use()
    with duckdb.connect(str(database(tmp_path))) as found:
        found.execute("DROP TABLE schema_version")
    with pytest.raises(ExportError, match="no database of logs; move it away"):
        read(tmp_path)
    database(tmp_path).write_bytes(b"no database" * 999)
    with pytest.raises(ExportError, match="move it away, and import the logs again"):
        import_logs([path], tmp_path)
    assert database(tmp_path).read_bytes() == b"no database" * 999


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    path = log(tmp_path, rows("a,t,2026-11-22,10,1,0,1"))
    with pytest.raises(ExportError, match=r"log\.csv.*--output"):
        import_logs([path], path / "inside")
    database(tmp_path).mkdir()
    with pytest.raises(ExportError, match=r"feedback\.duckdb"):
        import_logs([path], tmp_path)


FULL = """
import resource, signal, sys
from aigc.errors import ExportError
from aigc.feedback import connection, store
store.read(sys.argv[2])
locked = connection._locked
def full(path, *, needed):  # from here on the disk takes no more
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_100_000, 1_100_000))
    return locked(path, needed=needed)
connection._locked = full
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    store.import_logs([sys.argv[1]], sys.argv[2])
except ExportError as error:
    print(error)
"""


def test_a_full_disk_is_an_error_and_leaves_what_was_there(tmp_path):
    import_logs([log(tmp_path, rows("a,t,2026-11-22,10,1,0,1"))], tmp_path)
    many = rows(*(f"{os.urandom(95).hex()},t,2026-11-22,10,1,0,1" for _ in range(8_000)))
    command = [sys.executable, "-c", FULL, str(log(tmp_path, many, "b.csv")), str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "cannot be read or written" in ran.stdout, ran.stderr
    assert figures(tmp_path) == [(10, 1, 0, 1)]


def test_fifty_thousand_rows_take_seconds(tmp_path):
    lines = (
        f"x | teapot-{n % 50:08x}.c01,t{n % 3},2026-{1 + n % 12:02d}-11,1000,{n % 99},0,1"
        for n in range(50_000)
    )
    path = log(tmp_path, rows(*lines))
    started = time.process_time()
    imported = import_logs([path], tmp_path)
    assert time.process_time() - started < 10
    assert imported.files[0].skipped == 0
    assert sum(row.impressions for row in read(tmp_path)) == 50_000_000
