"""Partial approval: a fen too much taken off is stolen from the filer, a fen too little from the public."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.settlement.domain.lines import Disallowed, disallowed_fen, unknown_line
from services.settlement.domain.steps import Step
from tests.unit.settlement.cases import claim, review
from tests.unit.settlement.test_programmes import in_review, rules

LINES = ({"name": "甲", "amount_fen": 600_000}, {"name": "乙", "amount_fen": 400_000})


def off(line: int, fen: int, code: str = "NOT_DELIVERED") -> Disallowed:
    return Disallowed(line=line, amount_fen=fen, code=code, reason="未见交付记录")


def said(one=None, *disallowed: Disallowed, **more):
    """The operator's review of a claim for 4,000 yuan of an invoice of 10,000."""
    return review(one or claim("collected", lines=LINES), disallowed=disallowed, **more)


@pytest.mark.parametrize(
    ("lines", "disallowed", "found"),
    [
        (LINES, (), None),
        (LINES, (off(1, 600_000), off(2, 399_999)), None),
        (LINES, (off(1, 600_001),), (1, 600_001, 600_000)),
        (LINES, (off(2, 400_001),), (2, 400_001, 400_000)),
        (LINES, (off(1, 300_000), off(1, 300_000)), None),
        (LINES, (off(1, 300_000), off(2, 1), off(1, 300_001)), (1, 600_001, 600_000)),
        (LINES, (off(3, 1),), (3, 1, 0)),
        ((), (off(1, 1_000_000),), None),
        ((), (off(1, 1_000_001),), (1, 1_000_001, 1_000_000)),
        ((), (off(2, 1),), (2, 1, 0)),
    ],
    ids=str,
)
def test_no_more_is_disallowed_of_a_line_than_it_holds(lines, disallowed, found) -> None:
    """An invoice without lines is one line."""
    wrong = unknown_line(claim=claim(lines=lines), disallowed=disallowed)
    assert (wrong and tuple(wrong.values())) == found


@pytest.mark.parametrize(
    ("claimed_fen", "invoice_fen", "fen", "taken_off"),
    [
        (400_000, 1_000_000, 1, 1),  # 0.4 of a fen is a fen
        (400_000, 1_000_000, 2, 1),
        (400_000, 1_000_000, 3, 2),
        (400_000, 1_000_000, 5, 2),
        (400_000, 1_000_000, 1_000_000, 400_000),
        (333_333, 999_999, 3, 1),
        (333_333, 999_999, 4, 2),
        (1, 10**12, 1, 1),
        (10**12 - 1, 10**12, 10**12 - 1, 10**12 - 1),
    ],
)
def test_what_is_taken_off_is_rounded_up(claimed_fen, invoice_fen, fen, taken_off) -> None:
    one = claim(claimed_fen=claimed_fen, invoice_fen=invoice_fen, lines=())
    assert disallowed_fen(claim=one, disallowed=(off(1, fen),)) == taken_off


@given(st.integers(1, 10**13), st.integers(1, 10**13), st.lists(st.integers(1, 10**10), min_size=1, max_size=50))
def test_what_is_left_is_what_is_supported_rounded_down(claimed_fen, more_fen, parts) -> None:
    """However it is cut into lines: the whole is rounded once, not each line, and never more than was claimed."""
    invoice_fen = claimed_fen + more_fen + sum(parts)
    one = claim(claimed_fen=claimed_fen, invoice_fen=invoice_fen, lines=())
    left = claimed_fen - disallowed_fen(claim=one, disallowed=[off(1, fen) for fen in parts])
    exactly = claimed_fen * Fraction(invoice_fen - sum(parts), invoice_fen)
    assert left == exactly.__floor__()


def test_a_line_that_is_not_supported_takes_its_share_of_the_support_with_it() -> None:
    """The decision names lines, amounts and codes, so that anyone can recompute what was taken off."""
    step = said(None, off(2, 100_001), off(1, 2, "NOT_ELIGIBLE"))
    after = step.after
    assert (after.disallowed_fen, after.payable_fen, after.claimed_fen) == (40_002, 359_998, 400_000)
    assert after.disallowed[0] == {"line": 2, "amount_fen": 100_001, "code": "NOT_DELIVERED", "reason": "未见交付记录"}
    facts = step.decision.facts
    assert {name: facts[name] for name in ("disallowed_fen", "payable_fen", "claimed_fen", "invoice_fen")} == {
        "disallowed_fen": 40_002,
        "payable_fen": 359_998,
        "claimed_fen": 400_000,
        "invoice_fen": 1_000_000,
    }
    assert facts["disallowed"] == [
        {"line": 2, "amount_fen": 100_001, "code": "NOT_DELIVERED"},
        {"line": 1, "amount_fen": 2, "code": "NOT_ELIGIBLE"},
    ]
    assert step.decision.articles == ("第二十三条",)


