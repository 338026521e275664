"""registry on the bus: wiring alone."""

from __future__ import annotations

from infra.bus.service import nameko_service
from services.registry import handlers, queries, store, telling

Registry = nameko_service(
    "registry",
    metadata=store.metadata,
    commands=handlers.COMMANDS,
    events=handlers.EVENTS,
    due=(*handlers.DUE, telling.TELLER.due()),
    queries=queries.QUERIES,
)
