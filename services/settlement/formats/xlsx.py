"""The payment file as a workbook: what identifies is text, what is money is a number, and nothing is a formula."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.settlement.domain.bank import Instruction, Line
from services.settlement.formats.csv_ import COLUMNS
from services.settlement.formats.problems import plain

TEXT, MONEY = "@", "0.00"
WIDTHS = (32, 40, 22, 40, 16, 34, 18, 24)
MOST_DIGITS = 15  # that a spreadsheet keeps of a number
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_PROPERTIES = "docProps/core.xml"


def write(instruction: Instruction) -> bytes:
    """The same bytes for the same instruction: times are those of its release, or none."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("payments")
    sheet.freeze_panes = "A2"
    for number, width in enumerate(WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.append([_cell(sheet, name, TEXT) for name in COLUMNS])
    for line in instruction.lines:
        sheet.append(list(_row(sheet, line)))
    raw = io.BytesIO()
    book.save(raw)
    return _as_of(raw, book.properties, instruction.released_at)


def _row(sheet: Any, line: Line) -> Iterator[Any]:
    payee, yuan = line.payee, Decimal(line.amount_fen).scaleb(-2)
    for text in (line.reference, payee.name, payee.uscc, payee.bank_name, payee.bank_code, payee.account):
        yield _cell(sheet, plain(text, 200), TEXT)
    exact = len(str(line.amount_fen)) <= MOST_DIGITS
    yield _cell(sheet, yuan, MONEY) if exact else _cell(sheet, str(yuan), TEXT)
    yield _cell(sheet, plain(line.purpose, 200), TEXT)


def _cell(sheet: Any, value: str | Decimal, number_format: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"  # also what begins like a formula or an error
    cell.number_format = number_format
    return cell


def _as_of(raw: io.BytesIO, properties: Any, moment: datetime) -> bytes:
    """The archive again, without the time of day at which it was packed."""
    from openpyxl.xml.functions import tostring

    properties.creator, properties.created, properties.modified = "yunquan", moment, moment
    packed = io.BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            content = tostring(properties.to_tree()) if name == _PROPERTIES else old.read(name)
            new.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
