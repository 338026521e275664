"""Quotes: what an operator trusts before a programme goes live, row by row as the specification of quotes puts it."""

import pytest

from contracts.programmes import shipped
from contracts.programmes.loader import SHIPPED
from services.voucher.cases import CaseReader
from services.voucher.quote import Totals, quote_row

GUIZHOU = {
    "programme": "guizhou-2018", "on": "2018-10-08", "category": "infrastructure", "price_yuan": "80000",
    "used_this_year_yuan": "0", "registered_on": "2016-03-01", "region": "520102", "legal_person": "yes",
    "violation": "no", "bad_credit": "no", "affiliated": "no",
}  # fmt: skip
NEIMENGGU = {
    "programme": "neimenggu-2019", "on": "2020-03-02", "category": "platform", "price_yuan": "33333.33",
    "used_this_year_yuan": "0", "region": "150102", "bad_credit": "no", "industry": "industrial",
}  # fmt: skip
SHENYANG = {
    "programme": "shenyang-2018", "on": "2019-06-03", "track": "industrial", "paid_yuan": "900000",
    "used_this_year_yuan": "0", "years_used": "0", "prior_revenue_yuan": "400000000", "region": "210102",
    "tax_region": "210106", "legal_person": "yes", "industry": "industrial",
}  # fmt: skip
SHANDONG = {
    "programme": "shandong-2017", "on": "2018-05-07", "region": "370102", "legal_person": "yes", "size": "small",
}  # fmt: skip
SHANXI = {"programme": "shanxi-2018", "on": "2019-01-15"}
SHANDONG_FILLED = SHANDONG | {
    "overlay": "example-shandong-city", "category": "application", "price_yuan": "30000", "used_this_year_yuan": "0",
}  # fmt: skip
SHANXI_FILLED = SHANXI | {
    "overlay": "example-shanxi-rules", "region": "140105", "paid_yuan": "100000", "used_this_year_yuan": "0",
    "years_used": "0", "prior_revenue_yuan": "1000000",
}  # fmt: skip
SERVES = {"industry": "software", "serves_industry": "yes"}


def result(row):
    """(amount, deferred, refusals) of one row."""
    _, amount_fen, deferred_fen, refusals, _, _ = quote_row(CaseReader(shipped()), row, Totals())
    return amount_fen, deferred_fen, refusals


def refused(*codes):
    return 0, 0, "|".join(codes)


# name, row, (amount_fen, deferred_fen, refusals); what is lost is the rule the name states
EXAMPLES = [
    ("gz-1", GUIZHOU, (3_200_000, 0, "")),
    ("gz-2", GUIZHOU | {"requested_yuan": "40000"}, refused("REQUEST_ABOVE_RATE")),
    ("gz-3", GUIZHOU | {"used_this_year_yuan": "30000"}, (2_000_000, 0, "")),
    ("gz-4", GUIZHOU | {"registered_on": "2018-01-02", "affiliated": "yes"},
     refused("REGISTERED_TOO_RECENTLY", "AFFILIATED_WITH_PROVIDER")),
    ("nm-1", NEIMENGGU, (833_333, 0, "")),
    ("nm-2", NEIMENGGU | {"category": "application", "price_yuan": "120000"}, (2_000_000, 0, "")),
    ("sy-1", SHENYANG, (45_000_000, 0, "")),
    ("sy-2", SHENYANG | {"paid_yuan": "3600000"}, (150_000_000, 0, "")),
    ("sd-1", SHANDONG, refused("DELEGATED_RULE_MISSING")),
]  # fmt: skip

