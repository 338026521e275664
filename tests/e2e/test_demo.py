"""A year that runs short is told to its end: what the next year's plan makes up is paid, and nothing is owed."""

from __future__ import annotations

import re
import subprocess
import sys


def test_a_shortfall_is_made_up_by_the_next_year_and_paid() -> None:
    """Lost otherwise: a promise beyond the budget (内蒙古 一(二)) that a demo with money enough never shows."""
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "demo", "--programme", "neimenggu-2019", "--size", "30"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, (done.stdout[-3000:], done.stderr[-2000:])
    before, after = re.findall(r"2020 owes ([0-9,.]+) yuan", done.stdout)
    assert (before != "0.00", after) == (True, "0.00")
    made_up = re.findall(r"(?:made up by a later year|made up for an earlier year) +│ +([0-9,.]+) │", done.stdout)
    assert made_up == ["0.00", before, before, "0.00"]  # 2020 for an earlier, by 2021; 2021 for 2020, by a later
    assert done.stdout.count("Reconciliation across services") == 2
    assert done.stdout.strip().splitlines()[-1].endswith("owed 0 fen, imbalance 0 fen")
