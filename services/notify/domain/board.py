"""Which lists a programme's document asks to be public, by which article, and what they are called there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.money import format_rate
from contracts.programmes import Pack
from contracts.programmes.schema import Cap, Rule, Text
from services.notify.domain.rules import articles_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Whether a section is shown under this programme, by which article, and whether that asks for publication or is
    the rule whose carrying out the section shows."""

    section: str
    published: bool
    article: str | None
    asked: bool = False


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


# `{voucher}` is what the programme's document calls its support
TITLES: Mapping[str, Text] = {
    "plans": _text("{voucher}发放计划", "Issuance plans: {voucher}"),
    "providers": _text("云服务商名录", "Providers"),
    "products": _text("云服务目录", "Catalogue of services"),
    "filings": _text("上云企业统计", "Enterprises on the cloud, counted"),
    "voucher_holders": _text("获得{voucher}的企业", "Enterprises that were given support: {voucher}"),
    "nodes": _text("{claim}受理节点", "Dates for claims"),
    "samples": _text("{claim}审计抽样", "Audit samples"),
    "notices": _text("{claim}申请公示", "Claims on public notice"),
    "payments": _text("资金拨付情况", "Payments"),
    "designations": _text("试点和标杆企业", "Pilots and models"),
    "commendations": _text("考核获表彰的云服务商", "Providers commended by assessment"),
    "regions": _text("各地目标和考评", "Targets and evaluations of regions"),
    "awards": _text("综合奖补分配", "Composite awards to regions"),
    "blacklist": _text("黑名单", "Blacklist"),
    "checkpoints": _text("留痕检查点", "Checkpoints of the evidence log"),
}

# What a document calls getting the money, by how it supports; a voucher is redeemed.
CLAIM: Mapping[str, Text] = {"reimbursement": _text("补贴", "subsidy"), "award": _text("奖补", "award")}
REDEMPTION = _text("兑现", "redemption")
SUPPORT = _text("支持资金", "support")

# The rules that ask for a section, or whose carrying out it shows; the first that the pack has counts. A list that
# names enterprises (holders, claims on notice) stands only where the document itself asks for it; sums and counts name
# nobody but providers.
ASKED_BY: Mapping[str, tuple[str, ...]] = {
    "plans": ("publications.plan", "issuing.publish"),
    "providers": ("publications.catalogue", "products.catalogue"),
    "products": ("publications.catalogue", "products.catalogue"),
    "filings": ("publications.filings", "filing.rule"),
    "voucher_holders": ("publications.holders",),
    "nodes": ("claims.cadence",),
    "samples": ("claims.sample",),
    "notices": ("publications.claims", "claims.notice"),
    "payments": ("payment.path.pay", "payment.path.last"),
    "designations": (
        "publications.designations",
        "targets.*?measure=pilot_enterprises",
        "targets.*?measure=model_enterprises",
        "targets.*?measure=model_cases",
    ),
    "commendations": ("publications.commendations", "assessments.*?of=provider"),
    "regions": ("publications.regions", "assessments.*?of=city"),
    "awards": ("publications.awards", "region_award"),
    "blacklist": ("publications.blacklist", "exit.blacklist"),
    "checkpoints": ("supervision.trace",),
}


# rules that ask for a list without a publication of their own in the pack; any other is carried out, not published
PUBLIC_BY_NATURE = ("products.catalogue", "issuing.publish", "claims.notice", "exit.blacklist")


def shown(*, section: str, packs: Sequence[Pack]) -> Published:
    """Whether the document, or an overlay of it, asks for the section; what is delegated and not filled asks for
    nothing."""
    for pack in packs:
        for path in ASKED_BY[section]:
            articles = articles_at(pack, (path,), {})
            if articles:
                asked = path.startswith(("publications.", *PUBLIC_BY_NATURE))
                return Published(section=section, published=True, article=articles[0], asked=asked)
    return Published(section=section, published=False, article=None)


def limits(pack: Pack) -> list[dict[str, Any]]:
    """Rates and yearly limits of a programme whose document has its catalogue published, each with its article."""
    if pack.amount is None or not articles_at(pack, ("publications.catalogue",), {}):
        return []
    rates = sorted(pack.amount.rate.of.items())
    caps = sorted(pack.amount.cap.of.items()) if pack.amount.cap else []
    return [
        *(_limit("rate", code, rate, rate=format_rate(rate.rate)) for code, rate in rates),
        *(_limit("cap", code, cap, **figures) for code, cap in caps for figures in _caps(cap)),
    ]


def _caps(cap: Cap) -> list[dict[str, int]]:
    """One sum, or one for each tier by last year's revenue."""
    if cap.cap_fen is not None:
        return [{"cap_fen": cap.cap_fen}]
    return [{"revenue_from_fen": tier.revenue_from_fen, "cap_fen": tier.cap_fen} for tier in cap.tiers]


def _limit(what: str, code: str, rule: Rule, **figures: str | int) -> dict[str, Any]:
    said = {"what": what, "code": code, "zh": rule.zh, "en": rule.en, "article": rule.article}
    return {**said, "rate": None, "revenue_from_fen": None, "cap_fen": None, **figures}


def title(*, section: str, pack: Pack) -> Text:
    """What the section is called under this programme."""
    words, claim, found = voucher(pack), claiming(pack), TITLES[section]
    return _text(found.zh.format(voucher=words.zh, claim=claim.zh), found.en.format(voucher=words.en, claim=claim.en))


def voucher(pack: Pack | None) -> Text:
    """What the document calls the support."""
    return pack.issuing.word if pack and pack.issuing else SUPPORT


def claiming(pack: Pack | None) -> Text:
    """What the document calls getting the money."""
    return CLAIM.get(pack.issuing.instrument, REDEMPTION) if pack and pack.issuing else REDEMPTION