PERIODS = [
    ("gz-day-before", GUIZHOU | {"on": "2018-08-22"}, refused("OUT_OF_PERIOD")),
    ("gz-first-day", GUIZHOU | {"on": "2018-08-23"}, (3_200_000, 0, "")),
    ("gz-years-later", GUIZHOU | {"on": "2031-01-01"}, (3_200_000, 0, "")),
    ("nm-day-before", NEIMENGGU | {"on": "2019-09-10"}, refused("OUT_OF_PERIOD")),
    ("nm-first-day", NEIMENGGU | {"on": "2019-09-11"}, (833_333, 0, "")),
    ("sy-day-before", SHENYANG | {"on": "2018-09-16"}, refused("OUT_OF_PERIOD")),
    ("sy-first-day", SHENYANG | {"on": "2018-09-17"}, (45_000_000, 0, "")),
    ("sy-last-day", SHENYANG | {"on": "2022-12-31"}, (45_000_000, 0, "")),
    ("sy-day-after", SHENYANG | {"on": "2023-01-01"}, refused("OUT_OF_PERIOD")),
    ("sd-day-before", SHANDONG | {"on": "2017-11-09"}, refused("DELEGATED_RULE_MISSING", "OUT_OF_PERIOD")),
    ("sd-first-day", SHANDONG | {"on": "2017-11-10"}, refused("DELEGATED_RULE_MISSING")),
    ("sd-last-day", SHANDONG_FILLED | {"on": "2020-11-09"}, (1_000_000, 0, "")),
    ("sd-day-after", SHANDONG_FILLED | {"on": "2020-11-10"}, refused("OUT_OF_PERIOD")),
    ("sx-day-before", SHANXI | {"on": "2018-06-14"}, refused("DELEGATED_RULE_MISSING", "OUT_OF_PERIOD")),
    ("sx-first-day", SHANXI | {"on": "2018-06-15"}, refused("DELEGATED_RULE_MISSING")),
    ("sx-last-day", SHANXI | {"on": "2020-12-31"}, refused("DELEGATED_RULE_MISSING")),
    ("sx-day-after", SHANXI | {"on": "2021-01-01"}, refused("DELEGATED_RULE_MISSING", "OUT_OF_PERIOD")),
]

