"""One queue's consumer: takes together what is pending, hands it on as one list, replies, acknowledges last."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import amqp
import structlog

from infra import metrics
from infra.bus import names
from infra.bus.connection import FAILURES, Connection, connect
from infra.bus.delivery import Delivery, Done, from_amqp
from infra.bus.publisher import LetterPublisher, NotPublished
from infra.isolate import StillTransient
from infra.jsontext import canonical
from infra.settings import Settings

log = structlog.get_logger(__name__)

IDLE_S = 1.0
BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Source:
    """Which queue, for whom, and how much of it at a time."""

    service: str
    queue: str
    batch: int
    settings: Settings


class Stopped(Exception):
    """Asked to stop while there was nothing that could be finished."""


class QueueConsumer:
    """`hand(deliveries, alive)` gives the Done of each, calling `alive` while it waits; StillTransient: try again."""

    def __init__(
        self,
        source: Source,
        hand: Callable[[Sequence[Delivery], Callable[[], None]], Sequence[Done]],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.source = source
        self.stopping = False
        self._hand = hand
        self._sleep = sleep
        self._received: deque[Delivery] = deque()
        self._unacknowledged: deque[int] = deque()
        # py-amqp starts its wait again at each heartbeat of the broker's: a wait as long as those would never end
        self._idle = min(IDLE_S, source.settings.heartbeat / 4) if source.settings.heartbeat else IDLE_S
        self._company = False  # did the last batch have more than one? then it pays to wait for more
        self._letters = LetterPublisher(
            source.settings.amqp_uri,
            source.service,
            queue=source.queue,
            confirm_timeout=source.settings.confirm_timeout,
        )

    def run(self) -> None:
        """Consume until `stopping`; a lost connection is made anew, with growing pauses."""
        failures = 0
        connected = metrics.CONNECTED.labels(self.source.service, self.source.queue)
        while not self.stopping:
            started = time.monotonic()
            try:
                connection = connect(self.source.settings.amqp_uri, heartbeat=self.source.settings.heartbeat)
                try:
                    connected.set(1)
                    self._serve(connection)
                finally:
                    connected.set(0)
                    _close(connection, gracefully=self.stopping)
            except (amqp.exceptions.AMQPError, OSError, NotPublished, Stopped) as error:
                failures = 0 if time.monotonic() - started > 30 else failures + 1
                pause = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]
                log.warning("consumer.lost", queue=self.source.queue, error=type(error).__name__, text=str(error)[:200])
                self._nap(pause)
            except Exception as error:
                log.critical("consumer.defect", queue=self.source.queue, exc_info=error)
                self._nap(BACKOFF_S[-1])
        self._letters.close()

    def _serve(self, connection: Connection) -> None:
        self._received.clear()
        self._unacknowledged.clear()
        channel = connection.channel()
        channel.auto_decode = False
        channel.basic_qos(0, self.source.batch * 2, False)
        tag = channel.basic_consume(self.source.queue, callback=self._receive)
        while not self.stopping:
            self._handle(connection, channel, self._take(connection))
        channel.basic_cancel(tag)
        while self._received:  # what is in hand is finished, so that nobody has to redeliver it
            self._handle(connection, channel, self._next())

    def _receive(self, message: Any) -> None:
        delivery = from_amqp(message)
        self._received.append(delivery)
        self._unacknowledged.append(delivery.tag)

    def _take(self, connection: Connection) -> list[Delivery]:
        # Messages may have come in while we published replies: look at what is here before every wait.
        while not self._received:
            if self.stopping:
                return []
            self._drain(connection, self._idle)
        while len(self._received) < self.source.batch and self._drain(connection, 0):
            pass
        if self._company:
            until = time.monotonic() + self.source.settings.linger
            while len(self._received) < self.source.batch and (left := until - time.monotonic()) > 0:
                self._drain(connection, left)
        return self._next()

    def _next(self) -> list[Delivery]:
        """The longest prefix within the limits; a redelivered message is taken alone: it may have killed us before."""
        taken: list[Delivery] = []
        size = 0
        while self._received and len(taken) < self.source.batch:
            coming = self._received[0]
            size += len(coming.body)
            if taken and (coming.redelivered or size > self.source.settings.batch_bytes):
                break
            taken.append(self._received.popleft())
            if coming.redelivered:
                break
        self._company = len(taken) > 1
        return taken

    def _drain(self, connection: Connection, timeout: float) -> bool:
        """Read what has come, waiting at most `timeout` seconds for the first of it; was there anything?"""
        try:
            connection.drain_events(timeout=timeout)
        except TimeoutError:
            if timeout:
                connection.heartbeat_tick()
            return False
        return True

    def _handle(self, connection: Connection, channel: Any, deliveries: list[Delivery]) -> None:
        if not deliveries:
            return
        done = self._until_handled(connection, deliveries)
        for one in done:
            if one.letters:
                self._letters.publish(one.letters)
        with connection.in_one_piece():
            for one in done:
                if one.reply is not None and one.delivery.reply_to:
                    _reply(channel, one)
            self._acknowledge(channel, deliveries)
        if done and all(_unavailable(one) for one in done):
            self._nap(0.5, connection)

    def _until_handled(self, connection: Connection, deliveries: list[Delivery]) -> Sequence[Done]:
        attempt = 0
        while True:
            try:
                return self._hand(deliveries, connection.send_heartbeat)
            except StillTransient as error:
                pause = BACKOFF_S[min(attempt + 2, len(BACKOFF_S) - 1)]
                attempt += 1
                log.warning(
                    "consumer.paused", queue=self.source.queue, seconds=pause, cause=type(error.__cause__).__name__
                )
                self._nap(pause, connection)
                if self.stopping:
                    raise Stopped from error

    def _acknowledge(self, channel: Any, deliveries: list[Delivery]) -> None:
        """One ack for all when the batch is the oldest of what is unacknowledged on this channel, else one by one."""
        tags = [delivery.tag for delivery in deliveries]
        oldest = [self._unacknowledged[at] for at in range(len(tags))]
        if tags == oldest:
            channel.basic_ack(tags[-1], multiple=True)
        else:
            for tag in tags:
                channel.basic_ack(tag)
        for tag in tags:
            self._unacknowledged.remove(tag)

    def _nap(self, seconds: float, connection: Connection | None = None) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and (left := until - time.monotonic()) > 0:
            self._sleep(min(left, 0.2))
            if connection is not None and connection.heartbeat:
                connection.send_heartbeat()


def _unavailable(done: Done) -> bool:
    answer = done.reply["result"] if done.reply is not None else None
    return answer is not None and not answer["ok"] and answer["error"]["code"] == "UNAVAILABLE"


def _reply(channel: Any, done: Done) -> None:
    """On the channel of the ack that follows: if this one is lost, so is the ack, and the call is answered again."""
    reply_to = done.delivery.reply_to or ""
    properties = {"content_type": "application/json", "content_encoding": "utf-8", "delivery_mode": 1}
    if done.delivery.correlation_id is not None:
        properties["correlation_id"] = done.delivery.correlation_id
    message = amqp.Message(canonical(done.reply).encode(), **properties)
    direct = reply_to.startswith("amq.rabbitmq.reply-to")
    channel.basic_publish(message, exchange="" if direct else names.RPC_EXCHANGE, routing_key=reply_to)


def _close(connection: Connection, *, gracefully: bool) -> None:
    if gracefully:
        try:
            connection.close()
        except FAILURES as error:
            log.info("consumer.close", error=type(error).__name__)
    connection.collect()
