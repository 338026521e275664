"""The claim's state machine: a transition that is not listed, or a review cut short, moves public money."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.errors import ERRORS, Refused
from contracts.events.settlement import CLAIM_STATES, EVENTS
from services.settlement.domain import claims, disbursements, payments, questions
from services.settlement.domain.nodes import announce, node_for
from services.settlement.domain.steps import Step, derived_id
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
        ({"blacklisted": True}, "BLACKLISTED", "provider_id"),
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
        RETURNED, sequence=7, operator_by="o", bureau_by="b", node_id="N", reasons=("x",), order_claimed=True
    )
    step = file(former=former, order_=order(status="claimed", claim_id="C1"))
    assert isinstance(step, Step)
    after = step.after
    assert (after.status, after.claim_version, after.sequence) == ("filed", 2, 8)
    assert (after.operator_by, after.bureau_by, after.node_id, after.reasons) == (None, None, None, ())
    assert after.order_claimed, "voucher's order row still holds itself for this claim"


def test_states_and_events_are_those_of_the_contract() -> None:
    """A state or event that the contract does not know would break every consumer."""
    types = {event.type for event in EVENTS}
    for moves in (claims.MOVES, disbursements.MOVES, payments.MOVES, payments.BATCH_MOVES, questions.MOVES):
        assert {f"settlement.{move.event}.v1" for move in moves.values()} <= types
    states = {state for move in claims.MOVES.values() for state in (*move.sources, move.target)}
    assert states == set(CLAIM_STATES)


ALLOWED = {  # what may follow what, written down a second time
    "filed": {"accepted", "refused", "withdrawn"},
    "accepted": {"collected", "refused", "withdrawn"},
    "collected": {"operator_passed", "returned", "refused", "withdrawn"},
    "operator_passed": {"passed", "returned", "refused", "withdrawn"},
    "returned": {"filed", "refused", "withdrawn"},
    "passed": {"in_disbursement", "returned", "refused", "withdrawn"},
    "in_disbursement": {"approved", "passed"},
    "approved": {"paying", "in_disbursement"},
    "paying": {"paid", "payment_failed"},
    "paid": {"payment_failed"},
    "payment_failed": {"approved"},
    "refused": {"refused"},
    "withdrawn": {"withdrawn"},
}


def test_no_other_transition_is_in_the_table() -> None:
    """A way from `returned` to `passed`, say, would be a payment without a review."""
    moves = [(source, move.target) for move in claims.MOVES.values() for source in move.sources]
    assert {source: {to for at, to in moves if at == source} for source in CLAIM_STATES} == ALLOWED


@pytest.mark.parametrize("status", CLAIM_STATES)
@pytest.mark.parametrize("stage", ["operator", "bureau"])
def test_a_review_needs_its_state(stage, status) -> None:
    due = {"operator": "collected", "bureau": "operator_passed"}[stage]
    step = review(claim(status), stage)
    assert isinstance(step, Step) if status == due else step.code == "WRONG_STATE"
    if status != due:
        assert step.facts["status"] == status


@pytest.mark.parametrize("decision", ["return", "refuse", "withdraw"])
def test_a_passed_claim_that_is_not_put_forward_can_still_end(decision) -> None:
    """A provider that was blacklisted since can put nothing forward: its order would stay claimed for ever."""

    def end(one):
        if decision == "withdraw":
            return claims.withdraw(claim=one, provider_id="P1", pack=pack())
        return review(one, "bureau", decision, blacklisted=True)

    step = end(claim("passed", operator_by="o", order_claimed=True))
    assert step.after.status == {"return": "returned", "refuse": "refused", "withdraw": "withdrawn"}[decision]
    assert step.after.order_claimed == (decision == "return")
    paid_once = end(claim("passed", operator_by="o", paid_at=NOW))
    assert (paid_once.code, paid_once.facts["paid"]) == ("WRONG_STATE", True), "its voucher is redeemed"
    assert review(claim("passed", operator_by="same"), "bureau", "refuse", reviewer="same").code == "SAME_PERSON"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"roles": frozenset({"operator"})}, "FORBIDDEN"),
        ({"reviewer": "same"}, "SAME_PERSON"),
        ({"reviewer": "same", "decision": "refuse"}, "SAME_PERSON"),
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
    waiting = claim("operator_passed", operator_by="same")
    refused = review(waiting, "bureau", **changed)
    assert refused.code == code
    assert code in ERRORS


def test_a_claim_in_doubt_can_still_be_returned_or_refused() -> None:
    """Otherwise a held claim could never end."""
    for decision, status in (("return", "returned"), ("refuse", "refused")):
        waiting = claim("operator_passed", operator_by="o", order_claimed=True)
        step = review(waiting, "bureau", decision, verdict="held", question_open=True)
        assert step.after.status == status
        assert step.after.order_claimed == (decision == "return"), "a returned claim keeps its order"


def test_the_decision_carries_article_and_numbers() -> None:
    step = review(claim("collected"))
    assert step.decision.articles == ("第二十三条",)
    assert step.decision.facts["claimed_fen"] == 400_000
    assert step.decision.pack_version == "guizhou-2018@1"


@pytest.mark.parametrize("status", [one for one in CLAIM_STATES if one not in (*claims.UNDER_REVIEW, "passed")])
def test_what_was_put_forward_or_ended_is_not_withdrawn(status) -> None:
    """Its money may be on the way."""
    refused = claims.withdraw(claim=claim(status), provider_id="P1", pack=pack())
    assert (refused.code, refused.facts["status"]) == ("WRONG_STATE", status)


def test_only_its_provider_withdraws_a_claim() -> None:
    assert claims.withdraw(claim=claim(), provider_id="P2", pack=pack()).code == "NOT_OWNER"
    step = claims.withdraw(claim=claim(order_claimed=True), provider_id="P1", pack=pack())
    assert (step.after.status, step.after.order_claimed) == ("withdrawn", False)


def test_the_order_row_decides() -> None:
    taken = claims.answered(claim=claim(), code=None, order_status="claimed", pack=pack())
    assert (taken.after.status, taken.after.order_claimed) == ("accepted", True)
    denied = claims.answered(claim=claim(), code="REFUND_PENDING", order_status="refund_requested", pack=pack())
    assert (denied.after.status, denied.after.reasons) == ("refused", ("REFUND_PENDING",))
    assert claims.answered(claim=claim("accepted"), code=None, order_status="claimed", pack=pack()) is None


@pytest.mark.parametrize("status", claims.ENDED)
def test_an_order_that_took_itself_for_an_ended_claim_is_told_again(status) -> None:
    """Answer and withdrawal crossed on the wire: without this the order would stay claimed for ever."""
    step = claims.answered(claim=claim(status), code=None, order_status="claimed", pack=pack())
    assert (step.after.status, step.event) == (status, f"claim_{status}")
    assert claims.answered(claim=claim(status), code="WRONG_STATE", order_status="x", pack=pack()) is None


def test_a_confirmed_alert_ends_that_version_alone() -> None:
    refused = claims.reject(claim=claim("passed"), claim_version=1, alerts=("INVOICE_REUSED",), pack=pack())
    assert (refused.after.status, refused.after.reasons) == ("refused", ("INVOICE_REUSED",))
    assert claims.reject(claim=claim("passed", claim_version=2), claim_version=1, alerts=(), pack=pack()) is None
    assert claims.reject(claim=claim("paid"), claim_version=1, alerts=(), pack=pack()) is None
    paid_once = claim("passed", paid_at=NOW)
    assert claims.reject(claim=paid_once, claim_version=1, alerts=(), pack=pack()) is None, "its voucher is redeemed"


def test_a_claim_waits_for_the_first_node_after_it() -> None:
    """第二十二条: one that misses a node waits for the next; filed at the very moment of closing, it has missed it."""
    nodes = []
    for number, hours in ((1, 10), (2, 5), (3, 20)):
        told = {"node_id": derived_id(str(number)), "year": 2018, "closes_at": NOW + timedelta(hours=hours)}
        nodes.append(announce(pack=pack(), announced_by="o", now=NOW, **told).after)
    late, early, last = nodes
    assert node_for(nodes, filed_at=NOW) is early
    assert node_for(nodes, filed_at=early.closes_at) is late
    assert node_for(nodes, filed_at=last.closes_at) is None
    assert (
        announce(pack=pack(), node_id="N", year=2018, closes_at=NOW, announced_by="o", now=NOW).code == "NODE_IN_PAST"
    )
