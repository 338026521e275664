"""What supervision says after the bureau has passed a claim: money must not go out over it, nor a claim be stuck."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.settlement.world import GUIZHOU, World

UNCLEARED = pytest.mark.parametrize("verdict", ["held", "rejected"])


def status(world: World, claim_id: str) -> str:
    return world.claim(claim_id)["status"]


def put_forward(world: World, provider_id: str) -> dict[str, str | int]:
    return {"disbursement_id": world.new("D"), "provider_id": provider_id, "programme": GUIZHOU, "year": 2018}


def review(world: World, disbursement_id: str, stage: str, decision: str = "approve") -> dict:
    reasons = ["x"] if decision == "refuse" else None
    return world.do(
        "review_disbursement", disbursement_id=disbursement_id, stage=stage, decision=decision, reasons=reasons
    )


def test_a_claim_held_after_it_passed_waits_and_the_others_go(world: World) -> None:
    """An alert that came to light later would hold nothing at all."""
    (held, fine), provider_id = world.passed(claims=2)
    world.verdict(held, provider_id, "held")
    filed = world.ok("file_disbursement", **put_forward(world, provider_id))
    assert (filed["claims"], filed["left"]) == (1, 0)
    assert (status(world, held), status(world, fine)) == ("passed", "in_disbursement")
    error = world.refused("file_disbursement", **put_forward(world, provider_id))
    assert (error["code"], error["facts"]["held"]) == ("NOTHING_TO_DISBURSE", 1)
    world.verdict(held, provider_id, "cleared")
    assert world.ok("file_disbursement", **put_forward(world, provider_id))["claims"] == 1


@UNCLEARED
def test_the_bureau_approves_no_claim_that_is_not_cleared(world: World, verdict: str) -> None:
    """Refused, its claims are put back; one that was rejected meanwhile is refused there and then."""
    (bad, fine), provider_id = world.passed(claims=2)
    body = put_forward(world, provider_id)
    world.ok("file_disbursement", **body)
    world.verdict(bad, provider_id, verdict)
    assert review(world, body["disbursement_id"], "operator")["ok"]
    error = review(world, body["disbursement_id"], "bureau")["error"]
    assert (error["code"], error["article"], error["facts"]["claims"]) == ("HELD_BY_SUPERVISION", "五(四)", [bad])
    assert review(world, body["disbursement_id"], "bureau", "refuse")["ok"]
    ended = {"held": ("passed", []), "rejected": ("refused", ["INVOICE_REUSED"])}[verdict]
    seen = world.claim(bad)
    assert (seen["status"], seen["reasons"] or []) == ended
    assert (seen["order_claimed"], status(world, fine)) == (verdict == "held", "passed")
    assert world.ok("file_disbursement", **put_forward(world, provider_id))["claims"] == 1


@UNCLEARED
def test_a_payment_with_a_claim_that_is_not_cleared_is_held(world: World, verdict: str) -> None:
    """Confirmed fraud would be paid, only because it was confirmed after the approval."""
    disbursement_id, (bad, fine), provider_id = world.approved(claims=2)
    other = world.approved()
    made = world.make()
    world.verdict(bad, provider_id, verdict)
    done = world.release(made)["result"]
    assert (done["sent"], done["held"]) == (1, 1)
    items = {one["payee_id"]: one for one in world.ask("get_batch", id=made["id"])["items"]}
    assert (items[provider_id]["reason"], items[other[2]]["status"]) == ("HELD_BY_SUPERVISION", "sent")
    assert world.ask("explain", subject=items[provider_id]["payment_id"])["decisions"][-1]["facts"]["claims"] == [bad]
    assert review(world, disbursement_id, "operator", "refuse")["ok"]
    assert status(world, bad) == {"held": "passed", "rejected": "refused"}[verdict]
    assert status(world, fine) == "passed"


def test_a_claim_paid_once_is_not_refused_when_its_fraud_shows(world: World) -> None:
    """The voucher is redeemed and the bank's return recorded: it is simply never paid again."""
    batch_id, payment = world.sent()
    claim_id = world.ask("list_claims", programme=GUIZHOU)["items"][0]["claim_id"]
    for told in ("settled", "returned"):
        assert world.result(batch_id, payment, told)["ok"]
    world.ok("retry_payment", payment_id=payment["payment_id"], reason="x")
    made = world.make()
    world.verdict(claim_id, payment["payee_id"], "rejected")
    assert world.release(made)["result"]["held"] == 1
    (disbursement,) = world.ask("list_disbursements", programme=GUIZHOU)["items"]
    assert review(world, disbursement["disbursement_id"], "operator", "refuse")["ok"]
    assert status(world, claim_id) == "passed"
    world.verdict(claim_id, payment["payee_id"], "rejected")
    assert status(world, claim_id) == "passed"
    figures = world.figures()
    assert figures["paid_fen"] == figures["returned_fen"] > 0
    assert figures["approved_fen"] == figures["paid_fen"], "what was paid was approved, whatever became of it since"


@pytest.mark.parametrize("told", ["here", "since", "later"])
def test_a_blacklisting_counts_from_its_moment_on(world: World, told: str) -> None:
    """Supervision's flag follows within a tick; money that goes out meanwhile does not come back."""
    _disbursement, (claim_id,), provider_id = world.approved()
    made, now = world.make(), world.clock.now()
    if told == "here":
        world.blacklist(provider_id)
    else:
        world.since_there[provider_id] = now if told == "since" else now + timedelta(seconds=1)
    done = world.release(made)["result"]
    assert (done["sent"], done["held"]) == ((1, 0) if told == "later" else (0, 1))
    (item,) = world.ask("get_batch", id=made["id"])["items"]
    assert item["reason"] == (None if told == "later" else "BLACKLISTED")
    assert status(world, claim_id) == ("paying" if told == "later" else "in_disbursement")
