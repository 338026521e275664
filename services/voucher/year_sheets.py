"""The year's statement as a workbook: amounts are numbers in yuan with two places, identifiers are text, and so is an
amount of more digits than a spreadsheet keeps of a number.

The same statement makes the same bytes: what openpyxl and zip say of the hour is taken out.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from services.voucher import year_words as words

MONEY = "#,##0.00"
MOST_DIGITS = 15  # that a spreadsheet keeps of a number
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first day that a zip knows
_HOUR = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


def workbook(statement: Mapping[str, Any], *, sha256: str, title: str) -> bytes:
    book = Workbook()
    book.remove(book.active)
    _statement(book.create_sheet("报表"), statement, sha256, title)
    _table(book.create_sheet("分级负担"), "级次", *words.levels(statement))
    _table(book.create_sheet("试算平衡"), "科目", *words.trial_balance(statement))
    _movements(book.create_sheet("流水汇总"), statement["movements"])
    _corrections(book.create_sheet("更正"), statement["corrections"])
    raw = io.BytesIO()
    book.save(raw)
    return timeless(raw.getvalue())


def _statement(sheet: Worksheet, statement: Mapping[str, Any], sha256: str, title: str) -> None:
    for name, value in (*words.facts(statement, title), ("报表指纹 SHA-256", sha256)):
        _row(sheet, [name, value])
    for heading, rows in words.sections(statement):
        _row(sheet, [])
        _row(sheet, [heading, "金额（元）"], bold=True)
        for name, fen in rows:
            _row(sheet, [name, yuan(fen)])
    _widths(sheet, (34, 70))


def _table(sheet: Worksheet, first: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[int]]]) -> None:
    _row(sheet, [first, *(f"{head}（元）" for head in heads)], bold=True)
    for name, figures in rows:
        _row(sheet, [name, *(yuan(fen) for fen in figures)])
    _widths(sheet, (30, *(18 for _ in heads)))


def _movements(sheet: Worksheet, movements: Iterable[Mapping[str, Any]]) -> None:
    _row(sheet, ["借方科目", "贷方科目", "笔数", "已入账（元）", "待结（元）"], bold=True)
    for one in movements:
        kinds = [words.KINDS.get(one[side], one[side]) for side in ("debit", "credit")]
        _row(sheet, [*kinds, one["count"], yuan(one["posted_fen"]), yuan(one["pending_fen"])])
    _widths(sheet, (20, 20, 10, 20, 20))


def _corrections(sheet: Worksheet, corrections: Iterable[Mapping[str, Any]]) -> None:
    names = ("correction_id", "transfer_id", "from_account", "to_account", "reason", "asked_by", "asked_at")
    heads = (
        "更正编号",
        "原分录",
        "原账户",
        "更正至账户",
        "理由",
        "提出人",
        "提出时间",
        "复核人",
        "复核时间",
        "金额（元）",
    )
    _row(sheet, heads, bold=True)
    for one in corrections:
        told = {**one, **{name: words.beijing(one[name]) for name in ("asked_at", "decided_at")}}
        _row(sheet, [told[name] for name in (*names, "decided_by", "decided_at")] + [yuan(one["amount_fen"])])
    _widths(sheet, (30, 34, 40, 40, 40, 20, 24, 20, 24, 18))


def yuan(fen: int) -> Decimal | str:
    return exact(Decimal(fen).scaleb(-2))


def exact(amount: Decimal) -> Decimal | str:
    """As a number where a spreadsheet keeps all its digits, else as text."""
    return amount if len(amount.as_tuple().digits) <= MOST_DIGITS else str(amount)


def _row(sheet: Worksheet, values: Sequence[Any], *, bold: bool = False) -> None:
    sheet.append([_text(value) if isinstance(value, str) else value for value in values])
    for cell in sheet[sheet.max_row] if values else ():
        if isinstance(cell.value, Decimal):
            cell.number_format = MONEY
        elif isinstance(cell.value, str):
            cell.data_type = "s"  # a reason that begins with `=` is no formula
            cell.number_format = "@"
        if bold:
            cell.font = Font(bold=True)


def _text(value: str) -> str:
    """Without the control characters that a workbook cannot hold."""
    return "".join(mark for mark in value if mark >= " ")


def _widths(sheet: Worksheet, widths: Iterable[int]) -> None:
    for letter, width in zip("ABCDEFGHIJ", widths, strict=False):
        sheet.column_dimensions[letter].width = width


def timeless(raw: bytes) -> bytes:
    """The same workbook, whenever it was made."""
    told = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as made, zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in made.namelist():
            part = made.read(name)
            if name == "docProps/core.xml":
                part = _HOUR.sub(rb"\g<1>1980-01-01T00:00:00Z", part)
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            kept.writestr(info, part)
    return told.getvalue()
