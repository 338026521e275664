"""Until when a stage is to decide a claim, in the working days that the pack gives, and who is told when it did not."""

from __future__ import annotations

from datetime import date

from contracts.programmes import Pack
from contracts.programmes.schema import Deadline
from services.settlement.domain.claims import MOVES, Claim
from services.settlement.domain.law import decide
from services.settlement.domain.steps import Step, must, take


def deadline(pack: Pack) -> Deadline | None:
    """The pack's rule; None where a stage may take its time."""
    return pack.claims.review_deadline if pack.claims else None


def overdue(*, claim: Claim, today: date, pack: Pack) -> tuple[Step[Claim], str]:
    """The stage's last day has passed without its word: the step, and the role that is told."""
    rule = deadline(pack)
    assert rule is not None, claim.claim_id
    assert claim.due_on is not None, claim.claim_id
    assert claim.due_on < today, claim.claim_id
    facts = {"stage": claim.stage, "due_on": claim.due_on.isoformat(), "escalate_to": rule.escalate_to}
    decision = decide(pack, "claim.overdue", claim.claim_id, (rule.article,), **facts)
    return must(take(claim, MOVES, f"overdue.{claim.status}", decision=decision, late=True)), rule.escalate_to
