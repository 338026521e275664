"""The voucher service's tables: its own aggregates, its books that nobody can edit, and what it heard from others."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from infra.db import Json, UtcDateTime, common_tables
from infra.holdings import holdings_table
from infra.immutable import immutable
from services.voucher.domain.applications import FREED
from services.voucher.domain.filings import LIVE
from services.voucher.domain.ledger import BELOW_ZERO

metadata = sa.MetaData()
common_tables(metadata)

ID = sa.String(26)
FEN = sa.BigInteger


def _words(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


plans = sa.Table(
    "plans",
    metadata,
    sa.Column("plan_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("purse", sa.String(6), nullable=False),
    sa.Column("budget_fen", FEN, nullable=False),
    sa.Column("denominations", Json, nullable=False),
    sa.Column("funds", Json, nullable=False),
    sa.Column("quota_fen", FEN, nullable=False),
    sa.Column("opens_on", sa.Date, nullable=False),
    sa.Column("document", sa.String(200), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("made_by", sa.String(128), nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("configured_by", sa.String(128)),
    sa.Column("last_place", sa.BigInteger, nullable=False),
    sa.Column("lapsed_fen", FEN, nullable=False),
    sa.Column("carries", sa.Boolean, nullable=False),
    sa.Column("defers", sa.Boolean, nullable=False),
    sa.Column("carried_fen", FEN, nullable=False),
    sa.Column("made_up_fen", FEN, nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("rounds", sa.BigInteger, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("programme", "year", "region", name="one_plan_a_year_and_region"),
)

# The vouchers of a published plan: how many of each denomination there are, and how many orders hold one.
denominations = sa.Table(
    "denominations",
    metadata,
    sa.Column("programme", sa.String(40), primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("region", sa.String(6), primary_key=True),
    sa.Column("denomination_fen", FEN, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("taken", sa.BigInteger, nullable=False),
    sa.CheckConstraint("taken >= 0 AND taken <= count", name="none_issued_twice"),
)

applications = sa.Table(
    "applications",
    metadata,
    sa.Column("application_id", ID, primary_key=True),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("plan_region", sa.String(6), nullable=False),
    sa.Column("purse", sa.String(6), nullable=False),
    sa.Column("place", sa.BigInteger, nullable=False),
    sa.Column("priority", sa.Boolean, nullable=False),
    sa.Column("requested_fen", FEN),
    sa.Column("ceiling_fen", FEN, nullable=False),
    sa.Column("amount_fen", FEN, nullable=False),
    sa.Column("lapsed_fen", FEN, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("pending_id", sa.String(64)),
    sa.Column("applied_by", sa.String(128), nullable=False),
    sa.Column("applied_at", UtcDateTime, nullable=False),
    sa.Column("passed", sa.Integer, nullable=False),
    sa.Column("reviewed_by", Json, nullable=False),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("settled", sa.Boolean, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("programme", "year", "plan_region", "place", name="one_application_a_place"),
)
_live = applications.c.status.not_in(FREED)
sa.Index(
    "live_applications_of_a_year",
    applications.c.enterprise_id,
    applications.c.programme,
    applications.c.year,
    sqlite_where=_live,
    postgresql_where=_live,
)
_waits = applications.c.status == "waiting"
sa.Index(  # partial, so that no plan made without statistics can take it for the way to one enterprise's quota
    "applications_in_turn",
    applications.c.programme,
    applications.c.year,
    applications.c.plan_region,
    applications.c.priority.desc(),
    applications.c.place,
    sqlite_where=_waits,
    postgresql_where=_waits,
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("order_id", ID, primary_key=True),
    sa.Column("enterprise_id", ID, nullable=False, index=True),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("product_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("plan_region", sa.String(6), nullable=False),
    sa.Column("purse", sa.String(6), nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    sa.Column("track", sa.String(20)),
    sa.Column("filing_id", ID),
    sa.Column("prior_revenue_fen", FEN),
    sa.Column("years_used", sa.Integer),
    sa.Column("list_price_fen", FEN, nullable=False),
    sa.Column("price_fen", FEN, nullable=False),
    sa.Column("voucher_fen", FEN, nullable=False),
    sa.Column("own_fen", FEN, nullable=False),
    sa.Column("drawn_on", sa.String(12), nullable=False),
    sa.Column("shortfall_fen", FEN, nullable=False),
    sa.Column("deferred_fen", FEN, nullable=False),
    sa.Column("allowed_fen", FEN),
    sa.Column("redeemed_fen", FEN),
    sa.Column("denomination_fen", FEN),
    sa.Column("voucher_number", sa.String(40)),
    sa.Column("agreement", sa.String(64)),
    sa.Column("ordered_at", UtcDateTime, nullable=False),
    sa.Column("confirmed_at", UtcDateTime),
    sa.Column("contract_sha256", sa.String(64)),
    sa.Column("claim_id", ID),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("reason", sa.String(500)),
    sa.Column("hand_over_due", sa.Boolean, nullable=False),
    sa.Column("left_by", ID),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.CheckConstraint("price_fen = voucher_fen + own_fen", name="price_is_voucher_and_own"),
    sa.CheckConstraint(
        "0 <= deferred_fen AND deferred_fen <= shortfall_fen AND shortfall_fen <= voucher_fen",
        name="deferred_is_part_of_the_voucher",
    ),
    sa.CheckConstraint("redeemed_fen <= voucher_fen", name="no_more_is_paid_than_was_promised"),
)
sa.Index("orders_of_provider", orders.c.provider_id, orders.c.status)
_was_left = orders.c.left_by.is_not(None)
sa.Index("orders_left_by", orders.c.left_by, sqlite_where=_was_left, postgresql_where=_was_left)
_lacks_money = orders.c.deferred_fen > 0
sa.Index(
    "orders_to_be_covered",
    orders.c.programme,
    orders.c.year,
    orders.c.purse,
    orders.c.ordered_at,
    orders.c.order_id,
    sqlite_where=_lacks_money,
    postgresql_where=_lacks_money,
)

filings = sa.Table(
    "filings",
    metadata,
    sa.Column("filing_id", ID, primary_key=True),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("track", sa.String(20)),
    sa.Column("category", sa.String(20)),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("provider_id", ID),
    sa.Column("prior_revenue_fen", FEN),
    sa.Column("years_used", sa.Integer, nullable=False),
    sa.Column("attested", Json, nullable=False),
    sa.Column("documents", Json, nullable=False),
    sa.Column("priority", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("passed", sa.Integer, nullable=False),
    sa.Column("stage", sa.String(20)),
    sa.Column("intake_on", sa.Date),
    sa.Column("opened_on", sa.Date),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("filed_by", Json, nullable=False),
    sa.Column("reviewed_by", Json, nullable=False),
    sa.Column("submitted_at", UtcDateTime, nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)
_live_filing = filings.c.status.in_(LIVE)
sa.Index(
    "one_live_filing_of_a_kind",
    filings.c.enterprise_id,
    filings.c.programme,
    filings.c.kind,
    filings.c.year,
    unique=True,
    sqlite_where=_live_filing,
    postgresql_where=_live_filing,
)
sa.Index("filings_of_programme", filings.c.programme, filings.c.submitted_at, filings.c.filing_id)

# What was used, as it was recorded while it was used: never edited.
usage_records = sa.Table(
    "usage_records",
    metadata,
    sa.Column("usage_id", ID, primary_key=True),
    sa.Column("order_id", ID, nullable=False),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("since", sa.Date, nullable=False),
    sa.Column("until", sa.Date, nullable=False),
    sa.Column("days_used", sa.Integer, nullable=False),
    sa.Column("units", sa.BigInteger, nullable=False),
    sa.Column("evidence", sa.String(64)),
    sa.Column("recorded_by", sa.String(128), nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.CheckConstraint("since <= until", name="usage_ends_after_it_begins"),
)
sa.Index("usage_of_order", usage_records.c.order_id, usage_records.c.since)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("name", sa.String(120), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("owner", ID),
    sa.Column("debits_pending", FEN, nullable=False),
    sa.Column("debits_posted", FEN, nullable=False),
    sa.Column("credits_pending", FEN, nullable=False),
    sa.Column("credits_posted", FEN, nullable=False),
    sa.CheckConstraint(
        f"kind IN ({_words(BELOW_ZERO)}) OR credits_posted - debits_posted - debits_pending >= 0",
        name="never_below_zero",
    ),
    sa.CheckConstraint("debits_pending >= 0 AND credits_pending >= 0", name="pending_not_negative"),
)
sa.Index("accounts_of_year", accounts.c.programme, accounts.c.year, accounts.c.kind)

KINDS = ("posted", "pending", "post_pending", "void_pending")
transfers = sa.Table(
    "transfers",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("debit", sa.String(120), nullable=False),
    sa.Column("credit", sa.String(120), nullable=False),
    sa.Column("amount_fen", FEN, nullable=False),
    sa.Column("pending_id", sa.String(64), sa.ForeignKey("transfers.id"), unique=True),  # ended once
    sa.Column("subject", sa.String(26), nullable=False),
    sa.Column("cause", sa.String(64), nullable=False),
    sa.Column("reason", sa.String(40), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.CheckConstraint("amount_fen > 0", name="moves_something"),
    sa.CheckConstraint("debit <> credit", name="moves_somewhere"),
    sa.CheckConstraint(f"kind IN ({_words(KINDS)})", name="known_kind"),
    sa.CheckConstraint("(pending_id IS NULL) = (kind IN ('posted', 'pending'))", name="ends_what_is_pending"),
)
sa.Index("transfers_debit", transfers.c.debit, transfers.c.at, transfers.c.id)
sa.Index("transfers_credit", transfers.c.credit, transfers.c.at, transfers.c.id)

# --- books: corrections and signed years

corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("correction_id", ID, primary_key=True),
    sa.Column("transfer_id", sa.String(64), sa.ForeignKey("transfers.id"), nullable=False, index=True),
    sa.Column("to_account", sa.String(120), nullable=False),
    sa.Column("amount_fen", FEN, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("from_account", sa.String(120), nullable=False),
    sa.Column("asked_by", sa.String(128), nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False),
)
sa.Index("corrections_of_year", corrections.c.programme, corrections.c.year, corrections.c.correction_id)

# What became of a correction, once: a row of its own, so that neither is ever changed.
correction_decisions = sa.Table(
    "correction_decisions",
    metadata,
    sa.Column("correction_id", ID, sa.ForeignKey("corrections.correction_id"), primary_key=True),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("decided_by", sa.String(128), nullable=False),
    sa.Column("decided_at", UtcDateTime, nullable=False),
    sa.CheckConstraint("status IN ('confirmed', 'refused')", name="decided_one_way"),
)

year_signatures = sa.Table(
    "year_signatures",
    metadata,
    sa.Column("plan_id", ID, primary_key=True),
    sa.Column("statement_sha256", sa.String(64), primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("statement", Json, nullable=False),
    sa.Column("signed_by", sa.String(128), nullable=False),
    sa.Column("signed_at", UtcDateTime, nullable=False),
    sa.Column("proof", Json, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

# --- what others told us ----------------------------------------------------------------------------------------------

known_enterprises = sa.Table(
    "known_enterprises",
    metadata,
    sa.Column("enterprise_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("registered_on", sa.Date, nullable=False),
    sa.Column("legal_person", sa.Boolean, nullable=False),
    sa.Column("violation", sa.Boolean, nullable=False),
    sa.Column("bad_credit", sa.Boolean, nullable=False),
    sa.Column("industry", sa.String(20)),
    sa.Column("size", sa.String(20)),
    sa.Column("tax_region", sa.String(6)),
    sa.Column("serves_industry", sa.Boolean),
    sa.Column("priority", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("holder", sa.String(64)),
    sa.Column("representative", sa.String(64), index=True),
    sa.Column("accounts", Json, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_providers = sa.Table(
    "known_providers",
    metadata,
    sa.Column("provider_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("status", sa.String(20), nullable=False, index=True),
    sa.Column("holder", sa.String(64)),
    sa.Column("representative", sa.String(64), index=True),
    sa.Column("accounts", Json, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_products = sa.Table(
    "known_products",
    metadata,
    sa.Column("product_id", ID, primary_key=True),
    sa.Column("provider_id", ID, nullable=False, index=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    sa.Column("price_fen", FEN, nullable=False),
    sa.Column("market_price_fen", FEN),
    sa.Column("voucher_eligible", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_holdings = holdings_table(metadata)

known_ties = sa.Table(
    "known_ties",
    metadata,
    sa.Column("tie_id", ID, primary_key=True),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)
sa.Index("ties_of_enterprise", known_ties.c.enterprise_id, known_ties.c.provider_id)

known_blacklist = sa.Table(
    "known_blacklist",
    metadata,
    sa.Column("entry_id", ID, primary_key=True),
    sa.Column("party_id", ID, nullable=False, index=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("effective_at", UtcDateTime, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

# Claims we answered: what came of each, so that news of its end is understood in whatever order it comes.
heard_claims = sa.Table(
    "heard_claims",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("order_id", ID, nullable=False),
    sa.Column("claim_version", sa.Integer, nullable=False),
    sa.Column("code", sa.String(64)),
    sa.Column("status", sa.String(20), nullable=False),  # claimed, refused, released, redeemed
)

# --- receivables: the totals last heard of each, so that only the difference is posted

heard_receivables = sa.Table(
    "heard_receivables",
    metadata,
    sa.Column("receivable_id", ID, primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("amount_fen", FEN, nullable=False),
    sa.Column("recovered_fen", FEN, nullable=False),
    sa.Column("written_off_fen", FEN, nullable=False),
)

# --- exits: what came of the orders of providers that left ---

wind_downs = sa.Table(
    "wind_downs",
    metadata,
    sa.Column("provider_id", ID, primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("open", sa.BigInteger, nullable=False),
    sa.Column("handed_over", sa.BigInteger, nullable=False),
    sa.Column("settled", sa.BigInteger, nullable=False),
    sa.Column("voided", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
)

# --- what may not be edited -------------------------------------------------------------------------------------------


immutable(transfers)
immutable(usage_records)
immutable(corrections)
immutable(correction_decisions)
immutable(year_signatures)
