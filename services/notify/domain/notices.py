"""From an event to the notices it makes: one for each recipient, with an id that the same event always gives."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contracts.programmes import Pack
from services.notify.domain.recipients import Addressee, Route
from services.notify.domain.routes import routes_of

# A read notice has done its work; an unread one is kept for as long as a party may still have to act on the year it
# is about. The evidence log keeps the events themselves for good.
KEEP_READ = timedelta(days=180)
KEEP_UNREAD = timedelta(days=2 * 365)
KEEP_STAFF = timedelta(days=365)
KEEP_DELIVERIES = timedelta(days=180)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Notice:
    """One route taken by one event, to all its addressees (each once), with the articles it rests on."""

    route: Route
    addressees: tuple[Addressee, ...]
    articles: tuple[str, ...]


def notices(
    *, event_type: str, data: Mapping[str, Any], pack: Pack | None, admitted: Sequence[str]
) -> Iterator[Notice]:
    """The notices of an event under its programme's rules; `admitted`: ids of the programme's admitted providers.

    Whoever is concerned twice (as the one who filed and the one who is paid) is told once, by the first route.
    """
    told: set[Addressee] = set()
    for route in routes_of(event_type, data, pack):
        found = [one for one in dict.fromkeys(route.addressees(data, pack, admitted)) if one not in told]
        told.update(found)
        if found:
            yield Notice(route, tuple(found), tuple(route.articles(data, pack)))


def notice_id(*, event_id: str, template: str, addressee: Addressee, at_ms: int) -> str:
    """A ULID of that millisecond whose 80 other bits are a hash of event, template and addressee: a mail made of it
    carries the same Message-ID however often the event comes."""
    digest = hashlib.sha256(f"{event_id}\n{template}\n{addressee.label}".encode()).digest()
    number = (at_ms & ((1 << 48) - 1)) << 80 | int.from_bytes(digest[:10], "big")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
