"""Cases against parties: opened, heard, decided by two people, appealed; what follows is in the decision's commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from contracts.roles import PLATFORM
from infra.calendar import calendar
from infra.clock import local_date, parse_instant
from infra.db import UnitOfWork
from infra.jsontext import instant_text
from infra.messages import SYSTEM, Command, Event
from infra.packs import pack_at, pack_on
from services.supervision.domain import cases as rules
from services.supervision.store import cases as store
from services.supervision.store import known

MOST_DUE = 500
STATE = (
    *("case_id", "kind", "party_kind", "party_id", "programme", "region", "ground", "status", "interim", "evidence"),
    *("hearing_until", "hearing_sha256", "appeal_until", "until", "cooperation"),
)

Row = dict[str, Any]
Cause = Command | Event | None
Step = Callable[["_Desk", Row, Command], Row | Refused]


class _Desk:
    """The cases that one batch is about, with their parties and entries, folded in memory and saved once."""

    def __init__(self, uow: UnitOfWork, *, case_ids: Collection[str], party_ids: Collection[str] = ()) -> None:
        self.uow = uow
        party_ids = {*party_ids, *store.parties_of(uow.conn, case_ids)}
        # the parties' rows are locked first, so that two cases against one party come after one another
        self.parties = known.parties(uow.conn, party_ids, lock=True)
        self.cases = store.lock(uow.conn, party_ids)
        self.entries = store.lock_entries(uow.conn, party_ids)
        self.changed: set[str] = set()
        self.written: set[str] = set()

    def put(self, case: Row, what: str, cause: Cause, **facts: Any) -> Row:
        """Keep the case in its next version, and tell it."""
        moved = {**case, "sequence": case["sequence"] + 1}
        self.cases[case["case_id"]] = moved
        self.changed.add(case["case_id"])
        referral = moved["referral"] or {}
        law = {"pack_version": moved["pack_version"], "articles": moved["articles"], "facts": facts}
        data = {**{name: moved[name] for name in STATE}, "referred_on": referral.get("referred_on"), "law": law}
        subject, sequence = moved["case_id"], moved["sequence"]
        self.uow.emit(f"supervision.case_{what}.v1", subject=subject, sequence=sequence, data=data, cause=cause)
        return moved

    def listed(self, party_id: str) -> Row | None:
        """The entry of a list that stands against the party."""
        mine = (e for e in self.entries.values() if e["party_id"] == party_id)
        return next((e for e in mine if e["status"] == "listed" and not e["interim"]), None)

    def running(self, party_id: str, kind: str) -> Row | None:
        """The case of that kind against the party that is not decided yet."""
        mine = (c for c in self.cases.values() if (c["party_id"], c["kind"]) == (party_id, kind))
        return next((case for case in mine if case["status"] in rules.HEARING), None)

    def enter(self, case: Row, what: str, cause: Cause, **fields: Any) -> None:
        """Write the case's entry, new or changed, and tell it; its version is that of the party's standing."""
        before = self.entries.get(case["case_id"]) or self._entry(case)
        of_party = [e["sequence"] for e in self.entries.values() if e["party_id"] == case["party_id"]]
        entry = {**before, **fields, "sequence": max(of_party, default=0) + 1}
        entry["in_effect"] = entry["status"] == "listed" and entry["effective_at"] <= self.uow.now
        self.entries[entry["entry_id"]] = entry
        self.written.add(entry["entry_id"])
        names = ("entry_id", "kind", "interim", "party_kind", "party_id", "party_name", "programme", "ground")
        law = {"pack_version": entry["pack_version"], "articles": entry["articles"], "facts": {}}
        data = {name: entry[name] for name in (*names, "effective_at", "until", "status")} | {"law": law}
        subject, sequence = entry["party_id"], entry["sequence"]
        self.uow.emit(f"supervision.party_{what}.v1", subject=subject, sequence=sequence, data=data, cause=cause)

    def lift(self, case: Row, cause: Cause, *, by: str, reason: str) -> None:
        """The case's entry is removed, if it stands."""
        entry = self.entries.get(case["case_id"])
        if entry is None or entry["status"] != "listed":
            return
        removed = {"removed_at": self.uow.now, "removed_by": by, "removal_reason": reason}
        self.enter(case, "resumed" if entry["interim"] else "removed", cause, status="removed", **removed)

    def _entry(self, case: Row) -> Row:
        copied = ("kind", "party_kind", "party_id", "programme", "ground", "reason", "pack_version", "articles")
        empty = dict.fromkeys(("until", "removed_at", "removed_by", "removal_reason"))
        name = {"party_name": self.parties[case["party_id"]]["name"]}
        return {"entry_id": case["case_id"], **{field: case[field] for field in copied}, **name, **empty}

    def save(self) -> None:
        rows = [self.cases[case_id] for case_id in sorted(self.changed)]
        store.save(self.uow.conn, rows, [self.entries[entry_id] for entry_id in sorted(self.written)])


