"""Partial approval, the market's price at payment, one invoice in two programmes, and a claim's history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.settlement.test_programmes import RULES
from tests.integration.settlement.world import PRICE, VOUCHER, World, uid

LINES = [{"name": "云主机", "amount_fen": 700_000}, {"name": "培训", "amount_fen": 300_000}]
TRAINING = {"line": 2, "amount_fen": 300_000, "code": "NOT_ELIGIBLE", "reason": "培训不在支持范围"}


def of_lines(world: World, provider_id: str, **changed: Any) -> tuple[str, str]:
    """A claim of an invoice with two lines, collected and cleared: its id, its order."""
    order_id = world.order(provider_id)
    claim_id = world.ok("file_claim", **world.papers(order_id, provider_id, invoice__lines=LINES, **changed))["id"]
    world.answer(claim_id, order_id, provider_id)
    world.node()
    world.verdict(claim_id, provider_id)
    return claim_id, order_id


def test_what_is_disallowed_of_a_line_is_not_paid(world: World) -> None:
    """Through to the bank: every figure of the claim goes by what is payable, and the order hears of no more."""
    provider_id = world.provider()
    claim_id, _order = of_lines(world, provider_id)
    error = world.review(claim_id, "operator", disallowed=[{**TRAINING, "amount_fen": 300_001}])["error"]
    assert (error["code"], error["field"], error["facts"]["holds_fen"]) == ("LINE_UNKNOWN", "disallowed", 300_000)
    assert world.review(claim_id, "operator", disallowed=[TRAINING])["ok"]
    assert world.review(claim_id, "bureau")["ok"]
    paid_fen = VOUCHER - VOUCHER * 300_000 // PRICE
    seen = world.claim(claim_id)
    assert (seen["disallowed"], seen["disallowed_fen"], seen["payable_fen"]) == ([TRAINING], 120_000, paid_fen)
    assert (seen["lines"], seen["status"]) == (LINES, "passed")
    assert world.figures()["claimed_fen"] == paid_fen
    body = world.putting(provider_id)
    assert world.ok("file_disbursement", **body)["amount_fen"] == paid_fen
    world.approve(body["disbursement_id"])
    made = world.make()
    assert world.release(made)["result"]["sent_fen"] == paid_fen
    (payment,) = world.ask("get_batch", id=made["id"])["items"]
    assert world.result(made["id"], payment, "settled")["ok"]
    figures = world.figures()
    assert (figures["paid_fen"], figures["approved_fen"], figures["held_fen"]) == (paid_fen, paid_fen, 0)
    told = next(body["data"] for body in world.outbox() if body["type"] == "settlement.claim_paid.v1")
    assert (told["payable_fen"], told["disallowed_fen"], told["claimed_fen"]) == (paid_fen, 120_000, VOUCHER)


def test_a_price_above_the_markets_by_now_is_not_paid(world: World) -> None:
    """贵州 三(二): what was in order when it was approved may be overpriced on the day of payment."""
    dear, fine = uid("K", 7), uid("K", 8)
    payees = {product: world.provider() for product in (dear, fine)}
    claims: dict[str, str] = {}
    for product, provider_id in payees.items():
        order_id = world.order(provider_id, product_id=product)
        claims[product] = world.ok("file_claim", **world.papers(order_id, provider_id))["id"]
        world.answer(claims[product], order_id, provider_id)
    world.node()
    filed: dict[str, str] = {}
    for product, provider_id in payees.items():
        world.through(claims[product], provider_id)
        filed[product] = world.ok("file_disbursement", **world.putting(provider_id))["id"]
        world.approve(filed[product])
    made = world.make()
    world.product(fine, PRICE)
    world.product(dear, PRICE - 1)
    done = world.release(made)["result"]
    assert (done["sent"], done["held"]) == (1, 1)
    (held,) = (one for one in world.ask("get_batch", id=made["id"])["items"] if one["status"] == "held")
    assert (held["payee_id"], held["reason"]) == (payees[dear], "PRICE_ABOVE_MARKET")
    decision = world.ask("explain", subject=held["payment_id"])["decisions"][-1]
    assert (decision["facts"]["claims"], decision["articles"][-1]) == ([claims[dear]], "三(二)")
    again = {"disbursement_id": filed[dear], "decision": "approve"}
    world.ok("review_disbursement", **again, stage="operator")
    error = world.refused("review_disbursement", **again, stage="bureau")
    assert (error["code"], error["article"], error["facts"]["claims"]) == (
        "PRICE_ABOVE_MARKET",
        "三(二)",
        [claims[dear]],
    )
    world.product(dear, PRICE)
    world.ok("review_disbursement", **again, stage="bureau")
    assert world.release(world.make())["result"]["sent"] == 1, "the market has moved on, and so does the payment"


@pytest.mark.parametrize("number", ["0440-0182", "０４４０ ０１８２", "0440/0182 "])
def test_an_invoice_is_claimed_once_whichever_programme_it_is(world: World, number: str) -> None:
    """Both offices pay for one invoice otherwise; a claim that was refused or withdrawn gives it back."""
    world.at(world.clock.now() + timedelta(days=430))
    ends = ("withdraw_claim", "review_claim")
    for end, first, second in zip(
        ends, ("guizhou-2018", "neimenggu-2019"), ("neimenggu-2019", "guizhou-2018"), strict=True
    ):
        world.runs(first, *RULES[first], 2019)
        claim_id, _order, provider_id = world.filed(invoice__number="04400182")
        world.runs(second, *RULES[second], 2019)
        elsewhere = world.provider()
        there = world.papers(world.order(elsewhere), elsewhere, invoice__number=number)
        assert world.refused("file_claim", **there)["code"] == "INVOICE_ALREADY_CLAIMED"
        world.runs(first, *RULES[first], 2019)
        if end == "withdraw_claim":
            world.ok(end, claim_id=claim_id, provider_id=provider_id)
        else:
            world.answer(claim_id, _order, provider_id)
            world.node()
            assert world.review(claim_id, world.claim(claim_id)["stage"], "refuse")["ok"]
        world.runs(second, *RULES[second], 2019)
        assert world.ok("file_claim", **there)["status"] == "filed"
        world.ok("withdraw_claim", claim_id=there["claim_id"], provider_id=elsewhere)


def test_a_claim_that_was_returned_keeps_its_history(world: World) -> None:
    """Who corrects a claim, and who reviews it anew, must see what was wrong with it before, and who said so when."""
    provider_id = world.provider()
    claim_id, order_id = of_lines(world, provider_id)
    assert world.review(claim_id, "operator", disallowed=[TRAINING])["ok"]
    assert world.review(claim_id, "bureau", "return", reasons=["发票盖章不清"])["ok"]
    first_hash = world.claim(claim_id)["content_hash"]
    world.ok("file_claim", **world.papers(order_id, provider_id, claim_id, usage__days_used=29))
    world.answer(claim_id, order_id, provider_id)
    world.node()
    assert world.review(claim_id, "operator", "refuse", reasons=["重复报送"])["ok"]
    seen = world.claim(claim_id)
    first, second = seen["history"]
    assert (first["claim_version"], first["content_hash"], first["filed_as"]) == (1, first_hash, ["platform"])
    assert second["content_hash"] == seen["content_hash"] != first_hash
    assert [one["action"] for one in first["decisions"]] == [
        *("claim.answered", "claim.collected", "claim.operator.pass", "claim.bureau.return")
    ]
    passed, returned = first["decisions"][2:]
    assert (passed["codes"], passed["stage"], passed["decided_by"]) == (["NOT_ELIGIBLE"], "first_review", "operator-1")
    assert (returned["reasons"], returned["decided_as"], returned["at"]) == (
        ["发票盖章不清"],
        ["bureau"],
        "2018-09-03T05:00:00Z",
    )
    assert [one["action"] for one in second["decisions"]][-1] == "claim.operator.refuse"
    mine = world.query("get_claim", role="provider", organisation=provider_id, id=claim_id)["result"]["history"]
    assert [one["claim_version"] for one in mine] == [1, 2]
    assert mine[0]["decisions"][3]["reasons"] == ["发票盖章不清"]
    assert not [name for name in ("operator-1", "filed_by", "decided_by") if name in str(mine)], "for officials alone"
