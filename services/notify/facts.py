"""The facts of an event as lines that people read: the body of a notice that has no template of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.notify.formats import day, instant, yuan
from services.notify.speech import Speaker
from services.notify.words import word

Data = Mapping[str, Any]
Show = Callable[[Speaker, Any], str]
Test = Callable[[Speaker, Data], bool]

MOST_SHOWN = 20  # entries of a list within one line


@dataclass(frozen=True, slots=True)
class Fact:
    """A field of events, what it is called, and how it is written; nothing is written of what is empty or zero."""

    field: str
    zh: str
    en: str
    show: Show
    unless: tuple[str, ...] = ()  # left off where the event has one of these
    only: str | None = None  # left off where the event has not this one
    when: Test | None = None  # left off where the programme, or the state of things, is another

    def told(self, speaker: Speaker, data: Data) -> bool:
        if not data.get(self.field) or (self.only is not None and self.only not in data):
            return False
        if self.when is not None and not self.when(speaker, data):
            return False
        return all(data.get(name) is None for name in self.unless)

    def line(self, speaker: Speaker, data: Data) -> str:
        label = (self.zh if speaker.language == "zh" else self.en).format(voucher=speaker.voucher, claim=speaker.claim)
        colon = "：" if speaker.language == "zh" else ": "
        return f"{label[:1].upper()}{label[1:]}{colon}{self.show(speaker, data[self.field])}"


def _party(speaker: Speaker, value: str) -> str:
    return speaker.names.party(value)


def _plain(_speaker: Speaker, value: Any) -> str:
    return str(value)


def _count(_speaker: Speaker, value: Any) -> str:
    return f"{len(value) if isinstance(value, list) else value:,}"


def _yuan(speaker: Speaker, value: int) -> str:
    return yuan(speaker.language, value)


def _day(speaker: Speaker, value: Any) -> str:
    return day(speaker.language, value)


def _instant(speaker: Speaker, value: Any) -> str:
    return instant(speaker.language, value)


def _word(kind: str) -> Show:
    return lambda speaker, value: word(speaker.language, kind, value)


def _list(entry: Callable[[Speaker, Data], str]) -> Show:
    def show(speaker: Speaker, value: list[Data]) -> str:
        shown = [entry(speaker, one) for one in value[:MOST_SHOWN]]
        more = ["…"] if len(value) > MOST_SHOWN else []
        return ("；" if speaker.language == "zh" else "; ").join(shown + more)

    return show


def _named(field: str) -> Test:
    """The pack has a word for it: another's code says nothing to anybody."""
    return lambda speaker, data: speaker.knows(data[field])


def _reimburses(speaker: Speaker, _data: Data) -> bool:
    return speaker.reimburses


def _foreseen(speaker: Speaker, data: Data) -> bool:
    """A claim of which is not known yet how much of what was paid is supported."""
    return speaker.reimburses and data.get("status") == "filed"


def _not(test: Test) -> Test:
    return lambda speaker, data: not test(speaker, data)


