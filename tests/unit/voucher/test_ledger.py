"""The books: nothing is moved that is not there, nothing is lost, a pending transfer ends once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voucher.domain import ledger
from services.voucher.domain.ledger import Account, Books, LedgerBroken, Move

NOW = datetime(2019, 3, 1, tzinfo=UTC)
SOURCE, BUDGET = ledger.source("gz", 2019), ledger.budget("gz", 2019)
QUOTA, COMMITTED = ledger.quota("gz", 2019, "E1"), ledger.committed("gz", 2019, "P1")
NAMES = (SOURCE, BUDGET, QUOTA, COMMITTED)


def books(budget_fen: int = 100) -> Books:
    found = Books.of([Account(name) for name in NAMES], at=NOW)
    if budget_fen:
        found.move([Move("posted", SOURCE, BUDGET, budget_fen, "plan")], subject="N", version=1, cause="k")
    return found


def counters(found: Books, name: str) -> tuple[int, int, int, int]:
    account = found.account(name)
    return account.debits_pending, account.debits_posted, account.credits_pending, account.credits_posted


# what is done to a budget of 100 → counters (debits pending, posted, credits pending, posted) of budget and quota
PENDING = Move("pending", BUDGET, QUOTA, 40, "r")
STORIES = {
    "posted": ([Move("posted", BUDGET, QUOTA, 40, "r")], (0, 40, 0, 100), (0, 0, 0, 40)),
    "pending": ([PENDING], (40, 0, 0, 100), (0, 0, 40, 0)),
    "posted later": ([PENDING, Move("post_pending", BUDGET, QUOTA, 40, "r", "A.1")], (0, 40, 0, 100), (0, 0, 0, 40)),
    "voided": ([PENDING, Move("void_pending", BUDGET, QUOTA, 40, "r", "A.1")], (0, 0, 0, 100), (0, 0, 0, 0)),
}


@pytest.mark.parametrize("story", STORIES)
def test_what_each_kind_of_transfer_does_to_the_counters(story):
    """Lost otherwise: a pending amount that can be spent twice, or that never comes back."""
    moves, budget, quota = STORIES[story]
    found = books()
    for version, move in enumerate(moves, start=1):
        found.move([move], subject="A", version=version, cause="k")
    assert (counters(found, BUDGET), counters(found, QUOTA)) == (budget, quota)


BROKEN = {
    "more than is there": Move("posted", BUDGET, QUOTA, 101, "r"),
    "more than is left beside what is pending": Move("posted", BUDGET, QUOTA, 61, "r"),
    "nothing": Move("posted", BUDGET, QUOTA, 0, "r"),
    "less than nothing": Move("posted", BUDGET, QUOTA, -5, "r"),
    "to itself": Move("posted", BUDGET, BUDGET, 5, "r"),
    "post of what is not pending": Move("post_pending", BUDGET, QUOTA, 41, "r", "A.1"),
    "void between other accounts": Move("void_pending", BUDGET, COMMITTED, 40, "r", "A.1"),
    "post without its pending transfer": Move("post_pending", BUDGET, QUOTA, 40, "r"),
    "pending that names another": Move("pending", BUDGET, QUOTA, 10, "r", "A.1"),
    "an account that was not loaded": Move("posted", BUDGET, ledger.lapsed("gz", 2019), 10, "r"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_movement_that_cannot_be_is_a_defect_and_changes_nothing(what):
    """Lost otherwise: an account below zero, which the programme would pay for."""
    found = books()
    found.move([PENDING], subject="A", version=1, cause="k")
    before = [counters(found, name) for name in NAMES]
    with pytest.raises(LedgerBroken):
        found.move([BROKEN[what]], subject="B", version=1, cause="k")
    assert [counters(found, name) for name in NAMES] == before
    assert len(found.transfers) == 2


def test_only_the_source_goes_below_zero():
    """Lost otherwise: either no plan can be published, or money comes out of nothing."""
    found = books(budget_fen=0)
    found.move([Move("posted", SOURCE, BUDGET, 7, "plan")], subject="N", version=1, cause="k")
    assert found.account(SOURCE).balance_fen == -7
    with pytest.raises(LedgerBroken):
        found.move([Move("posted", QUOTA, COMMITTED, 1, "r")], subject="R", version=1, cause="k")


def test_one_version_of_one_subject_has_one_id_a_leg():
    """Lost otherwise: the primary key that makes a doubled effect impossible."""
    found = books()
    legs = [Move("posted", BUDGET, QUOTA, 1, "r"), Move("posted", QUOTA, COMMITTED, 1, "r")]
    found.move(legs, subject="A", version=3, cause="k")
    assert [transfer.id for transfer in found.transfers[1:]] == ["A.3", "A.3.2"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["posted", "pending", "post_pending", "void_pending"]),
            st.sampled_from(NAMES),
            st.sampled_from(NAMES),
            st.integers(1, 60),
            st.integers(0, 10),
        ),
        max_size=40,
    )
)
def test_whatever_is_tried_the_sum_is_zero_and_nothing_is_below_zero(tries):
    """Lost otherwise: the one figure reconciliation rests on. Pending counters mirror the open pending transfers."""
    found = books()
    for version, (kind, debit, credit, amount_fen, pick) in enumerate(tries, start=1):
        pending = list(ledger.open_pending(found.transfers).values())
        move = Move(kind, debit, credit, amount_fen, "r")
        if kind.endswith("_pending"):
            if not pending:
                continue
            chosen = pending[pick % len(pending)]
            move = Move(kind, chosen.debit, chosen.credit, chosen.amount_fen, "r", chosen.id)
        try:
            found.move([move], subject="A", version=version, cause="k")
        except LedgerBroken:
            assert move.kind in ("posted", "pending")
    accounts = [found.account(name) for name in NAMES]
    assert ledger.imbalance_fen(accounts) == 0
    assert all(account.available_fen >= 0 for account in accounts if account.name != SOURCE)
    still_open = ledger.open_pending(found.transfers).values()
    for account in accounts:
        assert account.debits_pending == sum(one.amount_fen for one in still_open if one.debit == account.name)
        assert account.credits_pending == sum(one.amount_fen for one in still_open if one.credit == account.name)
