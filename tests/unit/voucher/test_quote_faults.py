"""Quotes read by someone who has the specification's tables alone: what is needed, what is looked at, in which order.

Rows that lack facts or have some that cannot be read; rows that an overlay fills, in integer fen; files in any shape.
"""

import csv
import io
import random

import pytest

from contracts.programmes import shipped
from services.voucher.cases import COLUMNS, CaseReader
from services.voucher.quote import Totals, quote_file, quote_row
from tests.unit.voucher.test_quote_oracle import eligibility, made_up

CITY, RULES = "example-shandong-city", "example-shanxi-rules"
BEGUN = {CITY: "2018-01-01", RULES: "2018-10-01"}  # before, an overlay fills nothing
# programme and overlay → columns that are needed; columns that are looked at when given
TABLE = {
    ("guizhou-2018", ""): (
        "on category price_yuan used_this_year_yuan registered_on region legal_person violation bad_credit affiliated",
        "market_price_yuan requested_yuan budget_left_yuan",
    ),
    ("neimenggu-2019", ""): (
        "on category price_yuan used_this_year_yuan region bad_credit industry serves_industry",
        "market_price_yuan requested_yuan budget_left_yuan",
    ),
    ("shandong-2017", ""): ("on region legal_person size", ""),
    ("shandong-2017", CITY): (
        "on category price_yuan used_this_year_yuan region legal_person size",
        "requested_yuan budget_left_yuan",
    ),
    ("shenyang-2018", ""): (
        "on track paid_yuan used_this_year_yuan years_used prior_revenue_yuan region tax_region legal_person industry",
        "requested_yuan budget_left_yuan",
    ),
    ("shanxi-2018", ""): ("on", ""),
    ("shanxi-2018", RULES): (
        "on paid_yuan used_this_year_yuan years_used prior_revenue_yuan region",
        "requested_yuan budget_left_yuan",
    ),
}
ORDER = [
    "on", "track", "category", "price_yuan", "market_price_yuan", "paid_yuan", "requested_yuan", "used_this_year_yuan",
    "years_used", "budget_left_yuan", "prior_revenue_yuan", "registered_on", "region", "tax_region", "legal_person",
    "violation", "bad_credit", "affiliated", "industry", "serves_industry", "size",
]  # fmt: skip
WRONG = {
    "yuan": ("-1", "1.234", "1,5", "1e3", "1.", "¥5", "+2", "12 3", " 12", "12 ", " ", "\t"),
    "date": ("2019-02-30", "2019/01/01", "20190101", "1-1-2019", "today", " 2019-06-03", "2019-06-03 ", " "),
    "region": ("52", "5201020", "52O102", "520 02", " 520102", "370102 ", "\u3000"),
    "yes": ("Yes", "y", "true", "0", "否", " no", "yes ", " "),
    "word": ("Platform", "INDUSTRIAL", "big", "infrastructure ltd", "1", " small", "platform ", " "),
    "years_used": ("-1", "1.5", "two", "1e0", " 1", "1 ", " "),
}
KIND = {
    "on": "date", "registered_on": "date", "region": "region", "tax_region": "region", "years_used": "years_used",
    "legal_person": "yes", "violation": "yes", "bad_credit": "yes", "affiliated": "yes", "serves_industry": "yes",
}  # fmt: skip


def spoiled(chance):
    """A row of which a few cells are empty or cannot be read, on some programme, with or without its overlay."""
    row = made_up(chance)
    overlay = {"shandong-2017": CITY, "shanxi-2018": RULES}.get(row["programme"], "")
    row["overlay"] = overlay if chance.random() < 0.6 else ""
    for column in chance.sample(ORDER, chance.choice([0, 1, 2, 4])):
        kind = "yuan" if column.endswith("_yuan") else KIND.get(column, "word")
        row[column] = chance.choice(["", *WRONG[kind]])
    return row


def faults(row):
    overlay = row["overlay"]
    if overlay and row["on"] and row["on"] not in WRONG["date"] and row["on"] < BEGUN[overlay]:
        overlay = ""
    needed, used = (names.split() for names in TABLE[row["programme"], overlay])
    found = []
    for column in ORDER:
        if column == "serves_industry" and row["industry"] == "industrial":
            continue
        if column == "prior_revenue_yuan" and row["programme"] == "shenyang-2018" and row["track"] == "city-service":
            continue
        if column in needed and not row[column]:
            found.append(f"FACT_MISSING:{column}")
        elif column in needed + used and is_wrong(column, row[column]):
            found.append(f"FACT_INVALID:{column}")
    return found


def is_wrong(column, cell):
    kind = "yuan" if column.endswith("_yuan") else KIND.get(column, "word")
    return bool(cell) and cell in WRONG[kind]


@pytest.mark.parametrize("seed", range(10))
def test_what_is_missing_or_unreadable_is_all_that_is_said(seed):
    """A guess would be paid out; or a column that the programme does not use would keep an enterprise out."""
    chance, reader, seen = random.Random(seed), CaseReader(shipped()), set()
    for _ in range(600):
        row = spoiled(chance)
        expected = faults(row)
        _, amount_fen, deferred_fen, refusals, articles, _ = quote_row(reader, row, Totals())
        if expected:
            assert (refusals, amount_fen, deferred_fen, articles) == ("|".join(expected), 0, 0, ""), row
        else:
            assert "FACT_" not in refusals, row
        seen |= {fault.split(":")[1] for fault in expected}
    assert seen == set(ORDER)


