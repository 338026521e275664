"""A plain AMQP client of ours for the tests: no nameko, no kombu; knows nothing but the wire format."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from typing import Any

import pika


class Client:
    """Sends many calls at once and collects the replies by correlation id."""

    def __init__(self, uri: str, token: str | None = None) -> None:
        self.token = token
        self.connection = pika.BlockingConnection(pika.URLParameters(uri))
        self.channel = self.connection.channel()
        self.reply_to = uuid.uuid4().hex
        queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(queue, "nameko-rpc", self.reply_to)
        self.channel.basic_consume(queue, self._on_reply, auto_ack=True)
        self.replies: dict[str, list[dict[str, Any]]] = {}

    def _on_reply(self, _channel, _method, properties, body) -> None:
        self.replies.setdefault(properties.correlation_id, []).append(json.loads(body))

    def send(self, routing_key: str, *, body: bytes | None = None, token: str | None = None, **kwargs: Any) -> str:
        """Send a call; its correlation id."""
        headers = kwargs.pop("headers", {})
        reply = kwargs.pop("reply", True)
        content_type = kwargs.pop("content_type", "application/json")
        correlation_id = uuid.uuid4().hex
        if token or self.token:
            headers = {"nameko.auth_token": token or self.token, **headers}
        self.channel.basic_publish(
            "nameko-rpc",
            routing_key,
            json.dumps({"args": [], "kwargs": kwargs}).encode() if body is None else body,
            pika.BasicProperties(
                reply_to=self.reply_to if reply else None,
                correlation_id=correlation_id,
                headers=headers,
                content_type=content_type,
                delivery_mode=2,
            ),
        )
        return correlation_id

    def wait(self, ids: list[str], deadline: float = 20.0) -> list[dict[str, Any]]:
        """The first reply to each, in the order of `ids`."""
        end = time.monotonic() + deadline
        while missing := [i for i in ids if i not in self.replies]:
            assert time.monotonic() < end, f"{len(missing)} of {len(ids)} calls were not answered"
            self.connection.process_data_events(time_limit=0.05)
        return [self.replies[i][0] for i in ids]

    def call(self, routing_key: str, **kwargs: Any) -> dict[str, Any]:
        """nameko's reply: `{"result", "error"}`."""
        return self.wait([self.send(routing_key, **kwargs)])[0]

    def result(self, routing_key: str, **kwargs: Any) -> dict[str, Any]:
        """The answer of a call that was understood."""
        reply = self.call(routing_key, **kwargs)
        assert reply["error"] is None, reply
        return reply["result"]

    def count(self, queue: str) -> int:
        """Messages ready in a queue."""
        return self.channel.queue_declare(queue, passive=True).method.message_count

    def close(self) -> None:
        with contextlib.suppress(pika.exceptions.AMQPError):  # the test may have cut it
            self.connection.close()
