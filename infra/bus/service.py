"""Makes a service's nameko class from its tables: entry points on its queues, no logic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from nameko.extensions import DependencyProvider

import contracts.catalogue
from infra.auth import Verifier
from infra.bus import names
from infra.bus.caller import AmqpCalls
from infra.bus.delivery import Delivery, Done
from infra.bus.dispatch import Dispatch
from infra.bus.edge import KEYLESS, CommandEdge, EventEdge
from infra.bus.entrypoint import SETTINGS_KEY, batches, rpc_queue, ticks
from infra.clock import make_clock
from infra.db import create_engine
from infra.pipeline import Due, DueFailed, EventHandler, Pipeline, Query, Route
from infra.settings import Settings

log = structlog.get_logger(__name__)

TOGETHER = {"bulk": 4, "query": 20}  # lists of up to 500 commands; reads, each answered when all of them are


@dataclass(frozen=True)
class Parts:
    """What a service is made of: its tables and its routing tables."""

    service: str
    metadata: sa.MetaData
    commands: Mapping[str, Route]
    events: Mapping[str, EventHandler]
    due: Sequence[Due]
    queries: Mapping[str, Query]
    catalogue: Any
    needs: Sequence[Callable[[], object]] = ()


class Machinery(DependencyProvider):
    """Engine, pipeline and edges of one process, made when the container starts."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.dispatch: Dispatch | None = None
        self._engine: sa.Engine | None = None
        self._calls: AmqpCalls | None = None

    def setup(self) -> None:
        settings: Settings = self.container.config[SETTINGS_KEY]
        parts = self.parts
        for need in parts.needs:
            need()
        if settings.jwt_public_key is None:
            raise ValueError("YUNQUAN_JWT_PUBLIC_KEY names the file of the key that tokens are checked with")
        verifier = Verifier(settings.jwt_public_key.read_bytes())
        self._engine = create_engine(settings.database_url(parts.service), service=parts.service, settings=settings)
        self._calls = AmqpCalls(settings.amqp_uri, token=_token(settings.service_token))
        pipeline = Pipeline(
            parts.service,
            self._engine,
            make_clock(settings.clock),
            parts.commands,
            parts.queries,
            parts.events,
            parts.due,
            catalogue=parts.catalogue,
            calls=self._calls,
            query_timeout_ms=settings.query_timeout_ms,
        )
        self.dispatch = Dispatch(
            pipeline,
            CommandEdge(parts.service, parts.catalogue, verifier, settings),
            EventEdge(parts.service, parts.catalogue),
        )

    def stop(self) -> None:
        if self._calls is not None:
            self._calls.close()
        if self._engine is not None:
            self._engine.dispose()

    def get_dependency(self, worker_ctx: Any) -> Dispatch:
        assert self.dispatch is not None, "nameko sets up before it starts"
        return self.dispatch


def nameko_service(
    name: str,
    *,
    metadata: sa.MetaData,
    commands: Mapping[str, Route],
    events: Mapping[str, EventHandler],
    due: Sequence[Due],
    queries: Mapping[str, Query],
    catalogue: Any = contracts.catalogue,
    needs: Sequence[Callable[[], object]] = (),
) -> type:
    """The service class: one entry point a queue of the catalogue's, one for events, one tick for due work.

    needs: called when a process starts; what raises keeps it from starting, such as a key that is not there.
    """
    parts = Parts(name, metadata, commands, events, due, queries, catalogue, needs)
    if lacks := missing(parts):
        raise ValueError(f"{name} has no handler for {', '.join(lacks)}")
    suffixes = {"", *(names.queue_suffix(method) for method in catalogue.methods_of(name).values())}
    attributes: dict[str, Any] = {"name": name, "parts": parts, "machinery": Machinery(parts)}
    for suffix in sorted(suffixes):
        method_name = f"on_{suffix or 'command'}"
        attributes[method_name] = batches(queue=rpc_queue(suffix), batch=TOGETHER.get(suffix))(
            _handler("calls", method_name)
        )
    attributes["on_event"] = batches(queue=names.events_queue)(_handler("events", "on_event"))
    attributes["on_tick"] = ticks()(_on_tick)
    return type(f"{name.capitalize()}Service", (), attributes)


def missing(parts: Parts) -> list[str]:
    """Methods and events that the catalogue promises of the service and its routing tables do not have."""
    ours = {*KEYLESS, "explain"}
    lacks = []
    for method in parts.catalogue.methods_of(parts.service).values():
        table: Mapping[str, Any] = parts.commands if method.kind == "command" else parts.queries
        if method.name not in table and method.name not in ours:
            lacks.append(method.name)
    if "*" not in parts.events:
        lacks += [type_ for type_ in parts.catalogue.consumed_by(parts.service) if type_ not in parts.events]
    return lacks


def _handler(kind: str, method_name: str) -> Any:
    def handle(self: Any, deliveries: Sequence[Delivery]) -> list[Done]:
        done: list[Done] = getattr(self.machinery, kind)(deliveries)
        return done

    handle.__name__ = method_name
    return handle


def _on_tick(self: Any) -> None:
    try:
        self.machinery.pipeline.run_due()
    except DueFailed as failed:
        log.error("tick.failed", due=sorted(failed.failures))


def _token(path: Path | None) -> str | None:
    return path.read_text(encoding="ascii").strip() if path is not None else None
