"""The life of an order, and what each step does to the money: the order row alone arbitrates between refund and claim.

placed ─confirm─▶ confirmed ─claim─▶ claimed ─pay─▶ redeemed
  │cancel          │ │  ▲ ▲────release────┘
  ▼ (void)    fail │ │  └decline──────┐
cancelled     failed └request_refund▶ refund_requested ─consent─▶ refunded
(voided)

Support comes from the enterprise's quota or from the plan's budget, and what the budget lacks from what a later year
makes up (`deferred`). What an order holds and nobody is paid goes back where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from contracts.errors import Refused
from contracts.programmes import Pack
from services.voucher.domain import ledger
from services.voucher.domain.denominations import PlanKey
from services.voucher.domain.law import absent, article, articles

DrawnOn: TypeAlias = Literal["quota", "budget"]

LIVE = ("placed", "confirmed", "refund_requested", "claimed", "redeemed")  # they count against the year's cap
# action → the states it may start from → the state it leads to; what is not listed is refused
TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "confirm": {"placed": "confirmed"},
    "cancel": {"placed": "cancelled"},
    "void": {"placed": "voided"},
    "fail": {"confirmed": "failed"},
    "request_refund": {"confirmed": "refund_requested"},
    "consent": {"refund_requested": "refunded"},
    "decline": {"refund_requested": "confirmed"},
    "claim": {"confirmed": "claimed"},
    "release": {"claimed": "confirmed"},
    "pay": {"claimed": "redeemed"},
    "hand_over": {"confirmed": "confirmed", "refund_requested": "refund_requested"},
    "settle": {"confirmed": "confirmed", "refund_requested": "confirmed"},
    "void_running": {"confirmed": "voided", "refund_requested": "voided"},
    "cover": {state: state for state in LIVE},
}
EVENT_OF: Mapping[str, str] = {
    "place": "voucher.order_placed.v1",
    "confirm": "voucher.order_confirmed.v1",
    "cancel": "voucher.order_cancelled.v1",
    "void": "voucher.order_voided.v1",
    "fail": "voucher.order_failed.v1",
    "request_refund": "voucher.order_refund_requested.v1",
    "consent": "voucher.order_refunded.v1",
    "decline": "voucher.order_refund_declined.v1",
    "claim": "voucher.order_claimed.v1",
    "release": "voucher.order_released.v1",
    "pay": "voucher.order_redeemed.v1",
    "hand_over": "voucher.order_handed_over.v1",
    "settle": "voucher.order_wound_down.v1",
    "void_running": "voucher.order_voided.v1",
    "cover": "voucher.order_covered.v1",
}
# actions that exist only where the pack has the rule
ASKED: Mapping[str, str] = {
    "request_refund": "order.refund",
    "consent": "order.refund",
    "decline": "order.refund",
    "fail": "order.void_on_failure",
    "settle": "exit.aftermath",
    "void_running": "exit.aftermath",
}
RUNS = ("confirmed", "refund_requested")
GIVES_BACK = (
    "cancel",
    "void",
    "consent",
    "fail",
    "void_running",
)  # all of the order's support, and its voucher's count


@dataclass(frozen=True)
class Order:
    """price_fen = voucher_fen + own_fen. year: the one whose money it spends; purse: whose plan's, in account names.

    drawn_on: where voucher_fen came from, but for shortfall_fen, which a later year makes up; deferred_fen: what of
    that is still to come. allowed_fen: what its claim may ask for; redeemed_fen: what was paid. prior_revenue_fen,
    years_used: what its amount was decided on. denomination_fen: of the voucher it holds. left_by: the provider that
    left while it ran; hand_over_due: and nobody has said yet what comes of it.
    """

    order_id: str
    enterprise_id: str
    provider_id: str
    product_id: str
    programme: str
    year: int
    region: str
    plan_region: str
    purse: str
    category: str
    track: str | None
    filing_id: str | None
    prior_revenue_fen: int | None
    years_used: int | None
    list_price_fen: int
    price_fen: int
    voucher_fen: int
    own_fen: int
    drawn_on: DrawnOn
    shortfall_fen: int
    deferred_fen: int
    allowed_fen: int | None
    redeemed_fen: int | None
    denomination_fen: int | None
    voucher_number: str | None
    agreement: str | None
    ordered_at: datetime
    confirmed_at: datetime | None
    contract_sha256: str | None
    claim_id: str | None
    status: str
    reason: str | None
    hand_over_due: bool
    left_by: str | None
    pack_version: str
    sequence: int

    @property
    def wound_down(self) -> bool:
        """Its provider left, and it was settled: it was served, and may be claimed."""
        return self.left_by == self.provider_id and not self.hand_over_due

    @property
    def plan(self) -> PlanKey:
        return self.programme, self.year, self.plan_region

    @property
    def source(self) -> str:
        if self.drawn_on == "quota":
            return self.of_enterprise
        return ledger.budget(self.programme, self.year, self.purse)

    @property
    def of_enterprise(self) -> str:
        """Whoever counts what an enterprise has in a year holds this account, with money in it or not."""
        return ledger.quota(self.programme, self.year, self.enterprise_id)

    @property
    def deferred(self) -> str:
        return ledger.deferred(self.programme, self.year, self.purse)

    @property
    def committed(self) -> str:
        return ledger.committed(self.programme, self.year, self.provider_id)

    @property
    def claimed(self) -> str:
        return ledger.claimed(self.programme, self.year, self.provider_id)

    @property
    def redeemed(self) -> str:
        return ledger.redeemed(self.programme, self.year, self.purse)

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """The accounts that its support was set aside in when it was placed, each with its part."""
        both = (self.source, self.voucher_fen - self.shortfall_fen), (self.deferred, self.shortfall_fen)
        return tuple((account, fen) for account, fen in both if fen)


@dataclass(frozen=True)
class Drawn:
    """What is counted of a live order with support; taken_fen: what was paid, or what it may come to."""

    order_id: str
    enterprise_id: str
    programme: str
    year: int
    track: str | None
    product_id: str
    contract_sha256: str | None
    taken_fen: int


@dataclass(frozen=True)
class Step:
    """An order after an action, and the movements that go with it."""

    order: Order
    moves: tuple[ledger.Move, ...]


def not_ruled(pack: Pack, action: str) -> Refused | None:
    """RULE_ABSENT when the programme knows no such action."""
    rule = ASKED.get(action)
    return absent(pack, rule, field="order_id") if rule is not None and article(pack, rule) is None else None


def rules_of(pack: Pack, action: str) -> tuple[str, ...]:
    """Paths of the rules that an action rests on; where the document does not speak of it, of the nearest that does."""
    paths: Mapping[str, tuple[str, ...]] = {
        "confirm": ("order.confirm", "issuing.apply", "order.service_standard")
        if pack.issuing is not None and pack.issuing.instrument == "contract_voucher"
        else (*_first(pack, "order.confirm", "issuing.apply", "amount.base"), "order.service_standard"),
        "cancel": _first(pack, "order.cancel", "order.voluntary", "issuing.apply", "budget"),
        "void": _first(pack, "exit.aftermath", "budget"),
        "claim": _first(pack, "claims.cadence", "claims.audit"),
        "release": _first(pack, "claims.materials", "claims.audit"),
        "pay": (f"payment.path.{len(pack.payment.path) - 1}",) if pack.payment is not None else (),
        "hand_over": ("exit.aftermath",),
        "cover": ("budget",),
    }
    return paths[action] if action in paths else (ASKED[action],)


def _first(pack: Pack, *paths: str) -> tuple[str, ...]:
    return next(((path,) for path in paths if articles(pack, path)), paths[:1])


def voucher_number(order: Order, pack: Pack) -> str | None:
    """Of the voucher that is generated when a contract is confirmed (内蒙古 六): of which plan, and of which order."""
    generated = pack.issuing is not None and pack.issuing.instrument == "contract_voucher"
    return f"{order.plan_region}-{order.year}-{order.order_id}" if generated and order.voucher_fen else None


def home(*, order: Order, pack: Pack, today_year: int) -> str:
    """Where what nobody is paid goes: back to its source; after the year's end it lapses, or goes on to the next."""
    if today_year <= order.year:
        return order.source
    if pack.budget is not None and pack.budget.unspent == "carry_over":
        return ledger.budget(order.programme, order.year, order.purse)
    return ledger.lapsed(order.programme, order.year, order.purse)


