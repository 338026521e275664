"""A file of claims from an older system, read whole or refused with code, row and column."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any

from services.supervision.domain.screening.population import Population

MOST = 2_000_000  # claims
CHUNK = 2_000  # rows that are parsed a column at a time
CELL_CHARACTERS = 131_072

_AMOUNT = re.compile(r"\d{1,13}(?:\.\d{1,20})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FEN = Decimal(1)


class CannotScreen(Exception):
    """The file is not one of claims. `row` is its row as a spreadsheet numbers it, the header's is 1."""

    def __init__(self, code: str, what: str, *, row: int | None = None, column: str | None = None) -> None:
        self.code, self.what, self.row, self.column = code, what, row, column
        place = ", ".join([f"row {row}"] * (row is not None) + [f"column {column}"] * (column is not None))
        super().__init__(f"{code}: {place + ': ' if place else ''}{what}")


class _Bad(Exception):
    """A cell that is not of its kind."""


class _Cells(dict[str, Any]):
    """What each text of a kind of cell is; parsed once, as the same texts come again and again."""

    def __init__(self, parse: Callable[[str], Any]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, text: str) -> Any:
        plain = text.strip()
        self[text] = value = self._parse(plain) if plain else None
        return value


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of cell is read, the code of its refusal, and what it should have been."""

    parse: Callable[[str], Any]
    code: str = "BAD_TEXT"
    wanted: str = "text"


def _fen(text: str) -> int:
    if not _AMOUNT.fullmatch(text):
        raise _Bad
    return int((Decimal(text) * 100).quantize(_FEN, ROUND_HALF_EVEN))


def _number(text: str) -> float:
    if not _AMOUNT.fullmatch(text):
        raise _Bad
    return float(text)


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise _Bad
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Bad from None


TEXT = Kind(str)
FEN = Kind(_fen, "BAD_NUMBER", "an amount of yuan as digits, with a point before its fen")
NUMBER = Kind(_number, "BAD_NUMBER", "a number of digits, not negative")
DAY = Kind(_day, "BAD_DATE", "a day as YYYY-MM-DD")

# The columns of the file, in the order of its specification: name in the file, name in the population, kind.
COLUMNS: tuple[tuple[str, str, Kind], ...] = (
    ("claim", "claim", TEXT),
    ("claimed_on", "claimed_on", DAY),
    ("order", "order", TEXT),
    ("ordered_on", "ordered_on", DAY),
    ("confirmed_on", "confirmed_on", DAY),
    ("programme", "programme", TEXT),
    ("provider", "provider", TEXT),
    ("enterprise", "enterprise", TEXT),
    ("category", "category", TEXT),
    ("product", "product", TEXT),
    ("list_price_yuan", "list_price_fen", FEN),
    ("price_yuan", "price_fen", FEN),
    ("voucher_yuan", "voucher_fen", FEN),
    ("paid_yuan", "paid_fen", FEN),
    ("refunded_yuan", "refunded_fen", FEN),
    ("invoice_no", "invoice_no", TEXT),
    ("invoice_on", "invoice_on", DAY),
    ("invoice_yuan", "invoice_fen", FEN),
    ("payer_account", "payer_account", TEXT),
    ("payee_account", "payee_account", TEXT),
    ("contract_sha256", "contract_sha256", TEXT),
    ("usage_days", "usage_days", NUMBER),
    ("usage_units", "usage_units", NUMBER),
    ("enterprise_registered_on", "enterprise_registered_on", DAY),
    ("enterprise_person", "enterprise_person", TEXT),
    ("enterprise_phone", "enterprise_phone", TEXT),
    ("enterprise_address", "enterprise_address", TEXT),
    ("enterprise_account", "enterprise_account", TEXT),
    ("provider_person", "provider_person", TEXT),
    ("provider_phone", "provider_phone", TEXT),
    ("provider_address", "provider_address", TEXT),
    ("provider_account", "provider_account", TEXT),
)


@dataclass(frozen=True, slots=True)
class Claims:
    """A file that was read: its claims, and the columns of it that are none of ours and were not looked at."""

    population: Population
    unknown: tuple[str, ...]


def keep_apart(claims: Path, out: Path) -> None:
    """CannotScreen (SAME_FILE) when the alerts would overwrite the claims."""
    if out.exists() and claims.exists() and out.samefile(claims):
        raise CannotScreen("SAME_FILE", "the alerts would overwrite the claims")


def read_claims(path: Path, *, progress: Callable[[int], None] = lambda _: None) -> Claims:
    """The claims of a CSV file in UTF-8, with or without a byte order mark. `progress` gets the bytes read so far.

    CannotScreen: EMPTY_FILE, NOT_UTF8, NOT_CSV, MISSING_COLUMN, DUPLICATE_COLUMN, ROW_LENGTH, BAD_NUMBER, BAD_DATE,
    MISSING_CLAIM, DUPLICATE_CLAIM, TOO_MANY. OSError.
    """
    csv.field_size_limit(CELL_CHARACTERS)  # of the whole process: others set their own
    with path.open("rb") as raw:
        rows = csv.reader(TextIOWrapper(raw, encoding="utf-8-sig", newline=""), strict=True)
        try:
            header = _header(next(rows, None))
            columns: dict[str, Any] = {name: [] for _, name, _ in COLUMNS}
            cells = {kind: _Cells(kind.parse) for kind in (TEXT, FEN, NUMBER, DAY)}
            seen: set[str] = set()
            for chunk in _chunks(rows, len(header)):
                _take(columns, cells, header, chunk)
                _check_ids(columns["claim"], chunk, seen)
                progress(raw.tell())
        except UnicodeDecodeError as error:
            raise _not_utf8(path) from error
        except csv.Error as error:
            raise CannotScreen("NOT_CSV", str(error), row=rows.line_num) from error
    return Claims(Population(**columns), tuple(name for name in header if name and name not in _NAMES))


_NAMES = frozenset(name for name, _, _ in COLUMNS)


def _header(cells: Sequence[str] | None) -> list[str]:
    names = [cell.strip() for cell in cells or ()]
    if not any(names):
        raise CannotScreen("EMPTY_FILE", "the first line must name the columns", row=1)
    missing = [name for name, _, _ in COLUMNS if name not in names]
    if missing:
        raise CannotScreen("MISSING_COLUMN", f"there is no column {', '.join(missing)}", row=1, column=missing[0])
    twice = sorted({name for name in names if name in _NAMES and names.count(name) > 1})
    if twice:
        raise CannotScreen("DUPLICATE_COLUMN", "the column is there twice", row=1, column=twice[0])
    return names


def _chunks(rows: Iterator[list[str]], width: int) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows that say anything, with their numbers."""
    numbered = ((number, cells) for number, cells in enumerate(rows, start=2) if cells)
    while chunk := list(islice(numbered, CHUNK)):
        if chunk[-1][0] > MOST + 1:
            raise CannotScreen("TOO_MANY", f"at most {MOST:,} claims at a time", row=MOST + 2)
        for number, cells in chunk:
            if len(cells) != width:
                if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
                    del cells[width:]  # what a spreadsheet leaves empty beyond the header is nothing
                    continue
                what = f"the row has {len(cells)} cells, the header {width}"
                raise CannotScreen("ROW_LENGTH", what, row=number)
        yield chunk


