"""What an office tells, of any kind: found by its id, judged, kept, told to the others and decided in one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command
from services.supervision.domain.regions import refused
from services.supervision.store import regions as store

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of it: its table, its command and event, and what one stands for each of."""

    action: str
    table: sa.Table
    event: str
    status: str
    said: tuple[str, ...]  # fields of the command: the same again is the same
    told: tuple[str, ...]  # columns that the event carries
    one_for_each: tuple[str, ...]
    taken: str | None  # the code when one stands already; None: it is replaced
    answered: tuple[str, ...] = ()  # columns that the answer carries beside id, status and sequence

    @property
    def id(self) -> str:
        """The column of the id."""
        return str(next(iter(self.table.primary_key)).name)

    def key(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What one stands for."""
        return tuple(row[name] for name in self.one_for_each)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """It may be told: by these rules, with columns made here and the numbers that went in."""

    pack: Pack
    articles: Sequence[str]
    made: Mapping[str, Any]
    facts: Mapping[str, Any]


Judge = Callable[[Command, Row], Judged | Refused]


def tell(
    uow: UnitOfWork, kind: Kind, commands: Sequence[Command], bodies: Sequence[Row], judge: Judge
) -> list[Outcome]:
    """An outcome a command, whose body is kept as `bodies` has it: what `judge` refuses, `kind.taken`, and
    ALREADY_EXISTS for an id with another content."""
    there = store.by_id(uow.conn, kind.table, {body[kind.id] for body in bodies})
    standing = store.standing(uow.conn, kind.table, kind.one_for_each, {kind.key(body) for body in bodies})
    new: dict[str, Row] = {}
    replaced: dict[str, Row] = {}
    outcomes: list[Outcome] = []
    for command, body in zip(commands, bodies, strict=True):
        known = there.get(body[kind.id])
        if known is not None:
            same = all(known[name] == body[name] for name in kind.said)
            outcomes.append(_done(kind, known, {}) if same else Refused("ALREADY_EXISTS", kind.id))
            continue
        judged = judge(command, body)
        if isinstance(judged, Refused):
            outcomes.append(replace(judged, facts={"subject": body[kind.id], **judged.facts}))
            continue
        before = standing.get(kind.key(body))
        if before is not None and kind.taken is not None:
            article = next(iter(judged.articles), None)
            facts = {"subject": body[kind.id], kind.id: before[kind.id]}
            outcomes.append(refused(judged.pack, kind.taken, kind.one_for_each[-1], article, **facts))
            continue
        if before is not None:
            moved = {**before, "status": "replaced", "sequence": before["sequence"] + 1}
            there[moved[kind.id]] = moved
            (new if moved[kind.id] in new else replaced)[moved[kind.id]] = moved
            _announce(uow, kind, moved, {"by": body[kind.id]}, command)
        row = _row(uow, kind, command, body, judged)
        there[row[kind.id]] = new[row[kind.id]] = standing[kind.key(body)] = row
        _announce(uow, kind, row, judged.facts, command)
        outcomes.append(_done(kind, row, judged.facts))
    store.save(uow.conn, kind.table, new=list(new.values()), replaced=list(replaced.values()))
    return outcomes


def _row(uow: UnitOfWork, kind: Kind, command: Command, body: Row, judged: Judged) -> Row:
    return {
        **{name: body[name] for name in (kind.id, *kind.said)},
        **judged.made,
        "pack_version": judged.pack.label,
        "articles": list(judged.articles),
        "status": kind.status,
        "told_at": uow.now,
        "told_by": command.actor.subject,
        "sequence": 1,
    }


def _announce(uow: UnitOfWork, kind: Kind, row: Row, facts: Mapping[str, Any], command: Command) -> None:
    law = {"pack_version": row["pack_version"], "articles": row["articles"], "facts": facts}
    data = {name: row[name] for name in (kind.id, *kind.told, "status")}
    data = {name: None if value == "" else value for name, value in data.items()}  # no party: empty as part of a key
    uow.emit(kind.event, subject=row[kind.id], sequence=row["sequence"], data={**data, "law": law}, cause=command)


def _done(kind: Kind, row: Row, facts: Mapping[str, Any]) -> Ok:
    view = {"id": row[kind.id], "status": row["status"], "sequence": row["sequence"]}
    law = (row["pack_version"], tuple(row["articles"]))
    decision = Decision(kind.action, row[kind.id], row["programme"], *law, facts)
    return Ok({**view, **{name: row[name] for name in kind.answered}}, decision)
