"""Runs batches of commands, events and due work, each in one transaction; used by the bus, by tests and by the CLI."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import sqlalchemy as sa
import structlog
from ulid import ULID

import contracts.catalogue
from contracts.errors import Ok, Outcome, Refused
from infra import answers, inbox, metrics, retention
from infra.calls import CallFailed, Calls, NoCalls
from infra.clock import Clock
from infra.db import UnitOfWork, reading, writing
from infra.explain import explain
from infra.isolate import StillTransient, isolate, with_retries
from infra.jsontext import canonical
from infra.log import told
from infra.messages import Answer, Command, Event, answer, refusal

log = structlog.get_logger(__name__)

DUE_ROUNDS = 200  # × ≤ 500 rows a round: what one look at due work may take on

Handler = Callable[[UnitOfWork, Sequence[Command]], Sequence[Outcome]]
Prepare = Callable[[Sequence[Command], Calls], Any]
Query = Callable[[sa.Connection, Command], Mapping[str, Any] | Refused]
EventHandler = Callable[[UnitOfWork, Sequence[Event]], None]
Due = Callable[[UnitOfWork], int]


@dataclass(frozen=True)
class Route:
    """A command's handler, and what is asked of other services before its transaction (`uow.prepared`)."""

    handler: Handler
    prepare: Prepare | None = None


class NotYet(Exception):
    """An acting handler met an event whose predecessor is missing: `subject` comes again up the retry ladder."""

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject


class EventsFailed(Exception):
    """Some events could not take effect (the others did): index in the list given → why."""

    def __init__(self, failures: Mapping[int, Exception]) -> None:
        super().__init__({index: f"{type(error).__name__}: {error}" for index, error in failures.items()})
        self.failures = dict(failures)


class DueFailed(Exception):
    """Some due work failed (the rest was done): name → why."""

    def __init__(self, failures: Mapping[str, Exception]) -> None:
        super().__init__({name: type(error).__name__ for name, error in failures.items()})
        self.failures = dict(failures)


