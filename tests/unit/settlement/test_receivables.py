"""Money that comes back: lost here is public money, claimed back twice, forgiven by one hand, or never asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from contracts.errors import Refused
from contracts.programmes import load
from services.settlement.domain import receivables as r
from services.settlement.domain.offsets import Offset, fate, spread
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Step
from tests.unit.settlement.cases import NOW, TODAY, claim, pack

FINANCE, OTHER = (Reviewer(person=f"f-{n}", roles=frozenset({"finance"})) for n in (1, 2))


def paid(**changed):
    """A claim of 400,000 fen that its payee has."""
    return claim("paid", claim_id="C1", **{"paid_at": NOW, **changed})


def asked(claim_=None, **changed):
    about = paid() if claim_ is None else claim_
    given = {
        "receivable_id": "V1",
        "year": 2018,
        "claim": about,
        "debtor": r.party_of(about, "P1"),
        "amount_fen": 400_000,
        "ground": "overpaid",
        "reasons": ("x",),
        "due_on": None,
        "actor": FINANCE,
        "now": NOW,
        "today": TODAY,
        "pack": pack(),
    }
    return r.claim_back(**{**given, **changed})


def decided(receivable, decision="confirm", **changed):
    given = {"reasons": ("x",), "actor": OTHER, "now": NOW, "today": TODAY, "pack": pack()}
    return r.decide_on(receivable=receivable, decision=decision, **{**given, **changed})


def owed(**changed):
    """400,000 fen, owed, of which `changed` says the rest."""
    return replace(decided(asked().after).after, **changed)


def repaid(receivable, amount_fen, **changed):
    given = {"reference": "B1", "received_on": TODAY, "reserved_fen": 0, "actor": FINANCE, "today": TODAY}
    return r.repay(receivable=receivable, amount_fen=amount_fen, **{**given, **changed}, pack=pack())


def agreed(receivable, *parts, **changed):
    """Parts of (days from today, fen)."""
    instalments = [{"due_on": TODAY + timedelta(days=days), "amount_fen": fen} for days, fen in parts]
    given = {"actor": FINANCE, "today": TODAY, "pack": pack(), **changed}
    return r.agree(receivable=receivable, instalments=instalments, **given)


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"amount_fen": 400_001}, "RECEIVABLE_TOO_LARGE", "amount_fen"),
        ({"claim_": paid(recalled_fen=1)}, "RECEIVABLE_TOO_LARGE", "amount_fen"),
        ({"claim_": paid(deducted_fen=1)}, "RECEIVABLE_TOO_LARGE", "amount_fen"),
        ({"claim_": claim("paying", paid_at=None)}, "WRONG_STATE", "claim_id"),
        ({"claim_": claim("payment_failed", paid_at=NOW)}, "WRONG_STATE", "claim_id"),
        ({"year": 2019}, "INVALID", "year"),
        ({"debtor": None}, "INVALID", "party_id"),
        ({"due_on": TODAY - timedelta(days=1)}, "INVALID", "due_on"),
        ({"claim": None, "ground": "overpaid"}, "FACT_MISSING", "claim_id"),
        ({"ground": "exit_losses"}, "WRONG_STATE", "ground"),
        ({"actor": replace(FINANCE, region="520300")}, "REGION_MISMATCH", "receivable_id"),
    ],
)
def test_what_may_not_be_claimed_back(changed, code, field) -> None:
    """More than was paid, twice, of money that the payee has not, of another, or by another region's office."""
    refused = asked(**changed)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (code, field)


def test_a_claim_s_parties_may_owe_and_nobody_else() -> None:
    kinds = {party: r.party_of(paid(), party) for party in ("P1", "E1", "P2")}
    assert {party: one and one.party_kind for party, one in kinds.items()} == {
        "P1": "provider",
        "E1": "enterprise",
        "P2": None,
    }


