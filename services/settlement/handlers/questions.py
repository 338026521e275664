"""Reviewers' questions and their answers (第二十五条)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from contracts.errors import Outcome, Refused
from infra.calendar import SETTING, calendar
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import work_store
from services.settlement.domain import questions as rules
from services.settlement.domain.work import Absences
from services.settlement.handlers.desk import Desk, done, foreign, missing, pack_of, reviewer_of, same

log = structlog.get_logger(__name__)


def ask_questions(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """On a claim under review, by the stage whose turn it is; due in working days by the pack."""
    desk = Desk(uow)
    desk.questions.load(command.body["question_id"] for command in commands)
    desk.claims.load(command.body["claim_id"] for command in commands)
    held = desk.claims.rows.values()
    absences = work_store.absences(uow.conn, (claim.programme for claim in held), today=uow.today)
    outcomes = [_ask(desk, absences, command) for command in commands]
    desk.save()
    warn_of_calendar(uow)
    return outcomes


def warn_of_calendar(uow: UnitOfWork) -> None:
    """Say ahead of time that working days will not be known."""
    unknown = calendar().runs_out(uow.today)
    if unknown is not None:
        log.warning("calendar.runs_out", year=unknown, supply=SETTING)


def _ask(desk: Desk, absences: Mapping[str, Absences], command: Command) -> Outcome:
    body, today = command.body, desk.uow.today
    known = desk.questions.get(body["question_id"])
    if known is not None:
        return same(known, claim_id=body["claim_id"], text=body["text"])
    claim = desk.claims.get(body["claim_id"])
    if claim is None:
        return missing("claim_id")
    pack = pack_of(claim)
    step = foreign(command, claim.programme) or rules.ask(
        question_id=body["question_id"],
        claim=claim,
        text=body["text"],
        reviewer=reviewer_of(command),
        today=today,
        due_on=calendar().add_working_days(today, rules.working_days(pack)),
        absences=absences[claim.programme],
        pack=pack,
    )
    if isinstance(step, Refused):
        return step
    desk.questions.put(step, command, record=False)
    return done(step, due_on=step.after.due_on.isoformat())


def answer_questions(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """By whom the pack says, late too."""
    desk = Desk(uow)
    desk.questions.load(command.body["question_id"] for command in commands)
    outcomes = [_answer(desk, command) for command in commands]
    desk.save()
    return outcomes


def _answer(desk: Desk, command: Command) -> Outcome:
    question = desk.questions.get(command.body["question_id"])
    if question is None:
        return missing("question_id")
    step = foreign(command, question.programme) or rules.answer(
        question=question,
        text=command.body["text"],
        answered_by=command.actor.subject,
        roles=command.actor.roles,
        today=desk.uow.today,
        pack=pack_of(question),
    )
    if isinstance(step, Refused):
        return step
    desk.questions.put(step, command, record=False)
    return done(step)
