"""Finds rules of a pack by what a notice or the board says of them, where packs differ in how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.programmes import Pack
from contracts.programmes.schema import Rule, Stage, Step

Data = Mapping[str, Any]


def rules_at(pack: Pack | None, path: str, data: Data) -> tuple[Rule, ...]:
    """The rules at a dotted path; none where the programme has no such rule, or leaves it to a locality.

    `{field}` is the event's. The last part of `reviews.<subject>.…` (by the event's track) and `payment.path.…` says
    which of the steps: a role or name, `first`, `last`, `later` (all but the first), `after:<role>`, or `*`.
    `assessments.*` and `targets.*` are all of a section; `?field=value` leaves those that have that value.
    """
    if pack is None:
        return ()
    where, _, test = path.format_map(data).partition("?")
    field, _, value = test.partition("=")
    return tuple(rule for rule in _found(pack, where, data) if not test or getattr(rule, field, None) == value)


def _found(pack: Pack, path: str, data: Data) -> tuple[Rule, ...]:
    head, _, which = path.rpartition(".")
    if head in ("assessments", "targets") and which == "*":
        return tuple(getattr(pack, head).values())
    if head == "payment.path":
        return _chosen(pack.payment.path if pack.payment else (), which)
    if head.startswith("reviews."):
        return _chosen(pack.stages(head.removeprefix("reviews."), data.get("track")), which)
    try:
        return (pack.rule(path),)
    except LookupError:
        return ()


def _chosen(steps: Sequence[Stage | Step], which: str) -> tuple[Rule, ...]:
    match which:
        case "*":
            return tuple(steps)
        case "first":
            return tuple(steps[:1])
        case "last":
            return tuple(steps[-1:])
        case "later":
            return tuple(steps[1:])
    if which.startswith("after:"):
        former = which.removeprefix("after:")
        return next((tuple(steps[at : at + 1]) for at, step in enumerate(steps, 1) if step.role == former), ())
    return next(((step,) for step in steps if which in (step.role, step.name)), ())


def articles_at(pack: Pack | None, paths: Sequence[str], data: Data) -> tuple[str, ...]:
    """The articles at the first of these paths that leads to a rule, each once."""
    found = next((rules for path in paths if (rules := rules_at(pack, path, data))), ())
    return tuple(dict.fromkeys(rule.article for rule in found))


def roles_at(pack: Pack | None, path: str, data: Data) -> tuple[str, ...]:
    """Roles of the offices that the rules at the path give a task to; parties are no offices."""
    given = (getattr(rule, "role", None) or getattr(rule, "answered_by", None) for rule in rules_at(pack, path, data))
    return tuple(dict.fromkeys(role for role in given if role and role not in _PARTIES))


_PARTIES = frozenset({"enterprise", "provider", "platform_provider", "platform"})
