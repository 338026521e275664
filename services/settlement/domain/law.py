"""Which articles a decision of settlement rests on: read from the pack by the name of the rule, none in code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from contracts.programmes.schema import Stage


def article(pack: Pack, path: str) -> str | None:
    """The article of the rule at `path`; None where this programme has no such rule."""
    try:
        return pack.article(path)
    except LookupError:
        return None


def review_article(pack: Pack, stages: Sequence[Stage], role: str) -> str | None:
    """The article of that role's stage in a review; where it has none, that of the role's duties."""
    stage = next((stage for stage in stages if stage.role == role), None)
    return stage.article if stage is not None else article(pack, f"roles.{role}")


def payment_article(pack: Pack, role: str) -> str | None:
    """The article of that role's step on the money's path."""
    path = pack.payment.path if pack.payment else ()
    return next((step.article for step in path if step.role == role), None)


def absent(pack: Pack, path: str, field: str | None) -> Refused:
    """The rule at `path` is not there: DELEGATED_RULE_MISSING by who leaves it to others, else RULE_ABSENT."""
    delegation = pack.unfilled(path)
    if delegation is None:
        return refuse(pack, "RULE_ABSENT", field, None, rule=path)
    return refuse(pack, "DELEGATED_RULE_MISSING", field, delegation.article, rule=path)


def undecided(pack: Pack, path: str, field: str | None) -> Refused | None:
    """DELEGATED_RULE_MISSING where the rule at `path` is others' to write, and they have not."""
    return absent(pack, path, field) if pack.unfilled(path) is not None else None


def refuse(pack: Pack, code: str, field: str | None, by: str | None, **facts: Any) -> Refused:
    """A refusal by the article `by`, with the numbers that went in and the version of the pack."""
    return Refused(code, field, by, {**facts, "pack_version": pack.label})


def decide(pack: Pack, action: str, subject: str, by: Sequence[str | None], **facts: Any) -> Decision:
    """A decision on `subject` by the articles `by` (those that there are, each once), with the facts that went in."""
    articles = tuple(dict.fromkeys(one for one in by if one is not None))
    return Decision(action, subject, pack.code, pack.label, articles, facts)


def on_claim(claim_id: str, decision: Decision) -> Decision:
    """The decision on another record, as part of that claim's history too."""
    return replace(decision, about=claim_id)


def law(decision: Decision) -> Mapping[str, Any]:
    """The `law` of an event."""
    return {
        "pack_version": decision.pack_version,
        "articles": list(decision.articles),
        "facts": dict(decision.facts),
    }
