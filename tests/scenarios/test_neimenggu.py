"""The scenarios in `neimenggu/`, each one test; lost otherwise is what the scenario's title says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.scenario.cli import files

FILES = files([Path(__file__).parent / "neimenggu"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_as_written(path: Path, play: Callable[[Path], None]) -> None:
    play(path)
