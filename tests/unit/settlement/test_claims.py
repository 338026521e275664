"""The claim's state machine: a transition that is not listed, or a review cut short, moves public money."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from contracts.errors import ERRORS, Refused
from contracts.events.settlement import CLAIM_STATES, EVENTS
from services.settlement.domain import claims, disbursements, notices, objections, payments, questions, samples
from services.settlement.domain.nodes import announce, node_for
from services.settlement.domain.steps import Step, derived_id, digest
from tests.unit.settlement.cases import NOW, claim, file, filing, order, pack, papers, review

RETURNED = claim("returned", claim_version=1)


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"order_": order(provider_id="P2")}, "ORDER_OF_ANOTHER", "order_id"),
        ({"order_": order(status="refund_requested")}, "REFUND_PENDING", "order_id"),
        *(
            ({"order_": order(status=status)}, "ORDER_NOT_CONFIRMED", "order_id")
            for status in ("placed", "cancelled", "refunded", "redeemed", "voided", "claimed")
        ),
        ({"order_": order(status="claimed", claim_id="C2")}, "ORDER_NOT_CONFIRMED", "order_id"),
        ({"blacklisted": frozenset({"P1"})}, "BLACKLISTED", "provider_id"),
        ({"filing_": filing(filer_id="P2")}, "NOT_THE_FILER", "filer_id"),
        ({"filing_": filing(filer_id="E1")}, "NOT_THE_FILER", "filer_id"),
        ({"market_price_fen": 999_999}, "PRICE_ABOVE_MARKET", "order_id"),
        ({"order_": order(voucher_fen=0, own_fen=1_000_000)}, "NOTHING_TO_CLAIM", "order_id"),
        ({"filing_": filing(papers=papers(transfer=None))}, "MATERIAL_MISSING", "transfer"),
        ({"filing_": filing(papers=papers(**{"invoice.number": "--"}))}, "INVALID", "invoice.number"),
        ({"filing_": filing(papers=papers(**{"invoice.amount_fen": 1}))}, "CLAIM_MISMATCH", "invoice.amount_fen"),
        ({"former": claim("filed")}, "ALREADY_EXISTS", "claim_id"),
        ({"former": claim("paid")}, "ALREADY_EXISTS", "claim_id"),
        ({"former": replace(RETURNED, order_id="R2")}, "ALREADY_EXISTS", "claim_id"),
        ({"former": replace(RETURNED, provider_id="P2")}, "ALREADY_EXISTS", "claim_id"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_cannot_be_claimed(given, code, field) -> None:
    refused = file(**given)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == (code, field)
    assert code in ERRORS
    assert refused.article, "a refusal without its article cannot be contested"


def test_all_mismatches_are_told_at_once() -> None:
    """A provider that is told one mistake a time waits a node a time."""
    wrong = papers(**{"invoice.amount_fen": 1, "usage.days_used": 0})
    refused = file(filing(papers=wrong))
    assert [one["code"] for one in refused.facts["findings"]] == ["INVOICE_AMOUNT", "USAGE_NONE"]


def test_filed_again_under_its_id_it_starts_afresh() -> None:
    """Reviewers and verdict of the version before say nothing about the new papers."""
    former = replace(
        RETURNED,
        sequence=7,
        stages_passed=1,
        reviewers=("o", "b"),
        node_id="N",
        notice_id="B",
        deducted_fen=1,
        score=60,
        reasons=("x",),
        order_claimed=True,
    )
    step = file(former=former, order_=order(status="claimed", claim_id="C1"))
    assert isinstance(step, Step)
    after = step.after
    assert (after.status, after.claim_version, after.sequence) == ("filed", 2, 8)
    assert (after.stages_passed, after.reviewers, after.stage, after.node_id, after.reasons) == (0, (), None, None, ())
    assert (after.notice_id, after.deducted_fen, after.score) == (None, 0, None)
    assert after.order_claimed, "voucher's order row still holds itself for this claim"


def test_states_and_events_are_those_of_the_contract() -> None:
    """A state or event that the contract does not know would break every consumer."""
    types = {event.type for event in EVENTS}
    for moves in (claims.MOVES, disbursements.MOVES, payments.MOVES, payments.BATCH_MOVES, questions.MOVES):
        assert {f"settlement.{move.event}.v1" for move in moves.values()} <= types
    for moves in (notices.MOVES, objections.MOVES, samples.MOVES):
        assert {f"settlement.{move.event}.v1" for move in moves.values()} <= types
    states = {state for move in claims.MOVES.values() for state in (*move.sources, move.target)}
    assert states == set(CLAIM_STATES)


ENDS = {"returned", "refused", "withdrawn"}
ALLOWED = {  # what may follow what, written down a second time; itself: it is late, audited, wound down, or refunded to
    "filed": {"filed", "accepted", "refused", "withdrawn"},
    "accepted": {"accepted", "collected", "refused", "withdrawn"},
    "collected": {"collected", "in_review", "passed", *ENDS},
    "in_review": {"in_review", "passed", *ENDS},
    "returned": {"returned", "filed", "refused", "withdrawn"},
    "passed": {"passed", "on_notice", "in_disbursement", *ENDS},
    "on_notice": {"on_notice", "noticed", *ENDS},
    "noticed": {"noticed", "in_disbursement", *ENDS},
    "in_disbursement": {"in_disbursement", "approved", "passed", "noticed"},
    "approved": {"approved", "paying", "paid", "in_disbursement"},  # paid at once: all of it was owed
    "paying": {"paying", "paid", "payment_failed"},
    "paid": {"paid", "payment_failed"},
    "payment_failed": {"payment_failed", "approved"},
    "refused": {"refused"},
    "withdrawn": {"withdrawn"},
}


def test_no_other_transition_is_in_the_table() -> None:
    """A way from `returned` to `passed`, say, would be a payment without a review."""
    moves = [(source, move.target) for move in claims.MOVES.values() for source in move.sources]
    assert {source: {to for at, to in moves if at == source} for source in CLAIM_STATES} == ALLOWED


def test_the_last_stage_waits_for_the_audit_sample() -> None:
    """A claim that was drawn would be paid before anybody audited it; the first stage need not wait."""
    assert isinstance(review(claim("collected"), sample_id="S1"), Step)
    waits = review(claim("in_review"), "bureau", sample_id="S1")
    assert (waits.code, waits.article, waits.facts["sample_id"]) == ("AUDIT_PENDING", "五(四)", "S1")


@pytest.mark.parametrize("status", CLAIM_STATES)
@pytest.mark.parametrize("stage", ["operator", "bureau"])
def test_a_review_needs_its_state(stage, status) -> None:
    turns = {"collected": "operator", "in_review": "bureau"}
    step = review(claim(status), stage)
    if turns.get(status) == stage:
        assert isinstance(step, Step)
    else:
        assert step.code == ("STAGE_MISMATCH" if status in turns else "WRONG_STATE")
        assert step.facts["turn" if status in turns else "status"] == turns.get(status, status)


@pytest.mark.parametrize("decision", ["return", "refuse", "withdraw"])
def test_a_passed_claim_that_is_not_put_forward_can_still_end(decision) -> None:
    """A provider that was blacklisted since can put nothing forward: its order would stay claimed for ever."""

    def end(one):
        if decision == "withdraw":
            return claims.withdraw(claim=one, provider_id="P1", filer_id="P1", pack=pack())
        return review(one, "bureau", decision, blacklisted=True)

    step = end(claim("passed", order_claimed=True))
    assert step.after.status == {"return": "returned", "refuse": "refused", "withdraw": "withdrawn"}[decision]
    assert step.after.order_claimed == (decision == "return")
    paid_once = end(claim("passed", paid_at=NOW))
    assert (paid_once.code, paid_once.facts["paid"]) == ("WRONG_STATE", True), "its voucher is redeemed"
    first = claim("passed", reviewers=("same", "b"))
    assert review(first, "bureau", "refuse", person="same").code == "SAME_PERSON"
    assert review(first, "operator", "refuse", person="o-2").code == "STAGE_MISMATCH", "the last stage alone"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"roles": frozenset({"operator"})}, "FORBIDDEN"),
        ({"person": "same"}, "SAME_PERSON"),
        ({"person": "same", "decision": "refuse"}, "SAME_PERSON"),
        ({"person": "p-1"}, "SAME_PERSON"),  # who filed it
        ({"market_price_fen": 999_999}, "PRICE_ABOVE_MARKET"),
        ({"question_open": True}, "QUESTION_OPEN"),
        ({"verdict": None}, "AWAITING_SUPERVISION"),
        ({"verdict": "held"}, "HELD_BY_SUPERVISION"),
        ({"verdict": "rejected"}, "HELD_BY_SUPERVISION"),
        ({"blacklisted": True}, "BLACKLISTED"),
        ({"decision": "return", "reasons": ()}, "REASON_MISSING"),
        ({"decision": "refuse", "reasons": ()}, "REASON_MISSING"),
    ],
)
def test_the_bureau_passes_only_what_may_pass(changed, code) -> None:
    """Silence of supervision is no clearance, one person is no second person, an open question is no answer."""
    waiting = claim("in_review", reviewers=("same",))
    refused = review(waiting, "bureau", **changed)
    assert refused.code == code
    assert code in ERRORS


def test_a_claim_in_doubt_can_still_be_returned_or_refused() -> None:
    """Otherwise a held claim could never end."""
    for decision, status in (("return", "returned"), ("refuse", "refused")):
        waiting = claim("in_review", order_claimed=True)
        step = review(waiting, "bureau", decision, verdict="held", question_open=True)
        assert step.after.status == status
        assert step.after.order_claimed == (decision == "return"), "a returned claim keeps its order"


def test_the_decision_carries_article_and_numbers() -> None:
    step = review(claim("collected"))
    assert step.decision.articles == ("第二十三条",)
    assert step.decision.facts["claimed_fen"] == 400_000
    assert step.decision.pack_version == "guizhou-2018@1"


@pytest.mark.parametrize("status", [one for one in CLAIM_STATES if one not in (*claims.UNDER_REVIEW, *claims.PASSED)])
def test_what_was_put_forward_or_ended_is_not_withdrawn(status) -> None:
    """Its money may be on the way."""
    refused = claims.withdraw(claim=claim(status), provider_id="P1", filer_id="P1", pack=pack())
    assert (refused.code, refused.facts["status"]) == ("WRONG_STATE", status)


def test_only_who_filed_it_withdraws_a_claim() -> None:
    assert claims.withdraw(claim=claim(), provider_id="P2", filer_id="P2", pack=pack()).code == "NOT_OWNER"
    other = claims.withdraw(claim=claim(), provider_id="P1", filer_id="P2", pack=pack())
    assert (other.code, other.facts["filer_id"]) == ("NOT_THE_FILER", "P1")
    step = claims.withdraw(claim=claim(order_claimed=True), provider_id="P1", filer_id="P1", pack=pack())
    assert (step.after.status, step.after.order_claimed) == ("withdrawn", False)


def answered(one, code=None, allowed_fen=None, order_status="claimed"):
    return claims.answered(claim=one, code=code, allowed_fen=allowed_fen, order_status=order_status, pack=pack())


def test_the_order_row_decides() -> None:
    taken = answered(claim(), allowed_fen=400_000)
    assert (taken.after.status, taken.after.order_claimed, taken.after.payable_fen) == ("accepted", True, 400_000)
    denied = answered(claim(), "REFUND_PENDING", order_status="refund_requested")
    assert (denied.after.status, denied.after.reasons) == ("refused", ("REFUND_PENDING",))
    assert answered(claim("accepted"), allowed_fen=400_000) is None


def test_what_was_really_paid_decides_the_amount() -> None:
    """三(二): half of what was paid, not of what was agreed; the order still holds the whole until it is paid."""
    taken = answered(claim(), allowed_fen=250_000)
    assert (taken.after.claimed_fen, taken.after.payable_fen, taken.after.order_fen) == (250_000, 250_000, 400_000)
    assert taken.decision.facts["allowed_fen"] == 250_000
    nothing = answered(claim(), allowed_fen=0)
    assert (nothing.after.status, nothing.after.reasons) == ("refused", ("NOTHING_TO_CLAIM",))
    with pytest.raises(AssertionError):
        answered(claim(), allowed_fen=400_001)  # more than the order holds is a defect, and nothing to pay


@pytest.mark.parametrize("status", claims.ENDED)
def test_an_order_that_took_itself_for_an_ended_claim_is_told_again(status) -> None:
    """Answer and withdrawal crossed on the wire: without this the order would stay claimed for ever."""
    step = answered(claim(status), allowed_fen=400_000)
    assert (step.after.status, step.event) == (status, f"claim_{status}")
    assert answered(claim(status), "WRONG_STATE", order_status="x") is None


def test_a_confirmed_alert_ends_that_version_alone() -> None:
    refused = claims.reject(claim=claim("passed"), claim_version=1, alerts=("INVOICE_REUSED",), pack=pack())
    assert (refused.after.status, refused.after.reasons) == ("refused", ("INVOICE_REUSED",))
    assert claims.reject(claim=claim("passed", claim_version=2), claim_version=1, alerts=(), pack=pack()) is None
    assert claims.reject(claim=claim("paid"), claim_version=1, alerts=(), pack=pack()) is None
    paid_once = claim("passed", paid_at=NOW)
    assert claims.reject(claim=paid_once, claim_version=1, alerts=(), pack=pack()) is None, "its voucher is redeemed"


def test_a_claim_waits_for_the_first_node_after_it() -> None:
    """第二十二条: one that misses a node waits for the next; filed at the very moment of closing, it has missed it."""
    nodes = [node(number, NOW + timedelta(hours=hours)).after for number, hours in ((1, 10), (2, 5), (3, 20))]
    late, early, last = nodes
    assert node_for(nodes, filed_at=NOW, region="520102") is early
    assert node_for(nodes, filed_at=early.closes_at, region="520102") is late
    assert node_for(nodes, filed_at=last.closes_at, region="520102") is None
    assert node(1, NOW).code == "NODE_IN_PAST"
    own = replace(early, region="5201")
    assert node_for([own, late], filed_at=NOW, region="520300") is late, "a city's node takes its claims alone"


def node(number, closes_at, pack_=None, **given):
    told = {"region": "", "year": 2018, "taken": False, "roles": frozenset({"operator"}), **given}
    return announce(
        pack=pack_ or pack(),
        node_id=derived_id(str(number)),
        closes_at=closes_at,
        closes_in=closes_at.year,
        announced_by="o",
        now=NOW,
        **told,
    )


def test_a_filing_is_hashed_as_its_plain_fields() -> None:
    """Lost otherwise: papers filed before are no longer known for the same."""
    one = filing()
    assert one.content_hash == digest([one.claim_id, one.provider_id, one.filer_id, one.order_id, asdict(one.papers)])
