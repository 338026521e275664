"""The life of an order, and what each step does to the money: the order row alone arbitrates between refund and claim.

placed ─confirm─▶ confirmed ─claim─▶ claimed ─pay─▶ redeemed
  │cancel            │  ▲ ▲────release────┘
  ▼ (void)           │  └decline──────┐
cancelled (voided)   └request_refund▶ refund_requested ─consent─▶ refunded
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.voucher.domain import ledger

# action → the states it may start from → the state it leads to; what is not listed is refused
TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "confirm": {"placed": "confirmed"},
    "cancel": {"placed": "cancelled"},
    "void": {"placed": "voided"},
    "request_refund": {"confirmed": "refund_requested"},
    "consent": {"refund_requested": "refunded"},
    "decline": {"refund_requested": "confirmed"},
    "claim": {"confirmed": "claimed"},
    "release": {"claimed": "confirmed"},
    "pay": {"claimed": "redeemed"},
    "hand_over": {"confirmed": "confirmed", "refund_requested": "refund_requested"},
}
EVENT_OF: Mapping[str, str] = {
    "place": "voucher.order_placed.v1",
    "confirm": "voucher.order_confirmed.v1",
    "cancel": "voucher.order_cancelled.v1",
    "void": "voucher.order_voided.v1",
    "request_refund": "voucher.order_refund_requested.v1",
    "consent": "voucher.order_refunded.v1",
    "decline": "voucher.order_refund_declined.v1",
    "claim": "voucher.order_claimed.v1",
    "release": "voucher.order_released.v1",
    "pay": "voucher.order_redeemed.v1",
    "hand_over": "voucher.order_handed_over.v1",
}
# the rules of a pack that each action rests on
RULES_OF: Mapping[str, tuple[str, ...]] = {
    "confirm": ("order.confirm", "order.service_standard"),
    "cancel": ("order.cancel",),
    "void": ("exit.aftermath",),
    "request_refund": ("order.refund",),
    "consent": ("order.refund",),
    "decline": ("order.refund",),
    "claim": ("claims.cadence",),
    "release": ("claims.materials",),
    "pay": ("payment.path.2",),
    "hand_over": ("exit.aftermath",),
}


@dataclass(frozen=True)
class Order:
    """price_fen = voucher_fen + own_fen. year: the one whose quota it spends. hand_over_due: its provider has left."""

    order_id: str
    enterprise_id: str
    provider_id: str
    product_id: str
    programme: str
    year: int
    category: str
    list_price_fen: int
    price_fen: int
    voucher_fen: int
    own_fen: int
    agreement: str | None
    ordered_at: datetime
    confirmed_at: datetime | None
    contract_sha256: str | None
    claim_id: str | None
    status: str
    reason: str | None
    hand_over_due: bool
    pack_version: str
    sequence: int

    @property
    def quota(self) -> str:
        return ledger.quota(self.programme, self.year, self.enterprise_id)

    @property
    def committed(self) -> str:
        return ledger.committed(self.programme, self.year, self.provider_id)

    @property
    def claimed(self) -> str:
        return ledger.claimed(self.programme, self.year, self.provider_id)

    @property
    def lapsed(self) -> str:
        return ledger.lapsed(self.programme, self.year)


@dataclass(frozen=True)
class Step:
    """An order after an action, and the movements that go with it."""

    order: Order
    moves: tuple[ledger.Move, ...]


def step(*, order: Order, action: str, today_year: int, **changes: Any) -> Step | None:
    """The action carried out; None when the order's state does not allow it.

    today_year: money of a year that is over does not return to a quota, it lapses (第十六条). changes: fields to set.
    """
    status = TRANSITIONS[action].get(order.status)
    if status is None:
        return None
    after = replace(order, status=status, sequence=order.sequence + 1, **changes)
    if not order.voucher_fen:
        return Step(after, ())
    return Step(after, _moves(order, after, action, year_over=today_year > order.year))


def placing(order: Order) -> tuple[ledger.Move, ...]:
    """Placing sets the voucher aside, from the enterprise's quota towards the provider."""
    if not order.voucher_fen:
        return ()
    return (ledger.Move("pending", order.quota, order.committed, order.voucher_fen, "order_placed"),)


def state(order: Order, law: Mapping[str, object]) -> dict[str, object]:
    """The order as its events tell of it."""
    return {
        "order_id": order.order_id,
        "enterprise_id": order.enterprise_id,
        "provider_id": order.provider_id,
        "product_id": order.product_id,
        "programme": order.programme,
        "year": order.year,
        "category": order.category,
        "list_price_fen": order.list_price_fen,
        "price_fen": order.price_fen,
        "voucher_fen": order.voucher_fen,
        "own_fen": order.own_fen,
        "ordered_at": order.ordered_at,
        "confirmed_at": order.confirmed_at,
        "contract_sha256": order.contract_sha256,
        "claim_id": order.claim_id,
        "status": order.status,
        "reason": order.reason,
        "law": law,
    }


def accounts_of(order: Order, action: str, *, to_provider: str | None = None) -> tuple[str, ...]:
    """The accounts that an action may touch, to be loaded and locked before it is decided."""
    if not order.voucher_fen:
        return ()
    if action in ("place", "confirm"):
        return (order.quota, order.committed)
    if action in ("cancel", "void", "consent"):
        return (order.quota, order.committed, order.lapsed)
    if action in ("claim", "release"):
        return (order.committed, order.claimed)
    if action == "pay":
        return (order.claimed, ledger.redeemed(order.programme, order.year))
    if action == "hand_over" and to_provider is not None:
        return (order.committed, ledger.committed(order.programme, order.year, to_provider))
    return ()


def _moves(order: Order, after: Order, action: str, *, year_over: bool) -> tuple[ledger.Move, ...]:
    fen, name = order.voucher_fen, f"order_{after.status}"
    pending_id = ledger.transfer_id(order.order_id, 1)  # placing was its first version
    if action == "confirm":
        return (ledger.Move("post_pending", order.quota, order.committed, fen, name, pending_id),)
    if action in ("cancel", "void"):
        back = ledger.Move("void_pending", order.quota, order.committed, fen, name, pending_id)
        return (back, ledger.Move("posted", order.quota, order.lapsed, fen, name)) if year_over else (back,)
    if action == "consent":
        to = order.lapsed if year_over else order.quota
        return (ledger.Move("posted", order.committed, to, fen, name),)
    if action == "claim":
        return (ledger.Move("posted", order.committed, order.claimed, fen, name),)
    if action == "release":
        return (ledger.Move("posted", order.claimed, order.committed, fen, "claim_ended"),)
    if action == "pay":
        return (ledger.Move("posted", order.claimed, ledger.redeemed(order.programme, order.year), fen, name),)
    if action == "hand_over":
        return (ledger.Move("posted", order.committed, after.committed, fen, "order_handed_over"),)
    return ()
