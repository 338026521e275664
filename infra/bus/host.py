"""Hosts one nameko container: starts it, measures the hub's lag, and ends it in order on SIGTERM and SIGINT."""

from __future__ import annotations

import signal
import time
from typing import Any

import eventlet
import structlog
from nameko.containers import ServiceContainer

from infra import metrics
from infra.bus.entrypoint import SETTINGS_KEY
from infra.settings import Settings

log = structlog.get_logger(__name__)

WORKERS = 16  # one a queue and one for the tick are all that ever run at once
LAG_EVERY_S = 1.0


def host(service_class: Any, settings: Settings) -> int:
    """Run until stopped; 0 in order, 1 when the container died of an error."""
    config = {"AMQP_URI": settings.amqp_uri, "max_workers": WORKERS, SETTINGS_KEY: settings}
    container = ServiceContainer(service_class, config)
    stopping: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        if not stopping:
            eventlet.spawn(container.stop)
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    container.start()
    eventlet.spawn(_measure_lag, service_class.name)
    log.info("service.started", service=service_class.name)
    try:
        container.wait()
    except Exception as error:
        log.critical("service.died", service=service_class.name, exc_info=error)
        return 1
    log.info("service.stopped", service=service_class.name)
    return 0


def _measure_lag(service: str) -> None:
    lag = metrics.HUB_LAG.labels(service)
    while True:
        due = time.monotonic() + LAG_EVERY_S
        eventlet.sleep(LAG_EVERY_S)
        lag.set(max(0.0, time.monotonic() - due))
