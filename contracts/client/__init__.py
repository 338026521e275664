"""The platform's client: every method of the catalogue over AMQP, from any thread, retried safely under its key.

with Client(uri, token=token) as yunquan:
    order = yunquan.voucher.place_order(order_id=ulid.new(), enterprise_id=…, product_id=…, price_fen=8_000_000)
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, NamedTuple

from contracts import checking, ulid
from contracts.catalogue import METHODS, SERVICES
from contracts.client.errors import (
    CallDenied,
    CallError,
    CommandInvalid,
    CommandRefused,
    DeadlineExceeded,
    ServiceFault,
    Unavailable,
    error_of,
    local,
)
from contracts.client.wire import Call, Wire

__all__ = [
    "CallDenied",
    "CallError",
    "Client",
    "CommandInvalid",
    "CommandRefused",
    "DeadlineExceeded",
    "Request",
    "ServiceFault",
    "Unavailable",
]

WINDOW = 200


class Request(NamedTuple):
    """A call for call_many; key None: one is made."""

    service: str
    method: str
    fields: dict[str, Any]
    key: str | None = None
    token: str | None = None


class Client:
    """token: a signed token, or a function that gives a fresh one; timeout: seconds a call may take, with retries."""

    def __init__(
        self, uri: str, *, token: str | Callable[[], str] = "", timeout: float = 30.0, check: bool = True
    ) -> None:
        self._wire = Wire(uri)
        self._token = token if callable(token) else lambda: token
        self._timeout = timeout
        self._check = check

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._wire.close()

    def __getattr__(self, service: str) -> _Service:
        if service not in SERVICES:
            raise AttributeError(service)
        return _Service(self, service)

    def call(
        self,
        service: str,
        method: str,
        *,
        key: str | None = None,
        token: str | None = None,
        timeout: float | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """The method's result; raises CallError (see contracts.client.errors). A command without `key` gets a ULID."""
        future = self.submit(Request(service, method, fields, key, token), timeout=timeout)
        return result_of(future.result())

    def submit(self, request: Request, *, timeout: float | None = None) -> Future[dict[str, Any]]:
        """The whole answer, later: `{"ok": true, "result", "decision"}` or `{"ok": false, "error"}`."""
        seconds = self._timeout if timeout is None else timeout
        headers = {
            "nameko.auth_token": request.token or self._token(),
            "nameko.deadline": f"{time.time() + seconds:.3f}",  # as text: pika encodes no floats
            "nameko.correlation_id": ulid.new(),
        }
        body = json.dumps({"args": [], "kwargs": self._kwargs(request)}, default=_plain).encode("ascii")
        return self._wire.send(Call(request.service, request.method, body, headers, time.monotonic() + seconds))

    def call_many(
        self, requests: Iterable[Request], *, window: int = WINDOW, timeout: float | None = None
    ) -> Iterator[dict[str, Any]]:
        """Answers in the order of the requests, at most `window` under way; a failed call gives `ok: false` too."""
        queue: list[Future[dict[str, Any]]] = []
        head = 0
        for request in requests:
            queue.append(self.submit(request, timeout=timeout))
            if len(queue) - head >= window:
                yield answer_of(queue[head])
                head += 1
                if head >= 10 * window:
                    del queue[:head]
                    head = 0
        for future in queue[head:]:
            yield answer_of(future)

    def _kwargs(self, request: Request) -> dict[str, Any]:
        method = METHODS.get(f"{request.service}.{request.method}")
        if method is None:
            raise local("METHOD_UNKNOWN", f"The catalogue has no {request.service}.{request.method}.")
        if self._check:
            plain = json.loads(json.dumps(request.fields, default=_plain))
            errors = checking.problems(method.request, plain)
            if errors:
                first = next(iter(errors))
                raise local("INVALID", f"{request.service}.{request.method}: {errors}", field=str(first))
        if method.kind == "query":
            return request.fields
        return {**request.fields, "key": request.key or ulid.new()}


class _Service:
    """`client.voucher` : its methods as functions."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        if f"{self._name}.{method}" not in METHODS:
            raise AttributeError(f"{self._name}.{method}")
        return functools.partial(self._client.call, self._name, method)


def result_of(answer: dict[str, Any]) -> dict[str, Any]:
    """The result of an answer; raises its typed error when it is none."""
    if answer.get("ok"):
        return dict(answer["result"])
    raise error_of(answer["error"])


def answer_of(future: Future[dict[str, Any]]) -> dict[str, Any]:
    """The answer, with a failed call shown as one."""
    try:
        return future.result()
    except CallError as error:
        told = {"message": error.message, "message_zh": error.message_zh, "facts": {}}
        return {"ok": False, "error": {"code": error.code, "field": error.field, **told}}


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")
