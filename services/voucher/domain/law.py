"""Which article a decision of this service rests on: read from the pack by the name of its rule, none in code."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.schema import Condition
from services.voucher.domain.eligibility import CONDITIONS, eligibility
from services.voucher.domain.facts import FactNotGiven, Facts


def article(pack: Pack, path: str) -> str | None:
    """The article of the rule at `path`; None where this programme has no such rule."""
    try:
        return pack.article(path)
    except LookupError:
        return None


def articles(pack: Pack, *paths: str) -> tuple[str, ...]:
    """The articles of the rules that there are, each once."""
    return tuple(dict.fromkeys(found for path in paths if (found := article(pack, path)) is not None))


def refuse(pack: Pack, code: str, field: str | None, *paths: str, **facts: Any) -> Refused:
    """A refusal by the first rule at `paths` that there is, with what went in and the version of the pack."""
    return Refused(code, field, next(iter(articles(pack, *paths)), None), {**facts, "pack_version": pack.label})


def absent(pack: Pack, path: str, *, field: str | None = "programme") -> Refused:
    """The programme has no rule at `path`: it is not stated, or left to others who have not filled it."""
    delegation = pack.unfilled(path)
    found = {"rule": path, "pack_version": pack.label}
    if delegation is not None:
        return Refused("DELEGATED_RULE_MISSING", field, delegation.article, found)
    return Refused("RULE_ABSENT", field, None, found)


def ineligible(pack: Pack, facts: Facts, *, skip: Collection[Condition] = ()) -> Refused | None:
    """The first condition of the pack that is not met, with all codes; FACT_MISSING where nobody has told the fact."""
    try:
        reasons = eligibility(pack=pack, facts=facts, skip=skip)
    except FactNotGiven as missing:
        of = next((condition for condition, _, fact, _ in CONDITIONS if fact == missing.name), "industry")
        return refuse(pack, "FACT_MISSING", missing.name, f"eligibility.{of}", missing=[missing.name])
    return first_of(pack, reasons) if reasons else None


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
