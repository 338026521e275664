"""Reviews by the pack's stages: how many are passed, whose turn it is, and who may take that turn."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from contracts.errors import Refused
from contracts.programmes import Pack, Stage
from contracts.programmes.places import holds


class Official(Protocol):
    """Who decides, as the token says."""

    @property
    def subject(self) -> str: ...
    @property
    def roles(self) -> Collection[str]: ...
    @property
    def region(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The stage whose turn it is; `following` is the one after it, None at the last."""

    stage: Stage
    following: Stage | None

    @property
    def last(self) -> bool:
        return self.following is None


def turn(pack: Pack, review: str, passed: int) -> Turn | None:
    """The turn after `passed` stages of a review; None when it has no further one."""
    stages = pack.stages(review)
    if passed >= len(stages):
        return None
    return Turn(stage=stages[passed], following=stages[passed + 1] if passed + 1 < len(stages) else None)


def first_role(pack: Pack, review: str) -> str | None:
    """Whose turn it is when nobody has decided yet; None where the programme asks for no review."""
    now = turn(pack, review, 0)
    return now.stage.role if now else None


def barred(
    turn: Turn, official: Official, *, region: str, people: Collection[str], field: str, subject: str
) -> Refused | None:
    """Why this official may not take the turn; `region`: the party's, `people`: who took part in it before.

    FORBIDDEN (another role's turn), REGION_MISMATCH (the party's own office alone), SAME_PERSON.
    """
    stage, facts = turn.stage, {"stage": turn.stage.name, "subject": subject}
    if stage.role not in official.roles:
        return Refused("FORBIDDEN", field=field, article=stage.article, facts={**facts, "role": stage.role})
    if stage.own_region and not holds(official.region, region):
        where = {"office": official.region, "region": region}
        return Refused("REGION_MISMATCH", field=field, article=stage.article, facts={**facts, **where})
    if official.subject in people:
        return Refused("SAME_PERSON", field=field, article=stage.article, facts=facts)
    return None
