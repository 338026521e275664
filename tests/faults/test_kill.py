"""Every service and relay killed with -9 in mid-flow, and the broker restarted: the same money as a quiet run, and
the same alerts; of each its supervisor reads within seconds."""

from __future__ import annotations

import io
import random
import shutil
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from contracts import equations, ulid
from infra import reconcile
from infra.demo.cast import PROGRAMME, YEAR
from infra.demo.flow import quiet_year
from infra.demo.stage import Stage
from infra.demo.story import Story, at
from infra.local.deployment import Deployment, Options
from infra.local.guard import scratch_folder, wait_for

SIZE = 30
SEED = 7
TIES = 6
SECONDS_TO_NOTICE = 10


class Chaos:
    """Kills every process once with -9 while the flow runs, in a drawn order, and restarts the broker once."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._stop = threading.Event()
        self._chance = random.Random(SEED)
        self.killed: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Chaos:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        names = self._deployment.processes()
        self._chance.shuffle(names)
        names.insert(len(names) // 2, "rabbitmq")
        for name in names:
            if self._stop.wait(self._chance.uniform(0.1, 0.6)):
                return
            if name == "rabbitmq":
                assert self._deployment.rabbit is not None
                self._deployment.rabbit.restart()
            else:
                self._deployment.kill(name)
            self.killed.append(name)


class Ties:
    """Facts told of filed claims, each an alert: `told` is how long until a supervisor had the notice of the last."""

    def __init__(self, *, disturbed: bool) -> None:
        self._disturbed = disturbed
        self.told = 0.0
        self.alerts: list[str] = []
        self.notices: list[str] = []

    def __call__(self, story: Story) -> None:
        stage = story.stage
        claimed = sorted((o for o in story.orders if o.id in story.claimed), key=lambda order: order.enterprise.uscc)
        pairs = list({(order.enterprise.id, order.provider.id): order for order in claimed})[:TIES]
        begun = time.monotonic()
        for number, (enterprise, provider) in enumerate(pairs):
            tie = {"tie_id": ulid.new(), "enterprise_id": enterprise, "provider_id": provider}
            stage.one("registry", "record_tie", role="operator", kind="ownership", evidence="示例", **tie)
            if self._disturbed and number % 3 == 0:
                stage.deployment.kill("supervision")  # the news is under way, in its queue or in its hand
        assert wait_for(lambda: len(self._read(stage)) >= len(pairs) == TIES, deadline_seconds=60)
        self.told = time.monotonic() - begun
        stage.quiet()
        self.notices = self._read(stage)

    def _read(self, stage: Stage) -> list[str]:
        """Of which ties' alerts a supervisor has a notice, once for each notice."""
        asked = {"programme": PROGRAMME, "alert": "AFFILIATED_PARTIES"}
        found = stage.all_of("supervision", "list_alerts", role="supervisor", **asked)
        self.alerts = [one["alert_id"] for one in found]
        body = {"role": "supervisor", "programme": PROGRAMME, "limit": 500}
        page = stage.client.call("notify", "staff_inbox", token=stage.token("supervisor"), **body)
        raised = [one["subject"] for one in page["items"] if one["event_type"] == "supervision.alert_raised.v1"]
        return [subject for subject in raised if subject in self.alerts]


def year(deployment: Deployment, *, disturbed: bool) -> tuple[dict[str, Any], list[str], list[str], Ties]:
    """Figures of all services after a year, checks that do not hold, what was killed, and the ties' alerts."""
    ties = Ties(disturbed=disturbed)
    with Stage(deployment, Console(file=io.StringIO()), SEED) as stage:
        stage.quiet()
        if not disturbed:
            deployment.keep()
            quiet_year(stage, SIZE, filed=ties)
            killed = []
        else:
            with Chaos(deployment) as chaos:
                quiet_year(stage, SIZE, filed=ties)
                killed = list(chaos.killed)  # what fell while the flow was under way; later kills prove nothing
            deployment.wait_ready()
        stage.quiet()
        with deployment.client("auditor") as auditor:
            totals = reconcile.ask(auditor, PROGRAMME, YEAR)
        return dict(totals), [c.name for c in equations.checks(totals) if not c.holds], killed, ties


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    """All of Yunquan before the year."""
    folder = scratch_folder("kill")
    try:
        with Deployment(folder, Options(throwaway=True, starts_at=at(1, 2))) as found:
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(400)
def test_the_same_money_as_an_undisturbed_run(deployment: Deployment) -> None:
    calm, calm_differences, _, calm_ties = year(deployment, disturbed=False)
    deployment.reset(at(1, 2))
    wild, wild_differences, killed, wild_ties = year(deployment, disturbed=True)
    assert calm_differences == [] == wild_differences
    assert calm_ties.told < SECONDS_TO_NOTICE, "from a fact told in registry to the notice of the last of its alerts"
    for ties in (calm_ties, wild_ties):
        assert len(ties.alerts) == TIES, "an alert was lost, or raised twice"
        assert sorted(ties.notices) == sorted(ties.alerts), "each is told once"
    assert len(set(killed)) == 11, f"not everything was killed: {killed}"
    money = [name for name in calm["voucher"]["figures"] if name.endswith("_fen")]
    assert {n: wild["voucher"]["figures"][n] for n in money} == {n: calm["voucher"]["figures"][n] for n in money}
    assert wild["settlement"]["figures"]["paid_fen"] == calm["settlement"]["figures"]["paid_fen"] > 0
    assert wild["voucher"]["rows"] == calm["voucher"]["rows"]
    assert wild["settlement"]["rows"]["claims"] == calm["settlement"]["rows"]["claims"]
