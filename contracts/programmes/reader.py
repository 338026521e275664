"""Turns a parsed TOML table into the types of `schema`, naming key and fault of everything that does not fit."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong in a pack: file, dotted key, and one sentence."""

    file: str
    key: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key or '(whole file)'}: {self.what}"


class _Bad:
    """Stands for a value that could not be read; the problem is in the list."""


BAD = _Bad()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in which file a value stands, and the list its problems go to."""

    file: str
    key: str
    problems: list[Problem]

    def below(self, name: str) -> _Place:
        return _Place(self.file, f"{self.key}.{name}" if self.key else name, self.problems)

    def bad(self, what: str) -> _Bad:
        self.problems.append(Problem(file=self.file, key=self.key, what=what))
        return BAD


def read(kind: object, value: object, *, file: str, problems: list[Problem]) -> object:
    """`value` as `kind` (a dataclass of `schema`), or BAD with every problem appended."""
    return _read(kind, value, _Place(file, "", problems))


def _read(kind: object, value: object, place: _Place) -> object:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _read(next(one for one in arguments if one is not type(None)), value, place)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _table(kind, value, place)
    if origin is typing.Literal:
        return value if value in arguments else place.bad(f"{value!r} is none of {', '.join(map(str, arguments))}")
    if origin is tuple:
        if not isinstance(value, list):
            return place.bad(f"a list is needed, not {_name(value)}")
        items = [_read(arguments[0], item, place.below(str(number))) for number, item in enumerate(value)]
        return BAD if BAD in items else tuple(items)
    if origin is Mapping:
        return _mapping(arguments, value, place)
    return _scalar(kind, value, place)


def _mapping(arguments: tuple[object, ...], value: object, place: _Place) -> object:
    if not isinstance(value, dict):
        return place.bad(f"a table is needed, not {_name(value)}")
    names = typing.get_args(arguments[0])
    for name in value:
        if names and name not in names:
            place.below(name).bad(f"unknown key; known here: {', '.join(names)}")
            return BAD
    items = {name: _read(arguments[1], item, place.below(name)) for name, item in value.items()}
    return BAD if BAD in items.values() else MappingProxyType(items)


def _scalar(kind: object, value: object, place: _Place) -> object:
    if kind is str:
        return value if isinstance(value, str) and value.strip() else place.bad("a text that is not empty is needed")
    if kind is date:
        return value if isinstance(value, date) and not isinstance(value, datetime) else place.bad("a date is needed")
    if kind is int:
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return value if whole else place.bad("a whole number of 0 or more is needed")
    if kind is bool:
        return value if isinstance(value, bool) else place.bad("true or false is needed")
    raise TypeError(f"no reader for {kind!r}")


def _table(kind: type[Any], value: object, place: _Place) -> object:
    if not isinstance(value, dict):
        return place.bad(f"a table is needed, not {_name(value)}")
    hints, before = _hints(typing.cast(Hashable, kind)), len(place.problems)
    readable = [one for one in dataclasses.fields(kind) if not one.metadata.get("composed")]
    known: dict[str, dataclasses.Field[Any]] = {one.metadata.get("key", one.name): one for one in readable}
    for name in sorted(value.keys() - known.keys()):
        place.below(name).bad(f"unknown key; known here: {', '.join(known)}")
    found: dict[str, object] = {}
    for name, spec in known.items():
        if name in value:
            parse = spec.metadata.get("parse")
            below = place.below(name)
            found[spec.name] = (
                _read(hints[spec.name], value[name], below) if parse is None else _parsed(parse, value[name], below)
            )
        elif spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
            place.below(name).bad("missing")
    return kind(**found) if len(place.problems) == before else BAD


def _parsed(parse: Callable[[str], object], value: object, place: _Place) -> object:
    if not isinstance(value, str):
        return place.bad(f"a text in quotes is needed, not {_name(value)}")
    try:
        return parse(value)
    except ValueError as error:
        return place.bad(str(error))


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _name(value: object) -> str:
    return {dict: "a table", list: "a list", str: "a text", int: "a number"}.get(type(value), type(value).__name__)
