"""Whose programme a record is: a token for one programme neither changes nor reads what belongs to another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from contracts.errors import Refused
from infra.messages import Command
from infra.packs import known
from services.voucher.domain.plans import Plan


def foreign(command: Command, programme: str) -> Refused | None:
    """PROGRAMME_MISMATCH when the caller's token is for another programme than the record it names by id.

    The bus compares the programme that a body names; most bodies name a record alone, and only here is it known whose.
    """
    if command.actor.programme in (None, programme):
        return None
    return Refused("PROGRAMME_MISMATCH", facts={"programme": command.actor.programme})


def no_plan(body: Mapping[str, Any], of_year: Collection[Plan]) -> Refused:
    """Why there is no plan that `body` names: no such programme, nothing in its year, or nothing of that region."""
    if not known(body["programme"]):
        return Refused("PROGRAMME_UNKNOWN", "programme", None, {"programme": body["programme"]})
    return Refused("NOT_FOUND", "region" if of_year else "year")
