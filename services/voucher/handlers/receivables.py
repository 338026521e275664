"""News of money that is owed back: each state carries its totals, and only what is new of them moves the books."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.errors import Decision
from infra.db import UnitOfWork
from infra.messages import Event
from infra.pipeline import NotYet
from services.voucher import books_store, corrections_store, store
from services.voucher.domain.corrections import followed
from services.voucher.domain.receivables import Names, Totals, drawn, moves, nothing
from services.voucher.handlers.packs import Packs


def on_receivable(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Owed, recovered, owed again, written off; NotYet while its claim's payment has not been heard of."""
    _paid(uow, events)
    packs = Packs(uow.today)
    names = {event.id: _names(packs, event) for event in events}
    corrected = corrections_store.confirmed(
        uow.conn, {(event.data["programme"], event.data["year"]) for event in events}
    )
    origins = {each.origin: followed(corrected, each.origin) for each in names.values()}
    wanted = {one for each in names.values() for one in each.all} | {one for each in origins.values() for one in each}
    books = books_store.open_books(uow.conn, wanted, at=uow.now)
    heard = books_store.heard_receivables(uow.conn, {event.subject for event in events})  # true under those locks
    changed: dict[str, Totals] = {}
    for event in events:
        told = _totals(event)
        before = heard.get(told.receivable_id, nothing(told.receivable_id))
        found = moves(heard=before, told=told, names=names[event.id])
        if told.sequence <= before.sequence:
            continue
        found = tuple(part for move in found for part in drawn(move, origins.get(move.debit, ()), books.available_fen))
        books.move(found, subject=told.receivable_id, version=told.sequence, cause=event.id)
        heard[told.receivable_id] = changed[told.receivable_id] = told
        law = event.data["law"]
        facts = {"amount_fen": sum(move.amount_fen for move in found), "status": event.data["status"]}
        action = event.type.split(".")[1]
        decision = Decision(
            action, told.receivable_id, event.data["programme"], law["pack_version"], tuple(law["articles"]), facts
        )
        uow.record(decision, actor=None, cause=event)
    books_store.save_books(uow.conn, books)
    books_store.save_heard_receivables(uow.conn, changed.values())


def _paid(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Money can only be claimed back from `redeemed` when it has come there."""
    claims = {event.data["claim_id"] for event in events} - {None}
    heard = store.heard(uow.conn, claims)
    waiting = sorted(one for one in claims if one not in heard or heard[one].status != "redeemed")
    if waiting:
        raise NotYet(waiting[0])


def _names(packs: Packs, event: Event) -> Names:
    data = event.data
    pack = packs.at(data["law"]["pack_version"])
    return Names.of(
        programme=data["programme"],
        year=data["year"],
        purse="" if data["plan_region"] == pack.home else data["plan_region"],
        party_id=data["party_id"],
        paid=data["claim_id"] is not None,
    )


def _totals(event: Event) -> Totals:
    fen = (event.data[name] for name in ("amount_fen", "recovered_fen", "written_off_fen"))
    return Totals(event.subject, event.sequence, *fen)
