"""Puts parties on the blacklist and takes them off: from its moment on nothing new is given or paid to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.jsontext import instant_text
from infra.messages import Command
from infra.packs import pack_on
from services.supervision.domain.blacklist import RULES, ground_articles, moment
from services.supervision.store import alerts as store
from services.supervision.store import known

MOST_DUE = 500

Row = dict[str, Any]


class _List:
    """The entries that one batch of commands is about, folded in memory and saved once."""

    def __init__(self, uow: UnitOfWork, commands: Sequence[Command]) -> None:
        self.uow = uow
        party_ids = {command.body["party_id"] for command in commands if "party_id" in command.body}
        # the parties' rows are locked, so that two listings of one party come after one another
        self.parties = known.parties(uow.conn, party_ids, lock=True)
        entry_ids = {command.body["entry_id"] for command in commands}
        self.entries = store.lock_entries(uow.conn, entry_ids=entry_ids, party_ids=party_ids)
        self.changed: set[str] = set()

    def against(self, party_id: str) -> Row | None:
        """The entry that stands against the party."""
        standing = (e for e in self.entries.values() if e["party_id"] == party_id and e["status"] == "listed")
        return next(standing, None)

    def next_sequence(self, party_id: str) -> int:
        """The version of the party's standing, over all its entries: who projects by party sees the newest last."""
        return max((e["sequence"] for e in self.entries.values() if e["party_id"] == party_id), default=0) + 1

    def put(self, entry: Row) -> None:
        self.entries[entry["entry_id"]] = entry
        self.changed.add(entry["entry_id"])

    def save(self) -> None:
        store.save_entries(self.uow.conn, [self.entries[entry_id] for entry_id in sorted(self.changed)])


def list_party(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A new entry. PROGRAMME_UNKNOWN, NOT_YET_KNOWN, NOT_FOUND, ALREADY_EXISTS, ALREADY_LISTED, FACT_INVALID,
    EFFECT_IN_PAST."""
    listed = _List(uow, commands)
    outcomes: list[Outcome] = []
    for command in commands:
        outcome = _judge(listed, command)
        if isinstance(outcome, Refused):
            outcomes.append(outcome)
            continue
        entry, decision = outcome
        if entry["entry_id"] not in listed.entries:
            listed.put(entry)
            _tell(uow, "supervision.party_blacklisted.v1", entry, command)
        outcomes.append(Ok(_view(entry), decision))
    listed.save()
    return outcomes


def remove(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """listed → removed, with the reason. NOT_FOUND, WRONG_STATE."""
    listed = _List(uow, commands)
    outcomes: list[Outcome] = []
    for command in commands:
        entry = listed.entries.get(command.body["entry_id"])
        if entry is None:
            outcomes.append(Refused("NOT_FOUND", "entry_id"))
        elif command.actor.programme not in (None, entry["programme"]):
            outcomes.append(Refused("PROGRAMME_MISMATCH", "entry_id"))
        elif entry["status"] != "listed":
            outcomes.append(Refused("WRONG_STATE", "entry_id", facts={"status": entry["status"]}))
        else:
            by = {"removed_at": uow.now, "removed_by": command.actor.subject, "removal_reason": command.body["reason"]}
            moved = {**entry, **by, "status": "removed", "in_effect": False}
            moved["sequence"] = listed.next_sequence(entry["party_id"])
            listed.put(moved)
            _tell(uow, "supervision.party_removed.v1", moved, command)
            outcomes.append(Ok(_view(moved), _decision("remove_from_blacklist", moved)))
    listed.save()
    return outcomes


def bring_into_effect(uow: UnitOfWork) -> int:
    """Entries whose moment has come count as in effect from now on."""
    return store.bring_into_effect(uow.conn, now=uow.now, most=MOST_DUE)


def _judge(listed: _List, command: Command) -> tuple[Row, Decision] | Refused:
    body = command.body
    known_entry = listed.entries.get(body["entry_id"])
    if known_entry is not None:
        same = all(known_entry[name] == body[name] for name in ("party_id", "programme", "ground", "reason"))
        if not same:
            return Refused("ALREADY_EXISTS", "entry_id")
        return known_entry, _decision("blacklist_party", known_entry)
    party = listed.parties.get(body["party_id"])
    pack = pack_on(body["programme"], listed.uow.today, party["region"] if party else None)
    if pack is None:
        return Refused("PROGRAMME_UNKNOWN", "programme")
    if party is None:
        return Refused("NOT_YET_KNOWN", "party_id")
    if (party["kind"], party["programme"]) != (body["party_kind"], body["programme"]):
        return Refused("NOT_FOUND", "party_id", facts={"kind": party["kind"], "programme": party["programme"]})
    standing = listed.against(body["party_id"])
    if standing is not None:
        return Refused("ALREADY_LISTED", "party_id", facts={"entry_id": standing["entry_id"]})
    articles = ground_articles(pack, body["ground"])
    if not articles:
        grounds = [ground for ground in RULES if ground_articles(pack, ground)]
        return Refused("FACT_INVALID", "ground", facts={"grounds": grounds})
    now = listed.uow.now
    effective_at = moment(body.get("effective_at"), now=now)
    if effective_at is None:
        return Refused("EFFECT_IN_PAST", "effective_at", articles[0], {"now": instant_text(now)})
    entry = _entry(listed.uow, command, party["name"], pack, articles) | {
        "effective_at": effective_at,
        "in_effect": effective_at <= now,
        "sequence": listed.next_sequence(body["party_id"]),
    }
    return entry, _decision("blacklist_party", entry)


def _entry(uow: UnitOfWork, command: Command, name: str, pack: Pack, articles: tuple[str, ...]) -> Row:
    body = command.body
    return {
        **{field: body[field] for field in ("entry_id", "party_kind", "party_id", "programme", "ground", "reason")},
        "party_name": name,
        "pack_version": pack.label,
        "articles": list(articles),
        "status": "listed",
        "listed_at": uow.now,
        "listed_by": command.actor.subject,
        **dict.fromkeys(("removed_at", "removed_by", "removal_reason")),
    }


def _tell(uow: UnitOfWork, type_: str, entry: Mapping[str, Any], command: Command) -> None:
    names = ("entry_id", "party_kind", "party_id", "party_name", "programme", "ground", "effective_at", "status")
    law = {"pack_version": entry["pack_version"], "articles": entry["articles"], "facts": {}}
    data = {**{name: entry[name] for name in names}, "law": law}
    uow.emit(type_, subject=entry["party_id"], sequence=entry["sequence"], data=data, cause=command)


def _view(entry: Mapping[str, Any]) -> Row:
    return {"id": entry["entry_id"], "status": entry["status"], "sequence": entry["sequence"]}


def _decision(action: str, entry: Mapping[str, Any]) -> Decision:
    facts = {"entry_id": entry["entry_id"], "ground": entry["ground"], "effective_at": entry["effective_at"]}
    law = (entry["pack_version"], tuple(entry["articles"]))
    return Decision(action, entry["party_id"], entry["programme"], *law, facts)
