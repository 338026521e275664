"""The life of an enterprise's complaint about a provider, which the operator follows up and answers (第九条)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.supervision.domain.screening import articles

# state → what may follow
NEXT: Mapping[str, frozenset[str]] = {
    "open": frozenset({"answered"}),
    "answered": frozenset({"reopened"}),
    "reopened": frozenset({"answered"}),
}
WAITING = ("open", "reopened")
OUTCOMES = ("resolved", "rejected", "forwarded")

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
    said = all(filed[name] == body.get(name) for name in SAID)
    return said and body.get("product_id") in (None, filed["product_id"])


def may_reopen(*, complaint: Row, until: date | None, today: date) -> bool:
    """Answered, not reopened before, and not after the last day for it; never where the pack has no such days."""
    fresh = complaint["status"] == "answered" and complaint["reopened_at"] is None
    return fresh and until is not None and today <= until


def figures(complaints: Iterable[Row]) -> list[dict[str, Any]]:
    """By provider and product (None: no product was named): how many were filed, how they ended, how many were late,
    and the mean days from filing to the first answer, rounded down; None before the first."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for one in complaints:
        groups.setdefault((one["provider_id"], one["product_id"] or ""), []).append(one)
    return [_figures(provider_id, product_id, rows) for (provider_id, product_id), rows in sorted(groups.items())]


def _figures(provider_id: str, product_id: str, rows: Sequence[Row]) -> dict[str, Any]:
    answers = [(row["first_answered_at"] or row["answered_at"], row["filed_at"]) for row in rows]
    took = [(answered - filed).days for answered, filed in answers if answered is not None]
    return {
        "provider_id": provider_id,
        "product_id": product_id or None,
        "filed": len(rows),
        **{outcome: sum(row["outcome"] == outcome for row in rows) for outcome in OUTCOMES},
        "waiting": sum(row["status"] in WAITING for row in rows),
        "reopened": sum(row["reopened_at"] is not None for row in rows),
        "overdue": sum(bool(row["overdue_at"] or row["first_overdue_at"]) for row in rows),
        "mean_days": sum(took) // len(took) if took else None,
    }


def parties_problem(
    *, body: Row, enterprise: Row | None, provider: Row | None, order: Row | None, product: Row | None
) -> Refused | None:
    """Why the body's parties, order or product cannot be meant: NOT_YET_KNOWN, or NOT_FOUND when a party is of another
    kind or programme, the order not between the two, the product another's. An order's product is what it is about."""
    for field, kind, party in (("enterprise_id", "enterprise", enterprise), ("provider_id", "provider", provider)):
        if party is None:
            return Refused("NOT_YET_KNOWN", field)
        if (party["kind"], party["programme"]) != (kind, body["programme"]):
            return Refused("NOT_FOUND", field)
    if body.get("order_id") is not None:
        if order is None:
            return Refused("NOT_YET_KNOWN", "order_id")
        if not all(order[name] == body[name] for name in ("enterprise_id", "provider_id", "programme")):
            return Refused("NOT_FOUND", "order_id")
    return _product_problem(body, order, product)


def _product_problem(body: Row, order: Row | None, product: Row | None) -> Refused | None:
    product_id = body.get("product_id")
    if product_id is None:
        return None
    if order is not None:
        return None if order["product_id"] == product_id else Refused("NOT_FOUND", "product_id")
    if product is None:
        return Refused("NOT_YET_KNOWN", "product_id")
    own = (product["provider_id"], product["programme"]) == (body["provider_id"], body["programme"])
    return None if own else Refused("NOT_FOUND", "product_id")
