"""Whose turn it is in a review: the pack's list of stages, each by another person, none of them who filed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.places import holds
from contracts.programmes.schema import Stage
from services.settlement.domain.law import refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who decides: the person, the roles of the token, the region of the office."""

    person: str
    roles: frozenset[str]
    region: str | None = None


def role_at(stages: Sequence[Stage], passed: int) -> str | None:
    """The role whose turn it is when `passed` stages are over; None when all are."""
    return stages[passed].role if passed < len(stages) else None


def out_of_turn(
    *,
    pack: Pack,
    stage: Stage,
    role: str,
    reviewer: Reviewer,
    regions: Iterable[str],
    others: Iterable[str],
    subject: str,
) -> Refused | None:
    """Why `reviewer`, speaking as `role`, may not decide `stage`: STAGE_MISMATCH, REGION_MISMATCH, SAME_PERSON.

    `regions`: those of whom it concerns, for a stage of their own office; `others`: who filed, and who decided before.
    """
    facts = {"subject": subject}
    if role != stage.role:
        return refuse(pack, "STAGE_MISMATCH", "stage", stage.article, **facts, turn=stage.role)
    if stage.own_region and not all(holds(reviewer.region, region) for region in regions):
        return refuse(pack, "REGION_MISMATCH", "stage", stage.article, **facts)
    return refuse(pack, "SAME_PERSON", "stage", stage.article, **facts) if reviewer.person in set(others) else None
