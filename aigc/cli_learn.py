"""`aigc learn`: weights of a ranker, learned from evidence and kept in a small file."""

from __future__ import annotations

import click


@click.group()
def learn() -> None:
    """Learn weights from evidence: click logs, or references of captions."""
