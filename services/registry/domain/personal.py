"""Which facts are personal, and how they are made comparable before they become a blind index.

What is written differently from day to day falls together; what could be two things stays apart. A form that is
missed costs an alert, which phone, account or person may still raise; two strangers that fall together cost an honest
claim days.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from contracts.money import account_number
from services.registry.domain.register import PREFECTURES

# Sealed together, one text a party; in no event, log or error.
PERSONAL = (
    "representative",
    "contact_name",
    "controller",
    "shareholders",
    "contact_phone",
    "other_phones",
    "contact_email",
    "address",
    "other_addresses",
    "account",
    "other_accounts",
    "account_holder",
    "bank_name",
    "bank_code",
)
ACCOUNT = ("account", "account_holder", "bank_name", "bank_code")  # a change of any makes a new version of the account
# index kind → the facts it is made of
DECLARED: Mapping[str, tuple[str, ...]] = {
    "person": ("representative", "contact_name", "controller", "shareholders"),
    "phone": ("contact_phone", "other_phones"),
    "address": ("address", "other_addresses"),
    "account": ("account", "other_accounts"),
}

Personal: TypeAlias = Mapping[str, Any]  # only the facts that are known: a text, or a list of texts

_TITLES = "总经理|副总经理|董事长|总裁|经理|主任|先生|女士|小姐|同志|老师|博士|教授"
_TITLE_AFTER = re.compile(rf"(?:{_TITLES})+$")
_TITLE_BEFORE = re.compile(r"^(?:mr|mrs|ms|miss|dr)[.\s]+")
_NOTE = re.compile(r"\([^()]*\)")
_NOT_LETTERS = re.compile(r"[\W_]+")
_NOT_DIGITS = re.compile(r"[^0-9]+")
SHORTEST_NAME = 2  # 王先生 names a family


def comparable(personal: Personal, *, region: str) -> dict[str, tuple[str, ...]]:
    """Index kind → normalised values, for those that are known: person, phone, address, building, account, and the
    one `representative`. `region` (GB/T 2260) of the party completes what a phone or an address leaves out."""
    addresses = [form for text in _texts(personal, "address") if (form := address(text, region=region))]
    found = {
        "person": [person(text) for text in _texts(personal, "person")],
        "phone": [number for text in _texts(personal, "phone") for number in phones(text, region=region)],
        "address": [form.room for form in addresses],
        "building": [form.building for form in addresses],
        "account": [account_number(text) for text in _texts(personal, "account")],
        "representative": [person(personal.get("representative") or "")],
    }
    kept = {kind: tuple(sorted({value for value in values if value})) for kind, values in found.items()}
    return {kind: values for kind, values in kept.items() if values}


def has_account(personal: Mapping[str, Any]) -> bool:
    """Can money be sent to it? A number alone, without holder and bank, is none."""
    return all(personal.get(name) for name in ACCOUNT)


def masked(value: str) -> str:
    """Enough for a person to recognise what was meant, too little for anyone else: the last two characters."""
    return "*" * 4 + value[-2:] if len(value) > 4 else "*" * 4


def _texts(personal: Personal, kind: str) -> Iterator[str]:
    for name in DECLARED[kind]:
        value = personal.get(name)
        yield from value if isinstance(value, (list, tuple)) else [value] if value else []


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


# --- persons ------------------------------------------------------------------------------------------------------


def person(text: str) -> str:
    """A name without spaces, dots, titles and notes in brackets; empty when only a family name is left."""
    name = _TITLE_BEFORE.sub("", _NOTE.sub("", _plain(text)).strip())
    letters = _TITLE_AFTER.sub("", _NOT_LETTERS.sub("", name))
    return letters if len(letters) >= SHORTEST_NAME else ""


# --- phones -----------------------------------------------------------------------------------------------------------

# GB/T 2260, four digits → area code of its landlines, for numbers that are written without one.
AREA_CODES: Mapping[str, str] = {
    "5201": "0851", "5202": "0858", "5203": "0851", "5204": "0851", "5205": "0857", "5206": "0856", "5209": "0851",
    "5223": "0859", "5226": "0855", "5227": "0854", "2101": "024", "1401": "0351", "1501": "0471", "3701": "0531",
    "3702": "0532",
}  # fmt: skip
_SEVERAL = re.compile(r"[/、,;|或]")
_EXTENSION = re.compile(r"(?:转|分机号?|ext\.?|x|\*)[\s:.]*[0-9]{1,6}\D*$")
_HYPHENED = re.compile(r"([0-9]{7,8}|(?:0|86)[0-9]{2,4}[\s)-]*[0-9]{7,8})\s*-\s*[0-9]{1,5}\s*$")
_COUNTRY = re.compile(r"^(?:00)?86(?=[0-9]{10,12}$)")
_MOBILE = re.compile(r"0?(1[3-9][0-9]{9})")
_LANDLINE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})[0-9]{7,8}")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
SHORTEST_PHONE = 7


def phones(text: str, *, region: str) -> list[str]:
    """The numbers in a text: without country code, separators and extension, a landline with its area code."""
    found = (_phone(part, region) for part in _SEVERAL.split(_plain(text)))
    return [number for number in found if number]


def _phone(text: str, region: str) -> str:
    bare = _HYPHENED.sub(r"\1", _EXTENSION.sub("", text.strip()))
    digits = _NOT_DIGITS.sub("", bare)
    number = _COUNTRY.sub("", digits)
    abroad = number != digits
    mobile = _MOBILE.fullmatch(number)
    if mobile is not None:
        return mobile[1]
    if abroad and _LANDLINE.fullmatch(f"0{number}"):
        return f"0{number}"
    if _LOCAL.fullmatch(number) and region[:4] in AREA_CODES:
        return AREA_CODES[region[:4]] + number
    return number if len(number) >= SHORTEST_PHONE and len(set(number)) > 1 else ""


# --- addresses --------------------------------------------------------------------------------------------------------


class Address(tuple[str, str]):
    """One address to the room as it is written, and to the building alone ("" where it names none)."""

    __slots__ = ()

    @property
    def room(self) -> str:
        return self[0]

    @property
    def building(self) -> str:
        return self[1]


_HAN = "[\u3400-\u9fff]"
_CITIES = "|".join(PREFECTURES)
_PROVINCES = (
    "北京|天津|河北|山西|内蒙古|辽宁|吉林|黑龙江|上海|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|重庆|"
    "四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆"
)
_COUNTRY_NAME = re.compile(r"^中国")
_PROVINCE = re.compile(
    rf"^(?:(?:{_PROVINCES})(?:省|(?:壮族|回族|维吾尔)?自治区)|(?:{_PROVINCES})(?={_HAN}{{2,4}}市|{_CITIES}))"
)
_CITY = re.compile(
    rf"^(?:({_HAN}{{2,4}}?)(?<![超门城都夜菜集])市|(黔东南|黔西南|黔南)(?:{_HAN}{{2,8}}?自治)?州|"
    rf"({_CITIES})(?={_HAN}{{1,5}}[区县市]))"
)
_DISTRICT = re.compile(rf"^{_HAN}{{1,5}}?(?<![小社园厂校库景院片街住工业发新矿牧特东南西北])[区县旗](?=.)")
_NOTES = re.compile(r"\((?:自主申报|集群注册|住所申报|一址多照|仅限办公|经营场所)[^()]*\)")
_NUMERAL = re.compile(r"[〇零一二三四五六七八九十百]+(?=号|楼|层|室|栋|幢|座|单元|房)")
_BUILDING_WORD = re.compile(r"([0-9]+|[a-z])(?:号楼|#楼?|栋楼?|幢楼?|座)")
_FLOOR = re.compile(r"([0-9]+)(?:楼|层|f(?![a-z]))")
_ROOM_WORD = re.compile(r"(?<=[0-9a-z])(?:号房间?|号室|室|房间?)")
_NUMBER_OF_ROOM = re.compile(r"(?<=[栋层元厦场心])([a-z]?[0-9]+)号$")
_FLOOR_SAID = re.compile(r"([0-9]+)层(?=\1[0-9]{2}(?![0-9]))")
_STAIRS = re.compile(r"([0-9]+)栋([0-9]+)单元([0-9]+)$")
_STAIRS_SHORT = re.compile(r"(?<![0-9-])([0-9]+)-([0-9]+)-([0-9]+)$")
_INSIDE = re.compile(r"(?<=[号栋厦场心楼城])(?:[0-9]+单元)?(?:负?[0-9]+层)?(?:[a-z]?[0-9]+(?:-[0-9]+)*[a-z]?)?$")
_KNOWN_BUILDING = re.compile(r"[0-9]号$|栋$|大厦$|[0-9]号.*(?:广场|中心|大楼|写字楼)$")
SHORTEST_ADDRESS = 4
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0}


def address(text: str, *, region: str) -> Address | None:
    """City and what follows the district, in one spelling; None when that is too little to be a place.

    The city is what the text names, else the party's own: streets of one name are in many cities. Districts are left
    out, for they are left out or renamed in writing too; 栋, 幢, 座 and 号楼 are one word, 楼 and 层 too; a room's
    number says its floor (15层1502).
    """
    plain = _NOTES.sub("", _plain(text))
    plain = re.sub(r"[^\w#-]+", "", plain).replace("_", "")
    city, rest = _split(plain)
    rest = _spelled(rest)
    if len(rest) < SHORTEST_ADDRESS:
        return None
    home = city or _CITY_OF.get(region[:4], region[:4])
    inside = _INSIDE.search(rest)
    building = rest[: inside.start()] if inside else rest
    return Address((home + rest, home + building if _KNOWN_BUILDING.search(building) else ""))


_CITY_OF = {code: city for city, code in PREFECTURES.items()}


def _split(text: str) -> tuple[str, str]:
    """The city that the text names first, and what follows province, city and district, however often these stand."""
    city, district = "", ""
    text = _COUNTRY_NAME.sub("", text)
    while True:
        before = text
        text = _PROVINCE.sub("", text)
        named = _CITY.match(text)
        if named:
            city = city or next(group for group in named.groups() if group)
            text = text[named.end() :]
        if district and text.startswith(district):
            text = text[len(district) :]
        found = None if district else _DISTRICT.match(text)
        if found:
            district, text = found[0], text[found.end() :]
        if text == before:
            return city, text


def _spelled(text: str) -> str:
    text = _NUMERAL.sub(lambda found: _number(found[0]), text.replace("第", ""))
    text = _FLOOR.sub(r"\1层", _BUILDING_WORD.sub(r"\1栋", text)).replace("#", "号")
    text = _NUMBER_OF_ROOM.sub(r"\1", _ROOM_WORD.sub("", text))
    text = _FLOOR_SAID.sub("", text)
    return _STAIRS_SHORT.sub(r"\1栋\2-\3", _STAIRS.sub(r"\1栋\2-\3", text)).rstrip("-")


def _number(numeral: str) -> str:
    """二十一 → 21, 一〇二 → 102."""
    if not set(numeral) & {"十", "百"}:
        return "".join(str(_DIGITS[one]) for one in numeral)
    total = last = 0
    for one in numeral:
        if one in "十百":
            total += (last or 1) * (10 if one == "十" else 100)
            last = 0
        else:
            last = _DIGITS[one]
    return str(total + last)
