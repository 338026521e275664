"""Exits: which providers' claims wait for a word, and how far each wind-down is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import sqlalchemy as sa

from services.settlement import tables as t
from services.settlement.domain.claims import ENDED, PASSED, PENDING, UNDER_REVIEW, Claim
from services.settlement.domain.exits import Left

WAITING = (*UNDER_REVIEW, *PASSED)  # of a claim that is not put forward


def mark_pending(conn: sa.Connection, most: int) -> int:
    """Claims of providers that left, and are not put forward, wait for a word; how many are marked now.

    Not those of an order that was settled: it was served, and that was said already. A claim that was paid once is
    owed. The row's sequence stays, as nothing has become of the claim yet.
    """
    c, provider, order = t.claims.c, t.known_providers.c, t.known_orders.c
    settled = sa.exists().where(order.order_id == c.order_id, order.wound_down)
    query = (
        sa.select(c.claim_id)
        .join(t.known_providers, provider.provider_id == c.provider_id)
        .where(provider.status == "exited", c.wind_down.is_(None), c.paid_at.is_(None), ~settled)
        .where(c.status.in_(WAITING))
        .order_by(c.claim_id)
        .limit(most)
        .with_for_update(of=t.claims)
    )
    ids = list(conn.execute(query).scalars())
    if ids:
        conn.execute(sa.update(t.claims).where(c.claim_id.in_(ids)).values(wind_down=PENDING))
    return len(ids)


def marked(conn: sa.Connection, claims: Collection[Claim]) -> dict[str, Claim]:
    """Those of these claims, locked by the caller, that `mark_pending` has not come to yet: pending, by id. Nothing is
    said of them before it has, however many a provider left."""
    provider, order = t.known_providers.c, t.known_orders.c
    new = [one for one in claims if one.wind_down is None and one.paid_at is None and one.status in WAITING]
    query = sa.select(provider.provider_id).where(
        provider.provider_id.in_(sorted({one.provider_id for one in new})), provider.status == "exited"
    )
    gone = set(conn.execute(query).scalars())
    left = [one for one in new if one.provider_id in gone]
    if not left:
        return {}
    query = sa.select(order.order_id).where(order.order_id.in_(sorted({one.order_id for one in left})))
    settled = set(conn.execute(query.where(order.wound_down)).scalars())
    return {one.claim_id: replace(one, wind_down=PENDING) for one in left if one.order_id not in settled}


def to_follow(conn: sa.Connection, most: int) -> dict[str, str]:
    """Providers on whose wind-down there is something to tell, with their programme: one that left, one of whose claims
    none waits any more, and one of whose claims one waits again."""
    provider, known, c = t.known_providers.c, t.wind_downs.c, t.claims.c
    waits = sa.exists().where(c.provider_id == provider.provider_id, c.wind_down == PENDING, c.status.not_in(ENDED))
    due = known.provider_id.is_(None) | ((known.status == "open") & ~waits) | ((known.status == "closed") & waits)
    query = (
        sa.select(provider.provider_id, provider.programme)
        .select_from(t.known_providers.outerjoin(t.wind_downs, known.provider_id == provider.provider_id))
        .where(provider.status == "exited", due)
        .order_by(provider.provider_id)
        .limit(most)
    )
    return {row.provider_id: row.programme for row in conn.execute(query)}


def left_by(conn: sa.Connection, providers: Collection[str]) -> dict[str, list[Left]]:
    """Their claims of which something is, or is to be, said; counted by kind."""
    c = t.claims.c
    kind = (c.provider_id, c.wind_down, c.status)
    where = c.provider_id.in_(sorted(providers)), c.wind_down.is_not(None)
    query = sa.select(*kind, sa.func.count()).where(*where).group_by(*kind)
    found: dict[str, list[Left]] = {provider: [] for provider in providers}
    for provider, said, status, many in conn.execute(query):
        found[provider].append(Left(said, status, many))
    return found
