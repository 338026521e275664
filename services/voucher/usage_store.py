"""Loads and saves records of use; they are read under the locks of their orders and written once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many
from services.voucher.domain.usage import Total, Usage
from services.voucher.tables import usage_records

_one = usage_records.c


def usage_by_id(conn: sa.Connection, ids: Collection[str]) -> dict[str, Usage]:
    query = sa.select(usage_records).where(_one.usage_id.in_(sorted(ids)))
    return {usage.usage_id: usage for usage in _usage(conn, query)}


def usage_between(conn: sa.Connection, order_ids: Collection[str], since: date, until: date) -> dict[str, list[Usage]]:
    """Records of the orders that have a day from `since` to `until`, by order."""
    where = _one.order_id.in_(sorted(order_ids)), _one.since <= until, _one.until >= since
    found: dict[str, list[Usage]] = {}
    for usage in _usage(conn, sa.select(usage_records).where(*where).order_by(_one.order_id, _one.since)):
        found.setdefault(usage.order_id, []).append(usage)
    return found


def usage_of(conn: sa.Connection, order_ids: Collection[str]) -> dict[str, Total]:
    """What was recorded of each order so far; orders without a record are left out."""
    days, units = (sa.cast(sa.func.sum(column), sa.BigInteger) for column in (_one.days_used, _one.units))
    query = sa.select(_one.order_id, days, units, sa.func.count()).where(_one.order_id.in_(sorted(order_ids)))
    return {row[0]: Total(row[1], row[2], row[3]) for row in conn.execute(query.group_by(_one.order_id))}


def insert_usage(conn: sa.Connection, recorded: Sequence[Usage]) -> None:
    insert_many(conn, usage_records, [vars(usage) for usage in recorded])


def _usage(conn: sa.Connection, query: sa.Select[Any]) -> Iterable[Usage]:
    return (Usage(**row._mapping) for row in conn.execute(query))
