"""Which lists a programme's document asks to be public, and by which article; the others are left off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.programmes import Pack


@dataclass(frozen=True, slots=True)
class Text:
    """A heading in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Whether a section is shown under this programme, and the article that asks for it."""

    section: str
    published: bool
    article: str | None


TITLES: Mapping[str, Text] = {
    "plans": Text("云使用券发放计划", "Issuance plans"),
    "providers": Text("云服务商名录", "Providers"),
    "products": Text("云服务目录", "Catalogue of services"),
    "voucher_holders": Text("获得额度的企业", "Enterprises that were given vouchers"),
    "nodes": Text("兑现受理节点", "Dates for claims"),
    "payments": Text("资金拨付情况", "Payments by provider"),
    "blacklist": Text("黑名单", "Blacklist"),
    "checkpoints": Text("留痕检查点", "Checkpoints of the evidence log"),
}

# The rules that ask for a section, or whose carrying out it shows; the first that the pack has counts. The list of
# who was given a voucher names enterprises, so that it stands only where the document itself asks for it.
ASKED_BY: Mapping[str, tuple[str, ...]] = {
    "plans": ("publications.plan", "issuing.publish"),
    "providers": ("publications.catalogue", "products.catalogue"),
    "products": ("publications.catalogue", "products.catalogue"),
    "voucher_holders": ("publications.holders",),
    "nodes": ("claims.cadence",),
    "payments": ("payment.path.2", "payment.path.1"),
    "blacklist": ("publications.blacklist", "exit.blacklist"),
    "checkpoints": ("supervision.trace",),
}


def shown(*, section: str, pack: Pack) -> Published:
    """Whether the pack's document asks for the section; a rule that is delegated and not filled asks for nothing."""
    for path in ASKED_BY[section]:
        try:
            return Published(section=section, published=True, article=pack.article(path))
        except LookupError:  # no such rule here, or one left to a locality that has not written it
            continue
    return Published(section=section, published=False, article=None)
