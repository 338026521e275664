"""What a scenario's writer is told before anything is played: file, line, and what to write in its place."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from infra.scenario.reader import load
from infra.scenario.schema import ACCOUNTS
from infra.scenario.text import ScenarioError
from services.voucher.domain import ledger

HEAD = "scenario: 一\nprogramme: guizhou-2018\nstarts: 2019-01-02 09:00\nenterprises:\n  甲: {}\n"
CALL = "  - {call: voucher.get_quota, as: operator, with: {enterprise_id: $甲, year: 2019}"


def problems(folder: Path, text: str, name: str = "one.yaml") -> list[str]:
    """What is wrong with a file of this text, as `line: what`."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load(path)
    return [f"{problem.line}: {problem.what}" for problem in refused.value.problems]


def test_a_whole_scenario_is_read(tmp_path: Path) -> None:
    """A reader that refused everything would pass every other test here."""
    (tmp_path / "opening.yaml").write_text("providers:\n  云商: {}\nsteps:\n  - enrol: [云商]\n", "utf-8")
    path = tmp_path / "one.yaml"
    head = f"{HEAD}use: [opening.yaml]\noverlays: [example-shanxi-rules, example-shandong-city]\n"
    path.write_text(f"{head}steps:\n{CALL}}}\n  - at: 2019-01-03\n", "utf-8")
    read = load(path)
    assert [(step.action, step.number) for step in read.steps] == [("enrol", 1), ("call", 2), ("", 3)]
    assert [member.kind for member in read.cast.values()] == ["provider", "enterprise"]
    assert read.overlays == ("example-shandong-city", "example-shanxi-rules")
    assert read.programmes == {"guizhou-2018"}
    assert read.starts.isoformat() == "2019-01-02T01:00:00+00:00"


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("  - {call: voucher.get_quota, as: operator, withh: {}}", "7: withh: Unknown field."),
        (f"{CALL}, expects: 1}}", "7: expects: Unknown field."),
        ("  - {call: voucher.get_nothing, as: operator}", "7: call: there is no such method"),
        ("  - {call: voucher.get_quota, as: operator, with: {party: 1}}", "7: with: voucher.get_quota has no field"),
        ("  - {call: voucher.review_application}", "7: as: say who calls voucher.review_application"),
        (f"{CALL.replace('as: operator', 'as: minister')}}}", "7: as: 'minister' is neither of the cast nor a role"),
        ("  - {enrol: [乙]}", "7: enrol: '乙' is no enterprise or provider of the cast"),
        ("  - {shelve: [甲]}", "7: shelve: '甲' is no product of the cast"),
        ("  - {claim: {order: 订单, save: 兑现}}", "7: claim: '订单' has not been saved before"),
        (f"{CALL.replace('$甲', '$订单')}}}", "7: $订单 has not been saved before"),
        (f"{CALL}, refused: NO_QUOTA, save: {{a: b}}}}", "7: what is refused has no result to expect or save"),
        (f"{CALL}, refused: {{codes: NO_QUOTA}}}}", "7: refused: write a code, or"),
        ("  - {at: 3月1日}", "7: at: '3月1日' is no time: write 2019-03-01 09:00"),
        ("  - {at: 2019-02-29}", "7: at: '2019-02-29' is no time"),
        ("  - {at: 2019-01-02 08:59}", "7: at: 2019-01-02 08:59 goes back in time"),
        ("  - {at: 2019-02-01}\n  - {at: 2019-01-31}", "8: at: 2019-01-31 goes back in time"),
        ("  - {plan: {budget: 一百万}}", "7: plan.budget: '一百万' is no money: write 80,000元"),
        ("  - {notified: {to: 甲, event: voucher.heard.v1}}", "7: notified.event: there is no such event"),
        ("  - {board: {section: gossip}}", "7: board.section: Must be one of"),
        ("  - {balances: {bugdet: 0}}", "7: balances.bugdet.key: the books have no 'bugdet' (they have source"),
        (
            "  - {balances: {'quotas:guizhou-2018:2019:$甲': 0}}",
            "7: balances.quotas:guizhou-2018:2019:$甲.key: the",
        ),
        ("  - {balances: {'quota:guizhou-2018:$甲': 0}}", "7: balances.quota:guizhou-2018:$甲.key: 'quota:guizhou-"),
        ("  - {balances: {'quota:guizhou-2081:2019:$甲': 0}}", "7: programme: there is no 'guizhou-2081'"),
        ("  - {balances: {budget: 十元}}", "7: balances.budget.value: '十元' is no money"),
        ("  - {balances: {}}", "7: balances: Shorter than minimum length 1."),
        ("  - {balances: {budget: 0}, programme: tibet-2020}", "7: programme: there is no 'tibet-2020' (there are"),
        (f"{CALL}, refused: NO_SUCH_CODE}}", "7: refused: there is no code 'NO_SUCH_CODE'"),
        (f"{CALL}, refused: {{code: NO_SUCH_CODE}}}}", "7: refused: there is no code 'NO_SUCH_CODE'"),
        (f"{CALL.replace('operator', 'operator/tibet-2020')}}}", "7: programme: there is no 'tibet-2020'"),
        ("  - {enrol: [甲], shelve: []}", "7: a step does one thing"),
        ("  - {say: 什么也不做}", "7: a step does one thing"),
        ("  - {at: 2019-02-01, at: 2019-02-02}", "7: 'at' stands twice"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_line(tmp_path: Path, steps: str, told: str) -> None:
    """A key that nobody reads, or a name that nobody knows, would make a scenario that proves less than it says."""
    found = problems(tmp_path, f"{HEAD}steps:\n{steps}\n")
    assert len(found) == 1
    assert found[0].startswith(told)


def test_every_problem_is_told_at_once_and_where_it_stands(tmp_path: Path) -> None:
    """One at a time, a writer would run it as often as there are mistakes; an included file's are its own."""
    (tmp_path / "opening.yaml").write_text("steps:\n  - {enrol: [甲], who: 1}\n", "utf-8")
    found = problems(tmp_path, f"{HEAD}author: x\nuse: [opening.yaml, none.yaml]\nsteps:\n  - {{at: x}}\n")
    assert [one.partition(":")[0] for one in found] == ["1", "2", "1", "9"]
    assert "author: Unknown field." in found[0]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ("products:\n  甲: {}\n", "7: products: '甲' is taken already"),
        ("providers:\n  bureau: {}\n", "7: providers: 'bureau' is taken already"),
        ("providers:\n  云商:\n", "7: providers: 云商: write {} for all generated"),
        ("providers:\n  云商: {address: $丙}\n", "7: $丙 is nobody of the cast"),
        ("providers:\n  云商: {industri: industrial}\n", "7: providers: 云商: a provider has no industri (it has prov"),
        ("products:\n  云: {prize_fen: 1}\n", "7: products: 云: a product has no prize_fen (it has product_id"),
        ("providers:\n  云商: {programme: tibet-2020}\n", "7: programme: there is no 'tibet-2020'"),
        ("overlays: [example-tibet]\n", "1: overlays: there is no 'example-tibet'"),
        ("packs: nowhere\n", "1: packs: there is no folder nowhere"),
    ],
)
def test_what_nobody_knows_is_not_made_up(tmp_path: Path, members: str, told: str) -> None:
    """A misspelt field leaves the generated value in its place, and the scenario proves something else."""
    assert any(told in one for one in problems(tmp_path, f"{HEAD}{members}steps: []\n"))


