"""nameko entry points of ours: a list of deliveries to one worker, and a tick for what falls due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import eventlet
from eventlet.event import Event
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint
from nameko.timer import Timer

from infra.bus import names
from infra.bus.consumer import QueueConsumer, Source, Stopped
from infra.bus.delivery import Delivery, Done
from infra.bus.dispatch import unavailable
from infra.isolate import StillTransient
from infra.settings import Settings

SETTINGS_KEY = "yunquan"  # of nameko's config


class Batches(Entrypoint):
    """The decorated method gets a list of Delivery, `batch` at most, and returns a list of Done."""

    def __init__(self, queue: Callable[[str], str], batch: int | None = None, **kwargs: Any) -> None:
        self.queue = queue
        self.batch = batch
        self.consumer: QueueConsumer | None = None
        self._thread: Any = None
        super().__init__(expected_exceptions=(StillTransient,), **kwargs)

    def setup(self) -> None:
        settings: Settings = self.container.config[SETTINGS_KEY]
        service = self.container.service_name
        source = Source(service, self.queue(service), self.batch or settings.batch, settings)
        self.consumer = QueueConsumer(source, self._hand, sleep=eventlet.sleep)

    def start(self) -> None:
        assert self.consumer is not None, "nameko sets up before it starts"
        self._thread = self.container.spawn_managed_thread(self.consumer.run, identifier=repr(self.queue))

    def stop(self) -> None:
        """Finish what is in hand, then let go."""
        if self.consumer is not None:
            self.consumer.stopping = True
        if self._thread is not None:
            self._thread.wait()

    def kill(self) -> None:
        if self._thread is not None:
            self._thread.kill()

    def _hand(self, deliveries: Sequence[Delivery], alive: Callable[[], None]) -> Sequence[Done]:
        """One worker for the whole list; heartbeats go on while it works."""
        finished = Event()
        pulse = max(self.container.config[SETTINGS_KEY].heartbeat, 1) / 3

        def handle_result(_worker: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            finished.send((result, exc_info))
            return result, exc_info

        try:
            self.container.spawn_worker(self, (deliveries,), {}, handle_result=handle_result)
        except ContainerBeingKilled:
            raise Stopped from None
        while True:
            outcome = finished.wait(timeout=pulse)
            if outcome is not None:
                break
            alive()
        result, exc_info = outcome
        if exc_info is None:
            return list(result)
        if isinstance(exc_info[1], StillTransient):
            raise exc_info[1]
        return unavailable(deliveries)


class Ticks(Timer):
    """nameko's timer with the interval of the settings."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(interval=1.0, **kwargs)

    def setup(self) -> None:
        self.interval = self.container.config[SETTINGS_KEY].tick


batches = Batches.decorator
ticks = Ticks.decorator


def rpc_queue(suffix: str) -> Callable[[str], str]:
    """The service's RPC queue of that suffix."""
    return partial(names.rpc_queue, suffix=suffix)


__all__ = ["SETTINGS_KEY", "Batches", "Ticks", "batches", "rpc_queue", "ticks"]
