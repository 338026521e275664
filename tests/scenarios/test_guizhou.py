"""The scenarios in `guizhou/`, each one test; lost otherwise is what the scenario's title says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from itertools import pairwise
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


def yunquan_evidence(*words: str, code: int = 0) -> dict[str, Any]:
    """The last line of what the command says."""
    done = CliRunner().invoke(yunquan, ["evidence", *words])
    assert done.exit_code == code, done.output
    found: dict[str, Any] = json.loads(done.output.splitlines()[-1])
    return found


# what happened to the provider, in the order in which it has to have happened: type of event, a word of its data
COURSE = (
    ("supervision.alert_raised.v1", "CONTRACT_REUSED"),
    ("supervision.party_suspended.v1", "forced_exit"),
    ("supervision.case_heard.v1", "forced_exit"),
    ("supervision.exit_decided.v1", "refusal_or_fraud"),
    ("registry.provider_exited.v1", "exited"),
    ("supervision.party_blacklisted.v1", "blacklist"),
    ("voucher.order_handed_over.v1", ""),
    ("settlement.receivable_recovered.v1", "fraud"),
    ("supervision.case_closed.v1", "forced_exit"),
)


def test_who_has_only_the_export_and_the_key_proves_the_course_of_a_forced_exit(
    play: Callable[[Scenario], None], house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost otherwise: that the provider was heard before it was out, and out before its orders went to another."""
    (story,) = read_all(files([Path(__file__).parent / "evidence" / "misbehaving_provider.yaml"]))
    play(story)
    load_commands()
    export, key, proof = (str(tmp_path / name) for name in ("evidence.jsonl", "key.pem", "proof.json"))
    yunquan_evidence("export", "--out", export, "--key-out", key, "--folder", str(house.place))
    monkeypatch.chdir(tmp_path)  # from here on the file and the key are all there is
    nowhere = str(tmp_path / "nowhere")
    assert yunquan_evidence("verify", "--file", export, "--key", key, "--folder", nowhere)["ok"]
    lines = [json.loads(line) for line in Path(export).read_text(encoding="utf-8").splitlines()]
    events = [json.loads(line["body"]) for line in lines if "body" in line]
    course = [
        next(event["id"] for event in events if event["type"] == type_ and word in json.dumps(event["data"]))
        for type_, word in COURSE
    ]
    for before, after in pairwise(course):
        asked = ("prove", "--file", export, "--out", proof, "--folder", nowhere)
        yunquan_evidence(*asked, "--before", before, "--after", after)
        proved = yunquan_evidence("verify", "--proof", proof, "--key", key, "--folder", nowhere)
        assert [one["id"] for one in proved["records"]] == [before, after]
    yunquan_evidence(*asked, "--before", course[4], "--after", course[3], code=1)
    changed = Path(export).read_text(encoding="utf-8").replace("refusal_or_fraud", "refusal_or_frauds", 1)
    Path(export).write_text(changed, encoding="utf-8")
    assert yunquan_evidence("verify", "--file", export, "--key", key, "--folder", nowhere, code=1)["fault"] == "edited"
