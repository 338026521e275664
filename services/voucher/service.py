"""The voucher service on the bus: wiring, and nothing else."""

from __future__ import annotations

from infra import signing
from infra.bus.service import nameko_service
from services.voucher import filings_queries, handlers, queries, store, telling

Voucher = nameko_service(
    "voucher",
    metadata=store.metadata,
    commands=handlers.COMMANDS,
    events=handlers.EVENTS,
    due=(*handlers.DUE, telling.TELLER.due()),
    queries={**queries.QUERIES, **filings_queries.QUERIES},
    needs=(signing.signer,),
)
