"""The order row's answer to a claim: it alone arbitrates between refund and claim."""

from __future__ import annotations

import pytest

from contracts.errors import ERRORS
from contracts.events.voucher import ORDER_STATES
from services.voucher.domain.claims import Heard, after_answer, answer
from tests.unit.voucher.made import order

OWN = {"claim_id": "C1"}
# the order, the claim as remembered, its version now → the code (None: claimed)
ANSWERS = {
    "confirmed": (order(status="confirmed"), None, 1, None),
    "claimed by it already, filed again": (
        order(status="claimed", **OWN),
        Heard("C1", "R1", 1, None, "claimed"),
        2,
        None,
    ),
    "claimed by another": (order(status="claimed", claim_id="C2"), None, 1, "CLAIMED_BY_ANOTHER"),
    "redeemed by another": (order(status="redeemed", claim_id="C2"), None, 1, "CLAIMED_BY_ANOTHER"),
    "redeemed by it": (order(status="redeemed", **OWN), None, 1, "WRONG_STATE"),
    "refund asked for": (order(status="refund_requested"), None, 1, "REFUND_PENDING"),
    "unknown": (None, None, 1, "NOT_FOUND"),
    "of another provider": (order(status="confirmed", provider_id="P2"), None, 1, "ORDER_OF_ANOTHER"),
    "at own cost": (order(status="confirmed", voucher_fen=0, own_fen=1000), None, 1, "NOTHING_TO_CLAIM"),
    "refused before, filed anew": (
        order(status="confirmed"),
        Heard("C1", "R1", 1, "REFUND_PENDING", "refused"),
        2,
        None,
    ),
    "ended, filed anew": (order(status="confirmed"), Heard("C1", "R1", 1, None, "released"), 2, None),
    "ended, old news": (order(status="confirmed"), Heard("C1", "R1", 2, None, "released"), 2, "WRONG_STATE"),
    **{
        state: (order(status=state), None, 1, "WRONG_STATE")
        for state in ORDER_STATES
        if state in ("placed", "cancelled", "refunded", "voided")
    },
}


@pytest.mark.parametrize("case", ANSWERS)
def test_answers(case):
    """Lost otherwise: an order is refunded and paid, or paid twice (第二十条、第二十二条)."""
    one, heard, version, code = ANSWERS[case]
    found = answer(order=one, heard=heard, claim_id="C1", claim_version=version, provider_id="P1")
    assert found == code
    assert code is None or code in ERRORS


@pytest.mark.parametrize(
    ("heard", "version", "code", "expected"),
    [
        (None, 1, None, Heard("C1", "R1", 1, None, "claimed")),
        (None, 1, "REFUND_PENDING", Heard("C1", "R1", 1, "REFUND_PENDING", "refused")),
        (Heard("C1", "R1", 2, None, "claimed"), 1, None, Heard("C1", "R1", 2, None, "claimed")),
    ],
)
def test_an_old_version_never_takes_the_place_of_a_newer(heard, version, code, expected):
    """Lost otherwise: news in another order brings an ended claim back."""
    assert after_answer(heard, claim_id="C1", order_id="R1", claim_version=version, code=code) == expected
