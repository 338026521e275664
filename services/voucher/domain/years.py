"""What one year leaves to another: money that is left over, and promises that the year's money did not cover.

Each year's books add up to zero by themselves, so what crosses from one year to the next is one movement in each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.voucher.domain.ledger import Move, budget, carried_in, carried_out, deferred, made_up, making_up
from services.voucher.domain.plans import Plan


@dataclass(frozen=True)
class Behind:
    """What an earlier plan leaves: left_fen to be carried over (closed plans alone), owed_fen to be made up."""

    plan: Plan
    left_fen: int
    owed_fen: int


def carrying(*, plan: Plan, to: Plan, amount_fen: int) -> tuple[Move, ...]:
    """What is left of one year goes into the budget of another (内蒙古 一(二))."""
    programme, year, purse = plan.programme, plan.year, plan.purse
    return (
        Move("posted", budget(programme, year, purse), carried_out(programme, year, purse), amount_fen, "carried_over"),
        Move("posted", carried_in(programme, to.year, purse), to.budget, amount_fen, "carried_over"),
    )


def covering(*, plan: Plan, by: Plan, amount_fen: int) -> tuple[Move, ...]:
    """What a year owes is paid from its own budget, where that has come back to something, or from a later one's."""
    programme, year, purse = plan.programme, plan.year, plan.purse
    if by.year == year:
        return (Move("posted", plan.budget, plan.deferred, amount_fen, "shortfall_made_up"),)
    return (
        Move("posted", by.budget, making_up(programme, by.year, purse), amount_fen, "shortfall_made_up"),
        Move("posted", made_up(programme, year, purse), deferred(programme, year, purse), amount_fen, "made_up"),
    )


def accounts_between(plan: Plan, by: Plan) -> tuple[str, ...]:
    """The accounts that carrying and covering between two plans may touch."""
    programme, year, purse = plan.programme, plan.year, plan.purse
    names = (budget, deferred, carried_out, made_up)
    later = (budget, carried_in, making_up)
    if plan.year == by.year:
        return (plan.budget, plan.deferred)
    return (*(name(programme, year, purse) for name in names), *(name(programme, by.year, purse) for name in later))


def taking_over(*, plan: Plan, behind: Iterable[Behind]) -> tuple[Plan, tuple[Move, ...]]:
    """A plan that is being published takes in what earlier ones left over, then makes up what they owe, oldest first.

    Before anyone else can draw on it: in the same commit. What its money does not cover stays owed.
    """
    earlier = sorted(behind, key=lambda one: one.plan.year)
    moves: list[Move] = []
    for one in earlier:
        if one.left_fen:
            moves += carrying(plan=one.plan, to=plan, amount_fen=one.left_fen)
    carried_fen = sum(one.left_fen for one in earlier)
    free_fen = plan.budget_fen + carried_fen
    for one in earlier:
        part_fen = min(one.owed_fen, free_fen)
        if part_fen:
            moves += covering(plan=one.plan, by=plan, amount_fen=part_fen)
            free_fen -= part_fen
    made_up_fen = plan.budget_fen + carried_fen - free_fen
    return replace(plan, carried_fen=carried_fen, made_up_fen=made_up_fen), tuple(moves)


@dataclass(frozen=True)
class Closed:
    """A plan after its year, and what became of what was left: lapsed or to be carried over, or paid towards debts."""

    plan: Plan
    moves: tuple[Move, ...]
    covered_fen: int
    left_fen: int


def close(*, plan: Plan, free_fen: int, owed_fen: int, lapsed_fen: int, following: Plan | None) -> Closed:
    """The year is over: what is free covers what the year owes, the rest is carried over, or lapses (第十六条).

    lapsed_fen: what has lapsed already. Without a plan that follows, what is to be carried stays until there is one.
    """
    covered_fen = min(free_fen, owed_fen)
    left_fen = free_fen - covered_fen
    moves = covering(plan=plan, by=plan, amount_fen=covered_fen) if covered_fen else ()
    moves += ended(plan=plan, amount_fen=left_fen, following=following)
    total_fen = lapsed_fen if plan.carries else lapsed_fen + left_fen
    after = replace(plan, status="closed", lapsed_fen=total_fen, sequence=plan.sequence + 1)
    return Closed(after, moves, covered_fen, left_fen)


def ended(*, plan: Plan, amount_fen: int, following: Plan | None) -> tuple[Move, ...]:
    """What stands in the budget of a year that is over lapses or goes on; nothing moves while it waits for a plan."""
    if not amount_fen:
        return ()
    if not plan.carries:
        return (Move("posted", plan.budget, plan.lapsed, amount_fen, "year_closed"),)
    return () if following is None else carrying(plan=plan, to=following, amount_fen=amount_fen)
