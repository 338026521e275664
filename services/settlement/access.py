"""Who calls, as the rules of a review ask for it."""

from __future__ import annotations

from infra.messages import Actor
from services.settlement.domain.stages import Reviewer


def reviewer(actor: Actor) -> Reviewer:
    """The person, roles, region and organisation of a token."""
    return Reviewer(person=actor.subject, roles=actor.roles, region=actor.region, organisation=actor.organisation)
