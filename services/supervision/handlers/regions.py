"""Takes what offices say of regions: targets, monthly reports, evaluations, pilots and model cases, the award."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from contracts.errors import Outcome, Refused
from contracts.programmes import Pack
from contracts.programmes.places import shortest
from infra.calendar import calendar
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import library, pack_on
from services.supervision.domain import awards, regions
from services.supervision.domain.figures import Record, region_figures
from services.supervision.handlers.raising import Raised, raise_alerts
from services.supervision.handlers.terms import missed
from services.supervision.handlers.told import Judged, Kind, tell
from services.supervision.store import figures as figure_store
from services.supervision.store import known, tables
from services.supervision.store import regions as store

Row = dict[str, Any]

TARGET = Kind(
    action="set_target",
    table=tables.targets,
    event="supervision.target_set.v1",
    status="set",
    said=("programme", "region", "year", "measure", "at_least"),
    told=("programme", "region", "year", "measure", "at_least"),
    one_for_each=("programme", "region", "year", "measure"),
    taken=None,
)
REPORT = Kind(
    action="report_progress",
    table=tables.region_reports,
    event="supervision.progress_reported.v1",
    status="reported",
    said=("programme", "region", "month", "score", "text"),
    told=("programme", "region", "month", "score"),
    one_for_each=("programme", "region", "month"),
    taken="ALREADY_REPORTED",
)
EVALUATION = Kind(
    action="evaluate_region",
    table=tables.region_evaluations,
    event="supervision.region_evaluated.v1",
    status="evaluated",
    said=("programme", "region", "period", "score", "text"),
    told=("programme", "region", "period", "score", "text", "figures"),
    one_for_each=("programme", "region", "period"),
    taken="ALREADY_REPORTED",
)
DESIGNATION = Kind(
    action="designate",
    table=tables.designations,
    event="supervision.enterprise_designated.v1",
    status="designated",
    said=("programme", "enterprise_id", "kind", "reason"),
    told=("programme", "enterprise_id", "region", "kind"),
    one_for_each=("kind", "enterprise_id"),
    taken="ALREADY_EXISTS",
)
AWARD = Kind(
    action="award_regions",
    table=tables.region_awards,
    event="supervision.regions_awarded.v1",
    status="awarded",
    said=("programme", "year", "amount_fen", "regions"),
    told=("programme", "year", "amount_fen", "shares"),
    one_for_each=("programme", "year"),
    taken="ALREADY_EXISTS",
    answered=("shares",),
)


def set_target(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A region's target for a year, in the place of the former one. PROGRAMME_UNKNOWN, INVALID, OUT_OF_PERIOD,
    RULE_ABSENT, TARGETS_EXCEEDED, ALREADY_EXISTS."""
    bodies = _bodies(commands)
    around = store.targets_around(uow.conn, {_city_key(body) for body in bodies if len(body["region"]) >= regions.CITY})

    def judge(_: Command, body: Row) -> Judged | Refused:
        pack = pack_on(body["programme"], uow.today, body["region"])
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        asked = {name: body[name] for name in ("region", "year", "measure")}
        law = regions.judge_target(pack=pack, **asked)
        if isinstance(law, Refused):
            return law
        set_ = around.setdefault(_city_key(body), {})
        about = {name: body[name] for name in ("region", "measure", "at_least")}
        excess = regions.target_excess(pack=pack, set_=set_, **about)
        if excess is not None:
            return excess
        set_[body["region"]] = body["at_least"]
        return Judged(pack=pack, articles=law, made={}, facts={**asked, "at_least": body["at_least"]})

    return tell(uow, TARGET, commands, bodies, judge)


