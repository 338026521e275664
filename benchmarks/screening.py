"""`yunquan screen` on made-up populations that no threshold was fitted to: what it finds, whom it wrongs, its cost."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.populations import Labelled, draw, populate

SEEDS = range(8_100, 8_108)  # worlds; rules were never tried on these while they were written
CLAIMS = 20_000
SIZES = (20_000, 200_000)


def bench_screening(folder: Path, console: Console) -> None:
    """A table of recall by alert and disguise, the honest claims alerted, and seconds and memory at two sizes."""
    recall: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    wronged: Counter[str] = Counter()
    right: Counter[str] = Counter()
    said: Counter[str] = Counter()
    shares = []
    for seed in SEEDS:
        labelled = populate(draw(seed), CLAIMS, seed)
        found, _, _ = screened(folder, labelled)
        count(labelled, found, recall)
        honest = [row["claim"] for row in labelled.rows if not labelled.planted.get(row["claim"])]
        alerted = [claim for claim in honest if claim in found]
        wronged.update(alert for claim in alerted for alert in found[claim])
        shares.append(len(alerted) / len(honest))
        for claim, alerts in found.items():
            said.update(alerts)
            right.update(alert for alert in alerts if alert in labelled.planted.get(claim, {}))
    _show(console, recall, right, said)
    worst = f"{min(shares):.2%} to {max(shares):.2%}"
    console.print(f"honest claims alerted: {sum(shares) / len(shares):.2%} (by world: {worst}; goal: at most 2 %)")
    console.print("of the honest, by alert:", ", ".join(f"{alert} {many}" for alert, many in wronged.most_common()))
    for size in SIZES:
        labelled = populate(draw(SEEDS[0]), size, SEEDS[0])
        _, seconds, peak_mb = screened(folder, labelled)
        console.print(f"{len(labelled.rows):,} claims: {seconds:.1f} s of the processor, peak {peak_mb:.0f} MB")


def screened(folder: Path, labelled: Labelled) -> tuple[dict[str, list[str]], float, float]:
    """Claim → alerts, by the command as a whole process; seconds of the processor and its largest memory in MB."""
    claims, alerts = folder / "claims.csv", folder / "alerts.csv"
    labelled.write(claims)
    command = [sys.executable, "-m", "infra.cli", "screen", str(claims), "--out", str(alerts)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError("yunquan screen went wrong")
    with alerts.open(encoding="utf-8", newline="") as file:
        found = {row["claim"]: row["alerts"].split("|") for row in csv.DictReader(file)}
    return found, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def count(labelled: Labelled, found: Mapping[str, Sequence[str]], recall: Mapping[tuple[str, str], list[int]]) -> None:
    """Add what was planted, and what of it was found, to `recall`: (alert, disguise) → [found, planted]."""
    for claim, planted in labelled.planted.items():
        for alert, disguise in planted.items():
            hit = recall[alert, disguise]
            hit[0] += alert in found.get(claim, ())
            hit[1] += 1


def _show(
    console: Console, recall: Mapping[tuple[str, str], list[int]], right: Counter[str], said: Counter[str]
) -> None:
    table = Table("alert", "disguise", "found", "planted", "recall", "precision")
    for alert in sorted({alert for alert, _ in recall}):
        of_alert = {disguise: recall[alert, disguise] for one, disguise in recall if one == alert}
        found, planted = (sum(hit[at] for hit in of_alert.values()) for at in (0, 1))
        precision = right[alert] / said[alert] if said[alert] else 0.0
        table.add_row(
            alert, "", f"{found:,}", f"{planted:,}", f"{found / planted:.1%}", f"{precision:.1%}", style="bold"
        )
        for disguise, (hits, many) in sorted(of_alert.items()):
            table.add_row("", disguise.replace("_", " "), f"{hits:,}", f"{many:,}", f"{hits / many:.1%}", "")
    console.print(table)
