"""A second reading of the originals, in yuan and plain ifs, beside which the quotes of many made-up rows must stand."""

import random
from datetime import date
from decimal import ROUND_DOWN, Decimal

import pytest

from contracts.programmes import shipped
from services.voucher.cases import CaseReader
from services.voucher.quote import Totals, quote_row

FEN = Decimal("0.01")
RATES = {
    "guizhou-2018": {"infrastructure": Decimal("0.4"), "platform": Decimal("0.6"), "application": Decimal("0.6")},
    "neimenggu-2019": {"infrastructure": Decimal("0.15"), "platform": Decimal("0.25"), "application": Decimal("0.2")},
}
IN_FORCE = {
    "guizhou-2018": ("2018-08-23", "9999-12-31"),
    "neimenggu-2019": ("2019-09-11", "9999-12-31"),
    "shandong-2017": ("2017-11-10", "2020-11-09"),
    "shenyang-2018": ("2018-09-17", "2022-12-31"),
    "shanxi-2018": ("2018-06-15", "2020-12-31"),
}
PREFIX = {
    "guizhou-2018": "52",
    "neimenggu-2019": "15",
    "shandong-2017": "37",
    "shenyang-2018": "2101",
    "shanxi-2018": "",
}


def expected(row):
    """(amount_fen, deferred_fen, refusals) for a row whose needed facts are all there and readable."""
    programme, reasons = row["programme"], []
    if programme in ("shandong-2017", "shanxi-2018"):
        reasons.append("DELEGATED_RULE_MISSING")
    first, last = IN_FORCE[programme]
    if not first <= row["on"] <= last:
        reasons.append("OUT_OF_PERIOD")
    reasons += eligibility(programme, row)
    if programme in ("shandong-2017", "shanxi-2018"):
        return 0, 0, "|".join(reasons)
    base = Decimal(row["paid_yuan"] if programme == "shenyang-2018" else row["price_yuan"])
    rate = Decimal("0.5") if programme == "shenyang-2018" else RATES[programme][row["category"]]
    if programme == "shenyang-2018" and int(row["years_used"]) > 2:
        reasons.append("YEARS_EXHAUSTED")
    if programme != "shenyang-2018" and row["market_price_yuan"] and base > Decimal(row["market_price_yuan"]):
        reasons.append("PRICE_ABOVE_MARKET")
    asked = Decimal(row["requested_yuan"]) if row["requested_yuan"] else None
    left = yearly_cap(programme, row) - Decimal(row["used_this_year_yuan"])
    budget = Decimal(row["budget_left_yuan"]) if row["budget_left_yuan"] else None
    if asked is not None and asked > rate * base:
        reasons.append("REQUEST_ABOVE_RATE")
    if left <= 0:
        reasons.append("QUOTA_EXHAUSTED")
    elif asked is not None and asked > left:
        reasons.append("QUOTA_EXCEEDED")
    refusing = budget if programme != "neimenggu-2019" else None
    if refusing == 0:
        reasons.append("BUDGET_EXHAUSTED")
    elif None not in (refusing, asked) and asked > refusing:
        reasons.append("BUDGET_EXCEEDED")
    return outcome(programme, reasons, asked, [rate * base, left, refusing], budget)


def outcome(programme, reasons, asked, bounds, budget):
    if reasons:
        return 0, 0, "|".join(reasons)
    bounds = [bound for bound in bounds if bound is not None]
    amount = asked if asked is not None else min(bounds).quantize(FEN, ROUND_DOWN)
    deferred = max(Decimal(0), amount - budget) if programme == "neimenggu-2019" and budget is not None else Decimal(0)
    return int(amount * 100), int(deferred * 100), ""


def eligibility(programme, row):
    reasons = []
    if not row["region"].startswith(PREFIX[programme]):
        reasons.append("NOT_REGISTERED_IN_REGION")
    if programme == "shenyang-2018" and not row["tax_region"].startswith("2101"):
        reasons.append("NOT_TAXED_IN_REGION")
    if programme == "guizhou-2018" and row["on"] < a_year_after(row["registered_on"]):
        reasons.append("REGISTERED_TOO_RECENTLY")
    if programme in ("guizhou-2018", "shandong-2017", "shenyang-2018") and row["legal_person"] == "no":
        reasons.append("NOT_A_LEGAL_PERSON")
    if programme == "guizhou-2018" and row["violation"] == "yes":
        reasons.append("VIOLATION")
    if programme in ("guizhou-2018", "neimenggu-2019") and row["bad_credit"] == "yes":
        reasons.append("BAD_CREDIT")
    if programme == "neimenggu-2019" and row["industry"] != "industrial" and row["serves_industry"] == "no":
        reasons.append("INDUSTRY_NOT_COVERED")
    if programme == "shenyang-2018":
        open_to = {
            "industrial": ["industrial"],
            "software": ["software"],
            "city-service": ["industrial", "software", "institution"],
        }
        if row["industry"] not in open_to[row["track"]]:
            reasons.append("INDUSTRY_NOT_COVERED")
    if programme == "shandong-2017" and row["size"] == "large":
        reasons.append("SIZE_NOT_COVERED")
    if programme == "guizhou-2018" and row["affiliated"] == "yes":
        reasons.append("AFFILIATED_WITH_PROVIDER")
    return reasons


