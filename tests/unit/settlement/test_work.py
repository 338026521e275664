"""Who may decide what today: a claim that two persons work on, or that nobody comes back to, is money that waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from contracts.errors import Refused
from services.settlement.domain import leaves, work
from services.settlement.domain.deadlines import overdue
from services.settlement.domain.leaves import Leave
from services.settlement.domain.stages import Reviewer, due_facts, turn
from services.settlement.domain.steps import Step
from services.settlement.domain.work import Absences
from tests.unit.settlement.cases import TODAY, claim, pack, review

FIRST = "operator"


def person(name: str, *roles: str, **more: Any) -> Reviewer:
    return Reviewer(person=name, roles=frozenset(roles or (FIRST,)), **more)


def leave(who: str, deputy: str | None = None, *roles: str, **more: Any) -> Leave:
    given = Leave(
        leave_id=f"L-{who}-{deputy}",
        sequence=1,
        programme="guizhou-2018",
        person=who,
        roles=roles or (FIRST,),
        region=None,
        organisation=None,
        deputy=deputy,
        from_on=TODAY,
        until_on=TODAY,
        reason="x",
        status="recorded",
    )
    return replace(given, **more)


def away(*found: Leave) -> Absences:
    return Absences(found)


def take(given: Any, who: Reviewer, absences: Absences = work.NOBODY_AWAY, **more: Any) -> Any:
    return work.take(claim=given, reviewer=who, absences=absences, **{"judged_by": (), "pack": pack(), **more})


def code(outcome: Any) -> str:
    return outcome.code if isinstance(outcome, Refused) else "ok"


# --- taking


@pytest.mark.parametrize(
    ("given", "who", "expected"),
    [
        (claim("collected"), person("a"), "a"),
        (claim("collected", taken_by="a"), person("a"), "a"),
        (claim("collected", taken_by="b"), person("a"), "TAKEN_BY_ANOTHER"),
        (claim("collected"), person("a", "bureau"), "STAGE_MISMATCH"),
        (claim("in_review"), person("a", "bureau"), "a"),
        (claim("in_review"), person("operator-1", FIRST, "bureau"), "SAME_PERSON"),
        (claim("in_review", stood_in_for=("a",)), person("a", "bureau"), "SAME_PERSON"),
        (claim("collected"), person("p-1"), "SAME_PERSON"),  # who filed it
        (claim("collected"), person("a", organisation="P1"), "CONFLICT_OF_INTEREST"),
        (claim("collected"), person("a", organisation="E1"), "CONFLICT_OF_INTEREST"),
        (claim("collected"), person("a", organisation="P9"), "a"),
        *((claim(status), person("a", FIRST, "bureau"), "WRONG_STATE") for status in ("filed", "accepted", "passed")),
    ],
)
def test_who_may_take_what(given: Any, who: Reviewer, expected: str) -> None:
    found = take(given, who)
    assert (found.code if isinstance(found, Refused) else found) == expected


def test_who_scored_a_claim_has_judged_it() -> None:
    """A second look by the same eyes is none."""
    assert code(take(claim("in_review"), person("a", "bureau"), judged_by=("a",))) == "SAME_PERSON"


@pytest.mark.parametrize(
    ("absences", "who", "expected"),
    [
        (away(), "b", "TAKEN_BY_ANOTHER"),
        (away(leave("a")), "b", "b"),  # nobody stands in: it is everybody's
        (away(leave("a", "b")), "b", "a"),  # the deputy's, for the absent person
        (away(leave("a", "b")), "c", "TAKEN_BY_ANOTHER"),
        (away(leave("a", "b"), leave("b", "c")), "c", "c"),  # no chain: the deputy is away, so it is everybody's
        (away(leave("a", "b"), leave("b", "c")), "b", "b"),
        (away(leave("b", "a")), "b", "TAKEN_BY_ANOTHER"),
    ],
)
def test_what_an_absent_person_has_taken(absences: Absences, who: str, expected: str) -> None:
    """It would wait until somebody is back, or be decided by two who know nothing of each other."""
    found = take(claim("collected", taken_by="a"), person(who), absences)
    assert (found.code if isinstance(found, Refused) else found) == expected
    decided = review(claim("collected", taken_by="a"), person=who, absences=absences)
    assert code(decided) == ("TAKEN_BY_ANOTHER" if expected == "TAKEN_BY_ANOTHER" else "ok")


def test_a_deputy_acts_with_the_roles_and_region_of_the_absent_person() -> None:
    """And with no more than these: a deputy of nobody would be a way around the roles of tokens."""
    given, lent = claim("in_review", stood_in_for=(None,)), away(leave("a", "d", "bureau"))
    assert code(review(given, "bureau", person="d", roles=frozenset({"expert"}))) == "FORBIDDEN"
    step = review(given, "bureau", person="d", roles=frozenset({"expert"}), absences=lent)
    assert isinstance(step, Step), step
    assert (step.after.reviewers, step.after.stood_in_for) == (("operator-1", "d"), (None, "a"))
    assert step.decision.facts["leave_id"] == "L-a-d"
    other = away(leave("a", "d", "expert"))
    assert code(review(given, "bureau", person="d", roles=frozenset({"expert"}), absences=other)) == "FORBIDDEN"


def test_a_deputy_of_another_region_decides_there() -> None:
    rules = pack()
    stages = tuple(replace(one, own_region=True) for one in rules.stages("claim"))
    rules = replace(rules, reviews={**rules.reviews, "claim": stages})
    absences = away(leave("a", "d", region="520100"))
    given = claim("collected", region="520102")
    assert code(review(given, person="d", region="520300", pack_=rules)) == "REGION_MISMATCH"
    step = review(given, person="d", region="520300", pack_=rules, absences=absences)
    assert isinstance(step, Step), step
    assert step.after.stood_in_for == ("a",)
    own = review(given, person="d", region="520102", pack_=rules, absences=absences)
    assert own.after.stood_in_for == (None,), "who may for itself stands in for nobody"


# --- nobody twice


PEOPLE = ("a", "b", "c")
MAYBE_AWAY = [
    away(*(leave(who, deputy, FIRST, "bureau") for who, deputy in zip(PEOPLE, chosen, strict=True) if deputy != who))
    for chosen in product((*PEOPLE, None), repeat=3)
]


def test_nobody_decides_two_stages_whatever_leaves_there_are() -> None:
    """Each way in which three persons stand in for each other, on each of two days, whoever took it and speaks."""
    tried = 0
    for early, later in product(MAYBE_AWAY[::5], MAYBE_AWAY[1::9]):
        for first, second, taker, own in product(PEOPLE, PEOPLE, (None, "a"), ((FIRST, "bureau"), ("expert",))):
            roles = {"roles": frozenset(own)}  # of its own right, or by what is lent alone
            one = review(claim("collected", filed_by="f", taken_by=taker), person=first, absences=early, **roles)
            if not isinstance(one, Step):
                continue
            two = review(one.after, "bureau", person=second, absences=later, **roles)
            if isinstance(two, Step):
                tried += 1
                sides = list(zip(two.after.reviewers, two.after.stood_in_for, strict=True))
                assert not set(sides[0]) - {None} & set(sides[1]), sides
    assert tried > 100


@pytest.mark.parametrize("second", ["a", "d"])
def test_neither_the_deputy_nor_the_absent_person_decides_the_next_stage(second: str) -> None:
    both = {"roles": frozenset({FIRST, "bureau"})}
    one = review(claim("collected", taken_by="a"), person="d", absences=away(leave("a", "d")), **both)
    assert one.after.taken_by is None, "what was decided is nobody's any more"
    assert code(review(one.after, "bureau", person=second, **both)) == "SAME_PERSON"
    assert code(review(one.after, "bureau", person="e", **both)) == "ok"


def test_a_deputy_does_not_decide_for_who_has_decided_before() -> None:
    """It would be that person's second word."""
    given, lent = claim("in_review", reviewers=("a",)), away(leave("a", "d", "bureau"))
    assert code(review(given, "bureau", person="d", roles=frozenset({"expert"}), absences=lent)) == "SAME_PERSON"
    assert code(take(given, person("d", "expert"), lent)) == "SAME_PERSON"


