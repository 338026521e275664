"""The scenarios in `guizhou/`, each one test; lost otherwise is what the scenario's title says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.cli import load_commands, yunquan
from infra.demo import bank
from infra.local.connect import connect
from infra.scenario.cli import files, read_all
from infra.scenario.reader import Scenario
from infra.scenario.stage import House

STORIES = read_all(files([Path(__file__).parent / "guizhou"]))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.path.stem)
def test_as_written(story: Scenario, play: Callable[[Scenario], None]) -> None:
    play(story)


def yunquan_payments(*words: str, code: int = 0) -> list[dict[str, Any]]:
    """What the command says, a line of JSON each."""
    done = CliRunner().invoke(yunquan, ["payments", *words])
    assert done.exit_code == code, done.output
    return [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]


def test_finance_and_its_bank_speak_in_files(
    play: Callable[[Scenario], None], house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Release to reconciliation by `yunquan payments`, with a bank that knows nothing of us but ISO 20022."""
    (story,) = read_all(files([Path(__file__).parent / "bank" / "released.yaml"]))
    play(story)
    monkeypatch.setenv("YUNQUAN_FOLDER", str(house.place))
    with connect(role="finance") as client:
        (batch_id,) = {one["batch_id"] for one in client.settlement.list_payments(programme="guizhou-2018")["items"]}
    load_commands()
    sent, report, statement = (tmp_path / name for name in ("pain.001.xml", "pain.002.xml", "camt.053.xml"))
    yunquan_payments("file", batch_id, "--format", "pain.001", "--out", str(sent))
    assert sent.stat().st_mode & 0o077 == 0, "accounts stand in it"
    order, on = bank.ordered(sent.read_bytes()), date(2019, 6, 28)
    ((reference, fen),) = order.payments.items()
    assert fen == 1_200_000
    report.write_bytes(bank.report(order, {reference: bank.Word()}, on)[:-9])
    refused = CliRunner().invoke(yunquan, ["payments", "results", str(report), "--batch", batch_id])
    assert (refused.exit_code, "row 0: XML" in refused.output) == (2, True), refused.output
    report.write_bytes(bank.report(order, {reference: bank.Word()}, on))
    for changed in (1, 0):
        (told,) = yunquan_payments("results", str(report), "--batch", batch_id)
        assert (told["changed"], told["status"]) == (changed, "finished")
    (difference,) = yunquan_payments("differences", "--programme", "guizhou-2018", code=1)
    assert (difference["code"], difference["reference"]) == ("NOT_BOOKED", reference)
    statement.write_bytes(bank.statement(order.account, [bank.Entry(fen, reference, own="F1")], on))
    for repeated in (0, 1):
        (told,) = yunquan_payments("statement", str(statement), "--programme", "guizhou-2018")
        assert (told["matched"], told["differences"], told["repeated"]) == (1, [], repeated)
    assert yunquan_payments("differences", "--programme", "guizhou-2018") == []
    unknown = CliRunner().invoke(yunquan, ["payments", "differences", "--programme", "nope"])
    assert (unknown.exit_code, "PROGRAMME_UNKNOWN" in unknown.output) == (2, True), unknown.output
    counted = CliRunner().invoke(yunquan, ["reconcile", "--programme", "nope", "--year", "2019"])
    assert (counted.exit_code, "PROGRAMME_UNKNOWN" in counted.output) == (2, True), counted.output
