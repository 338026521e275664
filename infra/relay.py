"""`python -m infra.relay voucher`: takes committed events to the broker, each confirmed before it is marked sent.

A plain process without eventlet: pika's own event loop, many events in flight, confirms by delivery tag. One relay a
service holds the lease on its stream; a second waits for it. Events that no queue is bound for come back (mandatory)
and are put into `unrouted`; only then are they marked.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from itertools import takewhile
from typing import Any
from uuid import uuid4

import pika
import sqlalchemy as sa
import structlog
from pika.adapters.select_connection import SelectConnection

from contracts.envelope import CONTENT_TYPE
from infra import metrics
from infra.bus import names
from infra.db import create_engine
from infra.settings import Settings, from_env
from infra.stream import LeaseLost, Outgoing, Stream

log = structlog.get_logger(__name__)

BATCH = 500
BUSY_S = 0.005  # between two looks just after there was something
IDLE_S = 0.04  # the longest between two looks
BUSY_FOR_S = 0.2
CALM_AFTER_S = 2.0
LEASE_S = 3.0
GAUGE_EVERY_S = 2.0
RECONNECT_S = (0.1, 0.3, 1.0, 2.0)
STUCK_S = 15.0  # confirms that do not come for so long cost us the connection


class Relay:
    """One service's relay: a state machine on pika's loop; `step` is its only rhythm."""

    def __init__(self, stream: Stream, settings: Settings) -> None:
        self.stream = stream
        self.settings = settings
        self.stopping = False
        self._connection: Any = None
        self._channel: Any = None
        self._tags: dict[int, int] = {}  # delivery tag → row id
        self._open: dict[int, int] = {}  # row id → confirms still missing
        self._events: dict[str, Outgoing] = {}  # event id → what is in flight
        self._next_tag = 1
        self._timer: Any = None
        self._sent: list[int] = []
        self._leased = False
        self._failures = 0
        self._last_work = 0.0
        self._last_renewal = 0.0
        self._last_gauge = 0.0
        self._last_progress = 0.0

    def run(self) -> None:
        """Relay until `stop`; a lost broker or database is waited for."""
        while not self.stopping:
            self._reset()
            parameters = pika.URLParameters(self.settings.amqp_uri)
            parameters.heartbeat = self.settings.heartbeat
            parameters.blocked_connection_timeout = STUCK_S
            parameters.socket_timeout = 5
            self._connection = SelectConnection(
                parameters,
                on_open_callback=self._on_open,
                on_open_error_callback=self._on_closed,
                on_close_callback=self._on_closed,
            )
            self._connection.ioloop.start()
            self._connection.ioloop.close()
            if not self.stopping:
                pause = RECONNECT_S[min(self._failures, len(RECONNECT_S) - 1)]
                self._failures += 1
                time.sleep(pause)
        self._give_back()

    def stop(self) -> None:
        """Stop after what is in flight; safe to call from a signal handler."""
        self.stopping = True

    # the connection

    def _reset(self) -> None:
        self._tags, self._open, self._events = {}, {}, {}
        self._channel = None
        self._timer = None
        self._next_tag = 1

    def _on_open(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(lambda _channel, reason: self._lose(f"channel closed: {reason}"))
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirm, callback=lambda _frame: self._ready())

    def _ready(self) -> None:
        self._failures = 0
        self._last_progress = time.monotonic()
        self._step()

    def _on_closed(self, _connection: Any, reason: Any) -> None:
        log.warning("relay.disconnected", service=self.stream.service, reason=type(reason).__name__)
        self._connection.ioloop.stop()

    def _lose(self, why: str) -> None:
        """Let the connection go; what was not confirmed is sent again on the next."""
        log.warning("relay.reconnects", service=self.stream.service, why=why[:200])
        if self._connection.is_open:
            self._connection.close()
        elif self._connection.is_closed:
            self._connection.ioloop.stop()

    # the rhythm

    def _later(self, seconds: float) -> None:
        """One timer, never two: the next step, at the latest then."""
        if self._timer is not None:
            self._connection.ioloop.remove_timeout(self._timer)
        self._timer = self._connection.ioloop.call_later(seconds, self._step)

    def _step(self) -> None:
        if self._channel is None or not self._channel.is_open:
            return
        try:
            self._work()
        except LeaseLost:
            self._leased = False
            log.warning("relay.lease_lost", service=self.stream.service)
            self._later(0.5)
        except sa.exc.SQLAlchemyError as error:  # away, busy, or its tables not made yet: look again
            log.warning("relay.database", service=self.stream.service, error=type(error).__name__)
            self._later(0.5)

    def _work(self) -> None:
        now = time.monotonic()
        if self._open:  # in flight: the confirms call us
            if now - self._last_progress > STUCK_S:
                self._lose("no confirm in time")
            else:
                self._later(1.0)
            return
        self._gauges(now)
        if self.stopping:
            self._mark()
            self._connection.close()
            return
        if not self._leased:
            self._leased = self.stream.acquire()
            if not self._leased:
                self._later(0.5)
                return
            log.info("relay.leads", service=self.stream.service, holder=self.stream.holder)
            self._last_renewal = now
        if self._sent or now - self._last_renewal > LEASE_S / 4 or self.stream.waiting():
            self._last_renewal = now
            outgoing = self._turn()
            if outgoing:
                self._last_work = now
                self._publish(outgoing)
                return
        quiet = now - self._last_work
        self._later(BUSY_S if quiet < BUSY_FOR_S else IDLE_S / 2 if quiet < CALM_AFTER_S else IDLE_S)

    def _turn(self) -> list[Outgoing]:
        outgoing = self.stream.turn(self._sent, BATCH)
        self._sent = []
        return outgoing

    def _mark(self) -> None:
        if self._sent and self._leased:
            self.stream.turn(self._sent, 0)
            self._sent = []

    def _publish(self, outgoing: list[Outgoing]) -> None:
        self._last_progress = time.monotonic()
        self._events = {one.event_id: one for one in outgoing}
        for one in outgoing:
            exchange = names.events_exchange(self.stream.service)
            self._send(one, exchange, one.type)
        self._later(1.0)

    def _send(self, one: Outgoing, exchange: str, routing_key: str) -> None:
        self._tags[self._next_tag] = one.id
        self._next_tag += 1
        self._open[one.id] = self._open.get(one.id, 0) + 1
        properties = pika.BasicProperties(
            content_type=CONTENT_TYPE,
            delivery_mode=2,
            message_id=one.event_id,
            type=one.type,
            headers={names.HEADER_STREAM_SEQ: one.stream_seq, names.HEADER_STREAM_HASH: one.stream_hash},
        )
        self._channel.basic_publish(exchange, routing_key, one.body, properties, mandatory=True)

    def _on_return(self, _channel: Any, method: Any, properties: Any, _body: bytes) -> None:
        """No queue is bound for it: keep it where someone will see it. It comes before the confirm."""
        one = self._events.get(properties.message_id)
        if one is None:
            return
        if method.exchange == "":
            log.error("relay.no_unrouted_queue", service=self.stream.service, type=one.type)
            self._open[one.id] = self._open.get(one.id, 0) + 1  # never confirmed: not marked, sent again
            return
        log.error("relay.unrouted", service=self.stream.service, type=one.type, event_id=one.event_id)
        self._send(one, "", names.UNROUTED)

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        confirmed = isinstance(method, pika.spec.Basic.Ack)
        tags = [method.delivery_tag]
        if method.multiple:  # tags stand in the order sent
            tags = list(takewhile(lambda tag: tag <= method.delivery_tag, self._tags))
        for tag in tags:
            row = self._tags.pop(tag, None)
            if row is None:
                continue
            if not confirmed:
                self._lose("nack")
                return
            self._open[row] -= 1
            if not self._open[row]:
                del self._open[row]
                self._sent.append(row)
        self._last_progress = time.monotonic()
        metrics.RELAYED.labels(self.stream.service).inc(len(tags))
        if not self._open:
            self._step()

    def _gauges(self, now: float) -> None:
        if now - self._last_gauge < GAUGE_EVERY_S:
            return
        self._last_gauge = now
        rows, seconds = self.stream.backlog()
        metrics.OUTBOX_ROWS.labels(self.stream.service).set(rows)
        metrics.OUTBOX_SECONDS.labels(self.stream.service).set(seconds)

    def _give_back(self) -> None:
        try:
            self._mark()
            if self._leased:
                self.stream.release()
        except (LeaseLost, sa.exc.SQLAlchemyError) as error:
            log.warning("relay.lease_not_returned", error=type(error).__name__)


def main(argv: list[str] | None = None) -> int:
    """Run one service's relay until SIGTERM or SIGINT."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m infra.relay SERVICE\n")
        return 2
    from infra.log import configure

    service = arguments[0]
    settings = from_env()
    process = settings.process or f"relay-{service}-{os.getpid()}"
    configure(process)
    metrics.serve(process, settings.metrics_host, settings.metrics_port, settings.run_dir)
    engine = create_engine(settings.database_url(service), service=f"{service}-relay", settings=settings, pool_size=2)
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    relay = Relay(Stream(engine, service, holder, lease_s=LEASE_S), settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: relay.stop())
    log.info("relay.started", service=service)
    relay.run()
    engine.dispose()
    log.info("relay.stopped", service=service)
    return 0


if __name__ == "__main__":
    sys.exit(main())
