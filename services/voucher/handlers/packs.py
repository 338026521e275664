"""The rules of a batch: those in force that day for a party of a region, and those that something was begun under."""

from __future__ import annotations

from datetime import date

from contracts.programmes import Pack, UnknownPack
from infra.packs import pack_at, pack_on


class Packs:
    """Packs of one day; each is looked up once a batch."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._found: dict[tuple[str, str | None], Pack | None] = {}
        self._at: dict[str, Pack] = {}

    def get(self, programme: str, region: str | None = None) -> Pack | None:
        """The rules for a party of that region (None: the programme's own); None: there is no such programme."""
        key = programme, region
        if key not in self._found:
            self._found[key] = pack_on(programme, self._today, region)
        return self._found[key]

    def of(self, programme: str, region: str | None = None) -> Pack:
        """The rules of a programme under which something is already stored."""
        pack = self.get(programme, region)
        if pack is None:
            raise UnknownPack(programme)
        return pack

    def at(self, label: str) -> Pack:
        """The rules of the label that a record carries: what was begun under them ends under them."""
        if label not in self._at:
            self._at[label] = pack_at(label)
        return self._at[label]