def step(*, order: Order, action: str, home: str, payable_fen: int | None = None, **changes: Any) -> Step | None:
    """The action carried out; None when the order's state does not allow it.

    home: the account to which money returns (`home` above). payable_fen: what is paid, where that is less than the
    order holds. changes: fields to set.
    """
    status = TRANSITIONS[action].get(order.status)
    if status is None:
        return None
    if action == "pay":
        changes["redeemed_fen"] = min(order.voucher_fen, order.voucher_fen if payable_fen is None else payable_fen)
    if status not in (*RUNS, "claimed"):
        changes["hand_over_due"] = False
    after = replace(order, status=status, sequence=order.sequence + 1, **changes)
    moves = _moves(order, after, action, home) if order.voucher_fen else ()
    if action != "cover":
        back_fen = sum(move.amount_fen for move in moves if order.deferred in (move.credit, _voided(move)))
        after = replace(after, deferred_fen=max(0, order.deferred_fen - back_fen))
    return Step(after, moves)


def placing(order: Order) -> tuple[ledger.Move, ...]:
    """Placing sets the support aside, from where it comes from towards the provider."""
    return tuple(ledger.Move("pending", account, order.committed, fen, "order_placed") for account, fen in order.parts)


def accounts_of(order: Order, action: str, *, home: str, to_provider: str | None = None) -> tuple[str, ...]:
    """The accounts that an action may touch, to be loaded and locked before it is decided."""
    if not order.voucher_fen:
        return ()
    sources = tuple(account for account, _ in order.parts)
    if action in ("place", "confirm"):
        return (*sources, order.committed, order.of_enterprise)
    if action in GIVES_BACK:
        return (*sources, order.committed, home)
    if action in ("claim", "release"):
        return (order.committed, order.claimed)
    if action == "pay":
        return (*sources, order.claimed, order.redeemed, home)
    if action == "hand_over" and to_provider is not None:
        return (order.committed, ledger.committed(order.programme, order.year, to_provider))
    return ()


