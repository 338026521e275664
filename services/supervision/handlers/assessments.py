"""Assessment sheets: opened with what the record says, adjusted by reviewers, concluded with what follows, mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.clock import day_begins
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_at, pack_on
from services.supervision.domain import sheets
from services.supervision.domain.assessments import effect_figures, judge_assessment, party_figures
from services.supervision.domain.indicators import Record
from services.supervision.domain.regions import Span, refused, span
from services.supervision.handlers.raising import raise_alerts
from services.supervision.handlers.terms import missed
from services.supervision.store import assessments as store
from services.supervision.store import figures as figure_store
from services.supervision.store import known

Row = dict[str, Any]
Step = Callable[[Row, Pack, Command], Row | Refused]

MOST_LATE = 500
IDS = ("programme", "name", "subject_id", "period")
TOLD = ("assessment_id", "programme", "name", "of", "subject_id", "region", "period", "score_bp", "grade")
TOLD_LINE = ("indicator", "weight_bp", "value", "score", "state")


def open_assessment(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Of a period that is over, once: each indicator computed from the record of that period as it stands now.
    PROGRAMME_UNKNOWN, RULE_ABSENT, INVALID, NOT_YET_KNOWN, NOT_FOUND, WRONG_STATE, OUT_OF_PERIOD, ALREADY_REPORTED,
    ALREADY_EXISTS."""
    opening = _Opening(uow, commands)
    outcomes = [opening.one(command) for command in commands]
    store.add(uow.conn, opening.new)
    return outcomes


class _Opening:
    """What one batch needs: loaded at once, whatever its size."""

    def __init__(self, uow: UnitOfWork, commands: Sequence[Command]) -> None:
        self.uow = uow
        bodies = [command.body for command in commands]
        spans = [span(body["period"]) for body in bodies]
        ids = {body["subject_id"] for body in bodies if body.get("subject_id")}
        self.there = store.lock(uow.conn, {body["assessment_id"] for body in bodies})
        self.standing = store.standing(uow.conn, {_key(body) for body in bodies})
        self.parties = known.parties(uow.conn, ids)
        self.until_now = store.of_providers(uow.conn, ids)
        self.record = store.record(uow.conn, ids, **_days(spans))
        packs = {body["programme"]: pack_on(body["programme"], uow.today) for body in bodies if not body["subject_id"]}
        filed = {code: pack.filing is not None for code, pack in packs.items() if pack}
        self.whole = figure_store.load(uow.conn, filed=filed)
        self.new: list[Row] = []

    def one(self, command: Command) -> Outcome:
        body = command.body
        known_sheet = self.there.get(body["assessment_id"])
        if known_sheet is not None:
            same = all(known_sheet[name] == (body[name] or "") for name in IDS)
            return _done("open_assessment", known_sheet, {}) if same else Refused("ALREADY_EXISTS", "assessment_id")
        made = self._sheet(command)
        if isinstance(made, Refused):
            return _named(made, body["assessment_id"])
        self.new.append(made)
        self.there[made["assessment_id"]], self.standing[_key(body)] = made, made["assessment_id"]
        facts = {**{name: body[name] for name in IDS}, "indicators": _lines(made), "figures": made["figures"]}
        _tell(self.uow, "opened", made, facts, command)
        return _done("open_assessment", made, facts)

    def _sheet(self, command: Command) -> Row | Refused:
        body, today = command.body, self.uow.today
        subject_id, name, period = body["subject_id"] or "", body["name"], body["period"]
        party = self.parties.get(subject_id)
        pack = pack_on(body["programme"], today, party["region"] if party else None)
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        asked = {"name": name, "subject_id": subject_id, "period": period, "roles": command.actor.roles}
        law = judge_assessment(pack=pack, party=party, today=today, **asked)
        if isinstance(law, Refused):
            return law
        before = self.standing.get(_key(body))
        if before is not None:
            return refused(pack, "ALREADY_REPORTED", "period", law[0], assessment_id=before)
        rule = pack.assessments[name]
        if rule.of == "effect":
            mine, figures = Record(), effect_figures(self.whole.of(pack.code).counts, period=period)
        else:
            mine = self.record.of(subject_id, **_days([span(period)]))
            figures = dict(party_figures(self.until_now, subject_id=subject_id))
        return {
            "assessment_id": body["assessment_id"],
            "programme": pack.code,
            "name": name,
            "of": rule.of,
            "subject_id": subject_id,
            "period": period,
            "region": party["region"] if party else None,
            "indicators": sheets.lines(rule, mine),
            "figures": figures,
            "pack_version": pack.label,
            "articles": list(law),
            "status": "open",
            "opened_at": self.uow.now,
            "opened_by": command.actor.subject,
            **dict.fromkeys(("score_bp", "grade", "consequence", "concluded_at", "concluded_by", "due_on")),
            **dict.fromkeys(("overdue_at", "mended_at", "mended_by", "mended_reason")),
            "sequence": 1,
        }


