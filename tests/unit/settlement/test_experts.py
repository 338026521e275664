"""Experts' scores (沈阳 三(五)2): money on the word of one, of a party, or of a mean that was never reached."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.errors import Refused
from contracts.programmes import Pack, load
from services.settlement.domain import experts
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Step
from tests.unit.settlement.cases import NOW, claim, pack, review, scores

SHENYANG = load("shenyang-2018")


def waiting(**changed: Any) -> Any:
    turn = {"stage": "expert", "stages_passed": 0, "reviewers": (), "track": "software"}
    return claim("collected", **{**turn, "programme": "shenyang-2018", "pack_version": SHENYANG.label, **changed})


def score(claim_: Any, value: int = 70, *, who: str = "x", pack_: Pack = SHENYANG, **more: Any) -> Any:
    expert = Reviewer(person=who, roles=more.pop("roles", frozenset({"expert"})), organisation=more.pop("of", None))
    told = {"given": (), "comment": None, **more}
    return experts.score(claim=claim_, value=value, expert=expert, now=NOW, pack=pack_, **told)


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        (waiting(), {}, "ok"),
        (waiting(), {"of": "P9"}, "ok"),
        (waiting(), {"of": "P1"}, "CONFLICT_OF_INTEREST"),
        (waiting(), {"of": "E1"}, "CONFLICT_OF_INTEREST"),
        (waiting(filer_id="F1"), {"of": "F1"}, "CONFLICT_OF_INTEREST"),
        (waiting(payee_id="Y1"), {"of": "Y1"}, "CONFLICT_OF_INTEREST"),
        (waiting(), {"roles": frozenset({"third_party"})}, "FORBIDDEN"),
        (waiting(), {"who": "p-1"}, "SAME_PERSON"),  # who filed it
        (
            replace(waiting(), status="in_review", stage="bureau", stages_passed=1, reviewers=("e",)),
            {},
            "STAGE_MISMATCH",
        ),
        (replace(waiting(), status="passed", stage=None, stages_passed=2), {}, "WRONG_STATE"),
        (replace(waiting(), status="returned", stage=None), {}, "WRONG_STATE"),
        (claim("collected"), {"pack_": pack()}, "RULE_ABSENT"),
    ],
)
def test_who_scores_what_and_when(given: Any, more: dict[str, Any], expected: str) -> None:
    found = score(given, **more)
    assert (found.code if isinstance(found, Refused) else "ok") == expected


def test_one_expert_one_score_a_version() -> None:
    """Changed afterwards, the first would have been for show."""
    first, decided = score(waiting())
    assert (decided.articles, decided.facts["have"], decided.facts["need"]) == (("三(五)2",), 1, 3)
    again, _ = score(waiting(), given=(first,))
    assert again is first
    assert score(waiting(), 71, given=(first,)).code == "ALREADY_EXISTS"
    assert score(waiting(), comment="y", given=(first,)).code == "ALREADY_EXISTS"
    late, _ = score(replace(waiting(), status="passed", stage=None), given=(first,))
    assert late is first, "the same answer to the same call, whatever became of the claim"


@pytest.mark.parametrize(
    ("given", "expected", "facts"),
    [
        ((), "SCORE_MISSING", {"have": 0, "need": 3}),
        ((100, 100), "SCORE_MISSING", {"have": 2, "need": 3}),
        ((60, 60, 59), "SCORE_TOO_LOW", {"score": 59, "pass_mark": 60, "have": 3}),
        ((60, 60, 60), "ok", {"score": 60, "experts": 3}),
        ((61, 60, 60), "ok", {"score": 60}),  # 60⅓, rounded down
        ((0, 80, 100), "ok", {"score": 60}),
        ((90, 90, 90, 0), "ok", {"score": 67, "experts": 4}),  # 67½: a fourth counts as much as each
        ((80, 80, 79, 0), "SCORE_TOO_LOW", {"score": 59, "have": 4}),  # 59¾ does not pass
    ],
)
def test_so_many_scores_with_this_mean_at_least(given: Any, expected: str, facts: dict[str, Any]) -> None:
    one = waiting()
    found = review(one, "expert", pack_=SHENYANG, scores=scores(one, SHENYANG, *given) if given else ())
    assert (found.code if isinstance(found, Refused) else "ok") == expected
    told = found.facts if isinstance(found, Refused) else found.decision.facts
    assert {name: told[name] for name in facts} == facts
    if isinstance(found, Step):
        assert (found.after.score, found.decision.articles) == (facts["score"], ("三(五)2",))


@pytest.mark.parametrize("decision", ["return", "refuse"])
def test_what_is_sent_back_needs_no_scores(decision: str) -> None:
    step = review(waiting(), "expert", decision, pack_=SHENYANG, scores=())
    assert isinstance(step, Step), step
    assert step.after.score is None


def test_a_scorer_may_pass_the_experts_stage_and_no_other() -> None:
    one = waiting()
    given = scores(one, SHENYANG)
    step = review(one, "expert", pack_=SHENYANG, scores=given, person="scorer-0")
    assert isinstance(step, Step), step
    assert review(step.after, "bureau", pack_=SHENYANG, scores=given, person="scorer-1").code == "SAME_PERSON"
    assert isinstance(review(step.after, "bureau", pack_=SHENYANG, scores=given), Step)
