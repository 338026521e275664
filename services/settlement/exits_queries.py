"""Reads of exits: how far the wind-down of a provider that left is, and what each of its claims came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from infra.messages import Command
from services.settlement import exits_store
from services.settlement import tables as t
from services.settlement.domain.claims import PENDING
from services.settlement.domain.exits import Left, outcome, tally

MOST_SHOWN = 500
SHOWN = ("claim_id", "order_id", "enterprise_id", "payee_id", "year", "claimed_fen", "status", "stage", "wind_down")


def get_wind_down(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """Counts as things stand now, and the first claims: those that wait for a word before all others."""
    provider_id = command.body["provider_id"]
    row = conn.execute(sa.select(t.wind_downs).where(t.wind_downs.c.provider_id == provider_id)).mappings().first()
    if row is None:
        return Refused("NOT_FOUND", "provider_id")
    if command.actor.programme not in (None, row["programme"]):
        return Refused("PROGRAMME_MISMATCH", "provider_id")
    c = t.claims.c
    counts = tally(exits_store.left_by(conn, [provider_id])[provider_id])
    query = (
        sa.select(*(c[name] for name in SHOWN))
        .where(c.provider_id == provider_id, c.wind_down.is_not(None))
        .order_by(c.wind_down != PENDING, c.claim_id)
        .limit(MOST_SHOWN)
    )
    shown = [
        {**one, "outcome": outcome(Left(one["wind_down"], one["status"]))} for one in conn.execute(query).mappings()
    ]
    head = {name: row[name] for name in ("provider_id", "programme", "status", "sequence")}
    return {**head, **counts, "claims": shown, "left": sum(counts.values()) - len(shown)}
