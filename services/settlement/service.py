"""Entry points and wiring; no logic."""

from infra import crypto, signing
from infra.bus.service import nameko_service
from services.settlement import bank_settings, handlers, queries, store, telling

bank_settings.payers(), bank_settings.result_days()  # what cannot be read stops the start, not the first payment

Settlement = nameko_service(
    "settlement",
    metadata=store.metadata,
    commands=handlers.COMMANDS,
    events=handlers.EVENTS,
    due=(*handlers.DUE, telling.TELLER.due()),
    queries=queries.QUERIES,
    needs=(crypto.ring, signing.signer),
)
