"""Disbursements, payments and the bank: what is lost here is public money, paid twice or to the wrong account."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from contracts.errors import Refused
from services.settlement.domain import disbursements as d
from services.settlement.domain import payments as p
from services.settlement.domain import questions as q
from services.settlement.domain.bank import Booked, Known, compare
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Step, derived_id
from tests.unit.settlement.cases import NOW, TODAY, claim, pack

ULID = re.compile(r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")


def passed(number: int, **changed):
    return claim("passed", claim_id=f"C{number}", **changed)


def cleared(members):
    return {member.claim_id: "cleared" for member in members}


def filed(*members):
    step, moved = d.file(
        disbursement_id="D1",
        provider_id="P1",
        year=2018,
        ready=members,
        deferred=0,
        verdicts=cleared(members),
        accounts={"P1": 3},
        blacklisted=frozenset(),
        filed_by="p",
        now=NOW,
        pack=pack(),
    )
    return step.after, [one.after for one in moved]


def reviewed(disbursement, members, stage="bureau", decision="approve", **changed):
    who = {"person": f"{stage}-1", "roles": frozenset({stage})}
    who |= {name: changed.pop(name) for name in ("person", "roles") if name in changed}
    given = {
        "reasons": ("x",) if decision == "refuse" else (),
        "accounts": {"P1": 3},
        "verdicts": cleared(members),
        "market": {},
        "blacklisted": frozenset(),
        **changed,
    }
    return d.review(
        disbursement=disbursement,
        members=members,
        stage=stage,
        decision=decision,
        reviewer=Reviewer(**who),
        now=NOW,
        pack=pack(),
        **given,
    )


def approved(*members):
    disbursement, put_forward = filed(*members)
    disbursement = reviewed(disbursement, put_forward, "operator")[0].after
    step, moved = reviewed(disbursement, put_forward)
    return step.after, [one.after for one in moved]


def made(disbursement, members, batch_id="H1", owed=None):
    return p.make(
        batch_id=batch_id,
        year=2018,
        disbursements=[disbursement],
        claims={disbursement.disbursement_id: members},
        live={},
        made_by="f-1",
        now=NOW,
        pack=pack(),
        owed=owed or {},
    )


def batch_of(*numbers: int):
    disbursement, members = approved(*(passed(number) for number in numbers))
    step, payments, _offsets = made(disbursement, members)
    return step.after, payments[0].after, members


def test_a_disbursement_takes_all_passed_claims_and_sums_them() -> None:
    disbursement, members = filed(passed(2), passed(1))
    assert (disbursement.claims, disbursement.amount_fen) == (2, 800_000)
    assert [one.status for one in members] == ["in_disbursement"] * 2


@pytest.mark.parametrize(
    ("stage", "changed", "code"),
    [
        ("operator", {"roles": frozenset({"bureau"})}, "FORBIDDEN"),
        ("bureau", {}, "STAGE_MISMATCH"),
        ("operator", {"person": "p"}, "SAME_PERSON"),
        ("operator", {"decision": "refuse", "reasons": ()}, "REASON_MISSING"),
    ],
)
def test_a_filed_disbursement_waits_for_the_operator(stage, changed, code) -> None:
    disbursement, members = filed(passed(1))
    assert reviewed(disbursement, members, stage, **changed).code == code


def test_two_people_and_standing_are_needed_to_approve() -> None:
    disbursement, members = filed(passed(1))
    waiting = reviewed(disbursement, members, "operator")[0].after
    assert reviewed(waiting, members, person="operator-1").code == "SAME_PERSON"
    assert reviewed(waiting, members, blacklisted=frozenset({"P1"})).code == "BLACKLISTED"
    assert reviewed(waiting, members, verdicts={}).code == "HELD_BY_SUPERVISION", "silence is no clearance"
    step, moved = reviewed(waiting, members, decision="refuse")
    assert (step.after.status, moved[0].after.status) == ("refused", "passed"), "the claims may be put forward again"


@pytest.mark.parametrize("stage", ["operator", "bureau"])
@pytest.mark.parametrize(
    ("changed", "accounts", "account_changed"),
    [
        ({}, {"P1": 4, "P9": 3}, 1),
        ({"claimed_fen": 399_999}, {"P1": 3}, 0),
        ({"deducted_fen": 1}, {"P1": 3}, 0),
        ({"payee_id": "P2"}, {"P1": 3, "P2": 3}, 0),
        ({"fund": "x"}, {"P1": 3}, 0),
    ],
)
def test_nobody_approves_what_was_changed_since_it_was_put_forward(stage, changed, accounts, account_changed) -> None:
    """Lost otherwise: two people approve one thing each, and a third thing is paid."""
    disbursement, (first, second) = filed(passed(1), passed(2))
    second = replace(second, payee_id="P9", provider_id="P9")
    second = replace(second, frozen_hash=d.frozen_as(second))
    disbursement = replace(disbursement, frozen_hash=d.frozen_together([first, second]))
    if stage == "bureau":
        disbursement = reviewed(disbursement, [first, second], "operator")[0].after
    members = [replace(first, **changed), second]
    refused = reviewed(disbursement, members, stage, accounts=accounts)
    assert refused.code == "FROZEN_MISMATCH"
    told = {name: refused.facts[name] for name in ("claims", "changed", "account_changed")}
    assert told == {"claims": ["C1"], "changed": 1, "account_changed": account_changed}
    step, moved = reviewed(disbursement, members, stage, "refuse", accounts=accounts)
    assert step.after.status == "refused", "which is how it is put right"
    free = {(one.after.status, one.after.frozen_hash, one.after.account_version, one.after.fund) for one in moved}
    assert free == {("passed", None, None, None)}


def test_a_reviewer_who_saw_another_hash_decides_nothing() -> None:
    disbursement, members = filed(passed(1))
    for decision in ("approve", "refuse"):
        refused = reviewed(disbursement, members, "operator", decision, frozen_hash="0" * 64)
        assert (refused.code, refused.field) == ("FROZEN_MISMATCH", "frozen_hash")
        seen = reviewed(disbursement, members, "operator", decision, frozen_hash=disbursement.frozen_hash)
        assert not isinstance(seen, Refused)


def test_an_account_that_we_know_in_an_older_version_is_no_change() -> None:
    """Registry gave the frozen one itself at the release before; its news may still be on the way."""
    disbursement, members = filed(passed(1))
    assert not isinstance(reviewed(disbursement, members, "operator", accounts={"P1": 2}), Refused)


def test_what_is_held_is_frozen_anew_with_the_account_of_then() -> None:
    """Lost otherwise: it is approved again for the account that it was held for."""
    disbursement, members = approved(passed(1), passed(2))
    batched = replace(disbursement, status="batched")
    given = {"accounts": {"P1": 4}, "batch_id": "H1", "now": NOW, "pack": pack()}
    steps, moved = d.thaw(disbursement=batched, held=members[:1], rest=members[1:], **given)
    left, apart = (step.after for step in steps)
    assert (moved[0].after.account_version, moved[0].after.approved_at) == (4, None)
    assert apart.frozen_hash == d.frozen_together([moved[0].after]) != disbursement.frozen_hash
    assert d.intact(apart, [moved[0].after])
    assert d.intact(left, members[1:])
    (again,), both = d.thaw(disbursement=batched, held=members, rest=[], **given)
    held = [one.after for one in both]
    assert d.intact(again.after, held)
    assert not isinstance(reviewed(again.after, held, "operator", accounts={"P1": 4}), Refused)


def test_filing_freezes_payee_account_amount_and_fund() -> None:
    """Whatever of them changes afterwards must show, and the approvals change nothing of it."""
    put_forward, (frozen,) = filed(passed(1))
    disbursement, (member,) = approved(passed(1))
    assert (disbursement.frozen_hash, member.frozen_hash) == (put_forward.frozen_hash, frozen.frozen_hash)
    assert (frozen.approved_at, member.approved_at) == (None, NOW)
    assert (member.account_version, member.fund) == (3, "guizhou-2018:2018")
    assert member.frozen_hash == d.frozen_as(member)
    for changed in (
        {"claimed_fen": 1},
        {"deducted_fen": 1},
        {"payee_id": "P2"},
        {"account_version": 4},
        {"fund": "x"},
        {"claim_version": 2},
    ):
        assert d.frozen_as(replace(member, **changed)) != member.frozen_hash, changed
    assert made(disbursement, [replace(member, claimed_fen=400_001)]).code == "FROZEN_MISMATCH"


def test_ids_and_references_follow_from_the_batch() -> None:
    """The same batch made again after a crash must not be a second payment; a new batch must be one."""
    disbursement, members = approved(passed(1))
    one = made(disbursement, members)[1][0].after
    again = made(disbursement, members)[1][0].after
    other = made(disbursement, members, batch_id="H2")[1][0].after
    assert one == again
    assert one.reference != other.reference
    assert ULID.match(one.payment_id)
    assert re.fullmatch(r"[A-Z0-9]{1,35}", one.reference)
    assert derived_id("a", "bc") != derived_id("ab", "c")


def test_one_payment_a_payee_and_account() -> None:
    """An account that changed between two approvals is not mixed with the old one."""
    _, (first, second) = approved(passed(1), passed(2))
    others = [
        replace(first, claim_id=f"C{at}", **changed)
        for at, changed in enumerate(
            ({"account_version": 4}, {"fund": "guizhou-2018:2018:5201"}, {"payee_id": "P2", "provider_id": "P2"}), 3
        )
    ]
    groups = p.gather([second, first, *others], pack())
    assert [[one.claim_id for one in group] for group in groups] == [["C1", "C2"], ["C4"], ["C3"], ["C5"]]


def test_a_payment_follows_the_rules_its_disbursement_was_approved_by() -> None:
    """One payee, account and fund, approved by two cities' rules: paid as one, both would go one city's way."""
    cities = {
        label: replace(pack(), overlay=label.partition("+")[2])
        for label in ("guizhou-2018@1+a@1", "guizhou-2018@1+b@1")
    }
    disbursements, members = [], {}
    for number, label in enumerate(cities, 1):
        one, claims = approved(passed(number))
        one = replace(one, disbursement_id=f"D{number}", pack_version=label)
        disbursements.append(one)
        members[one.disbursement_id] = [replace(each, disbursement_id=one.disbursement_id) for each in claims]
    given = {"batch_id": "H1", "year": 2018, "live": {}, "made_by": "f-1", "now": NOW, "pack": pack()}
    step, payments, _offsets = p.make(disbursements=disbursements, claims=members, packs=cities, **given)
    assert {one.after.pack_version: one.after.claims for one in payments} == {
        label: (f"C{number}",) for number, label in enumerate(cities, 1)
    }
    assert len({one.after.reference for one in payments}) == 2
    assert [one.decision.pack_version for one in payments] == list(cities)
    assert step.after.pack_version == "guizhou-2018@1"


def allowed(batch, payment, members, **changed):
    given = {"frozen_hash": batch.frozen_hash, "released_by": "f-2", **changed}
    claims = {member.claim_id: member for member in members}
    return p.may_release(batch=batch, payments=[payment], claims=claims, now=NOW, pack=pack(), **given)


def test_a_release_repeats_what_was_made_and_is_another_persons() -> None:
    batch, payment, members = batch_of(1, 2)
    assert isinstance(allowed(batch, payment, members), Step)
    assert allowed(batch, payment, members, released_by="f-1").code == "SAME_PERSON"
    assert allowed(batch, payment, members, frozen_hash="0" * 64).code == "FROZEN_MISMATCH"
    assert allowed(replace(batch, status="released"), payment, members).code == "WRONG_STATE"
    for changed in ({"amount_fen": 800_001}, {"account_version": 4}, {"payee_id": "P2"}, {"reference": "YQ0"}):
        assert allowed(batch, replace(payment, **changed), members).code == "FROZEN_MISMATCH", changed
    tampered = [replace(members[0], claimed_fen=1), members[1]]
    assert allowed(batch, payment, tampered).code == "FROZEN_MISMATCH"


@pytest.mark.parametrize(
    ("stops", "reason"),
    [
        ({}, None),
        ({"blacklisted": True, "verdict": "held"}, "BLACKLISTED"),
        ({"verdict": "held"}, "HELD_BY_SUPERVISION"),
        ({"verdict": "rejected", "account_version": 4}, "HELD_BY_SUPERVISION"),
        ({"verdict": "held", "market_fen": 1}, "HELD_BY_SUPERVISION"),
        ({"market_fen": 1_000_000}, None),
        ({"market_fen": 999_999}, "PRICE_ABOVE_MARKET"),
        ({"market_fen": 999_999, "account_version": 4}, "PRICE_ABOVE_MARKET"),
        ({"account_version": 4}, "ACCOUNT_CHANGED"),
        ({"account_version": None}, "ACCOUNT_CHANGED"),
    ],
    ids=str,
)
def test_what_may_not_be_paid_is_held(stops, reason) -> None:
    """No payee without standing, no claim in doubt, none above the market's price, no account that nobody approved."""
    _batch, payment, members = batch_of(1)
    given = {"blacklisted": False, "verdict": "cleared", "account_version": 3, "market_fen": None, **stops}
    verdict, market_fen = given.pop("verdict"), given.pop("market_fen")
    step, moved = p.release(
        payment=payment,
        verdicts={members[0].claim_id: verdict},
        market={} if market_fen is None else {members[0].product_id: market_fen},
        members=members,
        now=NOW,
        pack=pack(),
        **given,
    )
    assert (step.after.status, step.after.reason) == ("held" if reason else "sent", reason)
    assert [one.after.status for one in moved] == ([] if reason else ["paying"])
    if reason in ("HELD_BY_SUPERVISION", "PRICE_ABOVE_MARKET"):
        assert step.decision.facts["claims"] == [members[0].claim_id], "whose claim it is"
    if reason == "PRICE_ABOVE_MARKET":
        assert "三(二)" in step.decision.articles