ELIGIBILITY = [
    ("gz-one-year-to-the-day", GUIZHOU | {"registered_on": "2017-10-08"}, (3_200_000, 0, "")),
    ("gz-a-day-short", GUIZHOU | {"registered_on": "2017-10-09"}, refused("REGISTERED_TOO_RECENTLY")),
    ("gz-leap-day-reached-on-28-february", GUIZHOU | {"registered_on": "2020-02-29", "on": "2021-02-28"},
     (3_200_000, 0, "")),
    ("gz-leap-day-a-day-short", GUIZHOU | {"registered_on": "2020-02-29", "on": "2021-02-27"},
     refused("REGISTERED_TOO_RECENTLY")),
    ("gz-registered-28-february-of-a-common-year", GUIZHOU | {"registered_on": "2019-02-28", "on": "2020-02-28"},
     (3_200_000, 0, "")),
    ("gz-registered-after-the-application", GUIZHOU | {"registered_on": "2030-01-01"},
     refused("REGISTERED_TOO_RECENTLY")),
    ("gz-other-province", GUIZHOU | {"region": "510100"}, refused("NOT_REGISTERED_IN_REGION")),
    ("gz-not-a-legal-person", GUIZHOU | {"legal_person": "no"}, refused("NOT_A_LEGAL_PERSON")),
    ("gz-violation-and-credit", GUIZHOU | {"violation": "yes", "bad_credit": "yes"},
     refused("VIOLATION", "BAD_CREDIT")),
    ("gz-large-is-no-reason", GUIZHOU | {"size": "large"}, (3_200_000, 0, "")),
    ("gz-all-at-once",
     GUIZHOU | {"on": "2018-08-01", "region": "110000", "registered_on": "2018-07-01", "legal_person": "no",
                "violation": "yes", "bad_credit": "yes", "affiliated": "yes", "market_price_yuan": "1",
                "requested_yuan": "60000", "used_this_year_yuan": "1", "budget_left_yuan": "0.01"},
     refused("OUT_OF_PERIOD", "NOT_REGISTERED_IN_REGION", "REGISTERED_TOO_RECENTLY", "NOT_A_LEGAL_PERSON", "VIOLATION",
             "BAD_CREDIT", "AFFILIATED_WITH_PROVIDER", "PRICE_ABOVE_MARKET", "REQUEST_ABOVE_RATE", "QUOTA_EXCEEDED",
             "BUDGET_EXCEEDED")),
    ("nm-violation-of-an-enterprise-is-no-condition",
     NEIMENGGU | {"violation": "yes", "legal_person": "no", "affiliated": "yes", "registered_on": "2020-03-01"},
     (833_333, 0, "")),
    ("nm-bad-credit", NEIMENGGU | {"bad_credit": "yes"}, refused("BAD_CREDIT")),
    ("nm-serves-industry", NEIMENGGU | SERVES, (833_333, 0, "")),
    ("nm-does-not-serve-industry", NEIMENGGU | SERVES | {"serves_industry": "no"}, refused("INDUSTRY_NOT_COVERED")),
    ("nm-industrial-need-not-serve", NEIMENGGU | {"serves_industry": "no"}, (833_333, 0, "")),
    ("sy-other-city-of-liaoning", SHENYANG | {"region": "210200"}, refused("NOT_REGISTERED_IN_REGION")),
    ("sy-taxed-elsewhere", SHENYANG | {"tax_region": "210200"}, refused("NOT_TAXED_IN_REGION")),
    ("sy-neither-here", SHENYANG | {"region": "210200", "tax_region": "110000"},
     refused("NOT_REGISTERED_IN_REGION", "NOT_TAXED_IN_REGION")),
    ("sy-not-a-legal-person", SHENYANG | {"legal_person": "no"}, refused("NOT_A_LEGAL_PERSON")),
    ("sy-other-industry", SHENYANG | {"industry": "other"}, refused("INDUSTRY_NOT_COVERED")),
    ("sy-other-industry-city-service", SHENYANG | {"industry": "other", "track": "city-service"},
     refused("INDUSTRY_NOT_COVERED")),
    ("sy-institution-on-industrial-track", SHENYANG | {"industry": "institution"}, refused("INDUSTRY_NOT_COVERED")),
    ("sy-software-on-industrial-track", SHENYANG | {"industry": "software"}, refused("INDUSTRY_NOT_COVERED")),
    ("sy-industrial-on-software-track", SHENYANG | {"track": "software"}, refused("INDUSTRY_NOT_COVERED")),
    ("sy-software-on-software-track", SHENYANG | {"track": "software", "industry": "software"}, (45_000_000, 0, "")),
    ("sy-institution-on-city-service", SHENYANG | {"track": "city-service", "industry": "institution"},
     (45_000_000, 0, "")),
    ("sy-violation-is-no-condition", SHENYANG | {"violation": "yes", "bad_credit": "yes"}, (45_000_000, 0, "")),
    ("sd-large", SHANDONG_FILLED | {"size": "large"}, refused("SIZE_NOT_COVERED")),
    ("sd-medium", SHANDONG_FILLED | {"size": "medium"}, (1_000_000, 0, "")),
    ("sd-micro", SHANDONG_FILLED | {"size": "micro"}, (1_000_000, 0, "")),
    ("sd-other-province-not-legal-large",
     SHANDONG | {"region": "130000", "legal_person": "no", "size": "large"},
     refused("DELEGATED_RULE_MISSING", "NOT_REGISTERED_IN_REGION", "NOT_A_LEGAL_PERSON", "SIZE_NOT_COVERED")),
    ("sx-anyone-may-ask", SHANXI | {"region": "110000", "legal_person": "no"}, refused("DELEGATED_RULE_MISSING")),
    ("sx-overlay-may-add-a-condition", SHANXI_FILLED | {"region": "110000"}, refused("NOT_REGISTERED_IN_REGION")),
]  # fmt: skip

