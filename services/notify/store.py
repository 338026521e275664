"""notify's tables: notices, deliveries, and what it knows of others for names and for the public board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from infra.db import Json, UtcDateTime, common_tables
from infra.db_insert import upsert
from infra.tables import BigId

metadata = sa.MetaData()
common_tables(metadata)

ID = sa.String(26)
IN_ONE_LIST = 5_000  # ids in one IN (…): SQLite takes 32,766 parameters

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("seq", BigId, primary_key=True, autoincrement=True),  # order of arrival, for pages
    sa.Column("id", ID, nullable=False, unique=True),
    sa.Column("event_id", ID, nullable=False),
    sa.Column("event_type", sa.String(100), nullable=False),
    sa.Column("template", sa.String(64), nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("region", sa.String(6)),  # the event's: an office reads those of its own area
    sa.Column("subject", sa.String(128), nullable=False),
    sa.Column("party_id", ID),  # one of the two: a party, or
    sa.Column("role", sa.String(20)),  # everyone of this role in the programme,
    sa.Column("person", sa.String(128)),  # or the one of them whose token has this subject
    sa.Column("severity", sa.String(10)),  # of what may be below an office's floor
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("title_en", sa.String(200), nullable=False),
    sa.Column("body_en", sa.Text, nullable=False),
    sa.Column("articles", Json, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("read_at", UtcDateTime, index=True),
    sa.Index("notifications_of_party", "party_id", "seq"),
    sa.Index("notifications_of_role", "role", "programme", "seq"),
)
sa.Index(
    "notifications_unread",
    notifications.c.party_id,
    notifications.c.seq,
    postgresql_where=notifications.c.read_at.is_(None),
    sqlite_where=notifications.c.read_at.is_(None),
)

# From which severity on an office, or one person of it, is shown what is graded.
floors = sa.Table(
    "floors",
    metadata,
    sa.Column("programme", sa.String(40), primary_key=True),
    sa.Column("role", sa.String(20), primary_key=True),
    sa.Column("region", sa.String(6), primary_key=True),  # of the office, empty for one over all; empty for a person
    sa.Column("person", sa.String(128), primary_key=True),  # empty for the whole office
    sa.Column("severity", sa.String(10), nullable=False),
    sa.Column("set_at", UtcDateTime, nullable=False),
    sa.Column("set_by", sa.String(128), nullable=False),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("seq", BigId, primary_key=True, autoincrement=True),
    sa.Column("notification_id", ID, nullable=False, unique=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("party_id", ID, nullable=False),
    sa.Column("message_id", sa.String(100), nullable=False),  # the same however often the mail is sent
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.String(40)),  # a code: never what the server said, which may name the addressee
    sa.Column("next_at", UtcDateTime),
    sa.Column("holder", sa.String(64)),  # the sender that has it in hand,
    sa.Column("held_until", sa.Float),  # until this second of the machine's clock
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("ended_at", UtcDateTime, index=True),
    sa.Index("deliveries_of_status", "status", "seq"),
    sa.Index("deliveries_due", "status", "next_at"),
)

known_parties = sa.Table(
    "known_parties",
    metadata,
    sa.Column("party_id", ID, primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("uscc", sa.String(18), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("public_name", sa.String(120), nullable=False),  # as the board shows it
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("batch", sa.String(20)),  # of the catalogue, where providers are chosen in batches
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_parties_shown", "programme", "kind", "status", "party_id"),
)

known_products = sa.Table(
    "known_products",
    metadata,
    sa.Column("product_id", ID, primary_key=True),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("price_fen", sa.BigInteger, nullable=False),
    sa.Column("voucher_eligible", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_products_shown", "programme", "status", "product_id"),
)

known_plans = sa.Table(
    "known_plans",
    metadata,
    sa.Column("plan_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False, index=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("budget_fen", sa.BigInteger, nullable=False),
    sa.Column("carried_fen", sa.BigInteger, nullable=False),
    sa.Column("made_up_fen", sa.BigInteger, nullable=False),
    sa.Column("denominations", Json, nullable=False),
    sa.Column("funds", Json, nullable=False),
    sa.Column("quota_fen", sa.BigInteger, nullable=False),
    sa.Column("opens_on", sa.Date, nullable=False),
    sa.Column("document", sa.String(200), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

closed_years = sa.Table(
    "closed_years",
    metadata,
    sa.Column("plan_id", ID, primary_key=True),
    sa.Column("lapsed_fen", sa.BigInteger, nullable=False),
    sa.Column("carried_fen", sa.BigInteger, nullable=False),
    sa.Column("deferred_fen", sa.BigInteger, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

# Who was given support: a granted quota (by its application), or a voucher that was generated (by its order).
known_vouchers = sa.Table(
    "known_vouchers",
    metadata,
    sa.Column("voucher_id", ID, primary_key=True),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("provider_id", ID),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("number", sa.String(40)),
    sa.Column("denomination_fen", sa.BigInteger),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_vouchers_shown", "programme", "voucher_id"),
)

# The board shows how many, never who.
known_filings = sa.Table(
    "known_filings",
    metadata,
    sa.Column("filing_id", ID, primary_key=True),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_filings_shown", "programme", "status", "region", "kind"),
)

known_notices = sa.Table(
    "known_notices",
    metadata,
    sa.Column("notice_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("from_on", sa.Date, nullable=False),
    sa.Column("until_on", sa.Date, nullable=False),
    sa.Column("working_days", sa.Integer, nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("public_key", sa.String(44), nullable=False),
    sa.Column("signature", sa.String(88), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_notice_items = sa.Table(
    "known_notice_items",
    metadata,
    sa.Column("notice_id", ID, primary_key=True),
    sa.Column("claim_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("payable_fen", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.String(10)),  # once the notice is closed
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_notice_items_shown", "programme", "notice_id", "claim_id"),
)

known_objections = sa.Table(
    "known_objections",
    metadata,
    sa.Column("objection_id", ID, primary_key=True),
    sa.Column("notice_id", ID, nullable=False),
    sa.Column("claim_id", ID, nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_objections_of_item", "notice_id", "claim_id"),
)

known_nodes = sa.Table(
    "known_nodes",
    metadata,
    sa.Column("node_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False, index=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("closes_at", UtcDateTime, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("claims", sa.Integer, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_samples = sa.Table(
    "known_samples",
    metadata,
    sa.Column("sample_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False, index=True),
    sa.Column("node_id", ID, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("seed_hash", sa.String(64), nullable=False),
    sa.Column("seed", sa.String(200)),
    sa.Column("population", sa.Integer),
    sa.Column("population_hash", sa.String(64)),
    sa.Column("drawn", sa.Integer),
    sa.Column("error_fen", sa.BigInteger),
    sa.Column("rate", sa.String(50)),
    sa.Column("reason", sa.Text),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_payments = sa.Table(
    "known_payments",
    metadata,
    sa.Column("payment_id", ID, primary_key=True),
    sa.Column("payee_id", ID, nullable=False),
    sa.Column("payee_kind", sa.String(12), nullable=False),
    sa.Column("region", sa.String(6)),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_payments_shown", "programme", "status", "payee_id", "year"),
)

known_designations = sa.Table(
    "known_designations",
    metadata,
    sa.Column("designation_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("enterprise_id", ID, nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("kind", sa.String(12), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_designations_shown", "programme", "designation_id"),
)

# Providers that an assessment commends; of one with another grade nothing is shown.
known_commendations = sa.Table(
    "known_commendations",
    metadata,
    sa.Column("assessment_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("provider_id", ID, nullable=False),
    sa.Column("period", sa.String(7), nullable=False),
    sa.Column("score_bp", sa.Integer, nullable=False),
    sa.Column("grade", Json, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_commendations_shown", "programme", "assessment_id"),
)

# What is measured of a region: its targets, and the scores of its evaluations.
known_marks = sa.Table(
    "known_marks",
    metadata,
    sa.Column("mark_id", ID, primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("mark", sa.String(12), nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("period", sa.String(7), nullable=False),
    sa.Column("measure", sa.String(40)),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("figures", Json, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_marks_shown", "programme", "mark_id"),
)

known_shares = sa.Table(
    "known_shares",
    metadata,
    sa.Column("award_id", ID, primary_key=True),
    sa.Column("region", sa.String(6), primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("weighted", sa.String(40), nullable=False),  # the index that the amount was shared out by
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Index("known_shares_shown", "programme", "award_id", "region"),
)

known_blacklist = sa.Table(
    "known_blacklist",
    metadata,
    sa.Column("entry_id", ID, primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("interim", sa.Boolean, nullable=False),  # kept, so that the books agree, and never shown
    sa.Column("party_id", ID, nullable=False),
    sa.Column("party_kind", sa.String(12), nullable=False),
    sa.Column("party_name", sa.String(120)),
    sa.Column("programme", sa.String(40), nullable=False, index=True),
    sa.Column("ground", sa.String(60), nullable=False),
    sa.Column("effective_at", UtcDateTime, nullable=False),
    sa.Column("until", sa.Date),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_checkpoints = sa.Table(
    "known_checkpoints",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", sa.String(64), nullable=False),
    sa.Column("algorithm", sa.String(10), nullable=False),
    sa.Column("origin", sa.String(100), nullable=False),
    sa.Column("made_at", sa.String(40), nullable=False),  # the very text that was signed
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("public_key", sa.String(44), nullable=False),
    sa.Column("signature", sa.String(88), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)


def names_of(conn: sa.Connection, table: sa.Table, ids: Iterable[str]) -> dict[str, str]:
    """Names by id from `known_parties` or `known_products`; ids not heard of are left out."""
    key = next(iter(table.primary_key))
    found: dict[str, str] = {}
    for part in parts(sorted(ids)):
        found.update((row[0], row[1]) for row in conn.execute(sa.select(key, table.c.name).where(key.in_(part))))
    return found


def admitted_providers(conn: sa.Connection, programmes: Iterable[str]) -> dict[str, list[str]]:
    """Ids of the admitted providers, by programme."""
    found: dict[str, list[str]] = {programme: [] for programme in programmes}
    statement = (
        sa.select(known_parties.c.programme, known_parties.c.party_id)
        .where(
            known_parties.c.programme.in_(sorted(found)),
            known_parties.c.kind == "provider",
            known_parties.c.status.in_(("admitted", "suspended", "leaving")),
        )
        .order_by(known_parties.c.party_id)
    )
    for programme, party_id in conn.execute(statement):
        found[programme].append(party_id)
    return found


def add_notices(
    conn: sa.Connection, notices: Sequence[Mapping[str, Any]], intents: Sequence[Mapping[str, Any]]
) -> None:
    """Save notices and the intents to mail them, one multi-row insert each."""
    if notices:
        conn.execute(sa.insert(notifications), [dict(row) for row in notices])
    if intents:
        conn.execute(sa.insert(deliveries), [dict(row) for row in intents])


def unread_of(conn: sa.Connection, ids: Iterable[str]) -> dict[str, tuple[str | None, str, bool]]:
    """Notification id → (its party, its programme, is it unread); rows locked in order of their ids."""
    found: dict[str, tuple[str | None, str, bool]] = {}
    columns = (notifications.c.id, notifications.c.party_id, notifications.c.programme, notifications.c.read_at)
    for part in parts(sorted(ids)):
        statement = sa.select(*columns).where(notifications.c.id.in_(part)).order_by(notifications.c.id)
        for id_, party_id, programme, read_at in conn.execute(statement.with_for_update()):
            found[id_] = (party_id, programme, read_at is None)
    return found


def mark_read(conn: sa.Connection, ids: Iterable[str], at: datetime) -> None:
    """Set the moment of reading."""
    for part in parts(sorted(ids)):
        conn.execute(sa.update(notifications).where(notifications.c.id.in_(part)).values(read_at=at))


def save_floors(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write floors, new or changed."""
    upsert(conn, floors, rows, key=("programme", "role", "region", "person"))


def floor_of(conn: sa.Connection, *, programme: str, role: str, region: str, person: str) -> str | None:
    """The severity from which on this person is shown alerts: their own floor, else their office's."""
    own = sa.and_(floors.c.person == person, floors.c.region == "")
    office = sa.and_(floors.c.person == "", floors.c.region == region)
    found = (
        sa.select(floors.c.severity)
        .where(floors.c.programme == programme, floors.c.role == role, sa.or_(own, office))
        .order_by(floors.c.person.desc())
        .limit(1)
    )
    return conn.execute(found).scalar_one_or_none()


def parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """Slices that fit one statement on both dialects."""
    return (values[at : at + IN_ONE_LIST] for at in range(0, len(values), IN_ONE_LIST))
