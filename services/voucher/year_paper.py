"""The year's statement on paper (A4): in Chinese, with a place for signature and seal, and its digest at the foot.

The same statement and signatures make the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from contracts.money import format_yuan
from infra.local import packages
from services.voucher import year_words as words

FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
_NAME = "wqy-microhei"
_TEXT = ParagraphStyle("text", fontName=_NAME, fontSize=9, leading=13, wordWrap="CJK")
_HEAD = ParagraphStyle("head", _TEXT, fontSize=11, leading=18, spaceBefore=8, keepWithNext=1)
_TITLE = ParagraphStyle("title", _TEXT, fontSize=15, leading=24, alignment=1)
_NARROW = 7  # points, of tables with many columns
_RULES: list[tuple[Any, ...]] = [
    ("FONT", (0, 0), (-1, -1), _NAME, 9),
    ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
    ("GRID", (0, 0), (-1, -1), 0.3, colors.grey),
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
]
_WIDTH = A4[0] - 36 * mm


def paper(
    statement: Mapping[str, Any], *, sha256: str, title: str, signatures: Sequence[Mapping[str, Any]] = ()
) -> bytes:
    """`signatures`: as `year_statement` gives them; those that are superseded are said to be."""
    packages.need("chinese-font")
    pdfmetrics.registerFont(TTFont(_NAME, FONT, subfontIndex=0))
    raw = io.BytesIO()
    page = SimpleDocTemplate(
        raw,
        pagesize=A4,
        invariant=1,
        title=f"{title}{statement['year']}年度资金报表",
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=20 * mm,
    )
    page.build(list(_story(statement, title, signatures)), canvasmaker=_canvas(sha256))
    return raw.getvalue()


def _story(statement: Mapping[str, Any], title: str, signatures: Sequence[Mapping[str, Any]]) -> Iterable[Flowable]:
    yield Paragraph(escape(title), _TITLE)
    yield Paragraph(f"{statement['year']}年度资金报表", _TITLE)
    for name, value in words.facts(statement, title):
        yield Paragraph(escape(f"{name}：{value}"), _TEXT)
    for heading, rows in words.sections(statement):
        yield Paragraph(heading, _HEAD)
        yield _table([("项目", "金额（元）"), *((name, money(fen)) for name, fen in rows)], (0.6, 0.4))
    heads, of_levels = words.levels(statement)
    yield from _wide("四、各级负担（元）", "级次", heads, of_levels)
    counters, kinds = words.trial_balance(statement)
    yield from _wide("五、试算平衡（元）", "科目", counters, kinds, share=0.24)
    yield from _corrections(statement["corrections"])
    yield KeepTogether(list(_seal(signatures)))


def _wide(
    heading: str, first: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[int]]], *, share: float = 0.14
) -> Iterable[Flowable]:
    yield Paragraph(heading, _HEAD)
    lines = [(first, *heads), *((name, *(money(fen) for fen in figures)) for name, figures in rows)]
    part = (1 - share) / len(heads)
    yield _table(lines, (share, *(part for _ in heads)), size=_NARROW)


def _corrections(corrections: Sequence[Mapping[str, Any]]) -> Iterable[Flowable]:
    yield Paragraph("六、更正", _HEAD)
    for one in corrections:
        moved = f"{one['from_account']} → {one['to_account']}  {money(one['amount_fen'])}元"
        asked, decided = words.beijing(one["asked_at"]), words.beijing(one["decided_at"])
        people = f"提出：{one['asked_by']} {asked}；复核：{one['decided_by']} {decided}"
        text = f"{one['correction_id']}（原分录 {one['transfer_id']}）：{moved}。理由：{one['reason']}。{people}"
        yield Paragraph(escape(text), _TEXT)
    if not corrections:
        yield Paragraph("无", _TEXT)


def _seal(signatures: Sequence[Mapping[str, Any]]) -> Iterable[Flowable]:
    yield Paragraph("七、签署", _HEAD)
    for one in signatures:
        after = "（此后账目有变动，已作废）" if one["superseded"] else ""
        signed = f"{one['signed_by']}，{words.beijing(one['signed_at'])}，{one['statement_sha256']}"
        yield Paragraph(escape(f"系统签署：{signed}{after}"), _TEXT)
    yield Spacer(1, 8 * mm)
    yield Paragraph("财务负责人（签字）：____________________　　日期：______年____月____日", _TEXT)
    yield Spacer(1, 14 * mm)
    yield Paragraph("单位（盖章）：", _TEXT)
    yield Spacer(1, 25 * mm)


def _table(lines: Sequence[Sequence[str]], parts: Sequence[float], *, size: float = 9) -> Table:
    rules = [*_RULES, ("FONTSIZE", (0, 0), (-1, -1), size)]
    return Table([list(line) for line in lines], colWidths=[part * _WIDTH for part in parts], repeatRows=1, style=rules)


def money(fen: int) -> str:
    """Yuan with thousands apart: -1,234.50."""
    whole, _, places = format_yuan(fen).partition(".")
    sign = "-" if fen < 0 else ""
    return f"{sign}{int(whole.lstrip('-')):,}.{places}"


def _canvas(sha256: str) -> type[Canvas]:
    """Pages that know how many they are, each with the statement's digest at its foot."""

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **{**named, "initialFontName": _NAME})  # no font that is not embedded
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self.setFont(_NAME, 8)
                self.drawString(18 * mm, 11 * mm, f"SHA-256 {sha256}")
                self.drawRightString(A4[0] - 18 * mm, 11 * mm, f"第 {number} 页，共 {len(self._pages)} 页")
                super().showPage()
            super().save()

    return Numbered
