"""Reads a business register (CSV, gzipped CSV, XLSX) row by row and judges each; it sends nothing and needs nothing."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from contracts.fields import MAX_FEN, NO_CONTROL, REGION
from contracts.money import parse_yuan
from services.registry.domain import register, uscc

# field → the register's own heading, then what else a file may call it; headings that are not here are not looked at
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "name": ("企业名称", "name", "enterprise_name"),
    "uscc": ("统一社会信用代码", "uscc", "unified_social_credit_code"),
    "registered_on": ("注册日期", "成立日期", "registered_on", "registration_date"),
    "type": ("企业类型", "type", "enterprise_type"),
    "representative": ("法人代表", "法定代表人", "representative", "legal_representative"),
    "capital": ("注册资金", "注册资本", "capital", "registered_capital"),
    "capital_yuan": ("capital_yuan",),
    "prefecture": ("地区", "prefecture", "city"),
    "region": ("region",),
    "address": ("注册地址", "address", "registered_address"),
    "legal_person": ("legal_person",),
}
REQUIRED = ("name", "uscc", "registered_on")
SEPARATORS = (",", "\t", ";")
LONGEST = {"name": 120, "representative": 60, "address": 200}
MAX_UNPACKED_BYTES = 2 * 1024**3
CSV_CELL_BYTES = 1024 * 1024
SAMPLE_BYTES = 65_536

Cells = list[str]
Progress = Callable[[int], None]


class CannotRead(Exception):
    """The file as a whole cannot be used: one line that says why."""


@dataclass(frozen=True)
class Row:
    """A row that may go in: `fields` are those of the contract's ImportRow."""

    line: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class Reject:
    """A row that may not: `column` is the file's own heading."""

    line: int
    column: str
    code: str
    value: str
    detail: str = ""


@dataclass
class Doubts:
    """Cells of optional columns that could not be read and were left empty: heading → how many."""

    cells: dict[str, int] = field(default_factory=dict)

    def add(self, heading: str) -> None:
        self.cells[heading] = self.cells.get(heading, 0) + 1


def judged(path: Path, doubts: Doubts, progress: Progress | None = None) -> Iterator[Row | Reject]:
    """Each row of the file, in order, with its verdict; CannotRead as soon as the file proves unusable.

    `progress` is told how many bytes have been read. What is kept in memory is one line number a code.
    """
    with _source(path, progress) as lines:
        try:
            _, header = next(lines)
        except StopIteration:
            raise CannotRead("it is empty: the first row must be a header") from None
        layout = _layout(header)
        first_line: dict[str, int] = {}
        for line, cells in lines:
            if not any(cells):
                continue
            verdict = _judge(line, cells, layout, header, doubts)
            if isinstance(verdict, Row):
                code = verdict.fields["uscc"]
                if code in first_line:
                    detail = f"same code as line {first_line[code]}"
                    verdict = Reject(line, header[layout["uscc"]], "DUPLICATE", code, detail)
                else:
                    first_line[code] = line
            yield verdict


def _layout(header: Cells) -> dict[str, int]:
    """Field → position; CannotRead names what is missing or there twice."""
    places: dict[str, int] = {}
    for position, heading in enumerate(header):
        wanted = register.plain(heading).casefold()
        named = next((name for name, known in HEADINGS.items() if wanted in known), None)
        if named is None:
            continue
        if named in places:
            raise CannotRead(f"two columns say the same: {header[places[named]]} and {heading}")
        places[named] = position
    missing = [f"{HEADINGS[name][0]} ({name})" for name in REQUIRED if name not in places]
    if len(missing) == len(REQUIRED):
        raise CannotRead(f"it has no header: the first row must name {', '.join(missing)}")
    if missing:
        raise CannotRead(f"its header lacks {', '.join(missing)}")
    return places


