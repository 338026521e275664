"""What every handler of the registry needs: the pack in force, and the answer that names an id and its state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Protocol, TypeVar

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.events.registry import MOST_FACTS
from contracts.programmes import Pack
from infra.crypto import KeyRing
from infra.jsontext import canonical
from infra.messages import Command
from infra.packs import pack_on
from services.registry.domain.model import Party
from services.registry.domain.personal import Personal, comparable

Step = TypeVar("Step")


class Versioned(Protocol):
    """A record with id, state and version."""

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def sequence(self) -> int: ...


def pack_of(programme: str, on: date, region: str | None = None) -> Pack | Refused:
    """The rules for a party of that region; PROGRAMME_UNKNOWN also before the first and after the last day."""
    pack = pack_on(programme, on, region)
    if pack is None:
        return Refused("PROGRAMME_UNKNOWN", field="programme", facts={"programme": programme})
    if not pack.period.contains(on):
        facts = {"programme": programme, "today": on.isoformat()}
        return Refused("PROGRAMME_UNKNOWN", field="programme", article=pack.period.article, facts=facts)
    return pack


def known_pack(party: Party, on: date) -> Pack:
    """The rules for a party of ours on that day; its programme was checked when it was registered."""
    pack = pack_on(party.programme, on, party.region)
    assert pack is not None, f"{party.id} is registered under {party.programme}, and its pack is gone"
    return pack


def under(pack: Pack, outcome: Step) -> Step:
    """What the rules decided; a refusal names the pack too, as a decision does."""
    if isinstance(outcome, Refused):
        return replace(outcome, facts={**outcome.facts, "pack_version": pack.label})
    return outcome


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
    party = replace(party, indexes=_indexes(party, personal, ring))
    if not personal:
        return party
    key_id, text = ring.seal(canonical(dict(personal)).encode(), context=f"party/{party.id}")
    return replace(party, key_id=key_id, sealed=text)


def _indexes(party: Party, personal: Personal, ring: KeyRing) -> dict[str, Any]:
    """The representative is one of the persons, under the same index."""
    found: dict[str, Any] = {"holder": holder_index(ring, party.uscc)}
    for kind, values in comparable(personal, region=party.region).items():
        if kind == "representative":
            found[kind] = ring.blind("person", values[0])
        else:
            found[kind] = sorted(ring.blind(kind, value) for value in values[:MOST_FACTS])
    return found


def holder_index(ring: KeyRing, code: str) -> str:
    """Blind index of a company's or a person's code, as holdings name who owns and who is owned."""
    return ring.blind("holder", code)
