"""voucher: what may be spent."""

from __future__ import annotations

from contracts import fields as f
from contracts import roles as r
from contracts.money import MAX_FEN
from contracts.rpc.base import Anything, Bulk, IdOnly, Method, Outcomes, Page, ProgrammeYear, everywhere
from contracts.rpc.registry import ById, DocumentRef, Items

SERVICE = "voucher"


LEVELS = ("province", "city", "county")  # whose money it is


class Denomination(f.Body):
    """So many vouchers of at most so much each (内蒙古 五(一))."""

    denomination_fen = f.fen(least=1)
    count = f.whole(1, 10**7)


class Fund(f.Body):
    """A part of a plan's money, by who gives it."""

    level = f.one_of(LEVELS)
    amount_fen = f.fen(least=1)


class MakePlan(f.Body):
    """A year's issuance plan (第十五条), by the role of the pack's `issuing.plan`.

    region: the locality whose money it is, where several pay in one programme; empty: the programme's own region. An
    enterprise is served by the plan of the smallest region it lies in. denominations: where the pack asks for them.
    funds: whose money the budget is, in sum the budget; empty: all of one purse.
    """

    plan_id = f.ulid()
    programme = f.programme()
    year = f.year()
    region = f.region_prefix(required=False)
    budget_fen = f.fen(least=1)
    denominations = f.many(Denomination, most=50, required=False)
    funds = f.many(Fund, most=3, required=False)
    opens_on = f.day()
    document = f.text(200)


class ConfigurePlan(f.Body):
    """The plan is configured as made, by the role of the pack's `issuing.configure`, and published at once (第十五条).
    budget_fen repeats the plan's. What an earlier year carried over is added, what it owes is made up first."""

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


class SubmitFiling(f.Body):
    """备案: enrolment before anything is used (沈阳 三(四)), or to be counted as on the cloud (山西 四(二)).

    track, category: as the pack's `filing.by` asks. prior_revenue_fen: last year's, by its audit report. years_used:
    years subsidised before this deployment knew of them. attested: conditions of the pack that no register says.
    The same id again after a return hands it in again.
    """

    filing_id = f.ulid()
    enterprise_id = f.ulid()
    programme = f.programme()
    track = f.code(20, required=False)
    category = f.code(20, required=False)
    provider_id = f.ulid(required=False)
    prior_revenue_fen = f.fen(required=False)
    years_used = f.whole(0, 100, required=False)
    attested = f.words(40, 20, required=False)
    documents = f.many(DocumentRef, most=20, required=False)


class ReviewFiling(f.Body):
    """stage: the role of the stage whose turn it is; the last stage opens it."""

    filing_id = f.ulid()
    stage = f.code(20)
    decision = f.one_of(("approve", "return", "refuse"))
    reasons = f.words(500, 20, required=False)


class WithdrawFiling(f.Body):
    filing_id = f.ulid()
    enterprise_id = f.ulid()


class PlaceOrder(f.Body):
    """voucher_fen empty: as much as is allowed; 0: the enterprise pays all (第十八条、第二十一条).
    agreement: SHA-256 of the transaction agreement that was read and accepted. filing_id: the filing it goes under,
    where the programme asks for one; empty: the enterprise's only one that is open. Where the programme takes its rate
    of what was really paid, the amount is what the price allows, and the claim's transfer record makes it less."""

    order_id = f.ulid()
    enterprise_id = f.ulid()
    product_id = f.ulid()
    price_fen = f.fen(least=1)
    voucher_fen = f.fen(required=False)
    agreement = f.sha256(required=False)
    filing_id = f.ulid(required=False)


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


class FailOrder(f.Body):
    """The contract was not performed, and its voucher is void (内蒙古 六)."""

    order_id = f.ulid()
    reason = f.text(500)


class RecordUsage(f.Body):
    """The provider records what was used of a confirmed order, while it is used (山东 三(四))."""

    usage_id = f.ulid()
    order_id = f.ulid()
    provider_id = f.ulid()
    since = f.day()
    until = f.day()
    days_used = f.whole(0, 3660)
    units = f.whole(0, 10**12)
    evidence = f.sha256(required=False)


class HandOverOrder(f.Body):
    """A running order of a provider that left goes to another, on the same terms (第十二条)."""

    order_id = f.ulid()
    to_provider_id = f.ulid()
    reason = f.text(500)


class WindDownOrder(f.Body):
    """A confirmed order of a provider that left: settle: it was served, and may be claimed; void: it was not, and the
    voucher goes back. One that runs on is handed over (`hand_over_order`)."""

    order_id = f.ulid()
    outcome = f.one_of(("settle", "void"))
    reason = f.text(500)


class CorrectEntry(f.Body):
    """A posted transfer went to the wrong account: a new one, with its reason, takes it on to the right one. By one
    person of finance; another confirms."""

    correction_id = f.ulid()
    transfer_id = f.text(64)
    to_account = f.text(120)
    amount_fen = f.fen(least=1)
    reason = f.text(500)


class ConfirmCorrection(f.Body):
    correction_id = f.ulid()
    decision = f.one_of(("confirm", "refuse"))


class SignYear(f.Body):
    """The treasurer signs the statement of a year that was closed; statement_sha256 repeats that of year_statement.
    region empty: the programme's own purse."""

    programme = f.programme()
    year = f.year()
    region = f.region_prefix(required=False)
    statement_sha256 = f.sha256()


class ListOrders(Page):
    programme = f.programme(required=False)
    enterprise_id = f.ulid(required=False)
    provider_id = f.ulid(required=False)
    status = f.text(40, required=False)


