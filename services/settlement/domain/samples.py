"""The audit sample of a node: a hash before it closes, the seed after, findings on what was drawn, and what follows."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain.claims import MOVES as CLAIM_MOVES
from services.settlement.domain.claims import PASSED, REVIEWABLE, Claim
from services.settlement.domain.draw import draw, population_hash, sha256, weight_of
from services.settlement.domain.law import absent, article, decide, refuse
from services.settlement.domain.nodes import Node
from services.settlement.domain.stages import NO_TURN
from services.settlement.domain.steps import Move, Moves, Step, must, take
from services.settlement.domain.work import decided_by

AUDITABLE = (*REVIEWABLE, *PASSED)  # taken by a node, and not put forward for disbursement
REVEALED = ("revealed", "closing", "closed")  # what was drawn is known, and not let off
FINEST = 10**12  # of a rate that is written as a fraction
TOLD_OPEN = 20

MOVES: Moves = {
    "reveal": Move(("committed",), "revealed", "sample_revealed"),
    "close": Move(("revealed",), "closed", "sample_closed"),
    "extrapolate": Move(("revealed",), "closing", "sample_closing"),  # the rest is worked through
    "extrapolated": Move(("closing",), "closed", "sample_closed"),
    "abandon": Move(("committed", "revealed"), "abandoned", "sample_abandoned"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """`seed` to `drawn` are known once it is revealed: `population` claims, of which `drawn`. `error_fen`: what the
    audit found not to be due; `rate`: what is taken off the others for it, as a fraction `a/b`, where `extrapolate`
    says so; `reached`: the last of them that is done, `others` of them with `others_fen` in all."""

    sample_id: str
    sequence: int
    programme: str
    node_id: str
    size: int
    seed_hash: str
    extrapolate: bool
    status: str
    pack_version: str
    committed_by: str
    committed_at: datetime
    seed: str | None = None
    population: int | None = None
    population_hash: str | None = None
    drawn: int | None = None
    error_fen: int | None = None
    rate: str | None = None
    reached: str | None = None
    others: int = 0
    others_fen: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One claim of the population, as it was when the seed was revealed."""

    sample_id: str
    claim_id: str
    claim_version: int
    payable_fen: int
    alerts: int
    weight: int
    drawn: bool
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What the audit of one drawn claim found: `error_fen` of `payable_fen` is not due."""

    sample_id: str
    claim_id: str
    payable_fen: int
    error_fen: int
    code: str | None
    reasons: tuple[str, ...]
    audited_by: str
    audited_at: datetime


def may_act(*, roles: frozenset[str], pack: Pack) -> Refused | None:
    """Whoever the pack has audit: RULE_ABSENT, DELEGATED_RULE_MISSING, FORBIDDEN."""
    rule = pack.claims.sample if pack.claims else None
    if rule is None:
        return absent(pack, "claims.sample", None)
    return None if rule.role in roles else refuse(pack, "FORBIDDEN", None, rule.article, role=rule.role)


def commit(
    *,
    sample_id: str,
    node: Node,
    taken: str | None,
    size: int,
    seed_hash: str,
    roles: frozenset[str],
    committed_by: str,
    now: datetime,
    pack: Pack,
) -> Step[Sample] | Refused:
    """Before the node closes. RULE_ABSENT, FORBIDDEN, SAMPLE_TOO_LATE, ALREADY_EXISTS (`taken`: the node's sample)."""
    refused = may_act(roles=roles, pack=pack)
    if refused is not None:
        return refused
    by = article(pack, "claims.sample")
    if node.status != "open" or node.closes_at <= now:
        return refuse(pack, "SAMPLE_TOO_LATE", "node_id", by, closes_at=node.closes_at.isoformat())
    if taken is not None:
        return refuse(pack, "ALREADY_EXISTS", "node_id", by, sample_id=taken)
    assert pack.claims is not None, pack.label
    assert pack.claims.sample is not None, pack.label
    sample = Sample(
        sample_id=sample_id,
        sequence=1,
        programme=node.programme,
        node_id=node.node_id,
        size=size,
        seed_hash=seed_hash,
        extrapolate=pack.claims.sample.extrapolate,
        status="committed",
        pack_version=pack.label,
        committed_by=committed_by,
        committed_at=now,
    )
    facts = {"node_id": node.node_id, "size": size, "seed_hash": seed_hash, "closes_at": node.closes_at.isoformat()}
    return Step(sample, "sample_committed", decide(pack, "sample.committed", sample_id, (by,), **facts))


def may_reveal(
    *, sample: Sample, node: Node, on_the_way: int = 0, seed: str, roles: frozenset[str], pack: Pack
) -> Refused | None:
    """RULE_ABSENT, FORBIDDEN, WRONG_STATE (the node is open, or the seed is known), SEED_MISMATCH, NOT_YET_KNOWN (so
    many claims were filed in time, and their orders have not answered: the draw is of what the node takes)."""
    refused = may_act(roles=roles, pack=pack)
    if refused is not None:
        return refused
    by = article(pack, "claims.sample")
    if node.status != "closed" or sample.status != "committed":
        facts = {"status": sample.status, "node": node.status, "subject": sample.sample_id}
        return refuse(pack, "WRONG_STATE", "sample_id", by, **facts)
    if sha256(seed) != sample.seed_hash:
        return refuse(pack, "SEED_MISMATCH", "seed", by, seed_hash=sample.seed_hash)
    if on_the_way:
        return refuse(pack, "NOT_YET_KNOWN", "sample_id", by, subject=sample.sample_id, on_the_way=on_the_way)
    return None


def reveal(
    *, sample: Sample, seed: str, members: Sequence[tuple[str, int, int, int]], pack: Pack
) -> tuple[Step[Sample], list[Item]]:
    """The draw, where it may be: from `members`, which are claim, version, payable and number of alerts."""
    weights = {claim_id: weight_of(payable_fen, alerts) for claim_id, _version, payable_fen, alerts in members}
    drawn = draw(seed, weights, sample.size)
    items = [
        Item(
            sample_id=sample.sample_id,
            claim_id=claim_id,
            claim_version=version,
            payable_fen=payable_fen,
            alerts=alerts,
            weight=weights[claim_id],
            drawn=claim_id in drawn,
            certain=drawn.get(claim_id, False),
        )
        for claim_id, version, payable_fen, alerts in members
    ]
    counts = {"population": len(items), "population_hash": population_hash(weights), "drawn": len(drawn)}
    facts = {**counts, "size": sample.size, "seed": seed, "weight": sum(weights.values())}
    decision = decide(pack, "sample.revealed", sample.sample_id, (article(pack, "claims.sample"),), **facts)
    return must(take(sample, MOVES, "reveal", decision=decision, seed=seed, **counts)), items


def audit(
    *,
    sample: Sample,
    claim: Claim,
    error_fen: int,
    code: str | None,
    reasons: tuple[str, ...],
    roles: frozenset[str],
    person: str,
    organisation: str | None = None,
    scored_by: Container[str] = (),
    now: datetime,
    pack: Pack,
) -> tuple[Step[Claim], Audit] | Refused:
    """What was found on a drawn claim; where nothing of it is due, it is refused.

    RULE_ABSENT, FORBIDDEN, WRONG_STATE, SAME_PERSON (who filed, scored or reviewed it), CONFLICT_OF_INTEREST
    (`organisation`: the auditor's, is a party to it), DEDUCTION_TOO_LARGE, REASON_MISSING.
    """
    by, subject = article(pack, "claims.sample"), claim.claim_id
    refused = may_act(roles=roles, pack=pack)
    if refused is not None:
        return refused
    if sample.status not in REVEALED or claim.status not in AUDITABLE:
        return refuse(pack, "WRONG_STATE", "claim_id", by, status=claim.status, sample=sample.status, subject=subject)
    if person in decided_by(claim, len(claim.reviewers)) or person in scored_by:
        return refuse(pack, "SAME_PERSON", "claim_id", by, subject=subject)
    if organisation in {*claim.parties, claim.enterprise_id}:
        return refuse(pack, "CONFLICT_OF_INTEREST", "claim_id", by, subject=subject)
    facts: dict[str, Any] = {"sample_id": sample.sample_id, "payable_fen": claim.payable_fen, "error_fen": error_fen}
    if error_fen > claim.payable_fen:
        return refuse(pack, "DEDUCTION_TOO_LARGE", "error_fen", by, **facts, subject=subject)
    if error_fen and not (code and reasons):
        return refuse(pack, "REASON_MISSING", "reasons" if code else "code", by, subject=subject)
    facts |= {"code": code, "reasons": list(reasons), "claim_version": claim.claim_version}
    found = Audit(
        sample_id=sample.sample_id,
        claim_id=subject,
        payable_fen=claim.payable_fen,
        error_fen=error_fen,
        code=code,
        reasons=reasons,
        audited_by=person,
        audited_at=now,
    )
    decision = decide(pack, "claim.audited", subject, (by,), **facts)
    if error_fen < claim.payable_fen:
        return _audited(claim, claim.audited_fen + error_fen, decision), found
    gone = {**NO_TURN, "order_claimed": False, "reasons": (str(code), *reasons)}
    return must(take(claim, CLAIM_MOVES, "reject", decision=decision, **gone)), found


def rate_of(findings: Iterable[tuple[int, int, int]]) -> Fraction:
    """The mean share of error of claims drawn by chance, each given as payable, error, number of alerts.

    A claim with alerts had so many more chances, so its share counts for so much less: the mean is one over money, not
    over chances. Exact where its denominator has 12 digits at most, else rounded down to a trillionth.
    """
    drawn = list(findings)
    errors = sum((Fraction(error, payable * (1 + alerts)) for payable, error, alerts in drawn if error), Fraction(0))
    if not errors:
        return errors
    exact = errors / sum(Fraction(1, 1 + alerts) for _payable, _error, alerts in drawn)
    return exact if exact.denominator <= FINEST else Fraction(exact.numerator * FINEST // exact.denominator, FINEST)


def share(payable_fen: int, rate: Fraction) -> int:
    """What is taken off one that was not drawn: rounded down, and a fen of it is left."""
    return min(payable_fen * rate.numerator // rate.denominator, payable_fen - 1)


def least(rate: Fraction) -> int:
    """The smallest payable amount of which the rate takes a fen."""
    return max(2, -(-rate.denominator // rate.numerator))


def close(
    *,
    sample: Sample,
    waiting: Sequence[str],
    findings: Mapping[str, tuple[int, int, int]],
    by_chance: frozenset[str],
    roles: frozenset[str],
    pack: Pack,
) -> Step[Sample] | Refused:
    """The findings stand; where the pack extrapolates, the rest is then worked through (`closing`).

    `findings`: payable, error and number of alerts of what was audited. RULE_ABSENT, FORBIDDEN, WRONG_STATE,
    SAMPLE_OPEN (`waiting`: drawn, and not audited).
    """
    refused = may_act(roles=roles, pack=pack)
    if refused is not None:
        return refused
    by, subject = article(pack, "claims.sample"), sample.sample_id
    if sample.status == "revealed" and waiting:
        told = list(waiting[:TOLD_OPEN])
        return refuse(pack, "SAMPLE_OPEN", "sample_id", by, subject=subject, open=len(waiting), claims=told)
    error_fen = sum(error for _payable, error, _alerts in findings.values())
    facts: dict[str, Any] = {"audited": len(findings), "error_fen": error_fen}
    changes: dict[str, Any] = {"error_fen": error_fen}
    rate = Fraction(0)
    if sample.extrapolate:
        rate = rate_of(findings[claim_id] for claim_id in sorted(by_chance & set(findings)))
        changes["rate"] = facts["rate"] = f"{rate.numerator}/{rate.denominator}"
        facts["by_chance"] = len(by_chance & set(findings))
    decision = decide(pack, "sample.closed", subject, (by,), **facts)
    step = take(sample, MOVES, "extrapolate" if rate else "close", decision=decision, **changes)
    return replace(step, field="sample_id", article=by) if isinstance(step, Refused) else step


def extrapolated(*, claim: Claim, sample: Sample, pack: Pack) -> Step[Claim]:
    """What follows for a claim that was not drawn."""
    rate = fraction(sample)
    off = share(claim.payable_fen, rate)
    facts = {"sample_id": sample.sample_id, "rate": sample.rate, "payable_fen": claim.payable_fen, "error_fen": off}
    decision = decide(pack, "claim.extrapolated", claim.claim_id, (article(pack, "claims.sample"),), **facts)
    return _audited(claim, claim.audited_fen + off, decision)


def finish(*, sample: Sample, pack: Pack) -> Step[Sample]:
    """All that was not drawn is worked through."""
    facts = {
        "rate": sample.rate,
        "error_fen": sample.error_fen,
        "others": sample.others,
        "others_fen": sample.others_fen,
    }
    decision = decide(pack, "sample.extrapolated", sample.sample_id, (article(pack, "claims.sample"),), **facts)
    return must(take(sample, MOVES, "extrapolated", decision=decision))


def fraction(sample: Sample) -> Fraction:
    """The rate of one that is closing."""
    assert sample.rate is not None, sample.sample_id
    return Fraction(sample.rate)


def abandon(*, sample: Sample, reason: str, pack: Pack) -> Step[Sample] | Refused:
    """No audit comes of it, and all know: its node's claims go on without. WRONG_STATE."""
    by = article(pack, "claims.sample")
    facts = {"reason": reason, "was": sample.status, "seed_hash": sample.seed_hash}
    decision = decide(pack, "sample.abandoned", sample.sample_id, (by,), **facts)
    step = take(sample, MOVES, "abandon", decision=decision, reason=reason)
    return replace(step, field="sample_id", article=by) if isinstance(step, Refused) else step


def pending(claim: Claim, sample_id: str | None, pack: Pack) -> Refused | None:
    """AUDIT_PENDING while the sample waits on this claim."""
    if sample_id is None:
        return None
    by = article(pack, "claims.sample")
    return refuse(pack, "AUDIT_PENDING", "claim_id", by, subject=claim.claim_id, sample_id=sample_id)


def stays(claim: Claim, sample_id: str | None, pack: Pack) -> Refused | None:
    """Why its filer may not withdraw it, to file the same order anew beside the audit: AUDIT_PENDING (`sample_id`: it
    waits for the draw, or was drawn), WRONG_STATE (the audit took something off)."""
    if claim.audited_fen:
        facts = {"status": claim.status, "audited_fen": claim.audited_fen, "subject": claim.claim_id}
        return refuse(pack, "WRONG_STATE", "claim_id", article(pack, "claims.sample"), **facts)
    return pending(claim, sample_id, pack)


def _audited(claim: Claim, audited_fen: int, decision: Any) -> Step[Claim]:
    return must(take(claim, CLAIM_MOVES, f"audit.{claim.status}", decision=decision, audited_fen=audited_fen))
