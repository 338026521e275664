"""The bureau's questions on a claim, and the working days the operator has to answer (第二十五条)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain.claims import Claim
from services.settlement.domain.law import article, decide, refuse
from services.settlement.domain.steps import Move, Moves, Step, must, take

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
    asked_by: str,
    today: date,
    due_on: date | Refused,
    pack: Pack,
) -> Step[Question] | Refused:
    """A question on a claim under the bureau's review. WRONG_STATE, CALENDAR_UNKNOWN (given as `due_on`)."""
    by = article(pack, "claims.question")
    if claim.status != "operator_passed":
        return refuse(pack, "WRONG_STATE", "claim_id", by, status=claim.status)
    if isinstance(due_on, Refused):
        return replace(due_on, field="claim_id", article=by)
    question = Question(
        question_id=question_id,
        sequence=1,
        claim_id=claim.claim_id,
        programme=claim.programme,
        text=text,
        asked_by=asked_by,
        asked_on=today,
        due_on=due_on,
        status="open",
        pack_version=pack.label,
    )
    facts = {"claim_id": claim.claim_id, "asked_on": today.isoformat(), "due_on": due_on.isoformat()}
    decision = decide(pack, "question.asked", question_id, (by,), **facts, working_days=working_days(pack))
    return Step(question, "question_asked", decision)


def answer(*, question: Question, text: str, answered_by: str, today: date, pack: Pack) -> Step[Question] | Refused:
    """The operator's answer, also after the day it was due; WRONG_STATE when it was answered before."""
    by = article(pack, "claims.question")
    facts = {"due_on": question.due_on.isoformat(), "late": today > question.due_on}
    decision = decide(pack, "question.answered", question.question_id, (by,), **facts)
    given = {"answer": text, "answered_by": answered_by, "answered_on": today}
    step = take(question, MOVES, "answer", decision=decision, **given)
    return replace(step, field="question_id", article=by) if isinstance(step, Refused) else step


def overdue(*, question: Question, today: date, pack: Pack) -> Step[Question]:
    """Its last day has passed without an answer."""
    assert question.due_on < today, question.question_id
    by = article(pack, "claims.question")
    decision = decide(pack, "question.overdue", question.question_id, (by,), due_on=question.due_on.isoformat())
    return must(take(question, MOVES, "overdue", decision=decision))
