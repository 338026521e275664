"""Contracts checked at the rate of the bus: a compiled way for bodies that are right, marshmallow for all others.

A third of a service's time went into marshmallow's validation of bodies that are right, as nearly all are. So each
schema is compiled once into plain closures that accept a part of what marshmallow accepts, with the same result. What
they do not accept (also what they do not understand) goes to marshmallow, which alone says what is wrong.
tests/contract/test_checking.py holds the two against each other for every contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from marshmallow import RAISE, Schema, fields, missing, validate

from contracts.fields import StrictBoolean, Whole

Check = Callable[[Any], Any]  # the loaded value; raises _Otherwise

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?(Z|[+-]\d\d:\d\d)")


class _Otherwise(Exception):
    """Not of the compiled kind: marshmallow decides."""


_OTHERWISE = _Otherwise()


@lru_cache(maxsize=1024)
def instance(schema: type[Schema]) -> Schema:
    """The shared instance of a schema class: making one costs more than a validation."""
    return schema()


def load(schema: type[Schema], body: Mapping[str, Any]) -> dict[str, Any]:
    """What `schema().load(body)` gives; raises its ValidationError."""
    try:
        loaded: dict[str, Any] = _compiled(schema)(body)
    except _Otherwise:
        loaded = instance(schema).load(body)
    return loaded


def problems(schema: type[Schema], body: Mapping[str, Any]) -> dict[str, Any]:
    """What `schema().validate(body)` gives: empty when all is right."""
    try:
        _compiled(schema)(body)
    except _Otherwise:
        return dict(instance(schema).validate(body))
    return {}


@lru_cache(maxsize=1024)
def _compiled(schema: type[Schema]) -> Check:
    return _body(instance(schema)) or _never


def _never(_value: Any) -> Any:
    raise _OTHERWISE


def _body(schema: Schema) -> Check | None:
    """None when the schema has something that only marshmallow can do."""
    if schema.unknown != RAISE or any(schema._hooks.values()):
        return None
    plan: list[tuple[str, Check, bool, Any]] = []
    for name, field in schema.fields.items():
        check = _field(field)
        default = field.load_default
        if check is None or callable(default) or field.data_key or field.attribute or field.dump_only:
            return None
        plan.append((name, check, field.required, default))
    names = frozenset(schema.fields)

    def loads(value: Any) -> dict[str, Any]:
        if type(value) is not dict or not names.issuperset(value):
            raise _OTHERWISE
        found = {}
        for name, check, required, default in plan:
            if name in value:
                found[name] = check(value[name])
            elif required:
                raise _OTHERWISE
            elif default is not missing:
                found[name] = default
        return found

    return loads


def _field(field: fields.Field[Any]) -> Check | None:
    makers: dict[type[fields.Field[Any]], Callable[[Any], Check | None]] = {
        fields.String: _string,
        fields.Integer: _integer,
        StrictBoolean: lambda _field: _is(bool),
        fields.Date: lambda field: _parsed(_DAY, date.fromisoformat) if field.format == "iso" else None,
        fields.AwareDateTime: _instant,
        fields.List: _list,
        fields.Nested: lambda field: None if field.many else _body(field.schema),
        fields.Dict: lambda field: _is(dict) if _free(field) else None,
    }
    maker = makers.get(type(field))
    check = maker(field) if maker else None
    rules = [_rule(validator) for validator in field.validators]
    if check is None or None in rules:
        return None
    known = [rule for rule in rules if rule is not None]
    return _with(check, known, nothing=bool(field.allow_none))


def _with(check: Check, rules: list[Callable[[Any], bool]], *, nothing: bool) -> Check:
    def checked(value: Any) -> Any:
        if value is None:
            if nothing:
                return None
            raise _OTHERWISE
        loaded = check(value)
        for rule in rules:
            if not rule(loaded):
                raise _OTHERWISE
        return loaded

    return checked


def _is(kind: type) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not kind:
            raise _OTHERWISE
        return value

    return check


def _string(_given: fields.String) -> Check:
    return _is(str)


def _integer(given: fields.Integer) -> Check | None:
    return _is(int) if given.strict and not given.as_string else None


def _instant(given: fields.AwareDateTime) -> Check | None:
    return _parsed(_INSTANT, datetime.fromisoformat) if given.format == "iso" else None


def _parsed(shape: re.Pattern[str], parse: Callable[[str], Any]) -> Check:
    def check(value: Any) -> Any:
        if type(value) is not str or not shape.fullmatch(value):
            raise _OTHERWISE
        try:
            return parse(value)
        except ValueError:
            raise _OTHERWISE from None

    return check


def _list(given: fields.List[Any]) -> Check | None:
    inner = _field(given.inner)
    if inner is None:
        return None

    def check(value: Any) -> list[Any]:
        if type(value) is not list:
            raise _OTHERWISE
        return [inner(one) for one in value]

    return check


def _free(given: fields.Dict) -> bool:
    """Any JSON object: its keys are texts as they come."""
    return given.value_field is None and (given.key_field is None or type(given.key_field) is fields.String)


def _rule(validator: Any) -> Callable[[Any], bool] | None:
    """The validator as a plain question; None for one that is not known here."""
    if type(validator) is validate.Length and validator.equal is None:
        low, high = validator.min or 0, validator.max if validator.max is not None else float("inf")
        return lambda value: low <= len(value) <= high
    if type(validator) is validate.Length:
        return lambda value: bool(len(value) == validator.equal)
    if type(validator) is validate.Range and validator.min_inclusive and validator.max_inclusive:
        least = validator.min if validator.min is not None else float("-inf")
        most = validator.max if validator.max is not None else float("inf")
        return lambda value: bool(least <= value <= most)
    if type(validator) is Whole:
        fullmatch = validator.regex.fullmatch
        return lambda value: fullmatch(value) is not None
    if type(validator) is validate.Regexp:
        match = validator.regex.match
        return lambda value: match(value) is not None
    if type(validator) is validate.OneOf:
        words = frozenset(validator.choices)
        return lambda value: value in words
    if type(validator) is validate.Equal:
        return lambda value: bool(value == validator.comparable)
    return None
