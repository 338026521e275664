"""Takes what offices say of regions: targets, monthly reports, evaluations, pilots and model cases, the award."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Outcome, Refused
from contracts.programmes import Pack
from contracts.programmes.places import shortest
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_on
from services.supervision.domain import awards, regions
from services.supervision.domain.figures import Record, region_figures
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
    RULE_ABSENT, ALREADY_EXISTS."""

    def judge(_: Command, body: Row) -> Judged | Refused:
        pack = pack_on(body["programme"], uow.today, body["region"])
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        asked = {name: body[name] for name in ("region", "year", "measure")}
        law = regions.judge_target(pack=pack, **asked)
        return _judged(pack, law, {}, {**asked, "at_least": body["at_least"]})

    return tell(uow, TARGET, commands, _bodies(commands), judge)


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
