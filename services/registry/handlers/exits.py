"""What voucher and settlement say of a provider that left reaches the registry as it hears of it."""

from __future__ import annotations

from collections.abc import Sequence

from infra.db import UnitOfWork
from infra.messages import Event
from services.registry import store


def know_wind_downs(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Whether something of the provider's still waits for a word there."""
    rows = [
        {
            "provider_id": event.data["provider_id"],
            "source": event.type.partition(".")[0],
            "status": event.data["status"],
            "sequence": event.sequence,
        }
        for event in events
    ]
    store.know_wind_downs(uow.conn, rows)