def test_a_programme_without_a_pack_is_told(tmp_path: Path) -> None:
    """It would be found out by a traceback, after the services came up."""
    found = problems(tmp_path, f"{HEAD.replace('guizhou-2018', 'tibet-2020')}steps: []\n")
    assert len(found) == 1
    assert found[0].startswith("1: programme: there is no 'tibet-2020' (there are guizhou-2018,")


def test_the_accounts_are_those_of_the_ledger() -> None:
    """A kind that the books have and the reader does not know could not be asked for; the other way round is 0."""
    assert {name for name, make in vars(ledger).items() if _is_account(make)} == set(ACCOUNTS)


def _is_account(make: Any) -> bool:
    """Does it make the name of an account?"""
    if not inspect.isfunction(make) or list(inspect.signature(make).parameters)[:2] != ["programme", "year"]:
        return False
    return bool(make("p", 2019, "x").endswith(":p:2019:x"))


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ("providers:\n  bureau: {}\n", "7: providers: 'bureau' is taken already"),
    ],
)
def test_people_have_a_name_of_their_own(tmp_path: Path, members: str, told: str) -> None:
    """A party that took a role's name would act with another's rights."""
    assert told in problems(tmp_path, f"{HEAD}{members}steps: []\n")


def test_plain_words_stay_as_written(tmp_path: Path) -> None:
    """YAML 1.1 reads 09:00 as 540, 0123 as 83, `no` as false: a telephone number or answer would be another."""
    path = tmp_path / "one.yaml"
    given = "name: 09:00, address: 0123, size: no, registered_on: 2019-01-01, region: 12, priority: true"
    path.write_text(HEAD.replace("甲: {}", f"甲: {{{given}}}"), "utf-8")
    assert dict(load(path).cast["甲"].given) == {
        "name": "09:00",
        "address": "0123",
        "size": "no",
        "registered_on": "2019-01-01",
        "region": 12,
        "priority": True,
    }