AMOUNTS = [
    ("gz-platform-rate", GUIZHOU | {"category": "platform", "price_yuan": "80000"}, (4_800_000, 0, "")),
    ("gz-application-rate", GUIZHOU | {"category": "application", "price_yuan": "0.05"}, (3, 0, "")),
    ("gz-rounds-down", GUIZHOU | {"price_yuan": "0.04"}, (1, 0, "")),
    ("gz-capped-by-quota", GUIZHOU | {"price_yuan": "200000"}, (5_000_000, 0, "")),
    ("gz-price-0", GUIZHOU | {"price_yuan": "0"}, (0, 0, "")),
    ("gz-ask-exactly-the-rate", GUIZHOU | {"requested_yuan": "32000"}, (3_200_000, 0, "")),
    ("gz-ask-a-fen-more", GUIZHOU | {"requested_yuan": "32000.01"}, refused("REQUEST_ABOVE_RATE")),
    ("gz-ask-above-exact-rate-of-odd-price", GUIZHOU | {"price_yuan": "0.04", "requested_yuan": "0.02"},
     refused("REQUEST_ABOVE_RATE")),
    ("gz-ask-less", GUIZHOU | {"requested_yuan": "12.3"}, (1_230, 0, "")),
    ("gz-ask-0", GUIZHOU | {"requested_yuan": "0"}, (0, 0, "")),
    ("gz-ask-0-with-quota-exhausted", GUIZHOU | {"requested_yuan": "0", "used_this_year_yuan": "50000"},
     refused("QUOTA_EXHAUSTED")),
    ("gz-quota-exactly-used", GUIZHOU | {"used_this_year_yuan": "50000"}, refused("QUOTA_EXHAUSTED")),
    ("gz-quota-overused", GUIZHOU | {"used_this_year_yuan": "50000.01"}, refused("QUOTA_EXHAUSTED")),
    ("gz-last-fen-of-quota", GUIZHOU | {"used_this_year_yuan": "49999.99"}, (1, 0, "")),
    ("gz-ask-exactly-what-is-left", GUIZHOU | {"used_this_year_yuan": "30000", "requested_yuan": "20000"},
     (2_000_000, 0, "")),
    ("gz-ask-a-fen-more-than-left", GUIZHOU | {"used_this_year_yuan": "30000", "requested_yuan": "20000.01"},
     refused("QUOTA_EXCEEDED")),
    ("gz-ask-above-rate-and-quota", GUIZHOU | {"used_this_year_yuan": "30000", "requested_yuan": "40000"},
     refused("REQUEST_ABOVE_RATE", "QUOTA_EXCEEDED")),
    ("gz-budget-bounds", GUIZHOU | {"budget_left_yuan": "10000"}, (1_000_000, 0, "")),
    ("gz-last-fen-of-budget", GUIZHOU | {"budget_left_yuan": "0.01"}, (1, 0, "")),
    ("gz-budget-0", GUIZHOU | {"budget_left_yuan": "0"}, refused("BUDGET_EXHAUSTED")),
    ("gz-ask-more-than-budget", GUIZHOU | {"budget_left_yuan": "10000", "requested_yuan": "10000.01"},
     refused("BUDGET_EXCEEDED")),
    ("gz-ask-exactly-the-budget", GUIZHOU | {"budget_left_yuan": "10000", "requested_yuan": "10000"},
     (1_000_000, 0, "")),
    ("gz-quota-and-budget-exhausted", GUIZHOU | {"budget_left_yuan": "0", "used_this_year_yuan": "50000"},
     refused("QUOTA_EXHAUSTED", "BUDGET_EXHAUSTED")),
    ("gz-market-price-equal", GUIZHOU | {"market_price_yuan": "80000"}, (3_200_000, 0, "")),
    ("gz-market-price-a-fen-lower", GUIZHOU | {"market_price_yuan": "79999.99"}, refused("PRICE_ABOVE_MARKET")),
    ("gz-market-price-0-is-given", GUIZHOU | {"market_price_yuan": "0"}, refused("PRICE_ABOVE_MARKET")),
    ("gz-amount-reasons-beside-eligibility", GUIZHOU | {"violation": "yes", "requested_yuan": "40000"},
     refused("VIOLATION", "REQUEST_ABOVE_RATE")),
    ("nm-infrastructure-rate", NEIMENGGU | {"category": "infrastructure", "price_yuan": "100000"},
     (1_500_000, 0, "")),
    ("nm-quota-exhausted", NEIMENGGU | {"used_this_year_yuan": "20000"}, refused("QUOTA_EXHAUSTED")),
    ("nm-market", NEIMENGGU | {"market_price_yuan": "33333.32"}, refused("PRICE_ABOVE_MARKET")),
    ("nm-budget-never-refuses", NEIMENGGU | {"budget_left_yuan": "0"}, (833_333, 833_333, "")),
    ("nm-part-deferred", NEIMENGGU | {"budget_left_yuan": "8000"}, (833_333, 33_333, "")),
    ("nm-asked-beyond-budget", NEIMENGGU | {"budget_left_yuan": "8000", "requested_yuan": "8000.01"}, (800_001, 1, "")),
    ("nm-budget-just-enough", NEIMENGGU | {"budget_left_yuan": "8333.33"}, (833_333, 0, "")),
    ("nm-nothing-deferred-when-refused", NEIMENGGU | {"budget_left_yuan": "0", "bad_credit": "yes"},
     refused("BAD_CREDIT")),
    ("sy-third-year", SHENYANG | {"years_used": "2"}, (45_000_000, 0, "")),
    ("sy-fourth-year", SHENYANG | {"years_used": "3"}, refused("YEARS_EXHAUSTED")),
    ("sy-market-price-is-not-looked-at", SHENYANG | {"market_price_yuan": "x", "price_yuan": "-1"},
     (45_000_000, 0, "")),
    ("sy-ask-above-rate", SHENYANG | {"requested_yuan": "450000.01"}, refused("REQUEST_ABOVE_RATE")),
    ("sy-used-this-year", SHENYANG | {"paid_yuan": "3600000", "used_this_year_yuan": "1400000"}, (10_000_000, 0, "")),
    ("sy-budget", SHENYANG | {"budget_left_yuan": "0"}, refused("BUDGET_EXHAUSTED")),
    ("sy-city-service-cap", SHENYANG | {"track": "city-service", "paid_yuan": "9000000", "prior_revenue_yuan": ""},
     (100_000_000, 0, "")),
    ("sy-odd-fen", SHENYANG | {"paid_yuan": "0.03"}, (1, 0, "")),
    ("sd-overlay-third", SHANDONG_FILLED | {"price_yuan": "0.05"}, (1, 0, "")),
    ("sd-overlay-cap", SHANDONG_FILLED | {"price_yuan": "100000"}, (3_000_000, 0, "")),
    ("sd-overlay-budget", SHANDONG_FILLED | {"budget_left_yuan": "0"}, refused("BUDGET_EXHAUSTED")),
    ("sd-overlay-not-yet-in-force", SHANDONG_FILLED | {"on": "2017-12-31"}, refused("DELEGATED_RULE_MISSING")),
    ("sd-no-amount-reasons-without-overlay",
     SHANDONG | {"price_yuan": "10", "market_price_yuan": "5", "requested_yuan": "99", "budget_left_yuan": "0"},
     refused("DELEGATED_RULE_MISSING")),
    ("sx-overlay", SHANXI_FILLED, (3_000_000, 0, "")),
    ("sx-overlay-tier", SHANXI_FILLED | {"paid_yuan": "900000", "prior_revenue_yuan": "20000000"}, (20_000_000, 0, "")),
    ("sx-overlay-years", SHANXI_FILLED | {"years_used": "2"}, refused("YEARS_EXHAUSTED")),
]  # fmt: skip

