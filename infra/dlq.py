"""Dead letters: seen, replayed or dropped by a person, one by one or all; looking at them changes nothing."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pika

from infra.bus import names

_EVENT = re.compile(r"\.v[0-9]+$")  # event types end in their version, methods do not
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
        return int(channel.queue_declare(names.dead_queue(service), passive=True).method.message_count)


def letters(uri: str, service: str) -> list[DeadLetter]:
    """All of them, oldest first (at most MOST); they stay where they are."""
    found: list[DeadLetter] = []

    def look(letter: DeadLetter) -> bool:
        found.append(letter)
        return False

    with _channel(uri) as channel:
        _each(channel, service, look)
    return found


def replay(uri: str, service: str, chosen: Callable[[DeadLetter], bool], *, token: str | None = None) -> int:
    """Send the chosen ones again, events to this service alone, commands to its queue; how many.

    A command needs a token of who answers for it now: its own was taken off when it died. NotReplayed keeps it here.
    """
    with _channel(uri) as channel:

        def again(letter: DeadLetter) -> bool:
            if not chosen(letter):
                return False
            _send(channel, service, letter, token)
            return True

        return _each(channel, service, again)


def drop(uri: str, service: str, chosen: Callable[[DeadLetter], bool]) -> int:
    """Throw the chosen ones away for good; how many."""
    with _channel(uri) as channel:
        return _each(channel, service, chosen)


def _each(channel: Any, service: str, done: Callable[[DeadLetter], bool]) -> int:
    """Take each letter once; those that are `done` are acknowledged, the others go back as they were."""
    queue = names.dead_queue(service)
    waiting = channel.queue_declare(queue, passive=True).method.message_count
    handled = 0
    kept: list[int] = []
    try:
        for _ in range(min(waiting, MOST)):
            method, properties, body = channel.basic_get(queue)
            if method is None:
                break
            if done(_letter(method, properties, body)):
                channel.basic_ack(method.delivery_tag)
                handled += 1
            else:
                kept.append(method.delivery_tag)
    finally:
        for tag in reversed(kept):
            channel.basic_nack(tag, requeue=True)
    return handled


def _letter(method: Any, properties: Any, body: bytes) -> DeadLetter:
    headers = dict(properties.headers or {})
    routing_key = headers.get(names.HEADER_ROUTING_KEY) or _first_key(headers) or method.routing_key
    kind = "event" if _EVENT.search(routing_key) else "command"
    known = headers.get(names.HEADER_DEAD_ID)
    return DeadLetter(
        id=known if isinstance(known, str) else hashlib.sha256(body).hexdigest()[:26],
        kind=kind,
        routing_key=routing_key,
        reason=str(headers.get(names.HEADER_ERROR) or _died_of(headers)),
        dead_at=headers.get(names.HEADER_DEAD_AT),
        headers=headers,
        body=body,
        content_type=properties.content_type,
    )


def _send(channel: Any, service: str, letter: DeadLetter, token: str | None) -> None:
    ours = (names.HEADER_ERROR, names.HEADER_DEAD_ID, names.HEADER_DEAD_AT, names.HEADER_ATTEMPTS)
    headers = {n: v for n, v in letter.headers.items() if n not in ours and not n.startswith("x-death")}
    headers[names.HEADER_REPLAYED] = int(time.time())
    headers.pop(names.HEADER_DEADLINE, None)
    exchange, routing_key = "", names.events_queue(service)
    if letter.kind == "command":
        if token is None:
            raise NotReplayed("a command is replayed with --token: its own was not kept")
        headers[names.HEADER_TOKEN] = token
        exchange, routing_key = names.RPC_EXCHANGE, letter.routing_key
    properties = pika.BasicProperties(headers=headers, content_type=letter.content_type, delivery_mode=2)
    try:
        channel.basic_publish(exchange, routing_key, letter.body, properties, mandatory=True)
    except (pika.exceptions.UnroutableError, pika.exceptions.NackError) as error:
        raise NotReplayed(f"{letter.id}: {type(error).__name__}") from error


def _first_key(headers: dict[str, Any]) -> str | None:
    deaths = headers.get("x-death") or []
    keys = deaths[-1].get("routing-keys") if deaths else None
    return str(keys[0]) if keys else None


def _died_of(headers: dict[str, Any]) -> str:
    deaths = headers.get("x-death") or []
    return f"broker: {deaths[0].get('reason')}" if deaths else "unknown"
