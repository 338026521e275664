"""Every article of a programme is carried out and shown, or it is said why not: a map that lies misleads an auditor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/programmes/guizhou-2018.md"
TENS = ("", "十", "二十")
DIGITS = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九")
NUMERALS = [TENS[n // 10] + DIGITS[n % 10] for n in range(1, 26)]
ROWS = {
    cells[0]: cells
    for line in PAGE.read_text("utf-8").splitlines()
    if line.startswith("| 第") and (cells := [cell.strip() for cell in line.strip("|").split("|")])
}


@pytest.mark.parametrize("numeral", NUMERALS)
def test_an_article_names_its_code_and_its_test(numeral: str) -> None:
    article, _asks, _rule, code, shown = ROWS[f"第{numeral}条"]
    if "not software's business" in code and not shown:
        return
    assert shown, f"{article}: nothing shows it"
    named = [name for name in re.findall(r"`([\w-]+\.py)`", shown) if "/" not in name]
    anywhere = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert set(named) <= anywhere, f"{article}: no such test"
    for name in re.findall(r"`((?:tests|services|infra|contracts)/[\w./-]+)`", code + shown):
        assert (ROOT / name).exists(), f"{article}: no {name}"
