"""From files to scenarios: keys, names, people and times are checked before anything is played."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from contracts import roles
from contracts.catalogue import METHODS
from contracts.programmes import PackError
from infra.scenario.rules import library
from infra.scenario.schema import ACTIONS, Parts, Step, Whole
from infra.scenario.text import Lined, Problem, ScenarioError, read
from infra.scenario.values import Unreadable, moment, names_in

KINDS = {"enterprises": "enterprise", "providers": "provider", "products": "product"}
MADE_BY = {"enterprise": "register_enterprise", "provider": "register_provider", "product": "submit_product"}
FIELDS = {kind: METHODS[f"registry.{name}"].request().fields for kind, name in MADE_BY.items()}
AS = re.compile(
    r"(?P<who>[^:=@/]+)(?::(?P<person>[0-9]))?(?:=(?P<of>[^:=@/]+))?"
    r"(?:@(?P<region>[0-9]{2,6}))?(?:/(?P<programme>[a-z0-9-]+))?"
)
DEEPEST = 8

# kinds of saved things whose name carries more than an id: `$contract.订单` is the digest of its contract
DERIVED = ("contract", "paper", "new")


@dataclass(frozen=True)
class PlayedStep:
    """One step as read: `action` names what it does, `""` for one that only moves time."""

    file: Path
    line: int
    number: int
    action: str
    body: Mapping[str, Any]

    @property
    def words(self) -> str:
        """What people call it."""
        return str(self.body.get("say") or self.body.get("call") or self.action or self.body.get("at"))


@dataclass(frozen=True)
class Member:
    """A party or product by its short name: the fields it does not leave to be generated."""

    name: str
    kind: str
    given: Mapping[str, Any]
    file: Path
    line: int


@dataclass(frozen=True)
class Scenario:
    """A story to be played."""

    path: Path
    title: str
    programme: str
    starts: datetime
    year: int | None
    overlays: tuple[str, ...]
    packs: Path | None
    cast: Mapping[str, Member]
    steps: tuple[PlayedStep, ...]

    @property
    def setting(self) -> str:
        """Services start again between scenarios of two settings: played in this order they do so least."""
        return f"{self.packs or ''} {len(self.overlays)} {self.overlays}"

    @property
    def programmes(self) -> frozenset[str]:
        """Its own, and those of its people and steps."""
        places = [
            *(member.given for member in self.cast.values()),
            *(place for step in self.steps for place in (step.body, step.body.get("with_", {}))),
        ]
        return frozenset([self.programme, *(str(place["programme"]) for place in places if "programme" in place)])


@dataclass
class _Reading:
    problems: list[Problem] = field(default_factory=list)
    cast: dict[str, Member] = field(default_factory=dict)
    steps: list[PlayedStep] = field(default_factory=list)
    seen: list[Path] = field(default_factory=list)

    def wrong(self, path: Path, line: int, what: str) -> None:
        self.problems.append(Problem(path, line, what))


def load(path: Path) -> Scenario:
    """A scenario with all that it uses; ScenarioError lists every problem found."""
    reading = _Reading()
    whole = read(path)
    loaded = _check(reading, Whole, whole, path)
    _take(reading, whole, path, depth=0)
    _check_story(reading, str(loaded.get("starts", "")))
    packs = (path.parent / loaded["packs"]).resolve() if "packs" in loaded else None
    _check_rules(reading, loaded, packs, path, whole.line)
    if reading.problems:
        raise ScenarioError(reading.problems)
    return Scenario(
        path=path,
        title=loaded["scenario"],
        programme=loaded["programme"],
        starts=moment(loaded["starts"]),
        year=loaded.get("year"),
        overlays=tuple(sorted(loaded.get("overlays", ()))),
        packs=packs,
        cast=reading.cast,
        steps=tuple(reading.steps),
    )


def _take(reading: _Reading, found: Lined, path: Path, depth: int) -> None:
    """The files that it uses first, then its own people and steps."""
    reading.seen.append(path.resolve())
    for name in _listed(found.get("use")):
        used = (path.parent / str(name)).resolve()
        if depth >= DEEPEST or used in reading.seen:
            continue
        try:
            inner = read(used)
        except ScenarioError as error:
            reading.problems += error.problems
            continue
        _check(reading, Parts, inner, used)
        _take(reading, inner, used, depth + 1)
    for section, kind in KINDS.items():
        members = found.get(section)
        for name, given in members.items() if isinstance(members, Lined) else ():
            if name in reading.cast or name in DERIVED or name in roles.ALL or name == "agreement":
                reading.wrong(path, getattr(members, "line", 1), f"{section}: {name!r} is taken already")
            elif not isinstance(given, Lined):
                reading.wrong(path, getattr(members, "line", 1), f"{section}: {name}: write {{}} for all generated")
            else:
                reading.cast[name] = Member(name, kind, given, path, given.line)
                for key in given.keys() - FIELDS[kind].keys():
                    what = f"{section}: {name}: a {kind} has no {key} (it has {', '.join(FIELDS[kind])})"
                    reading.wrong(path, given.line, what)
    for raw in _listed(found.get("steps")):
        _take_step(reading, raw, path)


def _take_step(reading: _Reading, raw: Any, path: Path) -> None:
    if not isinstance(raw, Lined):
        return  # the schema has said so
    actions = [key for key in raw if key in ACTIONS]
    if len(actions) > 1 or (not actions and "at" not in raw):
        what = f"a step does one thing ({', '.join(ACTIONS)}) or moves time (at), not {', '.join(raw) or 'nothing'}"
        reading.wrong(path, raw.line, what)
        return
    action = actions[0] if actions else ""
    loaded = _check(reading, ACTIONS[action] if actions else Step, raw, path)
    reading.steps.append(PlayedStep(path, raw.line, len(reading.steps) + 1, action, loaded))


def _check(reading: _Reading, schema: type[Any], raw: Lined, path: Path) -> dict[str, Any]:
    """What the schema makes of it; its errors become problems, and what was wrong is left out."""
    try:
        return dict(schema().load(raw))
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, Mapping) else {"": error.messages}
        for where, what in _flat(messages):
            reading.wrong(path, _line(raw, where), f"{'.'.join(where)}: {what}")
        return dict(error.valid_data) if isinstance(error.valid_data, Mapping) else {}


def _flat(messages: Mapping[Any, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in messages.items():
        here = (*before, str(key)) if str(key) != "_schema" else before
        if isinstance(value, Mapping):
            yield from _flat(value, here)
        else:
            yield here, " ".join(str(one) for one in value)


def _line(raw: Any, where: tuple[str, ...]) -> int:
    """The line of the innermost mapping on the way."""
    line = getattr(raw, "line", 1)
    for part in where:
        raw = raw.get(part) if isinstance(raw, Mapping) else None
        line = getattr(raw, "line", line)
    return int(line)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# --- the rules: programmes and overlays that there are ----------------------------------------------------------------


def _check_rules(reading: _Reading, loaded: Mapping[str, Any], packs: Path | None, path: Path, line: int) -> None:
    """Every programme that is named has a pack, every overlay is one of theirs."""
    if packs is not None and not packs.is_dir():
        reading.wrong(path, line, f"packs: there is no folder {loaded['packs']}")
        return
    try:
        there = library(packs)
    except PackError as error:
        reading.wrong(path, line, f"packs: {error}")
        return
    named = [(path, line, loaded.get("programme"))]
    named += [(one.file, one.line, one.given.get("programme")) for one in reading.cast.values()]
    for step in reading.steps:
        named += [(step.file, step.line, code) for code in _programmes(step)]
    for file, at, code in named:
        if isinstance(code, str) and not code.startswith("$") and code not in there.codes():
            reading.wrong(file, at, f"programme: there is no {code!r} (there are {', '.join(there.codes())})")
    overlays = {header.code for header in there.overlays()}
    for code in loaded.get("overlays", ()):
        if code not in overlays:
            reading.wrong(path, line, f"overlays: there is no {code!r} (there are {', '.join(sorted(overlays))})")


def _programmes(step: PlayedStep) -> Iterator[Any]:
    """The codes of programmes that a step names; what it asks for in order to be refused is its own matter."""
    yield step.body.get("programme")
    if "refused" not in step.body:
        yield step.body.get("with_", {}).get("programme")
    who = AS.fullmatch(str(step.body.get("as_", "")))
    yield who and who["programme"]
    yield from (name.split(":")[1] for name in step.body.get("balances", {}) if ":" in name)


# --- the story: who, when, and which names are known by then ----------------------------------------------------------


def _check_story(reading: _Reading, starts: str) -> None:
    known = {*reading.cast, "agreement"}
    for member in reading.cast.values():
        for name in names_in(member.given):
            if name.split(".")[0] not in reading.cast:
                reading.wrong(member.file, member.line, f"${name} is nobody of the cast")
    try:
        now = moment(starts)
    except Unreadable:
        return
    for step in reading.steps:
        if "at" in step.body:
            then = moment(step.body["at"])
            if then < now:
                reading.wrong(step.file, step.line, f"at: {step.body['at']} goes back in time")
            now = max(now, then)
        _check_step(reading, step, known)


def _check_step(reading: _Reading, step: PlayedStep, known: set[str]) -> None:
    body = step.body
    if step.action == "call" and "call" in body:
        _check_call(reading, step)
    _check_people(reading, step, known)
    made = {name.removeprefix("new.") for name in names_in(body.get("with_", {})) if name.startswith("new.")}
    for part in ("with_", "expect", "decided", "refused", "balances", "notified", "board", "claim"):
        for name in names_in(body.get(part, {})):
            if _root(name) not in known | made:
                reading.wrong(step.file, step.line, f"${name} has not been saved before")
    known |= made
    saved = body.get("save") if step.action == "call" else None
    known |= set(saved or ())
    inner = body.get(step.action)
    if isinstance(inner, Mapping) and isinstance(inner.get("save"), str):
        known.add(inner["save"])


def _check_call(reading: _Reading, step: PlayedStep) -> None:
    method = METHODS[step.body["call"]]
    there = method.request().fields
    for key in step.body.get("with_", {}):
        if key not in there:
            what = f"with: {step.body['call']} has no field {key} (it has {', '.join(there)})"
            reading.wrong(step.file, step.line, what)
    who = step.body.get("as_")
    if who is None and roles.PLATFORM not in method.roles:
        reading.wrong(step.file, step.line, f"as: say who calls {step.body['call']}")
    if who is not None:
        parsed = AS.fullmatch(who)
        if parsed is None or (parsed["who"] not in reading.cast and parsed["who"] not in roles.ALL):
            reading.wrong(step.file, step.line, f"as: {who!r} is neither of the cast nor a role")
        elif parsed["of"] is not None and parsed["of"] not in reading.cast:
            reading.wrong(step.file, step.line, f"as: {parsed['of']!r} is not of the cast")
    if "refused" in step.body and ("expect" in step.body or "save" in step.body):
        reading.wrong(step.file, step.line, "what is refused has no result to expect or save")


# act → key of what it takes (none: the act itself is a list), and the kind each must be; none: something saved before
PEOPLE: Mapping[str, tuple[tuple[str | None, tuple[str, ...]], ...]] = {
    "enrol": ((None, ("enterprise", "provider")),),
    "upload": (("of", ("enterprise", "provider")),),
    "shelve": ((None, ("product",)),),
    "grant": (("to", ("enterprise",)),),
    "file": (("by", ("enterprise",)), ("provider", ("provider",))),
    "buy": (("by", ("enterprise",)), ("product", ("product",))),
    "open": ((None, ()),),
    "claim": (("order", ()),),
    "review": (("claims", ()),),
    "pay": (("of", ("provider",)),),
    "case": (("against", ("provider", "enterprise")),),
}


def _check_people(reading: _Reading, step: PlayedStep, known: set[str]) -> None:
    """The short names that an act takes, without `$`."""
    body = step.body.get(step.action)
    for key, kinds in PEOPLE.get(step.action, ()):
        taken = body if key is None else body.get(key, ()) if isinstance(body, Mapping) else ()
        for name in [taken] if isinstance(taken, str) else taken or ():
            member = reading.cast.get(name)
            if kinds and (member is None or member.kind not in kinds):
                reading.wrong(step.file, step.line, f"{step.action}: {name!r} is no {' or '.join(kinds)} of the cast")
            elif not kinds and name not in known:
                reading.wrong(step.file, step.line, f"{step.action}: {name!r} has not been saved before")


def _root(name: str) -> str:
    first, _, rest = name.partition(".")
    return rest.split(".")[0] if first in DERIVED and rest else first