# --- opening ----------------------------------------------------------------------------------------------------------


def open_case(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A new case; the party is told, and may speak until the pack's day. PROGRAMME_UNKNOWN, ALREADY_EXISTS, and what
    `open_problem` refuses; NOT_YET_KNOWN, NOT_FOUND for evidence that is not about the party; CALENDAR_UNKNOWN."""
    bodies = [command.body for command in commands]
    ids, parties = {body["case_id"] for body in bodies}, {body["party_id"] for body in bodies}
    desk = _Desk(uow, case_ids=ids, party_ids=parties)
    about = store.evidence_of(uow.conn, {one for body in bodies for one in _named(body)})
    outcomes: list[Outcome] = []
    for command in commands:
        case = _opened(desk, command, about)
        if isinstance(case, Refused):
            outcomes.append(case)
            continue
        if case["case_id"] not in desk.cases:
            case = desk.put(case, "opened", command)
            if case["interim"]:
                now = {"interim": True, "effective_at": uow.now, "status": "listed", "listed_at": uow.now}
                desk.enter(case, "suspended", command, **now, listed_by=command.actor.subject)
        outcomes.append(_done("open_case", case))
    desk.save()
    return outcomes


def _named(body: Mapping[str, Any]) -> list[str]:
    return [one for name in rules.RECORDS for one in body.get(name) or ()]


def _opened(desk: _Desk, command: Command, about: Mapping[str, set[str]]) -> Row | Refused:
    body, uow = command.body, desk.uow
    there = desk.cases.get(body["case_id"])
    if there is not None:
        same = all(there[name] == body[name] for name in rules.SAID) and there["evidence"] == _evidence(body)
        same = same and there["interim"] == body["interim"]
        return there if same else Refused("ALREADY_EXISTS", "case_id")
    party = desk.parties.get(body["party_id"])
    pack = pack_on(body["programme"], uow.today, party["region"] if party else None)
    if pack is None:
        return Refused("PROGRAMME_UNKNOWN", "programme")
    running, listed = desk.running(body["party_id"], body["kind"]), desk.listed(body["party_id"])
    problem = rules.open_problem(body=body, pack=pack, party=party, running=running, listed=listed)
    if problem is not None:
        return problem
    for field in rules.RECORDS:
        for one in body.get(field) or ():
            if body["party_id"] not in about.get(one, ()):
                return Refused("NOT_FOUND" if one in about else "NOT_YET_KNOWN", field, facts={"id": one})
    return _case(desk, command, pack, party)


def _case(desk: _Desk, command: Command, pack: Pack, party: Mapping[str, Any] | None) -> Row | Refused:
    body, rule = command.body, pack.supervision.hearing
    assert rule is not None
    assert party is not None
    until = calendar().add_working_days(desk.uow.today, rule.working_days)
    if isinstance(until, Refused):
        return until
    return {
        **store.blank(),
        **{name: body[name] for name in ("case_id", *rules.SAID, "interim")},
        "region": party["region"],
        "evidence": _evidence(body),
        "pack_version": pack.label,
        "articles": list(rules.case_articles(pack, body["kind"], body["ground"])),
        "status": "noticed",
        "opened_at": desk.uow.now,
        "opened_by": command.actor.subject,
        "hearing_until": until,
        "waived": False,
        "sequence": 0,
    }


def _evidence(body: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: sorted(set(body.get(field) or ())) for field, name in rules.EVIDENCE.items()}


# --- hearing, proposal, appeal ----------------------------------------------------------------------------------------


def _each(uow: UnitOfWork, commands: Sequence[Command], step: Step) -> list[Outcome]:
    """Take each case a step. NOT_FOUND, PROGRAMME_MISMATCH, and what the step refuses."""
    desk = _Desk(uow, case_ids={command.body["case_id"] for command in commands})
    outcomes: list[Outcome] = []
    for command in commands:
        case = desk.cases.get(command.body["case_id"])
        if case is None:
            outcomes.append(Refused("NOT_FOUND", "case_id"))
        elif command.actor.programme not in (None, case["programme"]):
            outcomes.append(Refused("PROGRAMME_MISMATCH", "case_id"))
        else:
            moved = step(desk, case, command)
            outcomes.append(moved if isinstance(moved, Refused) else _done(command.method, moved))
    desk.save()
    return outcomes


def state_case(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The party speaks, or waives; said again, it is said anew. NOT_OWNER, FACT_MISSING, WRONG_STATE."""

    def step(desk: _Desk, case: Row, command: Command) -> Row | Refused:
        problem = _not_owner(case, command) or rules.statement_problem(case, command.body)
        if problem is not None:
            return problem
        said = {"statement": command.body.get("text"), "waived": command.body["waives"], "stated_at": uow.now}
        # what was proposed did not know of this
        return desk.put({**case, **said, "proposal": None}, "stated", command)

    return _each(uow, commands, step)


def hold_hearing(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """noticed → heard, with the record's hash. WRONG_STATE, FACT_INVALID (a day to come, or before the case)."""

    def step(desk: _Desk, case: Row, command: Command) -> Row | Refused:
        body, opened_on = command.body, local_date(case["opened_at"])
        problem = rules.hearing_problem(case, body, opened_on=opened_on, today=uow.today)
        if problem is not None:
            return problem
        held = {"status": "heard", "heard_on": body["held_on"], "hearing_sha256": body["record_sha256"]}
        return desk.put({**case, **held, "proposal": None}, "heard", command)

    return _each(uow, commands, step)


def propose_decision(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A decision that waits for another person; a newer proposal takes its place. What `proposal_problem` refuses."""

    def step(desk: _Desk, case: Row, command: Command) -> Row | Refused:
        body, person = command.body, command.actor.subject
        at = {"today": uow.today, "now": uow.now}
        effective_on = local_date(body["effective_at"]) if body.get("effective_at") else None
        problem = rules.proposal_problem(case, body, actor=command.actor, effective_on=effective_on, **at)
        if problem is not None:
            return problem
        proposal = {name: body[name] for name in ("outcome", "reason")} | {"by": person, "at": instant_text(uow.now)}
        proposal["until"] = body["until"].isoformat() if body.get("until") else None
        proposal["effective_at"] = instant_text(body["effective_at"]) if body.get("effective_at") else None
        return desk.put({**case, "proposal": proposal}, "proposed", command, outcome=body["outcome"])

    return _each(uow, commands, step)


def appeal_case(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """upheld → appealed, once, by the party, within the pack's working days. NOT_OWNER, WRONG_STATE."""

    def step(desk: _Desk, case: Row, command: Command) -> Row | Refused:
        problem = _not_owner(case, command) or rules.wrong_state(case, "appeal") or rules.late_appeal(case, uow.today)
        if problem is not None:
            return problem
        said = {"status": "appealed", "appealed_at": uow.now, "appeal": command.body["text"], "proposal": None}
        return desk.put({**case, **said}, "appealed", command)

    return _each(uow, commands, step)


def _not_owner(case: Row, command: Command) -> Refused | None:
    if command.actor.roles & {PLATFORM} or command.actor.organisation == case["party_id"]:
        return None
    return Refused("NOT_OWNER", "case_id")


# --- decision ---------------------------------------------------------------------------------------------------------


def decide_case(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """What was proposed takes effect, or is proposed no more. WRONG_STATE, SAME_PERSON, ALREADY_LISTED,
    FACT_INVALID (its last day has passed), CALENDAR_UNKNOWN."""

    def step(desk: _Desk, case: Row, command: Command) -> Row | Refused:
        problem = rules.decision_problem(case, actor=command.actor)
        if problem is not None:
            return problem
        proposal = case["proposal"]
        if not command.body["agreed"]:
            return desk.put({**case, "proposal": None}, "proposed", command, outcome=None)
        return FOLLOWS[proposal["outcome"]](desk, case, command)

    return _each(uow, commands, step)


def _decided(desk: _Desk, case: Row, command: Command, **fields: Any) -> Row:
    """The first decision of the case, or the one on its appeal."""
    proposal, ahead = case["proposal"], "appeal_" if case["status"] == "appealed" else ""
    by = {"proposed_by": proposal["by"], "decided_by": command.actor.subject, "decided_at": desk.uow.now}
    made = {f"{ahead}{name}": value for name, value in {**by, "decision": proposal["reason"]}.items()}
    moved = {**case, **made, **fields, "status": proposal["outcome"], "proposal": None}
    return desk.put(moved, "decided", command, outcome=proposal["outcome"])


def _upheld(desk: _Desk, case: Row, command: Command) -> Row | Refused:
    uow, proposal, rule = desk.uow, case["proposal"], pack_at(case["pack_version"]).supervision.hearing
    assert rule is not None
    appeal_until = calendar().add_working_days(uow.today, rule.appeal_days)
    if isinstance(appeal_until, Refused):
        return appeal_until
    if case["kind"] == "forced_exit":
        return _forced_out(desk, _decided(desk, case, command, appeal_until=appeal_until), command)
    standing = desk.listed(case["party_id"])
    if standing is not None:
        return Refused("ALREADY_LISTED", "case_id", case["articles"][0], {"entry_id": standing["entry_id"]})
    until = date.fromisoformat(proposal["until"]) if proposal["until"] else None
    asked = proposal["effective_at"] and parse_instant(proposal["effective_at"])
    late = rules.past(until, uow.today)  # it was not when it was proposed
    if late is not None:
        return late
    moved = _decided(desk, case, command, appeal_until=appeal_until, until=until)
    fields = {"interim": False, "status": "listed", "until": until, "listed_at": uow.now}
    fields |= {"effective_at": max(asked or uow.now, uow.now), "listed_by": command.actor.subject}
    desk.enter(moved, "blacklisted", command, **fields)
    return moved


def _forced_out(desk: _Desk, case: Row, command: Command) -> Row:
    """registry carries it out; what was stopped for the time of the case stays so until that is heard."""
    _tell_exit(desk, case, "decided", command)
    if desk.parties[case["party_id"]]["status"] != "exited":
        return case
    desk.lift(case, command, by=command.actor.subject, reason=case["decision"])
    left = {**case, "exited_at": desk.uow.now}
    desk.cases[case["case_id"]] = left
    return left


def _tell_exit(desk: _Desk, case: Row, what: str, command: Command) -> None:
    law = {"pack_version": case["pack_version"], "articles": case["articles"], "facts": {}}
    named = {"case_id": case["case_id"], "provider_id": case["party_id"]}
    data = {**named, "programme": case["programme"], "ground": case["ground"], "law": law}
    subject, sequence = case["case_id"], case["sequence"]
    desk.uow.emit(f"supervision.exit_{what}.v1", subject=subject, sequence=sequence, data=data, cause=command)


def _ended(desk: _Desk, case: Row, command: Command) -> Row:
    """dismissed, revoked, removed: nothing stands against the party by this case any more."""
    revoked = case["proposal"]["outcome"] == "revoked" and case["kind"] == "forced_exit"
    moved = _decided(desk, case, command, ended_at=desk.uow.now)
    desk.lift(moved, command, by=command.actor.subject, reason=case["proposal"]["reason"])
    if revoked:
        _tell_exit(desk, moved, "revoked", command)
    return moved


FOLLOWS: Mapping[str, Step] = {
    "upheld": _upheld,
    "kept": _decided,
    "dismissed": _ended,
    "revoked": _ended,
    "removed": _ended,
}


# --- what comes after -------------------------------------------------------------------------------------------------


def refer_case(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Referred to another authority (移送); a newer referral replaces an older. WRONG_STATE, FACT_INVALID."""

    def step(desk: _Desk, case: Row, command: Command) -> Row | Refused:
        problem, body = rules.wrong_state(case, "refer"), command.body
        opened_on = local_date(case["opened_at"])
        if problem is None and not opened_on <= body["referred_on"] <= uow.today:
            facts = {"from": opened_on.isoformat(), "today": uow.today.isoformat()}
            problem = Refused("FACT_INVALID", "referred_on", case["articles"][0], facts)
        if problem is not None:
            return problem
        referral = {"authority": body["authority"], "letter_sha256": body["letter_sha256"]}
        referral["referred_on"] = body["referred_on"].isoformat()
        return desk.put({**case, "referral": referral}, "referred", command)

    return _each(uow, commands, step)


def close_case(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A forced exit of which nothing is open is closed. WRONG_STATE, with what is open."""
    providers = store.parties_of(uow.conn, {command.body["case_id"] for command in commands})
    wind_downs, owed = known.wind_downs(uow.conn, providers), store.owed_fen(uow.conn, providers)

    def step(desk: _Desk, case: Row, command: Command) -> Row | Refused:
        problem = rules.wrong_state(case, "close")
        if problem is not None:
            return problem
        of = case["party_id"], case["programme"]
        left = {"wind_downs": wind_downs.get(of, ()), "owed_fen": owed.get(of, 0)}
        waiting = rules.still_open(case, **left, today=uow.today)
        if waiting:
            facts = {"status": case["status"], "open": waiting}
            return Refused("WRONG_STATE", "case_id", case["articles"][0], facts)
        told = {"cooperation": command.body["cooperation"], "closing_note": command.body["note"]}
        return desk.put({**case, **told, "status": "closed", "ended_at": uow.now}, "closed", command)

    return _each(uow, commands, step)


def exits_heard(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """registry carried a forced exit out: from now on what stops is the exit's own business."""
    causes = {event.subject: event for event in events}
    case_ids = store.exits_of(uow.conn, set(causes))
    if not case_ids:
        return
    desk = _Desk(uow, case_ids=case_ids)
    for case_id in sorted(case_ids):
        case = desk.cases[case_id]
        if case["exited_at"] is None and case["status"] in rules.STANDING:
            desk.lift(case, causes[case["party_id"]], by=SYSTEM.subject, reason="exited")
            desk.cases[case_id] = {**case, "exited_at": causes[case["party_id"]].time}
            desk.changed.add(case_id)
    desk.save()


def bring_into_effect(uow: UnitOfWork) -> int:
    """Entries whose moment has come count as in effect from now on."""
    return store.bring_into_effect(uow.conn, now=uow.now, most=MOST_DUE)


def end_terms(uow: UnitOfWork) -> int:
    """Entries that have had their last day are removed; how many."""
    case_ids = store.over(uow.conn, today=uow.today, most=MOST_DUE)
    desk = _Desk(uow, case_ids=case_ids)
    ended = 0
    for case_id in sorted(case_ids):
        case, entry = desk.cases[case_id], desk.entries[case_id]
        if entry["status"] == "listed" and entry["until"] < uow.today:
            moved = desk.put({**case, "status": "removed", "ended_at": uow.now, "proposal": None}, "decided", None)
            desk.lift(moved, None, by=SYSTEM.subject, reason="term")
            uow.record(_decision("end_term", moved), actor=SYSTEM)
            ended += 1
    desk.save()
    return ended


def _done(action: str, case: Row) -> Ok:
    view = {"id": case["case_id"], "status": case["status"], "sequence": case["sequence"]}
    return Ok(view, _decision(action, case))


def _decision(action: str, case: Row) -> Decision:
    facts = {name: case[name] for name in ("kind", "party_id", "ground", "status", "interim")}
    law = (case["pack_version"], tuple(case["articles"]))
    return Decision(action, case["case_id"], case["programme"], *law, facts)
