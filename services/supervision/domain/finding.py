"""What a rule says of a claim: the same shape for all rules, so that a supervisor reads them all alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["high", "medium", "low"]

ORDER: Mapping[Severity, int] = {"high": 0, "medium": 1, "low": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's verdict. `score` (0 to 100) orders findings of one severity; `numbers` are JSON numbers and words;
    `claims` and `parties` are ids; the sentences explain it to a person. `path` says how affiliated parties hang
    together: by kinds of fact, never by their values."""

    rule: str
    severity: Severity
    zh: str
    en: str
    score: int = 50
    numbers: Mapping[str, Any] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    path: tuple[Mapping[str, Any], ...] = ()

    def evidence(self) -> dict[str, Any]:
        """The alert's evidence as JSON."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "score": self.score,
            "explanation": {"zh": self.zh, "en": self.en},
            "numbers": dict(self.numbers),
            "claims": list(self.claims),
            "parties": list(self.parties),
            "path": [dict(link) for link in self.path],
        }


def worst(severities: list[Severity]) -> Severity:
    """The gravest of them."""
    return min(severities, key=lambda severity: ORDER[severity])