class _Bad(Exception):
    """A required cell that cannot be used."""

    def __init__(self, name: str, code: str, detail: str = "") -> None:
        super().__init__(name)
        self.name, self.code, self.detail = name, code, detail


def _judge(line: int, cells: Cells, layout: Mapping[str, int], header: Cells, doubts: Doubts) -> Row | Reject:
    if len(cells) != len(header):
        return Reject(line, "", "ROW_MALFORMED", "", f"{len(cells)} cells under {len(header)} headings")

    def cell(name: str) -> str | None:
        return register.known(cells[layout[name]]) if name in layout else None

    def optional(name: str, read: Callable[[str], Any]) -> Any:
        text = cell(name)
        try:
            return None if text is None else read(text)
        except ValueError:
            doubts.add(header[layout[name]])
            return None

    try:
        return Row(line, _fields(cell, optional))
    except _Bad as bad:
        position = layout[bad.name]
        return Reject(line, header[position], bad.code, cells[position][:80], bad.detail)


def _fields(cell: Callable[[str], str | None], optional: Callable[[str, Callable[[str], Any]], Any]) -> dict[str, Any]:
    """The contract's fields of a row; _Bad for a required cell."""
    code = _required(cell, "uscc").upper()
    if not uscc.is_valid(code):
        raise _Bad("uscc", "USCC_INVALID", _why_invalid(code))
    name = _required(cell, "name")
    if len(name) > LONGEST["name"] or not NO_CONTROL.fullmatch(name):
        raise _Bad("name", "FACT_INVALID", "too long, or with control characters")
    try:
        registered_on = register.day(_required(cell, "registered_on"))
    except ValueError:
        raise _Bad("registered_on", "FACT_INVALID", "not a date") from None
    capital = optional("capital", lambda text: _bounded(register.capital_fen(text)))
    if capital is None:
        capital = optional("capital_yuan", lambda text: _bounded(parse_yuan(text)))
    region = optional("region", _region) or register.region_of(code=code, prefecture=cell("prefecture"))
    legal_person = optional("legal_person", _flag)
    if legal_person is None:
        legal_person = register.is_legal_person(name=name, type=cell("type"), code=code)
    return {
        "uscc": code,
        "name": name,
        "region": region,
        "registered_on": registered_on.isoformat(),
        "legal_person": legal_person,
        "representative": optional("representative", lambda text: _short(text, LONGEST["representative"])),
        "address": optional("address", lambda text: _short(text, LONGEST["address"])),
        "capital_fen": capital,
    }


def _required(cell: Callable[[str], str | None], name: str) -> str:
    text = cell(name)
    if text is None:
        raise _Bad(name, "FACT_MISSING")
    return text


def _why_invalid(code: str) -> str:
    if len(code) != 18:
        return f"{len(code)} characters, not 18"
    if any(character not in uscc.CODE_ALPHABET for character in code) or not code[2:8].isdigit():
        return "a character that such a code does not have"
    return f"its check character would be {uscc.check_character(code[:17])}"


def _short(text: str, longest: int) -> str:
    if len(text) > longest or not NO_CONTROL.fullmatch(text):
        raise ValueError("too long, or with control characters")
    return text


def _bounded(amount_fen: int) -> int:
    if amount_fen > MAX_FEN:
        raise ValueError("too large")
    return amount_fen


def _region(text: str) -> str:
    if not REGION.fullmatch(text):
        raise ValueError("not six digits")
    return text


def _flag(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}
    if text.casefold() not in known:
        raise ValueError("neither true nor false")
    return known[text.casefold()]


# --- the file -------------------------------------------------------------------------------------------------------


