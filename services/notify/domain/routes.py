"""The one table of who hears of what: event type and condition → template and recipients, producer by producer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.programmes import Pack
from services.notify.domain import told_by_registry, told_by_settlement, told_by_supervision, told_by_voucher
from services.notify.domain.recipients import Route

ROUTES: tuple[Route, ...] = (
    told_by_registry.ROUTES + told_by_voucher.ROUTES + told_by_settlement.ROUTES + told_by_supervision.ROUTES
)
BY_EVENT: Mapping[str, tuple[Route, ...]] = {
    event: tuple(route for route in ROUTES if route.event == event) for event in {route.event for route in ROUTES}
}


def routes_of(event_type: str, data: Mapping[str, Any], pack: Pack | None = None) -> tuple[Route, ...]:
    """The routes an event takes under its programme's rules; none when nobody is told of it."""
    return tuple(route for route in BY_EVENT.get(event_type, ()) if route.applies(data, pack))
