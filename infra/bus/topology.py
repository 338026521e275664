"""The whole broker topology as data from the catalogue, and the one idempotent tool that declares it.

`nameko-rpc` stays as nameko declares it, so that a stock proxy works and a call to a service that is not there is
returned at once. Behind it each service has an exchange of its own (`voucher.rpc`, bound by `voucher.*`) which routes
each method to its queue; its alternate exchange takes the methods it does not know to the command queue, whose consumer
answers MethodNotFound. Event exchanges carry no alternate exchange as an argument, since a stock nameko listener would
then fail with 406: the relay publishes mandatory and puts what came back into `unrouted` itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import contracts.catalogue
from infra.bus import names
from infra.settings import Settings, from_env

MAX_LENGTH = 200_000  # then publishers are refused, and wait; nothing is dropped
NEVER = 1_000_000_000  # a dead letter is looked at as often as one likes (RabbitMQ 4 would drop it after 20 times)


@dataclass(frozen=True)
class Exchange:
    """A durable exchange."""

    name: str
    type: str = "topic"
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Queue:
    """A durable quorum queue."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Binding:
    """From an exchange to a queue, or (to_exchange) to another exchange."""

    source: str
    target: str
    key: str
    to_exchange: bool = False


@dataclass(frozen=True)
class Topology:
    """All there is, in the order in which it must be declared."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]


def plan(catalogue: Any = contracts.catalogue, settings: Settings | None = None) -> Topology:
    """The topology of every service of the catalogue."""
    limits = settings or Settings()
    exchanges = [Exchange(names.RPC_EXCHANGE)]
    queues = [Queue(names.UNROUTED, _bounded(NEVER))]
    bindings: list[Binding] = []
    for service in catalogue.SERVICES:
        exchanges.append(Exchange(names.events_exchange(service)))
        exchanges.append(Exchange(names.rpc_unknown(service), "fanout"))
        exchanges.append(
            Exchange(names.rpc_router(service), arguments={"alternate-exchange": names.rpc_unknown(service)})
        )
        queues.append(Queue(names.dead_queue(service), _bounded(NEVER)))
        queues.extend(_ladder(service, limits))
        _rpc(service, catalogue, limits, queues, bindings)
        queues.append(Queue(names.events_queue(service), _dead_lettered(service, limits)))
        for type_, event in sorted(catalogue.consumed_by(service).items()):
            bindings.append(Binding(names.events_exchange(event.producer), names.events_queue(service), type_))
    return Topology(tuple(exchanges), tuple(queues), tuple(bindings))


def _rpc(service: str, catalogue: Any, limits: Settings, queues: list[Queue], bindings: list[Binding]) -> None:
    methods = catalogue.methods_of(service)
    for suffix in sorted({"", *(names.queue_suffix(method) for method in methods.values())}):
        arguments = _dead_lettered(service, limits)
        if suffix == "apply":  # first come first served is decided by one consumer at a time
            arguments["x-single-active-consumer"] = True
        queues.append(Queue(names.rpc_queue(service, suffix), arguments))
    bindings.append(Binding(names.RPC_EXCHANGE, names.rpc_router(service), f"{service}.*", to_exchange=True))
    bindings.append(Binding(names.rpc_unknown(service), names.rpc_queue(service), ""))
    for name, method in sorted(methods.items()):
        queue = names.rpc_queue(service, names.queue_suffix(method))
        bindings.append(Binding(names.rpc_router(service), queue, f"{service}.{name}"))


def _ladder(service: str, limits: Settings) -> list[Queue]:
    return [
        Queue(
            names.retry_queue(service, rung),
            {
                **_bounded(NEVER),
                "x-message-ttl": max(1, int(milliseconds * limits.ladder_scale)),
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": names.events_queue(service),
                "x-dead-letter-strategy": "at-least-once",
            },
        )
        for rung, milliseconds in names.LADDER
    ]


def _bounded(delivery_limit: int) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-max-length": MAX_LENGTH,
        "x-overflow": "reject-publish",
        "x-delivery-limit": delivery_limit,
    }


def _dead_lettered(service: str, limits: Settings) -> dict[str, Any]:
    return {
        **_bounded(limits.delivery_limit),
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": names.dead_queue(service),
        "x-dead-letter-strategy": "at-least-once",
    }


def declare(uri: str, topology: Topology) -> None:
    """Declare all of it; a second time changes nothing; what differs is an error that names it (406)."""
    from infra.bus.connection import connect

    connection = connect(uri, heartbeat=0)
    try:
        channel = connection.channel()
        for exchange in topology.exchanges:
            channel.exchange_declare(
                exchange.name, exchange.type, durable=True, auto_delete=False, arguments=dict(exchange.arguments)
            )
        for queue in topology.queues:
            channel.queue_declare(queue.name, durable=True, auto_delete=False, arguments=dict(queue.arguments))
        for binding in topology.bindings:
            bind = channel.exchange_bind if binding.to_exchange else channel.queue_bind
            bind(binding.target, binding.source, binding.key)
    finally:
        connection.close()


def lines(topology: Topology) -> list[str]:
    """The topology for people: one line an exchange, queue and binding."""
    exchanges = [f"exchange {one.name} ({one.type})" for one in topology.exchanges]
    queues = [f"queue    {one.name}" for one in topology.queues]
    bindings = [f"binding  {one.source} --{one.key or '*'}--> {one.target}" for one in topology.bindings]
    return [*exchanges, *queues, *bindings]


if __name__ == "__main__":
    given = from_env()
    declare(given.amqp_uri, plan(settings=given))