def test_what_costs_more_than_the_market_is_approved_by_nobody() -> None:
    """贵州 三(二): the market's price may fall between review and approval; a programme without the rule pays on."""
    disbursement, members = filed(passed(1), passed(2, product_id="K2"))
    disbursement = reviewed(disbursement, members, "operator", market={"K2": 1})[0].after
    refused = reviewed(disbursement, members, market={"K2": 999_999})
    assert (refused.code, refused.article, refused.facts["claims"]) == ("PRICE_ABOVE_MARKET", "三(二)", ["C2"])
    assert isinstance(reviewed(disbursement, members, market={"K1": 1_000_000, "K2": 1_000_001}), tuple)
    assert isinstance(reviewed(disbursement, members, decision="refuse", market={"K2": 1}), tuple)


def release_of(payment, members):
    cleared_ = cleared(members)
    return p.release(
        payment=payment,
        blacklisted=False,
        verdicts=cleared_,
        market={},
        account_version=3,
        members=members,
        now=NOW,
        pack=pack(),
    )


def test_what_the_payee_owes_is_taken_off_and_frozen_with_the_rest() -> None:
    """Taken off unseen, the bank would pay another sum than was released."""
    disbursement, members = approved(passed(1), passed(2))
    step, payments, offsets = made(disbursement, members, owed={("P1", "52"): [("V1", 300_000), ("V2", 600_000)]})
    payment = payments[0].after
    assert (payment.amount_fen, payment.offset_fen, step.after.amount_fen) == (0, 800_000, 0)
    assert [one.amount_fen for one in offsets] == [300_000, 500_000]
    given = {"offsets": offsets}
    assert isinstance(allowed(step.after, payment, members, **given), Step)
    others = [replace(offsets[0], amount_fen=400_000), replace(offsets[1], amount_fen=400_000)]
    for changed in ({"offsets": []}, {"offsets": others}, {**given, "short": True}):
        assert allowed(step.after, payment, members, **changed).code == "FROZEN_MISMATCH", changed
    sent, moved = release_of(payment, members)
    assert (sent.after.status, {one.after.status for one in moved}) == ("offset", {"paid"})
    assert {one.after.paid_at for one in moved} == {NOW}


