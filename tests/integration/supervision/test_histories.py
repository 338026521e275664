"""Lost if this fails: some order of filings, ties and supervisors' words would leave a claim with a verdict that its
alerts do not bear out."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.supervision.domain.alerts import verdict
from tests.integration.supervision.kit import GUIZHOU, Kit, uid
from tests.profiles import examples

CLAIMS = (1, 2, 3)
INVOICES = ("12345678", "FP12345678", "87654321")

steps = st.lists(
    st.one_of(
        st.tuples(st.just("file"), st.sampled_from(CLAIMS), st.sampled_from(INVOICES)),
        st.tuples(st.just("tie"), st.sampled_from(CLAIMS), st.none()),
        st.tuples(st.just("resolve"), st.integers(0, 5), st.sampled_from(("confirmed", "in part", "false_alarm"))),
        st.tuples(st.just("acknowledge"), st.integers(0, 5), st.none()),
        st.tuples(st.just("due"), st.none(), st.none()),
    ),
    max_size=14,
)


@settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_after_any_history_each_claims_last_word_follows_from_its_alerts(history: list[tuple[str, Any, Any]]) -> None:
    with TemporaryDirectory() as folder:
        kit = Kit(f"sqlite:///{Path(folder) / 'test.sqlite3'}")
        kit.market()
        kit.hear(*(kit.order(number, number) for number in CLAIMS))
        versions: dict[int, int] = {}
        for step in history:
            _take(kit, versions, *step)
        kit.pipeline.run_due()
        for number, version in versions.items():
            _check(kit, number, version)
        kit.close()


def _take(kit: Kit, versions: dict[int, int], step: str, which: Any, how: Any) -> None:
    kit.clock.advance(timedelta(minutes=1))
    alerts = kit.ask("list_alerts", programme=GUIZHOU)["items"]
    if step == "file":
        versions[which] = versions.get(which, 0) + 1
        kit.hear(kit.claim(which, which, version=versions[which], invoice=how))
    elif step == "tie":
        kit.hear(kit.tie(which, which, 1))
    elif step == "due":
        kit.pipeline.run_due()
    elif which < len(alerts):
        alert_id = alerts[which]["alert_id"]
        if step == "resolve":
            part = {"claim_ids": alerts[which]["claim_ids"][:1]} if how == "in part" else {}
            said = "false_alarm" if how == "false_alarm" else "confirmed"
            kit.do("resolve_alert", alert_id=alert_id, verdict=said, reason="已核实", **part)
        else:
            kit.do("acknowledge_alert", alert_id=alert_id)


def _check(kit: Kit, number: int, version: int) -> None:
    told = kit.said("claim_cleared", "claim_held", "claim_rejected")
    told = [one for one in told if one["subject"] == uid("C", number)]
    assert [one["sequence"] for one in told] == list(range(1, len(told) + 1))
    assert all(before != after for before, after in pairwise(kit.by_version(number))), "nothing is said twice"
    alerts = [alert for alert in kit.alerts(number) if alert["claim_version"] == version]
    assert len({alert["alert"] for alert in alerts}) == len(alerts), "repeats fold"
    bears = [alert for alert in alerts if not alert["cleared"]]
    states = [alert["status"] for alert in bears if alert["holds"] or alert["status"] == "confirmed"]
    assert kit.by_version(number)[-1] == (version, verdict(states))
