"""What screening found, as a file that a supervisor works through from the top."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from services.supervision.domain.finding import ORDER, Finding

COLUMNS = ("claim", "alerts", "severity", "score", "evidence")


def score(findings: Sequence[Finding]) -> int:
    """0 to 100 of a claim: how much is left of the doubt when each finding takes its share of it."""
    doubt = 1.0
    for finding in findings:
        doubt *= 1 - min(finding.score, 100) / 100
    return round(100 * (1 - doubt))


def lines(found: Mapping[str, Sequence[Finding]]) -> list[tuple[str, str, str, int, str]]:
    """One line a claim that has findings (gravest first), the most severe claim first, then by score, then by id."""
    ordered = sorted(
        (claim for claim in found if found[claim]),
        key=lambda claim: (ORDER[found[claim][0].severity], -score(found[claim]), claim),
    )
    return [
        (
            claim,
            "|".join(finding.rule for finding in found[claim]),
            found[claim][0].severity,
            score(found[claim]),
            json.dumps([finding.evidence() for finding in found[claim]], ensure_ascii=False),
        )
        for claim in ordered
    ]


def write_alerts(path: Path, found: Mapping[str, Sequence[Finding]]) -> None:
    """Whole or not at all: a file that is there stays until the new one is complete. OSError."""
    if path.exists() and not path.is_file():  # a device or a pipe cannot be put in place afterwards
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *lines(found)])
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *lines(found)])
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