@contextmanager
def _source(path: Path, progress: Progress | None) -> Iterator[Iterator[tuple[int, Cells]]]:
    """(line, cells) of every row, whatever the format; by what the file is, not by what it is called."""
    try:
        with path.open("rb") as raw:
            magic = raw.read(8)
            raw.seek(0)
            if magic.startswith(b"PK\x03\x04"):
                with closing(_xlsx_rows(raw)) as rows:
                    yield rows
            elif magic.startswith(b"\xd0\xcf\x11\xe0"):
                raise CannotRead("it is an old or encrypted Excel file; save it as XLSX without a password, or as CSV")
            elif magic.startswith(b"\x1f\x8b"):
                with gzip.GzipFile(fileobj=raw) as unpacked, closing(_csv_rows(unpacked, raw, progress)) as rows:
                    yield rows
            else:
                with closing(_csv_rows(raw, raw, progress)) as rows:
                    yield rows
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise CannotRead("its gzip data are damaged") from error
        raise CannotRead(error.strerror or str(error)) from error
    except EOFError as error:
        raise CannotRead("its gzip data end too soon: the file was cut off") from error
    except zlib.error as error:
        raise CannotRead("its gzip data are damaged") from error


def _csv_rows(binary: Any, raw: IO[bytes], progress: Progress | None) -> Generator[tuple[int, Cells], None, None]:
    """Rows of a CSV; CannotRead for another encoding, an open quote, a cell without end."""
    sample = binary.read(SAMPLE_BYTES)
    binary.seek(0)
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CannotRead("it is UTF-16; save it as UTF-8")
    text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="strict", newline="")
    separator = _separator(sample)
    csv.field_size_limit(CSV_CELL_BYTES)
    reader = csv.reader(text, strict=True, delimiter=separator)
    before = 0
    try:
        for cells in reader:
            yield before + 1, cells
            before = reader.line_num
            if progress is not None and before % 500 == 0:
                progress(raw.tell())
    except UnicodeDecodeError:
        _drain(binary)
        raise CannotRead(_encoding_of(sample)) from None
    except csv.Error as error:
        _drain(binary)
        raise CannotRead(f"line {before + 1} is not CSV: {error}") from None
    finally:
        text.detach()


def _drain(binary: Any) -> None:
    """Read to the end: damaged gzip data show in their checksum, and then that is what is wrong."""
    while binary.read(1024 * 1024):
        continue


def _separator(sample: bytes) -> str:
    """The character that cuts the first line into most known headings; a comma when none does."""
    first = sample.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace").strip()
    known = {heading for headings in HEADINGS.values() for heading in headings}

    def found(separator: str) -> int:
        return sum(register.plain(cell.strip('"')).casefold() in known for cell in first.split(separator))

    return max(SEPARATORS, key=found)


def _encoding_of(sample: bytes) -> str:
    """What to say of a file that is not UTF-8."""
    text = sample.decode("gb18030", errors="replace")
    headings = [heading for names in HEADINGS.values() for heading in names if not heading.isascii()]
    if any(heading in text for heading in headings):
        return "it is GB18030 (GBK), not UTF-8; convert it with: iconv -f GB18030 -t UTF-8"
    return "it is not UTF-8"


def _xlsx_rows(raw: IO[bytes]) -> Generator[tuple[int, Cells], None, None]:
    """Rows of the first sheet of a workbook, read without holding it in memory."""
    import openpyxl

    try:
        with zipfile.ZipFile(raw) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise CannotRead("unpacked it would be larger than 2 GB")
            if "xl/workbook.xml" not in archive.namelist():
                raise CannotRead("it is a ZIP archive and no XLSX workbook")
        workbook = openpyxl.load_workbook(raw, read_only=True, data_only=True)
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()
        width = 0
        for line, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            cells = [_text(value) for value in values]
            width = width or len(cells)
            yield line, _squared(cells, width)
    except (CannotRead, OSError):
        raise
    except Exception as error:  # a damaged workbook fails in a hundred ways, all of them ours to report
        raise CannotRead("it is not a readable XLSX workbook") from error


def _squared(cells: Cells, width: int) -> Cells:
    """As wide as the header: a sheet leaves out the empty cells at a row's end."""
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return cells + [""] * (width - len(cells))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
