"""Bodies made from a contract's own schema: a valid one, and every way in which one field can be wrong."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, fields, validate

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
BY_PATTERN = (
    ULID,
    "91520100MA6DK7YR4K",  # a USCC by shape
    "0" * 64,
    "520100",
    "2019-03",
    "guizhou-2018",
    "/yunquan/voucher",
    "voucher.order_placed.v1",
    "00-" + "0" * 52,  # a traceparent by length
    "a",
)
HOSTILE = (
    "\x00",
    "a\x1bb",
    "'; DROP TABLE orders; --\x00",
    "\ud800",
    "A" * 100_000,
    "../../etc/passwd\x00",
    "",
)


def valid(schema: Schema) -> dict[str, Any]:
    """The smallest body the schema takes."""
    return {name: _value(field) for name, field in schema.fields.items() if field.required}


def full(schema: Schema) -> dict[str, Any]:
    """A body with every field."""
    return {name: _value(field) for name, field in schema.fields.items()}


def _value(field: fields.Field) -> Any:
    if isinstance(field, fields.Nested):
        return valid(field.schema)
    if isinstance(field, fields.List):
        least = max((rule.min or 0 for rule in field.validators if isinstance(rule, validate.Length)), default=0)
        return [_value(field.inner) for _ in range(max(least, 1))]
    if isinstance(field, fields.Dict):
        return {}
    for rule in field.validators:
        if isinstance(rule, validate.OneOf):
            return next(iter(rule.choices))
        if isinstance(rule, validate.Equal):
            return rule.comparable
    if isinstance(field, fields.Boolean):
        return True
    if isinstance(field, fields.Integer):
        ranges = [rule for rule in field.validators if isinstance(rule, validate.Range)]
        return max((rule.min for rule in ranges if rule.min is not None), default=0)
    if isinstance(field, fields.AwareDateTime):
        return "2019-03-01T01:00:00+00:00"
    if isinstance(field, fields.Date):
        return "2019-03-01"
    return next(text for text in (*BY_PATTERN, *string.digits) if _fits(field, text))


def _fits(field: fields.Field, text: str) -> bool:
    try:
        field.deserialize(text)
    except Exception:  # noqa: BLE001 - any refusal means that it does not fit
        return False
    return True


def wrong(schema: Schema) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(field, what is wrong, body): each body is refused by the schema, and differs from a valid one in one field."""
    base = full(schema)
    yield "surplus", "unknown field", {**base, "surplus": 1}
    for name, field in schema.fields.items():
        if field.required:
            yield name, "missing", {key: value for key, value in base.items() if key != name}
        for what, value in _wrong_values(field):
            body = {**base, name: value}
            if schema.validate({key: value for key, value in body.items() if key != "key"}):
                yield name, what, body


def _wrong_values(field: fields.Field) -> Iterator[tuple[str, Any]]:
    yield "null", None
    yield "a list", [[]]
    yield "a body", {"$gt": ""}
    yield "a huge number", 10**400
    yield "a fraction", 1.5
    yield "negative", -1
    yield "a truth", True
    for number, text in enumerate(HOSTILE):
        yield f"hostile text {number}", text
    if isinstance(field, fields.List):
        yield "oversized list", [_value(field.inner)] * 5000
