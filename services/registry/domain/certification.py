"""Certification: a party proves who it is with documents, and someone else reviews them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from services.registry.domain.law import decided
from services.registry.domain.model import CASE_MOVES, Case, Party, may_move, moved, wrong_state

OUTCOMES = {"approve": "approved", "return": "returned", "refuse": "refused"}
STANDING = {"approve": "certified", "return": "registered", "refuse": "refused"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """The case and the party after a step, and the decision where there was one to make."""

    case: Case
    party: Party
    decision: Decision


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
    WRONG_STATE, DOCUMENT_MISSING (facts: `kinds` that the programme asks for, `digests` that were never uploaded).
    """
    handed_in = [dict(document) for document in documents]
    rule = pack.certification.enterprise if party.kind == "enterprise" else pack.certification.provider
    article = rule.article if rule else None
    if case is not None and case.party_id != party.id:
        return Refused("ALREADY_EXISTS", field="case_id")
    if case is not None and case.status == "submitted":
        return None if case.documents == handed_in else Refused("ALREADY_EXISTS", field="case_id")
    if blacklisted:
        return Refused("BLACKLISTED", field="party_id", facts={"subject": party.id})
    if case is not None and "submitted" not in CASE_MOVES[case.status]:
        return wrong_state("case_id", case.status, subject=case_id, article=article)
    if not may_move(party, "submitted"):
        return wrong_state("party_id", party.status, subject=party.id, article=article)
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
    )
    decision = decided(
        action="submit_certification",
        subject=case_id,
        pack=pack,
        articles=[article] if article else [],
        facts={"party_id": party.id, "kinds": sorted({one["kind"] for one in handed_in}), "round": after.rounds},
    )
    return Certified(case=after, party=moved(party, "submitted"), decision=decision)


def review(
    *,
    case: Case,
    party: Party,
    verdict: str,
    reasons: Sequence[str],
    blacklisted: bool,
    pack: Pack,
    subject: str,
    roles: Collection[str],
) -> Certified | Refused:
    """The review of a case (第十一条(三)、第十四条(三)): approve, return with reasons, refuse.

    FORBIDDEN when the pack gives the review to another role; WRONG_STATE; SAME_PERSON who handed it in; BLACKLISTED.
    """
    stages = pack.stages(f"{party.kind}_certification")
    article = stages[0].article if stages else None
    if stages and stages[0].role not in roles:
        return Refused("FORBIDDEN", article=article, facts={"role": stages[0].role})
    if OUTCOMES[verdict] not in CASE_MOVES[case.status]:
        return wrong_state("case_id", case.status, subject=case.id, article=article)
    if not may_move(party, STANDING[verdict]):
        return wrong_state("party_id", party.status, subject=party.id, article=article)
    if subject == case.submitted_by:
        return Refused("SAME_PERSON", field="case_id", article=article, facts={"stage": "review", "subject": case.id})
    if verdict == "approve" and blacklisted:
        return Refused("BLACKLISTED", field="case_id", facts={"subject": party.id})
    if verdict != "approve" and not reasons:
        return Refused("FACT_MISSING", field="reasons", article=article)
    after = replace(
        case, status=OUTCOMES[verdict], sequence=case.sequence + 1, reviewed_by=subject, reasons=list(reasons)
    )
    standing = moved(party, STANDING[verdict])
    decision = decided(
        action="review_certification",
        subject=case.id,
        pack=pack,
        articles=[article] if article else [],
        facts={"party_id": party.id, "decision": verdict, "reasons": list(reasons), "round": case.rounds},
    )
    if verdict == "approve":
        standing = replace(standing, certified_by=subject)
    return Certified(case=after, party=standing, decision=decision)