_HUGE = {"paid_yuan": "90000000"}
TIERS = [
    (f"sy-{track}-{revenue}", SHENYANG | _HUGE | {"track": track, "industry": track, "prior_revenue_yuan": revenue},
     (cap_yuan * 100, 0, ""))
    for track, revenue, cap_yuan in [
        ("industrial", "0", 300_000), ("industrial", "19999999.99", 300_000), ("industrial", "20000000", 1_000_000),
        ("industrial", "399999999.99", 1_000_000), ("industrial", "400000000", 1_500_000),
        ("industrial", "4999999999.99", 1_500_000), ("industrial", "5000000000", 2_000_000),
        ("software", "0", 100_000), ("software", "499999.99", 100_000), ("software", "500000", 200_000),
        ("software", "9999999.99", 200_000), ("software", "10000000", 300_000), ("software", "99999999.99", 300_000),
        ("software", "100000000", 500_000),
    ]
]  # fmt: skip

FAULTS = [
    ("programme-missing", {"on": "2018-10-08"}, refused("FACT_MISSING:programme")),
    ("programme-unknown", GUIZHOU | {"programme": "guizhou", "on": "x"}, refused("FACT_INVALID:programme")),
    ("gz-nothing-else", {"programme": "guizhou-2018"},
     refused(*(f"FACT_MISSING:{one}" for one in ("on", "category", "price_yuan", "used_this_year_yuan", "registered_on",
                                                 "region", "legal_person", "violation", "bad_credit", "affiliated")))),
    ("nm-nothing-else", {"programme": "neimenggu-2019"},
     refused(*(f"FACT_MISSING:{one}" for one in ("on", "category", "price_yuan", "used_this_year_yuan", "region",
                                                 "bad_credit", "industry", "serves_industry")))),
    ("sd-nothing-else", {"programme": "shandong-2017"},
     refused(*(f"FACT_MISSING:{one}" for one in ("on", "region", "legal_person", "size")))),
    ("sy-nothing-else", {"programme": "shenyang-2018"},
     refused(*(f"FACT_MISSING:{one}" for one in ("on", "track", "paid_yuan", "used_this_year_yuan", "years_used",
                                                 "prior_revenue_yuan", "region", "tax_region", "legal_person",
                                                 "industry")))),
    ("sx-nothing-else", {"programme": "shanxi-2018"}, refused("FACT_MISSING:on")),
    ("nm-not-industrial-must-say-whether-it-serves", NEIMENGGU | {"industry": "other"},
     refused("FACT_MISSING:serves_industry")),
    ("sy-city-service-needs-no-revenue", SHENYANG | {"track": "city-service", "prior_revenue_yuan": "junk"},
     (45_000_000, 0, "")),
    ("faults-in-column-order-and-no-other-reason",
     GUIZHOU | {"affiliated": "maybe", "on": "2018-13-01", "price_yuan": "", "region": "52", "requested_yuan": "-1",
                "violation": "yes"},
     refused("FACT_INVALID:on", "FACT_MISSING:price_yuan", "FACT_INVALID:requested_yuan", "FACT_INVALID:region",
             "FACT_INVALID:affiliated")),
    ("gz-columns-not-used-are-not-looked-at",
     GUIZHOU | {"track": "x", "paid_yuan": "x", "years_used": "x", "prior_revenue_yuan": "x", "tax_region": "x",
                "industry": "x", "serves_industry": "x", "size": "x", "overlay": "x"}, (3_200_000, 0, "")),
    ("sd-columns-of-amounts-are-not-looked-at-without-overlay", SHANDONG | {"price_yuan": "x", "category": "x"},
     refused("DELEGATED_RULE_MISSING")),
    ("sd-overlay-unknown", SHANDONG | {"overlay": "nowhere"}, refused("FACT_INVALID:overlay")),
    ("sd-overlay-of-another-programme", SHANDONG | {"overlay": "example-shanxi-rules"},
     refused("FACT_INVALID:overlay")),
    ("sd-overlay-makes-facts-needed", SHANDONG | {"overlay": "example-shandong-city"},
     refused("FACT_MISSING:category", "FACT_MISSING:price_yuan", "FACT_MISSING:used_this_year_yuan")),
]  # fmt: skip

