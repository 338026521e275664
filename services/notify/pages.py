"""The public board as static pages: HTML that needs no script, and the same data as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.notify.rendering import TEMPLATES, environment
from services.notify.words import word

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one field of a table."""

    text: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One section as the `board` query gives it, all pages together."""

    section: str
    title: str
    published: bool
    article: str | None
    items: Sequence[Item]

    @property
    def columns(self) -> list[str]:
        return [heading for heading, _ in COLUMNS[self.section]]

    @property
    def rows(self) -> list[list[Cell]]:
        return [[show(item) for _, show in COLUMNS[self.section]] for item in self.items]


Show = Callable[[Item], Cell]


def _filter(name: str, value: Any) -> str:
    return str(environment("zh").filters[name](value))


def _text(field: str) -> Show:
    return lambda item: Cell(str(item[field] if item[field] is not None else "—"))


def _name(field: str, id_: str) -> Show:
    return lambda item: Cell(item[field] or f"编号{item[id_]}")


def _number(field: str) -> Show:
    return lambda item: Cell(f"{item[field]:,}", number=True)


def _yuan(field: str) -> Show:
    return lambda item: Cell("—" if item[field] is None else _filter("yuan", item[field]), number=True)


def _day(field: str) -> Show:
    return lambda item: Cell(_filter("day", date.fromisoformat(item[field])))


def _instant(field: str) -> Show:
    return lambda item: Cell(_filter("instant", datetime.fromisoformat(item[field])))


def _word(field: str, kind: str) -> Show:
    return lambda item: Cell(word("zh", kind, item[field]))


COLUMNS: Mapping[str, tuple[tuple[str, Show], ...]] = {
    "plans": (
        ("年度", _text("year")),
        ("资金总额", _yuan("budget_fen")),
        ("每家企业额度上限", _yuan("quota_fen")),
        ("受理申领", _day("opens_on")),
        ("文件", _text("document")),
        ("状态", _word("status", "plan_status")),
        ("失效金额", _yuan("lapsed_fen")),
    ),
    "providers": (
        ("云服务商", _text("name")),
        ("统一社会信用代码", _text("uscc")),
        ("行政区划", _text("region")),
        ("状态", _word("status", "provider_status")),
    ),
    "products": (
        ("产品", _text("name")),
        ("云服务商", _name("provider_name", "provider_id")),
        ("类别", _word("category", "category")),
        ("价格", _yuan("price_fen")),
        ("支持云使用券", _word("voucher_eligible", "yes_no")),
    ),
    "voucher_holders": (
        ("企业", _name("name", "enterprise_id")),
        ("行政区划", _text("region")),
        ("年度", _text("year")),
        ("额度", _yuan("amount_fen")),
    ),
    "nodes": (
        ("年度", _text("year")),
        ("截止时间", _instant("closes_at")),
        ("状态", _word("status", "node_status")),
        ("受理件数", _number("claims")),
    ),
    "payments": (
        ("云服务商", _name("name", "provider_id")),
        ("年度", _text("year")),
        ("笔数", _number("payments")),
        ("金额", _yuan("amount_fen")),
    ),
    "blacklist": (
        ("名称", _name("name", "party_id")),
        ("主体", _word("party_kind", "party_kind")),
        ("事由", _word("ground", "ground")),
        ("生效时间", _instant("effective_at")),
    ),
    "checkpoints": (
        ("记录数", _number("size")),
        ("校验值", _text("head")),
        ("时间", _instant("at")),
    ),
}


def pages(*, programme: str, programme_title: str, sections: Sequence[Section], at: datetime) -> dict[str, str]:
    """File name → content: an index, a page and a data file for each section that is published, and the style."""
    jinja = environment("zh")
    common = {"programme": programme, "programme_title": programme_title, "at": at}
    files = {
        "index.html": jinja.get_template("board/index.html").render(common, sections=sections),
        "board.css": (TEMPLATES / "board" / "board.css").read_text(encoding="utf-8"),
    }
    for section in sections:
        if section.published:
            page = jinja.get_template("board/section.html")
            files[f"{section.section}.html"] = page.render(common, section=section)
            files[f"{section.section}.json"] = _data(programme, section, at)
    return files


def _data(programme: str, section: Section, at: datetime) -> str:
    head = {"programme": programme, "section": section.section, "title": section.title, "article": section.article}
    whole = {**head, "as_of": at.isoformat(), "items": list(section.items)}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
