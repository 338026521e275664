"""registry's tables, loaded and saved by the set: a batch of a hundred takes as many statements as one of one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from infra.db import common_tables
from infra.db_insert import insert_many, insert_new, upsert
from infra.immutable import immutable
from infra.projection import upsert_newer
from infra.tables import BigId, Json, UtcDateTime
from services.registry.domain.model import (
    CASE_MOVES,
    ENTERPRISE_MOVES,
    PRODUCT_MOVES,
    PROVIDER_MOVES,
    SHELVED,
    Case,
    Party,
    Product,
    Shareholding,
    Tie,
)

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
common_tables(metadata)

IDS_A_QUERY = 5000
PARTY_STATES = sorted({*ENTERPRISE_MOVES, *PROVIDER_MOVES})


def _one_of(column: str, values: Iterable[str]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in sorted(values))
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


parties = sa.Table(
    "parties",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("uscc", sa.String(18), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("region", sa.String(6), nullable=False),
    sa.Column("registered_on", sa.Date, nullable=False),
    sa.Column("legal_person", sa.Boolean, nullable=False),
    sa.Column("violation", sa.Boolean, nullable=False),
    sa.Column("bad_credit", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(12), nullable=False),
    sa.Column("stage", sa.String(20)),
    sa.Column("pack_version", sa.String(80)),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("tax_paid", sa.Boolean),
    sa.Column("industry", sa.String(20)),
    sa.Column("size", sa.String(10)),
    sa.Column("capital_fen", sa.BigInteger),
    sa.Column("revenue_fen", sa.BigInteger),
    sa.Column("tax_region", sa.String(6)),
    sa.Column("serves_industry", sa.Boolean),
    sa.Column("priority", sa.Boolean, nullable=False),
    sa.Column("account_version", sa.Integer, nullable=False),
    sa.Column("provider_kind", sa.String(12)),
    sa.Column("platform_id", sa.ForeignKey("parties.id")),
    sa.Column("batch", sa.String(20)),
    sa.Column("exit_on", sa.Date),
    sa.Column("ground", sa.String(24)),
    sa.Column("certified_by", Json, nullable=False),
    sa.Column("nominated_by", Json, nullable=False),
    sa.Column("key_id", sa.String(12)),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column("indexes", Json, nullable=False),
    sa.Column("registration", sa.String(64)),
    sa.UniqueConstraint("programme", "kind", "uscc"),
    _one_of("kind", ("enterprise", "provider")),
    _one_of("status", PARTY_STATES),
    sa.CheckConstraint("(kind = 'provider') = (provider_kind IS NOT NULL)", name="provider_kind"),
)
sa.Index("ix_parties_listed", parties.c.programme, parties.c.kind, parties.c.status, parties.c.id)
sa.Index(
    "ix_parties_leaving",
    parties.c.exit_on,
    postgresql_where=parties.c.status == "leaving",
    sqlite_where=parties.c.status == "leaving",
)

cases = sa.Table(
    "certification_cases",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("party_kind", sa.String(10), nullable=False),
    sa.Column("party_id", sa.ForeignKey("parties.id"), nullable=False, index=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("status", sa.String(12), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("rounds", sa.Integer, nullable=False),
    sa.Column("documents", Json, nullable=False),
    sa.Column("submitted_by", sa.String(128), nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("stage", sa.String(20)),
    sa.Column("passed_by", Json, nullable=False),
    sa.Column("reviewed_by", sa.String(128)),
    sa.Column("reasons", Json, nullable=False),
    _one_of("status", CASE_MOVES),
    sa.CheckConstraint("reviewed_by <> submitted_by", name="two_people"),
)
sa.Index("ix_certification_cases_waiting", cases.c.programme, cases.c.status, cases.c.id)

products = sa.Table(
    "products",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("provider_id", sa.ForeignKey("parties.id"), nullable=False, index=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column("category", sa.String(20), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("details", sa.String(2000), nullable=False),
    sa.Column("price_fen", sa.BigInteger, nullable=False),
    sa.Column("market_price_fen", sa.BigInteger),
    sa.Column("voucher_eligible", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("submitted_by", sa.String(128), nullable=False),
    sa.Column("pack_version", sa.String(80), nullable=False),
    sa.Column("stage", sa.String(20)),
    sa.Column("passed_by", Json, nullable=False),
    sa.Column("reviewed_by", sa.String(128)),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("market_by", sa.String(128)),
    _one_of("status", PRODUCT_MOVES),
    sa.CheckConstraint("price_fen > 0", name="price"),
    sa.CheckConstraint("reviewed_by <> submitted_by", name="two_people"),
)
sa.Index("ix_products_listed", products.c.programme, products.c.status, products.c.id)

ties = sa.Table(
    "ties",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("enterprise_id", sa.ForeignKey("parties.id"), nullable=False, index=True),
    sa.Column("provider_id", sa.ForeignKey("parties.id"), nullable=False, index=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("evidence", sa.String(500), nullable=False),
    sa.Column("recorded_by", sa.String(128), nullable=False),
)

# Who holds a share of whom: both by blind index of their code, and by id where they are registered.
shareholdings = sa.Table(
    "shareholdings",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False, index=True),
    sa.Column("held", sa.String(64), nullable=False, index=True),
    sa.Column("owner_id", sa.ForeignKey("parties.id")),
    sa.Column("held_id", sa.ForeignKey("parties.id")),
    sa.Column("state", sa.Boolean, nullable=False),
    sa.Column("share_bp", sa.Integer, nullable=False),
    sa.Column("from_on", sa.Date, nullable=False),
    sa.Column("until_on", sa.Date),
    sa.Column("source_sha256", sa.String(64), nullable=False),
    sa.Column("ended_by_sha256", sa.String(64)),
    sa.Column("recorded_by", sa.String(128), nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    _one_of("status", ("recorded", "ended")),
    sa.CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share_bp"),
    sa.CheckConstraint("owner <> held", name="two_holders"),
)

# What each fact was and became; values of personal facts are in `sealed` alone, under the key named beside it.
facts_history = sa.Table(
    "facts_history",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("party_id", sa.ForeignKey("parties.id"), nullable=False, index=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("field", sa.String(20), nullable=False),
    sa.Column("old", Json),
    sa.Column("new", Json),
    sa.Column("key_id", sa.String(12)),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("actor", sa.String(128), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)

# What the market was found to ask for the same service: by whom, when, and where.
market_prices = sa.Table(
    "market_prices",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("product_id", sa.ForeignKey("products.id"), nullable=False, index=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("market_price_fen", sa.BigInteger, nullable=False),
    sa.Column("source", sa.String(500), nullable=False),
    sa.Column("actor", sa.String(128), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.CheckConstraint("market_price_fen > 0", name="price"),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("media_type", sa.String(40), nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False),
    sa.Column("uploaded_by", sa.String(128), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("media_type", sa.String(40), nullable=False),
    sa.Column("total_bytes", sa.Integer, nullable=False),
    sa.Column("received_bytes", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
)

known_blacklist = sa.Table(
    "known_blacklist",
    metadata,
    sa.Column("entry_id", sa.String(26), primary_key=True),
    sa.Column("party_id", sa.String(26), nullable=False, index=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("ground", sa.String(60), nullable=False),
    sa.Column("effective_at", UtcDateTime, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

known_assessments = sa.Table(  # of providers: which of them suspends it
    "known_assessments",
    metadata,
    sa.Column("assessment_id", sa.String(26), primary_key=True),
    sa.Column("provider_id", sa.String(26), nullable=False, index=True),
    sa.Column("programme", sa.String(40), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

# --- exits: how far voucher and settlement are with a provider that left
known_wind_downs = sa.Table(
    "known_wind_downs",
    metadata,
    sa.Column("provider_id", sa.String(26), primary_key=True),
    sa.Column("source", sa.String(12), primary_key=True),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)


immutable(facts_history)
immutable(market_prices)

T = TypeVar("T", Party, Case, Product, Tie, Shareholding)
RECORDS: Mapping[type[Any], tuple[sa.Table, tuple[str, ...]]] = {
    kind: (table, tuple(one.name for one in dataclasses.fields(kind)))
    for kind, table in (
        (Party, parties),
        (Case, cases),
        (Product, products),
        (Tie, ties),
        (Shareholding, shareholdings),
    )
}


class Rows(Generic[T]):
    """The records of a batch: loaded in one query and locked in key order, changed in memory, saved by the set."""

    def __init__(self, conn: sa.Connection, kind: type[T], ids: Iterable[str]) -> None:
        self._conn = conn
        self._table, self._names = RECORDS[kind]
        query = sa.select(*(self._table.c[name] for name in self._names))
        query = query.where(self._table.c.id.in_(sorted(set(ids)))).order_by(self._table.c.id).with_for_update()
        self._known: dict[str, T] = {}
        for row in conn.execute(query):
            values = dict(zip(self._names, row, strict=True))
            self._known[values["id"]] = kind(**values)
        self._stored = set(self._known)
        self._touched: set[str] = set()

    def get(self, id: str) -> T | None:
        """The record as this batch has left it so far."""
        return self._known.get(id)

    def all(self) -> list[T]:
        """The records that were found, in key order."""
        return [self._known[key] for key in sorted(self._known)]

    def put(self, record: T) -> None:
        """Remember the record's new state."""
        self._known[record.id] = record
        self._touched.add(record.id)

    def save(self) -> None:
        """Write what was put: one insert of the new, one upsert of the changed (they are locked, so none is lost)."""
        new = [self._values(key) for key in sorted(self._touched - self._stored)]
        changed = [self._values(key) for key in sorted(self._touched & self._stored)]
        insert_many(self._conn, self._table, new)
        upsert(self._conn, self._table, changed, key=("id",))

    def _values(self, id: str) -> dict[str, Any]:
        return values_of(self._known[id], self._names)


