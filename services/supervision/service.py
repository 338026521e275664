"""supervision on the bus: wiring, and no logic."""

from __future__ import annotations

from infra.bus.service import nameko_service
from services.supervision import handlers, queries, store

Supervision = nameko_service(
    "supervision",
    metadata=store.metadata,
    commands=handlers.COMMANDS,
    events=handlers.EVENTS,
    due=handlers.DUE,
    queries=queries.QUERIES,
)
