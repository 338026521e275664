"""Which article a decision of this service rests on: read from the pack by the name of its rule, none in code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack


def article(pack: Pack, path: str) -> str | None:
    """The article of the rule at `path`; None where this programme has no such rule."""
    try:
        return pack.article(path)
    except LookupError:
        return None


def articles(pack: Pack, *paths: str) -> tuple[str, ...]:
    """The articles of the rules that there are, each once."""
    return tuple(dict.fromkeys(found for path in paths if (found := article(pack, path)) is not None))


def refuse(pack: Pack, code: str, field: str | None, path: str, **facts: Any) -> Refused:
    """A refusal by the rule at `path`, with the numbers that went in and the version of the pack."""
    return Refused(code, field, article(pack, path), {**facts, "pack_version": pack.label})


def first_of(pack: Pack, refusals: tuple[Refused, ...], *, field: str | None = None) -> Refused:
    """Several reasons as one refusal: the first, with all codes under `reasons`; `field` as the caller named it."""
    first = refusals[0]
    facts: Mapping[str, Any] = {
        **first.facts,
        "reasons": [refusal.code for refusal in refusals],
        "pack_version": pack.label,
    }
    return Refused(first.code, field or first.field, first.article, facts)


def law(pack: Pack, articles: tuple[str, ...], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The `law` of an event."""
    return {"pack_version": pack.label, "articles": list(articles), "facts": dict(facts)}
