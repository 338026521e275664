"""Every event of every service: evidence first, then what is known of others, then the claims that can be screened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from contracts.catalogue import EVENTS
from contracts.events.registry import EnterpriseState, HoldingState, ProductState, ProviderState, TieRecorded
from contracts.events.settlement import ClaimState, ReceivableState
from contracts.events.settlement import WindDownState as ClaimsWindDown
from contracts.events.voucher import FilingState, OrderState
from contracts.events.voucher import WindDownState as OrdersWindDown
from contracts.masking import public_name
from infra.clock import local_date
from infra.db import UnitOfWork
from infra.holdings import know_holdings
from infra.messages import Event
from services.supervision import evidence
from services.supervision.handlers.cases import exits_heard
from services.supervision.handlers.screening import screen_ready
from services.supervision.store import claims, context, known
from services.supervision.store.tables import (
    known_claims,
    known_filings,
    known_holdings,
    known_orders,
    known_products,
    known_receivables,
)

Row = dict[str, Any]


def _columns(table: sa.Table, *ours: str) -> tuple[str, ...]:
    """Fields of the event that the table has columns for; `ours` are made here."""
    return tuple(column.name for column in table.columns if column.name not in ("sequence", *ours))


FILED = "settlement.claim_filed.v1"
EXITED = "registry.provider_exited.v1"
REFUNDED = "settlement.claim_refund_recorded.v1"
INDEXES = ("person", "phone", "address", "building", "account")
PRODUCT = _columns(known_products)
ORDER = _columns(known_orders, "ordered_on", "confirmed_on")
FILING = _columns(known_filings, "kind")
CLAIM = _columns(known_claims, "paid_on")
RECEIVABLE = _columns(known_receivables, "pack_version", "articles")
NOT_OWED = ("claimed", "refused")  # no part of a party's record: one person's word, or not even that


def take(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """A batch of events of any types: a fixed number of statements for each kind of news that is in it."""
    evidence.append(uow, events)
    told: dict[str, list[Event]] = {}
    for event in events:
        kind = KINDS.get(event.type)
        if kind is not None:
            told.setdefault(kind, []).append(event)
    for kind, save in SAVES.items():
        if kind in told:
            save(uow, told[kind])
    if told:
        screen_ready(uow, {event.subject: event for event in told.get("claim", []) if event.type == FILED})


def _parties(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """A fact told after a claim was cleared: the claims of its party that may still be paid are screened again."""
    facts = {
        (event.subject, kind, value)
        for event in events
        for kind in INDEXES
        for value in event.data["indexes"].get(kind) or ()
    }
    rows = [{"party_id": party_id, "kind": kind, "value": value} for party_id, kind, value in facts]
    changed = known.save_parties(uow.conn, [_party(event) for event in events], rows)
    exits_heard(uow, [event for event in events if event.type == EXITED])
    touched = known.claims_of(uow.conn, changed)
    claims.await_screening(uow.conn, [_line(uow, claim_id, events[-1], True) for claim_id in touched])


def _party(event: Event) -> Row:
    kind = "enterprise" if "enterprise_id" in event.data else "provider"
    copied = {name: event.data[name] for name in ("programme", "name", "region", "status")}
    own = {"party_id": event.data[f"{kind}_id"], "kind": kind, "provider_kind": event.data.get("provider_kind")}
    own["holder"] = event.data["indexes"].get("holder")
    known_as = {"uscc": event.data["uscc"], "legal_person": event.data.get("legal_person")}
    own["registered_on"] = event.data.get("registered_on")
    own["public_name"] = public_name(event.data["name"], **known_as)
    return {**own, **copied, "sequence": event.sequence}


def _products(uow: UnitOfWork, events: Sequence[Event]) -> None:
    known.save_products(uow.conn, [_copied(event, PRODUCT) for event in events])


def _orders(uow: UnitOfWork, events: Sequence[Event]) -> None:
    known.save_orders(uow.conn, [_copied(event, ORDER, **_days(event)) for event in events])


def _days(event: Event) -> dict[str, date | None]:
    ordered, confirmed = event.data["ordered_at"], event.data.get("confirmed_at")
    return {"ordered_on": local_date(ordered), "confirmed_on": local_date(confirmed) if confirmed else None}


def _filings(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Its kind is what the programme files by: the category, or the track."""
    rows = [_copied(event, FILING, kind=event.data.get("category") or event.data.get("track")) for event in events]
    known.save_filings(uow.conn, [row for row in rows if row["kind"] is not None])


