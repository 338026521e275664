"""notify on the bus: wiring, no logic."""

from __future__ import annotations

from infra.bus.service import nameko_service
from services.notify import handlers, queries, store, telling

Notify = nameko_service(
    "notify",
    metadata=store.metadata,
    commands=handlers.COMMANDS,
    events=handlers.EVENTS,
    due=(*handlers.DUE, telling.TELLER.due()),
    queries=queries.QUERIES,
)
