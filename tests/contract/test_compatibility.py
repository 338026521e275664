"""A change that breaks those who hold the old schema must be named, or two services would disagree in production."""

import pytest

from contracts.compatibility import breaking

BASE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["a"],
    "properties": {"a": {"type": "string", "enum": ["x", "y"]}, "b": {"type": ["integer", "null"], "maximum": 9}},
}


def changed(**properties: dict) -> dict:
    return {**BASE, "properties": {**BASE["properties"], **properties}}


@pytest.mark.parametrize(
    ("what", "new", "by_producer", "by_consumer"),
    [
        ("nothing", BASE, False, False),
        ("a field went", {**BASE, "properties": {"a": BASE["properties"]["a"]}}, True, True),
        ("a field came", changed(c={"type": "string"}), True, False),
        ("a field became required", {**BASE, "required": ["a", "b"]}, False, True),
        ("a field may be missing", {**BASE, "required": []}, True, False),
        ("a type changed", changed(b={"type": "string"}), True, True),
        ("null is no longer taken", changed(b={"type": "integer", "maximum": 9}), True, True),
        ("null is now taken", changed(a={"type": ["string", "null"], "enum": ["x", "y"]}), True, False),
        ("a word came", changed(a={"type": "string", "enum": ["x", "y", "z"]}), True, False),
        ("a word went", changed(a={"type": "string", "enum": ["x"]}), False, True),
        ("a limit fell", changed(b={"type": ["integer", "null"], "maximum": 8}), False, True),
        ("a limit rose", changed(b={"type": ["integer", "null"], "maximum": 10}), False, False),
        ("a pattern changed", changed(a={"type": "string", "enum": ["x", "y"], "pattern": "x"}), False, True),
    ],
)
def test_who_breaks(what: str, new: dict, by_producer: bool, by_consumer: bool) -> None:
    assert bool(breaking(BASE, new, written_by="producer")) is by_producer, what
    assert bool(breaking(BASE, new, written_by="consumer")) is by_consumer, what


def test_nested_bodies_and_lists_are_looked_into() -> None:
    old = {"$defs": {"N": BASE}, "type": "array", "items": BASE}
    new = {"$defs": {"N": changed(b={"type": "string"})}, "type": "array", "items": changed(b={"type": "string"})}
    found = breaking(old, new, written_by="consumer")
    assert any("#N.b" in line for line in found)
    assert any("[].b" in line for line in found)
