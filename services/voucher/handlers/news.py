"""News of parties and products: projections of what others say of them, and what follows from a provider's exit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from infra.db import UnitOfWork
from infra.holdings import know_holdings
from infra.messages import Event
from infra.projection import upsert_newer
from services.voucher import store, tables
from services.voucher.handlers.steps import Steps

AT_ONCE = 500  # orders that follow an exit in one transaction


def on_enterprise(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Facts and certification of enterprises."""
    _project(uow, tables.known_enterprises, events, "enterprise_id", _declared)


def on_provider(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Standing of providers."""
    _project(uow, tables.known_providers, events, "provider_id", _declared)


def on_provider_exited(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """第十二条: orders it had not confirmed are voided, running ones wait for what comes of them."""
    on_provider(uow, events)
    _follow_exits(uow, {event.subject: event for event in events})


def on_product(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """What is on the shelf, at which price."""
    _project(uow, tables.known_products, events, "product_id")


def on_tie(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Facts that tie an enterprise to a provider (第十三条(四))."""
    _project(uow, tables.known_ties, events, "tie_id")


def on_holding(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Who holds a share of whom, and until when."""
    know_holdings(uow, tables.known_holdings, events)


def on_blacklist(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Listed or removed: new applications and orders stop from the moment of its effect (第十二条)."""
    _project(uow, tables.known_blacklist, events, "entry_id")


def follow_exits(uow: UnitOfWork) -> int:
    """Void placed orders of providers that have exited and mark the running ones, a bounded number at a time.

    Also due work, for an order that was placed in the very moment in which the news came, and for more than AT_ONCE.
    """
    return _follow_exits(uow, {})


def _follow_exits(uow: UnitOfWork, exits: Mapping[str, Event]) -> int:
    behind = store.orders_left_behind(uow.conn, AT_ONCE)
    if not behind:
        return 0
    steps = Steps.over(uow, behind, [(order.order_id, "void") for order in behind if order.status == "placed"])
    for order in behind:
        if order.status == "placed":
            steps.follow(order.order_id, "void", exits.get(order.provider_id), reason="provider_exited")
        else:
            steps.mark(replace(order, hand_over_due=True, left_by=order.provider_id))
    steps.save()
    return len(behind)


def _declared(event: Event) -> dict[str, Any]:
    """Of what a party declared, what may bar an order (第十三条(四)); the rest is for supervision to look at."""
    indexes = event.data["indexes"]
    return {
        "holder": indexes.get("holder"),
        "representative": indexes.get("representative"),
        "accounts": indexes.get("account") or [],
    }


def _project(
    uow: UnitOfWork,
    table: sa.Table,
    events: Sequence[Event],
    key: str,
    more: Callable[[Event], dict[str, Any]] = lambda event: {},
) -> None:
    """Keep what the table has a column for, where it is newer."""
    names = [column.name for column in table.c]
    rows = [
        {**{name: event.data.get(name) for name in names}, **more(event), "sequence": event.sequence}
        for event in events
    ]
    upsert_newer(uow.conn, table, rows, (key,))
