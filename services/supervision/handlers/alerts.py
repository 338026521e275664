"""What a supervisor does with an alert: takes it, gives it to another, resolves it; its claims' verdicts follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_if_known
from services.supervision.domain.alerts import OPEN_STATES, may_become
from services.supervision.handlers.raising import conclude, tell
from services.supervision.store import alerts as store
from services.supervision.store import claims as claim_store

Row = dict[str, Any]
OnConfirmed = Callable[[UnitOfWork, Row, Command], None]


def _tie_found(uow: UnitOfWork, alert: Row, cause: Command) -> None:
    """第十三条(四): registry takes the tie on record; orders and claims between the two are refused from then on."""
    data = {
        "tie_id": alert["alert_id"],
        **{name: alert[name] for name in ("alert_id", "enterprise_id", "provider_id", "programme")},
        "law": {"pack_version": alert["pack_version"], "articles": alert["articles"], "facts": {}},
    }
    uow.emit("supervision.tie_found.v1", subject=alert["alert_id"], sequence=1, data=data, cause=cause)


# What follows from a confirmed alert of a rule, beside its claims' verdicts.
ON_CONFIRMED: dict[str, OnConfirmed] = {"AFFILIATED_PARTIES": _tie_found}


class _Desk:
    """The alerts of one batch of commands with the claims they are on, folded in memory and saved once."""

    def __init__(self, uow: UnitOfWork, commands: Sequence[Command]) -> None:
        self.uow = uow
        ids = {command.body["alert_id"] for command in commands}
        # verdicts before alerts, as screening locks them
        self.verdicts = claim_store.lock_verdicts(uow.conn, store.claims_of(uow.conn, ids))
        self.alerts = store.lock(uow.conn, ids)
        self.lines: dict[str, list[Row]] = {}
        for line in store.claims_on(uow.conn, ids):
            self.lines.setdefault(line["alert_id"], []).append(line)
        self.changed: set[str] = set()
        self.cleared: list[Row] = []
        self.causes: dict[str, Command] = {}

    def find(self, command: Command) -> Row | Refused:
        """The alert; NOT_FOUND, PROGRAMME_MISMATCH."""
        alert = self.alerts.get(command.body["alert_id"])
        if alert is None:
            return Refused("NOT_FOUND", "alert_id")
        if command.actor.programme not in (None, alert["programme"]):
            return Refused("PROGRAMME_MISMATCH", "alert_id")
        return alert

    def mine(self, command: Command) -> Row | Refused:
        """The same, if no other supervisor has it: TAKEN_BY_ANOTHER."""
        alert = self.find(command)
        if isinstance(alert, Refused) or alert["assigned_to"] in (None, command.actor.subject):
            return alert
        return Refused("TAKEN_BY_ANOTHER", "alert_id")

    def move(self, alert: Row, **fields: Any) -> Row:
        moved = {**alert, **fields, "sequence": alert["sequence"] + 1}
        self.alerts[alert["alert_id"]] = moved
        self.changed.add(alert["alert_id"])
        return moved

    def decide(self, alert: Row, command: Command) -> Refused | None:
        """Put the alert's claims in line for a new verdict, those cleared that it was not confirmed for."""
        lines = self.lines.get(alert["alert_id"], [])
        named = set(command.body.get("claim_ids") or ())
        unknown = sorted(named - {line["claim_id"] for line in lines})
        if unknown:
            return Refused("NOT_FOUND", "claim_ids", facts={"claim_ids": unknown})
        self.causes |= {line["claim_id"]: command for line in lines}
        if named and command.body["verdict"] == "confirmed":
            self.cleared += [{**line, "cleared": True} for line in lines if line["claim_id"] not in named]
        return None

    def save(self) -> None:
        """Alerts and lines first: verdicts follow from them."""
        store.save(self.uow.conn, [self.alerts[alert_id] for alert_id in sorted(self.changed)])
        store.save_claims(self.uow.conn, self.cleared)
        touched = [{**row, "before": row} for claim_id, row in self.verdicts.items() if claim_id in self.causes]
        packs = {label: pack_if_known(label) for label in {row["pack_version"] for row in touched}}
        conclude(self.uow, touched, packs=packs, causes=self.causes)


