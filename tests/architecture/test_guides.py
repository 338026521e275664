"""Documents say what is there: words, methods, codes and commands that a reader meets exist."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from marshmallow import Schema, fields, validate

from contracts.catalogue import EVENTS, METHODS, SERVICES
from contracts.errors import ERRORS
from contracts.programmes import load
from contracts.roles import ALL
from contracts.rpc.settlement import LINE_CODES
from infra.cli import load_commands, yunquan

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "GLOSSARY.md"
GUIDES = [
    ROOT / name
    for name in (
        "README.md",
        "README.zh-CN.md",
        "CONTRIBUTING.md",
        "docs/operator-guide.zh-CN.md",
        "docs/operations.md",
        "docs/integration.md",
        "docs/scenarios.md",
        "services/notify/README.md",
    )
]
MEDIA_TYPES = {"application/pdf", "image/png", "image/jpeg"}


def choices(schema: type[Schema]) -> Iterator[str]:
    """Every word that a field of the body, or of a body inside it, may hold."""
    for field in schema().fields.values():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from choices(type(inner.schema))
        for rule in inner.validators:
            if isinstance(rule, validate.OneOf):
                yield from (str(choice) for choice in rule.choices)


def is_rule(name: str) -> bool:
    """Is it a rule of a pack, which are named with dots too?"""
    try:
        return bool(load("guizhou-2018").rule(name))
    except KeyError:
        return False


def test_the_glossary_has_every_word_of_the_contracts():
    """Lost otherwise: a state or role that a reader of Chinese meets on the wire and finds explained nowhere."""
    schemas = {event.schema for event in EVENTS.values()}
    schemas |= {method.request for method in METHODS.values()} | {method.response for method in METHODS.values()}
    words = {word for schema in schemas for word in choices(schema)} | ALL
    explained = set(re.findall(r"`([^`]+)`", GLOSSARY.read_text(encoding="utf-8")))
    explained = {part for words_in_ticks in explained for part in re.split(r"[\s,/:]+", words_in_ticks)}
    assert words - MEDIA_TYPES - explained == set()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_methods_and_codes_of_a_guide_exist(guide: Path):
    """Lost otherwise: an operator types a method that was renamed, or looks for a code that is never given."""
    text = guide.read_text(encoding="utf-8")
    named = re.findall(rf"`(?:yunquan\.)?((?:{'|'.join(SERVICES)})\.[a-z_]+)`", text)
    unknown = set(named) - set(METHODS) - {f"{service}.events" for service in SERVICES}
    assert {name for name in unknown if not is_rule(name)} == set()
    findings = set(re.findall(r'"([A-Z]+_[A-Z]+)"', (ROOT / "services/settlement/domain/match.py").read_text()))
    alerts = set(EVENTS["supervision.alert_raised.v1"].schema().fields["alert"].validators[0].choices)
    screening = ROOT / "services/supervision"
    of_files = {
        code
        for name in ("formats/claims_csv.py", "cli.py")
        for code in re.findall(r'"([A-Z]+_[A-Z]+)"', (screening / name).read_text())
    }
    codes = {code for code in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", text) if not code.startswith("YUNQUAN_")}
    own = {"NO_ADDRESS", "BAD_ADDRESS"} if "notify" in str(guide) else set()
    assert codes <= set(ERRORS) | findings | set(LINE_CODES) | alerts | of_files | own


def test_the_catalogue_of_methods_in_the_operator_s_guide_is_whole():
    """Lost otherwise: a step of the operator's own that its guide never mentions."""
    text = (ROOT / "docs/operator-guide.zh-CN.md").read_text(encoding="utf-8")
    everywhere = {"explain", "totals", "run_due", "bulk"}
    commands = [
        m for m in METHODS.values() if m.kind == "command" and "operator" in m.roles and m.name not in everywhere
    ]
    missing = {f"{m.service}.{m.name}" for m in commands if f"`{m.service}.{m.name}`" not in text}
    assert missing <= {"registry.import_enterprises", "registry.submit_product"}, (
        "told by its command, and by its picture"
    )


def invocations(text: str) -> Iterator[list[str]]:
    """The words after `yunquan` in each line of a shell block and in each code span."""
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.S))
    spans = re.findall(r"`((?:\.venv/bin/)?yunquan [^`]+)`", text)
    for line in [*blocks.splitlines(), *spans]:
        found = re.search(r"(?:^|/|\s)yunquan ([a-z].*)", line.partition("  #")[0])
        if found:
            yield found[1].split()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_commands_of_a_guide_exist_with_their_options(guide: Path):
    """Lost otherwise: the first thing a newcomer types is answered by `No such command`."""
    load_commands()
    for words in invocations(guide.read_text(encoding="utf-8")):
        command: click.Command = yunquan
        rest = list(words)
        while rest and isinstance(command, click.Group) and not rest[0].startswith("-"):
            assert rest[0] in command.commands, f"yunquan {' '.join(words)}"
            command = command.commands[rest.pop(0)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options | {"--help"}, f"yunquan {' '.join(words)}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_make_targets_and_links_of_a_guide_exist(guide: Path):
    """Lost otherwise: a link to a page that was moved, a target that was renamed."""
    text = guide.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.M)) <= targets
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if "://" not in link:
            assert (guide.parent / link).exists(), link


def test_the_contents_of_the_operator_s_guide_lead_somewhere():
    """Lost otherwise: a table of contents whose lines do nothing."""
    text = (ROOT / "docs/operator-guide.zh-CN.md").read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w\- ]", "", line[3:]).replace(" ", "-") for line in text.splitlines() if line.startswith("## ")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == headings


def calls(text: str) -> Iterator[tuple[str, set[str], bool]]:
    """Method, named fields, and whether `**` adds others, of each call of a service in the Python blocks."""
    for block in re.findall(r"^ *```python\n(.*?)^ *```", text, re.S | re.M):
        for node in ast.walk(ast.parse(textwrap.dedent(block))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                on = node.func.value
                if isinstance(on, ast.Attribute) and on.attr in SERVICES:
                    names = {keyword.arg for keyword in node.keywords}
                    yield f"{on.attr}.{node.func.attr}", {name for name in names if name}, None in names


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_calls_of_a_guide_fit_the_contract(guide: Path):
    """Lost otherwise: an example that is answered by INVALID when somebody tries it."""
    for method, given, more in calls(guide.read_text(encoding="utf-8")):
        fields_of = METHODS[method].request().fields
        needed = {name for name, field in fields_of.items() if field.required}
        assert given <= set(fields_of), f"{method}: {given - set(fields_of)}"
        assert more or needed <= given, f"{method}: {needed - given}"