RESULTS = ("settled", "failed", "returned", "unknown")
TAKEN = {  # payment status → results that move it
    "made": set(),
    "held": set(),
    "sent": set(RESULTS),
    "unknown": {"settled", "failed", "returned"},
    "settled": {"returned"},
    "failed": set(),
    "returned": set(),
}


@pytest.mark.parametrize("status", TAKEN)
@pytest.mark.parametrize("result", RESULTS)
def test_results_move_a_payment_as_listed(status, result) -> None:
    """A settled payment that became `failed` would be paid again."""
    _batch, payment, members = batch_of(1)
    state = {"settled": "paid", "failed": "payment_failed", "returned": "payment_failed"}.get(status, "paying")
    held = [replace(one, status=state) for one in members]
    told = p.result(
        payment=replace(payment, status=status),
        status=result,
        amount_fen=400_000,
        on=TODAY,
        reason=None,
        members=held,
        now=NOW,
        pack=pack(),
    )
    if result == status or (result == "unknown" and status in p.SPOKEN):
        assert told is None, "no word takes no last word back: files of the bank come in any order"
    elif result in TAKEN[status]:
        step, moved = told
        assert step.after.status == result
        want = {"settled": ["paid"], "failed": ["payment_failed"], "returned": ["payment_failed"], "unknown": []}
        assert [one.after.status for one in moved] == want[result]
    else:
        assert (told.code, told.facts["status"]) == ("WRONG_STATE", status)


