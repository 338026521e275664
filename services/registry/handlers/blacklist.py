"""What supervision decides about parties reaches the registry as it hears of it."""

from __future__ import annotations

from collections.abc import Sequence

from infra.db import UnitOfWork
from infra.messages import Event
from services.registry import store

KEPT = ("entry_id", "party_id", "programme", "ground", "effective_at", "status")


def know_entries(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """An entry, or what stops the same while a case runs, made or lifted: from its moment of effect nothing of the
    party's is approved."""
    rows = [{**{name: event.data[name] for name in KEPT}, "sequence": event.sequence} for event in events]
    store.know_entries(uow.conn, rows)
