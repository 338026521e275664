"""An event takes effect once: its id is claimed in the very transaction of its effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from infra.db_insert import insert_new
from infra.messages import Event
from infra.tables import inbox


def claim(conn: sa.Connection, *, consumer: str, events: Sequence[Event], now: datetime) -> set[str]:
    """Claim the events' ids in key order; the ids that are new. One in flight elsewhere is waited for."""
    ids = sorted({event.id for event in events})
    rows = [{"consumer": consumer, "event_id": event_id, "at": now} for event_id in ids]
    return {event_id for (event_id,) in insert_new(conn, inbox, rows, returning=("event_id",))}
