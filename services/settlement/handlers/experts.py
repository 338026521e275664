"""Experts score claims, each for itself (沈阳 三(五)2)."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.errors import Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import work_store
from services.settlement.domain import experts as rules
from services.settlement.domain.experts import Score
from services.settlement.handlers.desk import Desk, foreign, missing, pack_of, reviewer_of


def score_claims(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Once a version of a claim; the answer counts the scores there are, and those that the pack asks for."""
    desk = Desk(uow)
    desk.claims.load(command.body["claim_id"] for command in commands)
    given = work_store.scores(uow.conn, desk.claims.rows.values())
    new: list[Score] = []
    outcomes = [_score(desk, given, new, command) for command in commands]
    work_store.keep_scores(uow.conn, new)
    return outcomes


def _score(desk: Desk, given: dict[str, list[Score]], new: list[Score], command: Command) -> Outcome:
    body = command.body
    claim = desk.claims.get(body["claim_id"])
    if claim is None:
        return missing("claim_id")
    scores = given[claim.claim_id]
    scored = foreign(command, claim.programme) or rules.score(
        claim=claim,
        given=scores,
        value=body["score"],
        comment=body["comment"],
        expert=reviewer_of(command),
        now=desk.uow.now,
        pack=pack_of(claim),
    )
    if isinstance(scored, Refused):
        return scored
    score, decision = scored
    if score not in scores:
        scores.append(score)
        new.append(score)
    told = {name: decision.facts[name] for name in ("claim_version", "have", "need")}
    return Ok({"id": claim.claim_id, "status": claim.status, "sequence": claim.sequence, **told}, decision)
