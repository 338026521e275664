"""Totals heard of what is owed back, in whatever order: the books end as the newest state says, and are whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.voucher.domain import ledger
from services.voucher.domain.ledger import Account, Books, Move, imbalance_fen
from services.voucher.domain.receivables import Names, Totals, drawn, moves, nothing

NOW = datetime(2019, 3, 1, tzinfo=UTC)
PAID, LOST = (Names.of(programme="gz", year=2019, purse="", party_id="P1", paid=paid) for paid in (True, False))
EVERYTHING = 1_000


def books() -> Books:
    names = {*PAID.all, *LOST.all, ledger.source("gz", 2019)}
    found = Books.of([Account(name) for name in names], at=NOW)
    paid = Move("posted", ledger.source("gz", 2019), PAID.origin, EVERYTHING, "paid")
    found.move([paid], subject="N", version=1, cause="k")
    return found


def balances(found: Books, names: Names) -> tuple[int, ...]:
    return tuple(found.account(name).balance_fen for name in names.all)


STEPS = [  # state heard, state told → origin, receivable, recovered, written off
    ((0, 0, 0, 0), (2, 100, 0, 0), (900, 100, 0, 0)),
    ((0, 0, 0, 0), (4, 100, 60, 40), (900, 0, 60, 40)),
    ((2, 100, 0, 0), (3, 100, 60, 0), (900, 40, 60, 0)),
    ((3, 100, 60, 0), (4, 100, 10, 0), (900, 90, 10, 0)),
    ((3, 100, 60, 0), (2, 100, 0, 0), (900, 40, 60, 0)),
    ((3, 100, 60, 0), (3, 100, 60, 0), (900, 40, 60, 0)),
]


@pytest.mark.parametrize(("heard", "told", "after"), STEPS)
def test_only_what_is_new_is_posted(heard, told, after) -> None:
    """Posted twice, a repayment would be made of nothing; an older state would undo a newer one."""
    found = books()
    first, second = Totals("V1", *heard), Totals("V1", *told)
    for before, state in ((nothing("V1"), first), (first, second)):
        found.move(moves(heard=before, told=state, names=PAID), subject="V1", version=state.sequence, cause="k")
    assert balances(found, PAID) == after
    assert imbalance_fen(found.accounts.values()) == 0


def test_losses_come_from_outside_the_year_s_money() -> None:
    """A loss that nobody was paid for would else take from what was paid to others."""
    found = books()
    found.move(
        moves(heard=nothing("V1"), told=Totals("V1", 2, 70, 20, 0), names=LOST), subject="V1", version=2, cause="k"
    )
    assert balances(found, LOST) == (-70, 50, 20, 0)
    assert found.account(PAID.origin).balance_fen == EVERYTHING


@st.composite
def histories(draw):
    """States of three receivables, one after the other, and an order of arrival with repetitions."""
    told = []
    for key in ("V1", "V2", "V3"):
        amount_fen = draw(st.integers(1, EVERYTHING // 3))
        state = Totals(key, 1, amount_fen, 0, 0)
        for sequence in range(2, draw(st.integers(3, 6))):
            recovered_fen = draw(st.integers(0, amount_fen))
            written_off_fen = draw(st.integers(state.written_off_fen, amount_fen))
            if recovered_fen + written_off_fen <= amount_fen:
                state = replace(state, recovered_fen=recovered_fen, written_off_fen=written_off_fen)
            state = replace(state, sequence=sequence)
            told.append(state)
    return draw(st.permutations(told + draw(st.lists(st.sampled_from(told), max_size=5)))) if told else []


@given(arrivals=histories())
def test_whatever_order_they_arrive_in_the_books_end_as_the_newest_says(arrivals) -> None:
    found, heard = books(), {}
    for state in arrivals:
        before = heard.get(state.receivable_id, nothing(state.receivable_id))
        if state.sequence > before.sequence:
            cause = moves(heard=before, told=state, names=PAID)
            found.move(cause, subject=state.receivable_id, version=state.sequence, cause="k")
            heard[state.receivable_id] = state
        assert imbalance_fen(found.accounts.values()) == 0
        assert min(balances(found, PAID)) >= 0
    newest = {one.receivable_id: one for one in sorted(arrivals, key=lambda one: one.sequence)}.values()
    back, off = sum(one.recovered_fen for one in newest), sum(one.written_off_fen for one in newest)
    owed = sum(one.amount_fen for one in newest)
    assert balances(found, PAID) == (EVERYTHING - owed, owed - back - off, back, off)
    assert len({transfer.id for transfer in found.transfers}) == len(found.transfers)


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        ({"a": 10, "b": 9}, [("a", 7)]),
        ({"a": 5, "b": 9}, [("a", 5), ("b", 2)]),
        ({"a": 0, "b": 9}, [("b", 7)]),
        ({"a": -3, "b": 0}, [("a", 7)]),  # the books refuse it, or it may go below zero
        ({"a": 1, "b": 1}, [("a", 1), ("b", 1), ("a", 5)]),
    ],
)
def test_what_a_correction_took_on_is_owed_from_there(there, taken):
    """Lost otherwise: news of a receivable that can never be posted, because its money stands in another purse."""
    move = Move("posted", "a", "receivable", 7, "receivable_owed")
    found = drawn(move, ("a", "b"), there.__getitem__)
    assert [(one.debit, one.amount_fen) for one in found] == taken
    assert {(one.credit, one.reason) for one in found} == {("receivable", "receivable_owed")}
