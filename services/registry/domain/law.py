"""The law of a decision, in the one form that answers, events and the decision log share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Decision
from contracts.programmes import Pack, Stage


def decided(
    *, action: str, subject: str, pack: Pack, articles: Sequence[str], facts: Mapping[str, Any] | None = None
) -> Decision:
    """A decision under this pack; each article once, in the order given."""
    return Decision(
        action=action,
        subject=subject,
        programme=pack.code,
        pack_version=pack.label,
        articles=tuple(dict.fromkeys(articles)),
        facts=dict(facts or {}),
    )


def article_of(pack: Pack, path: str) -> str | None:
    """The article of a rule; None where the programme states no such rule."""
    try:
        return pack.article(path)
    except KeyError:
        return None


def stage_at(pack: Pack, subject: str, index: int) -> Stage | None:
    """The stage of a review after `index` have passed; None when it has no more."""
    stages = pack.stages(subject)
    return stages[index] if index < len(stages) else None
