"""Lines of an account as a workbook: amounts are numbers with two places, all else is text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from services.voucher.year_sheets import MONEY, exact, timeless

Line = Sequence[str]


def account_sheet(
    heads: Line, moved: Sequence[Line], pending: Sequence[Line], sums: Sequence[Line], amounts: int
) -> bytes:
    """Sheets: entries, pending, sums; the last `amounts` columns are in yuan."""
    book = Workbook(write_only=True)
    for name, lines in (("entries", moved), ("pending", pending), ("sums", sums)):
        sheet = book.create_sheet(name)
        sheet.append([_text(sheet, word) for word in heads])
        for line in lines:
            figures = [_number(sheet, word) for word in line[-amounts:]]
            sheet.append([*(_text(sheet, word) for word in line[:-amounts]), *figures])
    raw = io.BytesIO()
    book.save(raw)
    return timeless(raw.getvalue())


def _text(sheet: Any, word: str) -> Any:
    cell = WriteOnlyCell(sheet, value=word)
    cell.data_type = "s"
    return cell


def _number(sheet: Any, word: str) -> Any:
    """An amount of more digits than a spreadsheet keeps of a number is text, too."""
    amount = exact(Decimal(word)) if word else None
    if isinstance(amount, str):
        return _text(sheet, amount)
    cell = WriteOnlyCell(sheet, value=amount)
    cell.number_format = MONEY
    return cell
