"""What a year's statement calls its figures, and in which order it shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from infra.clock import SHANGHAI

Row: TypeAlias = tuple[str, int]

OPENING = (("carried_in", "上年结余转入"), ("budget", "本年预算"), ("made_up", "下年补足转入"))
BEYOND = (("deferred", "超预算承诺（待下年补足）"), ("losses", "应收损失"), ("corrected_in", "更正自其他资金渠道"))
PLACES = (
    ("budget_free", "未发放余额"),
    ("reserved", "申领预留"),
    ("quota_available", "企业未用额度"),
    ("held", "订单占用（待确认）"),
    ("committed", "待兑现"),
    ("claimed", "兑现在途"),
    ("redeemed", "已兑现"),
    ("receivable", "应收未收"),
    ("recovered", "已追回"),
    ("written_off", "已核销"),
    ("lapsed", "已失效"),
    ("carried_out", "结转下年"),
    ("making_up", "补足上年"),
    ("corrected_out", "更正至其他资金渠道"),
)
NOTED = (("issued", "本年发放"), ("held_deferred", "超预算订单占用（待确认）"))
BORNE = ("budget", "redeemed", "receivable", "recovered", "written_off", "lapsed", "carried_out")
LEVELS: Mapping[str, str] = {"province": "省级", "city": "市级", "county": "县级"}
STATUS: Mapping[str, str] = {"made": "已编制", "published": "执行中", "closed": "已关闭"}
KINDS: Mapping[str, str] = {
    "source": "预算来源",
    "budget": "预算",
    "quota": "企业额度",
    "deferred": "超预算承诺",
    "carried_in": "结余转入",
    "made_up": "补足转入",
    "losses": "应收损失",
    "other_purses": "与其他资金渠道之间的更正",
} | {name: words for name, words in PLACES if name in {
    "committed", "claimed", "redeemed", "receivable", "recovered", "written_off", "lapsed", "carried_out", "making_up",
}}  # fmt: skip
FIGURES: Mapping[str, str] = dict((*OPENING, *BEYOND, *PLACES, *NOTED))
COUNTERS: Mapping[str, str] = {
    "debits_posted_fen": "借方发生",
    "credits_posted_fen": "贷方发生",
    "debits_pending_fen": "借方待结",
    "credits_pending_fen": "贷方待结",
    "balance_fen": "余额",
}


def sections(statement: Mapping[str, Any]) -> list[tuple[str, list[Row]]]:
    """The statement's figures under their headings; the first two end with the same total, or the books are broken."""
    had, where, noted = (_rows(statement, names) for names in ((*OPENING, *BEYOND), PLACES, NOTED))
    return [
        ("一、资金来源", [*had, ("合计", sum(fen for _, fen in had))]),
        ("二、资金去向", [*where, ("合计", sum(fen for _, fen in where))]),
        ("三、备注", noted),
    ]


def levels(statement: Mapping[str, Any]) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """Headings, and for each level what it put in and what it bears of the rest; last their sums."""
    rows = [(LEVELS[one["level"]], [one[f"{name}_fen"] for name in BORNE]) for one in statement["by_level"]]
    sums = [sum(column) for column in zip(*(figures for _, figures in rows), strict=True)]
    return [FIGURES[name] for name in BORNE], [*rows, ("合计", sums)]


def trial_balance(statement: Mapping[str, Any]) -> tuple[list[str], list[tuple[str, list[int]]]]:
    rows = [
        (KINDS.get(one["kind"], one["kind"]), [one[name] for name in COUNTERS]) for one in statement["trial_balance"]
    ]
    sums = [sum(column) for column in zip(*(figures for _, figures in rows), strict=True)]
    return list(COUNTERS.values()), [*rows, ("合计", sums)] if rows else []


def facts(statement: Mapping[str, Any], title: str) -> Sequence[tuple[str, str]]:
    """What the statement is of."""
    entries = statement["entries"]
    return (
        ("计划", title),
        ("年度", str(statement["year"])),
        ("资金所属行政区划", statement["region"].ljust(6, "0")),
        ("发放计划", statement["plan_id"]),
        ("文件", statement["document"]),
        ("状态", STATUS[statement["status"]]),
        ("分录", f"{entries['count']:,}"),
        ("首末分录", f"{entries['first_id'] or '—'} … {entries['last_id'] or '—'}"),
        ("分录指纹 SHA-256", entries["sha256"]),
    )


def beijing(instant: str) -> str:
    """A moment as it is read here."""
    return datetime.fromisoformat(instant).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _rows(statement: Mapping[str, Any], names: Sequence[tuple[str, str]]) -> list[Row]:
    return [(words, statement["figures"][f"{name}_fen"]) for name, words in names]
