"""Who may open an assessment of what, for which period, by the pack's `assessments`; and the figures kept with it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.schema import Assessment
from services.supervision.domain.figures import Count, totals
from services.supervision.domain.regions import Articles, out_of_period, refused, span

Counts = Mapping[str, int]

# who assesses one of these calls that
ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "city": ("evaluate_region", "report_progress"),
    "enterprise": ("publish_standard", "evaluate_enterprise"),
}
HAVE_SERVED = ("admitted", "suspended", "leaving", "exited")  # of a provider: it may have had orders
OF_EFFECT = ("registered", "on_cloud", "by_kind", "spending_fen", "redeemed_fen")


def judge_assessment(
    *,
    pack: Pack,
    name: str,
    subject_id: str,
    party: Mapping[str, Any] | None,
    period: str,
    roles: Collection[str],
    today: date,
) -> Articles | Refused:
    """May it be opened? RULE_ABSENT for a name the pack has not, for cities and enterprises, for a rule without
    indicators, and for another role than the rule's; INVALID for a subject where none belongs or the other way round,
    and for a period of another length; NOT_YET_KNOWN, NOT_FOUND for a party of another kind or programme; WRONG_STATE
    for a provider that was never admitted and for a period that has not ended, OUT_OF_PERIOD."""
    rule = pack.assessments.get(name)
    if rule is None:
        return refused(pack, "RULE_ABSENT", "name", assessments=sorted(pack.assessments))
    if rule.of in ELSEWHERE:
        return refused(pack, "RULE_ABSENT", "name", rule.article, of=rule.of, methods=list(ELSEWHERE[rule.of]))
    if not rule.indicators:
        return refused(pack, "RULE_ABSENT", "name", rule.article, of=rule.of, indicators=[])
    if rule.role not in roles:
        return refused(pack, "RULE_ABSENT", "name", rule.article, of=rule.of, role=rule.role)
    unfit = _unfit_subject(pack, rule, subject_id, party)
    if unfit is not None:
        return unfit
    asked = span(period)
    if rule.every not in (asked.every, "regularly"):
        return refused(pack, "INVALID", "period", rule.article, every=rule.every)
    if asked.last >= today:
        return refused(pack, "WRONG_STATE", "period", rule.article, ends_on=asked.last.isoformat())
    return out_of_period(pack, asked, "period") or (rule.article,)


def _unfit_subject(pack: Pack, rule: Assessment, subject_id: str, party: Mapping[str, Any] | None) -> Refused | None:
    if bool(subject_id) == (rule.of == "effect"):
        return refused(pack, "INVALID", "subject_id", rule.article, of=rule.of)
    if rule.of == "effect":
        return None
    if party is None:
        return refused(pack, "NOT_YET_KNOWN", "subject_id")
    if (party["kind"], party["programme"]) != (rule.of, pack.code):
        return refused(pack, "NOT_FOUND", "subject_id", of=rule.of)
    if party["status"] not in HAVE_SERVED:
        return refused(pack, "WRONG_STATE", "subject_id", rule.article, status=party["status"])
    return None


def effect_figures(counts: Iterable[Count], *, period: str) -> dict[str, Any]:
    """The whole programme's, of the year that the period lies in, as `region_figures` counts them."""
    year = span(period).first.year
    found = totals(counts, year=year)
    return {"year": year, **{name: found[name] for name in OF_EFFECT}}


def party_figures(record: Mapping[str, Mapping[str, Counts]], *, subject_id: str) -> dict[str, dict[str, int]]:
    """How many orders, claims and so on the party has in each state: all that the record knows, whatever the period,
    for it does not tell of each when it came there."""
    return {what: dict(sorted(found.get(subject_id, {}).items())) for what, found in record.items()}
