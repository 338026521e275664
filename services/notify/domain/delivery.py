"""What becomes of a mail: its states, when it is tried again, and when that ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["pending", "sending", "sent", "failed", "unknown", "expired"]
Verdict = Literal["taken", "later", "never", "unknown"]

TRANSITIONS: Mapping[State, frozenset[State]] = {
    "pending": frozenset({"sending", "failed", "pending", "expired"}),
    "sending": frozenset({"sent", "failed", "unknown", "pending"}),
    "sent": frozenset(),
    "failed": frozenset(),
    "unknown": frozenset(),  # sending again might tell a party twice; the notice stands in its inbox anyway
    "expired": frozenset(),
}
FINAL: frozenset[State] = frozenset(state for state, next_ones in TRANSITIONS.items() if not next_ones)

# Waits after the first, second … attempt that failed for now: a server that greylists takes the second or third,
# and one that is down over a weekend is met again.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
)
MOST_ATTEMPTS = len(WAITS) + 1
EXPIRES = timedelta(days=7)  # a notice that nobody sent for so long stands in the inbox, and is no news any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """The delivery after an attempt; `next_at` only while it is pending."""

    state: State
    attempts: int
    next_at: datetime | None
    reason: str | None


def after(*, verdict: Verdict, reason: str | None, attempts: int, now: datetime) -> Attempted:
    """What a delivery becomes by the mail server's verdict on its attempt number `attempts` (1 is the first).

    `reason` is a code (`SMTP_451`, `NO_ADDRESS`), never a text of the server's: that may name the addressee.
    """
    assert attempts >= 1, "a verdict follows an attempt"
    if verdict == "taken":
        return Attempted(state="sent", attempts=attempts, next_at=None, reason=None)
    if verdict == "unknown":
        return Attempted(state="unknown", attempts=attempts, next_at=None, reason=reason)
    if verdict == "later" and attempts < MOST_ATTEMPTS:
        return Attempted(state="pending", attempts=attempts, next_at=now + WAITS[attempts - 1], reason=reason)
    return Attempted(state="failed", attempts=attempts, next_at=None, reason=reason)
