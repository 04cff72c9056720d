"""The report page: alone, escaped, and there whatever the logs and the folder hold."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from aigc import pipeline
from aigc.cli import cli
from aigc.feedback import Performance, database, report, summary
from aigc.feedback.looks import creatives
from aigc.recipe import Recipe

HOSTILE = "<script>alert(1)</script> & <b>"


def rows(outputs: Path, days: int = 4, shown: int = 600) -> list[Performance]:
    """Draw logs from known rates: 3 %, on the leaderboard 1 %."""
    random = np.random.default_rng(0)
    return [
        Performance(
            creative=each.id,
            channel=each.channel,
            segment="city=large",
            day=date(2026, 9, 1) + timedelta(day),
            impressions=shown,
            clicks=int(random.binomial(shown, 0.01 if "leader" in each.channel else 0.03)),
            conversions=1,
            cost=2.5,
        )
        for each in creatives(outputs).values()
        if each.channel
        for day in range(days)
    ]


@pytest.fixture
def outputs(fields: dict[str, Any], plain_recipe: Recipe, tmp_path: Path) -> Path:
    """Make three campaigns: hostile, right to left, and with an emoji."""
    for name in (HOSTILE, "إبريق شاي", "茶壶 🫖"):
        pipeline.run(fields | {"name": name, "variants": 2}, plain_recipe, outputs=tmp_path / "o")
    return tmp_path / "o"


def page(outputs: Path, made: list[Performance]) -> str:
    """Render what a folder's logs say."""
    known = creatives(outputs)
    return report.render(summary.summarise(made, known, place=HOSTILE), known)


def test_page_stands_alone_and_shows_words_as_words(outputs: Path) -> None:
    shown = page(outputs, rows(outputs))
    assert "<script" not in shown
    assert "& <b>" not in shown
    assert "&lt;script&gt;" in shown
    assert "إبريق شاي" in shown
    assert "茶壶 🫖" in shown
    sources = re.findall(r'(?:src|href)="([^"]*)"', shown)
    assert any(each.startswith("data:image/jpeg;base64,") for each in sources)
    assert all(each.startswith(("data:", "#")) for each in sources)
    assert not re.search(r"url\(\s*['\"]?http", shown)
    assert shown.count("<svg") > 10
    assert all('alt="' in tag for tag in re.findall(r"<img[^>]*>", shown))


def test_a_campaign_that_is_gone_still_counts(outputs: Path) -> None:
    made = rows(outputs)
    shutil.rmtree(min(path for path in outputs.glob("[!.]*") if path.is_dir()))
    known = creatives(outputs)
    found = summary.summarise(made, known)
    assert found.total is not None
    assert found.total.impressions == sum(each.impressions for each in made)
    assert any("in no campaign here" in each for each in found.remarks)
    assert "in no campaign here" in report.render(found, known)


def test_nothing_yet(tmp_path: Path) -> None:
    ran = CliRunner().invoke(cli, ["feedback", "report", str(tmp_path)], catch_exceptions=False)
    assert ran.exit_code == 0
    assert "No logs yet" in ran.stdout
    assert "No logs yet" in (tmp_path / "feedback.html").read_text("utf-8")
    assert not database(tmp_path).exists()


def test_from_import_to_report(outputs: Path, tmp_path: Path) -> None:
    made = rows(outputs)
    log = tmp_path / "log.jsonl"
    log.write_text("".join(each.model_dump_json() + "\n" for each in made), "utf-8")
    runner = CliRunner()
    told = runner.invoke(cli, ["feedback", "import", str(log), "-o", str(outputs)])
    assert told.exit_code == 0, told.output
    asked = ["feedback", "report", str(outputs), "--json", "--to", str(tmp_path / "page.html")]
    whole = json.loads(runner.invoke(cli, asked, catch_exceptions=False).stdout)
    assert whole["total"]["impressions"] == sum(each.impressions for each in made)
    assert whole["campaigns"] == 3
    assert (tmp_path / "page.html").exists()
    rates = {
        each["key"]: each["even"]["value"]
        for table in whole["tables"]
        if table["name"] == "channel"
        for each in table["groups"]
    }
    assert rates["iab-rectangle"] > 2 * rates["iab-leaderboard"]

    one = min(path for path in outputs.glob("[!.]*") if path.is_dir())
    alone = json.loads(
        runner.invoke(
            cli, ["feedback", "report", str(one), "--json"], catch_exceptions=False
        ).stdout
    )
    assert alone["campaigns"] == 1
    assert alone["total"]["impressions"] == sum(
        each.impressions for each in made if each.creative.startswith(f"{one.name}.")
    )
    assert (one / "feedback.html").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    ran = CliRunner().invoke(cli, ["feedback", "report", str(tmp_path / "none")])
    assert ran.exit_code != 0
    assert "no such folder" in str(ran.exception)
