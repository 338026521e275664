"""Exits: which providers' orders are to be wound down, and how far that is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from infra.db_insert import upsert
from services.voucher.domain.exits import Left, WindDown
from services.voucher.domain.orders import RUNS
from services.voucher.tables import known_providers, orders, wind_downs


def to_follow(conn: sa.Connection, most: int) -> dict[str, str]:
    """Providers on whose wind-down there is something to tell, with their programme: one that left, one of whose
    orders none waits any more, and one of whose orders one waits again. None whose orders are not marked yet."""
    its = orders.c.provider_id == known_providers.c.provider_id
    unmarked = orders.c.left_by.is_(None) | (orders.c.left_by != orders.c.provider_id)
    behind = sa.exists().where(its, (orders.c.status == "placed") | (orders.c.status.in_(RUNS) & unmarked))
    waits = sa.exists().where(its, orders.c.hand_over_due, orders.c.status.in_(RUNS))
    known = wind_downs.c
    due = known.provider_id.is_(None) | ((known.status == "open") & ~waits) | ((known.status == "closed") & waits)
    query = (
        sa.select(known_providers.c.provider_id, known_providers.c.programme)
        .select_from(known_providers.outerjoin(wind_downs, known.provider_id == known_providers.c.provider_id))
        .where(known_providers.c.status == "exited", ~behind, due)
        .order_by(known_providers.c.provider_id)
        .limit(most)
    )
    return {row.provider_id: row.programme for row in conn.execute(query)}


def wind_downs_of(conn: sa.Connection, providers: Collection[str]) -> dict[str, WindDown]:
    """Locked, by provider."""
    key = wind_downs.c.provider_id
    query = sa.select(wind_downs).where(key.in_(sorted(providers))).order_by(key).with_for_update()
    return {row.provider_id: WindDown(**row._mapping) for row in conn.execute(query)}


def left_by(conn: sa.Connection, providers: Collection[str]) -> dict[str, list[Left]]:
    """What these providers left, counted by kind."""
    its_own = orders.c.provider_id == orders.c.left_by
    kind: tuple[sa.ColumnElement[Any], ...] = (orders.c.left_by, its_own, orders.c.status, orders.c.hand_over_due)
    query = sa.select(*kind, sa.func.count()).where(orders.c.left_by.in_(sorted(providers))).group_by(*kind)
    found: dict[str, list[Left]] = {provider: [] for provider in providers}
    for provider, own, status, waits, many in conn.execute(query):
        found[provider].append(Left(bool(own), status, bool(waits), many))
    return found


def save(conn: sa.Connection, changed: Iterable[WindDown]) -> None:
    upsert(conn, wind_downs, [vars(one) for one in changed], key=["provider_id"])
