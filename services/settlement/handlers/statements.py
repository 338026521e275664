"""The bank's statement, compared with payments by reference and amount; its lines stand as recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from contracts.errors import Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.db_insert import insert_many
from infra.messages import Command
from services.settlement import bank_store, tables
from services.settlement.domain.bank import Booked, Known, compare, occurrences
from services.settlement.domain.steps import digest
from services.settlement.handlers import receivables
from services.settlement.handlers.desk import Desk, foreign

MOST_TOLD = 1_000  # differences in one answer; `bank_differences` pages through all


@dataclass(frozen=True)
class Given:
    """One statement to record. key: of a file, the bank's own statement, whatever id it is recorded under."""

    command: Command
    programme: str | None
    key: str | None
    lines: Sequence[Booked]

    @property
    def statement_id(self) -> str:
        return str(self.command.body["statement_id"])

    @property
    def content(self) -> str:
        return digest([self.programme, self.key, [asdict(one) for one in self.lines]])


def record_statements(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Statements as lists."""
    return record(
        uow, [Given(command, None, None, [Booked(**line) for line in command.body["lines"]]) for command in commands]
    )


def record(uow: UnitOfWork, given: Sequence[Given | Refused]) -> list[Outcome]:
    """Each once: what another statement has shown before under the bank's own reference is not counted again."""
    book = _Book(uow, [one for one in given if isinstance(one, Given)])
    outcomes = [one if isinstance(one, Refused) else book.take(one) for one in given]
    return book.save(outcomes)


class _Book:
    """The statements of one transaction."""

    def __init__(self, uow: UnitOfWork, given: Sequence[Given]) -> None:
        conn = self.conn = uow.conn
        self.uow = uow
        self.known = bank_store.statement_hashes(conn, (one.statement_id for one in given))
        self.files = bank_store.statements_of_files(conn, (one.key for one in given if one.key))
        references = {line.reference for one in given for line in one.lines}
        self.payments = bank_store.payments_by_reference(conn, references)
        self.booked = bank_store.booked(conn, references)
        self.fresh: list[Given] = []

    def take(self, one: Given) -> Given | tuple[Given, str] | Refused:
        """What is to be told of it: itself, with the id under which it stands already; ALREADY_EXISTS,
        PROGRAMME_MISMATCH."""
        if self.known.get(one.statement_id, one.content) != one.content:
            return Refused("ALREADY_EXISTS", "statement_id")
        if one.programme is None and (barred := self._barred(one)) is not None:
            return barred
        before = self.files.get(one.key or "", one.statement_id)
        if one.statement_id in self.known or before != one.statement_id:
            return one, before
        self.known[one.statement_id] = one.content
        if one.key:
            self.files[one.key] = one.statement_id
        self.fresh.append(one)
        return one

    def _barred(self, one: Given) -> Refused | None:
        """A list names no account: a token for one programme speaks of that one's payments alone."""
        theirs = (known.programme for line in one.lines if (known := self.payments.get(line.reference)) is not None)
        return next((barred for each in theirs if (barred := foreign(one.command, each)) is not None), None)

    def save(self, taken: Sequence[Given | tuple[Given, str] | Refused]) -> list[Outcome]:
        """Heads, lines, and the answers."""
        keys = [self._keys(one) for one in self.fresh]
        owners: dict[str, str] = {}
        for one, own in zip(self.fresh, keys, strict=True):
            for key in own:
                owners.setdefault(key, one.statement_id) if key else None
        new = bank_store.first_shown(self.conn, owners)
        counted = [
            [key is None or (key in new and owners[key] == one.statement_id) for key in own]
            for one, own in zip(self.fresh, keys, strict=True)
        ]
        placed = [
            (one, at, line, counts)
            for one, own in zip(self.fresh, counted, strict=True)
            for at, (line, counts) in enumerate(zip(one.lines, own, strict=True), 1)
        ]
        repaid = self._repaid([(one, at, line) for one, at, line, counts in placed if counts])
        for one, at, line, counts in placed:
            if counts and (one.statement_id, at) not in repaid:
                self.booked.setdefault(line.reference, []).append(line)
        lines = [self._line(*place) for place in placed]
        repeated = {one.statement_id: own.count(False) for one, own in zip(self.fresh, counted, strict=True)}
        insert_many(self.conn, tables.statements, [self._head(one) for one in self.fresh])  # a collision: look again
        insert_many(self.conn, tables.statement_lines, lines)
        return [self._answer(one, repeated) for one in taken]

    def _repaid(self, placed: Sequence[tuple[Given, int, Booked]]) -> set[tuple[str, int]]:
        """Those of the lines that are repayments of receivables, and are on record as such now."""
        desk = Desk(self.uow)
        credits_ = [
            receivables.Credit(one.command, one.statement_id, at, asdict(line))
            for one, at, line in placed
            if line.direction == "credit"
        ]
        matched = receivables.match_credits(desk, credits_)
        desk.save()
        return matched

    def _keys(self, one: Given) -> list[str | None]:
        """The key of each booking that the bank's own reference names; None of the others."""
        return [
            digest([one.programme, asdict(line), number]) if line.bank_reference else None
            for line, number in occurrences(one.lines)
        ]

    def _head(self, one: Given) -> dict[str, Any]:
        return {
            "statement_id": one.statement_id,
            "programme": one.programme,
            "file_key": one.key,
            "lines": len(one.lines),
            "content_hash": one.content,
            "recorded_by": one.command.actor.subject,
            "recorded_at": self.uow.now,
        }

    def _line(self, one: Given, at: int, line: Booked, counted: bool) -> dict[str, Any]:
        place = {"statement_id": one.statement_id, "line": at, "programme": one.programme}
        return {**place, **asdict(line), "counted": counted}

    def _answer(self, taken: Given | tuple[Given, str] | Refused, repeated: Mapping[str, int]) -> Outcome:
        if isinstance(taken, Refused):
            return taken
        one, standing = taken if isinstance(taken, tuple) else (taken, taken.statement_id)
        before = len(one.lines) if standing != one.statement_id else repeated.get(one.statement_id, 0)
        return Ok({**_compared(standing, one.lines, self.payments, self.booked), "repeated": before})


def _compared(
    statement_id: str,
    lines: Sequence[Booked],
    payments: Mapping[str, Known],
    booked: Mapping[str, list[Booked]],
) -> dict[str, Any]:
    """How many references agree, and the differences of those that do not."""
    references = list(dict.fromkeys(line.reference for line in lines))
    found = [
        {"code": one.code, "reference": reference, "amount_fen": one.amount_fen, "booked_fen": one.booked_fen}
        for reference in references
        for one in compare(known=payments.get(reference), booked=booked.get(reference, []), reference=reference)
    ]
    wrong = {one["reference"] for one in found}
    head = {"id": statement_id, "status": "recorded", "sequence": 1}
    told = {"matched": len(references) - len(wrong), "differences": found[:MOST_TOLD], "different": len(found)}
    return {**head, "lines": len(lines), **told}
