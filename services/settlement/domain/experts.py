"""Experts' scores of a claim: each alone and once a version, so many of them and with such a mean (沈阳 三(五)2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from contracts.programmes.schema import ExpertReview
from services.settlement.domain.claims import REVIEWABLE, Claim
from services.settlement.domain.law import absent, decide, refuse
from services.settlement.domain.stages import Reviewer, out_of_turn
from services.settlement.domain.work import decided_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one expert gave one version of a claim; never changed."""

    claim_id: str
    claim_version: int
    scored_by: str
    stage: str
    score: int
    comment: str | None
    scored_at: datetime


def rule_of(pack: Pack) -> ExpertReview | None:
    """The pack's rule; None where no experts are asked."""
    return pack.claims.expert_review if pack.claims else None


def score(
    *,
    claim: Claim,
    given: Sequence[Score],
    value: int,
    comment: str | None,
    expert: Reviewer,
    now: datetime,
    pack: Pack,
) -> tuple[Score, Decision] | Refused:
    """One expert's score, for itself alone: nobody stands in; the same again is what stands.

    `given`: the scores of this version. RULE_ABSENT, FORBIDDEN, ALREADY_EXISTS, WRONG_STATE, STAGE_MISMATCH,
    REGION_MISMATCH, SAME_PERSON, CONFLICT_OF_INTEREST.
    """
    rule, subject = rule_of(pack), {"subject": claim.claim_id}
    if rule is None:
        return absent(pack, "claims.expert_review", "claim_id")
    if rule.role not in expert.roles:
        return refuse(pack, "FORBIDDEN", None, rule.article, role=rule.role)
    own = next((one for one in given if one.scored_by == expert.person), None)
    if own is not None:
        if (own.score, own.comment) != (value, comment):
            return refuse(pack, "ALREADY_EXISTS", "score", rule.article, **subject)
        return own, _decided(own, rule, len(given), pack)
    if claim.status not in REVIEWABLE:
        return refuse(pack, "WRONG_STATE", "claim_id", rule.article, **subject, status=claim.status)
    refused = out_of_turn(
        pack=pack,
        stage=pack.stages("claim", claim.track)[claim.stages_passed],
        role=rule.role,
        reviewer=expert,
        regions=(claim.region,),
        others=decided_by(claim, claim.stages_passed),
        subject=claim.claim_id,
    )
    if refused is not None:
        return refused
    if expert.organisation in {*claim.parties, claim.enterprise_id}:
        return refuse(pack, "CONFLICT_OF_INTEREST", "claim_id", rule.article, **subject)
    new = Score(
        claim_id=claim.claim_id,
        claim_version=claim.claim_version,
        scored_by=expert.person,
        stage=rule.role,
        score=value,
        comment=comment,
        scored_at=now,
    )
    return new, _decided(new, rule, len(given) + 1, pack)


def _decided(score: Score, rule: ExpertReview, have: int, pack: Pack) -> Decision:
    facts = {"claim_version": score.claim_version, "score": score.score, "have": have, "need": rule.experts}
    return decide(pack, "claim.scored", score.claim_id, (rule.article,), **facts)


def missing(*, claim: Claim, stage: str, scores: Sequence[Score], pack: Pack) -> Refused | None:
    """Why the experts' stage cannot pass it: SCORE_MISSING, SCORE_TOO_LOW; None where it can, or is another's."""
    rule = rule_of(pack)
    if rule is None or rule.role != stage:
        return None
    facts: dict[str, Any] = {"subject": claim.claim_id, "have": len(scores), "need": rule.experts}
    if len(scores) < rule.experts:
        return refuse(pack, "SCORE_MISSING", "claim_id", rule.article, **facts)
    if sum(one.score for one in scores) < rule.pass_mark * len(scores):
        told = {"score": mean(scores), "pass_mark": rule.pass_mark}
        return refuse(pack, "SCORE_TOO_LOW", "claim_id", rule.article, **facts, **told)
    return None


def mean(scores: Sequence[Score]) -> int:
    """Rounded down: what is not reached is not given."""
    return sum(one.score for one in scores) // len(scores)


def outcome(*, stage: str, scores: Sequence[Score], pack: Pack) -> tuple[str, dict[str, Any]] | None:
    """The article and the facts of a pass by the experts' stage; None at any other."""
    rule = rule_of(pack)
    if rule is None or rule.role != stage:
        return None
    return rule.article, {"score": mean(scores), "experts": len(scores), "pass_mark": rule.pass_mark}


def elsewhere(scores: Sequence[Score], stage: str) -> tuple[str, ...]:
    """Who scored it at another stage than this, and has thereby judged it."""
    return tuple(one.scored_by for one in scores if one.stage != stage)
