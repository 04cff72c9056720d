"""`aigc inspect`: what the judge says of finished posters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aigc.cli_lists import as_json
from aigc.errors import ExportError

if TYPE_CHECKING:
    from aigc.campaign import Campaign
    from aigc.typeset.judge.report import Judged


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--ocr", is_flag=True, help="Read the posters back too (extra `ocr`); slower.")
@as_json
def inspect(folder: str, ocr: bool, as_json: bool) -> None:
    """Judge the posters of a campaign, or of a folder of campaigns."""
    from aigc.typeset.judge import report

    rows: list[Judged] = []
    unreadable: list[str] = []
    for path in _campaigns(Path(folder)):
        try:
            rows += judge_campaign(path, ocr)
        except ExportError as error:
            unreadable.append(str(error))
            click.echo(f"aigc: {error}", err=True)
    if as_json:
        table = {
            "shares": report.shares(rows),
            "metrics": report.means(rows),
            "posters": [row.row() for row in rows],
            "unreadable": unreadable,
        }
        click.echo(json.dumps(table, ensure_ascii=False, indent=2))
    else:
        _print(rows)
    if unreadable:
        raise ExportError(f"{len(unreadable)} campaigns in '{folder}' could not be read")


def judge_campaign(path: Path, ocr: bool = False) -> list[Judged]:
    """Judge a saved campaign's posters by what their files hold now.

    Raises ExportError where the campaign is not finished, or damaged.
    """
    from aigc import export
    from aigc.typeset import judge
    from aigc.typeset.judge.report import Judged

    campaign = export.load(path)
    tried = {scene.id: scene.tried for scene in campaign.scenes}
    cases = judge.cases(campaign)
    verdicts = [judge.judge(case) for case in cases]
    if ocr:
        from aigc.typeset.judge.ocr import read_back

        verdicts = read_back(cases, verdicts)
    return [
        Judged(campaign.id, case.poster, tried[case.poster.scene_id], verdict)
        for case, verdict in zip(cases, verdicts, strict=True)
    ]


def print_verdicts(campaign: Campaign, as_json: bool) -> None:
    """After a run: the share that passes on stdout, what fails on stderr."""
    from aigc.typeset.judge import report

    rows = report.judged(campaign)
    for line in report.failures(rows):
        click.echo(f"aigc: {line}", err=True)
    if rows and not as_json:
        click.echo(f"judge     {report.said(report.shares(rows))}")


def _campaigns(folder: Path) -> list[Path]:
    """The folder, or the finished campaigns in it. Raises ExportError where there is none."""
    if (folder / "brief.json").exists() or (folder / "campaign.json").exists():
        return [folder]
    found = sorted(path.parent for path in folder.glob("*/campaign.json"))
    if not found:
        raise ExportError(f"'{folder}' holds no finished campaign; `aigc run` makes one")
    return found


def _print(rows: list[Judged]) -> None:
    from aigc.typeset.judge import report

    wide = max((len(row.poster.id) for row in rows), default=0)
    for row in rows:
        level = "pass" if row.verdict.passed else "FAIL"
        again = f" after {', '.join(row.tried)}" if row.tried else ""
        click.echo(f"{level}  {row.poster.id:<{wide}}  {row.poster.layout}{again}")
        for mark in (*row.verdict.at("fail"), *row.verdict.at("warn")):
            click.echo(f"      {mark.level}: {mark.remedy}")
    means: dict[str, Any] = report.means(rows)
    for name, value in means.items():
        click.echo(f"{name:<16} {'-' if value is None else format(value, '.4f')}")
    click.echo(report.said(report.shares(rows)))
