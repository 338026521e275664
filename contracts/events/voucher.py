"""voucher's events: plans, applications, orders; amounts in fen."""

from __future__ import annotations

from contracts import fields as f
from contracts.events.base import EventType, decided, law, refused
from contracts.events.books import totals_told
from contracts.rpc.voucher import Denomination, Fund

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
    "failed",
)
FILING_STATES = ("submitted", "in_review", "opened", "returned", "refused", "withdrawn")


class PlanState(f.Body):
    """carried_fen: what earlier years left over; made_up_fen: what they owed and this plan makes up first; both are
    known when it is published. budget_fen is this year's own."""

    plan_id = f.ulid()
    programme = f.programme()
    year = f.year()
    region = f.region_prefix()
    budget_fen = f.fen()
    carried_fen = f.fen()
    made_up_fen = f.fen()
    denominations = f.many(Denomination, most=50)
    funds = f.many(Fund, most=3)
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


class FilingState(f.Body):
    """stage: the role whose turn it is; intake_on: the day by which it counts as sent in, where the pack has such days;
    region: the enterprise's."""

    filing_id = f.ulid()
    enterprise_id = f.ulid()
    programme = f.programme()
    region = f.region()
    track = f.code(20, required=False)
    category = f.code(20, required=False)
    provider_id = f.ulid(required=False)
    status = f.one_of(FILING_STATES)
    stage = f.code(20, required=False)
    intake_on = f.day(required=False)
    opened_on = f.day(required=False)
    reasons = f.words(500, 20, required=False)
    law = law()


class OrderState(f.Body):
    """price_fen = voucher_fen + own_fen; amount moved in the ledger is voucher_fen.

    shortfall_fen: the part of voucher_fen that was beyond the budget; deferred_fen: what of it still waits for a later
    year's plan; nothing is paid before. allowed_fen: what its claim may ask for; redeemed_fen: what was paid.
    voucher_number: of the voucher that was generated for this contract. plan_region: whose money it is. region: the
    enterprise's. pack_version: the rules it was placed under, overlay included; its claim is judged by the same.
    wound_down: its provider left, and the operator found that it was served: it may still be claimed.
    """

    order_id = f.ulid()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    product_id = f.ulid()
    programme = f.programme()
    year = f.year()
    region = f.region()
    plan_region = f.region_prefix()
    category = f.code(20)
    track = f.code(20, required=False)
    filing_id = f.ulid(required=False)
    list_price_fen = f.fen()
    price_fen = f.fen()
    voucher_fen = f.fen()
    own_fen = f.fen()
    shortfall_fen = f.fen(required=False)
    deferred_fen = f.fen()
    allowed_fen = f.fen(required=False)
    redeemed_fen = f.fen(required=False)
    voucher_number = f.text(40, required=False)
    denomination_fen = f.fen(required=False)
    pack_version = f.text(80)
    ordered_at = f.instant()
    confirmed_at = f.instant(required=False)
    contract_sha256 = f.sha256(required=False)
    claim_id = f.ulid(required=False)
    wound_down = f.flag(required=False)
    status = f.one_of(ORDER_STATES)
    reason = f.text(500, required=False)
    law = law()


class UsageRecorded(f.Body):
    """days_used and units of this record; total_days and total_units of the order so far."""

    usage_id = f.ulid()
    order_id = f.ulid()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    programme = f.programme()
    since = f.day()
    until = f.day()
    days_used = f.whole(0, 3660)
    units = f.whole(0, 10**12)
    total_days = f.whole(0, 10**6)
    total_units = f.whole(0, 10**15)
    law = law()


class ClaimAnswer(f.Body):
    """The order row's verdict on a claim: it alone arbitrates between refund and claim.

    allowed_fen: what the rules allow for what was really paid, at most the order's voucher_fen; empty with a code."""

    claim_id = f.ulid()
    order_id = f.ulid()
    provider_id = f.ulid()
    allowed_fen = f.fen(required=False)
    code = f.text(64, required=False)
    order_status = f.text(40)


class YearClosed(f.Body):
    plan_id = f.ulid()
    programme = f.programme()
    year = f.year()
    region = f.region_prefix()
    lapsed_fen = f.fen()
    carried_fen = f.fen()  # left over and carried into the next year
    deferred_fen = f.fen()  # promised, for the next year to make up
    balances = f.facts()


class CorrectionState(f.Body):
    """A posted transfer went to the wrong account; confirmed: a new one has taken it on to the right one."""

    correction_id = f.ulid()
    programme = f.programme()
    year = f.year()
    transfer_id = f.text(64)
    from_account = f.text(120)
    to_account = f.text(120)
    amount_fen = f.fen(least=1)
    reason = f.text(500)
    status = f.one_of(("asked", "confirmed", "refused"))


class YearSigned(f.Body):
    """statement_sha256: of the year's statement as it was signed."""

    programme = f.programme()
    year = f.year()
    region = f.region_prefix()
    statement_sha256 = f.sha256()
    status = f.one_of(("signed",))


class WindDownState(f.Body):
    """Of a provider that left: its confirmed orders of then, by what came of them. One that has none is closed as soon
    as it is opened; a closed one opens again when a claim ends and its order waits for a word."""

    provider_id = f.ulid()
    programme = f.programme()
    open = f.whole(0, 10**7)
    handed_over = f.whole(0, 10**7)
    settled = f.whole(0, 10**7)
    voided = f.whole(0, 10**7)
    status = f.one_of(("open", "closed"))
    law = law()


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
    _e("filing_submitted", FilingState, "supervision", "notify"),
    _e("filing_reviewed", FilingState, "supervision", "notify", doc="A stage that is not the last approved it."),
    _e("filing_opened", FilingState, "supervision", "notify", doc="The last stage approved it."),
    _e("filing_returned", FilingState, "supervision", "notify"),
    _e("filing_refused", FilingState, "supervision", "notify"),
    _e("filing_withdrawn", FilingState, "supervision", "notify"),
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
    _e("order_redeemed", OrderState, "settlement", "supervision", "notify", doc="Its claim was paid."),
    _e(
        "order_voided",
        OrderState,
        "settlement",
        "supervision",
        "notify",
        doc="Its provider left: before confirming, or it was not served.",
    ),
    _e("order_failed", OrderState, "settlement", "supervision", "notify", doc="Its contract was not performed."),
    _e("order_covered", OrderState, "settlement", "supervision", "notify", doc="A later plan made up what it lacked."),
    _e("usage_recorded", UsageRecorded, "settlement", "supervision"),
    _e("order_handed_over", OrderState, "settlement", "supervision", "notify"),
    _e("claim_answered", ClaimAnswer, "settlement", doc="Answer to settlement.claim_filed: code empty means claimed."),
    _e(
        "order_wound_down",
        OrderState,
        "settlement",
        "supervision",
        "notify",
        doc="Of a provider that left: it was served.",
    ),
    _e("wind_down_opened", WindDownState, "supervision", "registry", "notify", doc="A provider left; or again."),
    _e("wind_down_closed", WindDownState, "supervision", "registry", "notify"),
    _e("correction_asked", CorrectionState),
    _e("correction_decided", CorrectionState, "notify"),
    _e("year_signed", YearSigned, "notify"),
    _e("year_closed", YearClosed, "notify", "supervision", "settlement"),
    refused("voucher"),
    decided("voucher"),
    totals_told("voucher"),
]
