"""Turns a parsed TOML table into the types of `schema`, naming the key and the fault for everything that does not fit."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
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


def read(kind: Any, value: object, *, key: str, file: str, problems: list[Problem]) -> Any:
    """`value` as `kind` (a dataclass of `schema` or a field's annotation), or BAD with the problems appended."""

    def bad(what: str) -> _Bad:
        problems.append(Problem(file=file, key=key, what=what))
        return BAD

    def inner(of: Any, part: str, item: object) -> Any:
        return read(of, item, key=f"{key}.{part}" if key else part, file=file, problems=problems)

    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return read(next(a for a in arguments if a is not type(None)), value, key=key, file=file, problems=problems)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            return bad(f"a table is needed, not {_name(value)}")
        return _table(kind, value, key=key, file=file, problems=problems)
    if origin is typing.Literal:
        return value if value in arguments else bad(f"{value!r} is none of {', '.join(map(str, arguments))}")
    if origin is tuple:
        if not isinstance(value, list):
            return bad(f"a list is needed, not {_name(value)}")
        items = [inner(arguments[0], str(number), item) for number, item in enumerate(value)]
        return BAD if BAD in items else tuple(items)
    if origin is Mapping:
        return _mapping(arguments, value, bad=bad, inner=inner)
    return _scalar(kind, value, bad=bad)


def _mapping(arguments: tuple[Any, ...], value: object, *, bad: Any, inner: Any) -> Any:
    if not isinstance(value, dict):
        return bad(f"a table is needed, not {_name(value)}")
    names = typing.get_args(arguments[0])
    unknown = [name for name in value if names and name not in names]
    if unknown:
        return bad(f"unknown key {unknown[0]!r}; known: {', '.join(names)}")
    items = {name: inner(arguments[1], name, item) for name, item in value.items()}
    return BAD if BAD in items.values() else MappingProxyType(items)


def _scalar(kind: Any, value: object, *, bad: Any) -> Any:
    if kind is str:
        return value if isinstance(value, str) and value.strip() else bad("a text that is not empty is needed")
    if kind is date:
        return value if isinstance(value, date) and not isinstance(value, datetime) else bad("a date is needed")
    if kind is int:
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        return value if whole else bad("a whole number of 0 or more is needed")
    if kind is bool:
        return value if isinstance(value, bool) else bad("true or false is needed")
    raise TypeError(f"no reader for {kind!r}")


def _table(kind: type, value: dict[str, object], *, key: str, file: str, problems: list[Problem]) -> Any:
    hints = _hints(kind)
    before = len(problems)
    readable = [f for f in dataclasses.fields(kind) if not f.metadata.get("composed")]
    known: dict[str, dataclasses.Field[Any]] = {f.metadata.get("key", f.name): f for f in readable}
    for name in sorted(value.keys() - known.keys()):
        dotted = f"{key}.{name}" if key else name
        problems.append(Problem(file=file, key=dotted, what=f"unknown key; known here: {', '.join(known)}"))
    read_fields: dict[str, Any] = {}
    for name, spec in known.items():
        dotted = f"{key}.{name}" if key else name
        if name not in value:
            if spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING:
                problems.append(Problem(file=file, key=dotted, what="missing"))
            continue
        if "parse" in spec.metadata:
            read_fields[spec.name] = _parsed(spec.metadata["parse"], value[name], dotted, file, problems)
        else:
            read_fields[spec.name] = read(hints[spec.name], value[name], key=dotted, file=file, problems=problems)
    return kind(**read_fields) if len(problems) == before else BAD


def _parsed(parse: Any, value: object, key: str, file: str, problems: list[Problem]) -> Any:
    what = f"a text in quotes is needed, not {_name(value)}"
    if isinstance(value, str):
        try:
            return parse(value)
        except ValueError as error:
            what = str(error)
    problems.append(Problem(file=file, key=key, what=what))
    return BAD


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _name(value: object) -> str:
    return {dict: "a table", list: "a list", str: "a text", int: "a number"}.get(type(value), type(value).__name__)
