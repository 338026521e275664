"""The packs that a scenario is played by."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from contracts.programmes import Library
from contracts.programmes.loader import SHIPPED


@cache
def library(folder: Path | None, overlays: tuple[str, ...] = ()) -> Library:
    """The packs that the services of such a scenario read; PackError."""
    return Library(SHIPPED, *([folder] if folder else []), enabled=overlays)