# --- giving back


@pytest.mark.parametrize(
    ("taker", "who", "absences", "expected"),
    [
        ("a", person("a"), away(), False),
        ("a", person("b"), away(), "TAKEN_BY_ANOTHER"),
        ("a", person("b"), away(leave("a", "b")), False),
        ("a", person("b", "bureau"), away(), True),  # the last stage's office, and it is written down
        (None, person("a"), away(), "WRONG_STATE"),
    ],
)
def test_who_may_give_back(taker: str | None, who: Reviewer, absences: Absences, expected: Any) -> None:
    """Without the office's hand a claim would stay with a person who has left for good."""
    found = work.release(claim=claim("collected", taken_by=taker), reviewer=who, absences=absences, pack=pack())
    assert (found.code if isinstance(found, Refused) else found) == expected


# --- leave


@pytest.mark.parametrize(
    ("from_on", "until_on", "deputy", "expected"),
    [
        (0, 0, None, "ok"),
        (5, 9, "b", "ok"),
        (-3, 0, "b", "ok"),  # recorded on its last day
        (5, 4, "b", "LEAVE_DATES"),
        (0, 92, "b", "ok"),
        (0, 93, "b", "LEAVE_DATES"),  # else a deputy keeps for years the roles of who has left the office
        (-3, -1, "b", "LEAVE_DATES"),
        (0, 1, "a", "INVALID"),
    ],
)
def test_the_days_of_a_leave(from_on: int, until_on: int, deputy: str | None, expected: str) -> None:
    step = leaves.record(
        leave_id="L1",
        reviewer=person("a", region="520100"),
        deputy=deputy,
        from_on=TODAY + timedelta(days=from_on),
        until_on=TODAY + timedelta(days=until_on),
        reason="x",
        today=TODAY,
        pack=pack(),
    )
    assert code(step) == expected
    if isinstance(step, Step):
        assert (step.after.roles, step.after.region, step.event) == ((FIRST,), "520100", "leave_recorded")
        assert "第二十三条" in step.decision.articles
        assert not {"a", "b"} & {str(value) for value in step.decision.facts.values()}, "no names in decisions"


