"""What ties parties to each other (第十三条(四)): ties on record, and who holds a share of whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from infra.crypto import KeyRing, ring
from infra.db import UnitOfWork
from infra.messages import Command, Event
from infra.pipeline import NotYet
from services.registry import store
from services.registry.domain import holdings
from services.registry.domain.law import articles_of, decided
from services.registry.domain.model import Party, Shareholding, Tie
from services.registry.handlers import announce
from services.registry.handlers.common import done, each, foreign, holder_index, ids, known_pack, pack_of

RULE = "eligibility.not_affiliated"


def record_ties(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十三条(四): an enterprise and a provider that are tied; orders and claims between them are refused."""
    parties = store.Rows(uow.conn, Party, ids(commands, "enterprise_id") + ids(commands, "provider_id"))
    ties = store.Rows(uow.conn, Tie, ids(commands, "tie_id"))

    def judge(command: Command) -> Outcome:
        body = command.body
        enterprise, provider = parties.get(body["enterprise_id"]), parties.get(body["provider_id"])
        if enterprise is None or enterprise.kind != "enterprise":
            return Refused("NOT_FOUND", field="enterprise_id")
        if provider is None or provider.kind != "provider" or provider.programme != enterprise.programme:
            return Refused("NOT_FOUND", field="provider_id")
        barred = foreign(command, enterprise.programme)
        if barred is not None:
            return barred
        new = Tie(
            id=body["tie_id"],
            enterprise_id=enterprise.id,
            provider_id=provider.id,
            programme=enterprise.programme,
            kind=body["kind"],
            evidence=body["evidence"],
            recorded_by=command.actor.subject,
        )
        known = ties.get(new.id)
        if known is not None:
            same = replace(known, recorded_by=new.recorded_by) == new
            return _tied(new.id) if same else Refused("ALREADY_EXISTS", field="tie_id")
        ties.put(new)
        announce.tie(uow, new, cause=command)
        pack = known_pack(enterprise, uow.today)
        facts = {"enterprise_id": new.enterprise_id, "provider_id": new.provider_id, "kind": new.kind}
        articles = articles_of(pack, RULE)
        return _tied(new.id, decided(action="record_tie", subject=new.id, pack=pack, articles=articles, facts=facts))

    outcomes = each(commands, judge)
    ties.save()
    return outcomes


def _tied(tie_id: str, decision: Decision | None = None) -> Ok:
    return Ok({"id": tie_id, "status": "recorded", "sequence": 1}, decision)


def ties_found(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """A supervisor confirmed that two parties are tied: from now on that is on record as any other tie."""
    told = [event.data for event in events]
    wanted = {one[name] for one in told for name in ("enterprise_id", "provider_id")}
    absent = sorted(wanted - store.known_ids(uow.conn, wanted))
    if absent:
        raise NotYet(absent[0])
    ties = store.Rows(uow.conn, Tie, [one["tie_id"] for one in told])
    for event in events:
        if ties.get(event.data["tie_id"]) is None:
            tie = Tie(
                id=event.data["tie_id"],
                **{name: event.data[name] for name in ("enterprise_id", "provider_id", "programme")},
                kind="confirmed_alert",
                evidence=event.data["alert_id"],
                recorded_by=event.source,
            )
            ties.put(tie)
            announce.tie(uow, tie, cause=event)
    ties.save()


# --- shareholdings ----------------------------------------------------------------------------------------------------


def record_shareholdings(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Who holds a share of whom. PROGRAMME_UNKNOWN, NOT_FOUND, FACT_MISSING, USCC_INVALID, INVALID, ALREADY_EXISTS."""
    keys = ring()
    named = {command.body[f"{side}_id"] for command in commands for side in ("owner", "held")} - {None}
    parties = store.Rows(uow.conn, Party, named)
    known = store.Rows(uow.conn, Shareholding, ids(commands, "holding_id"))

    def judge(command: Command) -> Outcome:
        body = command.body
        pack = pack_of(body["programme"], uow.today)
        if isinstance(pack, Refused):
            return pack
        new = _shareholding(command, parties, keys)
        if isinstance(new, Refused):
            return new
        former = known.get(new.id)
        if former is not None:
            return done(former) if holdings.same(former, new) else Refused("ALREADY_EXISTS", field="holding_id")
        known.put(new)
        announce.shareholding(uow, new, cause=command)
        return done(new, _decision("record_shareholding", new, articles_of(pack, RULE), pack))

    outcomes = each(commands, judge)
    known.save()
    return outcomes


def _shareholding(command: Command, parties: store.Rows[Party], keys: KeyRing) -> Shareholding | Refused:
    body, sides = command.body, {}
    for side in ("owner", "held"):
        found = _side(body, side, parties, keys)
        if isinstance(found, Refused):
            return found
        sides[side] = found
    unfit = foreign(command, body["programme"]) or holdings.unfit(sides["owner"], sides["held"], body)
    if unfit is not None:
        return unfit
    return Shareholding(
        id=body["holding_id"],
        owner=sides["owner"],
        held=sides["held"],
        state=body["owner_kind"] == "state",
        recorded_by=command.actor.subject,
        **{
            name: body[name]
            for name in ("programme", "owner_id", "held_id", "share_bp", "from_on", "until_on", "source_sha256")
        },
    )


def _side(body: Mapping[str, Any], side: str, parties: store.Rows[Party], keys: KeyRing) -> str | Refused:
    """Blind index of the code of a registered party, or of one outside."""
    party_id, code = body[f"{side}_id"], body[f"{side}_code"]
    if (party_id is None) == (code is None):
        return Refused("FACT_MISSING", field=f"{side}_id")
    if party_id is not None:
        party = parties.get(party_id)
        return holder_index(keys, party.uscc) if party else Refused("NOT_FOUND", field=f"{side}_id")
    kind = body["owner_kind"] if side == "owner" else "company"
    normal = holdings.code(code, kind=kind or "company")
    return normal if isinstance(normal, Refused) else holder_index(keys, normal)


def end_shareholdings(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """From `until_on` it is no more; said again, a correction of that day. NOT_FOUND, PROGRAMME_MISMATCH, INVALID."""
    known = store.Rows(uow.conn, Shareholding, ids(commands, "holding_id"))

    def judge(command: Command) -> Outcome:
        body = command.body
        held = known.get(body["holding_id"])
        if held is None:
            return Refused("NOT_FOUND", field="holding_id")
        barred = foreign(command, held.programme)
        if barred is not None:
            return barred
        if body["until_on"] <= held.from_on:
            return Refused("INVALID", field="until_on", facts={"from_on": held.from_on.isoformat()})
        if held.status == "ended" and held.until_on == body["until_on"]:
            return done(held)
        ended = {"until_on": body["until_on"], "ended_by_sha256": body["source_sha256"], "status": "ended"}
        after = replace(held, sequence=held.sequence + 1, **ended)
        known.put(after)
        announce.shareholding(uow, after, cause=command)
        pack = pack_of(after.programme, uow.today)
        articles = () if isinstance(pack, Refused) else articles_of(pack, RULE)
        return done(after, _decision("end_shareholding", after, articles, None if isinstance(pack, Refused) else pack))

    outcomes = each(commands, judge)
    known.save()
    return outcomes


def _decision(action: str, held: Shareholding, articles: Collection[str], pack: Any) -> Decision:
    facts = {"share_bp": held.share_bp, "from_on": held.from_on.isoformat(), "state": held.state}
    facts |= {"until_on": held.until_on.isoformat()} if held.until_on else {}
    label = pack.label if pack is not None else None
    return Decision(action, held.id, held.programme, label, tuple(articles), facts)
