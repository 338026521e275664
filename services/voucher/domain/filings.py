"""Filings (备案): an enterprise is enrolled before it uses anything, or to be counted as on the cloud.

submitted ─approve─▶ in_review ─approve─▶ … ─last approve─▶ opened
    │ return, refuse, withdraw │
    ▼                          ▼
returned (handed in again: submitted), refused, withdrawn

Which documents it takes, whether it names a track or a category, who reviews it in which order, and when it is taken
are the pack's (沈阳 三(四)1–3, 三(五)1; 山西 四(二)).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, get_args

from contracts.errors import Refused
from contracts.programmes import Pack, Stage
from contracts.programmes.places import holds
from contracts.programmes.schema import Condition
from services.voucher.domain.eligibility import conditions_met, eligibility
from services.voucher.domain.facts import Facts, Name, needs
from services.voucher.domain.law import absent, article, articles, first_of, refuse
from services.voucher.domain.parties import Enterprise, Provider

WAITING = ("submitted", "in_review")  # some stage's turn
LIVE = (*WAITING, "returned", "opened")  # one of them for an enterprise and its track or category
# action → the states it may start from → the state it leads to
TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "submit": {"returned": "submitted"},
    "approve": {"submitted": "in_review", "in_review": "in_review"},
    "open": {"submitted": "opened", "in_review": "opened"},
    "return": {"submitted": "returned", "in_review": "returned"},
    "refuse": {"submitted": "refused", "in_review": "refused"},
    "withdraw": {"submitted": "withdrawn", "in_review": "withdrawn", "returned": "withdrawn"},
}
EVENT_OF: Mapping[str, str] = {
    "submit": "voucher.filing_submitted.v1",
    "approve": "voucher.filing_reviewed.v1",
    "open": "voucher.filing_opened.v1",
    "return": "voucher.filing_returned.v1",
    "refuse": "voucher.filing_refused.v1",
    "withdraw": "voucher.filing_withdrawn.v1",
}
# what is only known of an order: no filing waits for it
OF_ORDERS: frozenset[Name] = frozenset({"category", "price_fen", "paid_fen", "used_this_year_fen", "years_used"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """What an enterprise hands in: `SubmitFiling` of the contract. documents: each its kind and SHA-256."""

    filing_id: str
    enterprise_id: str
    programme: str
    track: str | None = None
    category: str | None = None
    provider_id: str | None = None
    prior_revenue_fen: int | None = None
    years_used: int = 0
    attested: tuple[str, ...] = ()
    documents: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Filing(Request):
    """region: the enterprise's when it was handed in, year: that day's. kind: its track or its category, as
    `filing.by` asks.

    passed: how many stages have approved it; stage: the role whose turn it is. intake_on: the day by which it was sent
    in to the stage that takes them once a month, which decides after that day (沈阳 三(四)3).
    filed_by: all who handed it in; reviewed_by: who has approved it since; none of them reviews it further.
    """

    region: str
    year: int
    kind: str
    priority: bool
    status: str
    passed: int
    stage: str | None
    intake_on: date | None
    opened_on: date | None
    reasons: tuple[str, ...]
    filed_by: tuple[str, ...]
    reviewed_by: tuple[str, ...]
    submitted_at: datetime
    pack_version: str
    sequence: int

    def may_be_handed_in_again_as(self, request: Request) -> bool:
        """It was returned, and is still of the same enterprise, track and category."""
        names = "enterprise_id", "programme", "track", "category"
        return self.status in TRANSITIONS["submit"] and all(getattr(self, n) == getattr(request, n) for n in names)

    def same_as(self, request: Request) -> bool:
        """Is this what was handed in?"""
        return all(getattr(self, name) == getattr(request, name) for name in Request.__dataclass_fields__)


# --- handing in -------------------------------------------------------------------------------------------------------


def submit(
    *,
    pack: Pack,
    request: Request,
    enterprise: Enterprise,
    provider: Provider | None,
    affiliated: bool,
    former: Filing | None,
    others: Iterable[Filing],
    filed_by: str,
    now: datetime,
    today: date,
) -> Filing | Refused:
    """A filing at its first stage, new or handed in again after a return; or every reason why not.

    provider: the one that is named, if any, and `affiliated` whether a tie to it is known. former: this filing as it
    was returned. others: the enterprise's other filings of the programme.
    """
    if pack.filing is None:
        return absent(pack, "filing")
    refused = _unreadable(pack, request)
    if refused is not None:
        return refused
    if enterprise.blacklisted:
        return refuse(pack, "BLACKLISTED", "enterprise_id", "exit.blacklist")
    refused = (
        _ineligible(pack, request, enterprise, affiliated, today)
        or _uncertified(pack, enterprise)
        or _no_provider(pack, request, provider)
        or _incomplete(pack, request)
        or _second(pack, request, others, today)
    )
    if refused is not None:
        return refused
    stages = pack.stages("filing", request.track)
    return Filing(
        **{name: getattr(request, name) for name in Request.__dataclass_fields__},
        region=enterprise.region,
        year=today.year,
        kind=kind_of(pack, request),
        priority=enterprise.priority and bool(pack.eligibility.priority),
        status="submitted",
        passed=0,
        stage=stages[0].role,
        intake_on=_intake(pack, stages[0], today),
        opened_on=None,
        reasons=(),
        filed_by=tuple(dict.fromkeys((*(former.filed_by if former else ()), filed_by))),
        reviewed_by=(),
        submitted_at=now,
        pack_version=pack.label,
        sequence=former.sequence + 1 if former else 1,
    )


def facts_of(*, request: Request, enterprise: Enterprise, affiliated: bool, today: date) -> Facts:
    """The facts that a filing is judged on; a tie counts where a provider is named."""
    return replace(
        enterprise.standing(on=today),
        track=request.track,
        category=request.category,
        prior_revenue_fen=request.prior_revenue_fen,
        years_used=request.years_used,
        affiliated=affiliated if request.provider_id is not None else None,
    )


def kind_of(pack: Pack, request: Request) -> str:
    """The track or category that the filing is of."""
    assert pack.filing is not None
    kind = request.track if pack.filing.by == "track" else request.category
    assert kind is not None, "judged before"
    return kind


def _unreadable(pack: Pack, request: Request) -> Refused | None:
    """Names that the pack does not know, and the one that it asks for where it is not given."""
    assert pack.filing is not None
    for name, known in (("track", sorted(pack.tracks)), ("category", sorted(pack.categories))):
        given = getattr(request, name)
        if given is None and pack.filing.by == name:
            return refuse(pack, "FACT_MISSING", name, "filing.rule", missing=[name], known=known)
        if given is not None and given not in known:
            return refuse(pack, "FACT_INVALID", name, "filing.rule", invalid=[given], known=known)
    unknown = sorted(set(request.attested) - set(pack.eligibility.attested))
    if unknown:
        known = sorted(pack.eligibility.attested)
        return refuse(pack, "FACT_INVALID", "attested", "filing.rule", invalid=unknown, known=known)
    return None


def _ineligible(pack: Pack, request: Request, enterprise: Enterprise, affiliated: bool, today: date) -> Refused | None:
    """The pack's conditions, by the code that a quote judges them with; what is missing for that comes first."""
    facts = facts_of(request=request, enterprise=enterprise, affiliated=affiliated, today=today)
    later: tuple[Condition, ...] = ("not_affiliated",) if request.provider_id is None else ()  # at the order
    wanted = needs(pack, track=request.track, industry=enterprise.industry).needed - OF_ORDERS
    missing = [name for name in get_args(Name) if name in wanted and getattr(facts, name) is None]
    if later and "affiliated" in missing:
        missing.remove("affiliated")
    if missing:
        return refuse(pack, "FACT_MISSING", missing[0], "filing.rule", missing=missing)
    reasons = eligibility(pack=pack, facts=facts, skip=later)
    return first_of(pack, reasons) if reasons else None


