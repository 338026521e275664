"""Puts a number of calls in flight at any nameko service through our own wire, and counts answers a second."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from contracts.client.wire import Call, Wire


def calls_a_second(uri: str, service: str, method: str, bodies: Iterable[dict[str, Any]], *, window: int) -> float:
    """Sends every body as keyword arguments, `window` under way; raises when a call fails."""
    wire = Wire(uri)
    try:
        encoded = [json.dumps({"args": [], "kwargs": body}).encode() for body in bodies]
        flying: deque[Future[Any]] = deque()
        started = time.perf_counter()
        for body in encoded:
            flying.append(wire.send(Call(service, method, body, {}, time.monotonic() + 60)))
            if len(flying) >= window:
                flying.popleft().result()
        while flying:
            flying.popleft().result()
        return len(encoded) / (time.perf_counter() - started)
    finally:
        wire.close()
