"""What a service would have heard from others: events published as their producer would, for tests of one service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pika

from contracts import catalogue, ulid
from contracts.envelope import CONTENT_TYPE
from infra.jsontext import canonical
from infra.outbox import envelope

PROGRAMME = "guizhou-2018"


def enterprise(number: int, **changed: Any) -> dict[str, Any]:
    """A certified enterprise of Guizhou, registered long ago; its id is made from its number."""
    return {
        "enterprise_id": ulid.encode((1 << 100) + number),
        "programme": PROGRAMME,
        "uscc": "91520100MA6DK7YR4K",
        "name": f"生成企业{number}",
        "region": "520100",
        "registered_on": "2010-01-01",
        "legal_person": True,
        "violation": False,
        "bad_credit": False,
        "industry": "industrial",
        "size": "small",
        "priority": False,
        "status": "certified",
        "indexes": {"person": None, "phone": None, "address": None, "account": None},
        "law": None,
        **changed,
    }


def publish(uri: str, type_: str, states: Iterable[dict[str, Any]], *, subject: str, sequence: int = 1) -> int:
    """Publish one event a state with confirms; how many there were. `subject` names the field that holds the id."""
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    try:
        channel = connection.channel()
        channel.confirm_delivery()
        count = 0
        for state in states:
            body = envelope(
                catalogue,
                id=ulid.new(),
                service=type_.split(".", maxsplit=1)[0],
                type=type_,
                time=datetime(2019, 1, 2, tzinfo=UTC),
                subject=state[subject],
                sequence=sequence,
                correlation_id=ulid.new(),
                causation_id=None,
                data=state,
            )
            properties = pika.BasicProperties(content_type=CONTENT_TYPE, delivery_mode=2)
            exchange = f"{type_.split('.', maxsplit=1)[0]}.events"
            channel.basic_publish(exchange, type_, canonical(body).encode(), properties, mandatory=True)
            count += 1
        return count
    finally:
        connection.close()
