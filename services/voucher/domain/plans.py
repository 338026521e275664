"""The yearly issuance plan: a region's money for a year, made by one office, configured by another and so published.

Which office does which, whether denominations are stated and how much localities add, is the pack's. An enterprise is
served by the plan of the smallest region it lies in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from contracts.errors import Refused
from contracts.money import format_rate
from contracts.programmes import Pack
from contracts.programmes.places import holds
from services.voucher.domain import ledger
from services.voucher.domain.entitlement import quota
from services.voucher.domain.facts import Facts
from services.voucher.domain.law import absent, refuse

# state → what may follow
TRANSITIONS: Mapping[str, frozenset[str]] = {
    "made": frozenset({"published"}),
    "published": frozenset({"closed"}),
    "closed": frozenset(),
}
LEVELS = {2: "province", 4: "city", 6: "county"}  # of a region, by the digits that name it
APPLIED = ("quota", "registered_voucher")  # instruments whose money is applied for before an order spends it


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is planned. region: whose money it is; denominations, funds: as `MakePlan` of the contract lists them."""

    plan_id: str
    programme: str
    year: int
    region: str
    budget_fen: int
    denominations: Sequence[Mapping[str, Any]]
    funds: Sequence[Mapping[str, Any]]
    opens_on: date
    document: str


@dataclass(frozen=True, kw_only=True)
class Plan(Draft):
    """One region's money for one year. purse: its region in the names of accounts, empty for the programme's own.

    quota_fen: of one enterprise, 0 where nothing is applied for. last_place: the last that was given out. carries: what
    is left goes on to the next year; defers: what is lacking is made up by the next. carried_fen, made_up_fen: as they
    were when it was published. rounds: how often due work has moved its money.
    """

    purse: str
    quota_fen: int
    status: str
    made_by: str
    made_at: datetime
    configured_by: str | None
    last_place: int
    lapsed_fen: int
    carries: bool
    defers: bool
    carried_fen: int
    made_up_fen: int
    pack_version: str
    rounds: int
    sequence: int

    @property
    def key(self) -> tuple[str, int, str]:
        return self.programme, self.year, self.region

    @property
    def budget(self) -> str:
        return ledger.budget(self.programme, self.year, self.purse)

    @property
    def lapsed(self) -> str:
        return ledger.lapsed(self.programme, self.year, self.purse)

    @property
    def deferred(self) -> str:
        return ledger.deferred(self.programme, self.year, self.purse)

    @property
    def leaves(self) -> bool:
        """Can this year leave something to another?"""
        return self.carries or self.defers

    @property
    def draft(self) -> Draft:
        """What was planned, to compare with what is planned again."""
        return Draft(**{name: getattr(self, name) for name in Draft.__dataclass_fields__})


def region_of(code: str) -> str:
    """The digits that a region and all that lies in it have in common: 370200 is 3702, a city, and 370000 is 37."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def applied_for(pack: Pack) -> bool:
    """Does an enterprise apply for money before an order may spend it?"""
    return pack.issuing is not None and pack.issuing.instrument in APPLIED


def make(
    *,
    pack: Pack,
    home: str,
    draft: Draft,
    existing: Plan | None,
    made_by: str,
    roles: Collection[str],
    office: str | None,
    now: datetime,
    today: date,
) -> Plan | Refused:
    """A new plan, or the first reason why not (贵州 第十五条; 内蒙古 五(一)).

    home: the programme's own region. office: the region that the caller's token is for, if it is for one.
    """
    refused = (
        may(pack, "plan", roles)
        or _elsewhere(pack, "plan", draft, office)
        or _placed(pack, home, draft, existing, today)
        or _undecided(pack)
        or _denominations(pack, draft)
        or _funds(pack, draft)
    )
    if refused is not None:
        return refused
    quota_fen = _quota_fen(pack, draft)
    if isinstance(quota_fen, Refused):
        return quota_fen
    return Plan(
        **vars(draft),
        purse="" if draft.region == home else draft.region,
        quota_fen=quota_fen,
        status="made",
        made_by=made_by,
        made_at=now,
        configured_by=None,
        last_place=0,
        lapsed_fen=0,
        carries=pack.budget is not None and pack.budget.unspent == "carry_over",
        defers=pack.budget is not None and pack.budget.when_used_up == "defer",
        carried_fen=0,
        made_up_fen=0,
        pack_version=pack.label,
        rounds=0,
        sequence=1,
    )


def may(pack: Pack, step: str, roles: Collection[str]) -> Refused | None:
    """FORBIDDEN unless the caller has the role of that step of issuing; a step that is not stated is nobody's."""
    found = None if pack.issuing is None else getattr(pack.issuing, step)
    if found is None:
        return absent(pack, f"issuing.{step}")
    return None if found.role in roles else refuse(pack, "FORBIDDEN", None, f"issuing.{step}", role=found.role)


