"""An audit sample from its hash to what follows from it: who, when, and to the fen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from contracts.errors import Refused
from contracts.programmes import Pack, load
from services.settlement.domain import notices, samples
from services.settlement.domain.draw import sha256
from services.settlement.domain.nodes import Node
from services.settlement.domain.samples import Sample
from tests.unit.settlement.cases import NOW, claim, pack, signed

SEED = "s" * 32
AUDITOR, OTHER = frozenset({"auditor"}), frozenset({"third_party"})


def node(**changed: Any) -> Node:
    given = Node(
        node_id="N1", sequence=1, programme="guizhou-2018", region="", year=2018, only_in=None,
        closes_at=NOW + timedelta(hours=1), status="open", claims=0, announced_by="o-1", pack_version="guizhou-2018@1",
    )  # fmt: skip
    return replace(given, **changed)


def commit(given: Node | None = None, **changed: Any) -> Any:
    asked = {"sample_id": "S1", "taken": None, "size": 2, "seed_hash": sha256(SEED), "roles": AUDITOR, "pack": pack()}
    return samples.commit(node=given or node(), committed_by="a-1", now=NOW, **{**asked, **changed})


def sample(status: str = "revealed", **changed: Any) -> Sample:
    return replace(commit().after, status=status, **changed)


def extrapolating() -> Pack:
    return load("shanxi-2018", overlay="example-shanxi-rules")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"given": node(closes_at=NOW)}, "SAMPLE_TOO_LATE"),
        ({"given": node(status="closed")}, "SAMPLE_TOO_LATE"),
        ({"taken": "S0"}, "ALREADY_EXISTS"),
        ({"roles": OTHER}, "FORBIDDEN"),
        ({"pack": load("neimenggu-2019")}, "RULE_ABSENT"),
        ({"pack": load("shanxi-2018")}, "DELEGATED_RULE_MISSING"),
    ],
)
def test_a_sample_is_committed_before_its_node_closes_by_whom_the_pack_says(changed, code) -> None:
    """Lost otherwise: whoever has seen the claims chooses the seed that draws none of his friends'."""
    assert isinstance(commit(), samples.Step)
    found = commit(**changed)
    assert isinstance(found, Refused)
    assert found.code == code


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({}, None),
        ({"node": node()}, "WRONG_STATE"),
        ({"sample": sample("revealed")}, "WRONG_STATE"),
        ({"sample": sample("abandoned")}, "WRONG_STATE"),
        ({"seed": "t" * 32}, "SEED_MISMATCH"),
        ({"roles": OTHER}, "FORBIDDEN"),
    ],
)
def test_the_seed_is_that_of_the_hash_and_told_after_the_node_has_closed(changed, code) -> None:
    """Lost otherwise: the seed is known while claims are filed, or another one is brought in."""
    asked = {"sample": sample("committed"), "node": node(status="closed"), "seed": SEED, "roles": AUDITOR}
    found = samples.may_reveal(**{**asked, **changed}, pack=pack())
    assert (found and found.code) == code


def test_what_was_drawn_from_is_told_with_its_hash() -> None:
    """Lost otherwise: nobody can hold the population to what it was."""
    members = [("C1", 1, 500, 0), ("C2", 2, 300, 1), ("C3", 1, 9_000, 0)]
    step, items = samples.reveal(sample=sample("committed"), seed=SEED, members=members, pack=pack())
    assert (step.after.status, step.after.population, step.after.drawn) == ("revealed", 3, sum(i.drawn for i in items))
    assert [(one.claim_id, one.claim_version, one.weight, one.alerts) for one in items] == [
        ("C1", 1, 500, 0), ("C2", 2, 600, 1), ("C3", 1, 9_000, 0),
    ]  # fmt: skip
    assert [one.claim_id for one in items if one.certain] == ["C3"]
    assert step.after.population_hash == samples.population_hash({"C1": 500, "C2": 600, "C3": 9_000})


# --- findings: 4,000 yuan are to be paid


def found_on(status: str = "collected", **changed: Any) -> Any:
    of_claim = changed.pop("of_claim", {})
    asked = {"sample": sample(), "error_fen": 0, "code": None, "reasons": (), "roles": AUDITOR, "person": "a-1"}
    given = claim(status, **{"filed_by": "p-1", "reviewers": ("o-1",), **of_claim})
    return samples.audit(claim=given, now=NOW, pack=pack(), **{**asked, **changed})


