"""The life of an alert, and what its resolution means for the claim."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

OPEN_STATES = ("open", "acknowledged")

# state → what may follow
NEXT: Mapping[str, frozenset[str]] = {
    "open": frozenset({"acknowledged", "confirmed", "false_alarm"}),
    "acknowledged": frozenset({"confirmed", "false_alarm"}),
    "confirmed": frozenset(),
    "false_alarm": frozenset(),
}

Verdict = Literal["cleared", "held", "rejected"]


def may_become(status: str, following: str) -> bool:
    """Is the transition listed?"""
    return following in NEXT[status]


def verdict(holding: Collection[str]) -> Verdict:
    """The claim's verdict from the states of the alerts that hold this version of it: one confirmed rejects it, one
    that waits for a supervisor holds it, and only when none is left is it cleared."""
    if "confirmed" in holding:
        return "rejected"
    return "held" if any(status in OPEN_STATES for status in holding) else "cleared"
