"""The tables of settlement: what it owns, what it has heard of others, and what may never be changed again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from infra.db import Json, UtcDateTime, common_tables
from infra.holdings import holdings_table
from infra.immutable import immutable

metadata = sa.MetaData()
common_tables(metadata)

ID = sa.String(26)
HASH = sa.String(64)
PERSON = sa.String(128)


class Words(Json):
    """A list of texts or rows, read back as a tuple."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> tuple[Any, ...] | None:
        listed = super().process_result_value(value, dialect)
        return None if listed is None else tuple(listed)


def _must(name: str, type_: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=False, **more)


def _may(name: str, type_: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, nullable=True, **more)


# --- owned ----------------------------------------------------------------------------------------------------------

nodes = sa.Table(
    "nodes",
    metadata,
    sa.Column("node_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40)),
    _must("region", sa.String(6)),
    _must("year", sa.Integer),
    _may("only_in", sa.Integer),
    _must("closes_at", UtcDateTime),
    _must("status", sa.String(10)),
    _must("claims", sa.Integer),
    _must("announced_by", PERSON),
    _must("pack_version", sa.String(80)),
)
sa.Index("nodes_by_close", nodes.c.programme, nodes.c.closes_at)
# once a year where the programme says so, whoever announces at the same moment; null is not compared
sa.Index("nodes_once_a_year", nodes.c.programme, nodes.c.region, nodes.c.only_in, unique=True)

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("claim_version", sa.Integer),
    _must("order_id", ID, index=True),
    _must("provider_id", ID),
    _must("enterprise_id", ID),
    _must("filer_id", ID),
    _must("payee_id", ID),
    _must("payee_kind", sa.String(10)),
    _must("programme", sa.String(40)),
    _must("year", sa.Integer),
    _must("region", sa.String(6)),
    _must("plan_region", sa.String(6)),
    _must("category", sa.String(20)),
    _may("track", sa.String(20)),
    _must("product_id", ID),
    _must("order_fen", sa.BigInteger),
    _must("claimed_fen", sa.BigInteger),
    _must("deducted_fen", sa.BigInteger),
    _must("lines", Words),
    _must("disallowed", Words),
    _must("disallowed_fen", sa.BigInteger),
    _must("audited_fen", sa.BigInteger),
    _may("score", sa.Integer),
    _must("price_fen", sa.BigInteger),
    _must("invoice_number", sa.String(30)),
    _must("invoice_key", sa.String(40)),
    _must("live_key", sa.String(60)),
    _must("invoice_fen", sa.BigInteger),
    _must("invoice_on", sa.Date),
    _must("contract_sha256", HASH),
    _must("transfer_fen", sa.BigInteger),
    _may("transfer_on", sa.Date),
    _may("payer_index", HASH),
    _may("payee_index", HASH),
    _must("refunded_fen", sa.BigInteger),
    _must("usage_days", sa.Integer),
    _must("usage_units", sa.BigInteger),
    _must("content_hash", HASH),
    _must("pack_version", sa.String(80)),
    _must("filed_by", PERSON),
    _must("filed_at", UtcDateTime),
    _must("status", sa.String(20)),
    _must("reasons", Words),
    _must("order_claimed", sa.Boolean),
    _may("node_id", ID, index=True),
    _may("stage", sa.String(20)),
    _must("own_region", sa.Boolean),
    _may("due_on", sa.Date),
    _must("late", sa.Boolean),
    _may("taken_by", PERSON),
    _must("stages_passed", sa.Integer),
    _must("reviewers", Words),
    _must("stood_in_for", Words),
    _may("notice_id", ID, index=True),
    _may("disbursement_id", ID, index=True),
    _may("payment_id", ID, index=True),
    _may("account_version", sa.Integer),
    _may("fund", sa.String(60)),
    _may("frozen_hash", HASH),
    _may("approved_at", UtcDateTime),
    _may("wind_down", sa.String(10)),
    _must("recalled_fen", sa.BigInteger),
    _may("paid_at", UtcDateTime),
    sa.CheckConstraint("0 < claimed_fen AND claimed_fen <= order_fen AND order_fen <= price_fen", name="claims_amount"),
    sa.CheckConstraint(
        "0 <= deducted_fen AND 0 <= disallowed_fen AND 0 <= audited_fen "
        "AND deducted_fen + disallowed_fen + audited_fen < claimed_fen",
        name="claims_deduction",
    ),
)
sa.Index("claims_by_status", claims.c.programme, claims.c.status, claims.c.claim_id)
# a look at due work takes the first of any programme, and must not step over all that are past that state
for _name, _status in (("claims_accepted", "accepted"), ("claims_on_notice", "on_notice")):
    _in_it = claims.c.status == _status
    sa.Index(_name, claims.c.claim_id, postgresql_where=_in_it, sqlite_where=_in_it)
