"""The rules in force on the day of a batch, by programme."""

from __future__ import annotations

from datetime import date

from contracts.programmes import Pack, UnknownPack, load


class Packs:
    """Packs by code on one day; each is looked up once a batch."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._found: dict[str, Pack | None] = {}

    def get(self, programme: str) -> Pack | None:
        """The pack; None when there is no programme of that code."""
        if programme not in self._found:
            try:
                self._found[programme] = load(programme, on=self._today)
            except UnknownPack:
                self._found[programme] = None
        return self._found[programme]

    def of(self, programme: str) -> Pack:
        """The pack of a programme under which something is already stored."""
        pack = self.get(programme)
        if pack is None:
            raise UnknownPack(programme)
        return pack
