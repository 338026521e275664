"""Exits: what the operator says of each claim of a provider that left, until none waits (第十二条)."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.errors import Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command, Event
from services.settlement import exits_store
from services.settlement.domain import exits as rules
from services.settlement.domain.exits import WindDown
from services.settlement.handlers.desk import Book, Desk, done, foreign, missing, pack_of, pack_on
from services.settlement.handlers.news import providers_told

AT_ONCE = 500  # claims, or wind-downs, in one transaction


def wind_down_claims(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """settle: it goes its way; void: it ends like one that is refused."""
    desk = Desk(uow)
    desk.claims.load(command.body["claim_id"] for command in commands)
    outcomes = [_decide(desk, command) for command in commands]
    desk.save()
    return outcomes


def _decide(desk: Desk, command: Command) -> Outcome:
    body = command.body
    claim = desk.claims.get(body["claim_id"])
    if claim is None:
        return missing("claim_id")
    step = foreign(command, claim.programme) or rules.decide_on(
        claim=claim, outcome=body["outcome"], reasons=tuple(body["reasons"]), pack=pack_of(claim)
    )
    if isinstance(step, Refused):
        return step
    desk.claims.put(step, command, record=False)
    return done(step)


def provider_exited(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Its claims that are not put forward wait for a word, from the moment of the news."""
    providers_told(uow, events)
    exits_store.mark_pending(uow.conn, AT_ONCE)


def follow_exits(uow: UnitOfWork) -> int:
    """Claims that were filed, or put back, in the moment of the news or after it, and more than AT_ONCE; then the
    wind-downs themselves: opened, closed, opened again."""
    marked = exits_store.mark_pending(uow.conn, AT_ONCE)
    return marked if marked == AT_ONCE else marked + _follow(uow)


def _follow(uow: UnitOfWork) -> int:
    wanted = exits_store.to_follow(uow.conn, AT_ONCE)
    if not wanted:
        return 0
    book = Book(uow, WindDown)
    book.load(wanted)
    found = exits_store.left_by(uow.conn, wanted)
    for provider_id, programme in wanted.items():
        pack = pack_on(uow, programme)
        assert not isinstance(pack, Refused), programme
        counts = rules.tally(found[provider_id])
        known = book.get(provider_id)
        book.put_all(rules.follow(wind_down=known, provider_id=provider_id, counts=counts, pack=pack), None)
    book.save()
    return len(wanted)
