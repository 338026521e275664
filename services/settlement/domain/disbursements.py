"""Disbursements: a provider's passed claims together, approved in two stages, frozen by hash (第二十四条)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain import claims
from services.settlement.domain.claims import Claim
from services.settlement.domain.law import article, decide, payment_article, refuse, review_article
from services.settlement.domain.steps import Move, Moves, Step, digest, must, take

MOST_CLAIMS = 5_000  # of one disbursement; more are filed in a second one

MOVES: Moves = {
    "operator.approve": Move(("filed",), "operator_approved", "disbursement_reviewed"),
    "operator.refuse": Move(("filed",), "refused", "disbursement_reviewed"),
    "bureau.approve": Move(("operator_approved",), "approved", "disbursement_reviewed"),
    "bureau.refuse": Move(("operator_approved",), "refused", "disbursement_reviewed"),
    "batch": Move(("approved",), "batched", "disbursement_batched"),
    "thaw": Move(("batched",), "filed", "disbursement_reopened"),  # its payment was held: approve again
    "retry": Move(("batched",), "approved", "disbursement_reopened"),  # its payment failed: pay again
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disbursement:
    """`frozen_hash`: of its claims as approved; `payment_id`: the payment it is in."""

    disbursement_id: str
    sequence: int
    provider_id: str
    programme: str
    year: int
    claims: int
    amount_fen: int
    status: str
    pack_version: str
    filed_by: str
    filed_at: datetime
    reasons: tuple[str, ...] = ()
    operator_by: str | None = None
    bureau_by: str | None = None
    account_version: int | None = None
    fund: str | None = None
    frozen_hash: str | None = None
    payment_id: str | None = None


def fund_of(programme: str, year: int) -> str:
    """The purse a payment comes out of."""
    return f"{programme}:{year}"


def freeze(*, claim: Claim, account_version: int, fund: str) -> str:
    """SHA-256 of what an approval fixes: claim and version, payee, account version, amount, fund."""
    fixed = {
        "account_version": account_version,
        "amount_fen": claim.claimed_fen,
        "claim_id": claim.claim_id,
        "claim_version": claim.claim_version,
        "fund": fund,
        "payee": claim.provider_id,
    }
    return digest(fixed)


def frozen_as(claim: Claim) -> str:
    """The hash of the claim as it stands now; equal to its `frozen_hash` unless something was changed."""
    assert claim.account_version is not None, claim.claim_id
    assert claim.fund is not None, claim.claim_id
    return freeze(claim=claim, account_version=claim.account_version, fund=claim.fund)


def file(
    *,
    disbursement_id: str,
    provider_id: str,
    year: int,
    passed: Sequence[Claim],
    verdicts: Mapping[str, str],
    blacklisted: bool,
    filed_by: str,
    now: datetime,
    pack: Pack,
) -> tuple[Step[Disbursement], list[Step[Claim]]] | Refused:
    """All passed claims that supervision still clears, at most MOST_CLAIMS. BLACKLISTED, NOTHING_TO_DISBURSE."""
    by = payment_article(pack, "provider")
    if blacklisted:
        return refuse(pack, "BLACKLISTED", "provider_id", article(pack, "exit.blacklist"))
    held = set(claims.not_cleared(passed, verdicts))
    if len(held) == len(passed):
        return refuse(pack, "NOTHING_TO_DISBURSE", "provider_id", by, year=year, held=len(held))
    cleared = [claim for claim in passed if claim.claim_id not in held]
    chosen = sorted(cleared, key=lambda claim: claim.claim_id)[:MOST_CLAIMS]
    amount_fen = sum(claim.claimed_fen for claim in chosen)
    facts = {"claims": len(chosen), "amount_fen": amount_fen, "year": year}
    decision = decide(pack, "disbursement.filed", disbursement_id, (by,), **facts)
    disbursement = Disbursement(
        disbursement_id=disbursement_id,
        sequence=1,
        provider_id=provider_id,
        programme=pack.code,
        year=year,
        claims=len(chosen),
        amount_fen=amount_fen,
        status="filed",
        pack_version=pack.label,
        filed_by=filed_by,
        filed_at=now,
    )
    return Step(disbursement, "disbursement_filed", decision), [
        _along(claim, "put_forward", (by,), pack, disbursement_id=disbursement_id) for claim in chosen
    ]


def review(
    *,
    disbursement: Disbursement,
    members: Sequence[Claim],
    stage: str,
    decision: str,
    reasons: tuple[str, ...],
    reviewer: str,
    roles: frozenset[str],
    account_version: int,
    verdicts: Mapping[str, str],
    blacklisted: bool,
    now: datetime,
    pack: Pack,
) -> tuple[Step[Disbursement], list[Step[Claim]]] | Refused:
    """Operator, then bureau, two people; the bureau's approval freezes each claim (第二十四条).

    FORBIDDEN, WRONG_STATE, SAME_PERSON, REASON_MISSING, BLACKLISTED, HELD_BY_SUPERVISION. A refusal puts the claims
    back to passed.
    """
    by = review_article(pack, "disbursement", stage)
    if stage not in roles:
        return refuse(pack, "FORBIDDEN", "stage", by)
    facts: dict[str, Any] = {"amount_fen": disbursement.amount_fen, "claims": disbursement.claims}
    decided = decide(
        pack, f"disbursement.{stage}.{decision}", disbursement.disbursement_id, (by,), **facts, reasons=list(reasons)
    )
    changes: dict[str, Any] = {"reasons": reasons, f"{stage}_by": reviewer}
    step = take(disbursement, MOVES, f"{stage}.{decision}", decision=decided, **changes)
    if isinstance(step, Refused):
        return replace(step, field="disbursement_id", article=by)
    if stage == "bureau" and reviewer == disbursement.operator_by:
        return refuse(pack, "SAME_PERSON", "stage", by, subject=disbursement.disbursement_id)
    if decision == "refuse":
        if not reasons:
            return refuse(pack, "REASON_MISSING", "reasons", by, subject=disbursement.disbursement_id)
        return step, [_along(claim, "put_back", (by,), pack, disbursement_id=None) for claim in members]
    if stage == "operator":
        return step, []
    refused = _payable(disbursement, members, verdicts, blacklisted, pack)
    return refused or _approved(step, members, account_version, by, now, pack)


def _payable(
    disbursement: Disbursement, members: Sequence[Claim], verdicts: Mapping[str, str], blacklisted: bool, pack: Pack
) -> Refused | None:
    """Why the bureau cannot approve it now; None when it can."""
    if blacklisted:
        payee = disbursement.provider_id
        return refuse(pack, "BLACKLISTED", "disbursement_id", article(pack, "exit.blacklist"), provider_id=payee)
    held = claims.not_cleared(members, verdicts)
    if held:
        return refuse(
            pack, "HELD_BY_SUPERVISION", "disbursement_id", article(pack, "supervision.hold"), claims=held[:20]
        )
    return None


def _approved(
    step: Step[Disbursement],
    members: Sequence[Claim],
    account_version: int,
    by: str | None,
    now: datetime,
    pack: Pack,
) -> tuple[Step[Disbursement], list[Step[Claim]]]:
    disbursement = step.after
    total = sum(claim.claimed_fen for claim in members)
    assert (len(members), total) == (disbursement.claims, disbursement.amount_fen), disbursement.disbursement_id
    fund = fund_of(disbursement.programme, disbursement.year)
    moved = [
        _along(
            claim,
            "approve",
            (by,),
            pack,
            account_version=account_version,
            fund=fund,
            frozen_hash=freeze(claim=claim, account_version=account_version, fund=fund),
            approved_at=now,
        )
        for claim in members
    ]
    frozen_hash = digest(sorted(str(one.after.frozen_hash) for one in moved))
    frozen = replace(disbursement, account_version=account_version, fund=fund, frozen_hash=frozen_hash)
    return replace(step, after=frozen), moved


def batched(*, disbursement: Disbursement, payment_id: str, pack: Pack) -> Step[Disbursement]:
    """Taken into a payment."""
    by = payment_article(pack, "finance")
    decision = decide(pack, "disbursement.batched", disbursement.disbursement_id, (by,), payment_id=payment_id)
    return must(take(disbursement, MOVES, "batch", decision=decision, payment_id=payment_id))


def reopen(
    *, disbursement: Disbursement, members: Sequence[Claim], action: str, pack: Pack
) -> tuple[Step[Disbursement], list[Step[Claim]]]:
    """`thaw`: held at release, so it must be approved anew; `retry`: not paid, so it is paid again as approved."""
    by = payment_article(pack, "finance")
    decision = decide(pack, f"disbursement.{action}", disbursement.disbursement_id, (by,))
    changes: dict[str, Any] = {"payment_id": None}
    if action == "thaw":
        changes |= {"operator_by": None, "bureau_by": None, "account_version": None, "fund": None, "frozen_hash": None}
    step = must(take(disbursement, MOVES, action, decision=decision, **changes))
    lost = {"payment_id": None}
    if action == "thaw":
        lost |= {"account_version": None, "fund": None, "frozen_hash": None, "approved_at": None}
    return step, [_along(claim, action, (by,), pack, **lost) for claim in members]


def _along(claim: Claim, action: str, by: tuple[str | None, ...], pack: Pack, **changes: Any) -> Step[Claim]:
    """The claim's own step that goes with its disbursement's."""
    facts = {"disbursement_id": claim.disbursement_id or changes.get("disbursement_id")}
    decision = decide(pack, f"claim.{action}", claim.claim_id, by, **facts, claimed_fen=claim.claimed_fen)
    return must(take(claim, claims.MOVES, action, decision=decision, **changes))
