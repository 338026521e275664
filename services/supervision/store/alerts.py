"""Alerts with the claims that they are on; loaded with locks in key order and saved by the set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from infra.db_insert import upsert
from services.supervision.domain.alerts import OPEN_STATES
from services.supervision.store import sets
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import alert_claims, alerts

Row = dict[str, Any]
Subject = tuple[str, str, str]  # subject, alert, programme

_ON_CLAIMS = (
    sa.select(
        alert_claims.c.claim_id,
        alert_claims.c.claim_version,
        alert_claims.c.alert,
        alert_claims.c.alert_id,
        alert_claims.c.holds,
        alert_claims.c.cleared,
        alerts.c.severity,
        alerts.c.articles,
        alerts.c.status,
    )
    .join(alerts, alerts.c.alert_id == alert_claims.c.alert_id)
    .order_by(alert_claims.c.claim_id, alert_claims.c.claim_version, alert_claims.c.alert)
)


def lock_subjects(conn: sa.Connection, subjects: Iterable[Subject]) -> dict[Subject, Row]:
    """The newest alert on each subject, with `number`: how many there were; locked in key order."""
    wanted = set(subjects)
    query = sa.select(alerts).order_by(alerts.c.subject, alerts.c.raised_at, alerts.c.alert_id).with_for_update()
    found: dict[Subject, Row] = {}
    for row in rows_in(conn, query, alerts.c.subject, {subject for subject, _, _ in wanted}):
        key = (row["subject"], row["alert"], row["programme"])
        if key in wanted:
            before = found.get(key)
            newest = before if before and before["status"] in OPEN_STATES else row
            found[key] = {**newest, "number": before["number"] + 1 if before else 1}
    return found


def lock(conn: sa.Connection, alert_ids: Collection[str]) -> dict[str, Row]:
    """Alerts by id, locked in key order."""
    query = sa.select(alerts).order_by(alerts.c.alert_id).with_for_update()
    return {row["alert_id"]: dict(row) for row in rows_in(conn, query, alerts.c.alert_id, alert_ids)}


def claims_of(conn: sa.Connection, alert_ids: Collection[str]) -> set[str]:
    """The claims that these alerts are on."""
    query = sa.select(alert_claims.c.claim_id)
    return {row["claim_id"] for row in rows_in(conn, query, alert_claims.c.alert_id, alert_ids)}


def on_claims(conn: sa.Connection, claim_ids: Collection[str]) -> list[Row]:
    """What rules found on these claims, every version of each, with severity and state of the alert."""
    return [dict(row) for row in rows_in(conn, _ON_CLAIMS, alert_claims.c.claim_id, claim_ids)]


def save(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write alerts, new or changed."""
    upsert(conn, alerts, rows, key=("alert_id",))


def save_claims(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write which claims alerts are on; a line on a version of a claim stays with its alert."""
    replace = ("holds", "cleared", "evidence", "found_at")
    upsert(conn, alert_claims, rows, key=("claim_id", "claim_version", "alert"), replace=replace)


def claims_on(conn: sa.Connection, alert_ids: Collection[str]) -> list[Row]:
    """All that is kept of the claims that these alerts are on."""
    query = sa.select(alert_claims).order_by(alert_claims.c.claim_id, alert_claims.c.claim_version)
    return [dict(row) for row in rows_in(conn, query, alert_claims.c.alert_id, alert_ids)]


def lock_late(conn: sa.Connection, *, today: date, most: int) -> list[Row]:
    """Alerts whose day has passed unresolved, and that nobody was told of yet."""
    return sets.lock_late(conn, alerts, waiting=OPEN_STATES, told="escalated_at", today=today, most=most)
