"""The few synchronous calls between services: reads at the edge, with a deadline, before any transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from contracts.errors import ERRORS


class CallFailed(Exception):
    """No usable answer: `code` is the other service's refusal, or UNAVAILABLE when there was none in time."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def transient(self) -> bool:
        """Would the same call, later, likely be answered?"""
        return self.code not in ERRORS or ERRORS[self.code].kind == "transient"


class Calls(Protocol):
    """Calls with the service's own token; only inside `Route.prepare`."""

    def call(self, service: str, method: str, fields: Mapping[str, Any], deadline_s: float = 2.0) -> dict[str, Any]:
        """The `result` of the answer; CallFailed otherwise."""
        ...


class NoCalls:
    """For services that call nobody: every call fails."""

    def call(self, service: str, method: str, fields: Mapping[str, Any], deadline_s: float = 2.0) -> dict[str, Any]:
        raise CallFailed("UNAVAILABLE")


class LocalCalls:
    """Calls answered in this process, for tests and one-process tools: `{"service.method": function of the fields}`."""

    def __init__(self, methods: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]) -> None:
        self.methods = dict(methods)

    def call(self, service: str, method: str, fields: Mapping[str, Any], deadline_s: float = 2.0) -> dict[str, Any]:
        function = self.methods.get(f"{service}.{method}")
        if function is None:
            raise CallFailed("UNAVAILABLE")
        return function(fields)
