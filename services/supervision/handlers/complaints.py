"""Takes enterprises' complaints about providers, and the operator's answers (第九条)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_on
from services.supervision.domain.complaints import complaint_articles, may_become, parties_problem, same
from services.supervision.store import complaints as store
from services.supervision.store import known

IDS = ("complaint_id", "programme", "enterprise_id", "provider_id", "order_id")
STATE = (*IDS, "status", "outcome", "answered_at")  # all of it but the texts

Row = dict[str, Any]


def file_complaint(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A new complaint, open. PROGRAMME_UNKNOWN, NOT_YET_KNOWN, NOT_FOUND, ALREADY_EXISTS."""
    bodies = [command.body for command in commands]
    there = store.lock(uow.conn, {body["complaint_id"] for body in bodies})
    parties = known.parties(uow.conn, {body[name] for body in bodies for name in ("enterprise_id", "provider_id")})
    orders = known.orders(uow.conn, {body["order_id"] for body in bodies if body.get("order_id")})
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
        )
        if problem is not None:
            outcomes.append(problem)
            continue
        filed = there[body["complaint_id"]] = _complaint(uow, command, pack)
        made.append(filed)
        _tell(uow, "supervision.complaint_filed.v1", filed, command)
        outcomes.append(_done("file_complaint", filed))
    store.add(uow.conn, made)
    return outcomes


def answer_complaint(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """open → answered, with the outcome. NOT_FOUND, PROGRAMME_MISMATCH, WRONG_STATE."""
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


def _complaint(uow: UnitOfWork, command: Command, pack: Pack) -> Row:
    return {
        **{name: command.body.get(name) for name in (*IDS, "text")},
        "pack_version": pack.label,
        "articles": list(complaint_articles(pack)),
        "status": "open",
        "filed_at": uow.now,
        "filed_by": command.actor.subject,
        **dict.fromkeys(("outcome", "answer", "answered_at", "answered_by")),
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


def _tell(uow: UnitOfWork, type_: str, complaint: Mapping[str, Any], command: Command) -> None:
    law = {"pack_version": complaint["pack_version"], "articles": complaint["articles"], "facts": {}}
    data = {**{name: complaint[name] for name in STATE}, "law": law}
    uow.emit(type_, subject=complaint["complaint_id"], sequence=complaint["sequence"], data=data, cause=command)


def _done(action: str, complaint: Mapping[str, Any]) -> Ok:
    """Done, with the decision: its facts are ids and the outcome, never a text."""
    view = {"id": complaint["complaint_id"], "status": complaint["status"], "sequence": complaint["sequence"]}
    facts = {name: complaint[name] for name in ("enterprise_id", "provider_id", "order_id", "outcome")}
    law = (complaint["pack_version"], tuple(complaint["articles"]))
    return Ok(view, Decision(action, complaint["complaint_id"], complaint["programme"], *law, facts))