WRONG = {"error_fen": 1_000, "code": "OVERPRICED", "reasons": ("多报",)}


@pytest.mark.parametrize("status", samples.AUDITABLE)
def test_what_is_found_wrong_is_taken_off_wherever_the_claim_stands(status) -> None:
    """Lost otherwise: money that an audit found not to be due is paid."""
    step, kept = found_on(status, **WRONG)
    assert (step.after.status, step.after.audited_fen, step.after.payable_fen) == (status, 1_000, 399_000)
    assert (step.event, step.decision.articles) == ("claim_audited", ("五(四)",))
    assert (kept.payable_fen, kept.error_fen, kept.audited_by) == (400_000, 1_000, "a-1")


def test_of_what_is_in_order_nothing_is_taken_off() -> None:
    step, kept = found_on()
    assert (step.after.audited_fen, kept.error_fen, step.event) == (0, 0, "claim_audited")


def test_a_claim_of_which_nothing_is_due_is_refused() -> None:
    """Lost otherwise: a claim of nothing goes on to a payment of nothing."""
    step, kept = found_on(**{**WRONG, "error_fen": 400_000})
    assert (step.after.status, step.after.order_claimed, step.event) == ("refused", False, "claim_refused")
    assert (step.after.reasons, kept.error_fen) == (("OVERPRICED", "多报"), 400_000)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"person": "p-1"}, "SAME_PERSON"),
        ({"person": "o-1"}, "SAME_PERSON"),
        ({"person": "a-2", "of_claim": {"stood_in_for": ("a-2",)}}, "SAME_PERSON"),
        ({"roles": OTHER}, "FORBIDDEN"),
        ({**WRONG, "error_fen": 400_001}, "DEDUCTION_TOO_LARGE"),
        ({**WRONG, "of_claim": {"deducted_fen": 1}, "error_fen": 400_000}, "DEDUCTION_TOO_LARGE"),
        ({**WRONG, "code": None}, "REASON_MISSING"),
        ({**WRONG, "reasons": ()}, "REASON_MISSING"),
        ({"sample": sample("committed")}, "WRONG_STATE"),
        ({"sample": sample("abandoned")}, "WRONG_STATE"),
        ({"status": "returned"}, "WRONG_STATE"),
        ({"status": "in_disbursement"}, "WRONG_STATE"),
    ],
)
def test_who_may_find_what(changed, code) -> None:
    """Lost otherwise: one audits what he filed or passed, or money is taken off without a word why."""
    assert found_on(**changed).code == code


def test_what_a_sample_waits_on_is_not_published() -> None:
    """Lost otherwise: a claim is on public notice, and its amount changes under it."""
    claims = [claim("passed", claim_id=claim_id) for claim_id in ("C1", "C2")]
    asked: dict[str, Any] = {"notice_id": "B1", "published_by": "b-1", "today": NOW.date(), "until_on": NOW.date()}
    asked["sign"] = signed
    asked |= {"claims": claims, "verdicts": {"C1": "cleared", "C2": "cleared"}, "pack": load("neimenggu-2019")}
    step, moved = notices.publish(sampled={"C1"}, **asked)
    assert [one.after.claim_id for one in moved] == ["C2"]
    assert step.decision.facts["audit_pending"] == 1
    none = notices.publish(sampled={"C1", "C2"}, **asked)
    assert (none.code, none.facts["audit_pending"], none.facts["held"]) == ("NOTHING_TO_PUBLISH", 2, 0)


# --- what follows for the rest


@pytest.mark.parametrize(
    ("findings", "rate"),
    [
        ([], "0"),
        ([(1_000, 0, 0), (7, 0, 3)], "0"),
        ([(1_000, 100, 0), (500, 0, 0)], "1/20"),  # (10% + 0%) / 2
        ([(300, 100, 0), (700, 100, 0)], "5/21"),  # (1/3 + 1/7) / 2, to the last fen
        ([(1_000, 1_000, 0)], "1"),
        # with one alert it had twice the chance, so its share counts half: (1/2 × 20% + 0%) / (1/2 + 1)
        ([(1_000, 200, 1), (1_000, 0, 0)], "1/15"),
    ],
)
def test_the_rate_is_the_mean_share_of_error(findings, rate) -> None:
    """Lost otherwise: one large claim's error, or one with alerts, is taken off everybody."""
    assert samples.rate_of(findings) == Fraction(rate)


