"""What each enterprise of a file would get, and why, by the very code the voucher service decides with."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from services.voucher.cases import COLUMNS, CaseReader, Unreadable
from services.voucher.domain.entitlement import decide

RESULT_COLUMNS = ("case", "amount_fen", "deferred_fen", "refusals", "articles", "pack_version")
# without these no row of any programme can be decided
ESSENTIAL = ("case", "programme", "on")
ROWS_BETWEEN_REPORTS = 2_000
CELL_CHARACTERS = 131_072


class CannotQuote(Exception):
    """The file of cases cannot be read as one; the message is one line for whoever gave it."""


@dataclass
class Totals:
    """What a run came to; `unreadable` counts rows with a fact missing or invalid."""

    rows: int = 0
    entitled: int = 0
    refused: int = 0
    unreadable: int = 0
    amount_fen: int = 0
    deferred_fen: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of the file, and what to tell about them: columns that are absent (read as not given) or unknown."""

    names: tuple[str, ...]
    absent: tuple[str, ...]
    unknown: tuple[str, ...]


def quote_row(reader: CaseReader, row: Mapping[str, str], totals: Totals) -> tuple[str | int, ...]:
    """One result row, in the order of RESULT_COLUMNS; counted in `totals`."""
    totals.rows += 1
    case = reader.read(row)
    if isinstance(case, Unreadable):
        totals.unreadable += 1
        return row.get("case", ""), 0, 0, "|".join(case.faults), "", case.pack_version
    entitlement = decide(pack=case.pack, facts=case.facts)
    if entitlement.refusals:
        totals.refused += 1
    else:
        totals.entitled += 1
        totals.amount_fen += entitlement.amount_fen
        totals.deferred_fen += entitlement.deferred_fen
    return (
        row.get("case", ""),
        entitlement.amount_fen,
        entitlement.deferred_fen,
        "|".join(refusal.code for refusal in entitlement.refusals),
        "|".join(entitlement.articles),
        entitlement.pack_version,
    )


def read_header(cells: list[str] | None) -> Header:
    """The header of the file of cases. CannotQuote when a column is missing that every row needs, or is there twice."""
    names = tuple(cell.strip() for cell in cells or ())
    missing = [name for name in ESSENTIAL if name not in names]
    if missing:
        raise CannotQuote(f"no column {', '.join(missing)}; the first line must name the columns")
    twice = sorted({name for name in names if name in COLUMNS and names.count(name) > 1})
    if twice:
        raise CannotQuote(f"column {', '.join(twice)} is there twice")
    absent = tuple(name for name in COLUMNS if name not in names)
    return Header(names, absent, tuple(name for name in names if name and name not in COLUMNS))


def quote_file(
    lines: TextIO,
    out: TextIO,
    reader: CaseReader,
    *,
    tell_header: Callable[[Header], None],
    progress: Callable[[], None],
) -> Totals:
    """Quotes every row of `lines` into `out`, one at a time. CannotQuote names the line that is not CSV."""
    totals = Totals()
    csv.field_size_limit(CELL_CHARACTERS)  # of the whole process: others set their own
    rows = csv.reader(lines, strict=True)
    writer = csv.writer(out, lineterminator="\n")
    try:
        header = read_header(next(rows, None))
        tell_header(header)
        writer.writerow(RESULT_COLUMNS)
        for row in _rows(rows, header.names):
            writer.writerow(quote_row(reader, row, totals))
            if totals.rows % ROWS_BETWEEN_REPORTS == 0:
                progress()
    except csv.Error as error:
        raise CannotQuote(f"line {rows.line_num}: {error}") from error
    except UnicodeDecodeError as error:
        raise CannotQuote(f"not UTF-8 after line {rows.line_num}") from error
    return totals


def quote_paths(
    cases: Path,
    out: Path,
    reader: CaseReader,
    *,
    tell_header: Callable[[Header], None],
    progress: Callable[[int], None],
) -> Totals:
    """`quote_file` from path to path; the result appears whole or not at all. `progress` gets the bytes read so far.

    CannotQuote, OSError.
    """
    if out.exists() and out.samefile(cases):
        raise CannotQuote("the result would overwrite the cases")
    # a device or pipe cannot be put in place afterwards
    whole = not out.exists() or out.is_file()
    target = out.with_name(f".{out.name}.part") if whole else out
    try:
        with cases.open("rb") as raw, target.open("w", encoding="utf-8", newline="") as result:
            totals = quote_file(
                TextIOWrapper(raw, encoding="utf-8-sig", newline=""),
                result,
                reader,
                tell_header=tell_header,
                progress=lambda: progress(raw.tell()),
            )
        if whole:
            target.replace(out)
        return totals
    finally:
        if whole:
            target.unlink(missing_ok=True)


def _rows(rows: Iterator[list[str]], names: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Each line as column -> cell as it stands, blanks and all; what a short line lacks is not given, and what a
    spreadsheet leaves empty beyond the header is nothing."""
    for number, cells in enumerate(rows, start=1):
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            raise CannotQuote(f"row {number} has {len(cells)} cells, the header {len(names)}")
        if cells:
            yield dict(zip(names, cells, strict=False))
