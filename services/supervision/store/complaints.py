"""Complaints, locked in key order and saved by the set; their texts leave this table by get_complaint alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many, upsert
from services.supervision.domain.complaints import WAITING
from services.supervision.store import sets
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import complaints

Row = dict[str, Any]


def lock(conn: sa.Connection, ids: Collection[str]) -> dict[str, Row]:
    """Complaints by id, locked in key order."""
    query = sa.select(complaints).order_by(complaints.c.complaint_id).with_for_update()
    return {row["complaint_id"]: dict(row) for row in rows_in(conn, query, complaints.c.complaint_id, ids)}


def lock_late(conn: sa.Connection, *, today: date, most: int) -> list[Row]:
    """Complaints that wait for an answer after their day, and of which nobody was told."""
    return sets.lock_late(conn, complaints, waiting=WAITING, told="overdue_at", today=today, most=most)


def add(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new complaints; one that was filed meanwhile is an error, and the batch is tried again."""
    if rows:
        insert_many(conn, complaints, rows)


def save(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write complaints that changed."""
    upsert(conn, complaints, rows, key=("complaint_id",))
