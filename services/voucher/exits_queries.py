"""Reads of exits: how far the wind-down of a provider that left is, and what each of its orders came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from infra.messages import Command
from services.voucher import exits_store
from services.voucher.access import foreign
from services.voucher.domain.exits import Left, outcome, tally
from services.voucher.rows import plain
from services.voucher.tables import orders, wind_downs

MOST_SHOWN = 500
SHOWN = ("order_id", "enterprise_id", "provider_id", "year", "voucher_fen", "claim_id", "status", "reason")


def get_wind_down(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """Counts as things stand now, and the first orders: those that wait for a word before all others."""
    provider_id = command.body["provider_id"]
    row = conn.execute(sa.select(wind_downs).where(wind_downs.c.provider_id == provider_id)).mappings().first()
    if row is None:
        return Refused("NOT_FOUND", "provider_id")
    counts = tally(exits_store.left_by(conn, [provider_id])[provider_id])
    query = (
        sa.select(orders)
        .where(orders.c.left_by == provider_id)
        .order_by(orders.c.hand_over_due.desc(), orders.c.order_id)
        .limit(MOST_SHOWN)
    )
    shown = [_shown(one, provider_id) for one in conn.execute(query).mappings()]
    head = {name: row[name] for name in ("provider_id", "programme", "status", "sequence")}
    left = sum(counts.values()) - len(shown)
    return foreign(command, row["programme"]) or {**head, **counts, "orders": shown, "left": left}


def _shown(row: Mapping[str, Any], provider_id: str) -> dict[str, Any]:
    came_of = outcome(Left(row["provider_id"] == provider_id, row["status"], row["hand_over_due"]))
    return {**plain({name: row[name] for name in SHOWN}), "outcome": came_of}
