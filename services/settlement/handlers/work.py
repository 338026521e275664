"""Who works on what: taking and giving back, leave and its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import samples_store, work_store
from services.settlement.domain import leaves as leave_rules
from services.settlement.domain import work as rules
from services.settlement.domain.claims import Claim
from services.settlement.domain.experts import elsewhere
from services.settlement.domain.law import decide
from services.settlement.domain.work import Absences
from services.settlement.handlers.desk import (
    Desk,
    done,
    foreign,
    keep,
    missing,
    pack_of,
    pack_on,
    reviewer_of,
    same,
)


class _Works:
    """The claims that a batch takes or gives back, as they stand in it."""

    def __init__(self, uow: UnitOfWork, commands: Sequence[Command]) -> None:
        self.uow = uow
        self.desk = Desk(uow)
        self.desk.claims.load(claim_id for command in commands for claim_id in command.body["claims"])
        held = self.desk.claims.rows
        self.absences = work_store.absences(uow.conn, (claim.programme for claim in held.values()), today=uow.today)
        self.scores = work_store.scores(uow.conn, held.values())
        self.auditors = samples_store.auditors(uow.conn, held.values())
        self.takers: dict[str, str | None] = {}

    def claim(self, command: Command, claim_id: str) -> Claim | Refused:
        found = self.desk.claims.get(claim_id)
        return missing("claims") if found is None else foreign(command, found.programme) or found

    def absent(self, claim: Claim) -> Absences:
        return self.absences[claim.programme]

    def give(self, claim: Claim, taker: str | None) -> None:
        self.takers[claim.claim_id] = taker
        self.desk.claims.rows[claim.claim_id] = rules.given(claim, taker)

    def save(self) -> None:
        work_store.set_takers(self.uow.conn, self.takers)


def take_work(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Claims of the caller's work list; each has its own outcome in the answer."""
    works = _Works(uow, commands)
    outcomes: list[Outcome] = [
        _each(command, "taken", lambda one, c=command: _take(works, c, one)) for command in commands
    ]
    works.save()
    return outcomes


def _take(works: _Works, command: Command, claim_id: str) -> Refused | None:
    claim = works.claim(command, claim_id)
    if isinstance(claim, Refused):
        return claim
    taker = rules.take(
        claim=claim,
        reviewer=reviewer_of(command),
        judged_by=(*elsewhere(works.scores[claim_id], claim.stage or ""), *works.auditors.get(claim_id, ())),
        absences=works.absent(claim),
        pack=pack_of(claim),
    )
    if isinstance(taker, Refused):
        return taker
    works.give(claim, taker)
    return None


def release_work(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Given back to the work list; what another had taken, with a decision that says so."""
    works = _Works(uow, commands)
    outcomes: list[Outcome] = [
        _each(command, "released", lambda one, c=command: _release(works, c, one)) for command in commands
    ]
    works.save()
    return outcomes


def _release(works: _Works, command: Command, claim_id: str) -> Refused | None:
    claim = works.claim(command, claim_id)
    if isinstance(claim, Refused):
        return claim
    pack = pack_of(claim)
    anothers = rules.release(claim=claim, reviewer=reviewer_of(command), absences=works.absent(claim), pack=pack)
    if isinstance(anothers, Refused):
        return anothers
    if anothers:
        keep(works.uow, decide(pack, "claim.taken_back", claim_id, (), stage=claim.stage), command)
    works.give(claim, None)
    return None


def _each(command: Command, word: str, one: Any) -> Ok:
    """The answer: ids that it was done for, and for each other its code."""
    outcomes: Mapping[str, Refused | None] = {
        claim_id: one(claim_id) for claim_id in dict.fromkeys(command.body["claims"])
    }
    refused = [{"claim_id": key, "code": why.code} for key, why in outcomes.items() if why is not None]
    return Ok({word: [key for key, why in outcomes.items() if why is None], "refused": refused})


def record_leaves(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """By the person itself, for its own programme's work."""
    desk = Desk(uow)
    desk.leaves.load(command.body["leave_id"] for command in commands)
    outcomes = [_record(desk, command) for command in commands]
    desk.save()
    return outcomes


def _record(desk: Desk, command: Command) -> Outcome:
    body, person = command.body, command.actor.subject
    named = {name: body[name] for name in ("deputy", "from_on", "until_on", "reason")}
    known = desk.leaves.get(body["leave_id"])
    if known is not None:
        return same(known, programme=body["programme"], person=person, **named)
    pack = pack_on(desk.uow, body["programme"])
    if isinstance(pack, Refused):
        return pack
    step = foreign(command, pack.code) or leave_rules.record(
        leave_id=body["leave_id"], reviewer=reviewer_of(command), **named, today=desk.uow.today, pack=pack
    )
    if isinstance(step, Refused):
        return step
    desk.leaves.put(step, command, record=False)
    return done(step)


def end_leaves(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Back before the last day."""
    desk = Desk(uow)
    desk.leaves.load(command.body["leave_id"] for command in commands)
    outcomes = [_end(desk, command) for command in commands]
    desk.save()
    return outcomes


def _end(desk: Desk, command: Command) -> Outcome:
    leave = desk.leaves.get(command.body["leave_id"])
    if leave is None:
        return missing("leave_id")
    pack = pack_on(desk.uow, leave.programme)
    if isinstance(pack, Refused):
        return pack
    step = leave_rules.end(leave=leave, person=command.actor.subject, today=desk.uow.today, pack=pack)
    if isinstance(step, Refused):
        return step
    desk.leaves.put(step, command, record=False)
    return done(step)