def test_another_amount_than_was_sent_is_no_result() -> None:
    _batch, payment, members = batch_of(1)
    told = p.result(
        payment=replace(payment, status="sent"),
        status="settled",
        amount_fen=399_999,
        on=TODAY,
        reason=None,
        members=members,
        now=NOW,
        pack=pack(),
    )
    assert isinstance(told, Refused)
    assert (told.code, told.facts["expected_fen"], told.facts["amount_fen"]) == ("RESULT_MISMATCH", 400_000, 399_999)


@pytest.mark.parametrize("status", TAKEN)
def test_only_what_surely_failed_is_paid_again_and_only_once(status) -> None:
    """An unknown payment may have arrived: sending it again is paying twice."""
    _batch, payment, _members = batch_of(1)
    step = p.retry(payment=replace(payment, status=status), reason="x", retried_by="f", now=NOW, pack=pack())
    if status in ("failed", "returned"):
        assert p.retry(payment=step.after, reason="x", retried_by="f", now=NOW, pack=pack()).code == "WRONG_STATE"
    else:
        assert (step.code, step.facts["status"]) == ("WRONG_STATE", status)


@pytest.mark.parametrize(
    ("known", "amounts", "codes"),
    [
        (("settled", 5), [5], []),
        (("settled", 5), [], ["NOT_BOOKED"]),
        (("settled", 5), [4], ["AMOUNT_DIFFERS"]),
        (("settled", 5), [5, 5], ["BOOKED_TWICE"]),
        (("sent", 5), [5], ["NOT_SETTLED"]),
        (("failed", 5), [5], ["NOT_SETTLED"]),
        (("held", 5), [5], ["NOT_SETTLED"]),
        (("returned", 5), [5], ["RETURN_NOT_BOOKED"]),
        (("returned", 5), [], []),
        (("returned", 5), [5, 5, -5], ["BOOKED_TWICE", "RETURN_NOT_BOOKED"]),
        (("sent", 5), [], []),
        (None, [5], ["REFERENCE_UNKNOWN"]),
        # money that came in is negative here
        (None, [-5], ["CREDIT_UNMATCHED"]),
        (None, [5, -5], ["REFERENCE_UNKNOWN", "CREDIT_UNMATCHED"]),
        (("settled", 5), [5, -5], ["RETURN_NOT_RECORDED"]),
        (("with_district", 5), [5, -5], ["RETURN_NOT_RECORDED"]),
        (("returned", 5), [5, -5], []),
        (("failed", 5), [5, -5], []),
        (("returned", 5), [5, -4], ["AMOUNT_DIFFERS", "RETURN_NOT_BOOKED"]),
        (("settled", 5), [4, 5], ["AMOUNT_DIFFERS", "BOOKED_TWICE"]),
        (("settled", 5), [-5], ["NOT_BOOKED", "RETURN_NOT_RECORDED"]),
    ],
    ids=str,
)
def test_books_and_bank_are_compared(known, amounts, codes) -> None:
    """A difference that nobody sees is money that nobody looks for."""
    ours = Known(payment_id="P", programme="g", status=known[0], amount_fen=known[1], fund="g:2019") if known else None
    lines = [
        Booked(reference="R", amount_fen=abs(fen), booked_on=TODAY, direction="debit" if fen > 0 else "credit")
        for fen in amounts
    ]
    found = list(compare(known=ours, booked=lines, reference="R"))
    assert [one.code for one in found] == codes
    assert len({one.key for one in found}) == len(found), "each can be resolved by itself"


