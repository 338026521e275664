"""What a supervisor does with an alert; the last one resolved decides on the claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.supervision.domain.alerts import may_become, verdict
from services.supervision.handlers.screening import VERDICT_EVENTS, alert_data, states, verdict_data
from services.supervision.store import alerts as store
from services.supervision.store import claims as claim_store

Row = dict[str, Any]


class _Desk:
    """The alerts of one batch of commands, with their claims' verdicts, folded in memory and saved once."""

    def __init__(self, uow: UnitOfWork, commands: Sequence[Command]) -> None:
        self.uow = uow
        claim_ids = store.claims_of(uow.conn, {command.body["alert_id"] for command in commands})
        locked = claim_store.lock_verdicts(uow.conn, claim_ids)  # before the alerts, as screening does
        self.verdicts: dict[str, Row] = {claim_id: dict(row) for claim_id, row in locked.items()}
        self.alerts = store.lock_of_claims(uow.conn, claim_ids)
        self.changed: set[str] = set()
        self.decided: set[str] = set()

    def find(self, command: Command) -> Row | Refused:
        alert = self.alerts.get(command.body["alert_id"])
        if alert is None:
            return Refused("NOT_FOUND", "alert_id")
        if command.actor.programme not in (None, alert["programme"]):
            return Refused("PROGRAMME_MISMATCH", "alert_id")
        return alert

    def move(self, alert: Row, status: str, **fields: Any) -> Row:
        moved = {**alert, **fields, "status": status, "sequence": alert["sequence"] + 1}
        self.alerts[alert["alert_id"]] = moved
        self.changed.add(alert["alert_id"])
        return moved

    def of_version(self, alert: Row) -> list[Row]:
        """All alerts on the same version of the claim."""
        same = (alert["claim_id"], alert["claim_version"])
        return [one for one in self.alerts.values() if (one["claim_id"], one["claim_version"]) == same]

    def save(self) -> None:
        store.save(self.uow.conn, [self.alerts[alert_id] for alert_id in sorted(self.changed)])
        claim_store.save_verdicts(self.uow.conn, [self.verdicts[claim_id] for claim_id in sorted(self.decided)])


def acknowledge(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """open → acknowledged: somebody looks into it. NOT_FOUND, WRONG_STATE."""
    desk = _Desk(uow, commands)
    outcomes: list[Outcome] = []
    for command in commands:
        alert = desk.find(command)
        if isinstance(alert, Refused):
            outcomes.append(alert)
        elif not may_become(alert["status"], "acknowledged"):
            outcomes.append(_wrong_state(alert))
        else:
            actor = command.actor.subject
            moved = desk.move(alert, "acknowledged", acknowledged_at=uow.now, acknowledged_by=actor)
            _tell(uow, "supervision.alert_acknowledged.v1", moved, command)
            outcomes.append(Ok(_view(moved), _decision("acknowledge_alert", moved, {})))
    desk.save()
    return outcomes


def resolve(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Confirmed: the claim is rejected. False alarm: it is cleared when no other alert holds it. The reason is kept.
    NOT_FOUND, WRONG_STATE."""
    desk = _Desk(uow, commands)
    outcomes: list[Outcome] = []
    for command in commands:
        alert = desk.find(command)
        if isinstance(alert, Refused):
            outcomes.append(alert)
        elif not may_become(alert["status"], command.body["verdict"]):
            outcomes.append(_wrong_state(alert))
        else:
            by = {"resolved_at": uow.now, "resolved_by": command.actor.subject, "reason": command.body["reason"]}
            moved = desk.move(alert, command.body["verdict"], **by)
            _tell(uow, "supervision.alert_resolved.v1", moved, command)
            said = _decide(desk, moved, command)
            facts = {"verdict": moved["status"], "claim_id": moved["claim_id"], "claim_verdict": said}
            outcomes.append(Ok(_view(moved), _decision("resolve_alert", moved, facts)))
    desk.save()
    return outcomes


def _decide(desk: _Desk, alert: Row, command: Command) -> str | None:
    """What the resolution says of the claim; nothing when it was filed anew since: that version has its own alerts."""
    before = desk.verdicts.get(alert["claim_id"])
    if before is None or before["claim_version"] != alert["claim_version"]:
        return None
    alerts = desk.of_version(alert)
    said = verdict(states(alerts))
    if said != before["verdict"]:
        after = {**before, "verdict": said, "screened_at": desk.uow.now, "sequence": before["sequence"] + 1}
        desk.verdicts[alert["claim_id"]] = after
        desk.decided.add(alert["claim_id"])
        brief = [{name: one[name] for name in ("alert_id", "alert", "status")} for one in alerts]
        law = {"pack_version": alert["pack_version"], "articles": alert["articles"], "facts": {"alerts": brief}}
        desk.uow.emit(
            VERDICT_EVENTS[said],
            subject=alert["claim_id"],
            sequence=after["sequence"],
            data=verdict_data(after, alerts, said, law),
            cause=command,
        )
        facts = {"claim_version": after["claim_version"], "verdict": said, "alerts": brief}
        articles = tuple(alert["articles"])
        decision = Decision(
            f"claim_{said}", alert["claim_id"], alert["programme"], alert["pack_version"], articles, facts
        )
        desk.uow.record(decision, actor=command.actor, cause=command)
    return said


def _tell(uow: UnitOfWork, type_: str, alert: Mapping[str, Any], command: Command) -> None:
    uow.emit(type_, subject=alert["alert_id"], sequence=alert["sequence"], data=alert_data(alert), cause=command)


def _wrong_state(alert: Mapping[str, Any]) -> Refused:
    return Refused("WRONG_STATE", "alert_id", facts={"status": alert["status"]})


def _view(alert: Mapping[str, Any]) -> Row:
    return {"id": alert["alert_id"], "status": alert["status"], "sequence": alert["sequence"]}


def _decision(action: str, alert: Mapping[str, Any], facts: Row) -> Decision:
    law = (alert["pack_version"], tuple(alert["articles"]))
    return Decision(action, alert["alert_id"], alert["programme"], *law, {"alert": alert["alert"], **facts})