@pytest.mark.parametrize(
    ("day", "status", "expected"),
    [(-1, "recorded", False), (0, "recorded", True), (1, "recorded", False), (0, "ended", False)],
)
def test_a_leave_begins_and_runs_out_by_itself(day: int, status: str, expected: bool) -> None:
    assert leave("a", status=status).in_force(TODAY + timedelta(days=day)) is expected


@pytest.mark.parametrize(
    ("who", "changed", "expected"),
    [
        ("a", {}, "ok"),
        ("a", {"from_on": TODAY + timedelta(days=3), "until_on": TODAY + timedelta(days=4)}, "ok"),
        ("b", {}, "NOT_OWNER"),
        ("a", {"status": "ended"}, "WRONG_STATE"),
        ("a", {"from_on": date(2018, 1, 1), "until_on": date(2018, 1, 2)}, "WRONG_STATE"),
    ],
)
def test_who_ends_a_leave(who: str, changed: dict[str, Any], expected: str) -> None:
    """Another could take a deputy's work away from it."""
    assert code(leaves.end(leave=leave("a", "b", **changed), person=who, today=TODAY, pack=pack())) == expected


# --- deadlines

LAST = date(2018, 9, 17)
UNKNOWN = Refused("CALENDAR_UNKNOWN", facts={"year": 2031})


@pytest.mark.parametrize(
    ("at", "due_on", "stage", "due", "facts"),
    [
        (0, LAST, "operator", LAST, {"due_on": "2018-09-17"}),
        (1, LAST, "bureau", LAST, {"due_on": "2018-09-17"}),
        (2, LAST, None, None, {}),
        (0, None, "operator", None, {}),  # the pack gives no days
        (0, UNKNOWN, "operator", None, {"due_on": None, "calendar_unknown": 2031}),  # said, and no reason to stop
    ],
)
def test_a_stage_begins_with_its_last_day(at: int, due_on: Any, stage: Any, due: Any, facts: Any) -> None:
    stages = pack().stages("claim")
    changes = turn(stages, at, due_on)
    assert (changes["stage"], changes["due_on"], changes["taken_by"], changes["late"]) == (stage, due, None, False)
    assert due_facts(stages, at, due_on) == facts


@pytest.mark.parametrize(("decision", "expected"), [("pass", LAST), ("return", None), ("refuse", None)])
def test_a_decision_sets_the_next_deadline(decision: str, expected: date | None) -> None:
    """The next office would be late before it has begun, or never."""
    step = review(claim("collected", due_on=TODAY, late=True, taken_by="operator-1"), decision=decision, due_on=LAST)
    assert (step.after.due_on, step.after.late, step.after.taken_by) == (expected, False, None)
    assert step.decision.facts.get("due_on") == (expected and expected.isoformat())


@pytest.mark.parametrize("status", ["collected", "in_review"])
def test_what_is_late_is_told_to_whom_the_pack_names(status: str) -> None:
    given = claim(status, due_on=TODAY - timedelta(days=1))
    step, role = overdue(claim=given, today=TODAY, pack=pack())
    assert (step.after.late, step.after.status, step.event, role) == (True, status, "review_overdue", "bureau")
    assert (step.decision.articles, step.after.sequence) == (("第二十三条",), given.sequence + 1)
    with pytest.raises(AssertionError):
        overdue(claim=given, today=TODAY - timedelta(days=1), pack=pack())
