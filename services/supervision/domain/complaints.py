"""The life of an enterprise's complaint about a provider, which the operator follows up and answers (第九条)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.supervision.domain.screening import articles

# state → what may follow
NEXT: Mapping[str, frozenset[str]] = {"open": frozenset({"answered"}), "answered": frozenset()}

SAID = ("programme", "enterprise_id", "provider_id", "order_id", "text")

Row = Mapping[str, Any]


def may_become(status: str, following: str) -> bool:
    """Is the transition listed?"""
    return following in NEXT[status]


def complaint_articles(pack: Pack | None) -> tuple[str, ...]:
    """The article by which complaints are followed up; none when the programme has no such rule."""
    return articles(pack, "supervision.complaints")


def same(*, filed: Row, body: Row) -> bool:
    """Does the body say again what was filed under its id?"""
    return all(filed[name] == body.get(name) for name in SAID)


def parties_problem(*, body: Row, enterprise: Row | None, provider: Row | None, order: Row | None) -> Refused | None:
    """Why the body's parties or order cannot be meant: NOT_YET_KNOWN, or NOT_FOUND when a party is of another kind or
    programme, or the order not between the two. `order` counts only when the body names one."""
    for field, kind, party in (("enterprise_id", "enterprise", enterprise), ("provider_id", "provider", provider)):
        if party is None:
            return Refused("NOT_YET_KNOWN", field)
        if (party["kind"], party["programme"]) != (kind, body["programme"]):
            return Refused("NOT_FOUND", field)
    if body.get("order_id") is None:
        return None
    if order is None:
        return Refused("NOT_YET_KNOWN", "order_id")
    between = all(order[name] == body[name] for name in ("enterprise_id", "provider_id", "programme"))
    return None if between else Refused("NOT_FOUND", "order_id")
