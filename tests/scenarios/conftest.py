"""Scenarios of a worker share one deployment: it starts with the first, and is pristine before each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local.guard import scratch_folder
from infra.scenario.reader import load
from infra.scenario.stage import House

Play = Callable[[Path], None]


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """All services, on SQLite, a private broker and a simulated clock."""
    folder = scratch_folder("scenarios")
    try:
        with House(folder) as one:
            yield one
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def play(house: House) -> Play:
    """`play(file)`: fails with what was expected beside what came."""

    def played(path: Path) -> None:
        failure = house.play(load(path))
        if failure is not None:
            pytest.fail(str(failure), pytrace=False)

    return played
