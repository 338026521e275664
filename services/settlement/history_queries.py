"""What became of a claim, version by version: who filed it as what, and each decision on it since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from infra.jsontext import instant_text
from infra.tables import decisions

MOST = 500  # decisions, the newest; `explain` has more, and the refusals


def history(conn: sa.Connection, claim_id: str, filings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The versions of `filings`, oldest first, with their decisions in order; `…_by` names a person."""
    versions = {
        one["claim_version"]: {
            **{name: one[name] for name in ("claim_version", "content_hash", "filed_by")},
            "filed_at": instant_text(one["filed_at"]),
            "filed_as": [],
            "decisions": [],
        }
        for one in sorted(filings, key=lambda one: int(one["claim_version"]))
    }
    for version, row in _by_version(conn, claim_id):
        if row["action"] == "claim.filed" and version in versions:
            versions[version]["filed_as"] = row["actor_roles"]
        elif version in versions:
            versions[version]["decisions"].append(_decision(row))
    return list(versions.values())


def _by_version(conn: sa.Connection, claim_id: str) -> Iterator[tuple[int | None, Mapping[str, Any]]]:
    """A decision that does not say on which version it is, is on the one that was filed last."""
    query = (
        sa.select(decisions)
        .where(decisions.c.subject == claim_id, decisions.c.outcome == "ok")
        .order_by(decisions.c.id.desc())
        .limit(MOST)
    )
    version: int | None = None
    for row in reversed(conn.execute(query).mappings().all()):
        version = row["facts"].get("claim_version", version)
        yield version, row


def _decision(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = row["facts"]
    lines = facts.get("disallowed") or []
    codes = [*([facts["code"]] if facts.get("code") else []), *facts.get("alerts", [])]
    return {
        "at": instant_text(row["at"]),
        "action": row["action"],
        "stage": facts.get("stage"),
        "reasons": facts.get("reasons", []),
        "codes": [*codes, *dict.fromkeys(line["code"] for line in lines)],
        "articles": row["articles"],
        "decided_as": row["actor_roles"],
        "decided_by": row["actor"],
    }
