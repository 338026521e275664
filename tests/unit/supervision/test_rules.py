"""Lost if these fail: alerts would hold by no rule of the programme, or a verdict not follow from its alerts."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from contracts import fields
from contracts.programmes import load
from contracts.rpc.supervision import CASE_GROUNDS, CLAIM_ALERTS, SEVERITIES
from services.supervision.domain import alerts, cases, screening
from services.supervision.domain.finding import ORDER, Finding, worst

GUIZHOU = load("guizhou-2018")
NOW = datetime(2018, 9, 1, tzinfo=UTC)


def finding(severity: str) -> Finding:
    return Finding(rule="PRICE_OUTLIER", severity=severity, zh="", en="")  # type: ignore[arg-type]


@pytest.mark.parametrize(("severity", "holds"), [("high", True), ("medium", True), ("low", False)])
def test_the_pack_says_which_alerts_hold(severity: str, holds: bool) -> None:
    assert screening.holds(finding(severity), GUIZHOU) is holds
    assert screening.holds(finding(severity), None) is True, "without a known programme every alert holds"


def test_each_alert_rests_on_an_article_of_guizhou() -> None:
    own = {"AFFILIATED_PARTIES": ("第十三条(四)",), "PRICE_OUTLIER": ("三(二)",)}
    for rule in CLAIM_ALERTS:
        assert screening.alert_articles(GUIZHOU, rule) == own.get(rule, ("五(四)",)), rule


@pytest.mark.parametrize(
    ("programme", "cleared", "held"),
    [
        ("guizhou-2018", "五(四)", "五(四)"),
        ("neimenggu-2019", "八(三)", "八(三)"),
        ("shandong-2017", "五(五)", "五(五)"),
        ("shanxi-2018", "五(三)", "五(三)"),
        ("shenyang-2018", "三(五)2", "三(五)1"),
    ],
)
def test_a_screening_rests_on_an_article_of_every_programme(programme: str, cleared: str, held: str) -> None:
    """Lost otherwise: a claim is cleared, and nobody can say by which rule it was looked at."""
    assert screening.screened_articles(load(programme), cleared=True) == (cleared,)
    assert screening.screened_articles(load(programme), cleared=False) == (held,)


def test_words_of_the_contract_are_those_of_the_domain() -> None:
    assert set(screening.RESTS_ON) <= set(CLAIM_ALERTS)
    assert set(ORDER) == set(SEVERITIES)
    assert set(cases.RULES) == set(CASE_GROUNDS)


VERDICTS = [
    ([], "cleared"),
    (["false_alarm"], "cleared"),
    (["false_alarm", "open"], "held"),
    (["acknowledged"], "held"),
    (["false_alarm", "confirmed"], "rejected"),
    (["open", "confirmed"], "rejected"),
]


@pytest.mark.parametrize(("states", "verdict"), VERDICTS)
def test_a_verdict_follows_from_the_alerts(states: list[str], verdict: str) -> None:
    assert alerts.verdict(states) == verdict


def test_resolved_is_final() -> None:
    assert not any(alerts.may_become(done, to) for done in ("confirmed", "false_alarm") for to in alerts.NEXT)


def test_the_gravest_counts() -> None:
    assert worst(["low", "high", "medium"]) == "high"


def test_an_alerts_id_is_made_of_what_it_is_on() -> None:
    """Two services that raise it at once raise the same; the next on that subject is another, and all pass for ids."""
    ids = {
        alerts.alert_id(alert=rule, subject=subject, programme=programme, number=number)
        for programme in ("guizhou-2018", "shanxi-2018")
        for subject in ("C1", "C2")
        for number in (1, 2)
        for rule in CLAIM_ALERTS
    }
    assert len(ids) == 2 * 2 * 2 * len(CLAIM_ALERTS)
    assert all(re.fullmatch(fields.ULID, one) for one in ids)


SUBJECTS = [
    ("AFFILIATED_PARTIES", ("pair", "E1:P1")),
    ("CONTRACT_REUSED", ("contract", "ab")),
    ("BURST", ("provider", "P1")),
    ("CAP_HUGGING", ("provider", "P1")),
    ("SHELL_ENTERPRISES", ("provider", "P1")),
    ("NO_USAGE", ("claim", "C1")),
]


@pytest.mark.parametrize(("rule", "subject"), SUBJECTS)
def test_repeats_fold_by_what_a_rule_is_about(rule: str, subject: tuple[str, str]) -> None:
    """Lost otherwise: a provider's burst is a hundred alerts, or two claims' faults are one."""
    claim = {"claim_id": "C1", "enterprise_id": "E1", "provider_id": "P1", "contract_sha256": "ab"}
    assert alerts.subject_of(rule, claim) == subject
