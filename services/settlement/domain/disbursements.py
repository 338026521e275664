"""Disbursements: passed claims together, frozen claim by claim by hash, then approved stage by stage (第二十四条)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.schema import Stage
from services.settlement.domain import claims
from services.settlement.domain.claims import Claim
from services.settlement.domain.law import absent, article, decide, payment_article, refuse, review_article, undecided
from services.settlement.domain.market import dearer
from services.settlement.domain.stages import Reviewer, out_of_turn, role_at
from services.settlement.domain.steps import Move, Moves, Step, derived_id, digest, must, take

MOST_CLAIMS = 5_000  # of one disbursement; more are filed in a second one
OFFICES = frozenset({"operator", "bureau"})  # that put claims forward where the pack has no provider do it
FOR_PROVIDERS = frozenset({"provider", "platform"})  # itself, and the website that speaks for it
REVIEWABLE = ("filed", "in_review")

MOVES: Moves = {
    "review.on": Move(REVIEWABLE, "in_review", "disbursement_reviewed"),
    "review.approve": Move(REVIEWABLE, "approved", "disbursement_reviewed"),
    "review.refuse": Move(REVIEWABLE, "refused", "disbursement_reviewed"),
    "batch": Move(("approved",), "batched", "disbursement_batched"),
    "thaw": Move(("batched",), "filed", "disbursement_reopened"),  # its payment was held: approve again
    "retry": Move(("batched",), "approved", "disbursement_reopened"),  # a payment of it failed: pay again
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disbursement:
    """`provider_id`: whose claims, None: the programme's. `claims`, `amount_fen`, `frozen_hash`: of all that is in it,
    paid or not, as it was put forward. `batched`: nothing of it waits for a payment."""

    disbursement_id: str
    sequence: int
    provider_id: str | None
    programme: str
    year: int
    claims: int
    amount_fen: int
    status: str
    pack_version: str
    filed_by: str
    filed_at: datetime
    stage: str | None
    reasons: tuple[str, ...] = ()
    stages_passed: int = 0
    reviewers: tuple[str, ...] = ()
    frozen_hash: str | None = None


def stages_of(pack: Pack) -> tuple[Stage, ...]:
    """The approval's stages; where the pack lists none, the steps named `approve` on the money's path."""
    listed = pack.stages("disbursement")
    if listed or pack.payment is None:
        return listed
    steps = [step for step in pack.payment.path if step.name == "approve"]
    return tuple(
        Stage(article=one.article, zh=one.zh, en=one.en, name=f"approve_{at}", role=one.role)
        for at, one in enumerate(steps, 1)
    )


def by_provider(pack: Pack) -> bool:
    """Does the provider put its own claims forward (the money's path begins with it), or an office all of them?"""
    return pack.payment is not None and pack.payment.path[:1] != () and pack.payment.path[0].role == "provider"


def may_file(*, provider_id: str | None, roles: frozenset[str], pack: Pack) -> Refused | None:
    """The right one files: RULE_ABSENT, DELEGATED_RULE_MISSING (nobody pays, or nobody approves), NOT_THE_FILER."""
    if pack.payment is None or not pack.payment.path:
        return absent(pack, "payment", "programme")
    if not stages_of(pack) or undecided(pack, "reviews.disbursement", "programme") is not None:
        return absent(pack, "reviews.disbursement", "programme")  # money that nobody approves is not paid
    office = not by_provider(pack)
    acts = bool(roles & (OFFICES if office else FOR_PROVIDERS))
    if acts and (provider_id is None) == office:
        return None
    first = pack.payment.path[0]
    return refuse(pack, "NOT_THE_FILER", "provider_id", first.article, filed_by="office" if office else "provider")


def fund_of(claim: Claim, pack: Pack) -> str:
    """The purse it is paid out of: the programme's year, and whose money where that is not the programme's own."""
    own = claim.plan_region == pack.home
    return f"{claim.programme}:{claim.year}" + ("" if own else f":{claim.plan_region}")


def freeze(*, claim: Claim, account_version: int, fund: str) -> str:
    """SHA-256 of what is put forward for approval: claim and version, payee, account version, amount, fund."""
    fixed = {
        "account_version": account_version,
        "amount_fen": claim.payable_fen,
        "claim_id": claim.claim_id,
        "claim_version": claim.claim_version,
        "fund": fund,
        "payee": claim.payee_id,
    }
    return digest(fixed)


def frozen_as(claim: Claim) -> str:
    """The hash of the claim as it stands now; equal to its `frozen_hash` unless something was changed."""
    assert claim.account_version is not None, claim.claim_id
    assert claim.fund is not None, claim.claim_id
    return freeze(claim=claim, account_version=claim.account_version, fund=claim.fund)


def frozen_together(members: Sequence[Claim]) -> str:
    """SHA-256 over the hashes of a disbursement's claims."""
    return digest(sorted(str(claim.frozen_hash) for claim in members))


def intact(disbursement: Disbursement, members: Sequence[Claim]) -> bool:
    """Are its claims, recomputed from what stands in the books, still those that were approved?"""
    total = sum(claim.payable_fen for claim in members)
    if (len(members), total) != (disbursement.claims, disbursement.amount_fen):
        return False
    return disbursement.frozen_hash == frozen_together(members) and not altered(members)


def altered(members: Sequence[Claim]) -> list[str]:
    """Ids of claims that no longer are as they were frozen."""
    return [claim.claim_id for claim in members if claim.frozen_hash != frozen_as(claim)]


def frozen(claim: Claim, *, account_version: int, fund: str) -> dict[str, Any]:
    """What is kept of a claim that is put forward: the account to pay into, the fund, and the hash of all of it."""
    kept: dict[str, Any] = {"account_version": account_version, "fund": fund}
    return {**kept, "frozen_hash": freeze(claim=claim, **kept)}


def file(
    *,
    disbursement_id: str,
    provider_id: str | None,
    year: int,
    ready: Sequence[Claim],
    deferred: int,
    verdicts: Mapping[str, str],
    accounts: Mapping[str, int],
    blacklisted: frozenset[str],
    sampled: Container[str] = frozenset(),
    filed_by: str,
    now: datetime,
    pack: Pack,
    packs: Mapping[str, Pack] | None = None,
) -> tuple[Step[Disbursement], list[Step[Claim]]] | Refused:
    """All ready claims that may be paid, at most MOST_CLAIMS; `accounts`: version by payee, of those that gave one.

    What is put forward is frozen: that is what the stages approve, and what is paid.
    `packs`: the rules that each claim is put forward by, by its label, where those are not `pack`. One disbursement
    goes by one: those of the first claim that may be paid; what goes by others is left for the next.
    Left out, and counted: what supervision does not clear, whose parties are blacklisted, what an audit sample waits
    on (`sampled`), whose payee has no account, whose provider left and of which nobody has said what comes of it;
    `deferred` of others wait for a later year's plan. BLACKLISTED (the provider that files), NOTHING_TO_DISBURSE.
    """
    if provider_id in blacklisted:
        return refuse(pack, "BLACKLISTED", "provider_id", article(pack, "exit.blacklist"))
    held = set(claims.not_cleared(ready, verdicts))

    def stays(claim: Claim) -> str | None:
        """Why it is left out: the first that holds, so that each is counted once."""
        reasons = {
            "held": claim.claim_id in held,
            "blacklisted": bool(claim.parties & blacklisted),
            "audit_pending": claim.claim_id in sampled,
            "without_account": claim.payee_id not in accounts,
            "wind_down_pending": claim.wind_down == claims.PENDING,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    left_out = Counter(filter(None, map(stays, ready))) + Counter(deferred=deferred)
    facts: dict[str, Any] = {"year": year, "held": 0, **left_out}
    fit = sorted((claim for claim in ready if stays(claim) is None), key=lambda claim: claim.claim_id)
    if not fit:
        return refuse(pack, "NOTHING_TO_DISBURSE", "provider_id", _puts_forward(pack), **facts)
    goes_by = {claim.claim_id: (packs or {}).get(claim.pack_version, pack) for claim in fit}
    pack = goes_by[fit[0].claim_id]
    by, alike = _puts_forward(pack), [claim for claim in fit if goes_by[claim.claim_id].label == pack.label]
    chosen = alike[:MOST_CLAIMS]
    disbursement = Disbursement(
        disbursement_id=disbursement_id,
        sequence=1,
        provider_id=provider_id,
        programme=pack.code,
        year=year,
        claims=len(chosen),
        amount_fen=sum(claim.payable_fen for claim in chosen),
        status="filed",
        pack_version=pack.label,
        filed_by=filed_by,
        filed_at=now,
        stage=role_at(stages_of(pack), 0),
    )
    moved = []
    for claim in chosen:
        kept = frozen(claim, account_version=accounts[claim.payee_id], fund=fund_of(claim, pack))
        moved.append(_along(claim, "put_forward", (by,), pack, disbursement_id=disbursement_id, **kept))
    disbursement = replace(disbursement, frozen_hash=frozen_together([one.after for one in moved]))
    facts |= {"claims": len(chosen), "amount_fen": disbursement.amount_fen, "left": len(fit) - len(chosen)}
    facts["frozen_hash"] = disbursement.frozen_hash
    return Step(
        disbursement, "disbursement_filed", decide(pack, "disbursement.filed", disbursement_id, (by,), **facts)
    ), moved


def _puts_forward(pack: Pack) -> str:
    """The article of the first step on the money's path."""
    assert pack.payment is not None, pack.label
    return pack.payment.path[0].article


def review(
    *,
    disbursement: Disbursement,
    members: Sequence[Claim],
    stage: str,
    decision: str,
    reasons: tuple[str, ...],
    reviewer: Reviewer,
    accounts: Mapping[str, int],
    verdicts: Mapping[str, str],
    market: Mapping[str, int],
    blacklisted: frozenset[str],
    now: datetime,
    pack: Pack,
    frozen_hash: str | None = None,
) -> tuple[Step[Disbursement], list[Step[Claim]]] | Refused:
    """One stage's word, another person each, on what was frozen at filing (第二十四条).

    FORBIDDEN, WRONG_STATE, STAGE_MISMATCH, REGION_MISMATCH, SAME_PERSON, REASON_MISSING, FROZEN_MISMATCH (what the
    reviewer saw, `frozen_hash`, is another); to approve: FROZEN_MISMATCH (something was changed since); to approve
    last: BLACKLISTED, HELD_BY_SUPERVISION, PRICE_ABOVE_MARKET (`market`: prices by product). A refusal puts the claims
    back to where they came from, and frees what was frozen: that is how what was changed is put right.
    """
    stages, subject = stages_of(pack), disbursement.disbursement_id
    by = review_article(pack, stages, stage)
    if stage not in reviewer.roles:
        return refuse(pack, "FORBIDDEN", "stage", by)
    if disbursement.status not in REVIEWABLE:
        return refuse(pack, "WRONG_STATE", "disbursement_id", by, status=disbursement.status, subject=subject)
    at = disbursement.stages_passed
    refused = out_of_turn(
        pack=pack,
        stage=stages[at],
        role=stage,
        reviewer=reviewer,
        regions={claim.region for claim in members},
        others=(disbursement.filed_by, *disbursement.reviewers[:at]),
        subject=subject,
    )
    if refused is None and decision == "refuse" and not reasons:
        refused = refuse(pack, "REASON_MISSING", "reasons", by, subject=subject)
    if refused is None and frozen_hash not in (None, disbursement.frozen_hash):
        refused = refuse(pack, "FROZEN_MISMATCH", "frozen_hash", by, frozen_hash=disbursement.frozen_hash)
    last = at + 1 == len(stages)
    if refused is None and decision == "approve":
        refused = _changed(disbursement, members, accounts, by, pack)
        refused = refused or (_payable(members, verdicts, market, blacklisted, pack) if last else None)
    if refused is not None:
        return refused
    step = _decided(disbursement, stages, decision, reasons, reviewer, pack)
    if decision == "refuse":
        free = {"disbursement_id": None, "account_version": None, "fund": None, "frozen_hash": None}
        return step, [_along(claim, claims.put_back(claim), (by,), pack, **free) for claim in members]
    return step, [_along(claim, "approve", (by,), pack, approved_at=now) for claim in members] if last else []


def _changed(
    disbursement: Disbursement, members: Sequence[Claim], accounts: Mapping[str, int], by: str | None, pack: Pack
) -> Refused | None:
    """FROZEN_MISMATCH with the claims that are not any more what was put forward; None when all of it still is.

    An account that we know only in an older version than the frozen one is no change: registry gave that itself.
    """
    moved = [one.claim_id for one in members if accounts.get(one.payee_id, 0) > (one.account_version or 0)]
    changed = sorted({*moved, *altered(members)})
    if not changed and intact(disbursement, members):
        return None
    facts = {"claims": changed[:20], "account_changed": len(moved), "changed": len(changed)}
    subject = disbursement.disbursement_id
    return refuse(pack, "FROZEN_MISMATCH", "disbursement_id", by, **facts, subject=subject)


def _decided(
    disbursement: Disbursement,
    stages: Sequence[Stage],
    decision: str,
    reasons: tuple[str, ...],
    reviewer: Reviewer,
    pack: Pack,
) -> Step[Disbursement]:
    at, subject = disbursement.stages_passed, disbursement.disbursement_id
    stage, next_role = stages[at], role_at(stages, at + 1)
    facts: dict[str, Any] = {"amount_fen": disbursement.amount_fen, "claims": disbursement.claims}
    facts["frozen_hash"] = disbursement.frozen_hash
    facts |= {"stage": stage.name, "reasons": list(reasons)}
    decided = decide(pack, f"disbursement.{stage.role}.{decision}", subject, (stage.article,), **facts)
    changes: dict[str, Any] = {"reasons": reasons, "reviewers": (*disbursement.reviewers[:at], reviewer.person)}
    if decision == "refuse":
        return must(take(disbursement, MOVES, "review.refuse", decision=decided, stage=None, **changes))
    action = "approve" if next_role is None else "on"
    changes |= {"stage": next_role, "stages_passed": at + 1}
    return must(take(disbursement, MOVES, f"review.{action}", decision=decided, **changes))


def _payable(
    members: Sequence[Claim],
    verdicts: Mapping[str, str],
    market: Mapping[str, int],
    blacklisted: frozenset[str],
    pack: Pack,
) -> Refused | None:
    """Why it cannot be approved now; None when it can."""
    listed = sorted(blacklisted & {party for claim in members for party in claim.parties})
    if listed:
        by = article(pack, "exit.blacklist")
        return refuse(pack, "BLACKLISTED", "disbursement_id", by, party_id=listed[0], parties=listed[:20])
    held = claims.not_cleared(members, verdicts)
    if held:
        by = article(pack, "supervision.hold")
        return refuse(pack, "HELD_BY_SUPERVISION", "disbursement_id", by, claims=held[:20])
    dear = dearer(members, market, pack)
    if dear:
        by = article(pack, "claims.price_above_market")
        return refuse(pack, "PRICE_ABOVE_MARKET", "disbursement_id", by, claims=dear[:20])
    return None


def batched(*, disbursement: Disbursement, batch_id: str, pack: Pack) -> Step[Disbursement]:
    """All of it that waited is in payments."""
    by = payment_article(pack, "finance")
    decision = decide(pack, "disbursement.batched", disbursement.disbursement_id, (by,), batch_id=batch_id)
    return must(take(disbursement, MOVES, "batch", decision=decision))


def paid_again(*, disbursement: Disbursement, members: Sequence[Claim], pack: Pack) -> tuple[list[Step[Any]], ...]:
    """A payment of it was not paid, so these claims wait for another, as they were approved."""
    by = payment_article(pack, "finance")
    decision = decide(pack, "disbursement.retry", disbursement.disbursement_id, (by,), claims=len(members))
    waits = disbursement.status == "approved"  # another payment of it failed too
    steps = [] if waits else [must(take(disbursement, MOVES, "retry", decision=decision))]
    return steps, [_along(claim, "retry", (by,), pack, payment_id=None) for claim in members]


def thaw(
    *,
    disbursement: Disbursement,
    held: Sequence[Claim],
    rest: Sequence[Claim],
    accounts: Mapping[str, int],
    batch_id: str,
    now: datetime,
    pack: Pack,
) -> tuple[list[Step[Disbursement]], list[Step[Claim]]]:
    """Payments of a batch with the claims `held` did not go out, so they are frozen and approved anew.

    `accounts`: versions by payee, as registry just gave them. In this same disbursement when it holds nothing else;
    else they leave it for one of their own, and what was approved of the `rest` stands.
    """
    by, subject = payment_article(pack, "finance"), disbursement.disbursement_id
    facts = {"batch_id": batch_id, "claims": len(held)}
    decision = decide(pack, "disbursement.thaw", subject, (by,), **facts)
    goes_to = derived_id("disbursement", batch_id, subject) if rest else subject
    moved = _thawed(held, accounts, goes_to, by, pack)
    first: dict[str, Any] = {"stages_passed": 0, "reviewers": (), "stage": role_at(stages_of(pack), 0)}
    first["frozen_hash"] = frozen_together([one.after for one in moved])
    if not rest:
        return [must(take(disbursement, MOVES, "thaw", decision=decision, **first))], moved
    apart = replace(
        disbursement,
        disbursement_id=goes_to,
        sequence=1,
        status="filed",
        filed_at=now,
        reasons=(),
        **_sums(held),
        **first,
    )
    left = replace(disbursement, sequence=disbursement.sequence + 1, **_sums(rest), frozen_hash=frozen_together(rest))
    filed = decide(pack, "disbursement.filed", apart.disbursement_id, (by,), **facts, out_of=subject)
    steps = [Step(left, "disbursement_reopened", decision), Step(apart, "disbursement_filed", filed)]
    return steps, moved


def _thawed(
    held: Sequence[Claim], accounts: Mapping[str, int], disbursement_id: str, by: str | None, pack: Pack
) -> list[Step[Claim]]:
    """Nothing of them is approved any more, but that what was paid once was approved then; each is frozen anew."""
    moved = []
    for claim in held:
        assert claim.account_version is not None, claim.claim_id
        assert claim.fund is not None, claim.claim_id
        kept = frozen(claim, account_version=accounts.get(claim.payee_id, claim.account_version), fund=claim.fund)
        kept |= {"disbursement_id": disbursement_id, "payment_id": None}
        kept["approved_at"] = claim.approved_at if claim.paid_at is not None else None
        moved.append(_along(claim, "thaw", (by,), pack, **kept))
    return moved


def _sums(members: Sequence[Claim]) -> dict[str, Any]:
    return {"claims": len(members), "amount_fen": sum(claim.payable_fen for claim in members)}


def _along(claim: Claim, action: str, by: tuple[str | None, ...], pack: Pack, **changes: Any) -> Step[Claim]:
    """The claim's own step that goes with its disbursement's."""
    facts = {"disbursement_id": claim.disbursement_id or changes.get("disbursement_id")}
    facts |= {"claimed_fen": claim.claimed_fen, "payable_fen": claim.payable_fen}
    decision = decide(pack, f"claim.{action.partition('.')[0]}", claim.claim_id, by, **facts)
    return must(take(claim, claims.MOVES, action, decision=decision, **changes))
