"""Reads what a business register writes: amounts, dates, regions, and whether an entry is a legal person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

NOTHING = frozenset({"", "-", "—", "/", "n/a", "na", "null", "none", "无", "暂无"})

# Guizhou's prefectures as its register names them → GB/T 2260, four digits; elsewhere the code alone says the region.
PREFECTURES: Mapping[str, str] = {
    "贵阳": "5201",
    "六盘水": "5202",
    "遵义": "5203",
    "安顺": "5204",
    "毕节": "5205",
    "铜仁": "5206",
    "贵安新区": "5209",
    "黔西南": "5223",
    "黔东南": "5226",
    "黔南": "5227",
}

_DATE = re.compile(r"([12][0-9]{3})([-/.年]?)([0-9]{1,2})([-/.月]?)([0-9]{1,2})日?(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,8})?)\(?([^0-9().]*)\)?")
_TEN_THOUSAND_YUAN = re.compile(r"万(?:元|人民币|元人民币|人民币元|元人民币元)?")
_YUAN = re.compile(r"元|人民币元|元人民币|人民币")

_SOLE_TRADER_OFFICE = "92"  # characters 1 and 2 of the code: individual businesses
_COOPERATIVE_OFFICE = "93"  # farmers' cooperatives, legal persons by their own law
_NO_PERSON_TYPE = re.compile(r"非法人|个体|独资企业|合伙|分公司|分支|代表机构|营业$")
_LEGAL_TYPE = re.compile(r"公司|国有|全民|集体|股份|联营|合作社|法人|外商|港、澳、台|私营")
_BRANCH_NAME = re.compile(
    r"(?:分公司|支公司|分店|分厂|分行|支行|分社|分部|分局|支局|分理处|储蓄所|办事处|代表处|门市部?|营业(?:部|所|厅)|连锁店)"
    r"(?:[一二三四五六七八九十百0-9]+(?:店|部|门市|厂)?)?$"
)
_PARTNERS_NAME = re.compile(r"合伙")
_AFTER_COMPANY = re.compile(r"有限(?:责任)?公司.")  # nothing follows it in the name of a company itself
_BRACKETS = re.compile(r"\([^()]*\)$")
_PERSON_NAME = re.compile(r"(?:公司|集团|联社|合作社|合作联社)$")


def plain(text: str) -> str:
    """Full-width letters and digits made half-width, white space at the ends and in runs taken away."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def known(text: str) -> str | None:
    """The text, or None where the register says that it has nothing."""
    cleaned = plain(text)
    return None if cleaned.casefold() in NOTHING else cleaned


def day(text: str) -> date:
    """2015-01-02, 2015/1/2, 2015.1.2, 2015年1月2日 or 20150102, with or without midnight; ValueError."""
    match = _DATE.fullmatch(plain(text))
    if match is None or (not match[2] and len(plain(text)) != 8) or bool(match[2]) != bool(match[4]):
        raise ValueError("not a date")
    return date(int(match[1]), int(match[3]), int(match[5]))


def capital_fen(text: str) -> int:
    """`1,000(万元)`, `2.5000( 万人民币元)`, `30000元` … in fen; ValueError for another currency or no unit."""
    match = _AMOUNT.fullmatch(plain(text).replace(",", "").replace(" ", ""))
    if match is None:
        raise ValueError("not an amount")
    if _TEN_THOUSAND_YUAN.fullmatch(match[2]):
        fen = Decimal(match[1]) * 1_000_000
    elif _YUAN.fullmatch(match[2]):
        fen = Decimal(match[1]) * 100
    else:
        raise ValueError("not an amount in yuan")
    if fen != int(fen):
        raise ValueError("less than a fen")
    return int(fen)


def region_of(*, code: str, prefecture: str | None) -> str:
    """GB/T 2260 of where it is registered: characters 3 to 8 of its code (the office that registered it).

    A code keeps its office for ever, also the province's own (520000) and prefectures that are no more (5224). Where
    the register names a prefecture of the same province, that prefecture stands, NNNN00. It never moves an entry to
    another province: a register of Guizhou lists a haulier of Liaoning whose name contains a city of Guizhou.
    """
    office = code[2:8]
    home = PREFECTURES.get(prefecture or "")
    if home is None or home[:2] != office[:2] or home == office[:4]:
        return office
    return f"{home}00"


def is_legal_person(*, name: str, type: str | None, code: str) -> bool:
    """Is the entry a legal person of its own (第十三条(二))? Judged by code, then type, then name:

    1. Individual businesses (code 92…) are not.
    2. Types of sole owner, partnership, branch, representative office or "not a legal person" are not.
    3. Names of branches (…分公司, …支行, …门市部, …有限公司府东路加油站) and partnerships are not, whatever the type
       says: registers copy the type of the company above.
    4. Cooperatives (code 93…) and types of company, state, collective or joint ownership are.
    5. Without a type: names that end with 公司, 集团, 合作社 or 联社 are. What has words after 公司 is a place of that
       company, and a 厂, 店 or 场 alone is as a rule its owner's: these are not.

    It is a first reading; certification looks at the licence, and the operator corrects the fact.
    """
    if code.startswith(_SOLE_TRADER_OFFICE):
        return False
    if type is not None and _NO_PERSON_TYPE.search(type):
        return False
    bare = _BRACKETS.sub("", plain(name).rstrip(".。?？ "))
    if any(pattern.search(bare) for pattern in (_BRANCH_NAME, _AFTER_COMPANY)) or _PARTNERS_NAME.search(name):
        return False
    if code.startswith(_COOPERATIVE_OFFICE) or (type is not None and _LEGAL_TYPE.search(type)):
        return True
    return bool(_PERSON_NAME.search(bare))
