"""The review of a claim, stage by stage as the pack orders them: what each may say, and what the last must know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.schema import Assessment, Stage
from services.settlement.domain import exits, samples
from services.settlement.domain.claims import MOVES, PASSED, REVIEWABLE, Claim, unpaid
from services.settlement.domain.experts import Score, elsewhere, missing, outcome
from services.settlement.domain.law import absent, article, decide, refuse, review_article
from services.settlement.domain.lines import Disallowed, as_facts, disallowed_fen, unknown_line
from services.settlement.domain.market import above_market
from services.settlement.domain.stages import Reviewer, due_facts, out_of_turn, turn
from services.settlement.domain.steps import Step, take
from services.settlement.domain.work import NOBODY_AWAY, Absences, acting, decided_by, kept_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a reviewer says; `stage`: as which role. `deduction_fen` and `disallowed` stand in place of an earlier
    stage's; None: what was said stands."""

    stage: str
    decision: str
    reasons: tuple[str, ...] = ()
    deduction_fen: int | None = None
    disallowed: tuple[Disallowed, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a stage must know: the evaluation of the enterprise's move that is this stage's (None: there is none), the
    experts' scores of this version, which leaves are in force, until when the next stage is to decide; the last:
    supervision's verdict on this version (None while it is silent), and the rest.
    """

    verdict: str | None
    question_open: bool
    blacklisted: bool
    market_price_fen: int | None = None
    evaluated: int | None = None
    scores: tuple[Score, ...] = ()
    absences: Absences = NOBODY_AWAY
    due_on: date | Refused | None = None
    sample_id: str | None = None  # of the audit sample that waits on it
    seed_awaited: bool = False  # that sample is not drawn yet: no stage decides, so that nobody steers the draw
    audited_by: tuple[str, ...] = ()  # they have judged it, and decide no stage


def review(
    *, claim: Claim, opinion: Opinion, reviewer: Reviewer, standing: Standing, pack: Pack
) -> Step[Claim] | Refused:
    """One stage's word (第二十三条). The last stage may still return or refuse what it passed, until it is put forward.

    Whoever stands in for an absent person speaks with its roles and region, and both count as having decided.
    FORBIDDEN, WRONG_STATE, STAGE_MISMATCH, REGION_MISMATCH, SAME_PERSON, CONFLICT_OF_INTEREST, TAKEN_BY_ANOTHER,
    RULE_ABSENT, REASON_MISSING, INVALID, LINE_UNKNOWN, DEDUCTION_TOO_LARGE; to pass: SCORE_MISSING, SCORE_TOO_LOW; to
    pass the last: QUESTION_OPEN, AWAITING_SUPERVISION, HELD_BY_SUPERVISION, BLACKLISTED, AUDIT_PENDING,
    PRICE_ABOVE_MARKET.
    """
    stages = pack.stages("claim", claim.track)
    by = review_article(pack, stages, opinion.stage)
    at = _place(claim, len(stages))
    turn_of = None if at is None else stages[at]
    reviewer = acting(claim=claim, role=opinion.stage, stage=turn_of, reviewer=reviewer, absences=standing.absences)
    if opinion.stage not in reviewer.roles:
        return refuse(pack, "FORBIDDEN", "stage", by)
    if at is None or (claim.status in PASSED and opinion.decision == "pass"):
        return refuse(pack, "WRONG_STATE", "claim_id", by, status=claim.status, subject=claim.claim_id)
    refused = out_of_turn(
        pack=pack,
        stage=stages[at],
        role=opinion.stage,
        reviewer=reviewer,
        regions=(claim.region,),
        others=(*decided_by(claim, at), *elsewhere(standing.scores, opinion.stage), *standing.audited_by),
        subject=claim.claim_id,
    )
    refused = refused or kept_from(
        claim=claim, reviewer=reviewer, absences=standing.absences, stage=stages[at], pack=pack
    )
    refused = refused or _allowed(claim, opinion, pack)
    if standing.seed_awaited:
        refused = refused or samples.pending(claim, standing.sample_id, pack)
    if refused is not None:
        return refused
    last = at + 1 == len(stages)
    if opinion.decision == "pass":
        refused = _evaluated(claim, opinion, standing, pack) or missing(
            claim=claim, stage=opinion.stage, scores=standing.scores, pack=pack
        )
        refused = refused or (_cleared(claim, standing, pack) if last else None)
    if refused is not None:
        return refused
    return _taken(claim, opinion, reviewer, standing, stages, at, pack)


def evaluation_name(pack: Pack, role: str) -> str:
    """Under which name the pack has enterprises evaluated by that role; empty where it has not."""
    found = (name for name, one in pack.assessments.items() if one.of == "enterprise" and one.role == role)
    return next(found, "")


def assessment_of(pack: Pack, role: str) -> Assessment | None:
    """The pack's evaluation of enterprises by that role, if it has one."""
    return pack.assessments.get(evaluation_name(pack, role))


def _place(claim: Claim, stages: int) -> int | None:
    """The number of the stage that may speak now; None when none may."""
    if claim.status in REVIEWABLE:
        return claim.stages_passed
    return stages - 1 if claim.status in PASSED and stages else None


def _taken(
    claim: Claim,
    opinion: Opinion,
    reviewer: Reviewer,
    standing: Standing,
    stages: Sequence[Stage],
    at: int,
    pack: Pack,
) -> Step[Claim] | Refused:
    stage, passes = stages[at], opinion.decision == "pass"
    next_at = at + 1 if passes else len(stages)
    changes: dict[str, Any] = {
        "reasons": opinion.reasons,
        "reviewers": (*claim.reviewers[:at], reviewer.person),
        "stood_in_for": (*claim.stood_in_for[:at], reviewer.stands_for),
        **turn(stages, next_at, standing.due_on),
    }
    if passes:
        changes["stages_passed"] = at + 1
    if opinion.decision == "refuse":
        changes["order_claimed"] = False  # the order row is let go
    facts: dict[str, Any] = {"claim_version": claim.claim_version, "claimed_fen": claim.claimed_fen}
    by: list[str | None] = [stage.article]
    if passes:
        off = _taken_off(claim, opinion)
        changes |= off
        facts |= _off_facts(claim, opinion, off)
        by += [article(pack, "claims.quality_deduction")] if "deducted_fen" in off else []
    assessment = assessment_of(pack, opinion.stage)
    if passes and assessment is not None and standing.evaluated is not None:
        changes["score"] = standing.evaluated
        facts |= {"score": standing.evaluated, "pass_mark": assessment.pass_mark}
        by.append(assessment.article)
    scored = outcome(stage=opinion.stage, scores=standing.scores, pack=pack) if passes else None
    if scored is not None:
        changes["score"] = scored[1]["score"]
        facts |= scored[1]
        by.append(scored[0])
    if reviewer.leave_id is not None:
        facts["leave_id"] = reviewer.leave_id
    facts |= {"stage": stage.name, "reasons": list(opinion.reasons), **due_facts(stages, next_at, standing.due_on)}
    decided = decide(pack, f"claim.{opinion.stage}.{opinion.decision}", claim.claim_id, by, **facts)
    action = "on" if passes and next_at < len(stages) else opinion.decision
    step = unpaid(claim, take(claim, MOVES, f"review.{action}", decision=decided, **changes))
    return replace(step, field="claim_id", article=stage.article) if isinstance(step, Refused) else step


def _taken_off(claim: Claim, opinion: Opinion) -> dict[str, Any]:
    """The fields that the opinion sets of what is taken off."""
    off: dict[str, Any] = {}
    if opinion.deduction_fen is not None:
        off["deducted_fen"] = opinion.deduction_fen
    if opinion.disallowed is not None:
        off["disallowed"] = tuple(asdict(one) for one in opinion.disallowed)
        off["disallowed_fen"] = disallowed_fen(claim=claim, disallowed=opinion.disallowed)
    return off


def _off_facts(claim: Claim, opinion: Opinion, off: Mapping[str, Any]) -> dict[str, Any]:
    """What a decision says of it: nothing where nothing was said."""
    if not off:
        return {}
    facts = {name: off[name] for name in ("deducted_fen", "disallowed_fen") if name in off}
    if opinion.disallowed is not None:
        facts |= {"disallowed": as_facts(opinion.disallowed), "invoice_fen": claim.invoice_fen}
    return {**facts, "payable_fen": replace(claim, **off).payable_fen}


def _allowed(claim: Claim, opinion: Opinion, pack: Pack) -> Refused | None:
    """May this be said at all: a deduction where there is such a rule, reasons for what is not plain yes."""
    by = review_article(pack, pack.stages("claim", claim.track), opinion.stage)
    facts: dict[str, Any] = {"subject": claim.claim_id}
    if opinion.deduction_fen and (pack.claims is None or pack.claims.quality_deduction is None):
        return absent(pack, "claims.quality_deduction", "deduction_fen")
    if not opinion.reasons and _wants_reasons(claim, opinion):
        return refuse(pack, "REASON_MISSING", "reasons", by, **facts)
    if opinion.decision != "pass":
        said = {"deduction_fen": opinion.deduction_fen, "disallowed": opinion.disallowed}
        field = next((name for name, value in said.items() if value), None)
        return refuse(pack, "INVALID", field, by, **facts) if field else None
    unknown = unknown_line(claim=claim, disallowed=opinion.disallowed or ())
    if unknown is not None:
        return refuse(pack, "LINE_UNKNOWN", "disallowed", by, **facts, **unknown)
    return _something_left(claim, opinion, by, pack)


def _wants_reasons(claim: Claim, opinion: Opinion) -> bool:
    """What is not plain yes; a line that is disallowed has its own, one that is allowed after all has not."""
    deducts = opinion.deduction_fen or opinion.deduction_fen not in (None, claim.deducted_fen)
    allows = opinion.disallowed == () and claim.disallowed != ()
    return opinion.decision != "pass" or bool(deducts) or allows


def _something_left(claim: Claim, opinion: Opinion, by: str | None, pack: Pack) -> Refused | None:
    """DEDUCTION_TOO_LARGE where nothing is left to pay: that is a refusal, and is decided as one."""
    off = _taken_off(claim, opinion)
    if not off or (after := replace(claim, **off)).payable_fen > 0:
        return None
    field = "deduction_fen" if opinion.deduction_fen else "disallowed"
    by = article(pack, "claims.quality_deduction") if opinion.deduction_fen else by
    fen = {name: getattr(after, name) for name in ("claimed_fen", "deducted_fen", "disallowed_fen", "audited_fen")}
    return refuse(pack, "DEDUCTION_TOO_LARGE", field, by, subject=claim.claim_id, **fen)


def _evaluated(claim: Claim, opinion: Opinion, standing: Standing, pack: Pack) -> Refused | None:
    """The third party's evaluation of the move, where it is a condition of payment (山东 三(二)、三(四))."""
    assessment = assessment_of(pack, opinion.stage)
    if assessment is None or not assessment.condition:
        return None
    facts = {"subject": claim.claim_id, "order_id": claim.order_id, "pass_mark": assessment.pass_mark}
    if standing.evaluated is None:
        return refuse(pack, "SCORE_MISSING", "claim_id", assessment.article, **facts)
    if assessment.pass_mark is not None and standing.evaluated < assessment.pass_mark:
        return refuse(pack, "SCORE_TOO_LOW", "claim_id", assessment.article, **facts, score=standing.evaluated)
    return None


def _cleared(claim: Claim, standing: Standing, pack: Pack) -> Refused | None:
    """Why the last stage cannot pass it now; None when it can."""
    hold = article(pack, "supervision.hold")
    facts = {"subject": claim.claim_id, "claim_version": claim.claim_version}
    if standing.question_open:
        return refuse(pack, "QUESTION_OPEN", "claim_id", article(pack, "claims.question"), **facts)
    if standing.verdict is None:
        return refuse(pack, "AWAITING_SUPERVISION", "claim_id", hold, **facts)
    if standing.verdict != "cleared":
        return refuse(pack, "HELD_BY_SUPERVISION", "claim_id", hold, **facts, verdict=standing.verdict)
    if standing.blacklisted and not pack.exit.running_continue:
        return refuse(pack, "BLACKLISTED", "claim_id", article(pack, "exit.blacklist"), **facts)
    waits = exits.barred(claim, pack) or samples.pending(claim, standing.sample_id, pack)
    if waits is not None:
        return waits
    market = standing.market_price_fen
    return above_market(price_fen=claim.price_fen, market_price_fen=market, field="claim_id", pack=pack)
