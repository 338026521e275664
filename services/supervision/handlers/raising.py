"""The one way to raise alerts, and to say what follows from them for a claim: findings fold, verdicts follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from infra.calendar import calendar
from infra.db import UnitOfWork
from infra.messages import Command, Event
from infra.packs import pack_on
from services.supervision.domain.alerts import (
    OPEN_STATES,
    SHOWN,
    Verdict,
    alert_id,
    counted,
    graver,
    verdict,
)
from services.supervision.domain.screening import screened_articles
from services.supervision.store import alerts as store
from services.supervision.store import claims as claim_store

MOST_LATE = 500

Row = dict[str, Any]
Cause = Event | Command | None

VERDICT_EVENTS: Mapping[Verdict, str] = {
    "cleared": "supervision.claim_cleared.v1",
    "held": "supervision.claim_held.v1",
    "rejected": "supervision.claim_rejected.v1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What was found: by which rule, how grave, about what (`subject_kind`, `subject`: repeats on the same fold).

    claim: (id, version) of the claim it was found on, if any; holds: whether that claim waits for a supervisor.
    region: of whom it is about, a prefix for offices. evidence: as `Finding.evidence` gives it.
    """

    alert: str
    severity: str
    subject_kind: str
    subject: str
    programme: str
    region: str
    evidence: Mapping[str, Any]
    articles: tuple[str, ...] = ()
    pack: Pack | None = None
    cause: Cause = None
    claim: tuple[str, int] | None = None
    holds: bool = False
    provider_id: str | None = None
    enterprise_id: str | None = None

    @property
    def key(self) -> store.Subject:
        return (self.subject, self.alert, self.programme)


def of_programme(uow: UnitOfWork, evidence: Mapping[str, Any], *, subject: tuple[str, str], programme: str) -> Raised:
    """What was found of a programme as a whole, on no claim. subject: kind and which."""
    pack = pack_on(programme, uow.today)
    return Raised(
        alert=evidence["rule"],
        severity=evidence["severity"],
        subject_kind=subject[0],
        subject=subject[1],
        programme=programme,
        region=pack.region if pack else "00",
        evidence=evidence,
        pack=pack,
    )


def raise_alerts(uow: UnitOfWork, raised: Sequence[Raised]) -> None:
    """Fold each into the alert on its subject that is not resolved, or raise a new one.

    What a rule said before of the same version of a claim it does not say again, resolved or not; but of an alert that
    is not, what is graver, or holds what nothing held, is said. A fixed number of statements, whatever the number.
    """
    if not raised:
        return
    claim_ids = {one.claim[0] for one in raised if one.claim}
    before_on = store.on_claims(uow.conn, claim_ids)
    said = {(row["claim_id"], row["claim_version"], row["alert"]): row for row in before_on}
    counted_on = {(row["alert_id"], row["claim_id"]) for row in before_on}
    newest = store.lock_subjects(uow.conn, (one.key for one in raised))
    changed: dict[store.Subject, Row] = {}
    lines: dict[tuple[str, int, str], Row] = {}
    for one in raised:
        earlier = said.get((*one.claim, one.alert)) if one.claim else None
        if earlier is not None and not _says_more(earlier, one):
            continue
        before = newest.get(one.key)
        folds = before is not None and before["status"] in OPEN_STATES
        if before is not None and folds:
            known = one.claim is not None and (before["alert_id"], one.claim[0]) in counted_on
            alert = _folded(uow, before, one, another=one.claim is not None and not known)
            graver_now = alert["severity"] != before["severity"]
            tell(uow, "supervision.alert_repeated.v1", alert, one.cause, graver=graver_now)
        else:
            alert = _new(uow, one, before["number"] if before else 0)
            tell(uow, "supervision.alert_raised.v1", alert, one.cause)
        newest[one.key] = changed[one.key] = alert
        if one.claim is not None:
            counted_on.add((alert["alert_id"], one.claim[0]))
            line = {**_line(uow, one, alert["alert_id"]), "holds": one.holds or bool(earlier and earlier["holds"])}
            lines[*one.claim, one.alert] = line
            said[*one.claim, one.alert] = {**line, "severity": alert["severity"], "status": alert["status"]}
    store.save(uow.conn, [_columns(alert) for alert in changed.values()])
    store.save_claims(uow.conn, list(lines.values()))


def conclude(
    uow: UnitOfWork, claims: Iterable[Row], *, packs: Mapping[str, Pack | None], causes: Mapping[str, Cause]
) -> None:
    """Say of each claim's version what its alerts come to, where that was not said before.

    claims: with claim_id, claim_version, provider_id, programme, pack_version and `before`, the verdict's locked row.
    """
    claims = list(claims)
    found: dict[tuple[str, int], list[Row]] = {}
    for row in store.on_claims(uow.conn, {claim["claim_id"] for claim in claims}):
        found.setdefault((row["claim_id"], row["claim_version"]), []).append(row)
    verdicts: list[Row] = []
    for claim in claims:
        alerts = found.get((claim["claim_id"], claim["claim_version"]), [])
        pack = packs.get(claim["pack_version"])
        verdicts += _verdict(uow, claim, alerts, pack, causes.get(claim["claim_id"]))
    claim_store.save_verdicts(uow.conn, verdicts)


def escalate_late(uow: UnitOfWork) -> int:
    """Tell, once, the role that the pack names of each alert whose day has passed; how many."""
    late = store.lock_late(uow.conn, today=uow.today, most=MOST_LATE)
    moved = [{**alert, "escalated_at": uow.now, "sequence": alert["sequence"] + 1} for alert in late]
    for alert in moved:
        tell(uow, "supervision.alert_escalated.v1", alert, None)
    store.save(uow.conn, moved)
    return len(moved)


