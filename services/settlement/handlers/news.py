"""What other services told: projections of orders, parties and years, and news that moves a claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from contracts.errors import Decision
from infra.clock import local_date
from infra.db import UnitOfWork
from infra.holdings import know_holdings
from infra.messages import Event
from infra.pipeline import EventHandler, NotYet
from infra.projection import upsert_newer
from services.settlement import store
from services.settlement import tables as t
from services.settlement.domain import claims as rules
from services.settlement.handlers.desk import Desk, ignored, keep, pack_of

Read = Callable[[Event], Mapping[str, Any]]


def _projection(table: sa.Table, read: Read) -> EventHandler:
    """Keeps the newest public state of another service's aggregate."""
    key = [column.name for column in table.primary_key.columns]

    def project(uow: UnitOfWork, events: Sequence[Event]) -> None:
        rows = [{"sequence": event.sequence, **read(event)} for event in events]
        upsert_newer(uow.conn, table, rows, key=key)

    return project


def _fields(table: sa.Table, *apart: str) -> Read:
    names = [column.name for column in table.columns if column.name not in {"sequence", *apart}]
    return lambda event: {name: event.data[name] for name in names}


def _party(table: sa.Table) -> Read:
    read = _fields(table, "holder")
    return lambda event: {**read(event), "holder": event.data["indexes"].get("holder")}


def _order(event: Event) -> Mapping[str, Any]:
    row = _fields(t.known_orders, "ordered_on")(event)
    return {**row, "ordered_on": local_date(event.data["ordered_at"])}


def _usage(event: Event) -> Mapping[str, Any]:
    """Totals of the order so far. They only grow, whichever record of use tells them: they are their own sequence."""
    names = ("order_id", "total_days", "total_units")
    row = {name: event.data[name] for name in names}
    return {**row, "sequence": row["total_days"] + row["total_units"]}


orders_told = _projection(t.known_orders, _order)
enterprises_told = _projection(t.known_enterprises, _party(t.known_enterprises))
providers_told = _projection(t.known_providers, _party(t.known_providers))
ties_told = _projection(t.known_ties, _fields(t.known_ties))
products_told = _projection(t.known_products, _fields(t.known_products))
usage_told = _projection(t.known_usage, _usage)
evaluations_told = _projection(t.known_evaluations, _fields(t.known_evaluations))
blacklist_told = _projection(t.known_blacklist, _fields(t.known_blacklist))
years_told = _projection(t.known_years, _fields(t.known_years))
_verdicts = _projection(t.known_verdicts, _fields(t.known_verdicts))


def holdings_told(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Who holds a share of whom, and until when."""
    know_holdings(uow, t.known_holdings, events)


def blacklisted(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Nothing more goes to the party; what went to it since the entry took effect is examined again, and recorded."""
    blacklist_told(uow, events)
    since = {event.data["party_id"]: event for event in events}
    for payment_id, party_id, released_at in store.released_to(uow.conn, since):
        event = since[party_id]
        effective_at = event.data["effective_at"]
        if released_at >= effective_at:
            facts = {"party_id": party_id, "effective_at": effective_at, "released_at": released_at}
            programme = event.data["programme"]
            keep(uow, Decision("payment.after_blacklisting", payment_id, programme, None, (), facts), event)


def claims_answered(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """The order row's verdict: it alone arbitrates between refund and claim."""
    desk = _claims(uow, events)
    for event in events:
        claim = desk.claims.rows[event.data["claim_id"]]
        code, told = event.data["code"], {name: event.data[name] for name in ("code", "allowed_fen", "order_status")}
        step = rules.answered(claim=claim, **told, pack=pack_of(claim))
        if step is None:
            ignored(uow, claim.claim_id, event, status=claim.status, code=code)
        else:
            desk.claims.put(step, event)
    desk.save()


def verdicts_told(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Cleared or held: kept for the last review of that very version."""
    _verdicts(uow, events)


def claims_rejected(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """An alert was confirmed: the claim is refused; one that has moved on is stopped by the verdict kept here."""
    _verdicts(uow, events)
    desk = _claims(uow, events)
    for event in events:
        claim = desk.claims.rows[event.data["claim_id"]]
        version, alerts = event.data["claim_version"], tuple(event.data["alerts"])
        step = rules.reject(claim=claim, claim_version=version, alerts=alerts, pack=pack_of(claim))
        if step is None:
            ignored(uow, claim.claim_id, event, status=claim.status, claim_version=version)
        else:
            desk.claims.put(step, event)
    desk.save()


def _claims(uow: UnitOfWork, events: Sequence[Event]) -> Desk:
    """The claims that the events speak of; NotYet when one is not here (it was restored from a backup, say)."""
    desk = Desk(uow)
    ids = {event.data["claim_id"] for event in events}
    desk.claims.load(ids)
    absent = sorted(ids - set(desk.claims.rows))
    if absent:
        raise NotYet(absent[0])
    return desk
