"""Partial approval: lines of an invoice that are not supported, and what that takes off its claim (第二十三条)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.settlement.domain.claims import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Disallowed:
    """So much of a line (1 is the first) is not supported; `code`: why, as everyone may know, `reason`: as it was."""

    line: int
    amount_fen: int
    code: str
    reason: str


def unknown_line(*, claim: Claim, disallowed: Sequence[Disallowed]) -> Mapping[str, Any] | None:
    """The first line that the invoice does not have, or that holds less than is disallowed of it in all.

    An invoice without lines is one line.
    """
    held = [line["amount_fen"] for line in claim.lines] or [claim.invoice_fen]
    taken: dict[int, int] = {}
    for one in disallowed:
        taken[one.line] = taken.get(one.line, 0) + one.amount_fen
    for line, amount_fen in sorted(taken.items()):
        holds_fen = held[line - 1] if line <= len(held) else 0
        if amount_fen > holds_fen:
            return {"line": line, "amount_fen": amount_fen, "holds_fen": holds_fen}
    return None


def disallowed_fen(*, claim: Claim, disallowed: Sequence[Disallowed]) -> int:
    """The share of the support that these carry, rounded up to the fen: what is left is rounded down."""
    off_fen = sum(one.amount_fen for one in disallowed)
    return -(-claim.claimed_fen * off_fen // claim.invoice_fen)


def as_facts(disallowed: Sequence[Disallowed]) -> list[dict[str, Any]]:
    """Lines, amounts and codes as a decision keeps them, without the words."""
    return [{"line": one.line, "amount_fen": one.amount_fen, "code": one.code} for one in disallowed]
