"""Who plays: generated providers, products and the few generated enterprises that misbehave. All names are invented."""

from __future__ import annotations

import base64
import hashlib
import random
import struct
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from contracts import ulid

PROGRAMME = "guizhou-2018"
YEAR = 2019

# GB/T 2260 of Guizhou's prefectures, 522200 and 522400 as they were before 2011.
CITIES = {
    "5200": "省本级", "5201": "贵阳", "5202": "六盘水", "5203": "遵义", "5204": "安顺", "5205": "毕节",
    "5206": "铜仁", "5221": "遵义", "5222": "铜仁", "5223": "黔西南", "5224": "毕节", "5225": "安顺",
    "5226": "黔东南", "5227": "黔南",
}  # fmt: skip

# (category, kind, name, yearly price in yuan)
PRODUCTS = [
    ("infrastructure", "compute", "云服务器年付", 12_000),
    ("infrastructure", "storage", "对象存储年付", 8_000),
    ("infrastructure", "security", "云安全防护", 15_000),
    ("platform", "database", "云数据库", 20_000),
    ("platform", "iot", "物联网接入平台", 30_000),
    ("application", "production_management", "生产管理云应用", 45_000),
    ("application", "research_design", "云端设计套件", 60_000),
    ("application", "other_application", "财务与人力云应用", 18_000),
]
SURNAMES = "赵钱孙李周吴郑王冯陈"
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Party:
    """An enterprise or a provider as the story knows it."""

    id: str
    uscc: str
    name: str
    region: str
    planted: str = ""  # the misconduct that this generated party was given


def invented_uscc(chance: random.Random, region: str) -> str:
    """A well-formed code (GB 32100-2015, both check digits) of no real organisation that we know of."""
    body = "".join(chance.choice(_CODE) for _ in range(8))
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    rest = 11 - sum(digits.index(c) * w for c, w in zip(body, weights, strict=True)) % 11
    code = "91" + region + body + {10: "X", 11: "0"}.get(rest, str(rest))
    total = sum(_CODE.index(c) * pow(3, i, 31) for i, c in enumerate(code))
    return code + _CODE[(31 - total % 31) % 31]


def provider_body(chance: random.Random, party: Party, *, phone: str = "", address: str = "") -> dict[str, Any]:
    """A registration; phone and address are shared with others only where misconduct is planted."""
    return {
        "provider_id": party.id, "programme": PROGRAMME, "uscc": party.uscc, "name": party.name,
        "region": party.region, "registered_on": "2012-03-01", "legal_person": True, "tax_paid": True,
        "representative": _person(chance), "contact_name": _person(chance), "contact_phone": phone or _phone(chance),
        "contact_email": f"{party.id.lower()}@example.com", "address": address or _street(chance),
        "account": "".join(chance.choice("0123456789") for _ in range(16)), "account_holder": party.name,
        "bank_name": "示例银行贵阳分行", "bank_code": "102701000019", "violation": False, "bad_credit": False,
    }  # fmt: skip


def enterprise_body(chance: random.Random, party: Party, *, phone: str = "", address: str = "") -> dict[str, Any]:
    """A generated enterprise's registration."""
    return {
        "enterprise_id": party.id, "programme": PROGRAMME, "uscc": party.uscc, "name": party.name,
        "region": party.region, "registered_on": "2015-06-01", "legal_person": True, "industry": "industrial",
        "size": "small", "representative": _person(chance), "contact_name": _person(chance),
        "contact_phone": phone or _phone(chance), "contact_email": f"{party.id.lower()}@example.com",
        "address": address or _street(chance), "violation": False, "bad_credit": False,
        "priority": False,
    }  # fmt: skip


def new_party(chance: random.Random, name: str, region: str = "520100", planted: str = "") -> Party:
    return Party(ulid.new(), invented_uscc(chance, region), name, region, planted)


def office_of(role: str, regions: Collection[str]) -> str:
    """The office of these parties: a district's six digits, a prefecture's four and zeros; of several, one over all."""
    own = {region if role == "district" else f"{region[:4]}00" for region in regions}
    shared = next(n for n in (6, 4, 2, 0) if len({region[:n] for region in own}) == 1)
    return min(own)[:shared].ljust(6, "0")


def scan(label: str) -> bytes:
    """A real little PNG, different for each label: what a demo uploads in place of a scanned document."""
    pixel = hashlib.sha256(label.encode()).digest()
    raw = b"".join(b"\0" + pixel[:24] for _ in range(8))  # 8 × 8, RGB

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def upload_body(content: bytes) -> dict[str, Any]:
    """`upload_chunk` of a scan that goes in one piece."""
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "media_type": "image/png",
        "total_bytes": len(content),
        "offset": 0,
        "content": base64.b64encode(content).decode(),
    }


def _street(chance: random.Random) -> str:
    return f"贵州省生成路{chance.randrange(1, 9999)}号"


def _person(chance: random.Random) -> str:
    return f"{chance.choice(SURNAMES)}生成{chance.randrange(10_000):04d}"


def _phone(chance: random.Random) -> str:
    return f"199{chance.randrange(10**8):08d}"