def filled(row):
    """(amount_fen, refusals) under an overlay, in integer fen and by nothing but its file."""
    fen = {name: int(row[name].replace(".", "")) if row[name] else None for name in row if name.endswith("_yuan")}
    reasons, shandong = [], row["programme"] == "shandong-2017"
    first, last = ("2017-11-10", "2020-11-09") if shandong else ("2018-06-15", "2020-12-31")
    if not first <= row["on"] <= last:
        reasons.append("OUT_OF_PERIOD")
    if shandong:
        reasons += eligibility("shandong-2017", row)
        top, bottom = {"infrastructure": (1, 5), "platform": (3, 10), "application": (1, 3)}[row["category"]]
        rate_fen, cap_fen = fen["price_yuan"] * top // bottom, 3_000_000
    else:
        reasons += [] if row["region"].startswith("14") else ["NOT_REGISTERED_IN_REGION"]
        reasons += ["YEARS_EXHAUSTED"] if int(row["years_used"]) >= 2 else []
        rate_fen = fen["paid_yuan"] * 3 // 10
        cap_fen = 20_000_000 if fen["prior_revenue_yuan"] >= 20_000_000_00 else 5_000_000
    asked, budget = fen["requested_yuan"], fen["budget_left_yuan"]
    left = max(0, cap_fen - fen["used_this_year_yuan"])
    if asked is not None and asked > rate_fen:
        reasons.append("REQUEST_ABOVE_RATE")
    for bound, name in ((left, "QUOTA"), (budget, "BUDGET")):
        if bound == 0:
            reasons.append(f"{name}_EXHAUSTED")
        elif None not in (bound, asked) and asked > bound:
            reasons.append(f"{name}_EXCEEDED")
    bounds = [bound for bound in (rate_fen, left, budget) if bound is not None]
    return (0 if reasons else min(bounds) if asked is None else asked), "|".join(reasons)


def two_places(row):
    """Yuan with two places everywhere, so that fen are the digits."""
    money = {name: f"{cell}.00" if cell and "." not in cell else cell for name, cell in row.items()}
    return {name: money[name] if name.endswith("_yuan") else cell for name, cell in row.items()}


@pytest.mark.parametrize("seed", range(5))
def test_what_an_overlay_fills_is_computed_by_it(seed):
    """A locality that set its amounts would be told those of another, or a fen too much on each."""
    chance, reader, granted = random.Random(seed), CaseReader(shipped()), 0
    for _ in range(800):
        row = two_places(made_up(chance))
        row["overlay"] = {"shandong-2017": CITY, "shanxi-2018": RULES}.get(row["programme"], "")
        if not row["overlay"] or row["on"] < BEGUN[row["overlay"]]:
            continue
        _, amount_fen, deferred_fen, refusals, _, label = quote_row(reader, row, Totals())
        assert (amount_fen, refusals) == filled(row), row
        assert (deferred_fen, label.split("+")[1]) == (0, f"{row['overlay']}@1")
        granted += not refusals
    assert granted > 5


def quoted(text):
    out = io.StringIO()
    reader = CaseReader(shipped())
    quote_file(io.StringIO(text, newline=""), out, reader, tell_header=lambda _: None, progress=lambda: None)
    return list(csv.reader(io.StringIO(out.getvalue())))[1:]


@pytest.mark.parametrize("seed", range(6))
def test_the_shape_of_a_file_changes_no_result(seed):
    """What one office saves with another program would get other amounts."""
    chance = random.Random(seed)
    rows = [{"case": f'c{number}, "七"', **spoiled(chance)} for number in range(120)]
    plain = [[str(cell) for cell in quote_row(CaseReader(shipped()), row, Totals())] for row in rows]
    columns = [*chance.sample(COLUMNS, len(COLUMNS)), "备注", "remarks", "remarks"]
    text = io.StringIO(newline="")
    end, quoting = chance.choice(["\n", "\r\n"]), chance.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])
    writer = csv.writer(text, lineterminator=end, quoting=quoting)
    writer.writerow([f" {name} " for name in columns])
    for row in rows:
        cells = [row.get(name, "x") for name in columns]
        writer.writerow([*cells, *chance.choice([[], [""], ["", " "]])])  # a spreadsheet's empty cells
        if chance.random() < 0.1:
            text.write(end)  # an empty line
    assert quoted(text.getvalue()) == plain


def test_a_line_that_is_too_short_lacks_its_last_facts():
    """A cut line would take its neighbours' cells, or pass for complete."""
    header = "case,programme,on,region,legal_person,size\n"
    assert [row[3] for row in quoted(header + "1,shandong-2017,2018-05-07,370102\n2,shandong-2017\n\n3\n")] == [
        "FACT_MISSING:legal_person|FACT_MISSING:size",
        "FACT_MISSING:on|FACT_MISSING:region|FACT_MISSING:legal_person|FACT_MISSING:size",
        "FACT_MISSING:programme",
    ]
    assert quoted(header) == []
