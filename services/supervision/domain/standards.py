"""A third party's standard, and an enterprise's evaluation against it: points item by item, the total computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.supervision.domain.regions import Articles, refused

Row = Mapping[str, Any]

FULL = 100


def rule_for(pack: Pack, name: str, *, roles: Collection[str]) -> Articles | Refused:
    """RULE_ABSENT for a name that assesses no enterprises, and for another role than the rule's."""
    rule = pack.assessments.get(name)
    if rule is None or rule.of != "enterprise":
        known = sorted(one for one, found in pack.assessments.items() if found.of == "enterprise")
        return refused(pack, "RULE_ABSENT", "name", rule.article if rule else None, assessments=known)
    if rule.role not in roles:
        return refused(pack, "RULE_ABSENT", "name", rule.article, of=rule.of, role=rule.role)
    return (rule.article,)


def judge_standard(*, pack: Pack, name: str, items: Sequence[Row], roles: Collection[str]) -> Articles | Refused:
    """May it be published? RULE_ABSENT; INVALID for an item named twice."""
    law = rule_for(pack, name, roles=roles)
    if isinstance(law, Refused):
        return law
    twice = sorted({one["item"] for one in items if sum(one["item"] == other["item"] for other in items) > 1})
    return refused(pack, "INVALID", "items", law[0], twice=twice) if twice else law


def judge_evaluation(
    *, pack: Pack, name: str, order: Row | None, standard: Row | None, points: Sequence[Row], roles: Collection[str]
) -> Articles | Refused:
    """RULE_ABSENT; NOT_YET_KNOWN, NOT_FOUND for an order of another programme; NOT_FOUND for a standard that there is
    not for this name, WRONG_STATE for one that was replaced; INVALID for points that are not of each item once, or
    above its maximum."""
    law = rule_for(pack, name, roles=roles)
    if isinstance(law, Refused):
        return law
    if order is None:
        return refused(pack, "NOT_YET_KNOWN", "order_id")
    if order["programme"] != pack.code:
        return refused(pack, "NOT_FOUND", "order_id", law[0])
    if standard is None or (standard["programme"], standard["name"]) != (pack.code, name):
        return refused(pack, "NOT_FOUND", "standard_id", law[0])
    if standard["status"] != "published":
        return refused(pack, "WRONG_STATE", "standard_id", law[0], version=standard["version"])
    return _points_problem(pack, law[0], standard["items"], points) or law


def _points_problem(pack: Pack, article: str, items: Sequence[Row], points: Sequence[Row]) -> Refused | None:
    most = {one["item"]: one["most"] for one in items}
    named = [one["item"] for one in points]
    if sorted(named) != sorted(most):
        missing, unknown = sorted(most.keys() - set(named)), sorted(set(named) - most.keys())
        twice = sorted({one for one in named if named.count(one) > 1})
        return refused(pack, "INVALID", "points", article, missing=missing, unknown=unknown, twice=twice)
    above = {one["item"]: most[one["item"]] for one in points if one["points"] > most[one["item"]]}
    return refused(pack, "INVALID", "points", article, most=above) if above else None


def total(items: Sequence[Row], points: Sequence[Row]) -> dict[str, int]:
    """Points reached of the most there are, and the score of 100, rounded down: the one place where it is."""
    reached, most = sum(one["points"] for one in points), sum(one["most"] for one in items)
    return {"reached": reached, "most": most, "score": FULL * reached // most}
