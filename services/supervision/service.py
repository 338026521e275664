"""supervision on the bus: wiring, and no logic."""

from __future__ import annotations

from infra import signing
from infra.bus.service import nameko_service
from services.supervision import evidence, handlers, queries, store, telling

evidence.algorithm()  # a hash that we have not stops the start, not the first record

Supervision = nameko_service(
    "supervision",
    metadata=store.metadata,
    commands=handlers.COMMANDS,
    events=handlers.EVENTS,
    due=(*handlers.DUE, telling.TELLER.due()),
    queries=queries.QUERIES,
    needs=(signing.known_keys,),
)