# so do a notice and a disbursement take the first of those that wait for them, by their rules
WAITING = claims.c.status.in_(("passed", "noticed"))
sa.Index(
    *("claims_waiting", claims.c.pack_version, claims.c.status, claims.c.claim_id),
    postgresql_where=WAITING,
    sqlite_where=WAITING,
)
sa.Index("claims_by_provider", claims.c.provider_id, claims.c.programme, claims.c.year, claims.c.status)

sa.Index("claims_by_work", claims.c.programme, claims.c.stage, claims.c.due_on, claims.c.claim_id)
sa.Index("claims_due", claims.c.late, claims.c.due_on)

questions = sa.Table(
    "questions",
    metadata,
    sa.Column("question_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("claim_id", ID, index=True),
    _must("programme", sa.String(40)),
    _must("text", sa.Text),
    _must("asked_by", PERSON),
    _must("asked_on", sa.Date),
    _must("due_on", sa.Date),
    _must("status", sa.String(10)),
    _must("pack_version", sa.String(80)),
    _may("answer", sa.Text),
    _may("answered_by", PERSON),
    _may("answered_on", sa.Date),
)
sa.Index("questions_due", questions.c.status, questions.c.due_on)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("notice_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40)),
    _must("from_on", sa.Date),
    _must("until_on", sa.Date),
    _must("working_days", sa.Integer),
    _must("items", Words),
    _must("claims", sa.Integer),
    _must("content_hash", HASH),
    _must("key_id", sa.String(16)),
    _must("public_key", sa.String(44)),
    _must("signature", sa.String(88)),
    _must("outcomes", Words),
    _must("status", sa.String(10)),
    _must("published_by", PERSON),
    _must("pack_version", sa.String(80)),
)
sa.Index("notices_by_programme", notices.c.programme, notices.c.notice_id)
sa.Index("notices_due", notices.c.status, notices.c.until_on)

objections = sa.Table(
    "objections",
    metadata,
    sa.Column("objection_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("notice_id", ID),
    _must("claim_id", ID, index=True),
    _must("provider_id", ID),
    _must("programme", sa.String(40)),
    _must("key_id", sa.String(20)),
    _must("sealed", sa.LargeBinary),  # the text, which may name people
    _must("filed_by", PERSON),
    _must("filed_on", sa.Date),
    _must("status", sa.String(10)),
    _must("pack_version", sa.String(80)),
    _must("reasons", Words),
    _may("decided_by", PERSON),
)
sa.Index("objections_by_status", objections.c.programme, objections.c.status, objections.c.objection_id)

disbursements = sa.Table(
    "disbursements",
    metadata,
    sa.Column("disbursement_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _may("provider_id", ID),
    _must("programme", sa.String(40)),
    _must("year", sa.Integer),
    _must("claims", sa.Integer),
    _must("amount_fen", sa.BigInteger),
    _must("status", sa.String(20)),
    _must("pack_version", sa.String(80)),
    _must("filed_by", PERSON),
    _must("filed_at", UtcDateTime),
    _may("stage", sa.String(20)),
    _must("reasons", Words),
    _must("stages_passed", sa.Integer),
    _must("reviewers", Words),
    _may("frozen_hash", HASH),
)
sa.Index("disbursements_by_status", disbursements.c.programme, disbursements.c.year, disbursements.c.status)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("batch_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40), index=True),
    _must("year", sa.Integer),
    _must("payments", sa.Integer),
    _must("amount_fen", sa.BigInteger),
    _must("frozen_hash", HASH),
    _must("status", sa.String(10)),
    _must("pack_version", sa.String(80)),
    _must("made_by", PERSON),
    _must("made_at", UtcDateTime),
    _may("released_by", PERSON),
    _may("released_at", UtcDateTime),
)

payments = sa.Table(
    "payments",
    metadata,
    sa.Column("payment_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("batch_id", ID, index=True),
    _must("payee_id", ID, index=True),
    _must("payee_kind", sa.String(10)),
    _may("region", sa.String(6)),
    _must("programme", sa.String(40)),
    _must("year", sa.Integer),
    _must("reference", sa.String(40), unique=True),
    _must("amount_fen", sa.BigInteger),
    _must("offset_fen", sa.BigInteger),
    _must("account_version", sa.Integer),
    _must("fund", sa.String(60)),
    _must("claims", Words),
    _must("disbursements", Words),
    _must("frozen_hash", HASH),
    _must("status", sa.String(20)),
    _must("pack_version", sa.String(80)),
    _may("reason", sa.String(200)),
    _may("result_on", sa.Date),
    _may("retried_by", PERSON),
    _may("retried_at", UtcDateTime),
    sa.CheckConstraint("0 <= amount_fen AND 0 <= offset_fen AND 0 < amount_fen + offset_fen", name="payments_amount"),
)
sa.Index("payments_by_status", payments.c.programme, payments.c.status, payments.c.payment_id)

# --- receivables

receivables = sa.Table(
    "receivables",
    metadata,
    sa.Column("receivable_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40)),
    _must("year", sa.Integer),
    _must("region", sa.String(6)),
    _must("plan_region", sa.String(6)),
    _must("party_kind", sa.String(10)),
    _must("party_id", ID),
    _may("claim_id", ID, index=True),
    _must("ground", sa.String(20)),
    _must("amount_fen", sa.BigInteger),
    _must("recovered_fen", sa.BigInteger),
    _must("offset_fen", sa.BigInteger),
    _must("written_off_fen", sa.BigInteger),
    _may("due_on", sa.Date),
    _must("instalments", Words),
    _may("next_on", sa.Date),
    _may("overdue_on", sa.Date),
    _must("reference", sa.String(40), unique=True),
    _must("status", sa.String(12)),
    _must("reasons", Words),
    _must("pack_version", sa.String(80)),
    _must("claimed_by", PERSON),
    _must("claimed_at", UtcDateTime),
    _may("decided_by", PERSON),
    _may("owed_at", UtcDateTime),
    _may("write_off_by", PERSON),
    sa.CheckConstraint(
        "0 <= offset_fen AND offset_fen <= recovered_fen AND 0 <= written_off_fen "
        "AND 0 < amount_fen AND recovered_fen + written_off_fen <= amount_fen",
        name="receivables_amount",
    ),
)
sa.Index("receivables_by_party", receivables.c.party_id, receivables.c.programme, receivables.c.status)
sa.Index("receivables_by_programme", receivables.c.programme, receivables.c.year, receivables.c.receivable_id)
sa.Index("receivables_due", receivables.c.status, receivables.c.next_on)

# what is taken off a payment for a receivable: `reserved` until it ended, then `booked`, or `freed` when it did not
# arrive; `restored` when the bank sent back what had arrived
offsets = sa.Table(
    "offsets",
    metadata,
    sa.Column("payment_id", ID, primary_key=True),
    sa.Column("receivable_id", ID, primary_key=True),
    _must("amount_fen", sa.BigInteger),
    _must("status", sa.String(10)),
    sa.CheckConstraint("0 < amount_fen", name="offsets_amount"),
)
sa.Index("offsets_of_receivable", offsets.c.receivable_id, offsets.c.status)

# reference: the bank's own, or `<statement>/<line>` where a statement's line was matched by the receivable's reference
repayments = sa.Table(
    "repayments",
    metadata,
    sa.Column("repayment_id", ID, primary_key=True),
    _must("receivable_id", ID, index=True),
    _must("reference", sa.String(40), unique=True),
    _must("amount_fen", sa.BigInteger),
    _must("received_on", sa.Date),
    _may("statement_id", ID),
    _must("recorded_by", PERSON),
    _must("recorded_at", UtcDateTime),
)
# --- work

leaves = sa.Table(
    "leaves",
    metadata,
    sa.Column("leave_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40)),
    _must("person", PERSON),
    _must("roles", Words),
    _may("region", sa.String(6)),
    _may("organisation", ID),
    _may("deputy", PERSON),
    _must("from_on", sa.Date),
    _must("until_on", sa.Date),
    _must("reason", sa.String(500)),
    _must("status", sa.String(10)),
)
sa.Index("leaves_in_force", leaves.c.programme, leaves.c.status, leaves.c.until_on)
# --- audit samples

samples = sa.Table(
    "samples",
    metadata,
    sa.Column("sample_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40), index=True),
    _must("node_id", ID),
    _must("size", sa.Integer),
    _must("seed_hash", HASH),
    _must("extrapolate", sa.Boolean),
    _must("status", sa.String(10), index=True),
    _must("pack_version", sa.String(80)),
    _must("committed_by", PERSON),
    _must("committed_at", UtcDateTime),
    _may("seed", sa.String(200)),
    _may("population", sa.Integer),
    _may("population_hash", HASH),
    _may("drawn", sa.Integer),
    _may("error_fen", sa.BigInteger),
    _may("rate", sa.String(50)),
    _may("reached", ID),
    _must("others", sa.Integer),
    _must("others_fen", sa.BigInteger),
    _may("reason", sa.Text),
)
# one of a node, whoever commits at the same moment, but for those that were abandoned
_not_abandoned = samples.c.status != "abandoned"
sa.Index(
    "samples_of_node", samples.c.node_id, unique=True, sqlite_where=_not_abandoned, postgresql_where=_not_abandoned
)

# --- exits: what came of the claims of providers that left

wind_downs = sa.Table(
    "wind_downs",
    metadata,
    sa.Column("provider_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40)),
    _must("open", sa.BigInteger),
    _must("settled", sa.BigInteger),
    _must("voided", sa.BigInteger),
    _must("status", sa.String(10)),
)

# --- arbiters: a second row under the same key is what must not happen ----------------------------------------------

live_invoices = sa.Table(
    "live_invoices",
    metadata,
    sa.Column("live_key", sa.String(60), primary_key=True),  # the seller's code and the invoice's number
    _must("claim_id", ID, index=True),
)

# the one payment that pays a claim, or may still: from the batch on, until the money surely did not arrive
live_payments = sa.Table(
    "live_payments",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    _must("payment_id", ID, index=True),
)

# --- never changed once written -------------------------------------------------------------------------------------

filings = sa.Table(
    "filings",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("claim_version", sa.Integer, primary_key=True),
    _must("papers", Json),  # without the accounts of the transfer, which are in `sealed`
    _may("key_id", sa.String(12)),
    _may("sealed", sa.LargeBinary),
    _must("content_hash", HASH),
    _must("filed_by", PERSON),
    _must("filed_at", UtcDateTime),
)

results = sa.Table(
    "results",
    metadata,
    sa.Column("batch_id", ID, primary_key=True),
    sa.Column("reference", sa.String(40), primary_key=True),
    sa.Column("status", sa.String(10), primary_key=True),
    sa.Column("amount_fen", sa.BigInteger, primary_key=True),
    sa.Column("result_on", sa.Date, primary_key=True),
    _may("reason", sa.String(200)),
    _may("payment_id", ID),
    _must("recorded_by", PERSON),
    _must("recorded_at", UtcDateTime),
)

statements = sa.Table(
    "statements",
    metadata,
    sa.Column("statement_id", ID, primary_key=True),
    _may("programme", sa.String(40)),
    _may("file_key", HASH, unique=True),  # of a file: the bank's own statement, whatever id it is recorded under
    _must("lines", sa.Integer),
    _must("content_hash", HASH),
    _must("recorded_by", PERSON),
    _must("recorded_at", UtcDateTime),
)

statement_lines = sa.Table(
    "statement_lines",
    metadata,
    sa.Column("statement_id", ID, primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True),
    _must("reference", sa.String(40), index=True),
    _must("amount_fen", sa.BigInteger),
    _must("booked_on", sa.Date),
    _must("direction", sa.String(6)),
    _may("bank_reference", sa.String(40)),
    _may("programme", sa.String(40)),
    _must("counted", sa.Boolean),  # false: another statement had shown this very booking before
)

# --- bank files, enquiries, differences

bank_files = sa.Table(
    "bank_files",
    metadata,
    sa.Column("sha256", HASH, primary_key=True),
    _must("uploader", sa.String(32)),  # whose parts make it up
    _must("size", sa.Integer),
    _must("uploaded_by", PERSON),
    _must("uploaded_at", UtcDateTime),
)

bank_file_parts = sa.Table(
    "bank_file_parts",
    metadata,
    sa.Column("sha256", HASH, primary_key=True),
    sa.Column("uploader", sa.String(32), primary_key=True),
    sa.Column("at_byte", sa.Integer, primary_key=True),
    _must("size", sa.Integer),
    _must("total", sa.Integer),
    _must("key_id", sa.String(20)),
    _must("sealed", sa.LargeBinary),
    _must("uploaded_at", UtcDateTime, index=True),
)

# a booking under the bank's own reference: the first statement that shows it counts
bank_entries = sa.Table(
    "bank_entries",
    metadata,
    sa.Column("entry_key", HASH, primary_key=True),
    _must("statement_id", ID),
)

enquiries = sa.Table(
    "enquiries",
    metadata,
    sa.Column("enquiry_id", ID, primary_key=True),
    _must("batch_id", ID),
    _must("asked", Words),  # payments
    _must("asked_by", PERSON),
    _must("asked_at", UtcDateTime),
)

difference_resolutions = sa.Table(
    "difference_resolutions",
    metadata,
    sa.Column("resolution_id", ID, primary_key=True),
    _must("programme", sa.String(40)),
    _must("code", sa.String(40)),
    _must("reference", sa.String(40)),
    _must("amount_fen", sa.BigInteger),
    _must("booked_fen", sa.BigInteger),
    _must("resolution", sa.String(20)),
    _must("reason", sa.String(500)),
    _must("resolved_by", PERSON),
    _must("resolved_at", UtcDateTime),
)
sa.Index(
    "difference_resolutions_of",
    *(difference_resolutions.c[name] for name in ("reference", "code", "amount_fen", "booked_fen")),
    unique=True,  # one word on each difference
)

payment_files = sa.Table(
    "payment_files",
    metadata,
    sa.Column("batch_id", ID, primary_key=True),
    _must("key_id", sa.String(20)),
    _must("sealed", sa.LargeBinary),  # accounts stand here, encrypted, and nowhere else
    _must("sha256", HASH),  # of what is sealed
    _must("payments", sa.Integer),
    _must("amount_fen", sa.BigInteger),
    _must("made_at", UtcDateTime),
)

# one expert, one score of a version
scores = sa.Table(
    "scores",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("claim_version", sa.Integer, primary_key=True),
    sa.Column("scored_by", PERSON, primary_key=True),
    _must("stage", sa.String(20)),
    _must("score", sa.Integer),
    _may("comment", sa.Text),
    _must("scored_at", UtcDateTime),
)

# --- audit samples: what each was drawn from, and what was found

sample_items = sa.Table(
    "sample_items",
    metadata,
    sa.Column("sample_id", ID, primary_key=True),
    sa.Column("claim_id", ID, primary_key=True, index=True),
    _must("claim_version", sa.Integer),
    _must("payable_fen", sa.BigInteger),
    _must("alerts", sa.Integer),
    _must("weight", sa.BigInteger),
    _must("drawn", sa.Boolean),
    _must("certain", sa.Boolean),
)

audits = sa.Table(
    "audits",
    metadata,
    sa.Column("sample_id", ID, primary_key=True),
    sa.Column("claim_id", ID, primary_key=True),
    _must("payable_fen", sa.BigInteger),
    _must("error_fen", sa.BigInteger),
    _may("code", sa.String(20)),
    _must("reasons", Words),
    _must("audited_by", PERSON),
    _must("audited_at", UtcDateTime),
)


IMMUTABLE = (
    *(filings, results, statements, statement_lines, payment_files, repayments, scores),
    *(sample_items, audits),
    *(bank_files, bank_entries, enquiries, difference_resolutions),
)

# --- heard of others ------------------------------------------------------------------------------------------------

known_orders = sa.Table(
    "known_orders",
    metadata,
    sa.Column("order_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("enterprise_id", ID),
    _must("provider_id", ID),
    _must("product_id", ID),
    _must("programme", sa.String(40)),
    _must("year", sa.Integer),
    _must("region", sa.String(6)),
    _must("plan_region", sa.String(6)),
    _must("category", sa.String(20)),
    _may("track", sa.String(20)),
    _must("price_fen", sa.BigInteger),
    _must("voucher_fen", sa.BigInteger),
    _must("own_fen", sa.BigInteger),
    _must("deferred_fen", sa.BigInteger),
    _must("pack_version", sa.String(80)),
    _must("ordered_on", sa.Date),
    _may("contract_sha256", HASH),
    _may("claim_id", ID),
    _may("wound_down", sa.Boolean),
    _must("status", sa.String(20)),
)

_is_deferred = known_orders.c.deferred_fen > 0
sa.Index("known_orders_deferred", known_orders.c.order_id, postgresql_where=_is_deferred, sqlite_where=_is_deferred)

known_enterprises = sa.Table(
    "known_enterprises",
    metadata,
    sa.Column("enterprise_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40)),
    _must("uscc", sa.String(18)),
    _must("region", sa.String(6)),
    _must("status", sa.String(20)),
    _may("holder", HASH),
    _must("account_version", sa.Integer),
)

known_providers = sa.Table(
    "known_providers",
    metadata,
    sa.Column("provider_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40)),
    _must("uscc", sa.String(18)),
    _must("provider_kind", sa.String(20)),
    _may("platform_id", ID),
    _must("status", sa.String(20)),
    _may("holder", HASH),
    _must("account_version", sa.Integer),
)

known_ties = sa.Table(
    "known_ties",
    metadata,
    sa.Column("tie_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("enterprise_id", ID),
    _must("provider_id", ID),
    _must("kind", sa.String(20)),
    sa.Index("known_ties_of", "enterprise_id", "provider_id"),
)

known_holdings = holdings_table(metadata)

known_products = sa.Table(
    "known_products",
    metadata,
    sa.Column("product_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40)),
    _may("market_price_fen", sa.BigInteger),
    _must("status", sa.String(20)),
)

# sequence: the totals themselves, which only ever grow, since each record of use is an aggregate of its own
known_usage = sa.Table(
    "known_usage",
    metadata,
    sa.Column("order_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("total_days", sa.BigInteger),
    _must("total_units", sa.BigInteger),
)

known_blacklist = sa.Table(
    "known_blacklist",
    metadata,
    sa.Column("entry_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("party_id", ID, index=True),
    _must("effective_at", UtcDateTime),
    _must("status", sa.String(10)),
)

known_verdicts = sa.Table(
    "known_verdicts",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("claim_version", sa.Integer, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("verdict", sa.String(10)),
    _must("alerts", Words),
)

known_evaluations = sa.Table(  # a third party's, of what was moved to the cloud under an order
    "known_evaluations",
    metadata,
    sa.Column("evaluation_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("order_id", ID, index=True),
    _must("name", sa.String(40)),
    _must("score", sa.Integer),
    _must("status", sa.String(20)),
)

known_years = sa.Table(
    "known_years",
    metadata,
    sa.Column("plan_id", ID, primary_key=True),
    _must("sequence", sa.BigInteger),
    _must("programme", sa.String(40)),
    _must("year", sa.Integer),
    _must("lapsed_fen", sa.BigInteger),
)


for _table in IMMUTABLE:
    immutable(_table)
