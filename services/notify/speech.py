"""What a programme calls things, from its own pack: so that no notice speaks in another programme's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.programmes import Pack
from contracts.programmes.words import VALUES
from services.notify.domain import board
from services.notify.domain.recipients import Said
from services.notify.domain.rules import rules_at

_COLON = {"zh": "：", "en": ":"}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of organisations and products by id; one not heard of yet is shown by its id."""

    parties: Mapping[str, str]
    products: Mapping[str, str]

    def party(self, party_id: str) -> str:
        return self.parties.get(party_id, party_id)

    def product(self, product_id: str) -> str:
        return self.products.get(product_id, product_id)


NOBODY = Names(parties={}, products={})


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says things in one language as one programme's pack does; without a pack, in general words."""

    language: str
    pack: Pack | None
    names: Names = field(default=NOBODY)

    @property
    def voucher(self) -> str:
        """What the document calls the support: 云使用券, 上云补贴."""
        return self._in(board.voucher(self.pack))

    @property
    def claim(self) -> str:
        """What the document calls getting the money: 兑现, 补贴, 奖补."""
        return self._in(board.claiming(self.pack))

    @property
    def reimburses(self) -> bool:
        """Is the support a share of what was really paid, so that before it was paid it is foreseen at best?"""
        return self.pack is not None and self.pack.amount is not None and self.pack.amount.base.of == "paid"

    def office(self, role: str) -> str:
        """The name of the office that holds a role, as the pack introduces it ("工信厅：…"), else the role's own."""
        rule = self.pack.roles.get(role) if self.pack else None  # type: ignore[call-overload]
        name, colon, _ = self._in(rule).partition(_COLON[self.language]) if rule else ("", "", "")
        if colon:
            return name
        return VALUES[role]["zh" if self.language == "zh" else "en"] if role in VALUES else role

    def knows(self, code: str) -> bool:
        """Has the pack a word for that category or track?"""
        return self.pack is not None and (code in self.pack.categories or code in self.pack.tracks)

    def kind(self, code: str) -> str:
        """The name of a category or track, within a sentence."""
        found = (self.pack.categories.get(code) or self.pack.tracks.get(code)) if self.pack else None
        name = self._in(found) if found else code
        return name if self.language == "zh" else name[:1].lower() + name[1:]

    def rules(self, paths: tuple[str, ...], data: Mapping[str, Any]) -> list[str]:
        """What the pack's rules at these paths say, each once, with its article."""
        said = [
            f"{self._in(rule)}（{rule.article}）" if self.language == "zh" else f"{self._in(rule)} ({rule.article})"
            for path in paths
            for rule in rules_at(self.pack, path, data)
        ]
        return list(dict.fromkeys(said))

    def fill(self, said: Said) -> str:
        """The words with `{voucher}` and `{claim}` filled in."""
        return said.of(self.language).format(voucher=self.voucher, claim=self.claim)

    def _in(self, text: Any) -> str:
        return str(text.zh if self.language == "zh" else text.en)
