"""The tables: evidence that refuses change, what is known of others, alerts, complaints, cases, the regions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from infra.db import Json, UtcDateTime, common_tables
from infra.holdings import holdings_table
from infra.immutable import immutable

metadata = sa.MetaData()
common_tables(metadata)

ID = sa.String(26)
DIGEST = sa.String(64)

# --- evidence -------------------------------------------------------------------------------------------------------

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("event_id", ID, nullable=False, unique=True),
    sa.Column("source", sa.String(60), nullable=False),
    sa.Column("type", sa.String(100), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False, index=True),
    sa.Column("time", UtcDateTime, nullable=False),
    sa.Column("stream_seq", sa.BigInteger),
    sa.Column("recorded_at", sa.String(32), nullable=False),  # the very text that was hashed
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("leaf", DIGEST, nullable=False),
    sa.Column("root", DIGEST, nullable=False),  # of the tree that this record completes
    sa.Index("evidence_streams", "source", "stream_seq"),
)

evidence_nodes = sa.Table(  # complete subtrees of 256, 65,536 … leaves: a proof reads a few rows of them
    "evidence_nodes",
    metadata,
    sa.Column("level", sa.SmallInteger, primary_key=True),
    sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", DIGEST, nullable=False),
)

evidence_head = sa.Table(  # one row: whoever appends locks it
    "evidence_head",
    metadata,
    sa.Column("name", sa.String(10), primary_key=True),
    sa.Column("algorithm", sa.String(10), nullable=False),  # fixed when the log begins
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", DIGEST, nullable=False),
    sa.Column("edge", Json, nullable=False),  # hashes of the complete subtrees at the right edge, largest first
    sa.Column("checkpoints", sa.BigInteger, nullable=False),
    sa.Column("checkpoint_size", sa.BigInteger, nullable=False),
    sa.Column("checkpoint_at", UtcDateTime),
)

evidence_walk = sa.Table(  # how far supervision has read its own log again, and what it found
    "evidence_walk",
    metadata,
    sa.Column("name", sa.String(10), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("edge", Json, nullable=False),
    sa.Column("checkpoint", sa.BigInteger, nullable=False),  # the last that it was held against
    sa.Column("walked_at", UtcDateTime),  # when it last came to the end
)

evidence_checkpoints = sa.Table(
    "evidence_checkpoints",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False, index=True),
    sa.Column("document", Json, nullable=False),
    sa.Column("signature", Json, nullable=False),
)

evidence_shipments = sa.Table(  # the newest checkpoint that each place has taken
    "evidence_shipments",
    metadata,
    sa.Column("destination", sa.String(500), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("shipped_at", UtcDateTime, nullable=False),
)

evidence_sources = sa.Table(
    "evidence_sources",
    metadata,
    sa.Column("source", sa.String(60), primary_key=True),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("numbered", sa.BigInteger, nullable=False),  # events that came with a number in their stream
    sa.Column("last_seq", sa.BigInteger, nullable=False),  # the highest of these numbers
)


for _log in (evidence, evidence_nodes, evidence_checkpoints):
    immutable(_log)

# --- what is known of others ----------------------------------------------------------------------------------------

known_parties = sa.Table(
    "known_parties",
    metadata,
    sa.Column("party_id", ID, primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("public_name", sa.String(120), nullable=False),  # as everyone may read it
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("provider_kind", sa.String(20)),
    sa.Column("holder", DIGEST, index=True),
    sa.Column("registered_on", sa.Date),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_parties_by_region", "programme", "kind", "region"),
)

party_facts = sa.Table(  # every fact a party ever declared: one that it changes afterwards still ties it
    "party_facts",
    metadata,
    sa.Column("party_id", ID, primary_key=True),
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("value", DIGEST, primary_key=True),
    sa.Index("party_facts_holders", "value", "kind", "party_id"),
)

known_ties = sa.Table(
    "known_ties",
    metadata,
    sa.Column("tie_id", ID, primary_key=True),
    sa.Column("enterprise_id", ID, nullable=False, index=True),
    sa.Column("provider_id", ID, nullable=False, index=True),
    sa.Column("kind", sa.String(20), nullable=False),
)

known_holdings = holdings_table(metadata)

known_products = sa.Table(
    "known_products",
    metadata,
    sa.Column("product_id", ID, primary_key=True),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("price_fen", sa.BigInteger, nullable=False),
    sa.Column("market_price_fen", sa.BigInteger),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_orders = sa.Table(
    "known_orders",
    metadata,
    sa.Column("order_id", ID, primary_key=True),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("product_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("list_price_fen", sa.BigInteger, nullable=False),
    sa.Column("price_fen", sa.BigInteger, nullable=False),
    sa.Column("voucher_fen", sa.BigInteger, nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("ordered_on", sa.Date, nullable=False),
    sa.Column("confirmed_on", sa.Date),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_orders_of_product", "product_id", "order_id"),
    sa.Index("known_orders_of_category", "programme", "category", "order_id"),
    sa.Index("known_orders_of_provider", "provider_id", "confirmed_on"),
)

known_filings = sa.Table(
    "known_filings",
    metadata,
    sa.Column("filing_id", ID, primary_key=True),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),  # its category or track
    sa.Column("opened_on", sa.Date),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_filings_by_status", "programme", "status"),
)

known_claims = sa.Table(
    "known_claims",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("claim_version", sa.BigInteger, nullable=False),
    sa.Column("order_id", ID, nullable=False),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    sa.Column("product_id", ID, nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("price_fen", sa.BigInteger, nullable=False),
    sa.Column("claimed_fen", sa.BigInteger, nullable=False),
    sa.Column("payable_fen", sa.BigInteger, nullable=False),
    sa.Column("paid_on", sa.Date),
    sa.Column("invoice_number", sa.String(30), nullable=False),
    sa.Column("invoice_fen", sa.BigInteger, nullable=False),
    sa.Column("invoice_on", sa.Date, nullable=False),
    sa.Column("contract_sha256", DIGEST, nullable=False),
    sa.Column("transfer_fen", sa.BigInteger, nullable=False),
    sa.Column("refunded_fen", sa.BigInteger),
    sa.Column("payer_index", DIGEST, index=True),
    sa.Column("payee_index", DIGEST, index=True),
    sa.Column("usage_days", sa.BigInteger, nullable=False),
    sa.Column("usage_units", sa.BigInteger, nullable=False),
    sa.Column("filed_at", UtcDateTime, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_claims_between", "enterprise_id", "provider_id"),
    sa.Index("known_claims_of_order", "order_id"),
    sa.Index("known_claims_of_provider", "provider_id", "filed_at"),
    sa.Index("known_claims_of_contract", "contract_sha256", "claim_id"),
    sa.Index("known_claims_by_status", "programme", "status"),
)

# --- exits: orders and claims of providers that left, by what came of them
known_wind_downs = sa.Table(
    "known_wind_downs",
    metadata,
    sa.Column("provider_id", sa.String(26), primary_key=True),
    sa.Column("source", sa.String(12), primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("open", sa.BigInteger, nullable=False),
    sa.Column("handed_over", sa.BigInteger, nullable=False),
    sa.Column("settled", sa.BigInteger, nullable=False),
    sa.Column("voided", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_receivables = sa.Table(  # what a party owed back, and what became of it: part of its record
    "known_receivables",
    metadata,
    sa.Column("receivable_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("party_id", ID, nullable=False),
    sa.Column("claim_id", ID),
    sa.Column("ground", sa.String(20), nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("articles", Json, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("recovered_fen", sa.BigInteger, nullable=False),
    sa.Column("written_off_fen", sa.BigInteger, nullable=False),
    sa.Column("due_on", sa.Date),
    sa.Column("overdue_on", sa.Date),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_receivables_of_party", "party_id", "receivable_id"),
)

invoice_uses = sa.Table(  # every number a claim was ever filed with, in the forms it is looked up by
    "invoice_uses",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("plain", sa.String(64), primary_key=True),
    sa.Column("invoice_number", sa.String(30), nullable=False),
    sa.Column("bare", sa.String(64), nullable=False, index=True),
    sa.Column("core", sa.String(64), nullable=False),
    sa.Column("tail", sa.String(10), nullable=False),
    sa.Column("digits", sa.String(64), nullable=False, index=True),  # those of `bare` but noughts, sorted
    sa.Column("order_id", ID, nullable=False),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
    sa.Column("used_at", UtcDateTime, nullable=False),
    sa.Index("invoice_uses_plain", "plain"),
    sa.Index("invoice_uses_core", "provider_id", "core"),
    sa.Index("invoice_uses_tail", "provider_id", "tail"),
)

# --- our own aggregates ---------------------------------------------------------------------------------------------

screening_pending = sa.Table(  # claims that wait to be screened; the cause is the event that asked for it
    "screening_pending",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("since", UtcDateTime, nullable=False, index=True),
    sa.Column("event_id", ID, nullable=False),
    sa.Column("correlation_id", sa.String(128), nullable=False),
    sa.Column("again", sa.Boolean, nullable=False),  # also when this version was screened already
)

screenings = sa.Table(
    "screenings",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("claim_version", sa.BigInteger, nullable=False),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("verdict", sa.String(10), nullable=False),
    sa.Column("screened_at", UtcDateTime, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

alerts = sa.Table(  # one rule's finding on one subject; a repeat folds into the one that is not resolved
    "alerts",
    metadata,
    sa.Column("alert_id", ID, primary_key=True),
    sa.Column("alert", sa.String(40), nullable=False),
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("subject_kind", sa.String(10), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("provider_id", ID),
    sa.Column("enterprise_id", ID),
    sa.Column("claims", sa.BigInteger, nullable=False),
    sa.Column("claim_ids", Json, nullable=False),  # the newest few
    sa.Column("repeats", sa.BigInteger, nullable=False),
    sa.Column("pack_version", sa.String(80)),
    sa.Column("articles", Json, nullable=False),
    sa.Column("first_evidence", Json, nullable=False),  # of what raised it
    sa.Column("evidence", Json, nullable=False),  # of the newest finding; each claim keeps its own
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("raised_at", UtcDateTime, nullable=False),
    sa.Column("repeated_at", UtcDateTime),
    sa.Column("assigned_to", sa.String(128)),
    sa.Column("due_on", sa.Date),
    sa.Column("escalate_to", sa.String(20)),
    sa.Column("escalated_at", UtcDateTime),
    sa.Column("acknowledged_at", UtcDateTime),
    sa.Column("acknowledged_by", sa.String(128)),
    sa.Column("resolved_at", UtcDateTime),
    sa.Column("resolved_by", sa.String(128)),
    sa.Column("reason", sa.String(1000)),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("alerts_by_status", "programme", "status", "alert_id"),
    sa.Index("alerts_of_subject", "subject", "alert", "programme"),
    sa.Index("alerts_of_provider", "provider_id", "status"),
    sa.Index("alerts_by_due", "status", "due_on"),
)
sa.Index(
    "alerts_once",
    *(alerts.c[name] for name in ("subject", "alert", "programme")),
    unique=True,
    postgresql_where=alerts.c.status.in_(("open", "acknowledged")),
    sqlite_where=alerts.c.status.in_(("open", "acknowledged")),
)

alert_claims = sa.Table(  # a rule speaks once of a version of a claim; cleared: confirmed for others alone
    "alert_claims",
    metadata,
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("claim_version", sa.BigInteger, primary_key=True),
    sa.Column("alert", sa.String(40), primary_key=True),
    sa.Column("alert_id", ID, nullable=False),
    sa.Column("holds", sa.Boolean, nullable=False),
    sa.Column("cleared", sa.Boolean, nullable=False),
    sa.Column("evidence", Json, nullable=False),
    sa.Column("found_at", UtcDateTime, nullable=False),
    sa.Index("alert_claims_of_alert", "alert_id", "claim_id"),
)

complaints = sa.Table(  # text and answer may name people: they stay here
    "complaints",
    metadata,
    sa.Column("complaint_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("order_id", ID),
    sa.Column("product_id", ID),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("text", sa.String(1000), nullable=False),
    sa.Column("pack_version", sa.String(80)),
    sa.Column("articles", Json, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("outcome", sa.String(10)),
    sa.Column("answer", sa.String(2000)),
    sa.Column("filed_at", UtcDateTime, nullable=False),
    sa.Column("filed_by", sa.String(128), nullable=False),
    sa.Column("due_on", sa.Date),
    sa.Column("overdue_at", UtcDateTime),
    sa.Column("answered_at", UtcDateTime),
    sa.Column("answered_by", sa.String(128)),
    sa.Column("reopened_at", UtcDateTime),
    sa.Column("reopen_text", sa.String(1000)),
    sa.Column("first_outcome", sa.String(10)),  # of one that was reopened
    sa.Column("first_answer", sa.String(2000)),
    sa.Column("first_answered_at", UtcDateTime),
    sa.Column("first_overdue_at", UtcDateTime),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("complaints_by_status", "programme", "status", "complaint_id"),
    sa.Index("complaints_by_due", "status", "due_on"),
    sa.Index("complaints_of_provider", "provider_id", "filed_at"),
)

blacklist = sa.Table(
    "blacklist",
    metadata,
    sa.Column("entry_id", ID, primary_key=True),  # that of its case
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("interim", sa.Boolean, nullable=False),  # while the case runs, unpublished
    sa.Column("party_kind", sa.String(10), nullable=False),
    sa.Column("party_id", ID, nullable=False),
    sa.Column("party_name", sa.String(120)),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("ground", sa.String(60), nullable=False),
    sa.Column("reason", sa.String(1000), nullable=False),
    sa.Column("pack_version", sa.String(80)),
    sa.Column("articles", Json, nullable=False),
    sa.Column("effective_at", UtcDateTime, nullable=False),
    sa.Column("until", sa.Date),
    sa.Column("in_effect", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("listed_at", UtcDateTime, nullable=False),
    sa.Column("listed_by", sa.String(128), nullable=False),
    sa.Column("removed_at", UtcDateTime),
    sa.Column("removed_by", sa.String(128)),
    sa.Column("removal_reason", sa.String(1000)),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("blacklist_of_programme", "programme", "entry_id"),
    sa.Index("blacklist_of_party", "party_id"),
)
sa.Index(
    "blacklist_once",
    blacklist.c.party_id,
    unique=True,
    postgresql_where=sa.and_(blacklist.c.status == "listed", blacklist.c.interim.is_(False)),
    sqlite_where=sa.and_(blacklist.c.status == "listed", blacklist.c.interim.is_(False)),
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("case_id", ID, primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("party_kind", sa.String(10), nullable=False),
    sa.Column("party_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("region", sa.String(6)),
    sa.Column("ground", sa.String(60), nullable=False),
    sa.Column("reason", sa.String(1000), nullable=False),
    sa.Column("evidence", Json, nullable=False),  # alerts, complaints, receivables by id, papers by SHA-256
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("articles", Json, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("interim", sa.Boolean, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("opened_by", sa.String(128), nullable=False),
    sa.Column("hearing_until", sa.Date, nullable=False),
    sa.Column("stated_at", UtcDateTime),
    sa.Column("statement", sa.String(4000)),
    sa.Column("waived", sa.Boolean, nullable=False),
    sa.Column("heard_on", sa.Date),
    sa.Column("hearing_sha256", sa.String(64)),
    sa.Column("proposal", Json),  # outcome, reason, until, effective_at, by, at: while it waits for another person
    sa.Column("proposed_by", sa.String(128)),  # of the first decision, as decided_by
    sa.Column("decided_by", sa.String(128)),
    sa.Column("decided_at", UtcDateTime),
    sa.Column("decision", sa.String(1000)),
    sa.Column("until", sa.Date),
    sa.Column("appeal_until", sa.Date),
    sa.Column("appealed_at", UtcDateTime),
    sa.Column("appeal", sa.String(4000)),
    sa.Column("appeal_decided_at", UtcDateTime),
    sa.Column("appeal_proposed_by", sa.String(128)),
    sa.Column("appeal_decided_by", sa.String(128)),
    sa.Column("appeal_decision", sa.String(1000)),
    sa.Column("exited_at", UtcDateTime),
    sa.Column("referral", Json),  # authority, referred_on, letter_sha256
    sa.Column("cooperation", sa.String(10)),
    sa.Column("closing_note", sa.String(1000)),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("cases_of_programme", "programme", "case_id"),
    sa.Index("cases_of_party", "party_id"),
)

# --- regions --------------------------------------------------------------------------------------------------------


def _told(*columns: sa.Column[Any]) -> list[sa.Column[Any]]:
    """What an office said of a region or enterprise, with its law, when, and who."""
    law = [sa.Column("pack_version", sa.String(80), nullable=False), sa.Column("articles", Json, nullable=False)]
    said = [
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("told_at", UtcDateTime, nullable=False),
        sa.Column("told_by", sa.String(128), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    ]
    return [*columns, *law, *said]


targets = sa.Table(
    "targets",
    metadata,
    *_told(
        sa.Column("target_id", ID, primary_key=True),
        sa.Column("programme", sa.String(40), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("measure", sa.String(40), nullable=False),
        sa.Column("at_least", sa.BigInteger, nullable=False),
    ),
)
sa.Index(
    "targets_once",
    *(targets.c[name] for name in ("programme", "region", "year", "measure")),
    unique=True,
    postgresql_where=targets.c.status == "set",
    sqlite_where=targets.c.status == "set",
)

region_reports = sa.Table(
    "region_reports",
    metadata,
    *_told(
        sa.Column("report_id", ID, primary_key=True),
        sa.Column("programme", sa.String(40), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("score", sa.SmallInteger, nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
    ),
    sa.UniqueConstraint("programme", "region", "month"),
)

report_terms = sa.Table(  # the newest month whose term was looked at, of each programme that has one
    "report_terms",
    metadata,
    sa.Column("programme", sa.String(40), primary_key=True),
    sa.Column("month", sa.String(7), nullable=False),
)

region_evaluations = sa.Table(  # figures: as they were at that moment
    "region_evaluations",
    metadata,
    *_told(
        sa.Column("evaluation_id", ID, primary_key=True),
        sa.Column("programme", sa.String(40), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("score", sa.SmallInteger, nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("figures", Json, nullable=False),
    ),
    sa.UniqueConstraint("programme", "region", "period"),
)

assessments = sa.Table(  # indicators, figures: as computed when it was opened; scores as reviewers left them
    "assessments",
    metadata,
    sa.Column("assessment_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("of", sa.String(10), nullable=False),
    sa.Column("subject_id", ID, nullable=False),  # empty for the effect
    sa.Column("region", sa.String(6)),
    sa.Column("period", sa.String(7), nullable=False),
    sa.Column("indicators", Json, nullable=False),
    sa.Column("figures", Json, nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("articles", Json, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("opened_by", sa.String(128), nullable=False),
    sa.Column("score_bp", sa.Integer),
    sa.Column("grade", Json),
    sa.Column("consequence", sa.String(10)),
    sa.Column("concluded_at", UtcDateTime),
    sa.Column("concluded_by", sa.String(128)),
    sa.Column("due_on", sa.Date),
    sa.Column("overdue_at", UtcDateTime),
    sa.Column("mended_at", UtcDateTime),
    sa.Column("mended_by", sa.String(128)),
    sa.Column("mended_reason", sa.String(1000)),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("programme", "name", "subject_id", "period"),
    sa.Index("assessments_by_due", "status", "due_on"),
    sa.Index("assessments_of_programme", "programme", "assessment_id"),
)

adjustments = sa.Table(  # each by one reviewer, numbered by the version of its assessment
    "adjustments",
    metadata,
    sa.Column("assessment_id", ID, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("indicator", sa.String(40), nullable=False),
    sa.Column("before", sa.String(120)),
    sa.Column("after", sa.String(120), nullable=False),
    sa.Column("value", sa.String(20)),
    sa.Column("reason", sa.String(1000), nullable=False),
    sa.Column("adjusted_at", UtcDateTime, nullable=False),
    sa.Column("adjusted_by", sa.String(128), nullable=False),
)

standards = sa.Table(  # of a third party; a version that was replaced stays
    "standards",
    metadata,
    *_told(
        sa.Column("standard_id", ID, primary_key=True),
        sa.Column("programme", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("items", Json, nullable=False),
    ),
    sa.UniqueConstraint("programme", "name", "version"),
)
sa.Index(
    "standards_once",
    *(standards.c[name] for name in ("programme", "name")),
    unique=True,
    postgresql_where=standards.c.status == "published",
    sqlite_where=standards.c.status == "published",
)

enterprise_evaluations = sa.Table(  # of one order's move to the cloud; one made again takes the place of the former
    "enterprise_evaluations",
    metadata,
    *_told(
        sa.Column("evaluation_id", ID, primary_key=True),
        sa.Column("programme", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("enterprise_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("standard_id", ID, nullable=False),
        sa.Column("points", Json, nullable=False),
        sa.Column("reached", sa.Integer, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("score", sa.SmallInteger, nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
    ),
    sa.Index("enterprise_evaluations_of_programme", "programme", "evaluation_id"),
    sa.Index("enterprise_evaluations_of_provider", "provider_id", "told_at"),
)
sa.Index(
    "enterprise_evaluations_once",
    *(enterprise_evaluations.c[name] for name in ("order_id", "name")),
    unique=True,
    postgresql_where=enterprise_evaluations.c.status == "evaluated",
    sqlite_where=enterprise_evaluations.c.status == "evaluated",
)

designations = sa.Table(
    "designations",
    metadata,
    *_told(
        sa.Column("designation_id", ID, primary_key=True),
        sa.Column("programme", sa.String(40), nullable=False),
        sa.Column("enterprise_id", ID, nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("designated_on", sa.Date, nullable=False),
    ),
    sa.UniqueConstraint("enterprise_id", "kind"),
    sa.Index("designations_of_programme", "programme", "designation_id"),
)

region_awards = sa.Table(  # facts: what each region had, the weights, and what came of them
    "region_awards",
    metadata,
    *_told(
        sa.Column("award_id", ID, primary_key=True),
        sa.Column("programme", sa.String(40), nullable=False),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("amount_fen", sa.BigInteger, nullable=False),
        sa.Column("regions", Json, nullable=False),
        sa.Column("shares", Json, nullable=False),
        sa.Column("facts", Json, nullable=False),
    ),
    sa.UniqueConstraint("programme", "year"),
)

for _kept in (region_reports, region_evaluations, adjustments, designations, region_awards):
    immutable(_kept)

# --- books ----------------------------------------------------------------------------------------------------------

books_rows = sa.Table(  # each row of another's books as its last event told it (`infra.books.rows` packs it)
    "books_rows",
    metadata,
    sa.Column("service", sa.String(20), primary_key=True),
    sa.Column("book", sa.String(20), primary_key=True),
    sa.Column("key", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),  # 0 where the book is of all years
    sa.Column("link", ID),
    sa.Column("status", sa.String(20)),
    sa.Column("packed", sa.LargeBinary, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),  # by the clock of who told it
    sa.Index("books_rows_of", "service", "programme", "year", "book"),
)

books_streams = sa.Table(  # how far each service's stream is folded in, without a gap
    "books_streams",
    metadata,
    sa.Column("service", sa.String(20), primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("told_at", UtcDateTime),  # the last telling that was compared
    sa.Column("untold_since", UtcDateTime),  # the first event on a row after it
)

books_figures = sa.Table(  # the figures that a service told last of a programme and year
    "books_figures",
    metadata,
    sa.Column("service", sa.String(20), primary_key=True),
    sa.Column("programme", sa.String(40), primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("figures", Json, nullable=False),
)

books_differences = sa.Table(  # what differs, and what did
    "books_differences",
    metadata,
    sa.Column("subject", sa.String(128), primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("evidence", Json, nullable=False),
    sa.Column("digest", DIGEST, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
)
