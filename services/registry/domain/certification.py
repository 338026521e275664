"""Certification: a party proves who it is with documents, and others review them, stage by stage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from services.registry.domain import entry, stages
from services.registry.domain.law import decided
from services.registry.domain.model import CASE_MOVES, UNDER_REVIEW, Case, Party, may_move, moved, wrong_state
from services.registry.domain.stages import Official

OUTCOMES = {"approve": "approved", "return": "returned", "refuse": "refused"}
STANDING = {"approve": "certified", "return": "registered", "refuse": "refused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """The case after a step, the versions that its party goes through by it (none between stages), the decision."""

    case: Case
    versions: tuple[Party, ...]
    decision: Decision


def review_of(party: Party) -> str:
    """The pack's name of the review."""
    return f"{party.kind}_certification"


def submit(
    *,
    case_id: str,
    case: Case | None,
    party: Party,
    documents: Sequence[Mapping[str, str]],
    stored: Collection[str],
    blacklisted: bool,
    pack: Pack,
    subject: str,
) -> Certified | Refused | None:
    """Hand a case in, or again after its return (第十一条(二)、第十四条(二)); None: it is in already, the same.

    `documents` are {"kind", "sha256"}; `stored` the digests that have been uploaded. ALREADY_EXISTS, BLACKLISTED,
    WRONG_STATE, RULE_ABSENT (the programme certifies on registration), DOCUMENT_MISSING (facts: `kinds` that the
    programme asks for, `digests` that were never uploaded).
    """
    handed_in = [dict(document) for document in documents]
    rule = pack.certification.enterprise if party.kind == "enterprise" else pack.certification.provider
    article = rule.article if rule else None
    if case is not None and case.party_id != party.id:
        return Refused("ALREADY_EXISTS", field="case_id")
    if case is not None and case.status in UNDER_REVIEW:
        return None if case.documents == handed_in else Refused("ALREADY_EXISTS", field="case_id")
    if blacklisted:
        return Refused("BLACKLISTED", field="party_id", facts={"subject": party.id})
    if case is not None and "submitted" not in CASE_MOVES[case.status]:
        return wrong_state("case_id", case.status, subject=case_id, article=article)
    if not may_move(party, "submitted"):
        return wrong_state("party_id", party.status, subject=party.id, article=article)
    role = stages.first_role(pack, review_of(party))
    if role is None:
        return Refused("RULE_ABSENT", field="party_id", facts={"review": review_of(party), "subject": party.id})
    missing = [kind for kind in (rule.required if rule else ()) if kind not in {one["kind"] for one in handed_in}]
    unknown = sorted({one["sha256"] for one in handed_in} - set(stored))
    if missing or unknown:
        facts = {"kinds": missing, "digests": unknown, "subject": party.id}
        return Refused("DOCUMENT_MISSING", field="documents", article=article, facts=facts)
    after = Case(
        id=case_id,
        party_kind=party.kind,
        party_id=party.id,
        programme=party.programme,
        status="submitted",
        sequence=case.sequence + 1 if case else 1,
        rounds=case.rounds + 1 if case else 1,
        documents=handed_in,
        submitted_by=subject,
        pack_version=pack.label,
        stage=role,
    )
    decision = decided(
        action="submit_certification",
        subject=case_id,
        pack=pack,
        articles=[article] if article else [],
        facts={"party_id": party.id, "kinds": sorted({one["kind"] for one in handed_in}), "round": after.rounds},
        about=party.id,
    )
    return Certified(case=after, versions=(moved(party, "submitted"),), decision=decision)


def review(
    *,
    case: Case,
    party: Party,
    verdict: str,
    reasons: Sequence[str],
    blacklisted: bool,
    pack: Pack,
    official: Official,
) -> Certified | Refused:
    """The stage in turn of a case (第十一条(三)、第十四条(三)): approve, return with reasons, refuse.

    `pack` is the one it was handed in under; the last stage certifies. WRONG_STATE; FORBIDDEN, REGION_MISMATCH,
    SAME_PERSON (handed it in, or passed another stage); BLACKLISTED, FACT_MISSING (reasons of a no).
    """
    now = stages.turn(pack, review_of(party), len(case.passed_by)) if case.status in UNDER_REVIEW else None
    if now is None:
        return wrong_state("case_id", case.status, subject=case.id)
    article = now.stage.article
    if party.status != "submitted":
        return wrong_state("party_id", party.status, subject=party.id, article=article)
    people = [case.submitted_by, *case.passed_by]
    barred = stages.barred(now, official, region=party.region, people=people, field="case_id", subject=case.id)
    if barred is not None:
        return barred
    if verdict == "approve" and blacklisted:
        return Refused("BLACKLISTED", field="case_id", facts={"subject": party.id})
    if verdict != "approve" and not reasons:
        return Refused("FACT_MISSING", field="reasons", article=article)
    ended = verdict != "approve" or now.last
    after = replace(
        case,
        status=OUTCOMES[verdict] if ended else "in_review",
        sequence=case.sequence + 1,
        stage=now.following.role if now.following and not ended else None,
        passed_by=[*case.passed_by, official.subject] if verdict == "approve" else case.passed_by,
        reviewed_by=official.subject,
        reasons=list(reasons),
    )
    versions = _standing(party, after, verdict, pack) if ended else ()
    if isinstance(versions, Refused):
        return replace(versions, field="case_id")
    admitted = bool(versions) and versions[-1].status == "admitted"
    facts = {"party_id": party.id, "stage": now.stage.name, "role": now.stage.role, "decision": verdict}
    decision = decided(
        action="review_certification",
        subject=case.id,
        pack=pack,
        articles=[article, *(rule.article for rule in pack.provider.values() if admitted)],
        facts={**facts, "reasons": list(reasons), "round": case.rounds, "region": party.region},
        about=party.id,
    )
    return Certified(case=after, versions=versions, decision=decision)


def _standing(party: Party, case: Case, verdict: str, pack: Pack) -> tuple[Party, ...] | Refused:
    """What the end of a case makes of its party."""
    standing = moved(party, STANDING[verdict])
    if verdict != "approve":
        return (standing,)
    return entry.certified(replace(standing, certified_by=case.passed_by), pack)
