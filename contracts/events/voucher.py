"""voucher's events: plans, applications, orders; amounts in fen."""

from __future__ import annotations

from contracts import fields as f
from contracts.events.base import EventType, law, refused
from contracts.rpc.registry import CATEGORIES

APPLICATION_STATES = ("reserved", "waiting", "granted", "refused", "withdrawn", "lapsed")
ORDER_STATES = (
    "placed",
    "cancelled",
    "confirmed",
    "refund_requested",
    "refunded",
    "claimed",
    "redeemed",
    "voided",
)


class PlanState(f.Body):
    plan_id = f.ulid()
    programme = f.programme()
    year = f.year()
    budget_fen = f.fen()
    quota_fen = f.fen()
    opens_on = f.day()
    document = f.text(200)
    status = f.one_of(("made", "published", "closed"))
    law = law()


class ApplicationState(f.Body):
    """place: 1 is first in line; amount_fen: reserved or granted; lapsed_fen: unspent at its year's end."""

    application_id = f.ulid()
    enterprise_id = f.ulid()
    programme = f.programme()
    year = f.year()
    place = f.whole(1, 2**53)
    amount_fen = f.fen()
    lapsed_fen = f.fen(required=False)
    status = f.one_of(APPLICATION_STATES)
    reasons = f.words(500, 20, required=False)
    law = law()


class OrderState(f.Body):
    """price_fen = voucher_fen + own_fen; amount moved in the ledger is voucher_fen."""

    order_id = f.ulid()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    product_id = f.ulid()
    programme = f.programme()
    year = f.year()
    category = f.one_of(CATEGORIES)
    list_price_fen = f.fen()
    price_fen = f.fen()
    voucher_fen = f.fen()
    own_fen = f.fen()
    ordered_at = f.instant()
    confirmed_at = f.instant(required=False)
    contract_sha256 = f.sha256(required=False)
    claim_id = f.ulid(required=False)
    status = f.one_of(ORDER_STATES)
    reason = f.text(500, required=False)
    law = law()


class ClaimAnswer(f.Body):
    """The order row's verdict on a claim: it alone arbitrates between refund and claim."""

    claim_id = f.ulid()
    order_id = f.ulid()
    provider_id = f.ulid()
    code = f.text(64, required=False)
    order_status = f.text(40)


class YearClosed(f.Body):
    plan_id = f.ulid()
    programme = f.programme()
    year = f.year()
    lapsed_fen = f.fen()
    balances = f.facts()


def _e(name: str, schema: type[f.Body], *consumers: str, doc: str = "") -> EventType:
    return EventType(f"voucher.{name}.v1", schema, consumers, doc)


EVENTS = [
    _e("plan_made", PlanState, "notify"),
    _e("plan_published", PlanState, "notify"),
    _e(
        "application_received",
        ApplicationState,
        "notify",
        doc="Its place is taken; money reserved, or waiting in line.",
    ),
    _e("application_reserved", ApplicationState, "notify", doc="Money that another gave back reached it."),
    _e("quota_granted", ApplicationState, "notify", "supervision"),
    _e("application_refused", ApplicationState, "notify"),
    _e("application_withdrawn", ApplicationState, "notify"),
    _e("quota_lapsed", ApplicationState, "notify", doc="The year ended; what was unspent lapsed."),
    _e("order_placed", OrderState, "settlement", "supervision", "notify"),
    _e("order_confirmed", OrderState, "settlement", "supervision", "notify"),
    _e("order_cancelled", OrderState, "settlement", "supervision", "notify"),
    _e("order_refund_requested", OrderState, "settlement", "supervision", "notify"),
    _e("order_refund_declined", OrderState, "settlement", "supervision", "notify"),
    _e("order_refunded", OrderState, "settlement", "supervision", "notify"),
    _e("order_claimed", OrderState, "settlement", "supervision", doc="confirmed → claimed."),
    _e(
        "order_released",
        OrderState,
        "settlement",
        "supervision",
        doc="claimed → confirmed: its claim ended without payment.",
    ),
    _e("order_redeemed", OrderState, "settlement", "supervision", doc="Its claim was paid."),
    _e("order_voided", OrderState, "settlement", "supervision", "notify", doc="Its provider left before confirming."),
    _e("order_handed_over", OrderState, "settlement", "supervision", "notify"),
    _e("claim_answered", ClaimAnswer, "settlement", doc="Answer to settlement.claim_filed: code empty means claimed."),
    _e("year_closed", YearClosed, "notify", "supervision", "settlement"),
    refused("voucher"),
]