INVALID_CELLS = [
    *((GUIZHOU, "on", cell) for cell in
      ("20181008", "2018-10-8", "2018-02-29", "2018-W41-1", "08/10/2018", "２０１８-10-08", "0000-01-01")),
    *((GUIZHOU, "price_yuan", cell) for cell in
      ("-1", "+1", "1,000", "1e5", "1.234", "NaN", "inf", "1.", ".5", "１００", "1 000", "0x10", "8元", "-0")),
    *((GUIZHOU, "budget_left_yuan", cell) for cell in ("-0.01", "enough")),
    *((GUIZHOU, "region", cell) for cell in ("52010", "5201022", "52010x", "５２０１０２")),
    *((GUIZHOU, "legal_person", cell) for cell in ("Yes", "true", "1", "是")),
    *((GUIZHOU, "category", cell) for cell in ("iaas", "Platform", "infrastructure,platform")),
    *((SHENYANG, "years_used", cell) for cell in ("-1", "1.5", "one", "1.0")),
    *((SHENYANG, "track", cell) for cell in ("city", "city_service")),
    *((SHENYANG, "industry", cell) for cell in ("industry", "C")),
    *((SHANDONG, "size", cell) for cell in ("tiny", "M")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(row, expected, id=name)
        for name, row, expected in EXAMPLES + PERIODS + ELIGIBILITY + AMOUNTS + TIERS
    ],
)
def test_a_row_gets_exactly_this(row, expected):
    """The rule named by the case: an enterprise would be promised money it has no right to, or refused its own."""
    assert result(row) == expected


