"""CSV to and from the bank: columns by name in any order, and a last line that says how many rows there are.

UTF-8 with or without a byte order mark, or GB18030 as banks here export it. Lines that begin with `#` are the file's
own: `#rows,<count>,<sum in yuan>` stands last, so that a file cut off anywhere is seen to be cut off.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.money import format_yuan
from services.settlement.domain.bank import RESULTS, Booked, Line, Report, Said, Statement
from services.settlement.formats.problems import MOST_ROWS, Problems, day, fen, malformed, paid_fen, plain, reference

COLUMNS = ("reference", "payee_name", "payee_uscc", "bank_name", "bank_code", "account", "amount_yuan", "purpose")
RESULT_COLUMNS = ("reference", "amount_yuan", "status", "date", "reason")
STATEMENT_COLUMNS = ("reference", "amount_yuan", "booked_on", "direction")
ENQUIRY_COLUMNS = ("reference", "amount_yuan", "status", "released_on")
BOM = "\ufeff"
DIRECTIONS = ("debit", "credit")

Read = Callable[[str], Any]
_NUMBER = re.compile(r"[\d .,:/-]+")  # also what a spreadsheet takes for a day or an hour


# --- to the bank ------------------------------------------------------------------------------------------------------


def write_payments(lines: Sequence[Line]) -> bytes:
    """With a BOM; numbers that are names (accounts, codes) start with a tab: spreadsheets then keep every digit."""
    rows = (
        [
            line.reference,
            *map(as_text, (line.payee.name, line.payee.uscc, line.payee.bank_name)),
            *map(as_text, (line.payee.bank_code, line.payee.account)),
            format_yuan(line.amount_fen),
            line.purpose,
        ]
        for line in lines
    )
    return _written(COLUMNS, rows)


def write_enquiry(rows: Sequence[tuple[str, int, str, str]]) -> bytes:
    """What the bank is asked about: reference, fen, what is known, day of release."""
    return _written(ENQUIRY_COLUMNS, ([one, format_yuan(amount), *rest] for one, amount, *rest in rows))


def _written(columns: Sequence[str], rows: Iterator[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return (BOM + text.getvalue()).encode("utf-8")


def as_text(value: str) -> str:
    """No formula, no number: a leading tab makes a spreadsheet show it as it is."""
    formula = unicodedata.normalize("NFKC", value).lstrip()[:1] in ("=", "+", "-", "@")
    return f"\t{value}" if formula or _NUMBER.fullmatch(value) or _exponent(value) else value


def _exponent(value: str) -> bool:
    """`9152E123…` would be read as a power of ten."""
    whole, mark, power = value.upper().partition("E")
    return bool(mark) and whole.isdigit() and power.isdigit()


# --- from the bank ----------------------------------------------------------------------------------------------------


def read_results(content: bytes) -> Report:
    """The bank's word on payments; Malformed."""
    fields: Mapping[str, Read] = {
        "reference": reference,
        "amount_yuan": paid_fen,
        "status": _one_of(RESULTS),
        "date": day,
        "reason": lambda text: plain(text, 200) or None,
    }
    table = _read(content, fields, optional=("reason",))
    return Report(
        rows=tuple(
            Said(
                reference=row["reference"],
                status=row["status"],
                amount_fen=row["amount_yuan"],
                on=row["date"],
                reason=row.get("reason"),
                row=number,
            )
            for number, row in table.rows
        )
    )


def read_statement(content: bytes) -> Statement:
    """Lines of an account, with `#account`, `#opening` and `#closing` where the bank gives them; Malformed."""
    fields: Mapping[str, Read] = {
        "reference": reference,
        "amount_yuan": paid_fen,
        "booked_on": day,
        "direction": _one_of(DIRECTIONS),
        "bank_reference": lambda text: reference(text) if text else None,
    }
    table = _read(content, fields, optional=("bank_reference",))
    entries = tuple(
        Booked(
            reference=row["reference"],
            amount_fen=row["amount_yuan"],
            booked_on=row["booked_on"],
            direction=row["direction"],
            bank_reference=row.get("bank_reference"),
        )
        for _number, row in table.rows
    )
    _check_balances(table, entries)
    return Statement(own_id=None, account=table.control("account"), entries=entries)


