"""Projections apply what is newer and ignore the rest, so that order on the wire does not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from infra.db_insert import upsert


def newest(rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> list[Mapping[str, Any]]:
    """The row of highest `sequence` a key, in key order (PostgreSQL refuses one row twice in an upsert)."""
    best: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in rows:
        at = tuple(row[name] for name in key)
        if at not in best or row["sequence"] > best[at]["sequence"]:
            best[at] = row
    return [best[at] for at in sorted(best)]


def upsert_newer(conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> None:
    """Insert or replace each row whose `sequence` is above the one stored; all rows carry the same columns."""
    chosen = newest(rows, key)
    upsert(conn, table, chosen, key=key, where=f"{table.name}.sequence < excluded.sequence")
