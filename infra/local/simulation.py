"""Simulated time over a deployment: it moves when all is quiet, and then what has fallen due is done."""

from __future__ import annotations

import sys
import time
from datetime import datetime

from contracts import ulid
from contracts.client import Client, Request, result_of
from infra.local.deployment import Deployment
from infra.local.guard import LocalServerError

QUIET_SECONDS = 120.0
LOOK_SECONDS = 0.004  # between two looks, while little is under way


class Simulation:
    """Moves the time of a deployment that runs on a simulated clock."""

    def __init__(self, deployment: Deployment, client: Client) -> None:
        self.deployment = deployment
        self._client = client
        self._token = deployment.token("ops")
        self._idle: dict[str, tuple[datetime, int, int]] = {}  # what a service had taken in when nothing was due

    def now(self) -> datetime:
        assert self.deployment.clock is not None
        return self.deployment.clock.now()

    def move_to(self, moment: datetime) -> None:
        """Time moves when all is quiet; then everything that has fallen due is done. ValueError: it would go back."""
        self.quiet()
        assert self.deployment.clock is not None
        self.deployment.clock.set(moment)
        self.settle()

    def settle(self) -> None:
        """Until nothing is under way and nothing is due."""
        self.quiet()
        while self.run_due():
            self.quiet()

    def run_due(self) -> bool:
        """Each service does what is due; was there anything?

        One that had nothing to do at this very moment, and has heard nothing since, has nothing to do now.
        """
        services = self.deployment.options.services
        states = {service: (self.now(), *self.deployment.taken_in(service)) for service in services}
        moved = [service for service in services if self._idle.get(service) != states[service]]
        asked = {s: self._client.submit(Request(s, "run_due", {}, ulid.new(), self._token)) for s in moved}
        done = {service: result_of(answer.result())["done"] for service, answer in asked.items()}
        busy = {service for service, counts in done.items() if any(counts.values())}
        self._idle |= {service: states[service] for service in done.keys() - busy}
        for service in busy:
            self._idle.pop(service, None)
        return bool(busy)

    def quiet(self) -> None:
        """No event waits in an outbox, a queue, or a hand; LocalServerError after two minutes without progress.

        All outboxes sent, then all queues done, then no outbox with anything new: what is handled emits before it is
        acknowledged, so nothing can have been under way in between.
        """
        least, since = sys.maxsize, time.monotonic()
        while True:
            before = self.deployment.outboxes()
            backlog = {f"outbox {service}": unsent for service, (unsent, _last) in before.items() if unsent}
            if not backlog:
                backlog = {queue: count for queue, count in self.deployment.unsettled().items() if count}
            if not backlog and self.deployment.outboxes() == before:
                return
            total = sum(backlog.values())
            if total < least:
                least, since = total, time.monotonic()
            if time.monotonic() - since > QUIET_SECONDS:
                raise LocalServerError(f"the services do not come to rest: {backlog}")
            time.sleep(LOOK_SECONDS if total < 100 else 0.02 if total < 1000 else 0.2)
