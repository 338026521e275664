"""The one table of what crosses a boundary: method → schemas and roles; event type → schema, producer, consumers."""

from __future__ import annotations

from contracts.events import notify as notify_events
from contracts.events import registry as registry_events
from contracts.events import settlement as settlement_events
from contracts.events import supervision as supervision_events
from contracts.events import voucher as voucher_events
from contracts.events.base import EventType
from contracts.rpc import notify, registry, settlement, supervision, voucher
from contracts.rpc.base import Method

SERVICES = ("registry", "voucher", "settlement", "supervision", "notify")

METHODS: dict[str, Method] = {
    f"{method.service}.{method.name}": method
    for module in (registry, voucher, settlement, supervision, notify)
    for method in module.METHODS
}

EVENTS: dict[str, EventType] = {
    event.type: event
    for module in (registry_events, voucher_events, settlement_events, supervision_events, notify_events)
    for event in module.EVENTS
}

EVIDENCE = "supervision"  # keeps evidence of every event, listed as its consumer or not


def methods_of(service: str) -> dict[str, Method]:
    """Method name → method."""
    return {method.name: method for method in METHODS.values() if method.service == service}


def consumed_by(service: str) -> dict[str, EventType]:
    """Event types the service's queue is bound for."""
    return {name: event for name, event in EVENTS.items() if service in event.consumers or service == EVIDENCE}
