"""The wind-down of a provider that left: what came of each order that ran then (第十二条)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.errors import Decision
from contracts.programmes import Pack
from services.voucher.domain.law import articles
from services.voucher.domain.orders import RUNS

OUTCOMES = ("open", "handed_over", "settled", "voided")
NOT_SERVED = ("voided", "failed", "refunded")


@dataclass(frozen=True)
class WindDown:
    """Counts of its orders by outcome, as they were when it was last told."""

    provider_id: str
    sequence: int
    programme: str
    open: int
    handed_over: int
    settled: int
    voided: int
    status: str


@dataclass(frozen=True)
class Left:
    """Orders of one kind that a provider left: still its own, their state, and whether they wait for a word."""

    its_own: bool
    status: str
    waits: bool
    orders: int = 1


def outcome(left: Left) -> str:
    """open, handed_over, settled (served: claimed, paid, or may be claimed) or voided."""
    if not left.its_own:
        return "handed_over"
    if left.status in NOT_SERVED:
        return "voided"
    return "open" if left.waits and left.status in RUNS else "settled"


def tally(found: Iterable[Left]) -> Mapping[str, int]:
    """How many orders by outcome."""
    counts = Counter[str]()
    for left in found:
        counts[outcome(left)] += left.orders
    return {name: counts[name] for name in OUTCOMES}


def follow(
    *, wind_down: WindDown | None, provider_id: str, counts: Mapping[str, int], pack: Pack
) -> list[tuple[WindDown, str, Decision]]:
    """What is to be told, each with its event: opened when its provider left, or an order waits again; closed when
    none does any more. A provider without orders opens and closes at once: it, too, is wound down."""
    steps: list[tuple[WindDown, str, Decision]] = []
    if wind_down is None:
        fresh = WindDown(provider_id, 0, pack.code, 0, 0, 0, 0, "closed")
        steps.append(_told(fresh, counts, "open", pack))
    elif wind_down.status == "closed" and counts["open"]:
        steps.append(_told(wind_down, counts, "open", pack))
    now = steps[-1][0] if steps else wind_down
    if now is not None and now.status == "open" and not counts["open"]:
        steps.append(_told(now, counts, "closed", pack))
    return steps


def _told(before: WindDown, counts: Mapping[str, int], status: str, pack: Pack) -> tuple[WindDown, str, Decision]:
    changes: dict[str, Any] = {"sequence": before.sequence + 1, "status": status, **counts}
    after = replace(before, **changes)
    name = "wind_down_opened" if status == "open" else "wind_down_closed"
    rests_on = articles(pack, "exit.aftermath")
    return after, name, Decision(name, after.provider_id, after.programme, pack.label, rests_on, dict(counts))


def state(wind_down: WindDown, law: Mapping[str, Any]) -> dict[str, Any]:
    """As its events tell of it."""
    return {**{name: value for name, value in vars(wind_down).items() if name != "sequence"}, "law": law}
