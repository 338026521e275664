"""Targets, reports, evaluations, designations and awards: found by id or by what they are about, saved by the set."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many, upsert
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import region_evaluations

Row = dict[str, Any]
Key = tuple[Any, ...]


def by_id(conn: sa.Connection, table: sa.Table, ids: Collection[str]) -> dict[str, Row]:
    """Rows by id; locked in key order, which matters for targets alone: the others never change."""
    key = next(iter(table.primary_key))
    query = sa.select(table).order_by(key).with_for_update()
    return {row[key.name]: dict(row) for row in rows_in(conn, query, key, ids)}


def standing(conn: sa.Connection, table: sa.Table, names: Sequence[str], keys: Collection[Key]) -> dict[Key, Row]:
    """What stands for each of these keys; a target that was replaced stands no more. Locked in key order."""
    columns = [table.c[name] for name in names]
    query = sa.select(table).where(sa.tuple_(*columns).in_(sorted(keys)), table.c.status != "replaced")
    rows = conn.execute(query.order_by(next(iter(table.primary_key))).with_for_update()).mappings()
    return {tuple(row[name] for name in names): dict(row) for row in rows}


def save(
    conn: sa.Connection, table: sa.Table, *, new: Sequence[Mapping[str, Any]], replaced: Sequence[Mapping[str, Any]]
) -> None:
    """Write what changed; replaced rows first, for one stands at a time. A row that was written meanwhile is an
    error, and the batch is tried again."""
    key = next(iter(table.primary_key)).name
    upsert(conn, table, sorted(replaced, key=lambda row: str(row[key])), key=(key,))
    insert_many(conn, table, new)


def yearly_scores(conn: sa.Connection, asked: Collection[tuple[str, int]]) -> dict[tuple[str, int], dict[str, int]]:
    """The scores of the yearly evaluations by (programme, year) and region."""
    one = region_evaluations.c
    keys = sorted((programme, str(year)) for programme, year in asked)
    query = sa.select(one.programme, one.period, one.region, one.score)
    found: dict[tuple[str, int], dict[str, int]] = {}
    for row in conn.execute(query.where(sa.tuple_(one.programme, one.period).in_(keys))):
        found.setdefault((row.programme, int(row.period)), {})[row.region] = row.score
    return found
