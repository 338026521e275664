"""The edge of a service: decodes, checks the contract and the caller, and lets nothing wrong come near a handler."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NoReturn

import structlog
from marshmallow import ValidationError
from ulid import ULID

from contracts import checking, envelope
from contracts.errors import Refused
from infra.auth import Unauthenticated, Verifier, may_act, may_call
from infra.bus import names
from infra.bus.delivery import Delivery
from infra.log import told
from infra.messages import Actor, Answer, Command, Event, refusal
from infra.settings import Settings

log = structlog.get_logger(__name__)

KEY_LONGEST = 64
PROBLEMS_SHOWN = 10
KEYLESS = frozenset({"bulk", "bulk_apply", "run_due"})  # lists have a key an item, run_due does only what is due


class Undecodable(Exception):
    """The body is not what the wire format says; the raw bytes go to the dead queue."""


@dataclass(frozen=True)
class Request:
    """A call at the edge: a command (or query) to run, or the reply it has already; `items` are those of a bulk call.

    reply: nameko's `{"result", "error"}`; dead: why the message is kept in the dead queue as well.
    """

    delivery: Delivery
    command: Command | None = None
    items: tuple[Item, ...] | None = None
    reply: Mapping[str, Any] | None = None
    dead: str | None = None


@dataclass(frozen=True)
class Item:
    """One command of a bulk call, or the answer it has already."""

    command: Command | None
    answer: Answer | None = None


def result_reply(answer: Answer) -> dict[str, Any]:
    """nameko's reply to a call that was understood."""
    return {"result": answer, "error": None}


def error_reply(exc_type: str, text: str) -> dict[str, Any]:
    """nameko's reply to a call that broke the wire format; `exc_type` is one of nameko.exceptions."""
    path = f"nameko.exceptions.{exc_type}"
    return {"result": None, "error": {"exc_type": exc_type, "exc_path": path, "exc_args": [text], "value": text}}


