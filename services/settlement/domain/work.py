"""Whose work a claim is: who may decide its stage today, for itself or for someone away, and who has taken it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.places import holds
from contracts.programmes.schema import Stage
from services.settlement.domain.claims import REVIEWABLE, Claim
from services.settlement.domain.law import refuse
from services.settlement.domain.leaves import Leave
from services.settlement.domain.stages import Reviewer, out_of_turn


@dataclass(frozen=True, slots=True)
class Absences:
    """The leaves of one programme that are in force today."""

    leaves: tuple[Leave, ...] = ()

    def away(self, person: str) -> bool:
        return any(leave.person == person for leave in self.leaves)

    def deputies(self, person: str) -> frozenset[str]:
        """Who stands in for a person that is away; a deputy that is away itself does not, and neither does its own."""
        named = {leave.deputy for leave in self.leaves if leave.person == person}
        return frozenset(deputy for deputy in named if deputy is not None and not self.away(deputy))

    def taken(self, taker: str | None) -> bool:
        """Is what that person has taken kept from others today?"""
        return taker is not None and (not self.away(taker) or bool(self.deputies(taker)))

    def covered_by(self, person: str) -> tuple[Leave, ...]:
        """The leaves on which that person stands in."""
        return () if self.away(person) else tuple(leave for leave in self.leaves if leave.deputy == person)


NOBODY_AWAY = Absences()


def capacities(reviewer: Reviewer, absences: Absences) -> tuple[Reviewer, ...]:
    """As whom a person may act today: as itself, and with the roles and region of each whom it stands in for."""
    lent = (
        replace(
            reviewer,
            roles=frozenset(leave.roles),
            region=leave.region,
            stands_for=leave.person,
            leave_id=leave.leave_id,
            absent_of=leave.organisation,
        )
        for leave in absences.covered_by(reviewer.person)
    )
    return reviewer, *lent


def acting(*, claim: Claim, role: str, stage: Stage | None, reviewer: Reviewer, absences: Absences) -> Reviewer:
    """The capacity in which a person speaks as `role` at the claim's `stage`: that of the absent person who has taken
    it, else its own, else the first that fits; where none fits its own, which then says what is amiss.
    """
    able = [one for one in capacities(reviewer, absences) if role in one.roles and _in_region(one, stage, claim)]
    first = [one for one in able if one.stands_for is not None and one.stands_for == claim.taken_by]
    return next(iter([*first, *able]), reviewer)


def _in_region(reviewer: Reviewer, stage: Stage | None, claim: Claim) -> bool:
    return stage is None or not stage.own_region or holds(reviewer.region, claim.region)


def holders(claim: Claim, absences: Absences) -> frozenset[str]:
    """Who alone may decide its stage: the taker, and while it is away its deputies; empty: whoever may at all."""
    taker = claim.taken_by
    return absences.deputies(taker) | {taker} if taker is not None and absences.taken(taker) else frozenset()


def kept_from(*, claim: Claim, reviewer: Reviewer, absences: Absences, stage: Stage, pack: Pack) -> Refused | None:
    """TAKEN_BY_ANOTHER, and CONFLICT_OF_INTEREST: the reviewer's own organisation, or that of whom it stands for, is
    a party to the claim."""
    facts = {"subject": claim.claim_id}
    if reviewer.organisations & {*claim.parties, claim.enterprise_id}:
        return refuse(pack, "CONFLICT_OF_INTEREST", "claim_id", stage.article, **facts)
    held = holders(claim, absences)
    if held and reviewer.person not in held:
        return refuse(pack, "TAKEN_BY_ANOTHER", "claim_id", stage.article, **facts)
    return None


def decided_by(claim: Claim, at: int) -> tuple[str, ...]:
    """Who filed it, and who decided the first `at` stages, for themselves or by a deputy."""
    absent = (person for person in claim.stood_in_for[:at] if person is not None)
    return claim.filed_by, *claim.reviewers[:at], *absent


def take(
    *, claim: Claim, reviewer: Reviewer, judged_by: Iterable[str], absences: Absences, pack: Pack
) -> str | Refused:
    """Whose it is from now on: the caller's, or that of the absent person for whom alone the caller could decide it.

    `judged_by`: experts who scored this version at another stage, and who audited it. WRONG_STATE, STAGE_MISMATCH,
    REGION_MISMATCH, SAME_PERSON, CONFLICT_OF_INTEREST, TAKEN_BY_ANOTHER.
    """
    if claim.status not in REVIEWABLE or claim.stage is None:
        return refuse(pack, "WRONG_STATE", "claims", None, status=claim.status)
    stage = pack.stages("claim", claim.track)[claim.stages_passed]
    sits = acting(claim=claim, role=stage.role, stage=stage, reviewer=reviewer, absences=absences)
    if stage.role not in sits.roles:
        return refuse(pack, "STAGE_MISMATCH", "claims", stage.article, turn=stage.role)
    refused = out_of_turn(
        pack=pack,
        stage=stage,
        role=stage.role,
        reviewer=sits,
        regions=(claim.region,),
        others=(*decided_by(claim, claim.stages_passed), *judged_by),
        subject=claim.claim_id,
    ) or kept_from(claim=claim, reviewer=sits, absences=absences, stage=stage, pack=pack)
    return refused or sits.stands_for or sits.person


def given(claim: Claim, taker: str | None) -> Claim:
    """The claim in that person's hands, or on the work list again: nothing is decided, and no event tells of it."""
    return replace(claim, taken_by=taker)


def release(*, claim: Claim, reviewer: Reviewer, absences: Absences, pack: Pack) -> bool | Refused:
    """Given back by who holds it; also by the office of the last stage, so that nothing waits for who does not come
    (True then). WRONG_STATE when nobody has taken it, TAKEN_BY_ANOTHER.
    """
    stages = pack.stages("claim", claim.track)
    if claim.taken_by is None:
        return refuse(pack, "WRONG_STATE", "claims", None, status=claim.status)
    if reviewer.person == claim.taken_by or reviewer.person in absences.deputies(claim.taken_by):
        return False
    if stages and stages[-1].role in reviewer.roles:
        return True
    return refuse(pack, "TAKEN_BY_ANOTHER", "claims", None, subject=claim.claim_id)