def test_one_person_claims_and_another_makes_it_owed() -> None:
    step = asked()
    assert (step.after.status, step.event, step.after.open_fen) == ("claimed", "receivable_claimed", 400_000)
    assert step.after.reference.startswith("YR")
    assert len(step.after.reference) == 28
    assert step.after.reference == asked().after.reference, "the debtor quotes it: it follows from the id"
    assert decided(step.after, actor=FINANCE).code == "SAME_PERSON"
    assert decided(step.after, "refuse", reasons=()).code == "REASON_MISSING"
    assert decided(step.after, "refuse").after.status == "refused"
    confirmed = decided(step.after)
    assert (confirmed.after.status, confirmed.event) == ("owed", "receivable_owed")
    assert decided(confirmed.after).code == "WRONG_STATE"
    assert confirmed.decision.about == "C1", "it belongs to the claim's history too"


GROUNDS = [
    ("guizhou-2018", "fraud", ("五(四)",)),
    ("guizhou-2018", "exit_losses", ("第十二条",)),
    ("neimenggu-2019", "fraud", ("八(三)",)),
    ("shandong-2017", "fraud", ("五(五)",)),
    ("shenyang-2018", "fraud", ("三(五)2",)),
    ("shenyang-2018", "overpaid", ()),
    ("shanxi-2018", "fraud", ()),
    ("guizhou-2018", "paid_twice", ()),
]


@pytest.mark.parametrize(("code", "ground", "articles"), GROUNDS)
def test_a_ground_cites_what_the_document_says_and_no_more(code, ground, articles) -> None:
    assert r.rests_on(load(code, on=date(2019, 5, 1)), ground) == articles


@pytest.mark.parametrize(
    ("on", "law"),
    [(date(2021, 1, 1), "985"), (date(2020, 12, 31), "122"), (date(2017, 9, 30), "92")],
)
def test_where_the_document_is_silent_the_law_of_the_day_is_named(on, law) -> None:
    """A decision that names a code not yet in force would not stand."""
    assert f"art. {law} " in r.general_duty((), on)["law"]
    assert r.general_duty(("五(四)",), on) == {}


def test_repayments_end_it_and_never_exceed_it() -> None:
    first = repaid(owed(), 150_000)
    assert (first.after.status, first.after.open_fen, first.event) == ("owed", 250_000, "receivable_recovered")
    assert repaid(first.after, 250_001).code == "RECEIVABLE_TOO_LARGE"
    assert repaid(first.after, 250_000, reserved_fen=1).code == "RECEIVABLE_TOO_LARGE", "a payment takes that off"
    assert repaid(first.after, 1, received_on=TODAY + timedelta(days=1)).code == "INVALID"
    last = repaid(first.after, 250_000)
    assert (last.after.status, last.after.open_fen, last.after.offset_fen) == ("settled", 0, 0)
    assert repaid(last.after, 1).code == "WRONG_STATE"


def test_what_is_taken_off_a_payment_counts_and_is_owed_again_when_the_bank_sends_it_back() -> None:
    """Paid once with an offset and once without, the payee would keep what it owed."""
    off = r.take_off(receivable=owed(), amount_fen=400_000, payment_id="Y1", pack=pack()).after
    assert (off.status, off.recovered_fen, off.offset_fen) == ("settled", 400_000, 400_000)
    back = r.restore(receivable=off, amount_fen=400_000, payment_id="Y1", pack=pack())
    assert (back.after.status, back.after.recovered_fen, back.after.offset_fen) == ("owed", 0, 0)
    assert back.event == "receivable_restored"


def test_two_people_write_off_what_is_left() -> None:
    given = {"reasons": ("x",), "reserved_fen": 0, "pack": pack()}
    first = r.give_up(receivable=owed(recovered_fen=100_000), actor=FINANCE, **given)
    assert (first.after.status, first.event) == ("owed", "receivable_write_off_asked")
    assert r.give_up(receivable=first.after, actor=FINANCE, **given).code == "SAME_PERSON"
    under_way = r.give_up(receivable=first.after, actor=OTHER, **{**given, "reserved_fen": 1})
    assert under_way.code == "WRONG_STATE"
    done = r.give_up(receivable=first.after, actor=OTHER, **given).after
    assert (done.status, done.written_off_fen, done.open_fen) == ("written_off", 300_000, 0)


@pytest.mark.parametrize(
    "parts",
    [
        [(1, 400_001)],
        [(1, 399_999)],
        [(0, 400_000)],
        [(2, 200_000), (1, 200_000)],
        [(2, 200_000), (2, 200_000)],
    ],
)
def test_instalments_are_what_is_owed_in_order_and_to_come(parts) -> None:
    assert agreed(owed(), *parts).code == "INSTALMENTS_MISMATCH"


