"""What programs ask of the page: named endpoints for gradio_client."""

from __future__ import annotations

from .house import Page


def endpoints(page: Page) -> None:
    """Name the endpoints; to be called inside the page's blocks."""
