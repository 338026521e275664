"""Reads by sets of ids, cut so that no statement has more parameters than a database takes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
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
