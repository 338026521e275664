"""What a service would have heard from others: events published as their producer would, for tests of one service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import pika

from contracts import catalogue, ulid
from contracts.envelope import CONTENT_TYPE
from infra.outbox import body, envelope

PROGRAMME = "guizhou-2018"


def enterprise(number: int, **changed: Any) -> dict[str, Any]:
    """A certified enterprise of Guizhou, registered long ago; its id is made from its number."""
    return {
        "enterprise_id": ulid.encode((1 << 100) + number),
        "programme": PROGRAMME,
        "uscc": "91520100MA6DK7YR4K",
        "name": f"生成企业{number}",
        "region": "520100",
        "registered_on": date(2010, 1, 1),
        "legal_person": True,
        "violation": False,
        "bad_credit": False,
        "industry": "industrial",
        "size": "small",
        "tax_region": "520100",
        "serves_industry": None,
        "account_version": 0,
        "priority": False,
        "status": "certified",
        "indexes": {},
        "law": None,
        **changed,
    }


def provider(number: int, **changed: Any) -> dict[str, Any]:
    """An admitted provider."""
    return {
        "provider_id": ulid.encode((2 << 100) + number),
        "programme": PROGRAMME,
        "uscc": "91520100MA6DK7YR4K",
        "name": f"生成云服务{number}",
        "region": "520100",
        "provider_kind": "platform",
        "platform_id": None,
        "batch": None,
        "status": "admitted",
        "account_version": 1,
        "exit_on": None,
        "ground": None,
        "indexes": {},
        "law": None,
        **changed,
    }


def product(number: int, provider_number: int = 1, **changed: Any) -> dict[str, Any]:
    """A published product of a provider, 10,000 yuan, for the application layer."""
    return {
        "product_id": ulid.encode((3 << 100) + number),
        "provider_id": ulid.encode((2 << 100) + provider_number),
        "programme": PROGRAMME,
        "name": f"生成产品{number}",
        "category": "application",
        "kind": "production_management",
        "price_fen": 1_000_000,
        "market_price_fen": None,
        "voucher_eligible": True,
        "status": "published",
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
            told = envelope(
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
            channel.basic_publish(exchange, type_, body(told).encode(), properties, mandatory=True)
            count += 1
        return count
    finally:
        connection.close()