def a_year_after(text):
    day = date.fromisoformat(text)
    if (day.month, day.day) == (2, 29):
        return f"{day.year + 1:04d}-02-28"
    return f"{day.year + 1:04d}{text[4:]}"


def yearly_cap(programme, row):
    if programme == "guizhou-2018":
        return 50_000
    if programme == "neimenggu-2019":
        return 20_000
    if row["track"] == "city-service":
        return 1_000_000
    revenue = Decimal(row["prior_revenue_yuan"])
    if row["track"] == "industrial":
        if revenue >= 5_000_000_000:
            return 2_000_000
        if revenue >= 400_000_000:
            return 1_500_000
        return 1_000_000 if revenue >= 20_000_000 else 300_000
    if revenue >= 100_000_000:
        return 500_000
    if revenue >= 10_000_000:
        return 300_000
    return 200_000 if revenue >= 500_000 else 100_000


def made_up(chance):
    """A row with all facts, mostly of an enterprise that is eligible, with amounts around the bounds."""
    programme = chance.choice(sorted(PREFIX))
    first, last = IN_FORCE[programme]
    yes = lambda likely: "yes" if chance.random() < likely else "no"  # noqa: E731
    money = lambda *around: f"{max(Decimal(0), Decimal(chance.choice(around)) + chance.choice([0, 0, FEN, -FEN])):.2f}"  # noqa: E731
    home = {"guizhou-2018": "520102", "neimenggu-2019": "150102", "shandong-2017": "370102", "shenyang-2018": "210102"}
    return {
        "programme": programme,
        "on": chance.choice(
            [first, last, "2019-10-08", "2020-02-29", "2020-02-28", "2017-11-09", "2020-11-10", "2023-01-01"]
        ),
        "track": chance.choice(["industrial", "software", "city-service"]),
        "category": chance.choice(["infrastructure", "platform", "application"]),
        "price_yuan": money(0, "33333.33", 80_000, 125_000, 1_000_000),
        "market_price_yuan": chance.choice(["", "", money(80_000, 125_000, 1_000_000)]),
        "paid_yuan": money(1, "900000.01", 3_600_000, 90_000_000),
        "requested_yuan": chance.choice(["", "", "0", money(20_000, 32_000, 48_000, 50_000, 450_000)]),
        "used_this_year_yuan": money(0, 0, 20_000, 30_000, 50_000, 300_000),
        "years_used": chance.choice(["0", "1", "2", "3", "4"]),
        "budget_left_yuan": chance.choice(["", "", "0", money(8_000, 20_000, 1_000_000)]),
        "prior_revenue_yuan": money(0, 500_000, 10_000_000, 20_000_000, 100_000_000, 400_000_000, 5_000_000_000),
        "registered_on": chance.choice(
            ["2010-01-01", "2016-02-29", "2017-08-23", "2019-02-28", "2019-03-01", "2018-10-08"]
        ),
        "region": home.get(programme, "140105") if chance.random() < 0.9 else "110101",
        "tax_region": chance.choice(["210102", "210106", "210106", "210200"]),
        "legal_person": yes(0.9),
        "violation": yes(0.1),
        "bad_credit": yes(0.1),
        "affiliated": yes(0.1),
        "industry": chance.choice(["industrial", "software", "institution", "other"]),
        "serves_industry": yes(0.6),
        "size": chance.choice(["micro", "small", "medium", "large"]),
    }


@pytest.mark.parametrize("seed", range(10))
def test_quotes_agree_with_a_second_reading(seed):
    """One misread rule would be paid out two hundred thousand times before anyone compared."""
    chance, reader, granted = random.Random(seed), CaseReader(shipped()), 0
    for _ in range(600):
        row = made_up(chance)
        _, amount_fen, deferred_fen, refusals, _, _ = quote_row(reader, row, Totals())
        assert (amount_fen, deferred_fen, refusals) == expected(row), row
        granted += not refusals
    assert granted > 10
