"""YAML as people write it: every mapping knows its line, a key stands once, and only plain words are guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 256 * 1024


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file, and where."""

    file: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class ScenarioError(ValueError):
    """A file that cannot be played; `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Lined(dict[str, Any]):
    """A mapping of the file, and the line it begins on."""

    line: int = 0


class _Loader(yaml.SafeLoader):
    """No dates, no 09:00 as 540, no `yes` as true, no 0123 as 83: what is not a number or true stays as written."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - yaml's own name


for _tag, _pattern, _first in (
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("bool", r"^(?:true|false)$", ["t", "f"]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Lined:
    found = Lined()
    found.line = node.start_mark.line + 1
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read(path: Path) -> Lined:
    """The mapping that a file is; ScenarioError when it is none."""
    try:
        content = path.read_bytes()
        if len(content) > MOST_BYTES:
            raise ScenarioError([Problem(path, 1, f"more than {MOST_BYTES} bytes")])
        found = yaml.load(content.decode("utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError([Problem(path, 1, f"cannot be read: {error}")]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError([Problem(path, line, str(error.problem))]) from error
    except yaml.YAMLError as error:
        raise ScenarioError([Problem(path, 1, str(error))]) from error
    if not isinstance(found, Lined):
        raise ScenarioError([Problem(path, 1, "a scenario is a mapping with `scenario`, `starts` and `steps`")])
    return found