def test_each_day_that_is_missed_is_told_once() -> None:
    held = agreed(owed(recovered_fen=100_000), (10, 100_000), (20, 100_000), (30, 100_000)).after
    assert (held.next_on, held.due_on) == (TODAY + timedelta(days=10), TODAY + timedelta(days=30))
    told = r.missed(receivable=held, today=TODAY + timedelta(days=11), pack=pack())
    assert (told.event, told.decision.facts["due_fen"]) == ("receivable_overdue", 100_000)
    assert told.after.next_on == TODAY + timedelta(days=20), "the first is not told again"
    covered = repaid(told.after, 200_000, today=TODAY + timedelta(days=12)).after
    assert covered.next_on == TODAY + timedelta(days=30), "what was paid in advance is not missed"
    assert repaid(covered, 100_000).after.next_on is None


@pytest.mark.parametrize(
    ("changed", "days", "fen"),
    [
        ({}, 0, 400_000),
        ({"recovered_fen": 100_000}, 0, 300_000),
        ({"due_on": TODAY + timedelta(days=5)}, 4, 0),
        ({"due_on": TODAY + timedelta(days=5)}, 5, 400_000),
        ({"status": "settled", "recovered_fen": 400_000}, 0, 0),
        ({"status": "claimed"}, 0, 0),
    ],
)
def test_only_what_is_due_is_taken_off(changed, days, fen) -> None:
    open_ = r.takeable([owed(**changed)], {}, TODAY + timedelta(days=days))
    assert sum(one for parts in open_.values() for _id, one in parts) == fen


def test_of_instalments_the_due_parts_are_taken_off_less_what_is_reserved() -> None:
    held = agreed(owed(), (10, 150_000), (20, 250_000)).after
    on = TODAY + timedelta(days=10)
    assert r.takeable([held], {}, on) == {("P1", "52"): [("V1", 150_000)]}
    assert r.takeable([held], {"V1": 100_000}, on) == {("P1", "52"): [("V1", 50_000)]}
    assert r.takeable([held], {"V1": 150_000}, on) == {}


def test_what_was_owed_first_is_taken_first_and_no_payment_goes_below_nothing() -> None:
    purse = ("P1", "52")
    owed_ = {purse: [("V1", 300), ("V2", 500)]}
    taken = spread(
        [("Y1", purse, 400), ("Y2", ("P2", "52"), 400), ("Y3", ("P1", "5201"), 400), ("Y4", purse, 300)], owed_
    )
    assert [(one.payment_id, one.receivable_id, one.amount_fen) for one in taken] == [
        ("Y1", "V1", 300),
        ("Y1", "V2", 100),
        ("Y4", "V2", 300),
    ]


def test_the_oldest_is_the_one_that_was_confirmed_first() -> None:
    young = owed(receivable_id="V0", owed_at=NOW + timedelta(days=1))
    assert r.takeable([young, owed()], {}, TODAY)["P1", "52"] == [("V1", 400_000), ("V0", 400_000)]


@pytest.mark.parametrize(
    ("was", "payment", "then"),
    [
        *[("reserved", status, "reserved") for status in ("made", "sent", "unknown", "with_district")],
        *[("reserved", status, "booked") for status in ("settled", "offset")],
        *[("reserved", status, "freed") for status in ("held", "failed", "returned")],
        ("booked", "returned", "restored"),
        ("booked", "settled", "booked"),
        ("freed", "returned", "freed"),
    ],
)
def test_an_offset_ends_as_its_payment_does(was, payment, then) -> None:
    """Freed too early two payments take off the same; booked too early a debt is forgiven that nobody paid."""
    assert fate(Offset(payment_id="Y1", receivable_id="V1", amount_fen=1, status=was), payment) == then


def test_every_move_is_from_the_states_listed() -> None:
    """Else a refused receivable would come back, or a settled one be written off."""
    listed = {action: move.sources for action, move in r.MOVES.items()}
    assert listed.pop("restore") == ("owed", "settled", "written_off")
    assert {listed.pop("confirm"), listed.pop("refuse")} == {("claimed",)}
    assert set(listed.values()) == {("owed",)}
    assert isinstance(decided(asked().after), Step)
