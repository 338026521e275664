"""A sixth programme is a TOML file alone: a region that joins needs no developer."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

PACKS = Path(__file__).parent / "sixth"


def yunquan(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.cli", *arguments], capture_output=True, text=True, timeout=300, check=False
    )


def test_a_year_of_a_programme_that_no_code_knows(tmp_path):
    """Lost otherwise: some rule of the five stands in code, and a sixth region waits for a release."""
    done = yunquan("demo", "--programme", "yunzhou-2021", "--packs", str(PACKS), "--size", "30")
    last = done.stdout.strip().splitlines()[-1] if done.stdout else ""
    assert done.returncode == 0, (done.stdout[-3000:], done.stderr[-2000:])
    assert last.startswith("DEMO OK: yunzhou-2021@1,")
    assert last.endswith("owed 0 fen, imbalance 0 fen")


def test_its_quotes_are_computed(tmp_path):
    """A third of 9,999.99 yuan, down to the fen; a medium enterprise registered too recently gets both reasons."""
    cases = tmp_path / "cases.csv"
    cases.write_text(
        "case,programme,on,category,price_yuan,used_this_year_yuan,region,registered_on,size\n"
        "a,yunzhou-2021,2021-06-01,sea,9999.98,0,880102,2015-01-01,small\n"
        "b,yunzhou-2021,2021-06-01,sea,9999.98,0,880102,2019-06-02,medium\n",
        encoding="utf-8",
    )
    done = yunquan("quote", str(cases), "--packs", str(PACKS), "--out", str(tmp_path / "out.csv"))
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8-sig")))
    assert [(row["amount_fen"], row["refusals"]) for row in rows] == [
        ("333332", ""),
        ("0", "REGISTERED_TOO_RECENTLY|SIZE_NOT_COVERED"),
    ]


def test_no_code_names_a_programme():
    """The demo of Guizhou and its words apart, what is one programme's stands in its pack."""
    root = Path(__file__).parents[2]
    codes = ("guizhou-2018", "neimenggu-2019", "shandong-2017", "shenyang-2018", "shanxi-2018")
    named = [
        f"{path.relative_to(root)}: {code}"
        for folder in ("services", "contracts")
        for path in (root / folder).rglob("*.py")
        for code in codes
        if any(f'"{code}' in line and '"""' not in line for line in path.read_text("utf-8").splitlines())
    ]
    assert named == []
