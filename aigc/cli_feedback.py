"""The commands that learn what became of campaigns: import logs, report, attribute."""

from __future__ import annotations

import click


@click.group()
def feedback() -> None:
    """What became of campaigns: import the platforms' logs, report, attribute."""
