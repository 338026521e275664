"""Dead letters: seen, replayed or dropped by a person, one by one or all; looking at them changes nothing.

`unrouted` passes for a service: its letters are events that no queue was bound for.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pika

from contracts.catalogue import SERVICES
from infra.bus import names

OURS = frozenset(
    {
        names.HEADER_ERROR,
        names.HEADER_QUEUE,
        names.HEADER_DEAD_ID,
        names.HEADER_DEAD_AT,
        names.HEADER_ATTEMPTS,
        names.HEADER_DELIVERIES,
    }
)  # what is told of one death, and no more true of the next
MOST = 10_000  # letters looked at in one go


@dataclass(frozen=True)
class DeadLetter:
    """id: stable while it lies there; kind: `event` or `command`; its body may hold personal data."""

    id: str
    kind: str
    routing_key: str
    reason: str
    dead_at: int | None
    headers: dict[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    content_type: str | None = None
    message_id: str | None = None


@dataclass(frozen=True)
class Replayed:
    """How many were sent again, and of each that was not, why; those stay in the dead queue."""

    sent: int
    refused: tuple[str, ...] = ()


class NotReplayed(Exception):
    """The broker did not take it back; it stays in the dead queue."""


@contextmanager
def _channel(uri: str) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    try:
        channel = connection.channel()
        channel.confirm_delivery()
        yield channel
    finally:
        if connection.is_open:
            connection.close()


def count(uri: str, service: str) -> int:
    """How many lie in the service's dead queue."""
    with _channel(uri) as channel:
        return int(channel.queue_declare(_queue(service), passive=True).method.message_count)


def letters(uri: str, service: str) -> list[DeadLetter]:
    """All of them, oldest first (at most MOST); they stay where they are."""
    found: list[DeadLetter] = []

    def look(letter: DeadLetter) -> bool:
        found.append(letter)
        return False

    with _channel(uri) as channel:
        _each(channel, service, look)
    return found


def replay(uri: str, service: str, chosen: Callable[[DeadLetter], bool], *, token: str | None = None) -> Replayed:
    """Send the chosen ones again, events to this service alone, commands to its queue; one refused keeps no other.

    A command needs a token of who answers for it now: its own was taken off when it died. An unrouted event goes to
    everyone who is bound for it by now.
    """
    refused: list[str] = []
    with _channel(uri) as channel:

        def again(letter: DeadLetter) -> bool:
            if not chosen(letter):
                return False
            try:
                _send(channel, service, letter, token)
            except NotReplayed as error:
                refused.append(f"{letter.id}: {error}")
                return False
            return True

        return Replayed(_each(channel, service, again), tuple(refused))


def drop(uri: str, service: str, chosen: Callable[[DeadLetter], bool]) -> int:
    """Throw the chosen ones away for good; how many."""
    with _channel(uri) as channel:
        return _each(channel, service, chosen)


def _each(channel: Any, service: str, done: Callable[[DeadLetter], bool]) -> int:
    """Take each letter once; those that are `done` are acknowledged, the others go back as they were."""
    queue = _queue(service)
    waiting = channel.queue_declare(queue, passive=True).method.message_count
    handled = 0
    kept: list[int] = []
    try:
        for _ in range(min(waiting, MOST)):
            method, properties, body = channel.basic_get(queue)
            if method is None:
                break
            if done(_letter(service, method, properties, body)):
                channel.basic_ack(method.delivery_tag)
                handled += 1
            else:
                kept.append(method.delivery_tag)
    finally:
        for tag in reversed(kept):
            channel.basic_nack(tag, requeue=True)
    return handled


def _queue(service: str) -> str:
    return names.UNROUTED if service == names.UNROUTED else names.dead_queue(service)


def _letter(service: str, method: Any, properties: Any, body: bytes) -> DeadLetter:
    headers = dict(properties.headers or {})
    if service == names.UNROUTED:  # the relay put it there as it was
        kind, routing_key, reason = "event", properties.type, "no queue was bound for it"
    else:
        queue, routing_key = _came_from(headers, names.events_queue(service))
        kind = "event" if queue == names.events_queue(service) else "command"
        reason = str(headers.get(names.HEADER_ERROR) or _died_of(headers))
    known = headers.get(names.HEADER_DEAD_ID)
    return DeadLetter(
        id=known if isinstance(known, str) else hashlib.sha256(body).hexdigest()[:26],
        kind=kind,
        routing_key=routing_key or method.routing_key,
        reason=reason,
        dead_at=headers.get(names.HEADER_DEAD_AT),
        headers=headers,
        body=body,
        content_type=properties.content_type,
        message_id=properties.message_id,
    )


def _send(channel: Any, service: str, letter: DeadLetter, token: str | None) -> None:
    headers = {n: v for n, v in letter.headers.items() if n not in OURS and not n.startswith(("x-death", "x-first-"))}
    headers[names.HEADER_REPLAYED] = int(time.time())
    headers.pop(names.HEADER_DEADLINE, None)
    headers[names.HEADER_ROUTING_KEY] = letter.routing_key
    exchange, routing_key = "", names.events_queue(service)
    if letter.kind == "command":
        if token is None:
            raise NotReplayed("a command is replayed with --token: its own was not kept")
        headers[names.HEADER_TOKEN] = token
        exchange, routing_key = names.RPC_EXCHANGE, letter.routing_key
    elif service == names.UNROUTED:
        producer = letter.routing_key.partition(".")[0]
        if producer not in SERVICES:  # to an exchange that is not there the broker closes the channel
            raise NotReplayed(f"{letter.routing_key} is no event of ours")
        exchange, routing_key = names.events_exchange(producer), letter.routing_key
    properties = pika.BasicProperties(
        headers=headers,
        content_type=letter.content_type,
        delivery_mode=2,
        message_id=letter.message_id,
        type=letter.routing_key if letter.kind == "event" else None,
    )
    try:
        channel.basic_publish(exchange, routing_key, letter.body, properties, mandatory=True)
    except (pika.exceptions.UnroutableError, pika.exceptions.NackError) as error:
        raise NotReplayed(type(error).__name__) from error


def _came_from(headers: dict[str, Any], events_queue: str) -> tuple[str | None, str | None]:
    """The queue it died in and the key it was published under.

    Where the broker put it here, its own account counts: what else stands in the headers may be the caller's.
    """
    written = headers.get(names.HEADER_ROUTING_KEY)
    deaths = headers.get("x-death") or []
    if not deaths:  # ours are without it
        return headers.get(names.HEADER_QUEUE), written
    queue, keys = deaths[0].get("queue"), deaths[0].get("routing-keys") or [None]
    return queue, written if keys[0] == queue == events_queue else keys[0]


def _died_of(headers: dict[str, Any]) -> str:
    deaths = headers.get("x-death") or []
    return f"broker: {deaths[0].get('reason')}" if deaths else "unknown"
