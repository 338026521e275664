"""voucher: what may be spent."""

from __future__ import annotations

from contracts import fields as f
from contracts import roles as r
from contracts.rpc.base import Anything, Bulk, IdOnly, Method, Outcomes, Page, ProgrammeYear, everywhere
from contracts.rpc.registry import ById, Items

SERVICE = "voucher"


class MakePlan(f.Body):
    """The bureau's yearly issuance plan (第十五条)."""

    plan_id = f.ulid()
    programme = f.programme()
    year = f.year()
    budget_fen = f.fen(least=1)
    opens_on = f.day()
    document = f.text(200)


class ConfigurePlan(f.Body):
    """The operator configures the plan as made; it is published at once (第十五条). budget_fen repeats the plan's."""

    plan_id = f.ulid()
    budget_fen = f.fen(least=1)


class ApplyForQuota(f.Body):
    """Takes its place and reserves its amount in one commit (第六条、第十六条). Empty: as much as is allowed."""

    application_id = f.ulid()
    enterprise_id = f.ulid()
    programme = f.programme()
    year = f.year()
    requested_fen = f.fen(required=False, least=1)


class ApplicationView(f.Body):
    """place: 1 is first; reserved_fen: 0 while it waits in line for money that others give back."""

    id = f.ulid()
    status = f.one_of(("reserved", "waiting", "granted", "refused", "withdrawn", "lapsed"))
    sequence = f.whole(0, 2**53)
    place = f.whole(1, 2**53)
    reserved_fen = f.fen()


class ReviewApplication(f.Body):
    application_id = f.ulid()
    decision = f.one_of(("approve", "refuse"))
    reasons = f.words(500, 20, required=False)


class WithdrawApplication(f.Body):
    application_id = f.ulid()
    enterprise_id = f.ulid()


class PlaceOrder(f.Body):
    """voucher_fen empty: as much as is allowed; 0: the enterprise pays all (第十八条、第二十一条).
    agreement: SHA-256 of the transaction agreement that was read and accepted."""

    order_id = f.ulid()
    enterprise_id = f.ulid()
    product_id = f.ulid()
    price_fen = f.fen(least=1)
    voucher_fen = f.fen(required=False)
    agreement = f.sha256(required=False)


class OrderView(f.Body):
    id = f.ulid()
    status = f.text(40)
    sequence = f.whole(0, 2**53)
    price_fen = f.fen()
    voucher_fen = f.fen()
    own_fen = f.fen()


class ConfirmOrder(f.Body):
    """The provider confirms with the signed service contract (第十九条)."""

    order_id = f.ulid()
    provider_id = f.ulid()
    contract_sha256 = f.sha256()


class CancelOrder(f.Body):
    """By the enterprise, before confirmation; the voucher returns by itself (第二十条)."""

    order_id = f.ulid()
    enterprise_id = f.ulid()
    reason = f.text(500, required=False)


class RequestRefund(f.Body):
    """By the enterprise, after confirmation and before a claim (第二十条)."""

    order_id = f.ulid()
    enterprise_id = f.ulid()
    reason = f.text(500)


class AnswerRefund(f.Body):
    """The provider consents, and the voucher returns by itself, or declines (第二十条)."""

    order_id = f.ulid()
    provider_id = f.ulid()
    consent = f.flag()
    reason = f.text(500, required=False)


class HandOverOrder(f.Body):
    """A running order of a provider that left goes to another, on the same terms (第十二条)."""

    order_id = f.ulid()
    to_provider_id = f.ulid()
    reason = f.text(500)


class ListOrders(Page):
    programme = f.programme(required=False)
    enterprise_id = f.ulid(required=False)
    provider_id = f.ulid(required=False)
    status = f.text(40, required=False)


class ListApplications(Page):
    programme = f.programme()
    year = f.year()
    status = f.text(40, required=False)


class QuotaOf(f.Body):
    enterprise_id = f.ulid()
    programme = f.programme()
    year = f.year()


class Statement(Page):
    """Entries of one account between two instants; `account` as trial_balance names it."""

    account = f.text(120)
    since = f.instant(required=False)
    until = f.instant(required=False)


_enterprise = frozenset({r.PLATFORM, r.ENTERPRISE})
_provider = frozenset({r.PLATFORM, r.PROVIDER})
_books = frozenset({r.OPERATOR, r.BUREAU, r.FINANCE, r.AUDITOR, r.SUPERVISOR, r.OPS, r.SERVICE})

METHODS = [
    Method(SERVICE, "make_plan", "command", MakePlan, IdOnly, frozenset({r.BUREAU}), doc="第十五条."),
    Method(SERVICE, "configure_plan", "command", ConfigurePlan, IdOnly, frozenset({r.OPERATOR}), doc="第十五条."),
    Method(
        SERVICE,
        "apply_for_quota",
        "command",
        ApplyForQuota,
        ApplicationView,
        _enterprise | {r.OPERATOR},
        owner="enterprise_id",
        queue="apply",
        doc="第十六条.",
    ),
    Method(
        SERVICE,
        "bulk_apply",
        "command",
        Bulk,
        Outcomes,
        _enterprise | {r.OPERATOR},
        queue="apply",
        doc="Applications as a list, each with its own key; they take their places in its order (第十六条).",
    ),
    Method(
        SERVICE,
        "review_application",
        "command",
        ReviewApplication,
        ApplicationView,
        frozenset({r.OPERATOR}),
        doc="第十六条.",
    ),
    Method(
        SERVICE,
        "withdraw_application",
        "command",
        WithdrawApplication,
        ApplicationView,
        _enterprise,
        owner="enterprise_id",
    ),
    Method(
        SERVICE, "place_order", "command", PlaceOrder, OrderView, _enterprise, owner="enterprise_id", doc="第十八条."
    ),
    Method(
        SERVICE, "confirm_order", "command", ConfirmOrder, OrderView, _provider, owner="provider_id", doc="第十九条."
    ),
    Method(
        SERVICE, "cancel_order", "command", CancelOrder, OrderView, _enterprise, owner="enterprise_id", doc="第二十条."
    ),
    Method(
        SERVICE,
        "request_refund",
        "command",
        RequestRefund,
        OrderView,
        _enterprise,
        owner="enterprise_id",
        doc="第二十条.",
    ),
    Method(
        SERVICE, "answer_refund", "command", AnswerRefund, OrderView, _provider, owner="provider_id", doc="第二十条."
    ),
    Method(SERVICE, "hand_over_order", "command", HandOverOrder, OrderView, frozenset({r.OPERATOR}), doc="第十二条."),
    Method(SERVICE, "get_order", "query", ById, Anything, r.ALL),
    Method(SERVICE, "get_application", "query", ById, Anything, r.ALL),
    Method(SERVICE, "get_plan", "query", ProgrammeYear, Anything, r.ALL),
    Method(SERVICE, "get_quota", "query", QuotaOf, Anything, r.ALL, owner="enterprise_id"),
    Method(SERVICE, "list_orders", "query", ListOrders, Items, r.ALL - r.PARTIES),
    Method(SERVICE, "list_applications", "query", ListApplications, Items, r.ALL - r.PARTIES),
    Method(SERVICE, "trial_balance", "query", ProgrammeYear, Anything, _books),
    Method(SERVICE, "statement", "query", Statement, Items, _books),
    *everywhere(SERVICE),
]
