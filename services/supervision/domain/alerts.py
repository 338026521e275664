"""The life of an alert, and what its resolution means for the claims that it is on."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any, Literal

OPEN_STATES = ("open", "acknowledged")
SHOWN = 20  # claims that the alert itself names, the newest; alert_claims has all

# state → what may follow
NEXT: Mapping[str, frozenset[str]] = {
    "open": frozenset({"acknowledged", "confirmed", "false_alarm"}),
    "acknowledged": frozenset({"confirmed", "false_alarm"}),
    "confirmed": frozenset(),
    "false_alarm": frozenset(),
}

# What an alert of a rule is about: repeats on the same subject fold into one. The claim, where nothing else is named.
PROVIDER_RULES = frozenset({"CAP_HUGGING", "BURST", "SHELL_ENTERPRISES"})
SEVERITY_ORDER = ("low", "medium", "high")

Verdict = Literal["cleared", "held", "rejected"]
Claim = Mapping[str, Any]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def may_become(status: str, following: str) -> bool:
    """Is the transition listed?"""
    return following in NEXT[status]


def verdict(holding: Collection[str]) -> Verdict:
    """The claim's verdict from the states of the alerts that hold this version of it: one confirmed rejects it, one
    that waits for a supervisor holds it, and only when none is left is it cleared."""
    if "confirmed" in holding:
        return "rejected"
    return "held" if any(status in OPEN_STATES for status in holding) else "cleared"


def counted(*, status: str, holds: bool, cleared: bool) -> str | None:
    """The state that an alert brings into a claim's verdict, if it holds the claim or was confirmed for it."""
    if cleared:
        return None
    return status if holds or status == "confirmed" else None


def subject_of(rule: str, claim: Claim) -> tuple[str, str]:
    """(kind, subject) of a finding of that rule on that claim."""
    if rule == "AFFILIATED_PARTIES":
        return "pair", f"{claim['enterprise_id']}:{claim['provider_id']}"
    if rule == "CONTRACT_REUSED" and claim.get("contract_sha256"):
        return "contract", str(claim["contract_sha256"])
    if rule in PROVIDER_RULES:
        return "provider", str(claim["provider_id"])
    return "claim", str(claim["claim_id"])


def alert_id(*, alert: str, subject: str, programme: str, number: int) -> str:
    """The id of the number-th alert on a subject: ULID-shaped, made of the first 125 bits of SHA-256, so that two
    services that raise it at once raise the same."""
    digest = hashlib.sha256(f"{programme}\n{alert}\n{subject}\n{number}".encode()).digest()
    bits = int.from_bytes(digest[:16], "big") >> 3
    return "".join(_ALPHABET[(bits >> shift) & 31] for shift in range(125, -1, -5))


def graver(one: str, other: str) -> str:
    """The graver of two severities: what was found anew never makes an alert lighter."""
    return max(one, other, key=SEVERITY_ORDER.index)