def _take(
    columns: dict[str, Any],
    cells: Mapping[Kind, _Cells],
    header: Sequence[str],
    chunk: Sequence[tuple[int, list[str]]],
) -> None:
    texts = dict(zip(header, zip(*(row for _, row in chunk), strict=True), strict=True))
    for name, target, kind in COLUMNS:
        try:
            columns[target] += map(cells[kind].__getitem__, texts[name])
        except _Bad:
            _refuse_first(chunk, header)


def _refuse_first(chunk: Sequence[tuple[int, list[str]]], header: Sequence[str]) -> None:
    """Name the first bad cell as one reads, row by row."""
    places = [(name, header.index(name), kind) for name, _, kind in COLUMNS]
    for number, row in chunk:
        for name, at, kind in places:
            text = row[at].strip()
            try:
                kind.parse(text) if text else None
            except _Bad:
                what = f"{text[:40]!r} is not {kind.wanted}"
                raise CannotScreen(kind.code, what, row=number, column=name) from None


def _check_ids(claims: Sequence[str | None], chunk: Sequence[tuple[int, list[str]]], seen: set[str]) -> None:
    for at, (number, _) in enumerate(chunk, start=len(claims) - len(chunk)):
        claim = claims[at]
        if claim is None:
            raise CannotScreen("MISSING_CLAIM", "the claim has no id", row=number, column="claim")
        if claim in seen:
            what = f"claim {claim[:40]!r} is there twice"
            raise CannotScreen("DUPLICATE_CLAIM", what, row=number, column="claim")
        seen.add(claim)


def _not_utf8(path: Path) -> CannotScreen:
    """Which line and column holds the first byte that no UTF-8 text has there."""
    header: list[str] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                at = line.count(b",", 0, error.start)
                column = header[at] if at < len(header) else None
                return CannotScreen("NOT_UTF8", "the file is not UTF-8 text", row=number, column=column)
            header = header or [cell.strip() for cell in text.lstrip("\ufeff").split(",")]
    return CannotScreen("NOT_UTF8", "the file ends within a sign of UTF-8")
