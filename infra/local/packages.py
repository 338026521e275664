"""The servers we start privately, found on this machine, or installed where that is allowed."""

from __future__ import annotations

from pathlib import Path


def need(what: str) -> None:
    """Make sure that the binaries of ``rabbitmq`` or ``postgresql`` are there."""


def postgres_binaries() -> Path:
    """The folder with the newest installed server's binaries."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
