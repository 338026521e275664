"""A message as it came off the wire, and what is to become of it, without a library's types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Delivery:
    """One message; its body and headers (a token is among them) are in no log."""

    tag: int
    routing_key: str
    redelivered: bool
    body: bytes = field(repr=False)
    headers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    content_type: str | None = None
    reply_to: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True)
class Letter:
    """A message for the dead queue or the ladder: why, and what is to be kept of it."""

    reason: str
    routing_key: str
    body: bytes = field(repr=False)
    headers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    content_type: str | None = None
    rung: str | None = None  # of the ladder; None: the dead queue


@dataclass(frozen=True)
class Done:
    """What is to become of one delivery: letters first, then the reply, the acknowledgement last."""

    delivery: Delivery
    reply: Mapping[str, Any] | None = None
    letters: tuple[Letter, ...] = ()


def from_amqp(message: Any) -> Delivery:
    """A py-amqp message (auto-decoding off) → Delivery."""
    properties = message.properties
    body = message.body
    return Delivery(
        tag=message.delivery_info["delivery_tag"],
        routing_key=message.delivery_info["routing_key"],
        redelivered=bool(message.delivery_info["redelivered"]),
        body=body.encode() if isinstance(body, str) else bytes(body),
        headers=properties.get("application_headers") or {},
        content_type=properties.get("content_type"),
        reply_to=properties.get("reply_to"),
        correlation_id=properties.get("correlation_id"),
    )
