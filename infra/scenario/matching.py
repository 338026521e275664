"""What was expected beside what came: a mapping names what it asks of, a list is all there is, unless it says else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from infra.scenario.values import OPERATORS

MOST_SHOWN = 400


def differences(expected: Any, actual: Any, where: str = "") -> list[str]:
    """A line a difference; nothing when all that was asked for is there.

    A mapping asks for its own keys alone; a list for just these, in this order. `$contains`: each of these is among
    them; `$lacks`: none of these is; `$count`: so many; `$text`: these words stand in it; `$not`: anything else;
    `$any_of`: one of these.
    """
    if isinstance(expected, Mapping) and expected.keys() & OPERATORS:
        return [line for name, asked in expected.items() for line in _operator(name, asked, actual, where)]
    if isinstance(expected, Mapping):
        return _mapping(expected, actual, where)
    if isinstance(expected, list):
        return _list(expected, actual, where)
    if type(expected) is type(actual) and expected == actual:
        return []
    return [beside(where, expected, actual)]


def beside(where: str, expected: Any, actual: Any) -> str:
    """One line of two values."""
    return f"{where or 'answer'}: expected {shown(expected)}, actual {shown(actual)}"


def shown(value: Any) -> str:
    """A value in one line of bearable length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + " …"


def _mapping(expected: Mapping[str, Any], actual: Any, where: str) -> list[str]:
    if not isinstance(actual, Mapping):
        return [beside(where, expected, actual)]
    lines: list[str] = []
    for key, asked in expected.items():
        inner = f"{where}.{key}" if where else str(key)
        if key not in actual:
            there = ", ".join(sorted(str(name) for name in actual))
            lines.append(f"{inner}: expected {shown(asked)}, actual: not there (there is: {there})")
        else:
            lines += differences(asked, actual[key], inner)
    return lines


def _list(expected: list[Any], actual: Any, where: str) -> list[str]:
    if not isinstance(actual, list):
        return [beside(where, expected, actual)]
    if len(expected) != len(actual):
        return [f"{where}: expected {len(expected)} items {shown(expected)}, actual {len(actual)} {shown(actual)}"]
    pairs = enumerate(zip(expected, actual, strict=True))
    return [line for at, (asked, came) in pairs for line in differences(asked, came, f"{where}[{at}]")]


def _operator(name: str, asked: Any, actual: Any, where: str) -> list[str]:
    if name in ("$contains", "$lacks"):
        return _membership(name, asked if isinstance(asked, list) else [asked], actual, where)
    if name == "$count":
        count = len(actual) if isinstance(actual, list) else None
        return [] if count == asked else [f"{where}: expected {asked} items, actual {count}: {shown(actual)}"]
    if name == "$text":
        words = asked if isinstance(asked, list) else [asked]
        missing = [word for word in words if not (isinstance(actual, str) and str(word) in actual)]
        return [f"{where}: expected a text with {shown(missing)}, actual {shown(actual)}"] if missing else []
    if name == "$not":
        return [] if differences(asked, actual) else [f"{where}: expected anything but {shown(asked)}, and it came"]
    if name == "$any_of":
        return (
            [] if any(not differences(one, actual) for one in asked) else [beside(f"{where} (any of)", asked, actual)]
        )
    return [f"{where}: {name} is no operator beside others"]


def _membership(name: str, asked: list[Any], actual: Any, where: str) -> list[str]:
    if not isinstance(actual, list):
        return [f"{where}: expected a list, actual {shown(actual)}"]
    lines = []
    for one in asked:
        there = any(not differences(one, item) for item in actual)
        if there != (name == "$contains"):
            word = "one like" if name == "$contains" else "none like"
            lines.append(f"{where}: expected {word} {shown(one)}, actual {shown(actual)}")
        elif name == "$lacks":
            lines += _unheard_of(one, actual, where)
    return lines


def _unheard_of(asked: Any, actual: list[Any], where: str) -> list[str]:
    """A key that no item has: the list would lack it whatever happened."""
    keys = asked.keys() if isinstance(asked, Mapping) and actual else ()
    wrong = [key for key in keys if not any(isinstance(item, Mapping) and key in item for item in actual)]
    return [f"{where}: no item has a key {key}, so that lacking it says nothing" for key in wrong]
