"""What was not done by its day: an alert `TERM_MISSED` on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.programmes import Pack
from services.supervision.domain.finding import Finding, Severity
from services.supervision.handlers.raising import Raised

RULE = "TERM_MISSED"


def missed(
    *,
    subject: tuple[str, str],
    says: tuple[str, str],
    region: str,
    programme: str,
    pack: Pack | None,
    articles: Sequence[str],
    numbers: Mapping[str, Any],
    severity: Severity = "medium",
    provider_id: str | None = None,
    enterprise_id: str | None = None,
) -> Raised:
    """subject: kind and id of what is late; says: one sentence in Chinese and in English; numbers: the days."""
    parties = tuple(party for party in (enterprise_id, provider_id) if party)
    found = Finding(rule=RULE, severity=severity, zh=says[0], en=says[1], numbers=numbers, parties=parties)
    return Raised(
        alert=RULE,
        severity=severity,
        subject_kind=subject[0],
        subject=subject[1],
        programme=programme,
        region=region,
        evidence=found.evidence(),
        articles=tuple(articles),
        pack=pack,
        provider_id=provider_id,
        enterprise_id=enterprise_id,
    )
