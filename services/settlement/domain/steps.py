"""A step of an aggregate through its table of moves: what is not in the table does not happen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar

from contracts.errors import Decision, Refused

A = TypeVar("A", bound=Any)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Move:
    """From any of `sources` to `target`, told to others as `event`."""

    sources: tuple[str, ...]
    target: str
    event: str


Moves = Mapping[str, Move]


@dataclass(frozen=True, slots=True)
class Step(Generic[A]):
    """The aggregate after one change, the event that tells of it, and the law it rests on."""

    after: A
    event: str
    decision: Decision


def take(aggregate: A, moves: Moves, action: str, *, decision: Decision, **changes: Any) -> Step[A] | Refused:
    """The aggregate moved, its sequence one on; WRONG_STATE with the status that does not allow it."""
    move = moves[action]
    if aggregate.status not in move.sources:
        return Refused("WRONG_STATE", None, None, {"status": aggregate.status, "subject": decision.subject})
    after = replace(aggregate, status=move.target, sequence=aggregate.sequence + 1, **changes)
    return Step(after, move.event, decision)


def must(step: Step[A] | Refused) -> Step[A]:
    """A step that the state of things cannot refuse; AssertionError when it does: that is a defect."""
    assert isinstance(step, Step), step
    return step


def digest(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of `value`: sorted keys, no spaces, dates as ISO text, records by field."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def derived_id(*parts: str) -> str:
    """An id that follows from others: 128 bits of SHA-256 in the shape of a ULID; the same parts give the same id."""
    number = int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:16], "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no canonical text")
