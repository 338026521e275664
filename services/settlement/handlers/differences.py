"""Differences of books and bank are worked off: looked into by a person, and closed with what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.db_insert import insert_many
from infra.messages import Command
from services.settlement import bank_store, tables
from services.settlement.domain.bank import Difference, compare
from services.settlement.domain.law import decide, payment_article
from services.settlement.handlers.desk import foreign, pack_on

_SAME = ("programme", "code", "reference", "resolution", "reason")


def resolve_differences(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """What a difference came to, as it stands now: should its amounts change, it is open again."""
    conn = uow.conn
    references = {command.body["reference"] for command in commands}
    desk = _Desk(
        uow,
        made=dict(bank_store.load_resolutions(conn, (command.body["resolution_id"] for command in commands))),
        known=bank_store.payments_by_reference(conn, references),
        booked=bank_store.booked(conn, references),
    )
    outcomes = [desk.resolve(command) for command in commands]
    insert_many(conn, tables.difference_resolutions, desk.rows)  # a collision: another was quicker, and we look again
    return outcomes


class _Desk:
    def __init__(self, uow: UnitOfWork, *, made: dict[str, Mapping[str, Any]], known: Any, booked: Any) -> None:
        self.uow = uow
        self.made, self.known, self.booked = made, known, booked
        self.earlier = bank_store.resolutions(uow.conn, known.keys() | booked.keys())
        self.rows: list[dict[str, Any]] = []

    def resolve(self, command: Command) -> Outcome:
        """ALREADY_EXISTS, PROGRAMME_MISMATCH, PROGRAMME_UNKNOWN; NOT_FOUND: there is no such difference; WRONG_STATE:
        it has its resolution."""
        body = command.body
        before = self.made.get(body["resolution_id"])
        if before is not None:
            same = all(before[name] == body[name] for name in _SAME)
            return _done(body["resolution_id"]) if same else Refused("ALREADY_EXISTS", "resolution_id")
        pack = pack_on(self.uow, body["programme"])
        if isinstance(pack, Refused):
            return pack
        refused = foreign(command, body["programme"])
        if refused is not None:
            return refused
        found = self._difference(body)
        if found is None:
            return Refused("NOT_FOUND", "reference", None, {"code": body["code"]})
        if found.key in bank_store.resolved([*self.earlier, *self.rows], body["programme"]):
            return Refused("WRONG_STATE", "reference", None, {"status": "resolved"})
        self._keep(command, found)
        facts = {"code": found.code, "reference": found.reference, "booked_fen": found.booked_fen}
        facts |= {"amount_fen": found.amount_fen, "resolution": body["resolution"], "reason": body["reason"]}
        by = (payment_article(pack, "finance"),)
        decision: Decision = decide(pack, "difference.resolved", body["resolution_id"], by, **facts)
        return _done(body["resolution_id"], decision)

    def _difference(self, body: Mapping[str, Any]) -> Difference | None:
        reference = body["reference"]
        known = self.known.get(reference)
        if known is not None and known.programme != body["programme"]:
            return None
        found = compare(known=known, booked=self.booked.get(reference, []), reference=reference)
        return next((one for one in found if one.code == body["code"]), None)

    def _keep(self, command: Command, found: Difference) -> None:
        body = command.body
        told = {name: body[name] for name in ("resolution_id", "programme", "code", "reference", "resolution")}
        row = {
            **told,
            "amount_fen": found.amount_fen,
            "booked_fen": found.booked_fen,
            "reason": body["reason"],
            "resolved_by": command.actor.subject,
            "resolved_at": self.uow.now,
        }
        self.rows.append(row)
        self.made[body["resolution_id"]] = row
        data = {**told, "status": "resolved"}
        self.uow.emit(
            "settlement.difference_resolved.v1", subject=body["resolution_id"], sequence=1, data=data, cause=command
        )


def _done(resolution_id: str, decision: Decision | None = None) -> Ok:
    return Ok({"id": resolution_id, "status": "resolved", "sequence": 1}, decision)