def _moves(order: Order, after: Order, action: str, home: str) -> tuple[ledger.Move, ...]:
    fen, name = order.voucher_fen, f"order_{after.status}"
    if action == "confirm":
        return _ending("post_pending", order, name)
    if action in ("cancel", "void"):
        back = _ending("void_pending", order, name)
        own_fen = fen - order.shortfall_fen
        if home == order.source or not own_fen:
            return back
        return (*back, ledger.Move("posted", order.source, home, own_fen, name))
    if action in ("consent", "fail", "void_running"):
        return _back(order, order.committed, fen, home, name)
    if action == "claim":
        return (ledger.Move("posted", order.committed, order.claimed, fen, name),)
    if action == "release":
        return (ledger.Move("posted", order.claimed, order.committed, fen, "claim_ended"),)
    if action == "pay":
        paid_fen = after.redeemed_fen or 0
        paid = (ledger.Move("posted", order.claimed, order.redeemed, paid_fen, name),) if paid_fen else ()
        return (*paid, *_back(order, order.claimed, fen - paid_fen, home, "order_paid_less"))
    if action == "hand_over":
        return (ledger.Move("posted", order.committed, after.committed, fen, "order_handed_over"),)
    return ()


def _ending(kind: ledger.Kind, order: Order, name: str) -> tuple[ledger.Move, ...]:
    """Post or void what placing, its first version, set aside."""
    return tuple(
        ledger.Move(kind, account, order.committed, fen, name, ledger.transfer_id(order.order_id, 1, leg))
        for leg, (account, fen) in enumerate(order.parts, start=1)
    )


def _back(order: Order, account: str, amount_fen: int, home: str, name: str) -> tuple[ledger.Move, ...]:
    """Give back where it came from: first what a later year was to make up, so that it has to make up less."""
    later_fen = min(amount_fen, order.shortfall_fen)
    parts = (order.deferred, later_fen), (home, amount_fen - later_fen)
    return tuple(ledger.Move("posted", account, to, fen, name) for to, fen in parts if fen)


def _voided(move: ledger.Move) -> str | None:
    return move.debit if move.kind == "void_pending" else None


def state(order: Order, law: Mapping[str, object]) -> dict[str, object]:
    """The order as its events tell of it."""
    return {**{name: getattr(order, name) for name in TOLD}, "law": law}


TOLD = (
    "order_id", "enterprise_id", "provider_id", "product_id", "programme", "year", "region", "plan_region", "category",
    "track", "filing_id", "list_price_fen", "price_fen", "voucher_fen", "own_fen", "shortfall_fen", "deferred_fen",
    "allowed_fen", "redeemed_fen", "voucher_number", "denomination_fen", "pack_version", "ordered_at", "confirmed_at",
    "contract_sha256", "claim_id", "wound_down", "status", "reason",
)  # fmt: skip