def test_a_question_is_asked_in_the_bureaus_review_and_answered_once() -> None:
    due = date(2018, 9, 6)

    def ask(status: str, due_on=due, roles=frozenset({"bureau"})):
        return q.ask(
            question_id="Q",
            claim=claim(status),
            text="?",
            reviewer=Reviewer(person="b", roles=roles),
            today=TODAY,
            due_on=due_on,
            pack=pack(),
        )

    assert ask("passed").code == "WRONG_STATE"
    assert ask("collected").code == "STAGE_MISMATCH"
    unknown = ask("in_review", Refused("CALENDAR_UNKNOWN", facts={"year": 2030}))
    assert (unknown.code, unknown.article) == ("CALENDAR_UNKNOWN", "第二十五条")
    question = ask("in_review").after
    assert q.working_days(pack()) == 3
    late = q.overdue(question=question, today=date(2018, 9, 7), pack=pack()).after
    told = {"text": "!", "answered_by": "o", "pack": pack()}
    operator = frozenset({"operator"})
    given = q.answer(question=late, roles=operator, today=date(2018, 9, 8), **told)
    assert (given.after.status, given.decision.facts["late"]) == ("answered", True)
    assert q.answer(question=given.after, roles=operator, today=TODAY, **told).code == "WRONG_STATE"
    assert q.answer(question=late, roles=frozenset({"bureau"}), today=TODAY, **told).code == "FORBIDDEN"
