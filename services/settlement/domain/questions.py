"""A reviewer's questions on a claim, and the working days there are to answer them (第二十五条)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.places import holds
from services.settlement.domain.claims import REVIEWABLE, Claim
from services.settlement.domain.law import absent, article, decide, on_claim, refuse
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Move, Moves, Step, must, take
from services.settlement.domain.work import NOBODY_AWAY, Absences, acting

UNANSWERED = ("open", "overdue")

MOVES: Moves = {
    "answer": Move(UNANSWERED, "answered", "question_answered"),  # late is better than never, and shown
    "overdue": Move(("open",), "overdue", "question_overdue"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`due_on`: the last working day for the answer."""

    question_id: str
    sequence: int
    claim_id: str
    programme: str
    text: str
    asked_by: str
    asked_on: date
    due_on: date
    status: str
    pack_version: str
    answer: str | None = None
    answered_by: str | None = None
    answered_on: date | None = None


def working_days(pack: Pack) -> int:
    """Working days for an answer; 0 where the programme sets no deadline."""
    return pack.claims.question.working_days if pack.claims and pack.claims.question else 0


def ask(
    *,
    question_id: str,
    claim: Claim,
    text: str,
    reviewer: Reviewer,
    today: date,
    due_on: date | Refused,
    pack: Pack,
    absences: Absences = NOBODY_AWAY,
) -> Step[Question] | Refused:
    """A question on a claim by the stage whose turn it is.

    RULE_ABSENT, WRONG_STATE, STAGE_MISMATCH, REGION_MISMATCH, CALENDAR_UNKNOWN (given as `due_on`).
    """
    if pack.claims is None or pack.claims.question is None:
        return absent(pack, "claims.question", "claim_id")
    by = pack.claims.question.article
    if claim.status not in REVIEWABLE:
        return refuse(pack, "WRONG_STATE", "claim_id", by, status=claim.status)
    stage = pack.stages("claim", claim.track)[claim.stages_passed]
    reviewer = acting(claim=claim, role=stage.role, stage=stage, reviewer=reviewer, absences=absences)
    if stage.role not in reviewer.roles:
        return refuse(pack, "STAGE_MISMATCH", "claim_id", by, turn=stage.role)
    if stage.own_region and not holds(reviewer.region, claim.region):
        return refuse(pack, "REGION_MISMATCH", "claim_id", by)
    if isinstance(due_on, Refused):
        return replace(due_on, field="claim_id", article=by)
    question = Question(
        question_id=question_id,
        sequence=1,
        claim_id=claim.claim_id,
        programme=claim.programme,
        text=text,
        asked_by=reviewer.person,
        asked_on=today,
        due_on=due_on,
        status="open",
        pack_version=pack.label,
    )
    facts: dict[str, Any] = {"claim_id": claim.claim_id, "asked_on": today.isoformat(), "due_on": due_on.isoformat()}
    facts["working_days"] = working_days(pack)
    decision = on_claim(claim.claim_id, decide(pack, "question.asked", question_id, (by,), **facts))
    return Step(question, "question_asked", decision)


def answer(
    *, question: Question, text: str, answered_by: str, roles: frozenset[str], today: date, pack: Pack
) -> Step[Question] | Refused:
    """The answer, also after the day it was due; FORBIDDEN (another's to give), WRONG_STATE when it was answered."""
    by = article(pack, "claims.question")
    rule = pack.claims.question if pack.claims else None
    if rule is not None and rule.answered_by not in roles:
        return refuse(pack, "FORBIDDEN", None, by, answered_by=rule.answered_by)
    facts = {"due_on": question.due_on.isoformat(), "late": today > question.due_on}
    decision = on_claim(question.claim_id, decide(pack, "question.answered", question.question_id, (by,), **facts))
    given = {"answer": text, "answered_by": answered_by, "answered_on": today}
    step = take(question, MOVES, "answer", decision=decision, **given)
    return replace(step, field="question_id", article=by) if isinstance(step, Refused) else step


def overdue(*, question: Question, today: date, pack: Pack) -> Step[Question]:
    """Its last day has passed without an answer."""
    assert question.due_on < today, question.question_id
    by = article(pack, "claims.question")
    facts = {"due_on": question.due_on.isoformat()}
    decision = on_claim(question.claim_id, decide(pack, "question.overdue", question.question_id, (by,), **facts))
    return must(take(question, MOVES, "overdue", decision=decision))