class CommandEdge:
    """Turns deliveries of the RPC queues into requests."""

    def __init__(
        self,
        service: str,
        catalogue: Any,
        verifier: Verifier,
        settings: Settings,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.service = service
        self.methods = catalogue.methods_of(service)
        self.verifier = verifier
        self.settings = settings
        self._now = now

    def request(self, delivery: Delivery) -> Request:
        """What a delivery asks for; never raises: a defect met here is one caller's, never its neighbours'."""
        try:
            return self._request(delivery)
        except Exception as error:  # noqa: BLE001 - whatever a message can bring about must not take its neighbours along
            log.error("request.defect", service=self.service, **told(error))
            reply = error_reply("MalformedRequest", "not understood")
            return Request(delivery, reply=reply, dead="undecodable")

    def _request(self, delivery: Delivery) -> Request:
        if not delivery.reply_to and not delivery.headers.get(names.HEADER_REPLAYED):
            return Request(delivery, dead="no reply_to")
        name = delivery.routing_key.rpartition(".")[2]
        method = self.methods.get(name)
        if method is None:
            return Request(delivery, reply=error_reply("MethodNotFound", name[:100]))
        limit = self.settings.bulk_bytes if name.startswith("bulk") else self.settings.message_bytes
        if len(delivery.body) > limit:
            return _answered(delivery, Refused("TOO_LARGE", facts={"limit_bytes": limit}))
        try:
            fields = self._decode(delivery)
        except Undecodable as error:
            return Request(delivery, reply=error_reply("MalformedRequest", str(error)), dead="undecodable")
        if fields is None:
            return Request(delivery, reply=error_reply("IncorrectSignature", "arguments are given by name"))
        return self._judge(delivery, method, fields)

    def _judge(self, delivery: Delivery, method: Any, fields: dict[str, Any]) -> Request:
        try:
            actor = self.verifier.verify(delivery.headers.get(names.HEADER_TOKEN))
        except Unauthenticated:
            return _answered(delivery, Refused("UNAUTHENTICATED"))
        deadline = _deadline(delivery.headers)
        if deadline is not None and deadline.timestamp() < self._now():
            return _answered(delivery, Refused("DEADLINE_PASSED"))
        correlation = _text(delivery.headers.get(names.HEADER_CORRELATION)) or _text(delivery.correlation_id)
        origin = Command(
            method=method.name,
            key=None,
            body={},
            actor=actor,
            correlation_id=correlation or str(ULID()),
            causation_id=_text(delivery.headers.get(names.HEADER_CAUSATION)),
            deadline=deadline,
        )
        if refused := may_call(method, actor):
            return _answered(delivery, refused)
        keyed = method.kind == "command" and method.name not in KEYLESS
        judged = self._command(method, fields, origin, keyed=keyed)
        if isinstance(judged, Refused):
            return _answered(delivery, judged)
        if not method.name.startswith("bulk"):
            return Request(delivery, command=judged)
        return Request(delivery, command=judged, items=tuple(self._items(method, judged)))

    def _items(self, bulk: Any, judged: Command) -> list[Item]:
        """A bulk call carries commands of its own queue alone: the line of applications is not jumped by a list."""
        allowed = "apply" if bulk.queue == "apply" else ""
        items = []
        for item in judged.body["commands"]:
            method = self.methods.get(item["method"])
            outcome: Command | Refused
            if method is None or method.kind != "command" or method.name in KEYLESS or method.queue != allowed:
                outcome = Refused("METHOD_UNKNOWN", field="method")
            elif refused := may_call(method, judged.actor):
                outcome = refused
            else:
                origin = replace(judged, method=method.name)
                outcome = self._command(method, {**item["args"], "key": item["key"]}, origin, keyed=True)
            items.append(Item(None, refusal(outcome)) if isinstance(outcome, Refused) else Item(outcome))
        return items

    def _command(self, method: Any, fields: Mapping[str, Any], origin: Command, *, keyed: bool) -> Command | Refused:
        fields = dict(fields)
        key = None
        if keyed:
            key = fields.pop("key", None)
            if key is None:
                return Refused("KEY_REQUIRED", field="key")
            if not isinstance(key, str) or not 0 < len(key) <= KEY_LONGEST or not key.isprintable():
                return Refused("INVALID", field="key")
        else:
            fields.pop("key", None)
        try:
            body = _utc(checking.load(method.request, fields))
        except ValidationError as error:
            return invalid(error)
        except (OverflowError, RecursionError):  # an instant that UTC has no year for; nested deeper than we go
            return Refused("INVALID")
        if refused := may_act(method, origin.actor, body):
            return refused
        return replace(origin, key=key, body=body)

    def _decode(self, delivery: Delivery) -> dict[str, Any] | None:
        """The named arguments; None when there are others; Undecodable."""
        body = _json(delivery)
        if not isinstance(body, dict) or set(body) != {"args", "kwargs"}:
            raise Undecodable("the body is {args, kwargs}")
        args, kwargs = body["args"], body["kwargs"]
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise Undecodable("args is a list, kwargs an object")
        return None if args else kwargs


class EventEdge:
    """Turns deliveries of the event queue into events."""

    def __init__(self, service: str, catalogue: Any) -> None:
        self.service = service
        self.types = catalogue.consumed_by(service)

    def event(self, delivery: Delivery) -> Event:
        """The validated event; Undecodable with what is wrong (never a value) otherwise."""
        body = _json(delivery)
        if not isinstance(body, dict):
            raise Undecodable("not an object")
        problems = checking.problems(envelope.EnvelopeSchema, body)
        if problems:
            raise Undecodable(f"envelope: {sorted(problems)}")
        known = self.types.get(body["type"])
        if known is None or body["source"] != envelope.source_of(known.producer):
            raise Undecodable(f"unknown type or source: {body['type']}")
        try:
            data = checking.load(known.schema, body["data"])
        except ValidationError as error:
            raise Undecodable(f"data: {sorted(error.normalized_messages())}") from None
        sequence = delivery.headers.get(names.HEADER_STREAM_SEQ)
        return Event(
            id=body["id"],
            source=body["source"],
            type=body["type"],
            time=datetime.fromisoformat(body["time"]).astimezone(UTC),
            subject=body["subject"],
            sequence=body["sequence"],
            correlation_id=body["correlationid"],
            causation_id=body.get("causationid"),
            data=_utc(data),
            stream_seq=sequence if isinstance(sequence, int) else None,
            stream_hash=_text(delivery.headers.get(names.HEADER_STREAM_HASH)),
            raw=delivery.body.decode("utf-8"),
        )


def invalid(error: ValidationError) -> Refused:
    """INVALID with the first field and what is wrong with each, never a value."""
    problems: dict[str, str] = {}
    _flatten(error.normalized_messages(), "", problems)
    shown = dict(sorted(problems.items())[:PROBLEMS_SHOWN])
    return Refused("INVALID", field=next(iter(shown), None), facts={"problems": shown})


def _flatten(messages: Any, path: str, into: dict[str, str]) -> None:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            shown = "".join(c if c.isprintable() else "?" for c in str(name)[:40])
            _flatten(inner, f"{path}.{shown}" if path else shown, into)
    else:
        texts = messages if isinstance(messages, list) else [messages]
        into[path[:128]] = " ".join(str(text) for text in texts)[:200]


def _json(delivery: Delivery) -> Any:
    if delivery.content_type not in ("application/json", envelope.CONTENT_TYPE):
        raise Undecodable("the content type is application/json")
    try:
        text = delivery.body.decode("utf-8")
        value = json.loads(text, parse_constant=_no_constant)
        if "\\u" in text:  # half of a surrogate pair can be neither stored nor sent
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"not JSON: {type(error).__name__}") from None
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _utc(value: Any) -> Any:
    """Instants in UTC, wherever in the body they stand: one instant has one hash."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, dict):
        return {name: _utc(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_utc(inner) for inner in value]
    return value


def _deadline(headers: Mapping[str, Any]) -> datetime | None:
    value = headers.get(names.HEADER_DEADLINE)
    try:
        return datetime.fromtimestamp(float(value), UTC) if value is not None else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _text(value: Any) -> str | None:
    return value[:128] if isinstance(value, str) and value and value.isprintable() else None


def _answered(delivery: Delivery, refused: Refused) -> Request:
    return Request(delivery, reply=result_reply(refusal(refused)))


__all__ = [
    "Actor",
    "CommandEdge",
    "EventEdge",
    "Item",
    "Request",
    "Undecodable",
    "error_reply",
    "invalid",
    "result_reply",
]
