"""Takes enterprises' complaints about providers, and the operator's answers (第九条)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from contracts.roles import PLATFORM
from infra.calendar import calendar
from infra.clock import local_date
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_at, pack_on
from services.supervision.domain.complaints import complaint_articles, may_become, may_reopen, parties_problem, same
from services.supervision.handlers.raising import Raised, raise_alerts
from services.supervision.handlers.terms import missed
from services.supervision.store import complaints as store
from services.supervision.store import known

IDS = ("complaint_id", "programme", "enterprise_id", "provider_id", "order_id", "product_id")
STATE = (*IDS, "due_on", "status", "outcome", "answered_at")  # all of it but the texts
MOST_LATE = 500

Row = dict[str, Any]


def file_complaint(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A new complaint, open, due by the pack's working days. PROGRAMME_UNKNOWN, NOT_YET_KNOWN, NOT_FOUND,
    ALREADY_EXISTS, CALENDAR_UNKNOWN."""
    bodies = [command.body for command in commands]
    there = store.lock(uow.conn, {body["complaint_id"] for body in bodies})
    parties = known.parties(uow.conn, {body[name] for body in bodies for name in ("enterprise_id", "provider_id")})
    orders = known.orders(uow.conn, {body["order_id"] for body in bodies if body.get("order_id")})
    products = known.products(uow.conn, {body["product_id"] for body in bodies if body.get("product_id")})
    made: list[Row] = []
    outcomes: list[Outcome] = []
    for command in commands:
        body = command.body
        filed = there.get(body["complaint_id"])
        if filed is not None:
            again = same(filed=filed, body=body)
            outcomes.append(_done("file_complaint", filed) if again else Refused("ALREADY_EXISTS", "complaint_id"))
            continue
        enterprise = parties.get(body["enterprise_id"])
        pack = pack_on(body["programme"], uow.today, enterprise["region"] if enterprise else None)
        if pack is None:
            outcomes.append(Refused("PROGRAMME_UNKNOWN", "programme"))
            continue
        problem = parties_problem(
            body=body,
            enterprise=enterprise,
            provider=parties.get(body["provider_id"]),
            order=orders.get(body.get("order_id") or ""),
            product=products.get(body.get("product_id") or ""),
        )
        if problem is not None:
            outcomes.append(problem)
            continue
        due_on = _last_day(uow, pack.supervision.complaints and pack.supervision.complaints.working_days)
        if isinstance(due_on, Refused):
            outcomes.append(due_on)
            continue
        order = orders.get(body.get("order_id") or "")
        about = order["product_id"] if order else body.get("product_id")
        region = parties[body["provider_id"]]["region"]
        made_here = {"product_id": about, "region": region, "due_on": due_on}
        filed = there[body["complaint_id"]] = _complaint(uow, command, pack) | made_here
        made.append(filed)
        _tell(uow, "supervision.complaint_filed.v1", filed, command)
        outcomes.append(_done("file_complaint", filed))
    store.add(uow.conn, made)
    return outcomes


