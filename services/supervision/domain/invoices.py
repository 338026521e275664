"""Was this invoice used before? Its number is compared in the forms that a reused one is disguised in, by lookup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.supervision.domain.finding import Finding, Severity, worst

RULE = "INVOICE_REUSED"
TAIL = 8  # digits of an invoice's own number behind the code of its roll
SHORTEST = 5  # digits a number needs before swapped digits or a changed prefix mean anything
# Claims of one provider within so many numbers from which its numbers are taken to run on: a swap of the last digits
# leads to a near number, of digits further ahead to a far one; where these are dense, either may be an honest one.
RUNS_ON = {100: 4, 10_000: 25}

Likeness = Literal["same", "prefix", "swapped"]

_NOT_DIGITS_AHEAD = re.compile(r"^[^0-9]+")

HOW: dict[Likeness, tuple[str, str]] = {
    "same": ("发票号码相同", "the same invoice number"),
    "prefix": ("发票号码仅前缀不同", "the same invoice number but for its prefix"),
    "swapped": ("发票号码仅相邻两位数字互换", "the same invoice number but for two neighbouring digits swapped"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """plain: letters and digits alone, upper case. bare: from the first digit on, but leading zeros. tail: the last
    eight digits, likewise, where there are more. near, far: the 100 and 10,000 numbers of its provider it lies in."""

    plain: str
    bare: str
    tail: str | None
    near: str | None
    far: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One claim's use of one invoice; `used_at`: when it was first filed with it."""

    claim_id: str
    order_id: str
    provider_id: str
    enterprise_id: str
    forms: Forms
    amount_fen: int
    issued_on: date
    used_at: datetime
    ended: bool  # the claim was withdrawn or refused and will not be paid

    @property
    def age(self) -> tuple[datetime, str]:
        return (self.used_at, self.claim_id)


def forms(number: str, *, provider_id: str) -> Forms:
    """The forms of a number as written: full-width signs, spaces, hyphens and letters' case do not count."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKC", number).upper() if sign.isalnum())
    bare = _NOT_DIGITS_AHEAD.sub("", plain).lstrip("0")
    digits = bare if bare.isascii() and bare.isdigit() else ""
    tail = digits[-TAIL:].lstrip("0") if len(digits) > TAIL else ""
    return Forms(
        plain=plain[:64],
        bare=bare[:64],
        tail=tail if len(tail) >= SHORTEST else None,
        near=_block(digits, provider_id, 100),
        far=_block(digits, provider_id, 10_000),
    )


def swaps(plain: str) -> frozenset[str]:
    """The bare forms of the number with each two neighbouring, different digits swapped; none for a short one."""
    number = _NOT_DIGITS_AHEAD.sub("", plain)  # with its leading zeros, of which one may be swapped too
    if len(number) < SHORTEST:
        return frozenset()
    found = set()
    for at in range(len(number) - 1):
        a, b = number[at], number[at + 1]
        if a != b and a.isdigit() and b.isdigit():
            found.add((number[:at] + b + a + number[at + 2 :]).lstrip("0"))
    return frozenset(found)


def likeness(mine: Use, other: Use, *, in_sequence: frozenset[str]) -> Likeness | None:
    """How the other claim's number is this one, if it is.

    Other numbers of a roll are one digit swap from each other by nature, so where a provider's numbers run on
    (`in_sequence`: dense blocks) a swap counts only for the same enterprise and amount. A prefix tells the rolls of two
    sellers apart, so across providers a changed one counts only for the same enterprise or amount.
    """
    if mine.forms.plain == other.forms.plain:
        return "same"
    alike = mine.amount_fen == other.amount_fen and mine.enterprise_id == other.enterprise_id
    either = mine.amount_fen == other.amount_fen or mine.enterprise_id == other.enterprise_id
    one_seller = mine.provider_id == other.provider_id
    if len(mine.forms.bare) >= SHORTEST and mine.forms.bare == other.forms.bare:
        return "prefix" if one_seller or either else None
    if _same_tail(mine.forms, other.forms):
        return "prefix" if (either if one_seller else alike) else None
    if other.forms.bare in swaps(mine.forms.plain):
        blocks = {mine.forms.near, mine.forms.far, other.forms.near, other.forms.far}
        return "swapped" if alike or not blocks & in_sequence else None
    return None


class Lookup:
    """Uses by the forms they can be found under, so that each claim of a batch looks at few."""

    def __init__(self, uses: Iterable[Use]) -> None:
        self._by_form: dict[str, list[Use]] = {}
        for use in uses:
            for form in {use.forms.plain, use.forms.bare, use.forms.tail or use.forms.bare}:
                self._by_form.setdefault(form, []).append(use)

    def like(self, mine: Use) -> list[Use]:
        """Uses that may be of the same invoice, once each."""
        forms = {mine.forms.plain, mine.forms.bare, mine.forms.tail or mine.forms.bare} | swaps(mine.forms.plain)
        found = {(use.claim_id, use.forms.plain): use for form in forms for use in self._by_form.get(form, [])}
        return [found[key] for key in sorted(found)]


def earlier_uses(mine: Use, others: Iterable[Use], *, in_sequence: frozenset[str]) -> list[tuple[Likeness, Use]]:
    """Uses by other claims before this one; a claim that ended unpaid on the same order does not count."""
    found = []
    for other in sorted(others, key=lambda use: use.age):
        if other.claim_id == mine.claim_id or other.age > mine.age:
            continue
        if other.ended and other.order_id == mine.order_id:
            continue
        how = likeness(mine, other, in_sequence=in_sequence)
        if how is not None:
            found.append((how, other))
    return found


def judge(mine: Use, earlier: Sequence[tuple[Likeness, Use]]) -> Finding | None:
    """INVOICE_REUSED when claims before this one used the invoice (the pack's `supervision.truth`)."""
    if not earlier:
        return None
    how, first = min(earlier, key=lambda use: (use[0] != "same", use[1].age))
    zh, en = HOW[how]
    severities: list[Severity] = ["high" if one == "same" else "medium" for one, _ in earlier]
    return Finding(
        rule=RULE,
        severity=worst(severities),
        zh=f"{zh}：兑现申请 {first.claim_id} 已于 {first.used_at:%Y-%m-%d} 使用。",
        en=f"Claim {first.claim_id} of {first.used_at:%Y-%m-%d} used {en}.",
        numbers={
            "likeness": how,
            "uses_before": len(earlier),
            "amount_fen": mine.amount_fen,
            "other_amount_fen": first.amount_fen,
            "same_provider": mine.provider_id == first.provider_id,
            "same_enterprise": mine.enterprise_id == first.enterprise_id,
        },
        claims=tuple(use.claim_id for _, use in earlier[:20]),
        parties=tuple(sorted({party for _, use in earlier[:20] for party in (use.provider_id, use.enterprise_id)})),
    )


def dense(sizes: Mapping[str, int]) -> frozenset[str]:
    """Of blocks with as many uses in them, those in which numbers run on."""
    return frozenset(block for block, many in sizes.items() if many >= RUNS_ON[int(block.split(":")[0])])


def _block(digits: str, provider_id: str, width: int) -> str | None:
    """`width:provider:digits:number without its end`; None for what is no number."""
    return f"{width}:{provider_id}:{len(digits)}:{int(digits) // width}" if digits else None


def _same_tail(mine: Forms, other: Forms) -> bool:
    if mine.tail is not None and mine.tail in (other.tail, other.bare):
        return True
    return other.tail is not None and other.tail == mine.bare
