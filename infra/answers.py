"""A command takes effect once: its key is claimed before anything else, its answer is kept with its effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from contracts.errors import ERRORS, Refused
from infra.db_insert import insert_new, upsert
from infra.jsontext import canonical
from infra.messages import Answer, Command, refusal
from infra.tables import answers

Key = tuple[str, str]  # scope, key

FORGOTTEN = frozenset({"invalid", "denied", "transient", "fault"})  # a retry of these is judged anew
CONFLICT = refusal(Refused("IDEMPOTENCY_CONFLICT", field="key"))


@dataclass(frozen=True)
class Claims:
    """fresh: indexes of the commands to run; answered: index → stored answer; repeats: index → index of its twin."""

    hashes: list[str]
    fresh: list[int]
    answered: dict[int, Answer]
    repeats: dict[int, int]


def key_of(command: Command) -> Key:
    """Keys of one organisation are its own."""
    if command.key is None:
        raise ValueError(f"{command.method} came without a key")
    return (command.actor.scope, command.key)


def body_hash(command: Command) -> str:
    """SHA-256 of method and body: the same key with another body is a conflict."""
    return hashlib.sha256(canonical([command.method, command.body]).encode()).hexdigest()


def claim(conn: sa.Connection, *, commands: Sequence[Command], now: datetime) -> Claims:
    """Claim all keys, sorted, in one statement; a key in flight on another connection is waited for."""
    first: dict[Key, int] = {}
    hashes = [body_hash(command) for command in commands]
    for index, command in enumerate(commands):
        first.setdefault(key_of(command), index)
    rows = [
        {"scope": scope, "key": key, "body_hash": hashes[first[scope, key]], "at": now} for scope, key in sorted(first)
    ]
    ours = set(insert_new(conn, answers, rows, returning=("scope", "key")))
    stored = _stored(conn, [key for key in first if key not in ours])
    fresh: list[int] = []
    answered: dict[int, Answer] = {}
    repeats: dict[int, int] = {}
    for index, command in enumerate(commands):
        key = key_of(command)
        if key in stored:
            known_hash, known = stored[key]
            answered[index] = json.loads(known) if known_hash == hashes[index] else CONFLICT
        elif first[key] == index:
            fresh.append(index)
        elif hashes[index] == hashes[first[key]]:
            repeats[index] = first[key]
        else:
            answered[index] = CONFLICT
    return Claims(hashes, fresh, answered, repeats)


def keep(conn: sa.Connection, *, given: Sequence[tuple[Command, str, Answer]], now: datetime) -> None:
    """Store the answers that stand (command, body hash, answer); give back the keys of those that a retry may turn."""
    rows = [
        {"scope": scope, "key": key, "body_hash": digest, "answer": canonical(answer), "at": now}
        for (scope, key), digest, answer in sorted(
            ((key_of(c), digest, a) for c, digest, a in given if stands(a)), key=lambda row: row[0]
        )
    ]
    upsert(conn, answers, rows, key=("scope", "key"), replace=("answer",))
    forgotten = [key_of(command) for command, _, answer in given if not stands(answer)]
    if forgotten:
        conn.execute(sa.delete(answers).where(sa.tuple_(answers.c.scope, answers.c.key).in_(forgotten)))


def stands(answer: Answer) -> bool:
    """Is the answer final for this key? Refused by rule: yes. Invalid, denied, or not possible just now: no."""
    return bool(answer["ok"]) or ERRORS[answer["error"]["code"]].kind not in FORGOTTEN


def _stored(conn: sa.Connection, keys: Sequence[Key]) -> dict[Key, tuple[str, str]]:
    if not keys:
        return {}
    query = sa.select(answers.c.scope, answers.c.key, answers.c.body_hash, answers.c.answer).where(
        sa.tuple_(answers.c.scope, answers.c.key).in_(keys)
    )
    return {(scope, key): (known_hash, known) for scope, key, known_hash, known in conn.execute(query)}
