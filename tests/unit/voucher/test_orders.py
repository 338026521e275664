"""The life of an order as a table, and what each step does to the money."""

from __future__ import annotations

import pytest

from contracts.events.voucher import EVENTS, ORDER_STATES
from services.voucher.domain.ledger import Account, Books
from services.voucher.domain.orders import EVENT_OF, RULES_OF, TRANSITIONS, accounts_of, placing, step
from tests.unit.voucher.made import NOW, order

# action → from state → to state; every other pair is refused
ALLOWED = {
    ("confirm", "placed"): "confirmed",
    ("cancel", "placed"): "cancelled",
    ("void", "placed"): "voided",
    ("request_refund", "confirmed"): "refund_requested",
    ("consent", "refund_requested"): "refunded",
    ("decline", "refund_requested"): "confirmed",
    ("claim", "confirmed"): "claimed",
    ("release", "claimed"): "confirmed",
    ("pay", "claimed"): "redeemed",
    ("hand_over", "confirmed"): "confirmed",
    ("hand_over", "refund_requested"): "refund_requested",
}


@pytest.mark.parametrize("state", ORDER_STATES)
@pytest.mark.parametrize("action", TRANSITIONS)
def test_each_action_from_each_state(action, state):
    """Lost otherwise: a refund of what was claimed, or a claim of what was refunded (第二十条、第二十二条)."""
    found = step(order=order(status=state, voucher_fen=0, own_fen=1000), action=action, today_year=2019)
    assert (found.order.status if found else None) == ALLOWED.get((action, state))
    if found:
        assert found.order.sequence == 2


def test_every_action_has_its_event_and_its_law():
    """Lost otherwise: a change nobody hears of, or a decision that names no article."""
    published = {event.type for event in EVENTS}
    assert set(EVENT_OF) == {"place", *TRANSITIONS}
    assert set(EVENT_OF.values()) <= published
    assert set(RULES_OF) == set(TRANSITIONS)


# steps of an order of 600 fen voucher, the year in which the last is taken → where the 600 fen are at the end
MONEY = {
    "placed": ([], 2019, {"quota": 1000}),
    "confirmed": (["confirm"], 2019, {"quota": 400, "committed": 600}),
    "cancelled": (["cancel"], 2019, {"quota": 1000}),
    "cancelled after the year": (["cancel"], 2020, {"quota": 400, "lapsed": 600}),
    "voided": (["void"], 2019, {"quota": 1000}),
    "voided after the year": (["void"], 2020, {"quota": 400, "lapsed": 600}),
    "refunded": (["confirm", "request_refund", "consent"], 2019, {"quota": 1000}),
    "refunded after the year": (["confirm", "request_refund", "consent"], 2020, {"quota": 400, "lapsed": 600}),
    "declined": (["confirm", "request_refund", "decline"], 2019, {"quota": 400, "committed": 600}),
    "claimed": (["confirm", "claim"], 2019, {"quota": 400, "claimed": 600}),
    "released": (["confirm", "claim", "release"], 2020, {"quota": 400, "committed": 600}),
    "redeemed": (["confirm", "claim", "pay"], 2020, {"quota": 400, "redeemed": 600}),
    "handed over": (["confirm", "hand_over"], 2019, {"quota": 400, "committed of P2": 600}),
    "handed over and claimed": (["confirm", "hand_over", "claim"], 2019, {"quota": 400, "claimed of P2": 600}),
}


@pytest.mark.parametrize("story", MONEY)
def test_where_the_money_is_after_each_story(story):
    """Lost otherwise: a voucher is both paid and returned, or vanishes; accounts_of must name all that is moved."""
    actions, year, expected = MONEY[story]
    one = order()
    books = Books.of([Account(one.quota, credits_posted=1000)], at=NOW)
    books.add(Account(name) for name in accounts_of(one, "place"))
    books.move(placing(one), subject=one.order_id, version=1, cause="k")
    for action in actions:
        books.add(Account(name) for name in accounts_of(one, action, to_provider="P2"))
        changes = {"provider_id": "P2"} if action == "hand_over" else {}
        today_year = year if action == actions[-1] else 2019
        done = step(order=one, action=action, today_year=today_year, **changes)
        one = done.order
        books.move(done.moves, subject=one.order_id, version=one.sequence, cause="k")
    left = {_short(name): account.balance_fen for name, account in books.accounts.items() if account.balance_fen}
    assert left == expected
    assert sum(account.debits_pending for account in books.accounts.values()) == (600 if story == "placed" else 0)


def _short(name: str) -> str:
    kind, _, _, *owner = name.split(":")
    return f"{kind} of P2" if owner == ["P2"] else kind


@pytest.mark.parametrize("action", TRANSITIONS)
def test_an_order_at_own_cost_moves_nothing(action):
    """Lost otherwise: a transfer of 0 fen, which the books refuse as a defect (第二十一条)."""
    state = next(iter(TRANSITIONS[action]))
    own = order(status=state, voucher_fen=0, own_fen=1000)
    assert step(order=own, action=action, today_year=2020).moves == ()
    assert accounts_of(own, action) == ()
    assert placing(own) == ()
