"""The scenarios in `shanxi/`, each one test; lost otherwise is what the scenario's title says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.scenario.cli import files, read_all
from infra.scenario.reader import Scenario

STORIES = read_all(files([Path(__file__).parent / "shanxi"]))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.path.stem)
def test_as_written(story: Scenario, play: Callable[[Scenario], None]) -> None:
    play(story)
