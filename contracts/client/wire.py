"""The client's connection: one thread owns the pika connection, callers hand it calls and wait on futures.

nameko's RPC wire format: a JSON body of args and kwargs on the topic exchange `nameko-rpc`, routing key
`service.method`; the answer comes to an exclusive queue bound there under the call's `reply_to`.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pika
from pika.adapters.select_connection import SelectConnection

from contracts.client.errors import is_transient, local

EXCHANGE = "nameko-rpc"
SWEEP_SECONDS = 0.1
RECONNECT_SECONDS = (0.1, 0.3, 1.0, 2.0)
RESEND_SECONDS = 15.0
FAULTS = {"MethodNotFound": "METHOD_UNKNOWN", "MalformedRequest": "INVALID", "IncorrectSignature": "INVALID"}
log = logging.getLogger(__name__)


@dataclass
class Call:
    """One call under way; times are of time.monotonic()."""

    service: str
    method: str
    body: bytes
    headers: dict[str, Any]
    deadline: float
    future: Future[dict[str, Any]] = field(default_factory=Future)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    resend_at: float = 0.0
    tries: int = 0


class Wire:
    """Sends calls, matches answers, sends again what was lost; every call ends by its deadline."""

    def __init__(self, uri: str) -> None:
        self._params = pika.URLParameters(uri)
        self._params.heartbeat = 30
        self._params.blocked_connection_timeout = 30
        self._params.socket_timeout = 5
        self._reply_to = uuid.uuid4().hex
        self._outbox: deque[Call] = deque()
        self._pending: dict[str, Call] = {}
        self._lock = threading.Lock()
        self._flushing = False
        self._closing = False
        self._attempt = 0
        self._channel: Any = None
        self._connection: SelectConnection = self._connect()
        self._thread = threading.Thread(target=self._run, name="yunquan-client", daemon=True)
        self._thread.start()

    def send(self, call: Call) -> Future[dict[str, Any]]:
        """Hands the call over from any thread; the future gives the answer (`ok` …) or raises a CallError."""
        with self._lock:
            if self._closing:
                raise RuntimeError("the client is closed")
            self._outbox.append(call)
            wake = not self._flushing
            self._flushing = True
        if wake:
            self._wake(self._flush)
        return call.future

    def close(self) -> None:
        """Ends the thread and the connection; calls still under way fail as unavailable."""
        with self._lock:
            self._closing = True
        self._wake(self._shut)
        self._thread.join(timeout=5)

    # everything below runs in the connection's own thread

    def _wake(self, callback: Callable[[], None]) -> None:
        self._connection.ioloop.add_callback_threadsafe(callback)

    def _connect(self) -> SelectConnection:
        return SelectConnection(
            self._params,
            on_open_callback=self._opened,
            on_open_error_callback=self._lost,
            on_close_callback=self._lost,
        )

    def _run(self) -> None:
        while not self._closing:
            self._connection.ioloop.call_later(SWEEP_SECONDS, self._sweep)
            self._connection.ioloop.start()
            if self._ended():
                break
            wait = RECONNECT_SECONDS[min(self._attempt, len(RECONNECT_SECONDS) - 1)]
            self._attempt += 1
            self._expire()
            time.sleep(wait)
            with self._lock:
                self._connection = self._connect()
                self._flushing = False
        for call in [*self._pending.values(), *self._outbox]:
            self._fail(call, "UNAVAILABLE", "The client was closed.")

    def _ended(self) -> bool:
        return self._closing

    def _opened(self, connection: SelectConnection) -> None:
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Any) -> None:
        channel.add_on_return_callback(self._returned)
        channel.add_on_close_callback(lambda _channel, reason: self._connection.close() if self._usable() else None)
        queue = f"rpc.reply-client-{self._reply_to}"

        def consume(_frame: Any) -> None:
            channel.basic_consume(queue, self._answered, auto_ack=True, callback=lambda _f: self._ready(channel))

        def bind(_frame: Any) -> None:
            channel.queue_bind(queue, EXCHANGE, routing_key=self._reply_to, callback=consume)

        def declare(_frame: Any) -> None:
            channel.queue_declare(queue, exclusive=True, auto_delete=True, callback=bind)

        channel.exchange_declare(EXCHANGE, "topic", durable=True, callback=declare)

    def _usable(self) -> bool:
        return bool(self._connection.is_open)

    def _ready(self, channel: Any) -> None:
        self._channel = channel
        for call in list(self._pending.values()):  # what was under way when the connection went
            self._publish(call)
        self._flush()

    def _lost(self, _connection: SelectConnection, reason: Any) -> None:
        self._channel = None
        if not self._closing:
            log.warning("connection to the broker lost: %s", type(reason).__name__)
        self._connection.ioloop.stop()

    def _shut(self) -> None:
        if self._connection.is_open:
            self._connection.close()
        else:
            self._connection.ioloop.stop()

    def _flush(self) -> None:
        with self._lock:
            self._flushing = False
            calls = list(self._outbox)
            self._outbox.clear()
        for call in calls:
            self._pending[call.id] = call
            self._publish(call)

    def _publish(self, call: Call) -> None:
        call.resend_at = time.monotonic() + RESEND_SECONDS
        if self._channel is None or not self._channel.is_open:
            return
        properties = pika.BasicProperties(
            content_type="application/json",
            content_encoding="utf-8",
            reply_to=self._reply_to,
            correlation_id=call.id,
            delivery_mode=2,
            headers=call.headers,
        )
        self._channel.basic_publish(EXCHANGE, f"{call.service}.{call.method}", call.body, properties, mandatory=True)

    def _answered(self, _channel: Any, _deliver: Any, properties: Any, body: bytes) -> None:
        call = self._pending.get(properties.correlation_id)
        if call is None:
            return  # the answer to a second sending: the first was enough
        self._attempt = 0  # the connection does its work: the next loss is a new one
        try:
            answer = json.loads(body)
            fault = answer["error"]
            result = answer["result"]
        except (ValueError, KeyError, TypeError):
            fault, result = {"exc_type": "BadAnswer"}, None
        if fault is not None:
            self._fail(
                call,
                FAULTS.get(fault.get("exc_type"), "INTERNAL"),
                f"{call.service}.{call.method} failed: {fault.get('exc_type')}",
            )
        elif not isinstance(result, dict) or "ok" not in result:  # a service that is not ours
            self._pending.pop(call.id, None)
            _settle(call, {"ok": True, "result": result})
        elif not result["ok"] and is_transient(result.get("error", {})) and self._again(call):
            return
        else:
            self._pending.pop(call.id, None)
            _settle(call, result)

    def _again(self, call: Call) -> bool:
        """Sends a transient refusal again after a pause, while the deadline leaves time for it."""
        pause = min(0.05 * 2**call.tries, 2.0)
        call.tries += 1
        if time.monotonic() + pause >= call.deadline:
            return False
        self._connection.ioloop.call_later(pause, lambda: self._resend(call))
        return True

    def _resend(self, call: Call) -> None:
        if call.id in self._pending:
            self._publish(call)

    def _returned(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        """Nobody is bound for it: the service is not there (yet); it is tried again until the deadline."""
        call = self._pending.get(properties.correlation_id)
        if call is not None and not self._again(call):
            self._fail(call, "UNAVAILABLE", f"No service takes {call.service}.{call.method}.")

    def _sweep(self) -> None:
        self._expire()
        now = time.monotonic()
        for call in list(self._pending.values()):
            if now >= call.resend_at:
                self._publish(call)
        self._connection.ioloop.call_later(SWEEP_SECONDS, self._sweep)

    def _expire(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = [call for call in self._outbox if now >= call.deadline]
            self._outbox = deque(call for call in self._outbox if now < call.deadline)
        for call in late + [call for call in self._pending.values() if now >= call.deadline]:
            self._fail(call, "DEADLINE_PASSED", f"{call.service}.{call.method} gave no answer in time.")

    def _fail(self, call: Call, code: str, message: str) -> None:
        self._pending.pop(call.id, None)
        if not call.future.done() and call.future.set_running_or_notify_cancel():
            call.future.set_exception(local(code, message))


def _settle(call: Call, answer: dict[str, Any]) -> None:
    """Give the answer, unless the caller has cancelled its future meanwhile."""
    if not call.future.done() and call.future.set_running_or_notify_cancel():
        call.future.set_result(answer)
