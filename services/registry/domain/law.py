"""The law of a decision, in the one form that answers, events and the decision log share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Decision
from contracts.programmes import Pack


def decided(
    *,
    action: str,
    subject: str,
    pack: Pack,
    articles: Sequence[str],
    facts: Mapping[str, Any] | None = None,
    about: str | None = None,
) -> Decision:
    """A decision under this pack; each article once, in the order given. about: whose history it is as well."""
    return Decision(
        action=action,
        subject=subject,
        programme=pack.code,
        pack_version=pack.label,
        articles=tuple(dict.fromkeys(articles)),
        facts=dict(facts or {}),
        about=about,
    )


def article_of(pack: Pack, path: str) -> str | None:
    """The article of a rule; None where the programme states no such rule, or leaves it to others who have not."""
    try:
        return pack.article(path)
    except LookupError:
        return None


def articles_of(pack: Pack, *paths: str) -> list[str]:
    """The articles of those rules that the programme states, in the order asked for."""
    return [article for article in (article_of(pack, path) for path in paths) if article]
