"""Assessment sheets, and what the record knows of those that are assessed: by state, and period by period."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from contracts.rpc.supervision import CLAIM_ALERTS
from infra.db_insert import insert_many, upsert
from services.supervision.domain.indicators import Record
from services.supervision.store import sets
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import (
    adjustments,
    alerts,
    assessments,
    complaints,
    enterprise_evaluations,
    known_claims,
    known_orders,
    known_products,
)

Row = dict[str, Any]
ByState = dict[str, dict[str, int]]  # provider → state → how many
Key = tuple[str, str, str, str]  # programme, name, subject, period

TABLES: Mapping[str, sa.Table] = {
    "orders": known_orders,
    "claims": known_claims,
    "complaints": complaints,
    "alerts": alerts,
}
# An alert that nobody confirmed says nothing of a party.
STATES: Mapping[str, Collection[str]] = {"alerts": ("confirmed",)}


def of_providers(conn: sa.Connection, ids: Collection[str]) -> dict[str, ByState]:
    """What there is of these providers until now, by what it is: one statement each."""
    found: dict[str, ByState] = {}
    for what, table in TABLES.items():
        party, many = table.c.provider_id, sa.func.count().label("many")
        query = sa.select(party.label("party"), table.c.status, many).group_by(party, table.c.status)
        if what in STATES:
            query = query.where(table.c.status.in_(STATES[what]))
        counts = found.setdefault(what, {})
        for row in rows_in(conn, query, party, ids):
            counts.setdefault(row["party"], {})[row["status"]] = row["many"]
    return found


def record(
    conn: sa.Connection, ids: Collection[str], *, first: date, last: date, begins: datetime, ends: datetime
) -> Record:
    """What formulas are computed from, of these providers between two days: one statement for each kind."""
    order, claim, complaint, alert, made = (
        known_orders.c, known_claims.c, complaints.c, alerts.c, enterprise_evaluations.c,
    )  # fmt: skip
    orders = (
        sa.select(
            *(order.order_id, order.provider_id, order.status, order.price_fen, order.list_price_fen),
            *(order.confirmed_on, known_products.c.market_price_fen),
        )
        .outerjoin(known_products, known_products.c.product_id == order.product_id)
        .where(order.confirmed_on.between(first, last))
    )
    filed = sa.select(complaint.provider_id, complaint.order_id, complaint.outcome, complaint.filed_at)
    asked = sa.select(
        *(claim.provider_id, claim.status, claim.claim_version, claim.claimed_fen, claim.payable_fen, claim.filed_at)
    )
    confirmed = sa.select(alert.provider_id, alert.resolved_at).where(
        alert.status == "confirmed", alert.alert.in_(CLAIM_ALERTS)
    )
    evaluated = sa.select(made.provider_id, made.reached, made.most, made.told_at).where(made.status == "evaluated")

    def rows(query: sa.Select[Any], provider: sa.Column[Any], moment: sa.Column[Any] | None = None) -> list[Any]:
        if moment is not None:
            query = query.where(moment >= begins, moment < ends)
        return list(rows_in(conn, query, provider, ids))

    return Record(
        orders=rows(orders, order.provider_id),
        complaints=rows(filed, complaint.provider_id, complaint.filed_at),
        claims=rows(asked, claim.provider_id, claim.filed_at),
        alerts=rows(confirmed, alert.provider_id, alert.resolved_at),
        evaluations=rows(evaluated, made.provider_id, made.told_at),
    )


def lock(conn: sa.Connection, ids: Collection[str]) -> dict[str, Row]:
    """Sheets by id, locked in key order."""
    query = sa.select(assessments).order_by(assessments.c.assessment_id).with_for_update()
    return {row["assessment_id"]: dict(row) for row in rows_in(conn, query, assessments.c.assessment_id, ids)}


def standing(conn: sa.Connection, keys: Collection[Key]) -> dict[Key, str]:
    """The id of the sheet that there is of each name, subject and period."""
    c = assessments.c
    columns = (c.programme, c.name, c.subject_id, c.period)
    query = sa.select(*columns, c.assessment_id).where(sa.tuple_(*columns).in_(sorted(keys)))
    return {tuple(row)[:4]: row.assessment_id for row in conn.execute(query)}


def lock_late(conn: sa.Connection, *, today: date, most: int) -> list[Row]:
    """Sheets whose provider had to mend by a day that has passed, and of which nobody was told."""
    waiting = ("mending", "suspended")
    return sets.lock_late(conn, assessments, waiting=waiting, told="overdue_at", today=today, most=most)


def adjusters(conn: sa.Connection, ids: Collection[str]) -> dict[str, set[str]]:
    """Who adjusted each sheet."""
    query = sa.select(adjustments.c.assessment_id, adjustments.c.adjusted_by).distinct()
    found: dict[str, set[str]] = {}
    for row in rows_in(conn, query, adjustments.c.assessment_id, ids):
        found.setdefault(row["assessment_id"], set()).add(row["adjusted_by"])
    return found


def save(conn: sa.Connection, rows: Sequence[Row], made: Sequence[Row] = ()) -> None:
    """Write sheets that changed, and the adjustments made to them."""
    upsert(conn, assessments, rows, key=("assessment_id",))
    insert_many(conn, adjustments, made)


def add(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """Write new sheets; one that was opened meanwhile is an error, and the batch is tried again."""
    insert_many(conn, assessments, rows)


def versions(conn: sa.Connection, table: sa.Table, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The newest version of the standards of each programme and name."""
    pair = (table.c.programme, table.c.name)
    query = sa.select(*pair, sa.func.max(table.c.version)).where(sa.tuple_(*pair).in_(sorted(keys))).group_by(*pair)
    return {(programme, name): version for programme, name, version in conn.execute(query)}
