"""Every service and relay killed with -9 in mid-flow, and the broker restarted: the same money as a quiet run."""

from __future__ import annotations

import io
import random
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from contracts import equations
from infra import reconcile
from infra.demo.cast import PROGRAMME, YEAR
from infra.demo.flow import quiet_year
from infra.demo.stage import Stage
from infra.demo.story import at
from infra.local.deployment import Deployment, Options
from infra.local.guard import scratch_folder

SIZE = 30
SEED = 7


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


def year(deployment: Deployment, *, disturbed: bool) -> tuple[dict[str, Any], list[str], list[str]]:
    """Figures of all services after a year, checks that do not hold, and what was killed."""
    with Stage(deployment, Console(file=io.StringIO()), SEED) as stage:
        stage.quiet()
        if not disturbed:
            deployment.keep()
            quiet_year(stage, SIZE)
            killed = []
        else:
            with Chaos(deployment) as chaos:
                quiet_year(stage, SIZE)
                killed = list(chaos.killed)  # what fell while the flow was under way; later kills prove nothing
            deployment.wait_ready()
        stage.quiet()
        with deployment.client("auditor") as auditor:
            totals = reconcile.ask(auditor, PROGRAMME, YEAR)
        return dict(totals), [c.name for c in equations.checks(totals) if not c.holds], killed


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
    calm, calm_differences, _ = year(deployment, disturbed=False)
    deployment.reset(at(1, 2))
    wild, wild_differences, killed = year(deployment, disturbed=True)
    assert calm_differences == [] == wild_differences
    assert len(set(killed)) == 11, f"not everything was killed: {killed}"
    money = [name for name in calm["voucher"]["figures"] if name.endswith("_fen")]
    assert {n: wild["voucher"]["figures"][n] for n in money} == {n: calm["voucher"]["figures"][n] for n in money}
    assert wild["settlement"]["figures"]["paid_fen"] == calm["settlement"]["figures"]["paid_fen"] > 0
    assert wild["voucher"]["rows"] == calm["voucher"]["rows"]
    assert wild["settlement"]["rows"]["claims"] == calm["settlement"]["rows"]["claims"]
