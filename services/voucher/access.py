"""Whose programme a record is: a token for one programme neither changes nor reads what belongs to another."""

from __future__ import annotations

from contracts.errors import Refused
from infra.messages import Command


def foreign(command: Command, programme: str) -> Refused | None:
    """PROGRAMME_MISMATCH when the caller's token is for another programme than the record it names by id.

    The bus compares the programme that a body names; most bodies name a record alone, and only here is it known whose.
    """
    if command.actor.programme in (None, programme):
        return None
    return Refused("PROGRAMME_MISMATCH", facts={"programme": command.actor.programme})
