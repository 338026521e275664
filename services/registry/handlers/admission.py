"""Providers come in by the choice that the pack lays down, and go out: by notice, when it has run out, or by force."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from contracts.errors import Decision, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import SYSTEM, Command
from infra.packs import pack_at
from services.registry import store
from services.registry.domain import admission
from services.registry.domain.model import Party
from services.registry.handlers import announce
from services.registry.handlers.common import done, each, foreign, ids, known_pack, under

MOST = 100  # providers a transaction: each takes its products with it

Step = Callable[[Command, Party], admission.Stood | Refused]


def admit_providers(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十条、三(二): the stage in turn nominates, admits or refuses a certified provider."""
    listed = store.blacklisted(uow.conn, ids(commands, "provider_id"), uow.now)

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
                pack=pack,
                official=command.actor,
            ),
        )

    outcomes, _ = _move(uow, commands, step)
    return outcomes


def give_exit_notices(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十二条(一): the provider leaves when the notice has run out; until then its products stay on the shelf."""

    def step(command: Command, party: Party) -> admission.Stood | Refused:
        pack = known_pack(party, uow.today)
        return under(
            pack, admission.give_notice(party=party, reason=command.body["reason"], pack=pack, today=uow.today)
        )

    outcomes, _ = _move(uow, commands, step)
    return outcomes


def force_exits(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十二条(二): out at once, and its products off the shelf in the same transaction."""

    def step(command: Command, party: Party) -> admission.Stood | Refused:
        pack, said = known_pack(party, uow.today), {name: command.body[name] for name in ("ground", "evidence")}
        return under(pack, admission.force_out(party=party, pack=pack, today=uow.today, **said))

    outcomes, exits = _move(uow, commands, step)
    _delist(uow, exits)
    return outcomes


def exit_leavers(uow: UnitOfWork) -> int:
    """Providers whose notice has run out are out, and their products off the shelf with them."""
    providers = store.Rows(uow.conn, Party, store.leavers(uow.conn, uow.today, MOST))
    exits: dict[str, tuple[Command | None, Decision]] = {}
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
    "exited": "exited",
}


def _move(
    uow: UnitOfWork, commands: Sequence[Command], step: Step
) -> tuple[list[Outcome], dict[str, tuple[Command | None, Decision]]]:
    """Take each provider a step; the outcomes, and the step behind each that moved."""
    providers = store.Rows(uow.conn, Party, ids(commands, "provider_id"))
    steps: dict[str, tuple[Command | None, Decision]] = {}

    def judge(command: Command) -> Outcome:
        party = providers.get(command.body["provider_id"])
        if party is None or party.kind != "provider":
            return Refused("NOT_FOUND", field="provider_id")
        stood = foreign(command, party.programme) or step(command, party)
        if isinstance(stood, Refused):
            return stood
        providers.put(stood.party)
        announce.party(uow, SAID[stood.party.status], stood.party, cause=command, decision=stood.decision)
        steps[party.id] = (command, stood.decision)
        return done(stood.party, stood.decision)

    outcomes = each(commands, judge)
    providers.save()
    return outcomes, steps


def _delist(uow: UnitOfWork, exits: dict[str, tuple[Command | None, Decision]]) -> None:
    """Everything they offer, off the shelf; each product says why."""
    if not exits:
        return
    for product in store.delist(uow.conn, exits):
        command, decision = exits[product.provider_id]
        announce.product(uow, "delisted", product, cause=command, decision=decision)
