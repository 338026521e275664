"""Publishes what must not be lost: a connection of its own, a confirm for every message, thrown away on any doubt."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import amqp
from ulid import ULID

from infra.bus import names
from infra.bus.connection import Connection, connect
from infra.bus.delivery import Letter


class NotPublished(Exception):
    """The broker did not take it (nack, no route, no answer in time); nobody may acknowledge what it was made from."""


class LetterPublisher:
    """Puts letters from one queue of a service's on its ladder and into its dead queue.

    py-amqp's wait for a confirm takes any ack for the one it waits for: so one message at a time on a connection that
    nobody shares, closed after any timeout, so that a late ack is never taken for another message's.
    """

    def __init__(self, uri: str, service: str, *, queue: str, confirm_timeout: float) -> None:
        self.uri = uri
        self.service = service
        self.queue = queue
        self.confirm_timeout = confirm_timeout
        self._connection: Connection | None = None
        self._channel: Any = None
        self._returned: list[Any] = []

    def publish(self, letters: Iterable[Letter]) -> None:
        """Confirmed, one by one; NotPublished on the first that is not. One that died idle is replaced once."""
        for letter in letters:
            fresh = self._connection is None
            try:
                self._publish(letter)
            except (amqp.exceptions.AMQPError, amqp.exceptions.MessageNacked, OSError, NotPublished) as error:
                self.close()
                if fresh:
                    raise NotPublished(f"{letter.reason}: {type(error).__name__}") from error
                self.publish([letter])

    def close(self) -> None:
        """Forget the connection, without a word to a broker that may not answer."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.collect()

    def _publish(self, letter: Letter) -> None:
        channel = self._open()
        self._returned.clear()
        headers = {
            **{name: value for name, value in letter.headers.items() if name != names.HEADER_DELIVERIES},
            names.HEADER_ERROR: letter.reason[:500],
            names.HEADER_QUEUE: self.queue,
            names.HEADER_ROUTING_KEY: self._first_key(letter),
        }
        if letter.rung is None:
            headers |= {names.HEADER_DEAD_ID: str(ULID()), names.HEADER_DEAD_AT: int(time.time())}
            queue = names.dead_queue(self.service)
        else:
            queue = names.retry_queue(self.service, letter.rung)
        message = amqp.Message(letter.body, application_headers=headers, delivery_mode=2)
        if letter.content_type:
            message.properties["content_type"] = letter.content_type
        channel.basic_publish_confirm(
            message, exchange="", routing_key=queue, mandatory=True, confirm_timeout=self.confirm_timeout
        )
        if self._returned:
            raise NotPublished(f"no queue {queue}")

    def _first_key(self, letter: Letter) -> str:
        """An event back from the ladder or a replay comes by its queue's name: what it was published under is kept."""
        known = letter.headers.get(names.HEADER_ROUTING_KEY)
        by_name = letter.routing_key == self.queue == names.events_queue(self.service)
        return known if by_name and isinstance(known, str) else letter.routing_key

    def _open(self) -> Any:
        if self._connection is None:
            self._connection = connect(self.uri, heartbeat=0, timeout=self.confirm_timeout)
            self._channel = self._connection.channel()
            self._channel.auto_decode = False
            self._channel.events["basic_return"].add(lambda *returned: self._returned.append(returned))
        return self._channel
