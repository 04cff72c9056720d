"""The commands that learn what became of campaigns: import logs, report, attribute."""

from __future__ import annotations

import click

from aigc.cli_attribute import attribute
from aigc.cli_import import import_logs
from aigc.cli_replay import replay
from aigc.cli_report import report


@click.group()
def feedback() -> None:
    """What became of campaigns: import the platforms' logs, report, attribute."""


feedback.add_command(import_logs)
feedback.add_command(attribute)
feedback.add_command(replay)
feedback.add_command(report)
