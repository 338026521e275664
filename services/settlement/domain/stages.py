"""Whose turn it is in a review: the pack's list of stages, each by another person, none of them who filed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.places import holds
from contracts.programmes.schema import Stage
from services.settlement.domain.law import refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Who decides: the person, the roles of the token, the region of the office, the organisation of an expert.

    `stands_for`: the absent person whose roles and region these are, by its leave `leave_id`; `absent_of`: that
    person's organisation.
    """

    person: str
    roles: frozenset[str]
    region: str | None = None
    organisation: str | None = None
    stands_for: str | None = None
    leave_id: str | None = None
    absent_of: str | None = None

    @property
    def persons(self) -> frozenset[str]:
        """Who has decided when this one has: itself, and for whom it stood in."""
        return frozenset({self.person, self.stands_for or self.person})

    @property
    def organisations(self) -> frozenset[str]:
        """Of whose claims it decides none: its own, and that of whom it stands for."""
        return frozenset(one for one in (self.organisation, self.absent_of) if one is not None)


# of what waits for no stage
NO_TURN: Mapping[str, Any] = MappingProxyType(
    {"stage": None, "own_region": False, "due_on": None, "taken_by": None, "late": False}
)


def turn(stages: Sequence[Stage], at: int, due_on: date | Refused | None) -> Mapping[str, Any]:
    """What changes in a claim that comes to stage `at`: nobody has taken it there, nobody was told that it is late."""
    if at >= len(stages):
        return NO_TURN
    due = None if isinstance(due_on, Refused) else due_on
    return {**NO_TURN, "stage": stages[at].role, "own_region": stages[at].own_region, "due_on": due}


def due_facts(stages: Sequence[Stage], at: int, due_on: date | Refused | None) -> dict[str, Any]:
    """What the decision says of the last day of stage `at`, or of the year whose working days nobody has stated."""
    if at >= len(stages) or due_on is None:
        return {}
    if isinstance(due_on, Refused):
        return {"due_on": None, "calendar_unknown": due_on.facts["year"]}
    return {"due_on": due_on.isoformat()}


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
    return refuse(pack, "SAME_PERSON", "stage", stage.article, **facts) if reviewer.persons & set(others) else None