def acknowledge(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """open → acknowledged: the supervisor takes it. NOT_FOUND, PROGRAMME_MISMATCH, TAKEN_BY_ANOTHER, WRONG_STATE."""
    desk = _Desk(uow, commands)
    outcomes: list[Outcome] = []
    for command in commands:
        alert = desk.mine(command)
        if isinstance(alert, Refused):
            outcomes.append(alert)
        elif not may_become(alert["status"], "acknowledged"):
            outcomes.append(_wrong_state(alert))
        else:
            actor = command.actor.subject
            by = {"acknowledged_at": uow.now, "acknowledged_by": actor, "assigned_to": actor}
            moved = desk.move(alert, status="acknowledged", **by)
            tell(uow, "supervision.alert_acknowledged.v1", moved, command)
            outcomes.append(Ok(_view(moved), _decision("acknowledge_alert", moved, {})))
    desk.save()
    return outcomes


def assign(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Give an alert that is not resolved to a named supervisor. NOT_FOUND, PROGRAMME_MISMATCH, WRONG_STATE."""
    desk = _Desk(uow, commands)
    outcomes: list[Outcome] = []
    for command in commands:
        alert = desk.find(command)
        if isinstance(alert, Refused):
            outcomes.append(alert)
        elif alert["status"] not in OPEN_STATES:
            outcomes.append(_wrong_state(alert))
        else:
            moved = desk.move(alert, assigned_to=command.body["assignee"])
            tell(uow, "supervision.alert_assigned.v1", moved, command)
            outcomes.append(Ok(_view(moved), _decision("assign_alert", moved, {"assignee": moved["assigned_to"]})))
    desk.save()
    return outcomes


def resolve(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Confirmed: its claims (or those named) are rejected. False alarm: they are cleared when no other alert holds
    them. The reason is kept. NOT_FOUND, PROGRAMME_MISMATCH, TAKEN_BY_ANOTHER, WRONG_STATE."""
    desk = _Desk(uow, commands)
    outcomes: list[Outcome] = []
    for command in commands:
        alert = desk.mine(command)
        if isinstance(alert, Refused):
            outcomes.append(alert)
        elif not may_become(alert["status"], command.body["verdict"]):
            outcomes.append(_wrong_state(alert))
        elif (refused := desk.decide(alert, command)) is not None:
            outcomes.append(refused)
        else:
            by = {"resolved_at": uow.now, "resolved_by": command.actor.subject, "reason": command.body["reason"]}
            moved = desk.move(alert, status=command.body["verdict"], **by)
            tell(uow, "supervision.alert_resolved.v1", moved, command)
            if moved["status"] == "confirmed" and moved["alert"] in ON_CONFIRMED:
                ON_CONFIRMED[moved["alert"]](uow, moved, command)
            facts = {"verdict": moved["status"], "claims": moved["claims"]}
            outcomes.append(Ok(_view(moved), _decision("resolve_alert", moved, facts)))
    desk.save()
    return outcomes


def _wrong_state(alert: Mapping[str, Any]) -> Refused:
    return Refused("WRONG_STATE", "alert_id", facts={"status": alert["status"]})


def _view(alert: Mapping[str, Any]) -> Row:
    return {"id": alert["alert_id"], "status": alert["status"], "sequence": alert["sequence"]}


def _decision(action: str, alert: Mapping[str, Any], facts: Row) -> Decision:
    law = (alert["pack_version"], tuple(alert["articles"]))
    return Decision(action, alert["alert_id"], alert["programme"], *law, {"alert": alert["alert"], **facts})
