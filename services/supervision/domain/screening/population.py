"""Claims in columns: what every rule of screening looks at, whether it came from a file or from the bus."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Rows = NDArray[np.int64]

T = TypeVar("T")

FACTS = ("person", "phone", "address", "account")


@dataclass(frozen=True, kw_only=True)
class Population:
    """Claims, one a row, in any order; None is not known.

    Money is in fen, days are dates, facts are of any spelling: they are compared by `fact_key` (a blind index is its
    own key). `at` orders claims of one day (an instant of filing, comparable with its like; None: the day alone
    counts); `ended` claims were refused or withdrawn and will not be paid. No file has `kind` and `market_price_fen`.
    """

    claim: Sequence[str]
    claimed_on: Sequence[date | None]
    order: Sequence[str | None]
    ordered_on: Sequence[date | None]
    confirmed_on: Sequence[date | None]
    programme: Sequence[str | None]
    provider: Sequence[str | None]
    enterprise: Sequence[str | None]
    category: Sequence[str | None]
    product: Sequence[str | None]
    list_price_fen: Sequence[int | None]
    price_fen: Sequence[int | None]
    voucher_fen: Sequence[int | None]
    paid_fen: Sequence[int | None]
    refunded_fen: Sequence[int | None]
    invoice_no: Sequence[str | None]
    invoice_on: Sequence[date | None]
    invoice_fen: Sequence[int | None]
    payer_account: Sequence[str | None]
    payee_account: Sequence[str | None]
    contract_sha256: Sequence[str | None]
    usage_days: Sequence[float | None]
    usage_units: Sequence[float | None]
    enterprise_registered_on: Sequence[date | None]
    enterprise_person: Sequence[str | None]
    enterprise_phone: Sequence[str | None]
    enterprise_address: Sequence[str | None]
    enterprise_account: Sequence[str | None]
    provider_person: Sequence[str | None]
    provider_phone: Sequence[str | None]
    provider_address: Sequence[str | None]
    provider_account: Sequence[str | None]
    at: Sequence[Any] = ()
    ended: Sequence[bool] = ()
    kind: Sequence[str | None] = ()
    market_price_fen: Sequence[int | None] = ()
    _cache: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Population:
        """From rows by the names of the columns; what a row does not name is not known."""
        held = list(rows)
        columns: dict[str, Any] = {name: [row.get(name) for row in held] for name in REQUIRED}
        columns |= {name: [row.get(name) for row in held] for name in OPTIONAL if any(name in row for row in held)}
        return cls(**columns)

    def __len__(self) -> int:
        return len(self.claim)

    def row(self, claim: str) -> int:
        """Which row a claim stands in; KeyError."""
        rows: Mapping[str, int] = self.kept("rows", lambda: {name: at for at, name in enumerate(self.claim)})
        return rows[claim]

    def numbers(self, name: str) -> Floats:
        """A column of money or usage as floats; NaN is not known."""
        return self.kept(("numbers", name), lambda: _floats(getattr(self, name) or [None] * len(self)))

    def days(self, name: str) -> Floats:
        """A column of dates as day numbers (`date.toordinal`); NaN is not known."""
        column: Sequence[date | None] = getattr(self, name)
        return self.kept(("days", name), lambda: _floats([None if day is None else day.toordinal() for day in column]))

    def codes(self, *names: str) -> Codes:
        """Rows with the same values of these columns bear the same number from 0 on; -1 where one is not known."""
        return self.kept(("codes", names), lambda: _codes([getattr(self, name) for name in names]))

    def groups(self, *names: str) -> list[Rows]:
        """Rows that are alike in these columns, ascending, each group by itself; rows that lack one are in none."""
        return self.kept(("groups", names), lambda: list(_groups(self.codes(*names))))

    def keys(self, name: str) -> Sequence[str | None]:
        """A column of facts (person, phone, address, account) by `fact_key`."""
        kind = name.rsplit("_", 1)[-1]
        return self.kept(("keys", name), lambda: _keys(kind, getattr(self, name)))

    def kept(self, key: object, make: Callable[[], T]) -> T:
        """What several rules ask of the population, made once."""
        if key not in self._cache:
            self._cache[key] = make()
        kept: T = self._cache[key]
        return kept


OPTIONAL = ("at", "ended", "kind", "market_price_fen")
REQUIRED = tuple(one.name for one in fields(Population) if one.name not in (*OPTIONAL, "_cache"))

_NOT_SIGNS = re.compile(r"[\W_]+")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_BLIND = re.compile(r"[0-9a-f]{64}")
_CODE_OF_CHINA = re.compile(r"^(?:00)?86(?=1\d{10}$)")


def fact_key(kind: str, value: str | None) -> str | None:
    """What two spellings of one person, phone, address or account have in common; None for an empty one."""
    if not value:
        return None
    if _BLIND.fullmatch(value):
        return value
    plain = _NOT_SIGNS.sub("", unicodedata.normalize("NFKC", value)).casefold()
    if kind == "phone" and (digits := _NOT_DIGITS.sub("", plain)) and len(digits) == len(plain):
        plain = _CODE_OF_CHINA.sub("", digits)
    return (value if plain == value else plain) or None


def _floats(column: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in column], dtype=np.float64)


def _codes(columns: Sequence[Sequence[Any]]) -> Codes:
    seen: dict[Any, int] = {}
    if len(columns) == 1:
        found = [-1 if value is None else seen.setdefault(value, len(seen)) for value in columns[0]]
    else:
        rows = zip(*columns, strict=True)
        found = [-1 if None in values else seen.setdefault(values, len(seen)) for values in rows]
    return np.array(found, dtype=np.int32)


def _groups(codes: Codes) -> Iterator[Rows]:
    order = np.argsort(codes, kind="stable")
    known = order[codes[order] >= 0]
    if len(known):
        yield from np.split(known, np.flatnonzero(np.diff(codes[known])) + 1)


def _keys(kind: str, column: Sequence[str | None]) -> list[str | None]:
    seen: dict[str, str | None] = {}
    return [
        None if value is None else seen[value] if value in seen else seen.setdefault(value, fact_key(kind, value))
        for value in column
    ]
