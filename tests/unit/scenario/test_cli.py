"""`yunquan scenario`: which files, which lines, which exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner

from infra.scenario import cli
from infra.scenario.play import Failure
from infra.scenario.reader import Scenario

TEXT = "scenario: {title}\nprogramme: guizhou-2018\nstarts: 2019-01-02\nsteps:\n  - at: 2019-01-03\n"


class FakeHouse:
    """Fails the scenarios whose title is 坏."""

    played: ClassVar[list[str]] = []

    def __init__(self, _folder: Path, *, throwaway: bool) -> None:
        self.throwaway = throwaway

    def __enter__(self) -> FakeHouse:
        return self

    def __exit__(self, *_error: object) -> None:
        return

    def play(self, scenario: Scenario) -> Failure | None:
        self.played.append(scenario.title)
        return Failure(scenario.steps[0], ["a: expected 1, actual 2"]) if scenario.title == "坏" else None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cli, "House", FakeHouse)
    FakeHouse.played = []
    for name, title in (("a", "好"), ("b", "坏"), ("c", "也好")):
        (tmp_path / f"{name}.yaml").write_text(TEXT.format(title=title), "utf-8")
    (tmp_path / "opening.yaml").write_text("steps: []\n", "utf-8")
    return tmp_path


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(cli.scenario, [str(one) for one in arguments])


def test_a_line_a_scenario_and_exit_1_when_one_failed(folder: Path) -> None:
    """A run that ends in 0 whatever happened is no check; files that others use are no scenarios."""
    result = run(folder)
    assert result.exit_code == 1
    assert FakeHouse.played == ["好", "坏", "也好"]
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines if line.endswith(("好", "坏"))] == ["ok", "FAILED", "ok"]
    assert f"{folder}/b.yaml:5 step 1: 2019-01-03" in lines
    assert "  a: expected 1, actual 2" in lines
    assert lines[-1] == "3 scenarios, 1 failed"


def test_all_well_is_exit_0_and_fail_fast_stops(folder: Path) -> None:
    """A series of forty need not be waited for when the first is broken."""
    assert run(folder / "a.yaml", folder / "c.yaml").exit_code == 0
    FakeHouse.played = []
    assert run("--fail-fast", folder).exit_code == 1
    assert FakeHouse.played == ["好", "坏"]


def test_files_that_cannot_be_read_are_told_before_anything_is_played(folder: Path) -> None:
    """Forty scenarios played for a minute, and then a misspelt key in the last."""
    (folder / "d.yaml").write_text(TEXT.format(title="丁") + "  - {attt: 1}\n", "utf-8")
    result = run(folder)
    assert result.exit_code == 1
    assert FakeHouse.played == []
    assert f"{folder}/d.yaml:6:" in result.output
    assert "3 scenarios can be read" in run("--check", *(folder / f"{name}.yaml" for name in "abc")).output


def test_what_is_kept_is_not_begun_on(folder: Path, tmp_path: Path) -> None:
    """Databases of an earlier run would be what every scenario goes back to."""
    kept = tmp_path / "kept"
    assert run("--keep", kept, folder / "a.yaml").exit_code == 0
    kept.mkdir()
    (kept / "data").mkdir()
    refused = run("--keep", kept, folder / "a.yaml")
    assert refused.exit_code == 1
    assert "is not empty" in refused.output
