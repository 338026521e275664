"""Reads by sets of ids, cut so that no statement has more parameters than a database takes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa

MOST = 10_000  # SQLite takes 32,766 in all


def rows_in(
    conn: sa.Connection, query: sa.Select[Any], column: sa.ColumnElement[Any], values: Collection[Any]
) -> Iterator[sa.RowMapping]:
    """The rows of `query` where `column` is one of the values; one statement as long as these are no more than MOST."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), MOST):
        yield from conn.execute(query.where(column.in_(ordered[start : start + MOST]))).mappings()


def lock_late(
    conn: sa.Connection, table: sa.Table, *, waiting: Collection[str], told: str, today: date, most: int
) -> list[dict[str, Any]]:
    """Rows that are still in a state of `waiting` after their `due_on`, and of which nobody was told (`told`: when), in
    key order; none that another has at hand."""
    c, key = table.c, next(iter(table.primary_key))
    query = sa.select(table).where(c.status.in_(waiting), c.due_on < today, c[told].is_(None))
    query = query.order_by(key).limit(most).with_for_update(skip_locked=True)
    return [dict(row) for row in conn.execute(query).mappings()]