def _uncertified(pack: Pack, enterprise: Enterprise) -> Refused | None:
    if enterprise.status == "certified":
        return None
    path = "reviews.enterprise_certification.0"
    return refuse(pack, "NOT_CERTIFIED", "enterprise_id", path, status=enterprise.status)


def _no_provider(pack: Pack, request: Request, provider: Provider | None) -> Refused | None:
    if request.provider_id is None:
        return None
    status = "unknown" if provider is None or provider.programme != request.programme else provider.status
    if provider is not None and provider.blacklisted:
        status = "blacklisted"
    if status == "admitted":
        return None
    path = "exit.blacklist" if status == "blacklisted" else "reviews.provider_admission.0"
    found = {"provider_id": request.provider_id, "status": status}
    return refuse(pack, "PROVIDER_NOT_AVAILABLE", "provider_id", path, **found)


def _incomplete(pack: Pack, request: Request) -> Refused | None:
    """What no register says is declared by the enterprise, and the documents are all there."""
    attested = pack.eligibility.attested
    undeclared = [name for name in attested if name not in request.attested]
    if undeclared:
        path = f"eligibility.attested.{undeclared[0]}"
        return refuse(pack, "FACT_MISSING", "attested", path, missing=undeclared)
    assert pack.filing is not None
    documents = pack.filing.documents
    kinds = {document["kind"] for document in request.documents}
    lacking = [kind for kind in (documents.required if documents else ()) if kind not in kinds]
    if lacking:
        return refuse(pack, "DOCUMENT_MISSING", "documents", "filing.documents", kinds=lacking)
    return None


