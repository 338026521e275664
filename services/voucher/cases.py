"""Reads one row of a quote's cases into facts: what is missing or cannot be read is named, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import get_args

from contracts.money import parse_yuan
from contracts.programmes import Library, Pack, PackError, UnknownPack
from contracts.programmes.schema import IndustryName, SizeName
from services.voucher.domain.facts import Facts, Name, needs

MOST_REMEMBERED = 20_000

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REGION = re.compile(r"[0-9]{6}")
_COUNT = re.compile(r"[0-9]{1,4}")
_YES_NO = {"yes": True, "no": False}
_INDUSTRIES = frozenset(get_args(IndustryName))
_SIZES = frozenset(get_args(SizeName))

Read = Callable[[str, Pack], object]  # ValueError when the cell cannot be read


@lru_cache(maxsize=65_536)
def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _day(text: str, _pack: Pack) -> date:
    return _date(text)


def _money(text: str, _pack: Pack) -> int:
    return parse_yuan(text)


def _count(text: str, _pack: Pack) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _region(text: str, _pack: Pack) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError(text)
    return text


def _yes_no(text: str, _pack: Pack) -> bool:
    return _YES_NO[text]


def _among(text: str, words: frozenset[str] | Mapping[str, object]) -> str:
    if text not in words:
        raise ValueError(text)
    return text


# column, fact, reader; in the order in which a row's faults are listed
FACT_COLUMNS: tuple[tuple[str, Name, Read], ...] = (
    ("on", "on", _day),
    ("track", "track", lambda text, pack: _among(text, pack.tracks)),
    ("category", "category", lambda text, pack: _among(text, pack.categories)),
    ("price_yuan", "price_fen", _money),
    ("market_price_yuan", "market_price_fen", _money),
    ("paid_yuan", "paid_fen", _money),
    ("requested_yuan", "requested_fen", _money),
    ("used_this_year_yuan", "used_this_year_fen", _money),
    ("years_used", "years_used", _count),
    ("budget_left_yuan", "budget_left_fen", _money),
    ("prior_revenue_yuan", "prior_revenue_fen", _money),
    ("registered_on", "registered_on", _day),
    ("region", "region", _region),
    ("tax_region", "tax_region", _region),
    ("legal_person", "legal_person", _yes_no),
    ("violation", "violation", _yes_no),
    ("bad_credit", "bad_credit", _yes_no),
    ("affiliated", "affiliated", _yes_no),
    ("industry", "industry", lambda text, _pack: _among(text, _INDUSTRIES)),
    ("serves_industry", "serves_industry", _yes_no),
    ("size", "size", lambda text, _pack: _among(text, _SIZES)),
)
COLUMNS = ("case", "programme", "overlay", *(column for column, _, _ in FACT_COLUMNS))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that cannot be decided: `FACT_MISSING:<column>` and `FACT_INVALID:<column>` in the order of the columns."""

    faults: tuple[str, ...]
    pack_version: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A row that can be decided."""

    pack: Pack
    facts: Facts


# the columns that one pack looks at for one track and industry: column, fact, reader, needed
_Plan = tuple[tuple[str, Name, Read, bool], ...]


@dataclass
class CaseReader:
    """Reads rows (column -> cell as it is) against a library; remembers packs and plans, so that a row costs little.

    `folder` is where overlay files are looked for that are not found from the working directory. `complaints` gathers
    what is wrong with overlays, once each.
    """

    library: Library
    folder: Path = Path()
    complaints: dict[str, str] = field(default_factory=dict)
    _packs: dict[tuple[str, str, str], tuple[Pack, bool]] = field(default_factory=dict)
    _plans: dict[tuple[str, str | None, str | None], _Plan] = field(default_factory=dict)

    def read(self, row: Mapping[str, str]) -> Case | Unreadable:
        programme = row.get("programme", "")
        if not programme:
            return Unreadable(("FACT_MISSING:programme",))
        try:
            pack, overlay_found = self._pack(programme, row.get("overlay", ""), row.get("on", ""))
        except UnknownPack:
            return Unreadable(("FACT_INVALID:programme",))
        faults = [] if overlay_found else ["FACT_INVALID:overlay"]
        values: dict[str, object] = {}
        for column, name, read, needed in self._plan(pack, row.get("track"), row.get("industry")):
            cell = row.get(column)
            if not cell:
                if needed:
                    faults.append(f"FACT_MISSING:{column}")
                continue
            try:
                values[name] = read(cell, pack)
            except (ValueError, KeyError):
                faults.append(f"FACT_INVALID:{column}")
        if faults:
            return Unreadable(tuple(faults), pack.label)
        return Case(pack, Facts(**values))  # type: ignore[arg-type]  # each reader gives its fact's type

    def _pack(self, programme: str, overlay: str, on: str) -> tuple[Pack, bool]:
        """The pack in effect on the day that the cell names (the newest when it names none), and whether the overlay,
        where the programme leaves the amount to one, could be read. UnknownPack when there is no such programme."""
        key = (programme, overlay, on)
        if key not in self._packs:
            if len(self._packs) >= MOST_REMEMBERED:
                self._packs.clear()
            try:
                day = _date(on)
            except ValueError:
                day = None
            pack, found = self.library.load(programme, on=day), True
            if overlay and pack.delegates:
                try:
                    pack = self.library.load(programme, on=day, overlay=self._overlay(overlay))
                except (UnknownPack, PackError) as error:
                    found = False
                    self.complaints.setdefault(overlay, str(error) if isinstance(error, PackError) else "not found")
            self._packs[key] = (pack, found)
        return self._packs[key]

    def _overlay(self, name: str) -> str:
        beside = self.folder / name
        return str(beside) if not Path(name).is_file() and beside.is_file() else name

    def _plan(self, pack: Pack, track: str | None, industry: str | None) -> _Plan:
        track = track if track in pack.tracks else None
        industry = industry if industry in _INDUSTRIES else None
        key = (pack.label, track, industry)
        if key not in self._plans:
            wanted = needs(pack, track=track, industry=industry)
            self._plans[key] = tuple(
                (column, name, read, name in wanted.needed)
                for column, name, read in FACT_COLUMNS
                if name in wanted.needed or name in wanted.used
            )
        return self._plans[key]