def values_of(record: Any, names: Sequence[str]) -> dict[str, Any]:
    """Column → value, shallow (dataclasses.asdict copies deeply, and slowly)."""
    return {name: getattr(record, name) for name in names}


def insert_parties(conn: sa.Connection, new: Sequence[Party]) -> set[str]:
    """Insert those whose id and code are both free, in one statement; the ids that went in."""
    if not new:
        return set()
    names = RECORDS[Party][1]
    rows = [values_of(party, names) for party in sorted(new, key=lambda party: party.id)]
    return {key for (key,) in insert_new(conn, parties, rows, returning=("id",))}


def known_ids(conn: sa.Connection, ids: Iterable[str]) -> set[str]:
    """Those of the ids that are registered; asked some thousand at a time (SQLite takes 32,766 values a statement)."""
    wanted = sorted(set(ids))
    found: set[str] = set()
    for start in range(0, len(wanted), IDS_A_QUERY):
        query = sa.select(parties.c.id).where(parties.c.id.in_(wanted[start : start + IDS_A_QUERY]))
        found.update(conn.execute(query).scalars())
    return found


def platforms(conn: sa.Connection, ids: Iterable[str], now: datetime) -> dict[str, str]:
    """id → programme, of those that are platform providers, neither out nor on the blacklist."""
    listed = sa.exists().where(
        known_blacklist.c.party_id == parties.c.id,
        known_blacklist.c.status == "listed",
        known_blacklist.c.effective_at <= now,
    )
    query = sa.select(parties.c.id, parties.c.programme).where(
        parties.c.id.in_(sorted(set(ids))),
        parties.c.provider_kind == "platform",
        parties.c.status.not_in(("refused", "exited")),
        ~listed,
    )
    return {row.id: row.programme for row in conn.execute(query)}


