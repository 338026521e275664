"""The line for a budget: who may stand in it, who is served, and what each step does to the money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Refused
from contracts.events.voucher import APPLICATION_STATES
from contracts.programmes import load
from services.voucher.domain.applications import Application, apply, end, lapse, reserve, served
from tests.unit.voucher.made import ENTERPRISE, GUIZHOU, NOW, TODAY, application, plan

PACK = load(GUIZHOU, on=TODAY)
QUOTA = 5_000_000
PLAN = plan()


def applied(*, requested_fen=None, taken_fen=0, plan=PLAN, **facts):
    return apply(
        pack=PACK,
        plan=plan,
        enterprise=replace(ENTERPRISE, **facts),
        taken_fen=taken_fen,
        application_id="A1",
        requested_fen=requested_fen,
        place=1,
        applied_by="platform-1",
        now=NOW,
        today=TODAY,
    )


# what differs → code, article
REFUSALS = {
    "blacklisted": ({"blacklisted": True}, "BLACKLISTED", "第十二条"),
    "registered elsewhere": ({"region": "440100"}, "NOT_REGISTERED_IN_REGION", "第十三条(一)"),
    "a day short of a year": ({"registered_on": date(2018, 3, 2)}, "REGISTERED_TOO_RECENTLY", "第十三条(一)"),
    "no legal person": ({"legal_person": False}, "NOT_A_LEGAL_PERSON", "第十三条(二)"),
    "violation": ({"violation": True}, "VIOLATION", "第十三条(三)"),
    "bad credit": ({"bad_credit": True}, "BAD_CREDIT", "第十三条(三)"),
    "not certified": ({"status": "registered"}, "NOT_CERTIFIED", "第十四条(三)"),
    "all is asked for already": ({"taken_fen": QUOTA}, "QUOTA_EXHAUSTED", "第十六条"),
    "a fen, and all is asked for already": ({"taken_fen": QUOTA, "requested_fen": 1}, "QUOTA_EXHAUSTED", "第十六条"),
    "a fen more than the others leave": ({"taken_fen": QUOTA - 9, "requested_fen": 10}, "QUOTA_EXCEEDED", "第十六条"),
    "more than the plan gives": (
        {"plan": replace(PLAN, quota_fen=99), "requested_fen": 100},
        "QUOTA_EXCEEDED",
        "第十六条",
    ),
    "more than the quota": ({"requested_fen": QUOTA + 1}, "QUOTA_EXCEEDED", "第十六条"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    """Lost otherwise: quota for whom articles thirteen and fourteen exclude, or more than a quota in parts."""
    differs, code, article = REFUSALS[case]
    found = applied(**differs)
    assert isinstance(found, Refused), found
    assert (found.code, found.article) == (code, article)


def test_all_reasons_are_told_at_once():
    """Lost otherwise: an enterprise mends one thing only to be refused for the next."""
    found = applied(region="440100", violation=True)
    assert found.facts["reasons"] == ["NOT_REGISTERED_IN_REGION", "VIOLATION"]


@pytest.mark.parametrize("facts", [{}, {"registered_on": date(2018, 3, 1)}, {"requested_fen": QUOTA}])
def test_who_may_stand_in_line_waits_until_it_is_served(facts):
    """Lost otherwise: an enterprise is turned away on its anniversary, or for asking for just the quota."""
    found = applied(**facts)
    assert isinstance(found, Application)
    assert (found.status, found.place, found.amount_fen, found.sequence) == ("waiting", 1, 0, 1)


# what its others take up, what it asks for → the most it may be served with
CEILINGS = {
    "the first, as much as is allowed": (0, None, QUOTA),
    "the first, a part": (0, 7, 7),
    "a further one, as much as is allowed": (QUOTA - 9, None, 9),
    "a further one, all that is left": (QUOTA - 9, 9, 9),
    "a further one, a part of what is left": (QUOTA - 9, 8, 8),
}


@pytest.mark.parametrize("case", CEILINGS)
def test_a_further_application_is_bounded_by_what_the_others_leave(case):
    """Lost otherwise: together they pass the year's cap, or nobody gets what the article allows."""
    taken_fen, requested_fen, expected = CEILINGS[case]
    assert applied(taken_fen=taken_fen, requested_fen=requested_fen).ceiling_fen == expected


def test_who_asks_beyond_the_quota_is_told_the_numbers():
    """Lost otherwise: an enterprise has to guess how much it may still ask for."""
    facts = applied(taken_fen=QUOTA - 9, requested_fen=10).facts
    named = {name: facts[name] for name in ("cap_fen", "used_this_year_fen", "left_fen", "requested_fen")}
    assert named == {"cap_fen": QUOTA, "used_this_year_fen": QUOTA - 9, "left_fen": 9, "requested_fen": 10}


TAKEN = {"waiting": 70, "reserved": 7, "granted": 7, "refused": 0, "withdrawn": 0, "lapsed": 70}


@pytest.mark.parametrize("state", APPLICATION_STATES)
def test_what_each_state_takes_up_of_the_quota(state):
    """Lost otherwise: one that ended blocks the rest of the year, or one that waits is forgotten."""
    assert application(status=state, ceiling_fen=70, amount_fen=7).taken_fen == TAKEN[state]