def _second(pack: Pack, request: Request, others: Iterable[Filing], today: date) -> Refused | None:
    """One at a time; where the cap goes by last year's revenue, one that is open may be filed anew in another year."""
    kind, anew = kind_of(pack, request), "prior_revenue_fen" in needs(pack, track=request.track).needed
    for other in others:
        if anew and other.status == "opened" and other.year < today.year:
            continue
        if other.kind == kind and other.status in LIVE and other.filing_id != request.filing_id:
            return second(pack, other)
    return None


def current(filings: Iterable[Filing]) -> list[Filing]:
    """Of each track or category the one that was handed in last: its revenue is of the year before that."""
    return list({one.kind: one for one in sorted(filings, key=lambda one: one.year)}.values())


def second(pack: Pack, other: Filing) -> Refused:
    """The enterprise has a live filing of that track or category already."""
    found = {"filing_id": other.filing_id, "status": other.status}
    return refuse(pack, "FILING_EXISTS", "filing_id", "filing.rule", kind=other.kind, **found)


# --- review -----------------------------------------------------------------------------------------------------------


def review(
    *,
    pack: Pack,
    filing: Filing,
    stage: str,
    decision: str,
    reasons: Sequence[str],
    reviewer: str,
    roles: Collection[str],
    region: str | None,
    blacklisted: bool,
    today: date,
) -> tuple[str, Filing] | Refused:
    """What the stage whose turn it is made of it, and the filing after it; or why it could not decide.

    pack: the rules it was handed in under. roles, region: the reviewer's, as the token says.
    """
    if filing.status not in WAITING:
        return refuse(pack, "WRONG_STATE", "filing_id", "filing.rule", status=filing.status)
    turn = _turn(pack, filing)
    refused = (
        _not_the_reviewer(pack, turn, filing, stage, reviewer, roles, region)
        or _not_now(pack, filing, turn, today)
        or _unreasoned(pack, turn, decision, reasons)
    )
    if refused is not None:
        return refused
    if decision != "approve":
        return decision, replace(_after(filing, decision), reasons=tuple(reasons))
    if blacklisted:
        return refuse(pack, "BLACKLISTED", "filing_id", "exit.blacklist")
    return _approve(pack, filing, reviewer, today)


def withdraw(*, pack: Pack, filing: Filing) -> tuple[str, Filing] | Refused:
    """The enterprise takes it back, until it is opened."""
    if filing.status not in TRANSITIONS["withdraw"]:
        return refuse(pack, "WRONG_STATE", "filing_id", "filing.rule", status=filing.status)
    return "withdraw", _after(filing, "withdraw")


def intake_day(*, day: int, today: date) -> date:
    """The next day of intake: that day of this month, today included, else of the next month."""
    if today.day <= day:
        return today.replace(day=day)
    years, month = divmod(today.month, 12)
    return date(today.year + years, month + 1, day)


def _turn(pack: Pack, filing: Filing) -> Stage:
    return pack.stages("filing", filing.track)[filing.passed]


