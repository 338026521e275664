"""Which change of a published JSON Schema breaks someone who holds the old one."""

from __future__ import annotations

from typing import Any

_LIMITS_UP = ("minimum", "minLength", "minItems")
_LIMITS_DOWN = ("maximum", "maxLength", "maxItems")


def breaking(old: dict[str, Any], new: dict[str, Any], *, written_by: str, where: str = "") -> list[str]:
    """Lines that name what breaks; empty when every old party can go on.

    written_by="producer" (events, responses): others read it, so nothing may go missing or mean more.
    written_by="consumer" (requests): others write it, so nothing may become required, or be taken away.
    """
    found: list[str] = []
    if _types(old) != _types(new) and not (written_by == "consumer" and _types(old) <= _types(new)):
        found.append(f"{where or '.'}: type {sorted(_types(old))} became {sorted(_types(new))}")
    found += _properties(old, new, written_by, where)
    found += _limits(old, new, written_by, where)
    for key in ("items",):
        if key in old and key in new:
            found += breaking(old[key], new[key], written_by=written_by, where=f"{where}[]")
    for name in sorted(set(old.get("$defs", {})) & set(new.get("$defs", {}))):
        found += breaking(old["$defs"][name], new["$defs"][name], written_by=written_by, where=f"{where}#{name}")
    return found


def _types(schema: dict[str, Any]) -> set[str]:
    kinds = schema.get("type", [])
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    found |= {part.get("type") or part.get("$ref", "") for part in schema.get("anyOf", [])}
    return found | ({schema["$ref"]} if "$ref" in schema else set())


def _properties(old: dict[str, Any], new: dict[str, Any], written_by: str, where: str) -> list[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    required_before, required_after = set(old.get("required", [])), set(new.get("required", []))
    found = [f"{where}.{name}: removed" for name in before if name not in after]
    if written_by == "consumer":
        found += [f"{where}.{name}: became required" for name in sorted(required_after - required_before)]
    else:
        found += [f"{where}.{name}: may now be missing" for name in sorted(required_before - required_after)]
        if old.get("additionalProperties") is False:
            found += [
                f"{where}.{name}: new, and old readers refuse what they do not know"
                for name in after
                if name not in before
            ]
    for name in before:
        if name in after:
            found += breaking(before[name], after[name], written_by=written_by, where=f"{where}.{name}")
    return found


def _limits(old: dict[str, Any], new: dict[str, Any], written_by: str, where: str) -> list[str]:
    found: list[str] = []
    if "enum" in old and "enum" in new:
        gone, come = set(old["enum"]) - set(new["enum"]), set(new["enum"]) - set(old["enum"])
        words = gone if written_by == "consumer" else come
        found += [
            f"{where}: the word {word!r} {'went' if written_by == 'consumer' else 'is new'}"
            for word in sorted(map(str, words))
        ]
    if written_by == "consumer":
        found += [f"{where}: {key} rose to {new[key]}" for key in _LIMITS_UP if new.get(key, 0) > old.get(key, 0)]
        found += [
            f"{where}: {key} fell to {new[key]}"
            for key in _LIMITS_DOWN
            if key in new and new[key] < old.get(key, float("inf"))
        ]
        if new.get("pattern") != old.get("pattern") and new.get("pattern"):
            found.append(f"{where}: the pattern changed")
    return found
