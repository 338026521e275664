"""Who plays in one scenario: each short name with a fresh id, and the body it registers with, generated but for what
was given."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from typing import Any

from contracts import ulid
from infra.demo.cast import enterprise_body, new_party, provider_body, scan
from infra.demo.story import AGREEMENT
from infra.scenario.reader import Member, Scenario
from infra.scenario.values import filled

Body = dict[str, Any]


class Company(Mapping[str, Any]):
    """All `$names` of one playing: the cast, what steps saved, and what follows from these."""

    def __init__(self, scenario: Scenario, region: str) -> None:
        self._programme = scenario.programme
        self._region = f"{region}0102"[:6]
        self._chance = random.Random(scenario.title)
        self._saved: Body = {}
        self.bodies: dict[str, Body] = {}
        self.kinds: dict[str, str] = {}
        for name, member in scenario.cast.items():
            self._saved[name] = ulid.new()
            self.kinds[name] = member.kind
            given = filled(member.given, self)
            self.bodies[name] = self._body(name, member, given)

    def __getitem__(self, name: str) -> Any:
        first, _, rest = name.partition(".")
        if first == "new":
            return self._saved.setdefault(rest, ulid.new())
        if first == "agreement":
            return AGREEMENT
        if first == "contract":
            return digest(f"contract {self._saved[rest]}".encode())
        if first == "paper":
            owner, _, kind = rest.partition(".")
            return digest(self.scan(owner, kind))
        if not rest:
            return self._saved[name]
        return self.bodies[first][rest] if first in self.bodies else self._saved[first][rest]

    def __iter__(self) -> Iterator[str]:
        return iter(self._saved)

    def __len__(self) -> int:
        return len(self._saved)

    def save(self, name: str, value: Any) -> None:
        self._saved[name] = value

    def scan(self, owner: str, kind: str) -> bytes:
        """The scanned paper of that kind."""
        return scan(f"{self._saved[owner]}{kind}")

    def named(self, id: str) -> str:
        """The short name of an id, or the id."""
        return next((name for name, value in self._saved.items() if value == id), id)

    def _body(self, name: str, member: Member, given: Body) -> Body:
        region = str(given.get("region", self._region))
        if member.kind == "product":
            fixed = {"product_id": self._saved[name], "name": name, "details": "示例产品", "voucher_eligible": True}
            return {**fixed, **given}
        party = new_party(self._chance, f"{name}（示例）", region)
        make = enterprise_body if member.kind == "enterprise" else provider_body
        body = {**make(self._chance, party), f"{member.kind}_id": self._saved[name], "programme": self._programme}
        if member.kind == "enterprise":
            body |= {"tax_region": region, "account": f"62{self._chance.randrange(10**14):014d}"}
            body |= {"account_holder": party.name, "bank_name": "示例银行", "bank_code": "102701000019"}
        return {**body, **given, "region": region}


def digest(content: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()