def _intake(pack: Pack, stage: Stage, today: date) -> date | None:
    """The day of intake of a filing that comes to the stage today; None where it is taken at any time."""
    assert pack.filing is not None
    cadence = pack.filing.cadence
    if cadence is None or cadence.day is None or stage.name != pack.filing.taken_at:
        return None
    return intake_day(day=cadence.day, today=today)


def _not_the_reviewer(
    pack: Pack, turn: Stage, filing: Filing, stage: str, reviewer: str, roles: Collection[str], region: str | None
) -> Refused | None:
    found: dict[str, Any] = {"stage": turn.role, "pack_version": pack.label}
    if stage != turn.role:
        return Refused("STAGE_MISMATCH", "stage", turn.article, found)
    if turn.role not in roles:
        return Refused("FORBIDDEN", "stage", turn.article, found)
    if turn.own_region and not holds(region, filing.region):
        return Refused("REGION_MISMATCH", "filing_id", turn.article, {**found, "region": filing.region})
    if reviewer in filing.filed_by or reviewer in filing.reviewed_by:
        return Refused("SAME_PERSON", "filing_id", turn.article, found)
    return None


def _not_now(pack: Pack, filing: Filing, turn: Stage, today: date) -> Refused | None:
    assert pack.filing is not None
    if turn.name != pack.filing.taken_at or filing.intake_on is None or today > filing.intake_on:
        return None
    found = {"intake_on": filing.intake_on.isoformat(), "on": today.isoformat()}
    return refuse(pack, "INTAKE_NOT_REACHED", "filing_id", "filing.cadence", **found)


def _unreasoned(pack: Pack, turn: Stage, decision: str, reasons: Sequence[str]) -> Refused | None:
    if decision == "approve" or reasons:
        return None
    return Refused("REASON_MISSING", "reasons", turn.article, {"stage": turn.role, "pack_version": pack.label})


def _approve(pack: Pack, filing: Filing, reviewer: str, today: date) -> tuple[str, Filing]:
    stages, passed = pack.stages("filing", filing.track), filing.passed + 1
    action = "approve" if passed < len(stages) else "open"
    after = replace(_after(filing, action), passed=passed, reviewed_by=(*filing.reviewed_by, reviewer), reasons=())
    if action == "open":
        return action, replace(after, opened_on=today)
    intake_on = _intake(pack, stages[passed], today) or filing.intake_on
    return action, replace(after, stage=stages[passed].role, intake_on=intake_on)


def _after(filing: Filing, action: str) -> Filing:
    """In its next state, where it is no stage's turn."""
    status = TRANSITIONS[action][filing.status]
    return replace(filing, status=status, stage=None, sequence=filing.sequence + 1)


# --- what is told -----------------------------------------------------------------------------------------------------


def state(filing: Filing, law: Mapping[str, object]) -> dict[str, object]:
    """The filing as its events tell of it."""
    names = "filing_id", "enterprise_id", "programme", "region", "track", "category", "provider_id", "status", "stage"
    return {
        **{name: getattr(filing, name) for name in names},
        "intake_on": filing.intake_on and filing.intake_on.isoformat(),
        "opened_on": filing.opened_on and filing.opened_on.isoformat(),
        "reasons": list(filing.reasons),
        "law": law,
    }


def rests_on(pack: Pack, filing: Filing, action: str) -> tuple[str, ...]:
    """The articles that an action on a filing rests on; `filing` as it was before a review."""
    if action == "withdraw":
        return articles(pack, "filing.rule")
    attested = [article(pack, f"eligibility.attested.{name}") for name in filing.attested]
    if action == "submit":
        met = conditions_met(pack)
        rules = articles(pack, f"tracks.{filing.track}", "filing.rule", "filing.documents")
        found = [*met, *attested, *rules]
    else:
        turn = _turn(pack, filing)
        found = [turn.article, *(attested if filing.passed == 0 else ()), *articles(pack, "filing.rule")]
        if pack.filing is not None and turn.name == pack.filing.taken_at:
            found += articles(pack, "filing.cadence")
    return tuple(dict.fromkeys(one for one in found if one is not None))