def _elsewhere(pack: Pack, step: str, draft: Draft, office: str | None) -> Refused | None:
    """An office that is of one region does this for what lies within it alone; one that names none, for all."""
    if office is None or holds(office, draft.region):
        return None
    return refuse(pack, "REGION_MISMATCH", "region", f"issuing.{step}", region=draft.region, office=office)


def _placed(pack: Pack, home: str, draft: Draft, existing: Plan | None, today: date) -> Refused | None:
    """Within the programme's region and period, in a year that is not over, and the only one."""
    if not draft.region.startswith(home):
        return refuse(pack, "REGION_MISMATCH", "region", "issuing.plan", region=draft.region, programme_region=home)
    if existing is not None:
        return refuse(pack, "PLAN_EXISTS", "year", "issuing.plan", plan_id=existing.plan_id, year=draft.year)
    if draft.opens_on.year != draft.year or draft.year < today.year:
        dates = {"opens_on": draft.opens_on.isoformat(), "year": draft.year, "today": today.isoformat()}
        return refuse(pack, "PLAN_DATES", "opens_on", "issuing.plan", **dates)
    if not pack.period.contains(draft.opens_on):
        return refuse(pack, "OUT_OF_PERIOD", "opens_on", "period", opens_on=draft.opens_on.isoformat())
    return None


def _undecided(pack: Pack) -> Refused | None:
    """No money is planned for amounts that nobody has set."""
    return absent(pack, "amount") if pack.amount is None else None


def _denominations(pack: Pack, draft: Draft) -> Refused | None:
    """Stated where the pack asks for them, each once, and in sum enough for the budget to be given out."""
    assert pack.issuing is not None
    stated = [one["denomination_fen"] for one in draft.denominations]
    if pack.issuing.denominations is None:
        return absent(pack, "issuing.denominations", field="denominations") if stated else None
    sum_fen = sum(one["denomination_fen"] * one["count"] for one in draft.denominations)
    if sum_fen < draft.budget_fen:
        found = {"budget_fen": draft.budget_fen, "denominations_fen": sum_fen}
        return refuse(pack, "DENOMINATIONS_MISSING", "denominations", "issuing.denominations", **found)
    if len(set(stated)) < len(stated):
        return refuse(pack, "INVALID", "denominations", "issuing.denominations", denominations_fen=sorted(stated))
    return None


def _funds(pack: Pack, draft: Draft) -> Refused | None:
    """The parts add up to the budget, and localities add what the pack asks for; where no parts are stated, it is all
    the money of the plan's region."""
    parts = dict.fromkeys(LEVELS.values(), 0)
    for fund in draft.funds or ({"level": LEVELS[len(draft.region)], "amount_fen": draft.budget_fen},):
        parts[fund["level"]] += fund["amount_fen"]
    if sum(parts.values()) != draft.budget_fen:
        sums = {"budget_fen": draft.budget_fen, "funds_fen": sum(parts.values())}
        return refuse(pack, "FUNDS_MISMATCH", "funds", "budget", **sums)
    matching = None if pack.budget is None else pack.budget.matching
    province_fen, added_fen = parts["province"], parts["city"] + parts["county"]
    if matching is None or added_fen >= province_fen * matching.rate:
        return None
    found = {"province_fen": province_fen, "matching_fen": added_fen, "rate": format_rate(matching.rate)}
    return refuse(pack, "MATCHING_MISSING", "funds", "budget.matching", **found)