def test_a_rate_that_no_fraction_of_12_digits_is_is_rounded_down() -> None:
    """Lost otherwise: a fraction of thousands of digits, or a rate that takes off more than was found."""
    primes = (1_000_003, 1_000_033, 1_000_037)
    rate = samples.rate_of([(prime, 1, 0) for prime in primes])
    exact = sum(Fraction(1, prime) for prime in primes) / 3
    assert rate.denominator <= samples.FINEST
    assert 0 <= exact - rate < Fraction(1, samples.FINEST)


@pytest.mark.parametrize(
    ("payable", "rate", "off"),
    [(300, "1/3", 100), (299, "1/3", 99), (2, "1/3", 0), (3, "1/3", 1), (1, "1", 0), (500, "1", 499), (20, "1/20", 1)],
)
def test_a_share_is_rounded_down_and_leaves_a_fen(payable, rate, off) -> None:
    """Lost otherwise: more is taken off than was found, or a claim of nothing goes on."""
    assert samples.share(payable, Fraction(rate)) == off
    assert (payable >= samples.least(Fraction(rate))) == (off > 0)


def close(**changed: Any) -> Any:
    asked: dict[str, Any] = {"sample": sample(extrapolate=True), "waiting": [], "roles": AUDITOR, "pack": pack()}
    asked |= {"findings": {"C1": (400_000, 100_000, 0), "C2": (400_000, 0, 0), "C3": (900, 90, 0)}}
    return samples.close(by_chance=frozenset({"C1", "C2"}), **{**asked, **changed})


def test_findings_of_what_was_drawn_by_chance_are_carried_to_the_rest() -> None:
    """Lost otherwise: a claim that was certain to be drawn speaks for others."""
    step = close()
    assert (step.after.status, step.after.rate, step.after.error_fen) == ("closing", "1/8", 100_090)
    assert (step.event, step.decision.facts["rate"], step.decision.facts["by_chance"]) == ("sample_closing", "1/8", 2)


def test_without_the_pack_s_word_or_without_an_error_nothing_is_carried() -> None:
    """Lost otherwise: money is taken off claims that nobody has looked at, and no rule says so."""
    step = close(sample=sample())
    assert (step.after.status, step.after.rate, step.after.error_fen) == ("closed", None, 100_090)
    step = close(findings={"C1": (400_000, 0, 0), "C3": (900, 90, 0)})
    assert (step.after.status, step.after.rate, step.after.error_fen) == ("closed", "0/1", 90)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"waiting": ["C9"]}, "SAMPLE_OPEN"),
        ({"sample": sample("committed")}, "WRONG_STATE"),
        ({"sample": sample("abandoned")}, "WRONG_STATE"),
        ({"roles": OTHER}, "FORBIDDEN"),
    ],
)
def test_a_sample_closes_when_all_is_audited(changed, code) -> None:
    """Lost otherwise: the claims go on before anybody has looked at them."""
    found = close(**changed)
    assert found.code == code
    assert found.facts.get("claims", ["C9"]) == ["C9"]


def test_what_follows_for_one_that_was_not_drawn() -> None:
    closing = sample("closing", rate="1/8")
    step = samples.extrapolated(claim=claim("in_review", deducted_fen=1), sample=closing, pack=extrapolating())
    assert (step.after.audited_fen, step.after.payable_fen) == (49_999, 350_000)  # 399,999 / 8, rounded down
    assert step.decision.facts["rate"] == "1/8"


@pytest.mark.parametrize(
    ("status", "may"), [("committed", True), ("revealed", True), ("closing", False), ("closed", False)]
)
def test_a_sample_is_given_up_before_anything_followed(status, may) -> None:
    """Lost otherwise: a lost seed holds its node's claims for ever, or what was taken off by a sample stands alone."""
    found = samples.abandon(sample=sample(status), reason="种子遗失", pack=pack())
    assert isinstance(found, Refused) is not may
    if may:
        assert (found.after.status, found.after.reason) == ("abandoned", "种子遗失")
