"""What an event type is, in the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from marshmallow import Schema
from marshmallow.fields import Nested

from contracts import fields as f

SchemaClass: TypeAlias = type[Schema]  # `type` is a field's name below


@dataclass(frozen=True)
class EventType:
    """Published under `type`; `consumers` are the services that act on it (supervision keeps evidence of all)."""

    type: str
    schema: SchemaClass
    consumers: tuple[str, ...]
    doc: str = ""

    @property
    def producer(self) -> str:
        return self.type.split(".", 1)[0]


class Law(f.Body):
    """The law a decision rests on, and the numbers that went in."""

    pack_version = f.text(80, required=False)
    articles = f.words(40, 20, required=False)
    facts = f.facts(required=False)


def law() -> Nested:
    return f.nested(Law, required=False)


class CommandRefused(f.Body):
    """A command that was understood and refused."""

    method = f.text(64)
    code = f.text(64)
    field = f.text(64, required=False)
    article = f.text(40, required=False)
    facts = f.facts()
    programme = f.programme(required=False)
    actor_roles = f.words(20, 20)


def refused(service: str) -> EventType:
    return EventType(
        f"{service}.command_refused.v1", CommandRefused, (), "A command was refused, and by which article."
    )


MOST_DECISIONS = 50  # in one event


class Decided(f.Body):
    """One decision: what was decided on `subject` (and `about` whose history it belongs to as well), its law and the
    numbers that went in; cause: the command's key, or the id of the event that it follows from."""

    action = f.text(64)
    outcome = f.one_of(("ok", "ignored"))
    subject = f.text(128)
    about = f.text(128, required=False)
    programme = f.programme(required=False)
    pack_version = f.text(80, required=False)
    articles = f.words(200, 200)
    facts = f.facts()
    actor_roles = f.words(20, 20)
    cause = f.text(200, required=False)


class Decisions(f.Body):
    """The decisions of one commit, in their order."""

    decisions = f.many(Decided, most=MOST_DECISIONS, least=1)


def decided(service: str) -> EventType:
    return EventType(f"{service}.decided.v1", Decisions, (), "What was decided, for the evidence log.")