def _quota_fen(pack: Pack, draft: Draft) -> int | Refused:
    """What one enterprise may apply for: the year's cap (贵州 第十六条); NO_QUOTA where there is no one sum for all."""
    if not applied_for(pack):
        return 0
    assert pack.amount is not None
    cap = None if pack.amount.cap is None else pack.amount.cap.of.get("all")
    if cap is None or cap.cap_fen is None:
        return refuse(pack, "NO_QUOTA", "programme", "issuing.apply")
    return quota(pack=pack, facts=Facts(on=draft.opens_on, used_this_year_fen=0)).amount_fen


def configure(
    *,
    pack: Pack,
    plan: Plan,
    budget_fen: int,
    configured_by: str,
    roles: Collection[str],
    office: str | None,
    today: date,
) -> tuple[Plan, ledger.Move] | Refused:
    """Publish the plan and put its money where it can be used; by another person than the one who made it."""
    refused = may(pack, "configure", roles) or _elsewhere(pack, "configure", plan, office)
    if refused is not None:
        return refused
    if "published" not in TRANSITIONS[plan.status]:
        return refuse(pack, "WRONG_STATE", "plan_id", "issuing.configure", status=plan.status)
    if plan.made_by == configured_by:
        return refuse(pack, "SAME_PERSON", None, "issuing.configure", subject=plan.plan_id)
    if over(plan, today):
        dates = {"year": plan.year, "today": today.isoformat()}
        return refuse(pack, "PLAN_DATES", "plan_id", "issuing.configure", subject=plan.plan_id, **dates)
    if budget_fen != plan.budget_fen:
        amounts = {"planned_fen": plan.budget_fen, "configured_fen": budget_fen}
        return refuse(pack, "PLAN_MISMATCH", "budget_fen", "issuing.configure", subject=plan.plan_id, **amounts)
    source = ledger.source(plan.programme, plan.year, plan.purse)
    money = ledger.Move("posted", source, plan.budget, plan.budget_fen, "plan_published")
    published = replace(plan, status="published", configured_by=configured_by, sequence=plan.sequence + 1)
    return published, money


def serving(plans: Iterable[Plan], region: str, *, bound_to: str | None = None) -> Plan | None:
    """The plan that serves an enterprise of that region: of the smallest region that holds it, published ones first.

    bound_to: the region of the plan that its quota of the year is of, if it has one: that plan goes on serving it,
    whatever is published later and wherever it moves. Whoever lies in no plan's region is left to the programme's own:
    whether it may take part is for the conditions.
    """
    known = list(plans)
    if bound_to is not None:
        return next((plan for plan in known if plan.region == bound_to), None)
    holding = [plan for plan in known if region.startswith(plan.region)] or [one for one in known if not one.purse]
    return max(holding, key=lambda plan: (plan.status != "made", len(plan.region)), default=None)


def over(plan: Plan, today: date) -> bool:
    """Has the plan's year passed (第十六条: the quota is that year's)?"""
    return today.year > plan.year


def open_for_use(*, pack: Pack, plan: Plan | None, year: int, today: date) -> Refused | None:
    """None when the plan is published, open and its year not over; else NO_PLAN with what is missing (第十五条)."""
    facts = {"year": year, "today": today.isoformat()}
    if plan is None:
        return refuse(pack, "NO_PLAN", "year", "issuing.plan", status="none", **facts)
    if plan.status != "published" or over(plan, today) or today < plan.opens_on:
        facts |= {"status": plan.status, "opens_on": plan.opens_on.isoformat()}
        return refuse(pack, "NO_PLAN", "year", "issuing.publish", "issuing.plan", **facts)
    return None


def state(plan: Plan, law: Mapping[str, object]) -> dict[str, object]:
    """The plan as its events tell of it."""
    names = (*Draft.__dataclass_fields__, "quota_fen", "carried_fen", "made_up_fen", "status")
    return {**{name: getattr(plan, name) for name in names}, "law": law}
