"""Leave: who is away from which day to which, and who stands in; it runs out by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain.law import decide, refuse
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Move, Moves, Step, take

MOST_DAYS = 92  # the deputy holds what the person's token held: a longer absence is recorded anew, with today's token

MOVES: Moves = {"end": Move(("recorded",), "ended", "leave_ended")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """`roles` and `region` are those of the person's token when it was recorded: the deputy acts with them, and is kept
    from what the `organisation` of that token has a part in."""

    leave_id: str
    sequence: int
    programme: str
    person: str
    roles: tuple[str, ...]
    region: str | None
    organisation: str | None
    deputy: str | None
    from_on: date
    until_on: date
    reason: str
    status: str

    def in_force(self, day: date) -> bool:
        """Away on that day, first and last included."""
        return self.status == "recorded" and self.from_on <= day <= self.until_on


def record(
    *,
    leave_id: str,
    reviewer: Reviewer,
    deputy: str | None,
    from_on: date,
    until_on: date,
    reason: str,
    today: date,
    pack: Pack,
) -> Step[Leave] | Refused:
    """By the person itself. LEAVE_DATES (it ends before it begins, is over, or ends more than MOST_DAYS from
    today), INVALID (its own deputy)."""
    if until_on < max(from_on, today):
        return refuse(pack, "LEAVE_DATES", "until_on", None, today=today.isoformat(), until_on=until_on.isoformat())
    if (until_on - today).days > MOST_DAYS:
        return refuse(pack, "LEAVE_DATES", "until_on", None, most_days=MOST_DAYS, until_on=until_on.isoformat())
    if deputy == reviewer.person:
        return refuse(pack, "INVALID", "deputy", None)
    leave = Leave(
        leave_id=leave_id,
        sequence=1,
        programme=pack.code,
        person=reviewer.person,
        roles=tuple(sorted(reviewer.roles)),
        region=reviewer.region,
        organisation=reviewer.organisation,
        deputy=deputy,
        from_on=from_on,
        until_on=until_on,
        reason=reason,
        status="recorded",
    )
    facts: dict[str, Any] = {"from_on": from_on.isoformat(), "until_on": until_on.isoformat()}
    facts |= {"roles": list(leave.roles), "deputy": deputy is not None}
    return Step(leave, "leave_recorded", decide(pack, "leave.recorded", leave_id, _stages(leave, pack), **facts))


def end(*, leave: Leave, person: str, today: date, pack: Pack) -> Step[Leave] | Refused:
    """Back before the last day, or never gone. NOT_OWNER, WRONG_STATE (ended before, or run out)."""
    if leave.person != person:
        return refuse(pack, "NOT_OWNER", "leave_id", None)
    if leave.until_on < today:
        return refuse(pack, "WRONG_STATE", "leave_id", None, until_on=leave.until_on.isoformat())
    facts = {"ended_on": today.isoformat()}
    step = take(
        leave, MOVES, "end", decision=decide(pack, "leave.ended", leave.leave_id, _stages(leave, pack), **facts)
    )
    return replace(step, field="leave_id") if isinstance(step, Refused) else step


def _stages(leave: Leave, pack: Pack) -> tuple[str, ...]:
    """Articles of the stages that the person decides in this programme's reviews."""
    return tuple(stage.article for stages in pack.reviews.values() for stage in stages if stage.role in leave.roles)