@pytest.mark.parametrize(("row", "expected"), [pytest.param(row, expected, id=name) for name, row, expected in FAULTS])
def test_facts_that_are_missing_or_wrong_are_named_in_order(row, expected):
    """A decision on a guess: what is not given or not readable must be named, and nothing else said."""
    assert result(row) == expected


@pytest.mark.parametrize(("base", "column", "cell"), INVALID_CELLS)
def test_a_cell_that_cannot_be_read_is_no_guess(base, column, cell):
    """A typing error would become an amount."""
    assert result(base | {column: cell}) == refused(f"FACT_INVALID:{column}")


def test_articles_and_version_stand_beside_the_amount():
    """Nobody could check the decision against the law."""
    reader = CaseReader(shipped())
    *_, articles, version = quote_row(reader, GUIZHOU | {"case": "a"}, Totals())
    assert version == "guizhou-2018@1"
    assert {"第十三条(一)", "第十三条(四)", "第十八条", "第十六条"} <= set(articles.split("|"))
    *_, articles, _ = quote_row(reader, GUIZHOU | {"affiliated": "yes", "requested_yuan": "40000"}, Totals())
    assert articles == "第十三条(四)|第十八条"
    *_, articles, version = quote_row(reader, SHANDONG, Totals())
    assert (articles, version) == ("三(四)", "shandong-2017@1")
    *_, version = quote_row(reader, SHANDONG_FILLED, Totals())
    assert version == "shandong-2017@1+example-shandong-city@1"


def test_an_overlay_file_beside_the_cases_narrows_the_region(tmp_path):
    """A city's money would go to enterprises of other cities."""
    text = (SHIPPED / "example-shandong-city.v1.toml").read_text(encoding="utf-8")
    (tmp_path / "city.toml").write_text(text.replace("invented = true", 'region = "3701"\ninvented = true'), "utf-8")
    reader = CaseReader(shipped(), folder=tmp_path)
    row = SHANDONG_FILLED | {"overlay": "city.toml"}
    assert quote_row(reader, row, Totals())[1] == 1_000_000
    assert quote_row(reader, row | {"region": "370202"}, Totals())[3] == "NOT_REGISTERED_IN_REGION"