def _check_balances(table: _Table, entries: Sequence[Booked]) -> None:
    opening, closing = table.control("opening"), table.control("closing")
    if (opening is None) != (closing is None):
        raise malformed("BALANCE_MISSING", "#opening and #closing stand together or not at all")
    if opening is None or closing is None:
        return
    try:
        begun, ended = _signed(opening), _signed(closing)
    except ValueError as error:
        raise malformed("BALANCE", str(error)) from error
    if begun + sum(one.signed_fen for one in entries) != ended:
        raise malformed("BALANCE_MISMATCH", "the opening balance and the lines do not come to the closing balance")


@dataclass
class _Table:
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    controls: dict[str, tuple[int, list[str]]] = field(default_factory=dict)

    def control(self, name: str) -> str | None:
        """The one value of a line such as `#account,6222…`."""
        if name not in self.controls:
            return None
        row, values = self.controls[name]
        if len(values) != 1 or not values[0]:
            raise malformed("CONTROL", f"#{name} has one value", row)
        return values[0]


_CONTROLS = ("account", "opening", "closing", "rows")


def _read(content: bytes, fields: Mapping[str, Read], optional: Collection[str]) -> _Table:
    """The rows by the names of the header, each value read; the last line's count and sum are those of the rows."""
    table, problems = _Table(), Problems()
    header: list[str] | None = None
    for number, cells in _lines(content):
        if cells[0].startswith("#"):
            _take_control(table, number, cells)
        elif "rows" in table.controls:
            raise malformed("AFTER_END", "a row stands behind the last line #rows", number)
        elif header is None:
            header = _header(cells, fields, optional)
        elif len(cells) != len(header):
            problems.add(number, "ROW_SHAPE", f"{len(cells)} values under {len(header)} headings")
        else:
            table.rows.append((number, _row(dict(zip(header, cells, strict=True)), fields, number, problems)))
        if len(table.rows) > MOST_ROWS:
            raise malformed("TOO_MANY_ROWS", f"more than {MOST_ROWS} rows", number)
    if header is None:
        raise malformed("EMPTY", "the file has no header")
    _check_end(table, problems)
    problems.stop()
    return table


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every line that is not empty."""
    reader = csv.reader(io.StringIO(_decoded(content), newline=""), strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield reader.line_num, stripped
    except csv.Error as error:
        raise malformed("CSV", str(error)[:200], reader.line_num) from error


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise malformed("ENCODING", "neither UTF-8 nor GB18030")


def _take_control(table: _Table, number: int, cells: list[str]) -> None:
    name = cells[0][1:]
    if name not in _CONTROLS or name in table.controls:
        raise malformed("CONTROL", "no such line, or for the second time", number)
    while cells and not cells[-1]:  # a spreadsheet fills every line up to the width of the widest
        cells.pop()
    table.controls[name] = (number, cells[1:])


def _header(cells: list[str], fields: Mapping[str, Read], optional: Collection[str]) -> list[str]:
    missing = [name for name in fields if name not in cells and name not in optional]
    if missing or len(set(cells)) != len(cells) or not set(cells) <= set(fields):
        raise malformed("HEADER", f"the headings are {', '.join(fields)}, each once", 1)
    return cells


def _row(cells: Mapping[str, str], fields: Mapping[str, Read], number: int, problems: Problems) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, text in cells.items():
        try:
            row[name] = fields[name](text)
        except ValueError as error:
            problems.add(number, name.upper(), str(error))
    return row


def _check_end(table: _Table, problems: Problems) -> None:
    if "rows" not in table.controls:
        raise malformed("TRUNCATED", "the last line #rows,<count>,<sum> is missing")
    number, values = table.controls["rows"]
    if problems.total:
        return  # what could not be read cannot be counted
    counted = [str(len(table.rows)), sum(row["amount_yuan"] for _number, row in table.rows)]
    try:
        said = [values[0], fen(values[1])] if len(values) == 2 else []
    except ValueError:
        said = []
    if said != counted:
        raise malformed("TRUNCATED", "#rows says another count or sum than the rows have", number)


def _signed(text: str) -> int:
    return -fen(text[1:]) if text.startswith("-") else fen(text)


def _one_of(words: Collection[str]) -> Read:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return read