def adjust_assessment(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """One indicator's score, with the reason; kept with what it was before. NOT_FOUND, PROGRAMME_MISMATCH,
    RULE_ABSENT, WRONG_STATE, SAME_PERSON, INVALID."""
    made: list[Row] = []

    def step(sheet: Row, pack: Pack, command: Command) -> Row | Refused:
        body, actor = command.body, command.actor
        said = {name: body[name] for name in ("indicator", "score", "value")}
        if (said["score"] is None) == (said["value"] is None):
            return refused(pack, "INVALID", "score", sheet["articles"][0])
        found = sheets.adjusted(sheet=sheet, pack=pack, **said, roles=actor.roles, person=actor.subject)
        if isinstance(found, Refused):
            return found
        before, after = found
        lines = [after if one["indicator"] == body["indicator"] else one for one in sheet["indicators"]]
        made.append(
            {
                "assessment_id": sheet["assessment_id"],
                "sequence": sheet["sequence"] + 1,
                "indicator": body["indicator"],
                "before": before["score"],
                "after": after["score"],
                "value": body["value"],
                "reason": body["reason"],
                "adjusted_at": uow.now,
                "adjusted_by": actor.subject,
            }
        )
        return {"indicators": lines}

    def facts(sheet: Row, command: Command) -> Row:
        said = made[-1]
        changed = {name: said[name] for name in ("indicator", "before", "after", "value")}
        return {**changed, "score_bp": sheets.score_bp(sheet["indicators"])}

    return _steps(uow, commands, "adjust_assessment", "adjusted", step, facts, made)


def conclude_assessment(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """open → concluded, mending, suspended or exit_due, by the grade of its score. NOT_FOUND, PROGRAMME_MISMATCH,
    RULE_ABSENT, WRONG_STATE, SAME_PERSON, FACT_MISSING."""
    adjusters = store.adjusters(uow.conn, {command.body["assessment_id"] for command in commands})

    def step(sheet: Row, pack: Pack, command: Command) -> Row | Refused:
        who = {"roles": command.actor.roles, "person": command.actor.subject}
        by = adjusters.get(sheet["assessment_id"], ())
        barred = sheets.may_conclude(sheet=sheet, pack=pack, adjusters=by, **who)
        if barred is not None:
            return barred
        fixed = sheets.concluded(sheet=sheet, pack=pack, today=uow.today)
        return {**fixed, "concluded_at": uow.now, "concluded_by": command.actor.subject}

    def facts(sheet: Row, command: Command) -> Row:
        grade = {name: sheet[name] for name in ("score_bp", "grade", "consequence", "due_on")}
        return {**{name: sheet[name] for name in IDS}, **grade, "indicators": _lines(sheet)}

    return _steps(uow, commands, "conclude_assessment", "concluded", step, facts)


def confirm_mended(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """mending, suspended or exit_due → mended, with the reason: new orders may be placed again. NOT_FOUND,
    PROGRAMME_MISMATCH, RULE_ABSENT, WRONG_STATE."""

    def step(sheet: Row, pack: Pack, command: Command) -> Row | Refused:
        barred = sheets.may_mend(sheet=sheet, pack=pack, roles=command.actor.roles)
        if barred is not None:
            return barred
        by = {"mended_at": uow.now, "mended_by": command.actor.subject, "mended_reason": command.body["reason"]}
        return {**by, "status": "mended"}

    def facts(sheet: Row, command: Command) -> Row:
        return {name: sheet[name] for name in ("subject_id", "consequence", "due_on")}

    return _steps(uow, commands, "confirm_mended", "mended", step, facts)


def overdue_mending(uow: UnitOfWork) -> int:
    """Sheets whose provider had not mended by its day: told once to the bureau, and an alert; how many."""
    late = store.lock_late(uow.conn, today=uow.today, most=MOST_LATE)
    moved = [{**sheet, "overdue_at": uow.now, "sequence": sheet["sequence"] + 1} for sheet in late]
    for sheet in moved:
        _tell(uow, "overdue", sheet, {"due_on": sheet["due_on"].isoformat()}, None)
    store.save(uow.conn, moved)
    raise_alerts(
        uow,
        [
            missed(
                subject=("assessment", sheet["assessment_id"]),
                says=(
                    f"云服务商应于{sheet['due_on']}前完成整改，没有确认完成。",
                    f"The provider was to mend by {sheet['due_on']}; nobody has confirmed that it did.",
                ),
                region=sheet["region"],
                programme=sheet["programme"],
                pack=pack_at(sheet["pack_version"]),
                articles=sheet["articles"],
                numbers={"due_on": sheet["due_on"].isoformat()},
                provider_id=sheet["subject_id"],
            )
            for sheet in moved
        ],
    )
    return len(moved)


def _steps(
    uow: UnitOfWork,
    commands: Sequence[Command],
    action: str,
    event: str,
    step: Step,
    facts: Callable[[Row, Command], Row],
    made: Sequence[Row] = (),
) -> list[Outcome]:
    """Each sheet a step further under the pack that it was opened by; what changed is told and saved once."""
    there = store.lock(uow.conn, {command.body["assessment_id"] for command in commands})
    changed: dict[str, Row] = {}
    outcomes: list[Outcome] = []
    for command in commands:
        sheet = there.get(command.body["assessment_id"])
        if sheet is None:
            outcomes.append(Refused("NOT_FOUND", "assessment_id"))
            continue
        if command.actor.programme not in (None, sheet["programme"]):
            outcomes.append(Refused("PROGRAMME_MISMATCH", "assessment_id"))
            continue
        change = step(sheet, pack_at(sheet["pack_version"]), command)
        if isinstance(change, Refused):
            outcomes.append(_named(change, sheet["assessment_id"]))
            continue
        moved = {**sheet, **change, "sequence": sheet["sequence"] + 1}
        there[moved["assessment_id"]] = changed[moved["assessment_id"]] = moved
        told = facts(moved, command)
        _tell(uow, event, moved, told, command)
        outcomes.append(_done(action, moved, told))
    store.save(uow.conn, [changed[key] for key in sorted(changed)], made)
    return outcomes


def _key(body: Mapping[str, Any]) -> store.Key:
    return (body["programme"], body["name"], body["subject_id"] or "", body["period"])


def _days(spans: Sequence[Span]) -> dict[str, Any]:
    """From the first day of the earliest to the last of the latest, as days and as moments."""
    first, last = min(one.first for one in spans), max(one.last for one in spans)
    return {"first": first, "last": last, "begins": day_begins(first), "ends": day_begins(last + timedelta(days=1))}


def _named(problem: Refused, assessment_id: str) -> Refused:
    return Refused(problem.code, problem.field, problem.article, {"subject": assessment_id, **problem.facts})


def _lines(sheet: Mapping[str, Any]) -> list[Row]:
    """The indicators as decisions carry them: all that their scores rest on."""
    return [dict(line) for line in sheet["indicators"]]


def _tell(uow: UnitOfWork, what: str, sheet: Row, facts: Mapping[str, Any], command: Command | None) -> None:
    """Without the words of those who adjusted it or confirmed that it was mended."""
    data = {
        **{name: sheet[name] for name in (*TOLD, "consequence", "due_on", "status")},
        "subject_id": sheet["subject_id"] or None,
        "indicators": [{name: line[name] for name in TOLD_LINE} for line in sheet["indicators"]],
        "law": {"pack_version": sheet["pack_version"], "articles": sheet["articles"], "facts": facts},
    }
    type_ = f"supervision.assessment_{what}.v1"
    uow.emit(type_, subject=sheet["assessment_id"], sequence=sheet["sequence"], data=data, cause=command)


def _done(action: str, sheet: Mapping[str, Any], facts: Mapping[str, Any]) -> Ok:
    view = {"id": sheet["assessment_id"], "status": sheet["status"], "sequence": sheet["sequence"]}
    law = (sheet["pack_version"], tuple(sheet["articles"]))
    about = sheet["subject_id"] or None
    return Ok(view, Decision(action, sheet["assessment_id"], sheet["programme"], *law, facts, about=about))
