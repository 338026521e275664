"""Ships signed checkpoints to places that the operator does not control: a process of its own, so that a slow place
holds up nothing.

Each place takes the checkpoints in their order, each at least once; what it has taken is kept, and what it would not
take is tried again. `file:///path` has a line a checkpoint; `https://…` (or http://) is sent each by POST as JSON and
takes it by answering 2xx.
"""

from __future__ import annotations

import os
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import prometheus_client
import sqlalchemy as sa
import structlog

from infra import log as logs
from infra import metrics
from infra.clock import make_clock, parse_instant
from infra.db import create_engine, writing
from infra.settings import Settings, from_env
from services.supervision.domain.merkle import Signed, line_of
from services.supervision.store import evidence as store

log = structlog.get_logger(__name__)

SETTING = "YUNQUAN_CHECKPOINTS_TO"
TIMEOUT_S = 10.0
PAUSE_S = 5.0  # between two looks
SHIPPED = prometheus_client.Counter("yunquan_checkpoints_shipped_total", "Checkpoints that a place took.", ["result"])


UNSHIPPED = prometheus_client.Gauge(
    "yunquan_checkpoint_unshipped_seconds",
    "Age of the oldest checkpoint that a place has not taken; else 0.",
    ["place"],
)


class PlaceUnusable(ValueError):
    """The setting names a place that checkpoints cannot be sent to."""


def places(env: Mapping[str, str] | None = None) -> list[str]:
    """The places that YUNQUAN_CHECKPOINTS_TO names, separated by blanks; PlaceUnusable."""
    named = (os.environ if env is None else env).get(SETTING, "").split()
    for place in named:
        parts = urlsplit(place)
        if not ((parts.scheme == "file" and parts.path) or (parts.scheme in ("http", "https") and parts.netloc)):
            raise PlaceUnusable(f"{SETTING}: {place!r} is neither file:///path nor an http address")
    return named


def ship(engine: sa.Engine, place: str, *, now: datetime | None = None) -> int:
    """Send what the place has not taken yet, in order; how many it took. OSError when it would not take one: that one
    and all later ones are sent the next time."""
    moment = now or make_clock("system").now()
    with engine.connect() as conn:
        waiting = store.checkpoints(conn, after=store.shipped(conn, place))
    waits = UNSHIPPED.labels(_shown(place))
    for number, made in waiting:
        waits.set((moment - parse_instant(str(made.document["made_at"]))).total_seconds())
        _send(place, made)
        with writing(engine) as conn:
            store.mark_shipped(conn, place, number, moment)
        SHIPPED.labels("taken").inc()
    waits.set(0)
    return len(waiting)


def _shown(place: str) -> str:
    """A place without what may be secret in its address."""
    parts = urlsplit(place)
    return parts.hostname or "file"


def _send(place: str, made: Signed) -> None:
    parts = urlsplit(place)
    line = (line_of(made) + "\n").encode()
    if parts.scheme == "file":
        with Path(unquote(parts.path)).open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        return
    request = urllib.request.Request(  # noqa: S310 places() takes no other schemes
        place, data=line, headers={"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
        answer.read(1)


def run(settings: Settings, *, once: bool = False) -> int:
    """Ship until SIGTERM or SIGINT (once: what there is); how many were taken."""
    stopping = threading.Event()
    if not once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_args: stopping.set())
    engine = create_engine(settings.database_url("supervision"), service="evidence-shipper", settings=settings)
    clock = make_clock(settings.clock)
    taken, failed = 0, False
    try:
        while not stopping.is_set():
            for place in places():
                try:
                    taken += ship(engine, place, now=clock.now())
                except (OSError, urllib.error.URLError, sa.exc.OperationalError) as error:
                    failed = True
                    SHIPPED.labels("refused").inc()
                    log.warning("checkpoint.not_taken", place=_shown(place), error=type(error).__name__)
            if once:
                break
            stopping.wait(PAUSE_S)
    finally:
        engine.dispose()
    if once and failed:
        raise SystemExit(1)
    return taken


@click.command("evidence-shipper")
@click.option("--once", is_flag=True, help="Ship what there is, then end; exit code 1 when a place would not take it.")
def shipper(once: bool) -> None:
    """Send signed checkpoints to the places that YUNQUAN_CHECKPOINTS_TO names, as they are made."""
    try:
        named: Sequence[str] = places()
    except PlaceUnusable as error:
        raise click.ClickException(str(error)) from error
    if not named:
        raise click.ClickException(f"{SETTING} is not set: it names where checkpoints go (file:///path, https://…)")
    given, process = from_env(), f"evidence-shipper-{os.getpid()}"
    logs.configure(process)
    if not once:
        metrics.serve(process, given.metrics_host, given.metrics_port, given.run_dir)
    click.echo(f"{run(given, once=once)} shipped")
