"""Corrections: one person of finance asks that an entry be taken on to another account, another confirms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import books_store, corrections_store, store
from services.voucher.access import foreign
from services.voucher.domain import corrections as domain
from services.voucher.domain.corrections import Correction, Draft, place
from services.voucher.domain.law import articles
from services.voucher.domain.plans import Plan
from services.voucher.handlers.packs import Packs


def correct_entries(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The account that a transfer went to is locked while more is asked of it; a batch sees its own."""
    batch = _Asking(uow, [command.body for command in commands])
    outcomes = [batch.ask(command) for command in commands]
    corrections_store.insert_asked(uow.conn, batch.new)
    return outcomes


class _Asking:
    """What a batch of requests is judged by, and what comes of it."""

    def __init__(self, uow: UnitOfWork, bodies: Sequence[dict[str, Any]]) -> None:
        ids = {body["transfer_id"] for body in bodies}
        self.uow = uow
        self.transfers = corrections_store.transfers_by_id(uow.conn, ids)
        books_store.load_accounts(uow.conn, {transfer.credit for transfer in self.transfers.values()})
        self.known = corrections_store.by_id(uow.conn, {body["correction_id"] for body in bodies})
        self.earlier = corrections_store.of_transfers(uow.conn, ids)
        self.law = _Law(uow, {place(transfer.credit)[1:3] for transfer in self.transfers.values()})
        self.new: list[Correction] = []

    def ask(self, command: Command) -> Outcome:
        body = command.body
        transfer = self.transfers.get(body["transfer_id"])
        if transfer is None:
            return Refused("NOT_FOUND", "transfer_id")
        programme, year = place(transfer.credit)[1:3]
        if (barred := foreign(command, programme)) is not None:
            return barred
        draft = Draft(**{name: body[name] for name in Draft.__dataclass_fields__})
        known = self.known.get(draft.correction_id)
        if known is not None:
            return Ok(_view(known)) if known.draft == draft else Refused("ALREADY_EXISTS", "correction_id")
        asked = domain.ask(
            pack=self.law.packs.of(programme),
            draft=draft,
            transfer=transfer,
            corrected_fen=domain.corrected([*self.earlier, *self.new], transfer.id),
            regions=self.law.regions(programme, year),
            asked_by=command.actor.subject,
            office=command.actor.region,
            now=self.uow.now,
        )
        if isinstance(asked, Refused):
            return asked
        self.known[asked.correction_id] = asked
        self.new.append(asked)
        return Ok(_view(asked), self.law.tell(asked, "correction_asked", command))


def confirm_corrections(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Decided once, under the locks of both accounts; a correction that is confirmed moves money in the same commit."""
    ids = {command.body["correction_id"] for command in commands}
    asked = corrections_store.by_id(uow.conn, ids).values()
    names = {name for one in asked for name in (one.from_account, one.to_account)}
    books = books_store.open_books(uow.conn, names, at=uow.now)
    known = corrections_store.by_id(uow.conn, ids)  # again: now nobody else decides
    law = _Law(uow, {(one.programme, one.year) for one in known.values()})
    decided, outcomes = list[Correction](), list[Outcome]()
    for command in commands:
        one, decision = known.get(command.body["correction_id"]), command.body["decision"]
        if one is None:
            outcomes.append(Refused("NOT_FOUND", "correction_id"))
            continue
        if (barred := foreign(command, one.programme)) is not None:
            outcomes.append(barred)
            continue
        if one.status == domain.DECISIONS[decision]:
            outcomes.append(Ok(_view(one)))
            continue
        done = domain.decide(
            pack=law.packs.of(one.programme),
            correction=one,
            decision=decision,
            available_fen=books.available_fen(one.from_account),
            decided_by=command.actor.subject,
            now=uow.now,
        )
        if isinstance(done, Refused):
            outcomes.append(done)
            continue
        after, moves = done
        books.move(moves, subject=after.correction_id, version=after.sequence, cause=command.key or "")
        known[after.correction_id] = after
        decided.append(after)
        outcomes.append(Ok(_view(after), law.tell(after, "correction_decided", command)))
    corrections_store.insert_decided(uow.conn, decided)
    books_store.save_books(uow.conn, books)
    return outcomes


class _Law:
    """The plans of the years that a batch is about, their rules, and what is told of a correction."""

    def __init__(self, uow: UnitOfWork, years: set[tuple[str, int]]) -> None:
        self.uow = uow
        self.packs = Packs(uow.today)
        self._plans: list[Plan] = store.plans_of(uow.conn, years, lock=False) if years else []

    def regions(self, programme: str, year: int) -> dict[str, str]:
        mine = (plan for plan in self._plans if (plan.programme, plan.year) == (programme, year))
        return {plan.purse: plan.region for plan in mine if plan.status != "made"}

    def tell(self, one: Correction, name: str, command: Command) -> Decision:
        pack = self.packs.of(one.programme)
        data = domain.state(one)
        self.uow.emit(f"voucher.{name}.v1", subject=one.correction_id, sequence=one.sequence, data=data, cause=command)
        facts = {key: data[key] for key in ("transfer_id", "from_account", "to_account", "amount_fen", "status")}
        return Decision(name, one.correction_id, one.programme, pack.label, articles(pack, "budget"), facts)


def _view(one: Correction) -> dict[str, Any]:
    return {"id": one.correction_id, "status": one.status, "sequence": one.sequence}
