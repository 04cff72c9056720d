"""What tests of shared storage share."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from batch_kit import HERE

from aigc.batches import lease, storage

sys.path.append(str(HERE / "everywhere"))


@pytest.fixture
def quick_leases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Make leases short, storages new and scratch folders this test's own."""
    monkeypatch.setattr(lease, "SETTLE", 0.05)
    monkeypatch.setattr(lease, "TERM", 5.0)
    monkeypatch.setattr(lease, "BEAT", 0.5)
    from shelf import Shelf

    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    Shelf.requests.clear()
    yield
    Shelf.left = None
    storage._bucket.cache_clear()