class ListFilings(Page):
    """Those that wait first, what the pack puts first before others; stage: the role whose turn it is."""

    programme = f.programme()
    status = f.text(40, required=False)
    stage = f.code(20, required=False)
    enterprise_id = f.ulid(required=False)


class PlanOf(f.Body):
    """region empty: the programme's own."""

    programme = f.programme()
    year = f.year()
    region = f.region_prefix(required=False)


class ListApplications(Page):
    programme = f.programme()
    year = f.year()
    status = f.text(40, required=False)


class QuotaOf(f.Body):
    enterprise_id = f.ulid()
    programme = f.programme()
    year = f.year()


class Statement(Page):
    """Entries of one account between two instants; `account` as list_accounts names it."""

    account = f.text(120)
    since = f.instant(required=False)
    until = f.instant(required=False)


class StatementSums(f.Body):
    """Of an account in fen: balances before and after the asked time, what was posted in it, what was then pending."""

    opening_fen = f.fen(least=-MAX_FEN)
    closing_fen = f.fen(least=-MAX_FEN)
    debits_fen = f.fen()
    credits_fen = f.fen()
    debits_pending_fen = f.fen()
    credits_pending_fen = f.fen()


class StatementPage(Items):
    """sums: on the first page, of all that was asked for; empty on the others."""

    sums = f.nested(StatementSums, required=False)


class ListAccounts(Page):
    """after: the name of the last account seen."""

    after = f.text(120, required=False)
    programme = f.programme()
    year = f.year()
    kind = f.code(20, required=False)


class AccountsPage(Items):
    next = f.text(120, required=False)


class ListCorrections(Page):
    programme = f.programme()
    status = f.text(40, required=False)


class OfProvider(f.Body):
    provider_id = f.ulid()


_enterprise = frozenset({r.PLATFORM, r.ENTERPRISE})
_provider = frozenset({r.PLATFORM, r.PROVIDER})
_books = frozenset({r.OPERATOR, r.BUREAU, r.FINANCE, r.AUDITOR, r.SUPERVISOR, r.OPS, r.SERVICE})

METHODS = [
    Method(SERVICE, "make_plan", "command", MakePlan, IdOnly, r.REVIEWERS, doc="第十五条; by the pack's role."),
    Method(
        SERVICE, "configure_plan", "command", ConfigurePlan, IdOnly, r.REVIEWERS, doc="第十五条; by the pack's role."
    ),
    Method(
        SERVICE,
        "submit_filing",
        "command",
        SubmitFiling,
        IdOnly,
        _enterprise | {r.OPERATOR},
        owner="enterprise_id",
        doc="沈阳 三(四); 山西 四(二).",
    ),
    Method(SERVICE, "review_filing", "command", ReviewFiling, IdOnly, r.REVIEWERS, doc="沈阳 三(四); 山西 四(二)."),
    Method(SERVICE, "withdraw_filing", "command", WithdrawFiling, IdOnly, _enterprise, owner="enterprise_id"),
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
        r.REVIEWERS,
        doc="第十六条; by the stages of the pack.",
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
    Method(
        SERVICE,
        "fail_order",
        "command",
        FailOrder,
        IdOnly,
        frozenset({r.OPERATOR, r.BUREAU}),
        doc="内蒙古 六.",
    ),
    Method(SERVICE, "record_usage", "command", RecordUsage, IdOnly, _provider, owner="provider_id", doc="山东 三(四)."),
    Method(SERVICE, "hand_over_order", "command", HandOverOrder, OrderView, frozenset({r.OPERATOR}), doc="第十二条."),
    Method(SERVICE, "wind_down_order", "command", WindDownOrder, OrderView, frozenset({r.OPERATOR}), doc="第十二条."),
    Method(SERVICE, "correct_entry", "command", CorrectEntry, IdOnly, frozenset({r.FINANCE})),
    Method(SERVICE, "confirm_correction", "command", ConfirmCorrection, IdOnly, frozenset({r.FINANCE})),
    Method(SERVICE, "sign_year", "command", SignYear, Anything, frozenset({r.FINANCE})),
    Method(SERVICE, "get_order", "query", ById, Anything, r.ALL),
    Method(SERVICE, "get_application", "query", ById, Anything, r.ALL),
    Method(SERVICE, "get_plan", "query", PlanOf, Anything, r.ALL),
    Method(SERVICE, "list_plans", "query", ProgrammeYear, Items, r.ALL, doc="Of every region that has one."),
    Method(SERVICE, "get_filing", "query", ById, Anything, r.ALL - r.PARTIES),
    Method(SERVICE, "list_filings", "query", ListFilings, Items, r.ALL - r.PARTIES, doc="The reviewers' work list."),
    Method(SERVICE, "get_quota", "query", QuotaOf, Anything, r.ALL, owner="enterprise_id"),
    Method(SERVICE, "list_orders", "query", ListOrders, Items, r.ALL - r.PARTIES),
    Method(SERVICE, "list_applications", "query", ListApplications, Items, r.ALL - r.PARTIES),
    Method(SERVICE, "trial_balance", "query", ProgrammeYear, Anything, _books),
    Method(SERVICE, "statement", "query", Statement, StatementPage, _books),
    Method(SERVICE, "list_accounts", "query", ListAccounts, AccountsPage, _books, doc="By name."),
    Method(SERVICE, "list_corrections", "query", ListCorrections, Items, _books),
    Method(
        SERVICE, "year_statement", "query", PlanOf, Anything, _books, doc="Of a purse's year, from the ledger alone."
    ),
    Method(SERVICE, "get_wind_down", "query", OfProvider, Anything, _books),
    *everywhere(SERVICE),
]
