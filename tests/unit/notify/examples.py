"""Events of every type as its schema allows them, full and with all that is optional left out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from marshmallow import Schema, fields, validate

from contracts import fields as f
from contracts.programmes import Pack

NOW = datetime(2019, 6, 30, 10, 0, tzinfo=UTC)
ULID = "01J00000000000000000000001"


def example(schema: type[Schema], *, full: bool, **given: Any) -> dict[str, Any]:
    """Data as a handler receives it: `given` fields as said, optional ones made (full) or None."""
    found = {name: _value(field, full) for name, field in schema().fields.items()}
    return {**found, **given}


def situated(schema: type[Schema], pack: Pack) -> dict[str, Any]:
    """Values that an event of this programme would have where the contract leaves the word to the pack."""
    claim = pack.stages("claim") or pack.stages("filing") or pack.stages("provider_admission")
    known = {
        "programme": pack.code,
        "stage": claim[-1].role if claim else "operator",
        "category": next(iter(pack.categories), None),
        "track": next(iter(pack.tracks), None),
        "measure": "enterprises",
    }
    return {name: value for name, value in known.items() if name in schema().fields}


def _value(field: fields.Field, full: bool) -> Any:
    if not field.required and not full:
        return None
    match field:
        case fields.Nested():
            return {name: _value(inner, full) for name, inner in field.schema.fields.items()}
        case fields.List():
            return [_value(field.inner, full)] if full else []
        case fields.Dict():
            return {"rule": "a rule"} if full else {}
        case fields.Boolean():
            return full
        case fields.Integer():
            return _whole(field)
        case fields.AwareDateTime():
            return NOW
        case fields.Date():
            return date(2019, 6, 30)
        case fields.String():
            return _text(field)
    raise AssertionError(f"no example for {type(field).__name__}")


def _whole(field: fields.Integer) -> int:
    for rule in field.validators:
        if isinstance(rule, validate.Range):
            least, most = int(rule.min or 0), int(rule.max or 2**53)
            return least if least > 1 else min(most, 1_234_567)
    return 7


def _text(field: fields.String) -> str:
    text = "贵州示例科技有限公司"
    for rule in field.validators:
        if isinstance(rule, validate.OneOf):
            return str(next(iter(rule.choices)))
        if isinstance(rule, validate.Regexp) and rule.regex in (f.CODE, f.PERIOD):
            return "operator" if rule.regex is f.CODE else "2019-03"
        if isinstance(rule, validate.Regexp):
            for candidate in (ULID, "915201000000000001"[:18], "a" * 64, "520100", "guizhou-2018"):
                if rule.regex.fullmatch(candidate) and "x00" not in rule.regex.pattern:
                    return candidate
    longest = min((rule.max for rule in field.validators if isinstance(rule, validate.Length)), default=20)
    return text[: int(longest or 20)]
