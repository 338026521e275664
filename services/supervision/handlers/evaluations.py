"""Takes a third party's standards, and its evaluations of enterprises against them (山东 三(二), 内蒙古 八(四))."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.errors import Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_on
from services.supervision.domain import standards
from services.supervision.handlers.told import Judged, Kind, tell
from services.supervision.store import assessments as store
from services.supervision.store import known, regions, tables

Row = dict[str, Any]

STANDARD = Kind(
    action="publish_standard",
    table=tables.standards,
    event="supervision.standard_published.v1",
    status="published",
    said=("programme", "name", "items"),
    told=("programme", "name", "version", "items"),
    one_for_each=("programme", "name"),
    taken=None,
    answered=("version",),
)
EVALUATION = Kind(
    action="evaluate_enterprise",
    table=tables.enterprise_evaluations,
    event="supervision.enterprise_evaluated.v1",
    status="evaluated",
    said=("programme", "name", "order_id", "standard_id", "points", "text"),
    told=(
        *("programme", "name", "order_id", "enterprise_id", "provider_id", "standard_id"),
        *("points", "reached", "most", "score"),
    ),
    one_for_each=("programme", "name", "order_id"),
    taken=None,
    answered=("score",),
)


def publish_standard(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The next version, in the place of the one before. PROGRAMME_UNKNOWN, RULE_ABSENT, INVALID, ALREADY_EXISTS."""
    bodies = [command.body for command in commands]
    newest = store.versions(uow.conn, tables.standards, {(body["programme"], body["name"]) for body in bodies})

    def judge(command: Command, body: Row) -> Judged | Refused:
        pack = pack_on(body["programme"], uow.today)
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        law = standards.judge_standard(pack=pack, name=body["name"], items=body["items"], roles=command.actor.roles)
        if isinstance(law, Refused):
            return law
        version = newest[pack.code, body["name"]] = newest.get((pack.code, body["name"]), 0) + 1
        facts = {"name": body["name"], "version": version, "items": body["items"]}
        return Judged(pack=pack, articles=law, made={"version": version}, facts=facts)

    return tell(uow, STANDARD, commands, bodies, judge)


def evaluate_enterprise(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """An enterprise's move under one order, item by item; made again, it takes the place of the former.
    PROGRAMME_UNKNOWN, RULE_ABSENT, NOT_YET_KNOWN, NOT_FOUND, WRONG_STATE, INVALID, ALREADY_EXISTS."""
    bodies = [command.body for command in commands]
    orders = known.orders(uow.conn, {body["order_id"] for body in bodies})
    published = regions.by_id(uow.conn, tables.standards, {body["standard_id"] for body in bodies})

    def judge(command: Command, body: Row) -> Judged | Refused:
        order, standard = orders.get(body["order_id"]), published.get(body["standard_id"])
        pack = pack_on(body["programme"], uow.today, order["region"] if order else None)
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        said = {"name": body["name"], "points": body["points"], "roles": command.actor.roles}
        law = standards.judge_evaluation(pack=pack, order=order, standard=standard, **said)
        if isinstance(law, Refused):
            return law
        assert order is not None, body["order_id"]
        assert standard is not None, body["standard_id"]
        counted = standards.total(standard["items"], body["points"])
        parties = {name: order[name] for name in ("enterprise_id", "provider_id")}
        facts = {"order_id": body["order_id"], **parties, "version": standard["version"], "points": body["points"]}
        return Judged(pack=pack, articles=law, made={**parties, **counted}, facts={**facts, **counted})

    return tell(uow, EVALUATION, commands, bodies, judge)