def answer_complaint(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """open or reopened → answered, with the outcome. NOT_FOUND, PROGRAMME_MISMATCH, WRONG_STATE."""
    there = store.lock(uow.conn, {command.body["complaint_id"] for command in commands})
    changed: dict[str, Row] = {}
    outcomes: list[Outcome] = []
    for command in commands:
        body = command.body
        complaint = there.get(body["complaint_id"])
        if complaint is None:
            outcomes.append(Refused("NOT_FOUND", "complaint_id"))
        elif command.actor.programme not in (None, complaint["programme"]):
            outcomes.append(Refused("PROGRAMME_MISMATCH", "complaint_id"))
        elif not may_become(complaint["status"], "answered"):
            article = next(iter(complaint["articles"]), None)
            outcomes.append(Refused("WRONG_STATE", "complaint_id", article, {"status": complaint["status"]}))
        else:
            moved = _answered(uow, complaint, command)
            there[body["complaint_id"]] = changed[body["complaint_id"]] = moved
            _tell(uow, "supervision.complaint_answered.v1", moved, command)
            outcomes.append(_done("answer_complaint", moved))
    store.save(uow.conn, [changed[complaint_id] for complaint_id in sorted(changed)])
    return outcomes


def reopen_complaint(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """answered → reopened, once, by who filed it, within the pack's working days after the answer. NOT_FOUND,
    NOT_OWNER, PROGRAMME_MISMATCH, WRONG_STATE (not answered, reopened before, too late), CALENDAR_UNKNOWN."""
    there = store.lock(uow.conn, {command.body["complaint_id"] for command in commands})
    changed: dict[str, Row] = {}
    outcomes: list[Outcome] = []
    for command in commands:
        complaint = there.get(command.body["complaint_id"])
        moved = _reopened(uow, complaint, command)
        if isinstance(moved, Refused):
            outcomes.append(moved)
            continue
        there[moved["complaint_id"]] = changed[moved["complaint_id"]] = moved
        _tell(uow, "supervision.complaint_reopened.v1", moved, command)
        outcomes.append(_done("reopen_complaint", moved))
    store.save(uow.conn, [changed[complaint_id] for complaint_id in sorted(changed)])
    return outcomes


def overdue_complaints(uow: UnitOfWork) -> int:
    """Complaints whose day has passed unanswered: told once to the role that the pack names, and an alert; how many."""
    late = store.lock_late(uow.conn, today=uow.today, most=MOST_LATE)
    moved = [{**complaint, "overdue_at": uow.now, "sequence": complaint["sequence"] + 1} for complaint in late]
    for complaint in moved:
        _tell(uow, "supervision.complaint_overdue.v1", complaint, None)
    raise_alerts(uow, [_missed(complaint) for complaint in moved])
    store.save(uow.conn, moved)
    return len(moved)


def _missed(complaint: Row) -> Raised:
    due_on = complaint["due_on"].isoformat()
    return missed(
        subject=("case", complaint["complaint_id"]),
        says=(f"投诉应在{due_on}前答复，尚未答复。", f"A complaint was to be answered by {due_on}, and is not."),
        region=complaint["region"],
        programme=complaint["programme"],
        pack=pack_at(complaint["pack_version"]),
        articles=complaint["articles"],
        numbers={"due_on": due_on},
        provider_id=complaint["provider_id"],
        enterprise_id=complaint["enterprise_id"],
    )


def _reopened(uow: UnitOfWork, complaint: Row | None, command: Command) -> Row | Refused:
    if complaint is None:
        return Refused("NOT_FOUND", "complaint_id")
    if command.actor.programme not in (None, complaint["programme"]):
        return Refused("PROGRAMME_MISMATCH", "complaint_id")
    if not command.actor.roles & {PLATFORM} and command.actor.organisation != complaint["enterprise_id"]:
        return Refused("NOT_OWNER", "complaint_id")
    rule = pack_at(complaint["pack_version"]).supervision.complaints
    answered_on = local_date(complaint["answered_at"]) if complaint["answered_at"] else uow.today
    until = calendar().add_working_days(answered_on, rule.reopen_days) if rule else None
    due_on = _last_day(uow, rule and rule.working_days)
    for day in (until, due_on):
        if isinstance(day, Refused):
            return day
    if not may_reopen(complaint=complaint, until=until, today=uow.today):
        facts = {"status": complaint["status"], "until": until.isoformat() if until else None}
        return Refused("WRONG_STATE", "complaint_id", next(iter(complaint["articles"]), None), facts)
    first = {f"first_{name}": complaint[name] for name in ("outcome", "answer", "answered_at", "overdue_at")}
    again = {"reopened_at": uow.now, "reopen_text": command.body["text"], "due_on": due_on, "overdue_at": None}
    cleared = dict.fromkeys(("outcome", "answer", "answered_at", "answered_by"))
    return {**complaint, **first, **again, **cleared, "status": "reopened", "sequence": complaint["sequence"] + 1}


def _last_day(uow: UnitOfWork, working_days: int | None) -> date | Refused | None:
    return None if working_days is None else calendar().add_working_days(uow.today, working_days)


def _complaint(uow: UnitOfWork, command: Command, pack: Pack) -> Row:
    return {
        **{name: command.body.get(name) for name in (*IDS, "text")},
        "pack_version": pack.label,
        "articles": list(complaint_articles(pack)),
        "status": "open",
        "filed_at": uow.now,
        "filed_by": command.actor.subject,
        **dict.fromkeys(("outcome", "answer", "answered_at", "answered_by", "overdue_at")),
        **dict.fromkeys(("reopened_at", "reopen_text", "first_outcome", "first_answer")),
        **dict.fromkeys(("first_answered_at", "first_overdue_at")),
        "sequence": 1,
    }


def _answered(uow: UnitOfWork, complaint: Row, command: Command) -> Row:
    return {
        **complaint,
        "status": "answered",
        "outcome": command.body["outcome"],
        "answer": command.body["text"],
        "answered_at": uow.now,
        "answered_by": command.actor.subject,
        "sequence": complaint["sequence"] + 1,
    }


def _tell(uow: UnitOfWork, type_: str, complaint: Mapping[str, Any], command: Command | None) -> None:
    law = {"pack_version": complaint["pack_version"], "articles": complaint["articles"], "facts": {}}
    rule = pack_at(complaint["pack_version"]).supervision.complaints if complaint["overdue_at"] else None
    data = {**{name: complaint[name] for name in STATE}, "escalated_to": rule.escalate_to if rule else None, "law": law}
    uow.emit(type_, subject=complaint["complaint_id"], sequence=complaint["sequence"], data=data, cause=command)


def _done(action: str, complaint: Mapping[str, Any]) -> Ok:
    """Done, with the decision: its facts are ids and the outcome, never a text."""
    view = {"id": complaint["complaint_id"], "status": complaint["status"], "sequence": complaint["sequence"]}
    facts = {name: complaint[name] for name in ("enterprise_id", "provider_id", "order_id", "outcome")}
    law = (complaint["pack_version"], tuple(complaint["articles"]))
    return Ok(view, Decision(action, complaint["complaint_id"], complaint["programme"], *law, facts))
