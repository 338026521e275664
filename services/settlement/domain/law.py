"""Which articles a decision of settlement rests on: read from the pack by the name of the rule, none in code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack


def article(pack: Pack, path: str) -> str | None:
    """The article of the rule at `path`; None where this programme has no such rule."""
    try:
        return pack.article(path)
    except LookupError:
        return None


def review_article(pack: Pack, subject: str, role: str) -> str | None:
    """The article of that role's stage in the review of `subject`; where none is named, that of the role's duties."""
    stage = next((stage for stage in pack.stages(subject) if stage.role == role), None)
    return stage.article if stage is not None else article(pack, f"roles.{role}")


def payment_article(pack: Pack, role: str) -> str | None:
    """The article of that role's step on the money's path."""
    path = pack.payment.path if pack.payment else ()
    return next((step.article for step in path if step.role == role), None)


def refuse(pack: Pack, code: str, field: str | None, by: str | None, **facts: Any) -> Refused:
    """A refusal by the article `by`, with the numbers that went in and the version of the pack."""
    return Refused(code, field, by, {**facts, "pack_version": pack.label})


def decide(pack: Pack, action: str, subject: str, by: Sequence[str | None], **facts: Any) -> Decision:
    """A decision on `subject` by the articles `by` (those that there are, each once), with the facts that went in."""
    articles = tuple(dict.fromkeys(one for one in by if one is not None))
    return Decision(action, subject, pack.code, pack.label, articles, facts)


def law(decision: Decision) -> Mapping[str, Any]:
    """The `law` of an event."""
    return {
        "pack_version": decision.pack_version,
        "articles": list(decision.articles),
        "facts": dict(decision.facts),
    }
