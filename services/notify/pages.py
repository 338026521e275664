"""The public board as static pages: HTML that needs no script, and the same data as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.notify.rendering import TEMPLATES, environment
from services.notify.snapshots import Snapshot, snapshots
from services.notify.words import word

Item = Mapping[str, Any]
Show = Callable[[Item], "Cell"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one field of a table."""

    text: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A heading (`{voucher}` is the programme's own word) and what stands under it.

    if_any: left off where no row has anything in this field, so that no programme shows another's columns.
    """

    heading: str
    show: Show
    if_any: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One section as the `board` query gives it, all pages together; voucher: what the document calls its support."""

    section: str
    title: str
    published: bool
    article: str | None
    items: Sequence[Item]
    voucher: str
    asked: bool = True
    rules: Sequence[Item] = ()

    @property
    def basis(self) -> str:
        """What the article is to the list: it asks for it, or for what the list shows the doing of."""
        return "公示依据" if self.asked else "办理依据"

    @property
    def shown(self) -> list[Column]:
        return [
            column
            for column in COLUMNS[self.section]
            if column.if_any is None or any(item[column.if_any] for item in self.items)
        ]

    @property
    def columns(self) -> list[str]:
        return [column.heading.format(voucher=self.voucher) for column in self.shown]

    @property
    def rows(self) -> list[list[Cell]]:
        return [[column.show(item) for column in self.shown] for item in self.items]


def _filter(name: str, value: Any) -> str:
    return str(environment("zh").filters[name](value))


def _text(field: str) -> Show:
    return lambda item: Cell(str(item[field] if item[field] is not None else "—"))


def _name(field: str, id_: str) -> Show:
    return lambda item: Cell(item[field] or (f"编号{item[id_]}" if item[id_] else "—"))


def _number(field: str) -> Show:
    return lambda item: Cell(f"{item[field]:,}", number=True)


def _yuan(field: str) -> Show:
    return lambda item: Cell("—" if item[field] is None else _filter("yuan", item[field]), number=True)


def _day(field: str) -> Show:
    return lambda item: Cell(_filter("day", date.fromisoformat(item[field])))


def _instant(field: str) -> Show:
    return lambda item: Cell(_filter("instant", datetime.fromisoformat(item[field])))


def _moment(field: str) -> Show:
    return lambda item: _instant(field)(item) if item[field] else Cell("—")


def _word(field: str, kind: str) -> Show:
    return lambda item: Cell(word("zh", kind, item[field]))


def _measure(item: Item) -> Cell:
    return Cell("—" if item["measure"] is None else word("zh", "measure", item["measure"]))


def _last_day(item: Item) -> Cell:
    return _day("until")(item) if item["until"] else Cell("—")


def _denominations(item: Item) -> Cell:
    shown = [f"{_filter('yuan', one['denomination_fen'])} × {one['count']:,}" for one in item["denominations"]]
    return Cell("；".join(shown) or "—")


def _funds(item: Item) -> Cell:
    shown = [f"{word('zh', 'level', one['level'])}{_filter('yuan', one['amount_fen'])}" for one in item["funds"]]
    return Cell("；".join(shown) or "—")


def _score(item: Item) -> Cell:
    whole, hundredths = divmod(item["score_bp"], 100)
    return Cell(f"{whole}.{hundredths:02d}", number=True)


def _grade(item: Item) -> Cell:
    return Cell(item["grade"]["zh"])


def _mark(item: Item) -> Cell:
    return Cell(f"{item['number']:,}" if item["mark"] == "target" else f"{item['number']}分", number=True)


_YEAR, _REGION = Column("年度", _text("year")), Column("行政区划", _text("region"))
_AMOUNT = Column("金额", _yuan("amount_fen"))
_PROVIDER = Column("云服务商", _name("provider_name", "provider_id"), "provider_id")
_ENTERPRISE = Column("企业", _name("name", "enterprise_id"))

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "plans": (
        _YEAR,
        Column("地区", _text("region"), "region"),
        Column("资金总额", _yuan("budget_fen")),
        Column("资金来源", _funds, "funds"),
        Column("上年结转", _yuan("carried_fen"), "carried_fen"),
        Column("先补足以前年度", _yuan("made_up_fen"), "made_up_fen"),
        Column("规格和数量", _denominations, "denominations"),
        Column("每家企业额度上限", _yuan("quota_fen"), "quota_fen"),
        Column("受理申领", _day("opens_on")),
        Column("文件", _text("document")),
        Column("状态", _word("status", "plan_status")),
        Column("失效金额", _yuan("lapsed_fen"), "lapsed_fen"),
        Column("结转下年", _yuan("carried_out_fen"), "carried_out_fen"),
        Column("待下年补足", _yuan("deferred_fen"), "deferred_fen"),
    ),
    "providers": (
        Column("云服务商", _text("name")),
        Column("统一社会信用代码", _text("uscc")),
        _REGION,
        Column("批次", _text("batch"), "batch"),
        Column("状态", _word("status", "provider_status")),
    ),
    "products": (
        Column("产品", _text("name")),
        _PROVIDER,
        Column("类别", _text("kind_zh"), "kind_zh"),
        Column("价格", _yuan("price_fen")),
        Column("支持{voucher}", _word("voucher_eligible", "yes_no")),
    ),
    "filings": (
        _REGION,
        Column("类别", _text("kind_zh"), "kind_zh"),
        Column("上云企业数", _number("enterprises")),
        Column("备案件数", _number("filings")),
    ),
    "voucher_holders": (
        _ENTERPRISE,
        _REGION,
        _YEAR,
        Column("额度", _yuan("amount_fen")),
        _PROVIDER,
        Column("券号", _text("number"), "number"),
        Column("规格", _yuan("denomination_fen"), "denomination_fen"),
        Column("状态", _word("status", "voucher_status")),
    ),
    "nodes": (
        _YEAR,
        Column("截止时间", _instant("closes_at")),
        Column("状态", _word("status", "node_status")),
        Column("受理件数", _number("claims")),
    ),
    "samples": (
        Column("节点截止时间", _moment("closes_at")),
        Column("抽样数", _number("size")),
        Column("种子哈希值", _text("seed_hash")),
        Column("种子", _text("seed"), "seed"),
        Column("总体件数", _text("population"), "seed"),
        Column("总体校验值", _text("population_hash"), "seed"),
        Column("抽中件数", _text("drawn"), "seed"),
        Column("查出差错", _yuan("error_fen"), "error_fen"),
        Column("推及比例", _text("rate"), "rate"),
        Column("放弃原因", _text("reason"), "reason"),
        Column("状态", _word("status", "sample_status")),
    ),
    "notices": (
        _PROVIDER,
        _ENTERPRISE,
        Column("金额", _yuan("payable_fen")),
        Column("公示首日", _day("from_on")),
        Column("公示末日", _day("until_on")),
        Column("异议件数", _number("objections")),
        Column("结果", _word("outcome", "notice_outcome")),
    ),
    "payments": (
        Column("云服务商", _name("name", "provider_id"), "provider_id"),
        Column("地区", _text("region"), "region"),
        _YEAR,
        Column("笔数", _number("payments")),
        _AMOUNT,
    ),
    "commendations": (_PROVIDER, Column("期间", _text("period")), Column("得分", _score), Column("等次", _grade)),
    "designations": (_ENTERPRISE, _REGION, Column("类别", _word("kind", "designation"))),
    "regions": (
        Column("地区", _text("region")),
        Column("期间", _text("period")),
        Column("类别", _word("mark", "mark")),
        Column("指标", _measure, "measure"),
        Column("目标或得分", _mark),
    ),
    "awards": (_YEAR, Column("地区", _text("region")), Column("加权指数", _text("weighted")), _AMOUNT),
    "blacklist": (
        Column("名称", _name("name", "party_id")),
        Column("主体", _word("party_kind", "party_kind")),
        Column("名单", _word("kind", "list")),
        Column("事由", _word("ground", "ground")),
        Column("生效时间", _instant("effective_at")),
        Column("末日", _last_day, "until"),
    ),
    "checkpoints": (
        Column("记录数", _number("size")),
        Column("根哈希", _text("root")),
        Column("算法", _text("algorithm")),
        Column("时间", _text("made_at")),
        Column("签名", _text("signature")),
    ),
}


