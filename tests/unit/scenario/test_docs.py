"""docs/scenarios.md tells every key there is, and its example can be read."""

from __future__ import annotations

import re
from pathlib import Path

from marshmallow import Schema, fields

from infra.scenario.reader import load
from infra.scenario.schema import ACTIONS, Whole
from infra.scenario.values import OPERATORS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "scenarios.md"
TEXT = DOCS.read_text(encoding="utf-8")


def keys(schema: type[Schema]) -> set[str]:
    """Those of the schema and of the mappings inside it, as they are written."""
    found: set[str] = set()
    for name, field in schema().fields.items():
        found.add(field.data_key or name)
        if isinstance(field, fields.Nested):
            found |= keys(type(field.schema))
    return found


def test_every_key_is_told() -> None:
    """A key that only the code knows is one that no operator uses."""
    prose = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    told = {word for code in re.findall(r"`([^`]+)`", prose) for word in re.findall(r"[$\w]+", code)}
    asked = set(OPERATORS).union(keys(Whole), *(keys(schema) for schema in ACTIONS.values()))
    assert asked <= told, sorted(asked - told)


def test_the_example_is_a_scenario(tmp_path: Path) -> None:
    """The first thing that a reader copies."""
    example = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert example is not None
    path = tmp_path / "example.yaml"
    path.write_text(example[1], encoding="utf-8")
    assert len(load(path).steps) == 7
