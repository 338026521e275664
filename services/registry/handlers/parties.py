"""Registration, one by one or by the register, and changes of registered facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Ok, Outcome, Refused
from infra.crypto import KeyRing, ring
from infra.db import UnitOfWork
from infra.jsontext import canonical
from infra.messages import Command
from services.registry import store
from services.registry.domain import entry, facts, uscc
from services.registry.domain.entry import Entered
from services.registry.domain.model import Party, PartyKind
from services.registry.domain.personal import PERSONAL, has_account
from services.registry.handlers import announce
from services.registry.handlers.common import done, each, foreign, ids, known_pack, pack_of, sealed, under
from services.registry.personal_store import opened, sealed_change

Judged = Entered | Refused
INVALID = "USCC_INVALID"

REGISTERED = (
    "programme", "uscc", "name", "region", "registered_on", "legal_person", "violation", "bad_credit",
    "tax_paid", "industry", "size", "capital_fen", "revenue_fen", "tax_region", "serves_industry", "platform_id",
)  # fmt: skip


def register_enterprises(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十四条(一): USCC_INVALID, PROGRAMME_UNKNOWN; ALREADY_EXISTS names the id that has the code."""
    return _register(uow, commands, "enterprise")


def register_providers(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十一条(一): as register_enterprises, and the platform that is named is one (FACT_INVALID, FACT_MISSING).

    Platform providers first: an application provider may come in one batch with the platform it names.
    """
    later = [command.body.get("provider_kind") == "application" for command in commands]
    outcomes: dict[int, Outcome] = {}
    for turn in (False, True):
        part = [index for index, is_later in enumerate(later) if is_later == turn]
        outcomes.update(zip(part, _register(uow, [commands[index] for index in part], "provider"), strict=True))
    return [outcomes[index] for index in range(len(commands))]


def _register(uow: UnitOfWork, commands: Sequence[Command], kind: PartyKind) -> list[Outcome]:
    if not commands:
        return []
    keys = ring()
    named = [command.body["platform_id"] for command in commands if command.body.get("platform_id")]
    platforms = store.platforms(uow.conn, named, uow.now) if named else {}
    judged: list[Judged] = [_applicant(command, kind, uow, keys, platforms) for command in commands]
    wanted = [one.versions[-1] for one in judged if isinstance(one, Entered)]
    fresh = store.insert_parties(uow.conn, _first_come(wanted))
    known = store.Rows(uow.conn, Party, [party.id for party in wanted if party.id not in fresh])
    by_code = store.parties_by_code(uow.conn, [(p.programme, p.kind, p.uscc) for p in wanted if p.id not in fresh])
    outcomes: list[Outcome] = []
    seen: dict[str, Party] = {}
    for command, entered in zip(commands, judged, strict=True):
        if isinstance(entered, Refused):
            outcomes.append(entered)
            continue
        party = entered.versions[-1]
        if party.id in fresh and party.id not in seen:
            _announce(uow, entered, cause=command)
            seen[party.id] = party
            outcomes.append(done(party, entered.decision))
        else:
            twin = seen.get(party.id) or known.get(party.id)
            outcomes.append(_met(party, twin, by_code, f"{kind}_id"))
    return outcomes


def _announce(uow: UnitOfWork, entered: Entered, *, cause: Command) -> None:
    """One event a version: what followed from the registration follows it."""
    for version in entered.versions:
        announce.party(uow, version.status, version, cause=cause, decision=entered.decision)


def _first_come(wanted: Sequence[Party]) -> list[Party]:
    """The first of each id and code, in the order received."""
    by_id: dict[str, Party] = {}
    codes: set[tuple[str, str]] = set()
    for party in wanted:
        if party.id not in by_id and (party.programme, party.uscc) not in codes:
            by_id[party.id] = party
            codes.add((party.programme, party.uscc))
    return list(by_id.values())


def _applicant(
    command: Command, kind: PartyKind, uow: UnitOfWork, keys: KeyRing, platforms: Mapping[str, str]
) -> Judged:
    """The party as it would be registered."""
    body = command.body
    pack = pack_of(body["programme"], uow.today, body["region"])
    if isinstance(pack, Refused):
        return pack
    if not uscc.is_valid(body["uscc"]):
        return Refused("USCC_INVALID", field="uscc", facts={"uscc": body["uscc"], "subject": body[f"{kind}_id"]})
    facts_of: dict[str, Any] = {name: body.get(name) for name in REGISTERED}
    party = Party(
        id=body[f"{kind}_id"],
        kind=kind,
        status="registered",
        sequence=1,
        account_version=1 if has_account(body) else 0,
        priority=bool(body.get("priority")) and "operator" in command.actor.roles,  # nobody jumps the line by own word
        provider_kind=(body.get("provider_kind") or "platform") if kind == "provider" else None,
        registration=keys.blind("registration", canonical(body)),
        **facts_of,
    )
    unfit = entry.unfit_platform(party, platforms, pack)
    if unfit is not None:
        return under(pack, unfit)
    party = sealed(party, {name: body[name] for name in PERSONAL if body.get(name)}, keys)
    return under(pack, entry.registered(party, pack))


def _met(party: Party, twin: Party | None, by_code: Mapping[tuple[str, str, str], str], field: str) -> Outcome:
    """Someone is there already: the same registration again is done, any other is a conflict."""
    if twin is not None:
        same = twin.kind == party.kind and twin.registration == party.registration
        return done(twin) if same else Refused("ALREADY_EXISTS", field=field, facts={"subject": twin.id})
    other = by_code.get((party.programme, party.kind, party.uscc))
    return Refused("ALREADY_EXISTS", field="uscc", facts={"subject": other} if other else {})


def import_enterprises(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Rows of a register: `accepted` when new, `unchanged` when the code is registered, else a code.

    The id is made from programme and code. The region is a fact here: whether it is the programme's own is judged when
    something is asked for. All rows of all commands go in by one statement.
    """
    plans = [_plan(command, uow) for command in commands]
    wanted: dict[str, tuple[Mapping[str, Any], str]] = {}
    for command, plan in zip(commands, plans, strict=True):
        for key, row in zip(plan if isinstance(plan, list) else [], command.body["rows"], strict=False):
            if key != INVALID:
                wanted.setdefault(key, (row, command.body["programme"]))
    keys, known = ring(), store.known_ids(uow.conn, wanted)
    new = {key: _entry(key, row, programme, keys, uow) for key, (row, programme) in wanted.items() if key not in known}
    fresh = store.insert_parties(uow.conn, [one.versions[-1] for one in new.values()])
    outcomes: list[Outcome] = []
    for command, plan in zip(commands, plans, strict=True):
        if isinstance(plan, Refused):
            outcomes.append(plan)
            continue
        verdicts = []
        for key in plan:
            if key in fresh:
                fresh.discard(key)
                _take_in(uow, new[key], command)
                verdicts.append("accepted")
            else:
                verdicts.append(key if key == INVALID else "unchanged")
        outcomes.append(Ok({"outcomes": verdicts}))
    return outcomes


def _take_in(uow: UnitOfWork, entered: Entered, command: Command) -> None:
    """Tell of a row that went in; what followed from it is a decision of its own."""
    _announce(uow, entered, cause=command)
    if entered.decision is not None:
        uow.record(entered.decision, actor=command.actor, cause=command)


def _plan(command: Command, uow: UnitOfWork) -> list[str] | Refused:
    """The id of each row, or the code that it is rejected with."""
    programme = command.body["programme"]
    pack = pack_of(programme, uow.today)
    if isinstance(pack, Refused):
        return pack
    return [
        uscc.party_id(programme=programme, kind="enterprise", code=row["uscc"])
        if uscc.is_valid(row["uscc"])
        else INVALID
        for row in command.body["rows"]
    ]


def _entry(key: str, row: Mapping[str, Any], programme: str, keys: KeyRing, uow: UnitOfWork) -> Entered:
    """A row as a party; violation and bad credit are not in a register, and are recorded when they are known."""
    party = Party(
        id=key,
        kind="enterprise",
        programme=programme,
        status="registered",
        sequence=1,
        violation=False,
        bad_credit=False,
        capital_fen=row.get("capital_fen"),
        **{name: row[name] for name in ("uscc", "name", "region", "registered_on", "legal_person")},
    )
    party = sealed(party, {name: row[name] for name in ("representative", "address") if row.get(name)}, keys)
    entered = entry.registered(party, known_pack(party, uow.today))
    assert isinstance(entered, Entered), "conditions on registration are a provider's"
    return entered


def change_facts(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Registered facts change, with their history; another account is a new version of it, which payments freeze."""
    keys = ring()
    parties = store.Rows(uow.conn, Party, ids(commands, "party_id"))
    named = [command.body["platform_id"] for command in commands if command.body.get("platform_id")]
    platforms = store.platforms(uow.conn, named, uow.now) if named else {}
    history: list[dict[str, Any]] = []

    def judge(command: Command) -> Outcome:
        body = command.body
        party = parties.get(body["party_id"])
        if party is None or party.kind != body["party_kind"]:
            return Refused("NOT_FOUND", field="party_id")
        barred = foreign(command, party.programme)
        if barred is not None:
            return barred
        changed = facts.change(party=party, personal=opened(party, keys), given=body, roles=command.actor.roles)
        if changed is None:
            return done(party)
        if isinstance(changed, Refused):
            return changed
        pack = known_pack(changed.party, uow.today)
        if changed.party.platform_id != party.platform_id:
            unfit = entry.unfit_platform(changed.party, platforms, pack)
            if unfit is not None:
                return under(pack, unfit)
        after = sealed(changed.party, changed.personal, keys)
        parties.put(after)
        for change in changed.changes:
            history.append(
                {
                    "party_id": after.id,
                    "sequence": after.sequence,
                    "field": change.field,
                    "reason": body["reason"],
                    "actor": command.actor.subject,
                    "at": uow.now,
                    **sealed_change(after, change, keys),
                }
            )
        decision = facts.decision(party=after, changes=changed.changes, pack=pack)
        announce.party(uow, "facts_changed", after, cause=command, decision=decision)
        return done(after, decision)

    outcomes = each(commands, judge)
    parties.save()
    store.keep_history(uow.conn, history)
    return outcomes
