"""Which event feeds which table of what notify knows of others: names for notices, rows for the public board."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from infra.messages import Event
from infra.projection import upsert_newer
from services.notify import store

Row = dict[str, Any]


def _take(table: sa.Table) -> Callable[[Event], Row]:
    """A row of the event's fields that the table has columns for."""
    fields = [column.name for column in table.columns if column.name != "sequence"]

    def row(event: Event) -> Row:
        return {**{name: event.data[name] for name in fields}, "sequence": event.sequence}

    return row


def _party(kind: str) -> Callable[[Event], Row]:
    copied = ("programme", "uscc", "name", "region", "status")

    def row(event: Event) -> Row:
        taken = {name: event.data[name] for name in copied}
        return {"party_id": event.data[f"{kind}_id"], "kind": kind, **taken, "sequence": event.sequence}

    return row


def _checkpoint(event: Event) -> Row:
    return {**event.data, "at": event.time, "sequence": event.sequence}


_ENTERPRISE = (store.known_parties, _party("enterprise"))
_PROVIDER = (store.known_parties, _party("provider"))
_PRODUCT = (store.known_products, _take(store.known_products))
_PLAN = (store.known_plans, _take(store.known_plans))
_NODE = (store.known_nodes, _take(store.known_nodes))
_PAYMENT = (store.known_payments, _take(store.known_payments))
_BLACKLIST = (store.known_blacklist, _take(store.known_blacklist))

FEEDS: Mapping[str, tuple[sa.Table, Callable[[Event], Row]]] = {
    "registry.enterprise_certified.v1": _ENTERPRISE,
    "registry.enterprise_facts_changed.v1": _ENTERPRISE,
    "registry.provider_certified.v1": _PROVIDER,
    "registry.provider_admitted.v1": _PROVIDER,
    "registry.provider_refused.v1": _PROVIDER,
    "registry.provider_facts_changed.v1": _PROVIDER,
    "registry.provider_exit_noticed.v1": _PROVIDER,
    "registry.provider_exited.v1": _PROVIDER,
    "registry.product_submitted.v1": _PRODUCT,
    "registry.product_reviewed.v1": _PRODUCT,
    "registry.product_published.v1": _PRODUCT,
    "registry.product_delisted.v1": _PRODUCT,
    "voucher.plan_made.v1": _PLAN,
    "voucher.plan_published.v1": _PLAN,
    "voucher.quota_granted.v1": (store.known_quotas, _take(store.known_quotas)),
    "voucher.year_closed.v1": (store.closed_years, _take(store.closed_years)),
    "settlement.node_announced.v1": _NODE,
    "settlement.node_closed.v1": _NODE,
    "settlement.payment_settled.v1": _PAYMENT,
    "settlement.payment_failed.v1": _PAYMENT,
    "settlement.payment_held.v1": _PAYMENT,
    "supervision.party_blacklisted.v1": _BLACKLIST,
    "supervision.party_removed.v1": _BLACKLIST,
    "supervision.checkpoint_made.v1": (store.known_checkpoints, _checkpoint),
}


def apply(conn: sa.Connection, events: Sequence[Event]) -> None:
    """Bring what the events say into the tables they feed, one upsert a table, the newest of each aggregate."""
    rows: dict[str, list[Row]] = {}
    for event in events:
        if event.type in FEEDS:
            table, row = FEEDS[event.type]
            rows.setdefault(table.name, []).append(row(event))
    for name in sorted(rows):
        table = store.metadata.tables[name]
        upsert_newer(conn, table, rows[name], key=[column.name for column in table.primary_key])
