"""Objections to a claim on public notice: each holds its own claim alone (内蒙古 七(一))."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain import claims as claim_rules
from services.settlement.domain import notices
from services.settlement.domain.claims import Claim
from services.settlement.domain.law import article, decide, on_claim, refuse
from services.settlement.domain.steps import Move, Moves, Step, must, take

MOVES: Moves = {
    "uphold": Move(("open",), "upheld", "objection_decided"),
    "dismiss": Move(("open",), "dismissed", "objection_decided"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Its text, which may name people, is sealed under the deployment's keys, and is told to nobody by itself."""

    objection_id: str
    sequence: int
    notice_id: str
    claim_id: str
    provider_id: str
    programme: str
    key_id: str
    sealed: bytes
    filed_by: str
    filed_on: date
    status: str
    pack_version: str
    reasons: tuple[str, ...] = ()
    decided_by: str | None = None


def file(
    *,
    objection_id: str,
    claim: Claim,
    until_on: date | None,
    text: tuple[str, bytes],
    filed_by: str,
    today: date,
    pack: Pack,
) -> Step[Objection] | Refused:
    """Against a claim on notice, up to the notice's last day `until_on`; `text`: key, and what it was sealed to.

    WRONG_STATE.
    """
    by = article(pack, "claims.notice")
    facts: dict[str, Any] = {"until_on": until_on.isoformat() if until_on else None}
    if claim.status != "on_notice" or claim.notice_id is None or until_on is None or until_on < today:
        return refuse(pack, "WRONG_STATE", "claim_id", by, status=claim.status, **facts)
    objection = Objection(
        objection_id=objection_id,
        sequence=1,
        notice_id=claim.notice_id,
        claim_id=claim.claim_id,
        provider_id=claim.provider_id,
        programme=claim.programme,
        key_id=text[0],
        sealed=text[1],
        filed_by=filed_by,
        filed_on=today,
        status="open",
        pack_version=pack.label,
    )
    facts |= {"claim_id": claim.claim_id, "notice_id": claim.notice_id}
    decision = on_claim(claim.claim_id, decide(pack, "objection.filed", objection_id, (by,), **facts))
    return Step(objection, "objection_filed", decision)


def decide_on(
    *,
    objection: Objection,
    claim: Claim,
    until_on: date,
    others_open: bool,
    decision: str,
    reasons: tuple[str, ...],
    decided_by: str,
    today: date,
    pack: Pack,
) -> tuple[Step[Objection], Step[Claim] | None] | Refused:
    """uphold: the claim is refused; dismiss: it has been noticed, if the notice ran out and nothing else holds it.

    A claim that left the notice meanwhile stays as it is. WRONG_STATE, SAME_PERSON (who passed it last, or objected).
    """
    by = article(pack, "claims.notice")
    facts = {"claim_id": claim.claim_id, "claim": claim.status, "reasons": list(reasons)}
    decided = on_claim(claim.claim_id, decide(pack, f"objection.{decision}", objection.objection_id, (by,), **facts))
    step = take(objection, MOVES, decision, decision=decided, reasons=reasons, decided_by=decided_by)
    if isinstance(step, Refused):
        return replace(step, field="objection_id", article=by)
    if decided_by in (objection.filed_by, *claim.reviewers[-1:], *claim.stood_in_for[-1:]):
        return refuse(pack, "SAME_PERSON", "objection_id", by, subject=claim.claim_id)
    if claim.status != "on_notice" or claim.notice_id != objection.notice_id:
        return step, None
    if decision == "uphold":
        told = decide(pack, "claim.objected", claim.claim_id, (by,), objection_id=objection.objection_id)
        changes = {"order_claimed": False, "reasons": reasons}
        return step, must(take(claim, claim_rules.MOVES, "uphold", decision=told, **changes))
    if others_open or today <= until_on:
        return step, None
    return step, notices.over(claim=claim, until_on=until_on, today=today, pack=pack)
