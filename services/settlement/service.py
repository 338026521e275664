"""Entry points and wiring; no logic."""

from infra import crypto, signing
from infra.bus.service import nameko_service
from services.settlement import handlers, queries, store

Settlement = nameko_service(
    "settlement",
    metadata=store.metadata,
    commands=handlers.COMMANDS,
    events=handlers.EVENTS,
    due=handlers.DUE,
    queries=queries.QUERIES,
    needs=(crypto.ring, signing.signer),
)
