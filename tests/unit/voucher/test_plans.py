"""Which plan serves whom, and what one year leaves to another, to the fen."""

from __future__ import annotations

import pytest

from services.voucher.domain import years
from services.voucher.domain.ledger import Account, Books
from services.voucher.domain.plans import region_of, serving
from services.voucher.domain.years import Behind, accounts_between, close, covering, taking_over
from tests.unit.voucher.made import NOW, plan

PROVINCE = plan(plan_id="N1", region="37")
CITY = plan(plan_id="N2", region="3702", purse="3702")
COUNTY = plan(plan_id="N3", region="370202", purse="370202", status="made")

# the enterprise's region, the plans there are → the one that serves it
SERVED = {
    "the province alone": ("370202", [PROVINCE], "N1"),
    "the city before the province": ("370203", [PROVINCE, CITY], "N2"),
    "a county's that is only made does not serve yet": ("370202", [PROVINCE, CITY, COUNTY], "N2"),
    "one that is only made, where there is no other": ("370202", [COUNTY], "N3"),
    "another city": ("370102", [PROVINCE, CITY], "N1"),
    "another city without a province": ("370102", [CITY], None),
    "another province is left to the programme's own": ("520100", [PROVINCE, CITY], "N1"),
    "no plan": ("370202", [], None),
}


@pytest.mark.parametrize("case", SERVED)
def test_the_smallest_region_that_holds_it_serves_an_enterprise(case):
    """Lost otherwise: one locality's money for another's enterprises (山东 三(三))."""
    region, plans, expected = SERVED[case]
    for known in (plans, list(reversed(plans))):
        found = serving(known, region)
        assert (found.plan_id if found else None) == expected


def test_a_region_is_the_digits_that_all_in_it_share():
    """Lost otherwise: a city's plan under its full code serves nobody."""
    codes = ("37", "370000", "3702", "370200", "370202", "371000")
    assert [region_of(code) for code in codes] == ["37", "37", "3702", "3702", "370202", "3710"]


Y1, Y2, Y3 = (plan(plan_id=f"N{year}", year=year, carries=True, defers=True) for year in (2019, 2020, 2021))

# what is behind (left, owed) of 2019 and 2020, the new budget → carried, made up, what each still owes
BEHIND = {
    "nothing": ((0, 0), (0, 0), 100, 0, 0, (0, 0)),
    "left over": ((30, 0), (20, 0), 100, 50, 0, (0, 0)),
    "owed": ((0, 40), (0, 20), 100, 0, 60, (0, 0)),
    "owed, just the budget": ((0, 100), (0, 0), 100, 0, 100, (0, 0)),
    "owed more than there is: the oldest first": ((0, 70), (0, 50), 100, 0, 100, (0, 20)),
    "what is left over pays what is owed": ((30, 0), (0, 120), 100, 30, 120, (0, 0)),
    "both, and not enough": ((30, 0), (0, 140), 100, 30, 130, (0, 10)),
}


@pytest.mark.parametrize("case", BEHIND)
def test_a_new_plan_takes_over_what_is_left_and_makes_up_what_is_owed(case):
    """Lost otherwise: money in two years at once, a debt made up twice, or a later one before an earlier."""
    (left_1, owed_1), (left_2, owed_2), budget_fen, carried_fen, made_up_fen, still = BEHIND[case]
    new = plan(plan_id="N2021", year=2021, budget_fen=budget_fen, carries=True, defers=True)
    names = {name for one in (Y1, Y2) for name in accounts_between(one, new)}
    books = Books.of([Account(name) for name in names], at=NOW)
    for one, left, owed in ((Y1, left_1, owed_1), (Y2, left_2, owed_2)):
        books.account(one.budget).credits_posted = left
        books.account(one.deferred).debits_posted = owed
    books.account(new.budget).credits_posted = budget_fen
    published, moves = taking_over(plan=new, behind=[Behind(Y2, left_2, owed_2), Behind(Y1, left_1, owed_1)])
    books.move(moves, subject="N", version=1, cause="k")
    assert (published.carried_fen, published.made_up_fen) == (carried_fen, made_up_fen)
    assert books.available_fen(new.budget) == budget_fen + carried_fen - made_up_fen
    assert tuple(-books.available_fen(one.deferred) for one in (Y1, Y2)) == still
    for year, whole in ((2019, left_1 - owed_1), (2020, left_2 - owed_2), (2021, budget_fen)):
        assert sum(a.balance_fen for a in books.accounts.values() if f":{year}" in a.name) == whole


LAPSING, CARRYING = plan(), Y1
# the plan, free, owed, lapsed before, is there a next plan → lapsed, covered, left, what is still in the budget
CLOSED = {
    "lapses": (LAPSING, 70, 0, 5, False, 75, 0, 70, 0),
    "carried over": (CARRYING, 70, 0, 0, True, 0, 0, 70, 0),
    "to be carried over": (CARRYING, 70, 0, 0, False, 0, 0, 70, 70),
    "pays its own debts first": (CARRYING, 70, 50, 0, True, 0, 50, 20, 0),
    "owes more than it has": (CARRYING, 70, 90, 0, True, 0, 70, 0, 0),
    "nothing": (CARRYING, 0, 0, 0, True, 0, 0, 0, 0),
}


@pytest.mark.parametrize("case", CLOSED)
def test_a_year_that_closes(case):
    """Lost otherwise: what is carried over lapses, or a year carries money away that it owes itself (内蒙古 一(二))."""
    one, free_fen, owed_fen, gone_fen, following, lapsed_fen, covered_fen, left_fen, stays_fen = CLOSED[case]
    books = Books.of([Account(name) for name in {*accounts_between(one, Y2), one.lapsed}], at=NOW)
    books.account(one.budget).credits_posted = free_fen
    done = close(
        plan=one, free_fen=free_fen, owed_fen=owed_fen, lapsed_fen=gone_fen, following=Y2 if following else None
    )
    books.move(done.moves, subject="N", version=1, cause="k")
    assert (done.plan.status, done.plan.lapsed_fen) == ("closed", lapsed_fen)
    assert (done.covered_fen, done.left_fen) == (covered_fen, left_fen)
    assert books.available_fen(one.budget) == stays_fen


def test_a_debt_of_the_same_year_crosses_no_year():
    """Lost otherwise: money that came back within the year is told as another year's."""
    assert [(move.debit, move.credit) for move in covering(plan=Y1, by=Y1, amount_fen=1)] == [(Y1.budget, Y1.deferred)]
    assert len(covering(plan=Y1, by=Y2, amount_fen=1)) == len(years.carrying(plan=Y1, to=Y2, amount_fen=1)) == 2
    assert Y3.year not in {int(move.debit.split(":")[2]) for move in covering(plan=Y1, by=Y2, amount_fen=1)}
