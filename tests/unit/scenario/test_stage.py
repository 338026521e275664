"""Services restart between scenarios only where another rule would be in force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infra.scenario.reader import load
from infra.scenario.stage import House

SHANDONG, SHANXI = "example-shandong-city", "example-shanxi-rules"


@pytest.mark.parametrize(
    ("running", "programme", "asked", "then"),
    [
        ([], "guizhou-2018", [], []),
        ([SHANDONG], "guizhou-2018", [], [SHANDONG]),  # fills another programme: nothing changes for this one
        ([SHANDONG], "shandong-2017", [SHANDONG], [SHANDONG]),
        ([SHANDONG], "shandong-2017", [], []),  # it asks for the document alone
        ([SHANDONG], "shanxi-2018", [SHANXI], [SHANDONG, SHANXI]),
        ([SHANDONG, SHANXI], "shanxi-2018", [], [SHANDONG]),
    ],
)
def test_overlays_of_other_programmes_stay(
    tmp_path: Path, running: list[str], programme: str, asked: list[str], then: list[str]
) -> None:
    """Dropped otherwise: a scenario without detailed rules is decided by those of the one before; or every change of
    file costs a restart of five services."""
    path = tmp_path / "one.yaml"
    overlays = f"overlays: [{', '.join(asked)}]\n" if asked else ""
    text = f"scenario: 一\nprogramme: {programme}\nstarts: 2019-01-02\n{overlays}steps: []\n"
    path.write_text(text, "utf-8")
    house = House(tmp_path)
    house._overlays = frozenset(running)
    assert sorted(house._beside(load(path))) == then


def test_a_party_of_another_programme_counts(tmp_path: Path) -> None:
    """A scenario of several programmes is decided by the rules that it names for each of them."""
    path = tmp_path / "one.yaml"
    party = "enterprises:\n  甲: {programme: shandong-2017}\n"
    path.write_text(f"scenario: 一\nprogramme: guizhou-2018\nstarts: 2019-01-02\n{party}steps: []\n", "utf-8")
    house = House(tmp_path)
    house._overlays = frozenset([SHANDONG])
    assert house._beside(load(path)) == frozenset()


def test_a_folder_of_packs_stays_until_it_would_be_asked(tmp_path: Path) -> None:
    """One scenario of a sixth programme would otherwise cost two restarts; and its rules must not outlive it."""
    sixth = Path(__file__).parents[2] / "e2e" / "sixth"
    path = tmp_path / "one.yaml"
    path.write_text("scenario: 一\nprogramme: guizhou-2018\nstarts: 2019-01-02\nsteps: []\n", "utf-8")
    house = House(tmp_path)
    house._packs = sixth
    for programme, then in (("guizhou-2018", sixth), ("yunzhou-2021", None)):
        assert house._folder_beside(replace(load(path), programme=programme)) == then
