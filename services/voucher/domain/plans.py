"""The yearly issuance plan: made by the bureau, configured by the operator and so published, closed after its year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from contracts.errors import Refused
from contracts.programmes import Pack
from services.voucher.domain import ledger
from services.voucher.domain.entitlement import quota
from services.voucher.domain.facts import Facts
from services.voucher.domain.law import refuse

# state → what may follow
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "made": frozenset({"published"}),
    "published": frozenset({"closed"}),
    "closed": frozenset(),
}


@dataclass(frozen=True)
class Plan:
    """One programme's money for one year. quota_fen: of one enterprise; last_place: the last that was given out."""

    plan_id: str
    programme: str
    year: int
    budget_fen: int
    quota_fen: int
    opens_on: date
    document: str
    status: str
    made_by: str
    made_at: datetime
    configured_by: str | None
    last_place: int
    lapsed_fen: int
    sequence: int


def make(
    *,
    pack: Pack,
    plan_id: str,
    year: int,
    budget_fen: int,
    opens_on: date,
    document: str,
    existing: Plan | None,
    made_by: str,
    now: datetime,
    today: date,
) -> Plan | Refused:
    """A new plan; PLAN_EXISTS, PLAN_DATES, OUT_OF_PERIOD (第十五条). The quota is the pack's yearly cap (第十六条)."""
    if existing is not None:
        return refuse(pack, "PLAN_EXISTS", "year", "issuing.plan", plan_id=existing.plan_id, year=year)
    if opens_on.year != year or year < today.year:
        dates = {"opens_on": opens_on.isoformat(), "year": year, "today": today.isoformat()}
        return refuse(pack, "PLAN_DATES", "opens_on", "issuing.plan", **dates)
    if not pack.period.contains(opens_on):
        return refuse(pack, "OUT_OF_PERIOD", "opens_on", "period", opens_on=opens_on.isoformat())
    if pack.issuing is None or pack.issuing.instrument != "quota":
        return Refused("NO_QUOTA", "programme", None, {"pack_version": pack.label})
    entitlement = quota(pack=pack, facts=Facts(on=opens_on, used_this_year_fen=0))
    if entitlement.refusals:
        return entitlement.refusals[0]
    return Plan(
        plan_id=plan_id,
        programme=pack.code,
        year=year,
        budget_fen=budget_fen,
        quota_fen=entitlement.amount_fen,
        opens_on=opens_on,
        document=document,
        status="made",
        made_by=made_by,
        made_at=now,
        configured_by=None,
        last_place=0,
        lapsed_fen=0,
        sequence=1,
    )


def configure(
    *, pack: Pack, plan: Plan, budget_fen: int, configured_by: str
) -> tuple[Plan, tuple[ledger.Move, ...]] | Refused:
    """Publish the plan and put its money where it can be applied for; by another person than the one who made it."""
    if "published" not in TRANSITIONS[plan.status]:
        return refuse(pack, "WRONG_STATE", "plan_id", "issuing.configure", status=plan.status)
    if plan.made_by == configured_by:
        return refuse(pack, "SAME_PERSON", None, "issuing.configure", subject=plan.plan_id)
    if budget_fen != plan.budget_fen:
        amounts = {"planned_fen": plan.budget_fen, "configured_fen": budget_fen}
        return refuse(pack, "PLAN_MISMATCH", "budget_fen", "issuing.configure", subject=plan.plan_id, **amounts)
    money = ledger.Move(
        kind="posted",
        debit=ledger.source(plan.programme, plan.year),
        credit=ledger.budget(plan.programme, plan.year),
        amount_fen=plan.budget_fen,
        reason="plan_published",
    )
    published = replace(plan, status="published", configured_by=configured_by, sequence=plan.sequence + 1)
    return published, (money,)


def over(plan: Plan, today: date) -> bool:
    """Has the plan's year passed (第十六条: the quota is that year's)?"""
    return today.year > plan.year


def takes_applications(*, pack: Pack, plan: Plan | None, programme: str, year: int, today: date) -> Refused | None:
    """None when the plan is published, open and its year not over; else NO_PLAN with what is missing (第十五条)."""
    facts = {"year": year, "today": today.isoformat()}
    if plan is None:
        return refuse(pack, "NO_PLAN", "year", "issuing.plan", status="none", **facts)
    if plan.status != "published" or over(plan, today) or today < plan.opens_on:
        facts |= {"status": plan.status, "opens_on": plan.opens_on.isoformat()}
        return refuse(pack, "NO_PLAN", "year", "issuing.publish", **facts)
    return None


def state(plan: Plan, law: Mapping[str, object]) -> dict[str, object]:
    """The plan as its events tell of it."""
    return {
        "plan_id": plan.plan_id,
        "programme": plan.programme,
        "year": plan.year,
        "budget_fen": plan.budget_fen,
        "quota_fen": plan.quota_fen,
        "opens_on": plan.opens_on,
        "document": plan.document,
        "status": plan.status,
        "law": law,
    }


def close(*, plan: Plan, free_fen: int, lapsed_fen: int) -> tuple[Plan, tuple[ledger.Move, ...]]:
    """The year is over and all quotas have lapsed: what was never applied for lapses too. lapsed_fen: in all."""
    moves: tuple[ledger.Move, ...] = ()
    if free_fen:
        where = ledger.budget(plan.programme, plan.year), ledger.lapsed(plan.programme, plan.year)
        moves = (ledger.Move("posted", *where, free_fen, "year_closed"),)
    return replace(plan, status="closed", lapsed_fen=lapsed_fen, sequence=plan.sequence + 1), moves
