"""Events wait here in the transaction that caused them; the relay alone takes them to the broker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts import checking
from contracts.envelope import source_of
from infra.jsontext import canonical, instant_text
from infra.messages import Command, Event
from infra.tables import OUTBOX_NEW

WITHHELD = "withheld"
_TEXTS = frozenset({"reason", "text", "note", "comment", "answer", "name"})  # what people write, in whatever words
_ARTICLE = "第条款项一二三四五六七八九十百零〇0123456789()（）、"


class ContractBroken(Exception):
    """We were about to say something that the contract does not allow: a defect, never a caller's fault."""


def causation(cause: Command | Event | None) -> str | None:
    """What an event follows from: the event's id, or the command's key."""
    if cause is None:
        return None
    return cause.id if isinstance(cause, Event) else (cause.key or cause.causation_id)


def envelope(
    catalogue: Any,
    *,
    id: str,
    service: str,
    type: str,
    time: datetime,
    subject: str,
    sequence: int,
    correlation_id: str,
    causation_id: str | None,
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """The CloudEvents envelope with the text of its data, as the published schema wants it; ContractBroken when it does
    not fit."""
    event_type = catalogue.EVENTS.get(type)
    if event_type is None or event_type.producer != service:
        raise ContractBroken(f"{service} does not publish {type}")
    return {
        "specversion": "1.0",
        "id": id,
        "source": source_of(service),
        "type": type,
        "time": instant_text(time),
        "subject": subject,
        "sequence": sequence,
        "correlationid": correlation_id,
        "causationid": causation_id,
        "datacontenttype": "application/json",
        "data": checked(event_type, data),
    }


def checked(event_type: Any, data: Mapping[str, Any]) -> str:
    """The canonical text of `data`; ContractBroken names fields unknown, missing or wrong, never their values."""
    unknown = set(data) - set(checking.instance(event_type.schema).fields)
    if unknown:
        raise ContractBroken(f"{event_type.type}: unknown fields {sorted(unknown)}")
    try:
        text = canonical(data)
    except (TypeError, ValueError) as error:
        raise ContractBroken(f"{event_type.type}: a field is of the wrong type") from error
    problems = checking.problems(event_type.schema, json.loads(text))
    if problems:
        raise ContractBroken(f"{event_type.type}: {problems}")
    return text


def row(envelope: Mapping[str, Any], *, now: datetime, queued_at: float) -> dict[str, Any]:
    """The outbox row of an envelope; its body is the very text that will be hashed and sent."""
    return {
        "event_id": envelope["id"],
        "type": envelope["type"],
        "subject": envelope["subject"],
        "body": body(envelope),
        "state": OUTBOX_NEW,
        "at": now,
        "queued_at": queued_at,
    }


def without_texts(value: Any, name: str = "") -> Any:
    """The facts of a decision as an event may carry them: numbers, days and codes; WITHHELD for what people wrote in
    words of their own, which may name people and stays with the service."""
    if isinstance(value, str):
        coded = (value.isascii() and " " not in value) or not value.strip(_ARTICLE)
        return value if coded and name not in _TEXTS else WITHHELD
    if isinstance(value, Mapping):
        return {key: without_texts(one, key) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [without_texts(one, name) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value


def body(envelope: Mapping[str, Any]) -> str:
    """The canonical text of the envelope; that of its data, the larger part, is there already."""
    before = canonical({name: envelope[name] for name in envelope if name < "data"})
    after = canonical({name: envelope[name] for name in envelope if name > "data"})
    return f'{before[:-1]},"data":{envelope["data"]},{after[1:]}'