def _ties(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """A tie told after a claim was cleared: the claims between the two that may still be paid are screened again."""
    names = ("tie_id", "enterprise_id", "provider_id", "kind")
    known.save_ties(uow.conn, [{name: event.data[name] for name in names} for event in events])
    by_pair = {(event.data["enterprise_id"], event.data["provider_id"]): event for event in events}
    touched = known.claims_between(uow.conn, list(by_pair))
    rows = [_line(uow, row["claim_id"], by_pair[row["enterprise_id"], row["provider_id"]], True) for row in touched]
    claims.await_screening(uow.conn, rows)


def _claims(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Paid on the day on which that was said; what came back from the bank is paid no more."""
    rows = []
    for event in events:
        paid = event.data["status"] == "paid"
        rows.append(_copied(event, CLAIM, paid_on=local_date(event.time) if paid else None))
    known.save_claims(uow.conn, rows)
    context.save_uses(uow.conn, [event.data for event in events])
    news = [event for event in events if event.type in (FILED, REFUNDED)]
    claims.await_screening(
        uow.conn, [_line(uow, event.data["claim_id"], event, event.type == REFUNDED) for event in news]
    )


def _receivables(uow: UnitOfWork, events: Sequence[Event]) -> None:
    owed = [event for event in events if event.data["status"] not in NOT_OWED]
    laws = {event.id: {name: event.data["law"][name] for name in ("pack_version", "articles")} for event in owed}
    known.save_receivables(uow.conn, [_copied(event, RECEIVABLE, **laws[event.id]) for event in owed])


def _wind_downs(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Of a provider that left: what waits at voucher (orders) and settlement (claims), and what came of it."""
    rows = [
        {
            "provider_id": event.data["provider_id"],
            "source": event.type.partition(".")[0],
            **{name: event.data[name] for name in ("programme", "open", "settled", "voided", "status")},
            "handed_over": event.data.get("handed_over", 0),
            "sequence": event.sequence,
        }
        for event in events
    ]
    known.save_wind_downs(uow.conn, rows)


def _holdings(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """A share told after a claim was cleared: claims of those it joins that may still be paid are screened again."""
    know_holdings(uow, known_holdings, events)
    touched = known.claims_among(uow.conn, {event.data[side] for event in events for side in ("owner", "held")})
    claims.await_screening(uow.conn, [_line(uow, claim_id, events[-1], True) for claim_id in touched])


def _line(uow: UnitOfWork, claim_id: str, cause: Event, again: bool) -> Row:
    return {
        "claim_id": claim_id,
        "since": uow.now,
        "event_id": cause.id,
        "correlation_id": cause.correlation_id,
        "again": again,
    }


def _copied(event: Event, names: Sequence[str], **ours: Any) -> Row:
    return {**{name: event.data[name] for name in names}, **ours, "sequence": event.sequence}


# The state an event carries says which kind of news it is; what carries none of these is evidence alone.
STATES: Mapping[type, str] = {
    EnterpriseState: "party",
    ProviderState: "party",
    ProductState: "product",
    OrderState: "order",
    FilingState: "filing",
    ClaimState: "claim",
    TieRecorded: "tie",
    HoldingState: "holding",
    ReceivableState: "receivable",
    OrdersWindDown: "wind_down",
    ClaimsWindDown: "wind_down",
}
KINDS: Mapping[str, str] = {name: STATES[event.schema] for name, event in EVENTS.items() if event.schema in STATES}

SAVES: Mapping[str, Callable[[UnitOfWork, Sequence[Event]], None]] = {
    "party": _parties,
    "product": _products,
    "order": _orders,
    "filing": _filings,
    "claim": _claims,
    "tie": _ties,
    "holding": _holdings,
    "receivable": _receivables,
    "wind_down": _wind_downs,
}
