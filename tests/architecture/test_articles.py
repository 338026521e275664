"""Every article of a programme is carried out and shown, or it is said why not: a map that lies misleads an auditor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contracts.programmes import shipped
from contracts.programmes.show import flat

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/programmes"
TENS = ("", "十", "二十")
DIGITS = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九")


def sub(section: str, most: int, first: int = 1) -> list[str]:
    """`三` and 3: 三(一), 三(二), 三(三)."""
    return [f"{section}({TENS[n // 10]}{DIGITS[n % 10]})" for n in range(first, most + 1)]


# every section of the originals, as the pages name them
SECTIONS = {
    "guizhou-2018": [f"第{TENS[n // 10]}{DIGITS[n % 10]}条" for n in range(1, 26)],
    "neimenggu-2019": [
        *(*sub("一", 3), *sub("二", 3), *sub("三", 2), "三(三)1", "三(三)2", "四"),
        *(*sub("五", 3), "六", *sub("七", 2), *sub("八", 4)),
    ],
    "shandong-2017": ["一", *sub("二", 3), *sub("三", 4), "四", *sub("五", 5)],
    "shenyang-2018": [
        *(*sub("一", 3), "二", *sub("三", 2), "三(三)1", "三(三)2", "三(三)3"),
        *("三(四)1", "三(四)2", "三(四)3", "三(五)1", "三(五)2", "四"),
    ],
    "shanxi-2018": [*sub("一", 2), "二", *sub("三", 10), *sub("四", 3), *sub("五", 4), "附件1", "附件2"],
}


def rows_of(code: str) -> list[list[str]]:
    """Cells of the tables' rows: section, what it asks, rule, code, shown by."""
    lines = (FOLDER / f"{code}.md").read_text("utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if re.match(r"\| (第|[一二三四五六七八九]|附)", line)
    ]
    assert all(len(row) == 5 for row in rows), [row for row in rows if len(row) != 5]
    return rows


ROWS = [(code, row) for code in SECTIONS for row in rows_of(code)]
TESTS = {path.name for path in (ROOT / "tests").rglob("*") if path.name.startswith("test_") or path.suffix == ".yaml"}


@pytest.mark.parametrize("code", SECTIONS)
def test_no_section_of_the_original_is_left_out(code: str) -> None:
    named = {row[0].split(" ")[0] for row in rows_of(code)}
    assert [section for section in SECTIONS[code] if section not in named] == []


@pytest.mark.parametrize("code", SECTIONS)
def test_every_article_that_the_pack_cites_has_its_row(code: str) -> None:
    """Lost otherwise: a rule decides, and the map does not say where it is carried out."""
    pack = shipped().load(code)
    sections = {row[0].split(" ")[0] for row in rows_of(code)}
    cited = {text for key, text in flat(pack).items() if key.endswith(".article") and key != "period.article"}
    unmapped = [one for one in cited if not any(one.startswith(s) or s.startswith(one) for s in sections)]
    assert sorted(unmapped) == []


@pytest.mark.parametrize(("code", "row"), ROWS, ids=[f"{code}-{row[0]}" for code, row in ROWS])
def test_a_row_names_code_and_tests_that_there_are(code: str, row: list[str]) -> None:
    section, _asks, rule, where, shown = row
    if ("not software's business" in where and not shown) or "not yet" in shown:
        return
    assert shown or where.startswith("as "), f"{section}: nothing shows it"
    assert set(re.findall(r"`(test_[\w]+\.py|[\w-]+\.yaml)`", shown)) <= TESTS, f"{section}: no such test"
    for name in re.findall(r"`((?:tests|services|infra|contracts)/[\w./-]+)`", where + shown):
        assert (ROOT / name).exists(), f"{section}: no {name}"
    pack = shipped().load(code)
    keys = flat(pack)
    for path in re.findall(r"`([a-z_]+(?:\.[\w-]+)*)`", rule):
        assert any(key == path or key.startswith(f"{path}.") for key in keys), f"{section}: the pack has no {path}"


@pytest.mark.parametrize("code", SECTIONS)
def test_every_scenario_of_a_programme_is_named_on_its_page(code: str) -> None:
    """Lost otherwise: a story that plays an article, and nobody who reads the article finds it."""
    page = (FOLDER / f"{code}.md").read_text("utf-8")
    stories = (ROOT / "tests/scenarios" / code.partition("-")[0]).glob("*.yaml")
    assert sorted(path.name for path in stories if f"`{path.name}`" not in page) == []
