"""Hub models: their licences are told before they are used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aigc import events, stage
from aigc._engines import hub

DEFAULTS = [
    (name, backend, field.default)
    for name in stage.STAGES
    for backend in stage.backends(name)
    for option, field in stage.backend_class(name, backend).model_fields.items()
    if option == "model" and field.default
]


@pytest.mark.parametrize(("name", "backend", "model"), DEFAULTS)
def test_what_runs_unless_told_otherwise_may_earn_money(
    name: str, backend: str, model: str
) -> None:
    row = hub.known()[model]
    assert (row.stage, row.commercial, row.default) == (name, "yes", True), backend


def test_every_row_says_what_a_merchant_must_know() -> None:
    for row in hub.known().values():
        assert row.stage in stage.STAGES
        assert row.commercial in ("yes", "limited", "no")
        assert row.licence
        assert row.gigabytes > 0
        assert row.commercial != "limited" or row.note, f"{row.ref}: on which conditions?"


def test_a_licence_that_forbids_sales_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {
        commercial: hub.HubModel(f"org/{commercial}", "scene", "L-1", commercial, 1.0, "ask first")
        for commercial in ("yes", "limited", "no")
    }
    monkeypatch.setattr(hub, "known", lambda: {row.ref: row for row in rows.values()})
    said: list[str] = []
    with events.listening(lambda event: said.append(event.message)):
        for ref in ("org/yes", "org/none-of-ours", "file:/models/mine"):
            hub.warn(ref, "scene")
        assert said == []
        hub.warn("hf:org/no@main", "scene")
        hub.warn("org/limited", "scene")
    assert "not licensed for commercial use (L-1); ask first" in said[0]
    assert "has conditions (L-1); ask first" in said[1]


def test_the_list_tells_licence_and_use(aigc_list: Any) -> None:
    rows, text = aigc_list
    for model in hub.known().values():
        (row,) = [row for row in rows if row["name"] == model.ref]
        assert row["licence"] == model.licence
        assert row["commercial"] == model.commercial
        assert model.ref in text
    forbidden = [model for model in hub.known().values() if model.commercial == "no"]
    assert text.count("NOT FOR COMMERCIAL USE") == len(forbidden) > 0


@pytest.fixture
def aigc_list() -> tuple[list[dict[str, Any]], str]:
    """Give what `aigc models list` prints, as data and as text."""
    from click.testing import CliRunner

    from aigc.cli import cli

    as_json = CliRunner().invoke(cli, ["models", "list", "--json"])
    return json.loads(as_json.stdout), CliRunner().invoke(cli, ["models", "list"]).stdout
