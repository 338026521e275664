"""Alerts and the blacklist, loaded with locks in key order and saved by the set."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from infra.db_insert import upsert
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import alerts, blacklist

Row = dict[str, Any]


def claims_of(conn: sa.Connection, alert_ids: Collection[str]) -> set[str]:
    """The claims that these alerts are on."""
    query = sa.select(alerts.c.claim_id)
    return {row["claim_id"] for row in rows_in(conn, query, alerts.c.alert_id, alert_ids)}


def lock_of_claims(conn: sa.Connection, claim_ids: Collection[str]) -> dict[str, Row]:
    """All alerts on these claims by id, locked in key order."""
    query = sa.select(alerts).order_by(alerts.c.alert_id).with_for_update()
    return {row["alert_id"]: dict(row) for row in rows_in(conn, query, alerts.c.claim_id, claim_ids)}


def save(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write alerts, new or changed."""
    upsert(conn, alerts, rows, key=("alert_id",))


def lock_entries(conn: sa.Connection, *, entry_ids: Collection[str], party_ids: Collection[str]) -> dict[str, Row]:
    """Blacklist entries by id: all of these parties, and of the parties of the entries named; locked in key order."""
    named = sa.select(blacklist.c.party_id).where(blacklist.c.entry_id.in_(sorted(entry_ids)))
    query = (
        sa.select(blacklist)
        .where(sa.or_(blacklist.c.party_id.in_(sorted(party_ids)), blacklist.c.party_id.in_(named)))
        .order_by(blacklist.c.entry_id)
        .with_for_update()
    )
    return {row["entry_id"]: dict(row) for row in conn.execute(query).mappings()}


def save_entries(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write blacklist entries; removals before listings, for a party stands on the list once."""
    ordered = sorted(rows, key=lambda row: row["status"] != "removed")
    upsert(conn, blacklist, ordered, key=("entry_id",))


def bring_into_effect(conn: sa.Connection, *, now: Any, most: int) -> int:
    """Mark entries whose moment has come; how many."""
    due = (
        sa.select(blacklist.c.entry_id)
        .where(blacklist.c.in_effect.is_(False), blacklist.c.status == "listed", blacklist.c.effective_at <= now)
        .order_by(blacklist.c.entry_id)
        .limit(most)
    )
    if conn.dialect.name == "postgresql":
        due = due.with_for_update(skip_locked=True)
    ids = conn.execute(due).scalars().all()
    if ids:
        conn.execute(sa.update(blacklist).where(blacklist.c.entry_id.in_(ids)).values(in_effect=True))
    return len(ids)
