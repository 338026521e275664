"""What a handler is given and what a caller is answered, without a word about transport."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.errors import ERRORS, Decision, Ok, Outcome, Refused

Answer = dict[str, Any]


@dataclass(frozen=True)
class Actor:
    """Who calls, as the signed token says; `organisation` is the id of an enterprise or provider."""

    subject: str
    roles: frozenset[str] = frozenset()
    organisation: str | None = None
    region: str | None = None
    programme: str | None = None

    @property
    def scope(self) -> str:
        """The space idempotency keys live in: one an organisation, else one a subject."""
        return self.organisation or f"~{self.subject}"


SYSTEM = Actor(subject="system", roles=frozenset({"service"}))


@dataclass(frozen=True)
class Command:
    """A validated call: `body` holds dates as date and instants as aware UTC datetimes; queries have no key.

    `at`: the moment of which a query asks; a command's is its transaction's.
    """

    method: str
    key: str | None
    body: dict[str, Any]
    actor: Actor
    correlation_id: str
    causation_id: str | None = None
    deadline: datetime | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Event:
    """A validated event of another service; `sequence` is the version of the aggregate named by `subject`.

    stream_seq, stream_hash: its place in its producer's chained stream; raw: the very text that was hashed and sent.
    """

    id: str
    source: str
    type: str
    time: datetime
    subject: str
    sequence: int
    correlation_id: str
    causation_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    stream_seq: int | None = None
    stream_hash: str | None = None
    raw: str | None = None


def answer(outcome: Outcome) -> Answer:
    """The `result` of the reply: `{"ok": true, "result", "decision"}` or `{"ok": false, "error"}`."""
    if isinstance(outcome, Ok):
        return {"ok": True, "result": dict(outcome.result), "decision": decision_view(outcome.decision)}
    return refusal(outcome)


def refusal(refused: Refused) -> Answer:
    """A coded error with its message in two languages."""
    text = ERRORS[refused.code]
    return {
        "ok": False,
        "error": {
            "code": refused.code,
            "message": text.en,
            "message_zh": text.zh,
            "field": refused.field,
            "article": refused.article,
            "facts": dict(refused.facts),
        },
    }


def decision_view(decision: Decision | None) -> Mapping[str, Any] | None:
    """The law a result rests on, as the caller reads it."""
    if decision is None:
        return None
    return {
        "action": decision.action,
        "subject": decision.subject,
        "programme": decision.programme,
        "pack_version": decision.pack_version,
        "articles": list(decision.articles),
        "facts": dict(decision.facts),
    }