# (requested, priority) by place → free money → amounts by place, in the order served
LINES = {
    "each its quota": ([(None, 0), (None, 0)], 2 * QUOTA, [(1, QUOTA), (2, QUOTA)]),
    "the last gets what is left": ([(None, 0), (None, 0)], QUOTA + 7, [(1, QUOTA), (2, 7)]),
    "nothing left, nobody served": ([(None, 0)], 0, []),
    "what was asked for": ([(100, 0), (None, 0)], 150, [(1, 100), (2, 50)]),
    "just what is left": ([(100, 0)], 100, [(1, 100)]),
    "more than is left waits, and nobody overtakes": ([(100, 0), (10, 0), (None, 0)], 99, []),
    "served up to the one that must wait": ([(60, 0), (60, 0), (10, 0)], 100, [(1, 60)]),
    "priority goes first": ([(60, 0), (60, 1), (60, 1)], 120, [(2, 60), (3, 60)]),
    "priority that must wait is not overtaken either": ([(10, 0), (60, 1)], 50, []),
}


@pytest.mark.parametrize("case", LINES)
def test_first_come_first_served(case):
    """Lost otherwise: money goes to whoever was reviewed or delivered faster (第六条、第十八条)."""
    asked, free_fen, expected = LINES[case]
    line = [
        application(place, requested_fen=requested, priority=bool(priority))
        for place, (requested, priority) in enumerate(asked, start=1)
    ]
    found = served(line=reversed(line), free_fen=free_fen)
    assert [(one.place, amount_fen) for one, amount_fen in found] == expected


@given(
    st.lists(st.tuples(st.none() | st.integers(1, 50), st.booleans()), max_size=20),
    st.integers(0, 300),
)
def test_never_more_than_there_is_and_nobody_is_overtaken(asked, free_fen):
    """Lost otherwise: the total is exceeded (第六条)."""
    made = {"ceiling_fen": 50}
    line = [application(n, requested_fen=fen, priority=first, **made) for n, (fen, first) in enumerate(asked, start=1)]
    found = list(served(line=line, free_fen=free_fen))
    assert sum(amount_fen for _, amount_fen in found) <= free_fen
    assert all(amount_fen <= one.ceiling_fen for one, amount_fen in found)
    assert [one for one, _ in found] == sorted(line, key=lambda one: one.turn)[: len(found)]


ENDS = {
    ("approve", "reserved"): "granted",
    ("refuse", "reserved"): "refused",
    ("refuse", "waiting"): "refused",
    ("withdraw", "reserved"): "withdrawn",
    ("withdraw", "waiting"): "withdrawn",
}


@pytest.mark.parametrize("state", APPLICATION_STATES)
@pytest.mark.parametrize("action", ["approve", "refuse", "withdraw"])
def test_each_end_from_each_state(action, state):
    """Lost otherwise: a quota granted twice, or taken back after it was granted."""
    held = state in ("reserved", "granted")
    one = application(status=state, amount_fen=7 * held, pending_id="A1.1" if state == "reserved" else None)
    ended = end(application=one, action=action)
    assert (ended[0].status if ended else None) == ENDS.get((action, state))
    if ended:
        kinds = [(move.kind, move.amount_fen, move.pending_id) for move in ended[1]]
        kind = "post_pending" if action == "approve" else "void_pending"
        assert kinds == ([(kind, 7, "A1.1")] if state == "reserved" else [])
        assert (ended[0].amount_fen, ended[0].sequence) == (7 if action == "approve" else 0, 2)


@pytest.mark.parametrize(("fresh", "version"), [(True, 1), (False, 2)])
def test_reserving_names_the_transfer_that_ends_later(fresh, version):
    """Lost otherwise: a review that posts another's money."""
    reserved, move = reserve(application=application(), amount_fen=5, fresh=fresh)
    assert (reserved.status, reserved.sequence, reserved.pending_id) == ("reserved", version, f"A1.{version}")
    assert (move.kind, move.amount_fen) == ("pending", 5)


@pytest.mark.parametrize(
    ("state", "unspent_fen", "after", "lapsed_fen", "kinds"),
    [
        ("waiting", 0, "lapsed", 0, []),
        ("reserved", 0, "lapsed", 7, ["void_pending"]),
        ("granted", 3, "lapsed", 3, ["posted"]),
        ("granted", 0, "granted", 0, []),
        ("granted", 9, "lapsed", 7, ["posted"]),
        ("lapsed", 9, "lapsed", 7, ["posted"]),
    ],
)
def test_what_a_year_that_is_over_leaves(state, unspent_fen, after, lapsed_fen, kinds):
    """Lost otherwise: last year's quota is spent this year (第十六条)."""
    held = state in ("reserved", "granted", "lapsed")
    one = application(status=state, amount_fen=7 * held, pending_id="A1.1" if state == "reserved" else None)
    found, moves = lapse(application=one, unspent_fen=unspent_fen, to="lapsed:guizhou-2018:2019")
    assert (found.status, found.lapsed_fen, found.settled) == (after, lapsed_fen, True)
    assert [move.kind for move in moves] == kinds
