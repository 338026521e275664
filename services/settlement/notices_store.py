"""Reads of what became of claims that were published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.settlement import tables as t
from services.settlement.domain.notices import Notice, Standing, outcomes_of


def standings(conn: sa.Connection, notices: Sequence[Notice]) -> dict[str, Standing]:
    """Where the claims of these notices stand, by claim."""
    c = t.claims.c
    ids = sorted({str(item["claim_id"]) for notice in notices for item in notice.items})
    query = sa.select(c.claim_id, c.notice_id, c.status).where(c.claim_id.in_(ids))
    return {row["claim_id"]: Standing(**row) for row in conn.execute(query).mappings()}


def upheld(conn: sa.Connection, notice_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Claims that an objection ended, by notice."""
    c = t.objections.c
    query = sa.select(c.notice_id, c.claim_id).where(c.notice_id.in_(sorted(set(notice_ids))), c.status == "upheld")
    found: dict[str, set[str]] = {}
    for notice_id, claim_id in conn.execute(query):
        found.setdefault(notice_id, set()).add(claim_id)
    return {notice_id: frozenset(claims) for notice_id, claims in found.items()}


def with_outcomes(conn: sa.Connection, notice: Notice) -> list[Mapping[str, Any]]:
    """The items of a notice, each with what became of it."""
    ended = upheld(conn, [notice.notice_id]).get(notice.notice_id, frozenset())
    found = outcomes_of(notice=notice, standings=standings(conn, [notice]), upheld=ended)
    by_claim = {one["claim_id"]: one["outcome"] for one in found}
    return [{**item, "outcome": by_claim[item["claim_id"]]} for item in notice.items]
