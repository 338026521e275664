"""A purse's year: every fen once, and levels that bear it to the fen."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voucher.domain.ledger import Transfer
from services.voucher.domain.year_figures import BORNE, PurseYear, by_level
from tests.unit.voucher.made import NOW

P = "shandong-2017:2019"


def entry(id_, kind, debit, credit, amount_fen, pending_id=None):
    return Transfer(id_, kind, debit, credit, amount_fen, pending_id, id_.split(".")[0], "c", "r", NOW)


PLAN = [entry("A.2", "posted", f"source:{P}", f"budget:{P}", 1000)]
CITY = [entry("B.2", "posted", f"source:{P}:3702", f"budget:{P}:3702", 500)]
ORDER = [  # of the city's money: held, confirmed, claimed, paid less, the rest given back
    entry("R.1", "pending", f"budget:{P}:3702", f"committed:{P}:S", 300),
    entry("R.2", "post_pending", f"budget:{P}:3702", f"committed:{P}:S", 300, "R.1"),
    entry("R.3", "posted", f"committed:{P}:S", f"claimed:{P}:S", 300),
    entry("R.4", "posted", f"claimed:{P}:S", f"redeemed:{P}:3702", 250),
    entry("R.4.2", "posted", f"claimed:{P}:S", f"budget:{P}:3702", 50),
]
HELD = [entry("S.1", "pending", f"budget:{P}", f"committed:{P}:S", 70)]
QUOTA = [
    entry("T.1", "pending", f"budget:{P}", f"quota:{P}:E", 90),
    entry("T.2", "post_pending", f"budget:{P}", f"quota:{P}:E", 90, "T.1"),
]
SPENT = [entry("U.1", "pending", f"quota:{P}:E", f"committed:{P}:S", 40)]
OWED = [
    entry("V.1", "posted", f"redeemed:{P}:3702", f"receivable:{P}:S", 30),
    entry("V.2", "posted", f"receivable:{P}:S", f"recovered:{P}:3702", 20),
]
MOVED = [entry("W.2", "posted", f"redeemed:{P}:3702", f"redeemed:{P}", 100)]
ALL = [PLAN, CITY, ORDER, HELD, QUOTA, SPENT, OWED, MOVED]


def year(purse):
    books = PurseYear(purse, {f"quota:{P}:E": ""})
    return books, [books.take(group) for group in ALL]


def test_each_entry_is_of_its_purse():
    """Lost otherwise: a city's statement shows what the province has paid, because one provider serves both."""
    assert year("3702")[1] == [False, True, True, False, False, False, True, True]
    assert year("")[1] == [True, False, False, True, True, True, False, True]


def test_figures_of_a_city():
    """Lost otherwise: a treasurer signs figures that the ledger does not have."""
    books, _ = year("3702")
    figures = {name: fen for name, fen in books.figures().items() if fen}
    assert figures == {
        "budget_fen": 500, "issued_fen": 300, "budget_free_fen": 250, "redeemed_fen": 120, "receivable_fen": 10,
        "recovered_fen": 20, "corrected_out_fen": 100,
    }  # fmt: skip
    assert books.sum_fen() == 0


def test_figures_of_the_programme_s_own_purse():
    """Lost otherwise: what orders hold, or what is set aside for applications, is counted as free."""
    books, _ = year("")
    figures = {name: fen for name, fen in books.figures().items() if fen}
    assert figures == {
        "budget_fen": 1000, "issued_fen": 90, "budget_free_fen": 840, "held_fen": 110, "quota_available_fen": 50,
        "redeemed_fen": 100, "corrected_in_fen": 100,
    }  # fmt: skip
    assert books.sum_fen() == 0
    assert {"debit": "budget", "credit": "quota", "count": 2, "posted_fen": 90, "pending_fen": 0} in books.movements()


@pytest.mark.parametrize(("purse", "debits_fen", "credits_fen"), [("3702", 0, 100), ("", 100, 0)])
def test_a_trial_balance_adds_up(purse, debits_fen, credits_fen):
    """Lost otherwise: a page to sign on which debits are not credits: a correction's other leg is another purse's."""
    rows = year(purse)[0].trial_balance()
    sums = {name: sum(row[name] for row in rows) for name in rows[0] if name != "kind"}
    assert sums["debits_posted_fen"] == sums["credits_posted_fen"]
    assert sums["debits_pending_fen"] == sums["credits_pending_fen"]
    assert sums["balance_fen"] == 0
    (between,) = (row for row in rows if row["kind"] == "other_purses")
    assert (between["debits_posted_fen"], between["credits_posted_fen"]) == (debits_fen, credits_fen)


def test_a_year_without_corrections_has_nothing_between_purses():
    """Lost otherwise: a line of zeros on every statement."""
    books = PurseYear("", {})
    books.take(PLAN)
    assert [row["kind"] for row in books.trial_balance()] == ["budget", "source"]


fen = st.integers(0, 10**13)
LEVELS = ("province", "city", "county")


@given(funds=st.lists(st.tuples(st.sampled_from(LEVELS), st.integers(1, 10**12)), min_size=1, max_size=3), total=fen)
def test_levels_bear_every_fen_in_proportion(funds, total):
    """Lost otherwise: parts that do not add up, or a level that bears a fen more than its share, and more."""
    budget = sum(amount for _, amount in funds)
    stated = [{"level": level, "amount_fen": amount} for level, amount in funds]
    told = by_level(funds=stated, region="37", budget_fen=budget, figures={f"{kind}_fen": total for kind in BORNE})
    levels = [one["level"] for one in told]
    assert levels == [level for level in LEVELS if level in dict(funds)]
    assert sum(one["budget_fen"] for one in told) == budget
    for kind in BORNE:
        assert sum(one[f"{kind}_fen"] for one in told) == total
        for one in told:
            exact = Fraction(total * one["budget_fen"], budget)
            assert abs(one[f"{kind}_fen"] - exact) < 1


@pytest.mark.parametrize(("region", "level"), [("37", "province"), ("3702", "city"), ("370202", "county")])
def test_a_plan_without_funds_is_all_of_its_region(region, level):
    """Lost otherwise: money that nobody bears."""
    (told,) = by_level(funds=[], region=region, budget_fen=7, figures={f"{kind}_fen": 3 for kind in BORNE})
    assert (told["level"], told["budget_fen"], told["redeemed_fen"]) == (level, 7, 3)


def test_of_equal_remainders_the_province_gets_the_fen():
    """Lost otherwise: the same statement with other parts each time."""
    funds = [{"level": "city", "amount_fen": 5}, {"level": "province", "amount_fen": 5}]
    told = by_level(funds=funds, region="37", budget_fen=10, figures={f"{kind}_fen": 1 for kind in BORNE})
    assert [(one["level"], one["lapsed_fen"]) for one in told] == [("province", 1), ("city", 0)]