def parties_by_code(conn: sa.Connection, keys: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """(programme, kind, code) → id, for those that are registered."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    columns = (parties.c.programme, parties.c.kind, parties.c.uscc)
    query = sa.select(*columns, parties.c.id).where(sa.tuple_(*columns).in_(wanted))
    return {(programme, kind, code): key for programme, kind, code, key in conn.execute(query)}


def delist(conn: sa.Connection, provider_ids: Iterable[str]) -> list[Product]:
    """Take every product of these providers off the shelf, in one statement; the products in their new state."""
    names = RECORDS[Product][1]
    statement = (
        sa.update(products)
        .where(products.c.provider_id.in_(sorted(set(provider_ids))), products.c.status.in_(SHELVED))
        .values(status="delisted", stage=None, sequence=products.c.sequence + 1)
        .returning(*(products.c[name] for name in names))
    )
    found = [Product(**dict(zip(names, row, strict=True))) for row in conn.execute(statement)]
    return sorted(found, key=lambda product: product.id)


def party_ids(conn: sa.Connection, table: sa.Table, keys: Iterable[str]) -> list[str]:
    """Whose cases or products these are, so that parties can be locked before them."""
    owner = table.c.party_id if table is cases else table.c.provider_id
    return list(conn.execute(sa.select(owner).where(table.c.id.in_(sorted(set(keys)))).distinct()).scalars())


def leavers(conn: sa.Connection, today: date, most: int) -> list[str]:
    """Ids of providers whose notice has run out; another replica's are skipped."""
    query = (
        sa.select(parties.c.id)
        .where(parties.c.status == "leaving", parties.c.exit_on <= today)
        .order_by(parties.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(conn.execute(query).scalars())


def blacklisted(conn: sa.Connection, ids: Iterable[str], now: datetime) -> set[str]:
    """Those of the parties that stand on the blacklist at this moment."""
    query = sa.select(known_blacklist.c.party_id).where(
        known_blacklist.c.party_id.in_(sorted(set(ids))),
        known_blacklist.c.status == "listed",
        known_blacklist.c.effective_at <= now,
    )
    return set(conn.execute(query).scalars())


def know_entries(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Apply what supervision says of blacklist entries, the newest of each."""
    upsert_newer(conn, known_blacklist, rows, key=("entry_id",))


def know_assessments(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Apply what supervision says of assessments of providers, the newest of each."""
    upsert_newer(conn, known_assessments, rows, key=("assessment_id",))


def suspended(conn: sa.Connection, ids: Iterable[str], states: Iterable[str]) -> set[str]:
    """Those of the providers of which an assessment is in one of these states."""
    c = known_assessments.c
    query = sa.select(c.provider_id).where(c.provider_id.in_(sorted(set(ids))), c.status.in_(sorted(states)))
    return set(conn.execute(query).scalars())


def know_wind_downs(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Apply what voucher and settlement say of exits, the newest of each."""
    upsert_newer(conn, known_wind_downs, rows, key=("provider_id", "source"))


def stored_documents(conn: sa.Connection, digests: Iterable[str]) -> set[str]:
    """Those of the digests whose document is here."""
    query = sa.select(documents.c.sha256).where(documents.c.sha256.in_(sorted(set(digests))))
    return set(conn.execute(query).scalars())


def keep_history(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append changes of facts."""
    insert_many(conn, facts_history, rows)


def keep_prices(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append market prices that were found."""
    insert_many(conn, market_prices, rows)


# uploads under way


def open_uploads(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Start the uploads that are not under way yet; all of them, locked, by id."""
    wanted = {row["id"]: dict(row) for row in rows}
    ordered = [wanted[key] for key in sorted(wanted)]
    insert_new(conn, uploads, ordered, returning=("id",))
    query = sa.select(uploads).where(uploads.c.id.in_(sorted(wanted))).order_by(uploads.c.id).with_for_update()
    return {row["id"]: dict(row) for row in conn.execute(query).mappings()}


def save_uploads(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write how far each upload came."""
    upsert(conn, uploads, rows, key=("id",))


def close_uploads(conn: sa.Connection, ids: Sequence[str]) -> None:
    """Forget uploads that are done or given up."""
    if ids:
        conn.execute(sa.delete(uploads).where(uploads.c.id.in_(sorted(ids))))


def stale_uploads(conn: sa.Connection, before: datetime, most: int) -> list[str]:
    """Ids of uploads nothing came for since `before`."""
    query = sa.select(uploads.c.id).where(uploads.c.at < before).order_by(uploads.c.id).limit(most)
    return list(conn.execute(query.with_for_update(skip_locked=True)).scalars())


def keep_documents(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Record documents that are whole; the same one twice is one."""
    insert_new(conn, documents, rows, returning=("sha256",))