def test_a_later_stage_says_it_anew_or_leaves_it() -> None:
    """Lost otherwise: lines that two stages disallow taken off twice, or what the first found forgotten."""
    first = said(None, off(1, 500_000)).after
    assert review(first, "bureau").after.disallowed_fen == 200_000, "what it says nothing of stands"
    assert "disallowed" not in review(first, "bureau").decision.facts
    anew = said(first, off(2, 100_000), stage="bureau").after
    assert (anew.disallowed_fen, [one["line"] for one in anew.disallowed]) == (40_000, [2])
    assert said(first, stage="bureau").code == "REASON_MISSING", "what is allowed after all wants a reason"
    lifted = said(first, stage="bureau", reasons=("已补齐交付记录",)).after
    assert (lifted.disallowed_fen, lifted.disallowed, lifted.payable_fen) == (0, (), 400_000)
    assert isinstance(said(None), Step), "nothing is disallowed, and nothing was: no reason is asked for"


@pytest.mark.parametrize("decision", ["return", "refuse"])
def test_lines_are_disallowed_of_what_passes(decision) -> None:
    refused = said(None, off(1, 1), decision=decision)
    assert (refused.code, refused.field) == ("INVALID", "disallowed")


@pytest.mark.parametrize(
    ("disallowed", "changed", "code"),
    [
        ((off(1, 600_000), off(2, 400_000)), {}, "DEDUCTION_TOO_LARGE"),
        ((off(1, 600_000), off(2, 399_998)), {}, "DEDUCTION_TOO_LARGE"),  # 0.8 of a fen is left
        ((off(1, 600_000), off(2, 399_997)), {}, None),
        ((off(1, 600_000),), {"audited_fen": 160_000}, "DEDUCTION_TOO_LARGE"),
        ((off(1, 600_000),), {"audited_fen": 159_999}, None),
        ((off(3, 1),), {}, "LINE_UNKNOWN"),
        ((off(2, 400_001),), {}, "LINE_UNKNOWN"),
    ],
    ids=str,
)
def test_all_of_it_is_a_refusal_and_is_decided_as_one(disallowed, changed, code) -> None:
    step = said(claim("collected", lines=LINES, **changed), *disallowed)
    if code is None:
        assert step.after.payable_fen > 0
    else:
        assert (step.code, step.field, step.article) == (code, "disallowed", "第二十三条")


@pytest.mark.parametrize("rate", [15, 20, 25])
def test_lines_and_a_deduction_come_off_together(rate) -> None:
    """内蒙古 七(二): quality is another matter than a line, and both are taken off what was claimed."""
    pack = rules("neimenggu-2019")
    fen = {"claimed_fen": 10_000 * rate, "invoice_fen": 1_000_000, "lines": LINES}
    one = replace(in_review("neimenggu-2019", 0), **fen)
    given = {"stage": "third_party", "pack_": pack, "reasons": ("服务中断",)}
    step = said(one, off(2, 333_333), deduction_fen=1_000, **given)
    share = -(-10_000 * rate * 333_333 // 1_000_000)
    assert (step.after.deducted_fen, step.after.disallowed_fen) == (1_000, share)
    assert step.after.payable_fen == 10_000 * rate - 1_000 - share == step.decision.facts["payable_fen"]
    assert {"七(一)", "七(二)"} <= set(step.decision.articles)
    too_much = said(one, off(2, 333_333), deduction_fen=10_000 * rate - share, **given)
    assert (too_much.code, too_much.field, too_much.article) == ("DEDUCTION_TOO_LARGE", "deduction_fen", "七(二)")
    later = said(
        replace(step.after, deducted_fen=10_000 * rate - share - 1), off(2, 334_000), **{**given, "stage": "bureau"}
    )
    assert (later.code, later.field) == ("DEDUCTION_TOO_LARGE", "disallowed"), "with what an earlier stage deducted"
