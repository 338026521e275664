"""The names of exchanges, queues and headers, in one place."""

from __future__ import annotations

from typing import Any

RPC_EXCHANGE = "nameko-rpc"
UNROUTED = "unrouted"

HEADER_TOKEN = "nameko.auth_token"  # noqa: S105 - the name of a header, not a token
HEADER_DEADLINE = "nameko.deadline"  # unix seconds, as a number or (pika has no floats) as text
HEADER_CORRELATION = "nameko.correlation_id"
HEADER_CAUSATION = "nameko.causation_id"

HEADER_ATTEMPTS = "x-yunquan-attempts"
HEADER_ERROR = "x-yunquan-error"
HEADER_DEAD_ID = "x-yunquan-dead-id"
HEADER_DEAD_AT = "x-yunquan-dead-at"
HEADER_ROUTING_KEY = "x-yunquan-routing-key"
HEADER_QUEUE = "x-yunquan-queue"  # the queue a letter was taken from
HEADER_REPLAYED = "x-yunquan-replayed"

HEADER_DELIVERIES = "x-delivery-count"  # how often the broker delivered it before
HEADER_STREAM_SEQ = "x-stream-seq"
HEADER_STREAM_HASH = "x-stream-hash"

LADDER: tuple[tuple[str, int], ...] = (("5s", 5_000), ("1m", 60_000), ("15m", 900_000), ("2h", 7_200_000))


def rpc_queue(service: str, suffix: str = "") -> str:
    """`rpc-voucher`, `rpc-voucher.query`, …"""
    return f"rpc-{service}.{suffix}" if suffix else f"rpc-{service}"


def queue_suffix(method: Any) -> str:
    """The suffix of the queue a method of the catalogue is answered from."""
    if method.queue:
        return str(method.queue)
    return "query" if method.kind == "query" else ""


def rpc_router(service: str) -> str:
    """The service's own exchange behind `nameko-rpc`, which knows each method's queue."""
    return f"{service}.rpc"


def rpc_unknown(service: str) -> str:
    """Where a method goes that the service does not have; it is answered MethodNotFound."""
    return f"{service}.rpc-unknown"


def events_exchange(service: str) -> str:
    """Where the service's relay publishes, as nameko names it."""
    return f"{service}.events"


def events_queue(service: str) -> str:
    """What the service hears of others."""
    return f"events-{service}"


def retry_queue(service: str, rung: str) -> str:
    """One rung of the service's retry ladder."""
    return f"retry-{service}-{rung}"


def dead_queue(service: str) -> str:
    """What the service could not handle, kept until someone decides."""
    return f"dead-{service}"