class Pipeline:
    """One service's machinery without a transport."""

    def __init__(
        self,
        service: str,
        engine: sa.Engine,
        clock: Clock,
        commands: Mapping[str, Route],
        queries: Mapping[str, Query],
        events: Mapping[str, EventHandler],
        due: Sequence[Due],
        *,
        catalogue: Any = contracts.catalogue,
        calls: Calls | None = None,
        new_id: Callable[[], str] = lambda: str(ULID()),
        query_timeout_ms: int = 5000,
    ) -> None:
        self.service = service
        self.engine = engine
        self.clock = clock
        self.commands = dict(commands)
        self.queries: dict[str, Query] = {"explain": explain, **queries}
        self.events = dict(events)
        self.due: list[Due] = [*due, retention.prune]
        self.catalogue = catalogue
        self.calls: Calls = calls or NoCalls()
        self._new_id = new_id
        self._query_timeout_ms = query_timeout_ms

    # commands

    def run_commands(self, method: str, commands: Sequence[Command]) -> list[Answer]:
        """One answer a command, in order: keys first, then the handler, decisions, events and answers in one commit.

        A poisonous command is isolated and answered INTERNAL; a transient failure that stays is answered UNAVAILABLE
        to all it struck. Neither is remembered: the same key may be sent again.
        """
        if not commands:
            return []
        with metrics.timed(self.service, method, len(commands)):
            try:
                given = isolate(lambda part: self._run_part(method, part), commands, self._poisoned)
            except StillTransient:
                log.warning("commands.unavailable", service=self.service, method=method, count=len(commands))
                given = [refusal(Refused("UNAVAILABLE")) for _ in commands]
        metrics.answered(self.service, method, given)
        return given

    def _run_part(self, method: str, commands: Sequence[Command]) -> list[Answer]:
        route = self.commands[method]
        prepared = None
        if route.prepare is not None:
            try:
                prepared = route.prepare(commands, self.calls)
            except CallFailed as error:
                if error.transient:
                    raise StillTransient from error
                raise
        return with_retries(lambda: self._commit_commands(route, prepared, commands))

    def _commit_commands(self, route: Route, prepared: Any, commands: Sequence[Command]) -> list[Answer]:
        with self._unit_of_work(prepared) as uow:
            claims = answers.claim(uow.conn, commands=commands, now=uow.now)
            given: dict[int, Answer] = dict(claims.answered)
            if claims.fresh:
                fresh = [commands[index] for index in claims.fresh]
                outcomes = route.handler(uow, fresh)
                if len(outcomes) != len(fresh):
                    raise AssertionError(
                        f"{route.handler.__name__}: {len(outcomes)} outcomes for {len(fresh)} commands"
                    )
                for index, command, outcome in zip(claims.fresh, fresh, outcomes, strict=True):
                    given[index] = self._conclude(uow, command, outcome)
                kept = [(commands[i], claims.hashes[i], given[i]) for i in claims.fresh]
                answers.keep(uow.conn, given=kept, now=uow.now)
            uow.flush()
        given.update({index: given[twin] for index, twin in claims.repeats.items()})
        return [given[index] for index in range(len(commands))]

    def _conclude(self, uow: UnitOfWork, command: Command, outcome: Outcome) -> Answer:
        given = answer(outcome)
        if isinstance(outcome, Ok):
            if outcome.decision is not None:
                uow.record(outcome.decision, actor=command.actor, cause=command)
        elif answers.stands(given):
            uow.refuse(outcome, command)
        return given

    def _poisoned(self, command: Command, error: Exception) -> Answer:
        log.error(
            "command.defect",
            service=self.service,
            method=command.method,
            key=command.key,
            correlation_id=command.correlation_id,
            **told(error),
        )
        return refusal(Refused("INTERNAL"))

    # queries

    def run_query(self, method: str, command: Command) -> Answer:
        """The answer of a read on a read-only connection; a defect is INTERNAL, a lost database UNAVAILABLE."""
        with metrics.timed(self.service, method, 1):
            given = self._query(method, command)
        metrics.answered(self.service, method, [given])
        return given

    def _query(self, method: str, command: Command) -> Answer:
        asked = replace(command, at=self.clock.now())

        def once() -> Mapping[str, Any] | Refused:
            with reading(self.engine, self._query_timeout_ms) as conn:
                found = self.queries[method](conn, asked)
            return found if isinstance(found, Refused) else json.loads(canonical(found))

        try:
            found = with_retries(once)
        except StillTransient:
            return refusal(Refused("UNAVAILABLE"))
        except Exception as error:  # noqa: BLE001 - a reader's defect is answered, not raised into the bus
            return self._poisoned(command, error)
        return answer(found) if isinstance(found, Refused) else {"ok": True, "result": found, "decision": None}

    # events

    def run_events(self, events: Sequence[Event]) -> None:
        """Each event takes effect once, however often it comes; raises EventsFailed for those that could not.

        Events of one aggregate are put in the order of their sequence; a run of one type goes to its handler in one
        transaction, since handlers lock in order each for itself. Where there is a handler of `*`, all go to it
        together, and then to their own. After StillTransient all may be given again.
        """
        placed = in_sequence(events)
        runs = [list(run) for _, run in groupby(placed, key=self._goes_with)]
        verdicts = [verdict for run in runs for verdict in isolate(self._run_events_part, run, _as_it_is)]
        failures = {placed[at].id: error for at, error in enumerate(verdicts) if error is not None}
        if failures:
            raise EventsFailed({at: failures[event.id] for at, event in enumerate(events) if event.id in failures})

    def _goes_with(self, event: Event) -> str:
        return "*" if "*" in self.events else event.type

    def _run_events_part(self, events: Sequence[Event]) -> Sequence[Exception | None]:
        with_retries(lambda: self._commit_events(events))
        return [None] * len(events)

    def _commit_events(self, events: Sequence[Event]) -> None:
        with self._unit_of_work() as uow:
            new = inbox.claim(uow.conn, consumer=self.service, events=events, now=uow.now)
            fresh = [event for event in _distinct(events) if event.id in new]
            metrics.duplicates(self.service, len(events) - len(fresh))
            if fresh and (everything := self.events.get("*")):
                everything(uow, fresh)
            for type_, run in groupby(fresh, key=lambda event: event.type):
                if type_ in self.events or "*" not in self.events:
                    self.events[type_](uow, list(run))
            uow.flush()

    # due work

    def run_due(self) -> dict[str, int]:
        """Carry out what has fallen due: name of the work → how many; DueFailed when some could not be done."""
        done: dict[str, int] = {}
        failures: dict[str, Exception] = {}
        for due in self.due:
            name = due.__name__
            try:
                done[name] = self._run_one_due(due)
            except Exception as error:  # noqa: BLE001 - logged and raised below, when the others are done
                log.error("due.failed", service=self.service, due=name, **told(error))
                failures[name] = error
        if failures:
            raise DueFailed(failures)
        return done

    def _run_one_due(self, due: Due) -> int:
        total = 0
        for _ in range(DUE_ROUNDS):
            count = with_retries(lambda: self._commit_due(due))
            total += count
            if not count:
                break
        return total

    def _commit_due(self, due: Due) -> int:
        with self._unit_of_work() as uow:
            count = due(uow)
            uow.flush()
        return count

    @contextmanager
    def _unit_of_work(self, prepared: Any = None) -> Any:
        with writing(self.engine) as conn:
            yield UnitOfWork(
                conn,
                now=self.clock.now(),
                service=self.service,
                catalogue=self.catalogue,
                new_id=self._new_id,
                prepared=prepared,
            )


def in_sequence(events: Sequence[Event]) -> list[Event]:
    """The events in the order received, but those of one aggregate follow its sequence among their places."""
    places: dict[tuple[str, str], list[int]] = {}
    for at, event in enumerate(events):
        places.setdefault((event.source, event.subject), []).append(at)
    placed = list(events)
    for ats in places.values():
        ordered = sorted((events[at] for at in ats), key=lambda event: event.sequence)
        for at, event in zip(ats, ordered, strict=True):
            placed[at] = event
    return placed


def _distinct(events: Sequence[Event]) -> list[Event]:
    return list({event.id: event for event in events}.values())


def _as_it_is(_event: Event, error: Exception) -> Exception | None:
    return error
