"""The wind-down of a provider that left: what comes of its claims that were not put forward then (第十二条)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from services.settlement.domain.claims import ENDED, MOVES, PENDING, Claim, unpaid
from services.settlement.domain.law import absent, article, decide, refuse
from services.settlement.domain.stages import NO_TURN
from services.settlement.domain.steps import Step, take

OUTCOMES = ("open", "settled", "voided")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindDown:
    """Counts of its claims by outcome, as they were when it was last told."""

    provider_id: str
    sequence: int
    programme: str
    open: int = 0
    settled: int = 0
    voided: int = 0
    status: str


@dataclass(frozen=True, slots=True)
class Left:
    """Claims of one kind: what was said of them (`pending`: nothing yet), and their state."""

    wind_down: str
    status: str
    claims: int = 1


def decide_on(*, claim: Claim, outcome: str, reasons: tuple[str, ...], pack: Pack) -> Step[Claim] | Refused:
    """settle: it goes its way; void: it ends, and lets go of its order. RULE_ABSENT, WRONG_STATE (nothing waits)."""
    by = article(pack, "exit.aftermath")
    if by is None:
        return absent(pack, "exit.aftermath", "claim_id")
    if claim.wind_down != PENDING or claim.status in ENDED:
        found = {"status": claim.status, "wind_down": claim.wind_down, "subject": claim.claim_id}
        return refuse(pack, "WRONG_STATE", "claim_id", by, **found)
    facts = {"outcome": outcome, "was": claim.status, "payable_fen": claim.payable_fen, "reasons": list(reasons)}
    decision = decide(pack, f"claim.wind_down.{outcome}", claim.claim_id, (by,), **facts)
    if outcome == "settle":
        step = take(claim, MOVES, f"wind_down.{claim.status}", decision=decision, wind_down="settle")
    else:
        ended = {**NO_TURN, "order_claimed": False, "reasons": reasons, "wind_down": "void"}
        step = unpaid(claim, take(claim, MOVES, "wind_down.void", decision=decision, **ended))
    return replace(step, field="claim_id", article=by) if isinstance(step, Refused) else step


def barred(claim: Claim, pack: Pack) -> Refused | None:
    """WIND_DOWN_PENDING: its provider left, and nobody has said yet what comes of it."""
    if claim.wind_down != PENDING:
        return None
    return refuse(pack, "WIND_DOWN_PENDING", "claim_id", article(pack, "exit.aftermath"), subject=claim.claim_id)


def outcome(left: Left) -> str:
    """open, settled, or voided, by whatever it ended."""
    if left.status in ENDED:
        return "voided"
    return "open" if left.wind_down == PENDING else "settled"


def tally(found: Iterable[Left]) -> Mapping[str, int]:
    """How many claims by outcome."""
    counts = Counter[str]()
    for left in found:
        counts[outcome(left)] += left.claims
    return {name: counts[name] for name in OUTCOMES}


def follow(
    *, wind_down: WindDown | None, provider_id: str, counts: Mapping[str, int], pack: Pack
) -> list[Step[WindDown]]:
    """What is to be told: opened when its provider left, or a claim waits again; closed when none does any more. A
    provider without claims opens and closes at once: it, too, is wound down."""
    steps: list[Step[WindDown]] = []
    if wind_down is None:
        fresh = WindDown(provider_id=provider_id, sequence=0, programme=pack.code, status="closed")
        steps.append(_told(fresh, counts, "open", pack))
    elif wind_down.status == "closed" and counts["open"]:
        steps.append(_told(wind_down, counts, "open", pack))
    now = steps[-1].after if steps else wind_down
    if now is not None and now.status == "open" and not counts["open"]:
        steps.append(_told(now, counts, "closed", pack))
    return steps


def _told(before: WindDown, counts: Mapping[str, int], status: str, pack: Pack) -> Step[WindDown]:
    event = "wind_down_opened" if status == "open" else "wind_down_closed"
    changes: dict[str, Any] = {"sequence": before.sequence + 1, "status": status, **counts}
    decision: Decision = decide(pack, event, before.provider_id, (article(pack, "exit.aftermath"),), **counts)
    return Step(replace(before, **changes), event, decision)
