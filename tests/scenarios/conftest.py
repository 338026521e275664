"""Scenarios of a worker share one deployment: it starts with the first, and is pristine before each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest

from infra.local.guard import scratch_folder
from infra.scenario.reader import Scenario
from infra.scenario.stage import House

Play = Callable[[Scenario], None]


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
    """`play(story)`: fails with what was expected beside what came."""

    def played(story: Scenario) -> None:
        failure = house.play(story)
        if failure is not None:
            pytest.fail(str(failure), pytrace=False)

    return played
