"""What every handler of the registry needs: the pack in force, and the answer that names an id and its state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Protocol

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack, UnknownPack, load
from infra.crypto import KeyRing
from infra.jsontext import canonical
from infra.messages import Command
from services.registry.domain.model import Party
from services.registry.domain.personal import Personal, comparable


class Versioned(Protocol):
    """A record with id, state and version."""

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def sequence(self) -> int: ...


def pack_of(programme: str, on: date) -> Pack | Refused:
    """The programme's rules on that day; PROGRAMME_UNKNOWN also before its first and after its last day."""
    try:
        pack = load(programme, on=on)
    except UnknownPack:
        return Refused("PROGRAMME_UNKNOWN", field="programme", facts={"programme": programme})
    if not pack.period.contains(on):
        facts = {"programme": programme, "today": on.isoformat()}
        return Refused("PROGRAMME_UNKNOWN", field="programme", article=pack.period.article, facts=facts)
    return pack


def known_pack(programme: str, on: date) -> Pack:
    """The rules of a programme that a record of ours is under; it was checked when the record was made."""
    return load(programme, on=on)


def foreign(command: Command, programme: str) -> Refused | None:
    """PROGRAMME_MISMATCH when the caller's token is for another programme than the record it names by id."""
    if command.actor.programme in (None, programme):
        return None
    return Refused("PROGRAMME_MISMATCH", facts={"programme": programme})


def done(record: Versioned, decision: Decision | None = None) -> Ok:
    """The id and state of what was changed."""
    return Ok({"id": record.id, "status": record.status, "sequence": record.sequence}, decision)


def each(commands: Sequence[Command], judge: Callable[[Command], Outcome]) -> list[Outcome]:
    """One outcome a command, in order; each sees what those before it left in memory."""
    return [judge(command) for command in commands]


def ids(commands: Sequence[Command], field: str) -> list[str]:
    """The ids a batch names."""
    return [command.body[field] for command in commands]


def sealed(party: Party, personal: Personal, ring: KeyRing) -> Party:
    """The party with its personal facts sealed under the current key, and their blind indexes."""
    if not personal:
        return party
    key_id, text = ring.seal(canonical(dict(personal)).encode(), context=f"party/{party.id}")
    indexes: dict[str, Any] = {f"{kind}_index": ring.blind(kind, value) for kind, value in comparable(personal).items()}
    return replace(party, key_id=key_id, sealed=text, **indexes)
