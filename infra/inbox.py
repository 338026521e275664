"""An event takes effect once: its id is claimed in the very transaction of its effect."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from infra.db import writing
from infra.db_insert import insert_new
from infra.messages import Event
from infra.tables import inbox

KILLS_MOST = 2  # seen alone in hand, beside the two that nobody counted


def claim(conn: sa.Connection, *, consumer: str, events: Sequence[Event], now: datetime) -> set[str]:
    """Claim the events' ids in key order; the ids that are new. One in flight elsewhere is waited for."""
    ids = sorted({event.id for event in events})
    rows = [{"consumer": consumer, "event_id": event_id, "at": now} for event_id in ids]
    return {event_id for (event_id,) in insert_new(conn, inbox, rows, returning=("event_id",))}


def killed_too_often(engine: sa.Engine, *, consumer: str, body: bytes, now: datetime) -> bool:
    """Note, in a commit of its own, that this message is tried alone; has it ended the process each time before?

    The broker counts deliveries of a message and of all its neighbours alike, so that it can't tell which one kills.
    """
    fingerprint = hashlib.sha256(body).hexdigest()[:26]
    with writing(engine) as conn:
        for attempt in range(1, KILLS_MOST + 1):
            row = {"consumer": f"{consumer}?{attempt}", "event_id": fingerprint, "at": now}
            if insert_new(conn, inbox, [row], returning=("event_id",)):
                return False
    return True