def pages(*, programme: str, programme_title: str, sections: Sequence[Section], at: datetime) -> dict[str, str]:
    """File name → content: an index, a page and a data file for each section that is published, and the style."""
    jinja = environment("zh")
    common = {"programme": programme, "programme_title": programme_title, "at": at}
    files = {
        "index.html": jinja.get_template("board/index.html").render(common, sections=sections),
        **style(),
    }
    for section in sections:
        if section.published:
            page = jinja.get_template("board/section.html")
            signed = _signed(section, programme)
            files[f"{section.section}.html"] = page.render(common, section=section, signed=signed)
            files |= {name: content for one in signed for name, content in one.files().items()}
            files[f"{section.section}.json"] = _data(programme, section, at)
    return files


def _signed(section: Section, programme: str) -> list[Snapshot]:
    return snapshots(section.items, programme) if section.section == "notices" else []


def style() -> dict[str, str]:
    """What every page refers to."""
    return {"board.css": (TEMPLATES / "board" / "board.css").read_text(encoding="utf-8")}


def contents(boards: Sequence[tuple[str, str]], at: datetime) -> str:
    """The page that leads to the boards of several programmes: code and title of each."""
    page = environment("zh").get_template("board/programmes.html")
    return page.render(programme_title=None, boards=boards, at=at)


def _data(programme: str, section: Section, at: datetime) -> str:
    head = {"programme": programme, "section": section.section, "title": section.title, "article": section.article}
    whole = {**head, "as_of": at.isoformat(), "rules": list(section.rules), "items": list(section.items)}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
