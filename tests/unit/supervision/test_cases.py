"""Lost if these fail: a case is decided unheard, by one person twice, or out of its order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Refused
from contracts.programmes import load
from contracts.rpc.supervision import CASE_KINDS, CASE_OUTCOMES, CASE_STATES
from infra.messages import Actor
from services.supervision.domain import cases

NOW = datetime(2018, 9, 3, 1, 0, tzinfo=UTC)
TODAY = date(2018, 9, 3)
UNTIL = TODAY + timedelta(days=7)
PARTY = "01P00000000000000000000001"


def case(**more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("stated_at", "proposal", "proposed_by", "decided_by", "referral", "exited_at"))
    known = {"kind": "blacklist", "ground": "fraud", "status": "noticed", "interim": False, "articles": ["五(四)"]}
    return {
        **empty,
        **known,
        "party_id": PARTY,
        "opened_by": "a",
        "hearing_until": UNTIL,
        "appeal_until": UNTIL,
        **more,
    }


def person(name: str, organisation: str | None = None) -> Actor:
    return Actor(subject=name, roles=frozenset({"supervisor"}), organisation=organisation)


def proposed(what: dict[str, Any], *, by: str = "b", **more: Any) -> str | None:
    asked = {"outcome": "upheld", "reason": "x", **more}
    problem = cases.proposal_problem(
        what, asked, actor=person(by), today=TODAY, now=NOW, effective_on=(asked.get("effective_at") or NOW).date()
    )
    return problem.code if problem else None


PROPOSALS = [
    ("unheard, within the term", {}, {}, "HEARING_OPEN"),
    ("on the last day of the term", {"hearing_until": TODAY}, {}, "HEARING_OPEN"),
    ("after the term", {"hearing_until": TODAY - timedelta(days=1)}, {}, None),
    ("spoken", {"stated_at": NOW}, {}, None),
    ("heard", {"status": "heard", "stated_at": NOW}, {}, None),
    ("a hearing without its word, within the term", {"status": "heard"}, {}, "HEARING_OPEN"),
    (
        "a last day before its moment",
        {"stated_at": NOW},
        {"until": TODAY, "effective_at": NOW + timedelta(days=2)},
        "FACT_INVALID",
    ),
    ("dismissed, unheard", {}, {"outcome": "dismissed"}, None),
    ("by who filed", {"status": "heard", "stated_at": NOW}, {"by": "a"}, "SAME_PERSON"),
    ("of an appeal, of the first decision", {"status": "appealed"}, {}, "WRONG_STATE"),
    ("an appeal, by who proposed", {"status": "appealed", "proposed_by": "b"}, {"outcome": "kept"}, "SAME_PERSON"),
    ("an appeal, by who decided", {"status": "appealed", "decided_by": "b"}, {"outcome": "kept"}, "SAME_PERSON"),
    ("an appeal, by another", {"status": "appealed", "decided_by": "c"}, {"outcome": "revoked"}, None),
    ("removal of an entry", {"status": "upheld"}, {"outcome": "removed"}, None),
    ("removal of an exit", {"status": "upheld", "kind": "forced_exit"}, {"outcome": "removed"}, "WRONG_STATE"),
    (
        "a term that is over",
        {"status": "heard", "stated_at": NOW},
        {"until": TODAY - timedelta(days=1)},
        "FACT_INVALID",
    ),
    ("a term until today", {"status": "heard", "stated_at": NOW}, {"until": TODAY}, None),
    (
        "a term of an exit",
        {"status": "heard", "stated_at": NOW, "kind": "forced_exit"},
        {"until": UNTIL},
        "FACT_INVALID",
    ),
    (
        "a moment long past",
        {"status": "heard", "stated_at": NOW},
        {"effective_at": NOW - timedelta(minutes=6)},
        "EFFECT_IN_PAST",
    ),
    ("a clock behind", {"status": "heard", "stated_at": NOW}, {"effective_at": NOW - timedelta(minutes=4)}, None),
    (
        "later than what stops",
        {"status": "heard", "stated_at": NOW, "interim": True},
        {"effective_at": NOW},
        "FACT_INVALID",
    ),
    *(
        (f"of one {done}", {"status": done}, {}, "WRONG_STATE")
        for done in ("dismissed", "revoked", "removed", "closed")
    ),
]


@pytest.mark.parametrize(("_", "of", "asked", "code"), PROPOSALS, ids=[name for name, *_ in PROPOSALS])
def test_what_may_be_proposed(_: str, of: dict[str, Any], asked: dict[str, Any], code: str | None) -> None:
    """A party would be listed unheard, or by the one who accuses it."""
    assert proposed(case(**of), **asked) == code


@given(
    st.sampled_from(("noticed", "heard", "appealed", "upheld", "kept")),
    st.lists(st.sampled_from("abcdef"), min_size=5, max_size=5),
)
def test_nobody_acts_twice(status: str, names: list[str]) -> None:
    """One person would be filer, proposer and decider under the same name."""
    filer, first, second, proposer, decider = names
    before = {"opened_by": filer, "stated_at": NOW, "proposed_by": first, "decided_by": second}
    what = case(status=status, **before, proposal={"by": proposer})
    may = cases.decision_problem(what, actor=person(decider)) is None
    others = {proposer} | ({filer} if status not in ("upheld", "kept") else set())
    others |= {first, second} if status == "appealed" else set()
    assert may == (decider not in others)
    of_party = cases.decision_problem(what, actor=person("z", PARTY))
    assert of_party is not None
    assert of_party.code == "SAME_PERSON"


OPEN = [
    ({}, [], 0, TODAY, ["exit", "appeal", "orders", "claims"]),
    ({"exited_at": NOW}, ["voucher"], 0, UNTIL, ["appeal", "claims"]),
    ({"exited_at": NOW}, ["voucher", "settlement"], 5, UNTIL + timedelta(days=1), ["liability"]),
    ({"exited_at": NOW, "status": "kept"}, ["voucher", "settlement"], 0, TODAY, []),
    ({"exited_at": NOW, "status": "appealed"}, ["voucher", "settlement"], 0, UNTIL + timedelta(days=9), ["appeal"]),
]


@pytest.mark.parametrize(("of", "closed", "owed", "today", "expected"), OPEN)
def test_what_of_an_exit_waits(
    of: dict[str, Any], closed: list[str], owed: int, today: date, expected: list[str]
) -> None:
    """A case would be closed over orders nobody took over, or before the services said that there are none."""
    what = case(kind="forced_exit", ground="insolvency", **{"status": "upheld", **of})
    downs = [{"source": source, "status": "closed"} for source in closed]
    assert cases.still_open(what, wind_downs=downs, owed_fen=owed, today=today) == expected


LAW = [
    ("guizhou-2018", "blacklist", "fraud", ("五(四)", "第十二条")),
    ("guizhou-2018", "blacklist", "crime", ("第十二条",)),
    ("guizhou-2018", "forced_exit", "insolvency", ("第十二条(二)4", "第十二条")),
    ("guizhou-2018", "forced_exit", "fraud", ()),
    ("guizhou-2018", "dishonesty_list", "fraud", ()),
    ("neimenggu-2019", "dishonesty_list", "fraud", ("八(三)",)),
    ("neimenggu-2019", "dishonesty_list", "insolvency", ()),
    ("neimenggu-2019", "forced_exit", "measures_not_mended", ()),
    ("shenyang-2018", "dishonesty_list", "fraud", ("三(五)2",)),
    ("shandong-2017", "blacklist", "public_morals", ()),
]


@pytest.mark.parametrize(("programme", "kind", "ground", "articles"), LAW)
def test_articles_of_grounds(programme: str, kind: str, ground: str, articles: tuple[str, ...]) -> None:
    """A party would be listed by another province's rule."""
    assert cases.case_articles(load(programme), kind, ground) == articles


def test_words_of_the_contract_are_those_of_the_domain() -> None:
    """A state would be told that no consumer knows."""
    assert set(cases.KINDS) == set(CASE_KINDS)
    assert set(cases.OUTCOMES) == set(CASE_OUTCOMES)
    assert {*(state for states in cases.MAY.values() for state in states), *CASE_OUTCOMES, "closed"} == set(CASE_STATES)


@pytest.mark.parametrize(
    ("text", "waives", "code"), [(None, False, "FACT_MISSING"), ("x", False, None), (None, True, None)]
)
def test_silence_is_no_word(text: str | None, waives: bool, code: str | None) -> None:
    """An empty statement would end the hearing before the party had spoken."""
    problem = cases.statement_problem(case(), {"text": text, "waives": waives})
    assert (problem.code if isinstance(problem, Refused) else None) == code
