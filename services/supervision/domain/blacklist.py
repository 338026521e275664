"""Who is put on the blacklist on which ground, by which articles."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.programmes import Pack
from services.supervision.domain.screening import articles

# ground → the rule of the pack that it is a breach of; the first five are those of forced exit
RULES = {
    "law_breach": "exit.forced.1",
    "public_morals": "exit.forced.2",
    "refusal_or_fraud": "exit.forced.3",
    "insolvency": "exit.forced.4",
    "measures_not_mended": "exit.forced.5",
    "crime": "exit.blacklist",
    "fraud": "supervision.fraud",
}

SKEW = timedelta(minutes=5)  # clocks of callers


def ground_articles(pack: Pack, ground: str) -> tuple[str, ...]:
    """The articles of the ground and of the list itself; empty when the programme knows no such ground."""
    of_ground = articles(pack, RULES[ground])
    of_list = articles(pack, "exit.blacklist", "supervision.dishonesty_list")
    return tuple(dict.fromkeys(of_ground + of_list)) if of_ground else ()


def moment(asked: datetime | None, *, now: datetime) -> datetime | None:
    """When it takes effect: now, or later as asked; None when that was in the past."""
    if asked is None:
        return now
    if asked < now - SKEW:
        return None
    return max(asked, now)