FACTS: tuple[Fact, ...] = (
    Fact("name", "名称", "name", _plain, unless=("assessment_id", "evaluation_id")),
    Fact("of", "考核评估", "assessment of", _word("assessed")),
    Fact("subject_id", "对象", "about", _party),
    Fact("party_name", "名称", "name", _plain),
    Fact("party_id", "主体", "party", _party, unless=("party_name",)),
    Fact("enterprise_id", "企业", "enterprise", _party),
    Fact("provider_id", "云服务商", "provider", _party, unless=("provider_kind",)),
    Fact("filer_id", "申请方", "filed by", _party),
    Fact("payee_id", "收款方", "payee", _party),
    Fact("batch", "批次", "batch", _plain),
    Fact("product_id", "产品", "product", lambda speaker, value: speaker.names.product(value), unless=("name",)),
    Fact("category", "类别", "kind of service", lambda speaker, value: speaker.kind(value), when=_named("category")),
    Fact("track", "方向", "track", lambda speaker, value: speaker.kind(value), when=_named("track")),
    Fact("order_id", "订单", "order", _plain),
    Fact("claim_id", "申请编号", "claim", _plain),
    Fact("year", "年度", "year", _plain),
    Fact("period", "期间", "period", _plain),
    Fact("month", "月份", "month", _plain),
    Fact("region", "行政区划", "region", _plain, unless=("enterprise_id", "provider_id", "payee_id")),
    Fact("price_fen", "价款", "price", _yuan, when=_not(_reimburses)),
    Fact("price_fen", "合同价", "contract price", _yuan, when=_reimburses),
    Fact("market_price_fen", "市场参考价", "market price", _yuan),
    Fact("voucher_fen", "{voucher}", "{voucher}", _yuan, when=_not(_reimburses)),
    Fact("voucher_fen", "预计{claim}", "{claim} foreseen", _yuan, when=_reimburses),
    Fact("own_fen", "自付", "own money", _yuan, when=_not(_reimburses)),
    Fact("voucher_number", "券号", "voucher number", _plain),
    Fact("denomination_fen", "规格", "denomination", _yuan),
    Fact("deferred_fen", "待下年补足", "to be made up next year", _yuan),
    Fact("budget_fen", "资金总额", "budget", _yuan),
    Fact("made_up_fen", "先补足以前年度", "made up for earlier years first", _yuan),
    Fact("carried_fen", "年度间结转", "carried over between years", _yuan),
    Fact("lapsed_fen", "失效金额", "lapsed", _yuan),
    Fact("quota_fen", "每家企业上限", "most for one enterprise", _yuan),
    Fact(
        "denominations", "规格和数量", "denominations and counts",
        _list(lambda speaker, one: f"{yuan(speaker.language, one['denomination_fen'])} × {one['count']:,}"),
    ),
    Fact(
        "funds", "资金来源", "whose money",
        _list(lambda speaker, one: f"{word(speaker.language, 'level', one['level'])} "
              f"{yuan(speaker.language, one['amount_fen'])}"),
    ),
    Fact("opens_on", "开始日期", "opens on", _day),
    Fact("document", "文件", "document", _plain),
    Fact("place", "排位", "place in line", _plain),
    Fact("claimed_fen", "申请金额", "claimed", _yuan, when=_not(_foreseen)),
    Fact("claimed_fen", "预计{claim}", "{claim} foreseen", _yuan, when=_foreseen),
    Fact("deducted_fen", "核减", "deducted", _yuan),
    Fact("disallowed_fen", "明细核减", "disallowed of the invoice's lines", _yuan),
    Fact("audited_fen", "审计核减", "taken off by the audit", _yuan),
    Fact("payable_fen", "应付金额", "payable", _yuan, when=_not(_foreseen)),
    Fact("invoice_number", "发票", "invoice", _plain),
    Fact("closes_at", "截止时间", "closes at", _instant),
    Fact("claims", "申请件数", "claims", _count),
    Fact("open", "待处理件数", "waiting", _count),
    Fact("handed_over", "移交件数", "handed over", _count),
    Fact("settled", "认定件数", "settled", _count),
    Fact("voided", "作废件数", "voided", _count),
    Fact("payments", "付款笔数", "payments", _count),
    Fact("items", "公示件数", "claims on notice", _count),
    Fact("amount_fen", "金额", "amount", _yuan),
    Fact("offset_fen", "其中抵扣", "of which taken off payments", _yuan, only="receivable_id"),
    Fact("offset_fen", "抵扣应退款项", "taken off for what is owed back", _yuan, unless=("receivable_id",)),
    Fact("recovered_fen", "已收回", "came back", _yuan),
    Fact("written_off_fen", "已核销", "written off", _yuan),
    Fact("reference", "付款编号", "payment reference", _plain, unless=("receivable_id",)),
    Fact("reference", "退款附言编号", "reference to quote", _plain, only="receivable_id"),
    Fact(
        "instalments", "分期", "instalments",
        _list(lambda speaker, one: f"{day(speaker.language, one['due_on'])} "
              f"{yuan(speaker.language, one['amount_fen'])}"),
    ),
    Fact("overdue_on", "逾期自", "was due by", _day),
    Fact("from_account", "原账户", "from account", _plain),
    Fact("to_account", "更正至账户", "to account", _plain),
    Fact("statement_sha256", "报表指纹", "digest of the statement", _plain),
    Fact("from_on", "公示首日", "first day", _day),
    Fact("until_on", "公示末日", "last day", _day),
    Fact("working_days", "公示工作日", "working days", _plain),
    Fact("due_on", "期限（含当日）", "due by (that day included)", _day),
    Fact("intake_on", "受理日（此前送到）", "taken on (sent in by then)", _day),
    Fact("opened_on", "完成日期", "completed on", _day),
    Fact("exit_on", "退出日期", "leaves on", _day),
    Fact("effective_at", "生效时间", "in effect from", _instant),
    Fact("hearing_until", "可陈述至（含当日）", "may speak until (that day included)", _day),
    Fact("appeal_until", "可申诉至（含当日）", "may appeal until (that day included)", _day),
    Fact("until", "列入至（含当日）", "listed until (that day included)", _day),
    Fact("referred_on", "移送日期", "referred on", _day),
    Fact("measure", "指标", "measure", _word("measure")),
    Fact("at_least", "目标值", "at least", _count),
    Fact("score", "得分", "score", _plain),
    Fact("score_bp", "得分", "score", lambda speaker, value: f"{value // 100}.{value % 100:02d}"),
    Fact("grade", "等次", "grade", lambda speaker, value: str(value[speaker.language])),
    Fact("consequence", "后续措施", "what follows", _word("consequence")),
    Fact(
        "shares", "分配", "shares",
        _list(lambda speaker, one: f"{one['region']} {yuan(speaker.language, one['amount_fen'])}"),
    ),
    Fact("stage", "当前环节", "with", lambda speaker, value: speaker.office(value), unless=("decision",)),
    Fact("ground", "事由", "ground", _word("ground")),
    Fact("alert", "异常", "alert", _word("alert")),
    Fact("status", "处置", "found", _word("verdict"), only="alert"),
    Fact("severity", "等级", "severity", _word("severity")),
    Fact("outcome", "处理结果", "outcome", _word("complaint_outcome")),
    Fact("reason", "说明", "reason", _word("hold"), unless=("alert",)),
    Fact("frozen_hash", "批次校验值", "batch checksum", _plain),
)  # fmt: skip

# The one figure that a title carries, the first that the event has.
_FIGURES = ("payable_fen", "amount_fen", "voucher_fen", "budget_fen")


def facts(speaker: Speaker, data: Data) -> list[str]:
    """A line for each thing the event says, in the order of the table."""
    return [fact.line(speaker, data) for fact in FACTS if fact.told(speaker, data)]


def headline(speaker: Speaker, data: Data) -> str:
    """What a title adds to its words: a name, else an amount that is more than foreseen; empty where it has neither."""
    if data.get("name") and not {"assessment_id", "evaluation_id"} & data.keys():  # whose name is that of a rule
        return str(data["name"])
    figures = (name for name in _FIGURES if not (name == "voucher_fen" and speaker.reimburses))
    found = None if _foreseen(speaker, data) else next((data[name] for name in figures if data.get(name)), None)
    return "" if found is None else yuan(speaker.language, found)
