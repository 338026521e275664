"""From an event to the notices it makes: one for each recipient, with an id that the same event always gives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.notify.domain.routes import EveryProvider, Party, Route, Staff, routes_of

# A read notice has done its work; an unread one is kept for as long as a party may still have to act on the year it
# is about. The evidence log keeps the events themselves for good.
KEEP_READ = timedelta(days=180)
KEEP_UNREAD = timedelta(days=2 * 365)
KEEP_STAFF = timedelta(days=365)
KEEP_DELIVERIES = timedelta(days=180)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Addressee:
    """A party by id, or a role; one of the two."""

    party_id: str | None = None
    role: str | None = None

    @property
    def label(self) -> str:
        return f"party:{self.party_id}" if self.party_id else f"role:{self.role}"


@dataclass(frozen=True, slots=True)
class Notice:
    """One route taken by one event, to all its addressees (each once)."""

    route: Route
    addressees: tuple[Addressee, ...]


def notices(*, event_type: str, data: Mapping[str, Any], admitted: Sequence[str]) -> Iterator[Notice]:
    """The notices of an event; `admitted`: ids of the programme's admitted providers."""
    for route in routes_of(event_type, data):
        found = dict.fromkeys(_addressees(route, data, admitted))
        if found:
            yield Notice(route, tuple(found))


def _addressees(route: Route, data: Mapping[str, Any], admitted: Sequence[str]) -> Iterator[Addressee]:
    for recipient in route.to:
        match recipient:
            case Party(field):
                party_id = data.get(field)
                if party_id is not None:
                    yield Addressee(party_id=party_id)
            case Staff(role):
                yield Addressee(role=role)
            case EveryProvider():
                yield from (Addressee(party_id=provider_id) for provider_id in admitted)


def notice_id(*, event_id: str, template: str, addressee: Addressee, at_ms: int) -> str:
    """A ULID of that millisecond whose 80 other bits are a hash of event, template and addressee: a mail made of it
    carries the same Message-ID however often the event comes."""
    digest = hashlib.sha256(f"{event_id}\n{template}\n{addressee.label}".encode()).digest()
    number = (at_ms & ((1 << 48) - 1)) << 80 | int.from_bytes(digest[:10], "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