def report_progress(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A region's own assessment of a month, once. PROGRAMME_UNKNOWN, RULE_ABSENT, REGION_MISMATCH, INVALID,
    WRONG_STATE, OUT_OF_PERIOD, ALREADY_REPORTED, ALREADY_EXISTS."""

    def judge(command: Command, body: Row) -> Judged | Refused:
        pack = pack_on(body["programme"], uow.today, body["region"])
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        law = regions.judge_report(
            pack=pack,
            region=body["region"],
            month=body["month"],
            office=command.actor.region,
            roles=command.actor.roles,
            today=uow.today,
        )
        return _judged(pack, law, {}, {name: body[name] for name in ("region", "month", "score")})

    return tell(uow, REPORT, commands, _bodies(commands), judge)


def evaluate_region(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """An evaluation of a quarter or year that has ended, once, with the figures of this moment. PROGRAMME_UNKNOWN,
    INVALID, RULE_ABSENT, WRONG_STATE, OUT_OF_PERIOD, ALREADY_REPORTED, ALREADY_EXISTS."""
    record = _record(uow, commands)

    def judge(command: Command, body: Row) -> Judged | Refused:
        pack = pack_on(body["programme"], uow.today, body["region"])
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        region, period = body["region"], body["period"]
        law = regions.judge_evaluation(
            pack=pack, region=region, period=period, roles=command.actor.roles, today=uow.today
        )
        year = regions.span(period).first.year
        figures = region_figures(record, pack=pack, region=region, year=year, today=uow.today)
        del figures["evaluations"]  # itself would be missing among them
        facts = {"region": region, "period": period, "score": body["score"], "figures": figures}
        return _judged(pack, law, {"figures": figures}, facts)

    return tell(uow, EVALUATION, commands, _bodies(commands), judge)


def designate(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A pilot or a model case, once each. PROGRAMME_UNKNOWN, NOT_YET_KNOWN, NOT_FOUND, ALREADY_EXISTS."""
    parties = known.parties(uow.conn, {command.body["enterprise_id"] for command in commands})

    def judge(_: Command, body: Row) -> Judged | Refused:
        enterprise = parties.get(body["enterprise_id"])
        region = enterprise["region"] if enterprise else None
        pack = pack_on(body["programme"], uow.today, region)
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        law = regions.judge_designation(pack=pack, kind=body["kind"], enterprise=enterprise)
        facts = {"enterprise_id": body["enterprise_id"], "kind": body["kind"], "region": region}
        return _judged(pack, law, {"region": region, "designated_on": uow.today}, facts)

    return tell(uow, DESIGNATION, commands, [command.body for command in commands], judge)


def award_regions(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The composite award of a year, once. PROGRAMME_UNKNOWN, DELEGATED_RULE_MISSING, RULE_ABSENT, INVALID,
    EVALUATION_MISSING, FACT_MISSING when there is nothing to share it out by, ALREADY_EXISTS."""
    record = _record(uow, commands)
    scores = store.yearly_scores(uow.conn, {(one.body["programme"], one.body["year"]) for one in commands})

    def judge(_: Command, body: Row) -> Judged | Refused:
        pack = pack_on(body["programme"], uow.today)
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        rule = awards.award_rule(pack)
        if isinstance(rule, Refused):
            return rule
        year = body["year"]
        figures = {
            region: region_figures(record, pack=pack, region=region, year=year, today=uow.today)
            for region in body["regions"]
        }
        found = awards.standings_of(pack, year=year, figures=figures, scores=scores.get((pack.code, year), {}))
        if isinstance(found, Refused):
            return found
        shares = awards.share_out(body["amount_fen"], rule=rule, standings=found)
        if not shares:
            return regions.refused(pack, "FACT_MISSING", "regions", rule.article, **awards.facts(rule, found))
        views = [share.view() for share in shares]
        facts = {"amount_fen": body["amount_fen"], "year": year, **awards.facts(rule, found)}
        return Judged(pack=pack, articles=(rule.article,), made={"shares": views, "facts": facts}, facts=facts)

    taking_part = [sorted({shortest(region) for region in command.body["regions"]}) for command in commands]
    bodies = [{**one.body, "regions": theirs} for one, theirs in zip(commands, taking_part, strict=True)]
    return tell(uow, AWARD, commands, bodies, judge)


def tell_missing_reports(uow: UnitOfWork) -> int:
    """Months that cities owed a report on by today and gave none: told once to the region, and an alert; how many.

    Of each programme whose pack states a term, when the newest month's is over.
    """
    looked = store.looked_at(uow.conn)
    newly: dict[str, str] = {}
    raised: list[Raised] = []
    for code in library().codes():
        pack = pack_on(code, uow.today)
        days = regions.monthly_term(pack) if pack else None
        if pack is None or days is None:
            continue
        due = _terms_over(uow, looked.get(code), days)
        inside = (month for month in due if regions.out_of_period(pack, regions.span(month), "month") is None)
        due = {month: due[month] for month in inside}
        if not due:
            continue
        newly[code] = max(due)
        raised += _missing(uow, pack, due)
    store.look_at(uow.conn, newly)
    raise_alerts(uow, raised)
    return len(raised)


def _terms_over(uow: UnitOfWork, looked_at: str | None, days: int) -> dict[str, date]:
    """Months not looked at yet whose last day for a report has passed, with that day."""
    found: dict[str, date] = {}
    for month in regions.months_after(looked_at, today=uow.today):
        day = calendar().add_working_days(regions.span(month).last, days)
        if not isinstance(day, Refused) and day < uow.today:
            found[month] = day
    return found


def _missing(uow: UnitOfWork, pack: Pack, due: Mapping[str, date]) -> list[Raised]:
    told = store.reported(uow.conn, pack.code, due)
    raised: list[Raised] = []
    for city in store.cities(uow.conn, pack.code):
        own = pack_on(pack.code, uow.today, city) or pack
        path = regions.assessed_by(own, every=("month",), roles=regions.LEVELS)
        if path is None or not city.startswith(pack.region):
            continue
        raised += [
            _late_report(uow, own, city, month, due_on, own.article(path))
            for month, due_on in sorted(due.items())
            if (city, month) not in told
        ]
    return raised


def _late_report(uow: UnitOfWork, pack: Pack, region: str, month: str, due_on: date, article: str) -> Raised:
    law = {"pack_version": pack.label, "articles": [article], "facts": {"due_on": due_on.isoformat()}}
    subject = f"{pack.code}:{region}:{month}"
    about = {"programme": pack.code, "region": region, "month": month, "due_on": due_on}
    data = {**about, "status": "overdue", "law": law}
    uow.emit("supervision.progress_overdue.v1", subject=subject, sequence=1, data=data, cause=None)
    return missed(
        subject=("region", subject),
        says=(
            f"{region}应于{due_on}前报送{month}自评，没有报送。",
            f"{region} was to report {month} by {due_on} and did not.",
        ),
        region=region,
        programme=pack.code,
        pack=pack,
        articles=[article],
        numbers={"month": month, "due_on": due_on.isoformat()},
        severity="low",
    )


def _city_key(body: Row) -> tuple[Any, ...]:
    return (body["programme"], body["year"], body["measure"], body["region"][: regions.CITY])


def _bodies(commands: Sequence[Command]) -> list[Row]:
    """The bodies with one spelling of each region."""
    return [{**command.body, "region": shortest(command.body["region"])} for command in commands]


def _record(uow: UnitOfWork, commands: Sequence[Command]) -> Record:
    """What is known of the programmes that the commands name; of one that there is not, nothing."""
    packs = {command.body["programme"]: pack_on(command.body["programme"], uow.today) for command in commands}
    return figure_store.load(uow.conn, filed={code: pack.filing is not None for code, pack in packs.items() if pack})


def _judged(
    pack: Pack, law: tuple[str, ...] | Refused, made: Mapping[str, Any], facts: Mapping[str, Any]
) -> Judged | Refused:
    return law if isinstance(law, Refused) else Judged(pack=pack, articles=law, made=made, facts=facts)
