"""Calls from one service to another, green, with a deadline: an answer in time or CallFailed, never a wait for ever."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import amqp

from infra.bus import names
from infra.bus.connection import FAILURES, Connection, connect
from infra.calls import CallFailed
from infra.jsontext import canonical

DIRECT = "amq.rabbitmq.reply-to"


class AmqpCalls:
    """One connection, one call at a time; thrown away after any failure, with whatever answer may still come."""

    def __init__(self, uri: str, *, token: str | None) -> None:
        self.uri = uri
        self._token = token
        self._turn = threading.Lock()
        self._connection: Connection | None = None
        self._channel: Any = None
        self._replies: dict[str, Any] = {}
        self._returned = False

    def call(self, service: str, method: str, fields: Mapping[str, Any], deadline_s: float = 2.0) -> dict[str, Any]:
        """The `result` of the answer; CallFailed with its code, or UNAVAILABLE when there was none in time."""
        until = time.monotonic() + deadline_s
        if not self._turn.acquire(timeout=deadline_s):
            raise CallFailed("UNAVAILABLE")
        try:
            reply = self._call(f"{service}.{method}", fields, until)
        except FAILURES as error:
            self.close()
            raise CallFailed("UNAVAILABLE") from error
        finally:
            self._turn.release()
        answer = reply.get("result")
        if not isinstance(answer, dict):
            raise CallFailed("INTERNAL")
        if not answer["ok"]:
            raise CallFailed(answer["error"]["code"])
        result: dict[str, Any] = answer["result"]
        return result

    def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.collect()

    def _call(self, routing_key: str, fields: Mapping[str, Any], until: float) -> dict[str, Any]:
        connection, channel = self._open(until)
        correlation_id = str(uuid4())
        self._replies.clear()
        self._returned = False
        headers = {names.HEADER_DEADLINE: str(time.time() + until - time.monotonic())}
        if self._token:
            headers[names.HEADER_TOKEN] = self._token
        message = amqp.Message(
            canonical({"args": [], "kwargs": dict(fields)}).encode(),
            application_headers=headers,
            content_type="application/json",
            content_encoding="utf-8",
            reply_to=DIRECT,
            correlation_id=correlation_id,
        )
        channel.basic_publish(message, exchange=names.RPC_EXCHANGE, routing_key=routing_key, mandatory=True)
        while correlation_id not in self._replies:
            left = until - time.monotonic()
            if left <= 0 or self._returned:
                raise TimeoutError
            connection.drain_events(timeout=left)
        reply: dict[str, Any] = json.loads(self._replies.pop(correlation_id))
        return reply

    def _open(self, until: float) -> tuple[Connection, Any]:
        if self._connection is None:
            timeout = max(until - time.monotonic(), 0.1)
            self._connection = connect(self.uri, heartbeat=0, timeout=timeout)
            self._channel = self._connection.channel()
            self._channel.auto_decode = False
            self._channel.events["basic_return"].add(self._on_return)
            self._channel.basic_consume(DIRECT, no_ack=True, callback=self._on_reply)
        return self._connection, self._channel

    def _on_reply(self, message: Any) -> None:
        self._replies[message.properties.get("correlation_id", "")] = message.body

    def _on_return(self, *_returned: Any) -> None:
        self._returned = True
