"""Claims on their way through screening: what waits, and verdicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from infra.db_insert import upsert
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import (
    known_claims,
    known_orders,
    known_parties,
    known_products,
    screening_pending,
    screenings,
)

Row = Mapping[str, Any]

ENDED = ("refused", "withdrawn")

_enterprises = known_parties.alias("enterprises")
_providers = known_parties.alias("providers")


def await_screening(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """Put claims in line; one that waits already keeps its place."""
    distinct: dict[str, dict[str, Any]] = {}
    for row in rows:
        kept = distinct.setdefault(row["claim_id"], dict(row))
        kept["again"] = kept["again"] or row["again"]
    ordered = [distinct[claim_id] for claim_id in sorted(distinct)]
    never_back = "NOT screening_pending.again"
    upsert(conn, screening_pending, ordered, key=("claim_id",), replace=("again",), where=never_back)


def ready(conn: sa.Connection, *, most: int) -> list[sa.RowMapping]:
    """Claims in line of which all that is needed is known, oldest first; none that another has at hand."""
    query = (
        sa.select(
            known_claims,
            screening_pending.c.event_id,
            screening_pending.c.correlation_id,
            screening_pending.c.again,
            known_orders.c.pack_version,
        )
        .select_from(screening_pending)
        .join(known_claims, known_claims.c.claim_id == screening_pending.c.claim_id)
        .join(_enterprises, _enterprises.c.party_id == known_claims.c.enterprise_id)
        .join(_providers, _providers.c.party_id == known_claims.c.provider_id)
        .join(known_orders, known_orders.c.order_id == known_claims.c.order_id)
        .join(known_products, known_products.c.product_id == known_claims.c.product_id)
        .order_by(known_claims.c.filed_at, known_claims.c.claim_id)
        .limit(most)
        .with_for_update(of=screening_pending, skip_locked=True)
    )
    return list(conn.execute(query).mappings())


def done(conn: sa.Connection, claim_ids: Collection[str]) -> None:
    """Take claims out of the line."""
    conn.execute(sa.delete(screening_pending).where(screening_pending.c.claim_id.in_(sorted(claim_ids))))


def waiting(conn: sa.Connection) -> int:
    """How many claims wait to be screened."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(screening_pending)).scalar_one())


# --- verdicts -------------------------------------------------------------------------------------------------------


def lock_verdicts(conn: sa.Connection, claim_ids: Collection[str]) -> dict[str, sa.RowMapping]:
    """The verdicts on these claims, locked in key order."""
    query = sa.select(screenings).order_by(screenings.c.claim_id).with_for_update()
    return {row["claim_id"]: row for row in rows_in(conn, query, screenings.c.claim_id, claim_ids)}


def save_verdicts(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """Write verdicts, new or changed."""
    upsert(conn, screenings, sorted(rows, key=lambda row: row["claim_id"]), key=("claim_id",))