def tell(uow: UnitOfWork, type_: str, alert: Mapping[str, Any], cause: Cause, *, graver: bool = False) -> None:
    """The alert as it stands, as an event; graver: what was found now made it so."""
    names = (
        *("alert_id", "alert", "severity", "subject_kind", "subject", "programme", "region", "provider_id"),
        *("enterprise_id", "claims", "claim_ids", "repeats", "evidence", "status", "assigned_to", "due_on", "reason"),
    )
    told = alert["escalate_to"] if alert["escalated_at"] else None
    law = {"pack_version": alert["pack_version"], "articles": alert["articles"], "facts": {}}
    data = {**{name: alert[name] for name in names}, "graver": graver, "escalated_to": told, "law": law}
    uow.emit(type_, subject=alert["alert_id"], sequence=alert["sequence"], data=data, cause=cause)


def _new(uow: UnitOfWork, one: Raised, number: int) -> Row:
    rule = one.pack.supervision.alert_deadline if one.pack else None
    names = ("alert", "severity", "subject_kind", "subject", "programme", "region", "provider_id", "enterprise_id")
    return {
        **{name: getattr(one, name) for name in names},
        "alert_id": alert_id(alert=one.alert, subject=one.subject, programme=one.programme, number=number + 1),
        "claims": 1 if one.claim else 0,
        "claim_ids": [one.claim[0]] if one.claim else [],
        "repeats": 0,
        "pack_version": one.pack.label if one.pack else None,
        "articles": list(one.articles),
        "first_evidence": dict(one.evidence),
        "evidence": dict(one.evidence),
        "status": "open",
        "raised_at": uow.now,
        "due_on": _due(uow, one),
        "escalate_to": rule.escalate_to if rule else None,
        **dict.fromkeys(("repeated_at", "assigned_to", "escalated_at", "acknowledged_at", "acknowledged_by")),
        **dict.fromkeys(("resolved_at", "resolved_by", "reason")),
        "sequence": 1,
        "number": number + 1,
    }


def _due(uow: UnitOfWork, one: Raised) -> date | None:
    """By working days of its severity; none where the pack says none, or the calendar does not reach that far."""
    rule = one.pack.supervision.alert_deadline if one.pack else None
    if rule is None:
        return None
    day = calendar().add_working_days(uow.today, rule.days(one.severity))
    return None if isinstance(day, Refused) else day


def _folded(uow: UnitOfWork, before: Row, one: Raised, *, another: bool) -> Row:
    """The alert with what was found again: `another` claim or not, never lighter, due no later than before."""
    severity = graver(before["severity"], one.severity)
    due = {day for day in (before["due_on"], _due(uow, one)) if day} if severity != before["severity"] else set()
    others = [claim_id for claim_id in before["claim_ids"] if one.claim is None or claim_id != one.claim[0]]
    return {
        **before,
        "severity": severity,
        "due_on": min(due) if due else before["due_on"],
        "claims": before["claims"] + (1 if another else 0),
        "claim_ids": ([*others, one.claim[0]] if one.claim else others)[-SHOWN:],
        "repeats": before["repeats"] + 1,
        "evidence": dict(one.evidence),
        "repeated_at": uow.now,
        "sequence": before["sequence"] + 1,
    }


def _columns(alert: Row) -> Row:
    return {name: value for name, value in alert.items() if name != "number"}


def _says_more(earlier: Row, one: Raised) -> bool:
    if earlier["status"] not in OPEN_STATES:
        return False
    return graver(earlier["severity"], one.severity) != earlier["severity"] or (one.holds and not earlier["holds"])


def _line(uow: UnitOfWork, one: Raised, alert: str) -> Row:
    assert one.claim is not None
    return {
        "claim_id": one.claim[0],
        "claim_version": one.claim[1],
        "alert": one.alert,
        "alert_id": alert,
        "holds": one.holds,
        "cleared": False,
        "evidence": dict(one.evidence),
        "found_at": uow.now,
    }


def _verdict(uow: UnitOfWork, claim: Row, alerts: Sequence[Row], pack: Pack | None, cause: Cause) -> list[Row]:
    """The verdict's row and event; nothing when the same was said of this version before."""
    names = ("status", "holds", "cleared")
    said = verdict([state for row in alerts if (state := counted(**{name: row[name] for name in names}))])
    before = claim["before"]
    if before is not None and (before["claim_version"], before["verdict"]) == (claim["claim_version"], said):
        return []
    label = pack.label if pack else None
    confirmed = (row["articles"] for row in alerts if row["status"] == "confirmed" and not row["cleared"])
    articles = tuple(next(confirmed, ())) or screened_articles(pack, cleared=said == "cleared")
    brief = [{name: row[name] for name in ("alert_id", "alert", "severity", *names)} for row in alerts]
    facts = {"claim_version": claim["claim_version"], "verdict": said, "alerts": brief}
    sequence = before["sequence"] + 1 if before else 1
    data = {
        **{name: claim[name] for name in ("claim_id", "claim_version", "provider_id", "programme")},
        "verdict": said,
        "alerts": sorted(row["alert"] for row in alerts),
        "law": {"pack_version": label, "articles": list(articles), "facts": {"alerts": brief}},
    }
    uow.emit(VERDICT_EVENTS[said], subject=claim["claim_id"], sequence=sequence, data=data, cause=cause)
    actor, action = (cause.actor, f"claim_{said}") if isinstance(cause, Command) else (None, "screen_claim")
    decision = Decision(action, claim["claim_id"], claim["programme"], label, articles, facts)
    uow.record(decision, actor=actor, cause=cause)
    row = {name: claim[name] for name in ("claim_id", "claim_version", "provider_id", "programme", "pack_version")}
    return [{**row, "verdict": said, "screened_at": uow.now, "sequence": sequence}]
