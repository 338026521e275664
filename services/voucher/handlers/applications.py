"""Applications for quota: apply, review, withdraw; each takes its place and its money in one commit (第十六条)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.errors import Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import store
from services.voucher.access import foreign
from services.voucher.domain import applications as domain
from services.voucher.domain.applications import Application, Taken
from services.voucher.domain.law import absent, refuse
from services.voucher.domain.parties import Enterprise
from services.voucher.domain.plans import applied_for, open_for_use, over, serving
from services.voucher.handlers.line import Line, view


def apply_for_quota(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第六条、第十六条: places in order of arrival; what is decided together serves priority first (第十八条).

    What an earlier one of the batch takes up of its enterprise's quota, a later one no longer finds.
    """
    conn, bodies = uow.conn, [command.body for command in commands]
    keys = {(body["programme"], body["year"]) for body in bodies}
    plans = store.plans_of(conn, keys)
    known = store.applications_by_id(conn, {body["application_id"] for body in bodies})
    buyers = {body["enterprise_id"] for body in bodies}
    enterprises = store.enterprises(conn, buyers, now=uow.now, year=uow.today.year)
    taken = store.taken(conn, buyers, keys)  # under the locks of the plans: nobody else adds to it
    line = Line(uow, plans, ())
    outcomes: list[Outcome | None] = []
    for command in commands:
        body = command.body
        former = line.applications.get(body["application_id"]) or known.get(body["application_id"])
        enterprise = enterprises.get(body["enterprise_id"])
        if former is not None:
            outcomes.append(_again(former, body, fresh=former.application_id in line.new))
            continue
        key = body["enterprise_id"], body["programme"], body["year"]
        decided = _apply(uow, line, command, enterprise, taken.get(key, Taken()))
        if isinstance(decided, Application):
            line.join(decided, command)
            taken[key] = taken.get(key, Taken()).and_(decided)
            outcomes.append(None)
        else:
            outcomes.append(decided)
    for plan in list(line.plans.values()):
        line.serve(plan)
    received = line.received()
    line.save()
    return [received[c.body["application_id"]] if o is None else o for c, o in zip(commands, outcomes, strict=True)]


def _apply(
    uow: UnitOfWork, line: Line, command: Command, enterprise: Enterprise | None, taken: Taken
) -> Application | Outcome:
    body = command.body
    programme, year = body["programme"], body["year"]
    if line.packs.get(programme) is None:
        return Refused("PROGRAMME_UNKNOWN", "programme")
    if enterprise is None:
        return Refused("NOT_YET_KNOWN", "enterprise_id")
    if enterprise.programme != programme:
        return Refused("PROGRAMME_MISMATCH", "programme")
    pack = line.packs.of(programme, enterprise.region)
    if not applied_for(pack):
        return refuse(pack, "NO_QUOTA", "programme", "issuing.apply")
    if pack.amount is None:
        return absent(pack, "amount")
    plans = (one for one in line.plans.values() if one.key[:2] == (programme, year))
    plan = serving(plans, enterprise.region, bound_to=taken.region)
    closed = open_for_use(pack=pack, plan=plan, year=year, today=uow.today)
    if closed is not None or plan is None:
        return closed or Refused("NO_PLAN", "year")
    return domain.apply(
        pack=pack,
        plan=plan,
        enterprise=enterprise,
        taken_fen=taken.fen,
        application_id=body["application_id"],
        requested_fen=body.get("requested_fen"),
        place=plan.last_place + 1,
        applied_by=command.actor.subject,
        now=uow.now,
        today=uow.today,
    )


def _again(known: Application, body: dict[str, Any], *, fresh: bool) -> Outcome | None:
    """The same application once more: its view (None: when the batch is decided); ALREADY_EXISTS when it differs."""
    names = "enterprise_id", "programme", "year", "requested_fen"
    if any(getattr(known, name) != body.get(name) for name in names):
        return Refused("ALREADY_EXISTS", "application_id")
    return None if fresh else Ok(view(known))


def review_applications(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十六条: stage after stage of the pack; the last one's approval posts what was set aside, a refusal gives it
    back to the line."""
    ids = {command.body["application_id"] for command in commands}

    def review(line: Line, known: _Known, command: Command, application: Application) -> Outcome:
        pack, actor = line.packs.at(application.pack_version), command.actor
        if domain.granted_at_once(pack):
            return absent(pack, "reviews.application", field="application_id")
        refused = domain.not_the_reviewer(
            pack=pack,
            application=application,
            region=known.regions.get(application.enterprise_id),
            reviewer=actor.subject,
            roles=actor.roles,
            office=actor.region,
        )
        if refused is not None:
            return refused
        if command.body["decision"] == "refuse":
            return line.end(application, "refuse", command)
        if over(line.plan_of(application), uow.today):
            return refuse(pack, "WRONG_STATE", "application_id", "issuing.validity", status="year_over")
        if application.enterprise_id in known.listed:
            subject = application.application_id
            return refuse(
                pack, "BLACKLISTED", "application_id", "exit.blacklist", "supervision.dishonesty_list", subject=subject
            )
        after = domain.passed(pack=pack, application=application, reviewer=actor.subject)
        return line.end(application, "approve", command) if after is None else line.passed(application, after)

    return _end(uow, commands, ids, review)


def withdraw_applications(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """An enterprise that waits or has money set aside gives its place up."""
    ids = {command.body["application_id"] for command in commands}

    def withdraw(line: Line, known: _Known, command: Command, application: Application) -> Outcome:
        if application.enterprise_id != command.body["enterprise_id"]:
            return Refused("NOT_OWNER", "enterprise_id")
        return line.end(application, "withdraw", command)

    return _end(uow, commands, ids, withdraw)


@dataclass(frozen=True)
class _Known:
    """Of the enterprises of a batch's applications: who is on the blacklist, and where each is registered."""

    listed: set[str]
    regions: Mapping[str, str]


def _end(
    uow: UnitOfWork,
    commands: Sequence[Command],
    ids: set[str],
    decide: Callable[[Line, _Known, Command, Application], Outcome],
) -> list[Outcome]:
    """Each command ends its application; then the line is served with what came free."""
    plans = store.plans_of(uow.conn, store.plan_keys_of(uow.conn, ids))
    applications = store.applications_by_id(uow.conn, ids)
    parties = {application.enterprise_id for application in applications.values()}
    known = _Known(store.blacklisted(uow.conn, parties, now=uow.now), store.regions_of(uow.conn, parties))
    line = Line(uow, plans, applications.values())
    outcomes: list[Outcome] = []
    for command in commands:
        application = line.applications.get(command.body["application_id"])
        if application is None:
            outcomes.append(Refused("NOT_FOUND", "application_id"))
        else:
            barred = foreign(command, application.programme)
            outcomes.append(barred or decide(line, known, command, application))
    for plan in line.plans.values():
        if not over(plan, uow.today):
            line.serve(plan)
    line.save()
    return outcomes
