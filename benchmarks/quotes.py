"""`yunquan quote` on 200,000 generated rows, beside Python's csv module that copies the file and decides nothing."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.table import Row

ROWS = 200_000
GOAL = 0.03
PROGRAMMES = ("guizhou-2018", "neimenggu-2019", "shandong-2017", "shenyang-2018", "shanxi-2018")
OVERLAYS = {"shandong-2017": "example-shandong-city", "shanxi-2018": "example-shanxi-rules"}
REGIONS = {"guizhou-2018": "520100", "neimenggu-2019": "150200", "shandong-2017": "370100", "shenyang-2018": "210106"}
COPY = "import csv, sys; csv.writer(open(sys.argv[2], 'w')).writerows(csv.reader(open(sys.argv[1])))"


def bench_quotes(folder: Path) -> list[Row]:
    """Whole processes, from start to end."""
    cases, out = folder / "cases.csv", folder / "out.csv"
    write(cases, ROWS, seed=2019)
    ours, peak_mb = _timed([sys.executable, "-m", "infra.cli", "quote", str(cases), "--out", str(out)])
    peer, _ = _timed([sys.executable, "-c", COPY, str(cases), str(folder / "copy.csv")])
    note = f"({ours:.1f} s for {ROWS:,} rows, peak {peak_mb:.0f} MB)"
    return [Row("quote", ROWS / ours, "csv copies the file", ROWS / peer, GOAL, note)]


def write(path: Path, rows: int, *, seed: int) -> None:
    """Rows of all five programmes, some of them refused, some with a fact missing."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, _row(chance, 0))
        out.writeheader()
        out.writerows(_row(chance, number) for number in range(rows))


def _row(chance: random.Random, number: int) -> dict[str, str]:
    programme = PROGRAMMES[number % len(PROGRAMMES)]
    year = {"neimenggu-2019": 2020, "guizhou-2018": 2020}.get(programme, 2019)
    price = chance.randrange(1, 20_000_000)
    return {
        "case": str(number),
        "programme": programme,
        "overlay": OVERLAYS.get(programme, "") if number % 2 else "",
        "on": f"{year}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}",
        "track": chance.choice(("industrial", "software", "city-service")),
        "category": chance.choice(("infrastructure", "platform", "application")),
        "price_yuan": f"{price / 100:.2f}",
        "market_price_yuan": f"{chance.randrange(1, 20_000_000) / 100:.2f}" if number % 7 == 0 else "",
        "paid_yuan": f"{price / 100:.2f}",
        "requested_yuan": f"{chance.randrange(0, 5_000_000) / 100:.2f}" if number % 3 == 0 else "",
        "used_this_year_yuan": str(chance.randrange(0, 60_000)) if number % 50 else "",
        "years_used": str(chance.randrange(0, 4)),
        "budget_left_yuan": str(chance.randrange(0, 10**7)) if number % 5 == 0 else "",
        "prior_revenue_yuan": str(chance.randrange(0, 10**10)),
        "registered_on": f"{chance.randrange(1990, 2021)}-02-28",
        "region": REGIONS.get(programme, "140100") if number % 11 else "110101",
        "tax_region": "210106",
        "legal_person": chance.choice(("yes", "no")),
        "violation": "no",
        "bad_credit": "no",
        "affiliated": "no",
        "industry": chance.choice(("industrial", "software", "institution", "other")),
        "serves_industry": "yes",
        "size": chance.choice(("micro", "small", "medium", "large")),
    }


def _timed(command: list[str]) -> tuple[float, float]:
    """Seconds, and the process's largest memory in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"the bench went wrong: {command[:4]}")
    return time.perf_counter() - started, used.ru_maxrss / 1024
