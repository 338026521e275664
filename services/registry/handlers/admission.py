"""Providers come in by the choice that the pack lays down, and go out: by notice, when it has run out, or by force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from contracts.errors import Decision, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import SYSTEM, Command, Event
from infra.packs import pack_at
from infra.pipeline import NotYet
from services.registry import store
from services.registry.domain import admission
from services.registry.domain.model import Party
from services.registry.handlers import announce
from services.registry.handlers.common import done, each, foreign, ids, known_pack, under

MOST = 100  # providers a transaction: each takes its products with it

Step = Callable[[Command, Party], admission.Stood | Refused]
Cause = Command | Event | None


def admit_providers(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十条、三(二): the stage in turn nominates, admits or refuses a certified provider."""
    listed = store.blacklisted(uow.conn, ids(commands, "provider_id"), uow.now)
    stopped = store.suspended(uow.conn, ids(commands, "provider_id"), admission.STOPS_ORDERS)

    def step(command: Command, party: Party) -> admission.Stood | Refused:
        begun = party.pack_version if party.status == "nominated" else None
        pack = pack_at(begun) if begun else known_pack(party, uow.today)
        return under(
            pack,
            admission.admit(
                party=party,
                verdict=command.body["decision"],
                reasons=command.body.get("reasons") or [],
                batch=command.body.get("batch"),
                blacklisted=party.id in listed,
                suspended=party.id in stopped,
                pack=pack,
                official=command.actor,
            ),
        )

    return _move(uow, commands, step)


def give_exit_notices(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十二条(一): the provider leaves when the notice has run out; until then its products stay on the shelf."""

    def step(command: Command, party: Party) -> admission.Stood | Refused:
        pack = known_pack(party, uow.today)
        return under(
            pack, admission.give_notice(party=party, reason=command.body["reason"], pack=pack, today=uow.today)
        )

    return _move(uow, commands, step)


def carry_out_exits(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """第十二条(二): supervision decided that a provider is out: at once, and its products off the shelf in the same
    transaction. One that is out already stays as it is."""
    providers = _told(uow, events)
    exits: dict[str, tuple[Cause, Decision]] = {}
    for event in events:
        party = providers.get(event.data["provider_id"])
        assert party is not None
        decision = admission.forced(party=party, told=event.data)
        stood = admission.force_out(party=party, decision=decision, ground=event.data["ground"], today=uow.today)
        if stood is None:
            uow.record(replace(decision, action="ignored"), actor=None, cause=event)
            continue
        providers.put(stood.party)
        uow.record(decision, actor=None, cause=event)
        announce.party(uow, "exited", stood.party, cause=event, decision=decision)
        exits[party.id] = (event, decision)
    providers.save()
    _delist(uow, exits)


def take_back_exits(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Revoked on appeal: the provider is certified as before, and may be admitted anew; what was handed over stays so.
    An exit that is not carried out yet is waited for; one that left of its own will stays out."""
    providers = _told(uow, events)
    for event in events:
        party = providers.get(event.data["provider_id"])
        assert party is not None
        if party.status != "exited":
            raise NotYet(party.id)
        stood = admission.readmit(party=party, told=event.data)
        if stood is None:
            ignored = replace(admission.forced(party=party, told=event.data), action="ignored")
            uow.record(ignored, actor=None, cause=event)
            continue
        providers.put(stood.party)
        uow.record(stood.decision, actor=None, cause=event)
        announce.party(uow, "certified", stood.party, cause=event, decision=stood.decision)
    providers.save()


def _told(uow: UnitOfWork, events: Sequence[Event]) -> store.Rows[Party]:
    """The providers that events are about; NotYet for one that is not known here."""
    wanted = [event.data["provider_id"] for event in events]
    providers = store.Rows(uow.conn, Party, wanted)
    absent = sorted(one for one in wanted if providers.get(one) is None)
    if absent:
        raise NotYet(absent[0])
    return providers


def exit_leavers(uow: UnitOfWork) -> int:
    """Providers whose notice has run out are out, and their products off the shelf with them."""
    providers = store.Rows(uow.conn, Party, store.leavers(uow.conn, uow.today, MOST))
    exits: dict[str, tuple[Cause, Decision]] = {}
    for party in providers.all():
        stood = admission.leave(party=party, pack=known_pack(party, uow.today), today=uow.today)
        providers.put(stood.party)
        uow.record(stood.decision, actor=SYSTEM)
        announce.party(uow, "exited", stood.party, cause=None, decision=stood.decision)
        exits[party.id] = (None, stood.decision)
    providers.save()
    _delist(uow, exits)
    return len(exits)


SAID = {
    "nominated": "nominated",
    "admitted": "admitted",
    "refused": "refused",
    "leaving": "exit_noticed",
}


def _move(uow: UnitOfWork, commands: Sequence[Command], step: Step) -> list[Outcome]:
    """Take each provider a step."""
    providers = store.Rows(uow.conn, Party, ids(commands, "provider_id"))

    def judge(command: Command) -> Outcome:
        party = providers.get(command.body["provider_id"])
        if party is None or party.kind != "provider":
            return Refused("NOT_FOUND", field="provider_id")
        stood = foreign(command, party.programme) or step(command, party)
        if isinstance(stood, Refused):
            return stood
        providers.put(stood.party)
        announce.party(uow, SAID[stood.party.status], stood.party, cause=command, decision=stood.decision)
        return done(stood.party, stood.decision)

    outcomes = each(commands, judge)
    providers.save()
    return outcomes


def _delist(uow: UnitOfWork, exits: dict[str, tuple[Cause, Decision]]) -> None:
    """Everything they offer, off the shelf; each product says why."""
    if not exits:
        return
    for product in store.delist(uow.conn, exits):
        command, decision = exits[product.provider_id]
        announce.product(uow, "delisted", product, cause=command, decision=decision)
