"""Disbursements: ready claims put forward together, approved stage by stage (第二十四条)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.errors import Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_at
from services.settlement import exits_store, samples_store, store, waiting_store
from services.settlement.domain import claims as claim_rules
from services.settlement.domain import disbursements as rules
from services.settlement.domain.claims import Claim
from services.settlement.domain.parties import accounts_of
from services.settlement.handlers.desk import (
    Desk,
    done,
    foreign,
    missing,
    pack_of,
    pack_on,
    packs_now,
    reviewer_of,
    same,
)
from services.settlement.tables import claims

MOST_LOADED = 20_000  # claims of one transaction, or of one provider's purse


@dataclass(frozen=True)
class _Payable:
    """What our tables say of claims that are to be paid: verdicts, prices of the market, accounts of payees, who is
    blacklisted."""

    verdicts: Mapping[str, str]
    market: Mapping[str, int]
    accounts: Mapping[str, int]
    blacklisted: frozenset[str]
    sampled: Mapping[str, str]

    @classmethod
    def of(cls, uow: UnitOfWork, claims: Iterable[Claim], others: Iterable[str] = ()) -> _Payable:
        held = list(claims)
        payees = {claim.payee_id for claim in held}
        parties = {party for claim in held for party in claim.parties}.union(others)
        providers, enterprises = store.providers(uow.conn, payees), store.enterprises(uow.conn, payees)
        accounts = accounts_of([*providers.values()]) | accounts_of([*enterprises.values()])
        listed = store.blacklisted(uow.conn, parties, now=uow.now)
        market = store.market_prices(uow.conn, (claim.product_id for claim in held))
        sampled = samples_store.pending(uow.conn, held)
        return cls(store.verdicts(uow.conn, held), market, accounts, frozenset(listed), sampled)


def file_disbursements(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """For ready claims of a programme's year: by each provider its own, or by an office all of its locality's rules."""
    desk = Desk(uow)
    desk.disbursements.load(command.body["disbursement_id"] for command in commands)
    asked = [_asked(desk, command) for command in commands]
    rightly = [command.body for command, one in zip(commands, asked, strict=True) if isinstance(one, Pack)]
    purses = {(body["programme"], body["year"]) for body in rightly}
    _load_ready(desk, asked, commands)
    desk.claims.rows.update(exits_store.marked(uow.conn, desk.claims.rows.values()))
    filers = {body["provider_id"] for body in rightly if body["provider_id"] is not None}
    payable = _Payable.of(uow, desk.claims.rows.values(), filers)
    deferred = store.deferred(uow.conn, purses)
    outcomes = [_file(desk, one, payable, deferred, command) for command, one in zip(commands, asked, strict=True)]
    desk.save()
    return outcomes


def _asked(desk: Desk, command: Command) -> Pack | Outcome:
    """The rules of the office's region, of the programme for a provider; or what to answer without seeing a claim."""
    body = command.body
    known = desk.disbursements.get(body["disbursement_id"])
    if known is not None:
        named = {name: body[name] for name in ("provider_id", "programme", "year")}
        return same(known, **named)
    if body["provider_id"] is not None:
        return pack_on(desk.uow, body["programme"])
    pack = pack_on(desk.uow, body["programme"], command.actor.region)
    return pack if isinstance(pack, Refused) else rules.may_file(**_filer(command), pack=pack) or pack


def _filer(command: Command) -> dict[str, Any]:
    return {"provider_id": command.body["provider_id"], "roles": command.actor.roles}


def _load_ready(desk: Desk, asked: Sequence[Pack | Outcome], commands: Sequence[Command]) -> None:
    """The claims that may be put forward, the first of each purse: of a provider, or of the rules of an office."""
    c, uow, has_money = claims.c, desk.uow, waiting_store.has_money()
    own, offices = set[tuple[str, str, int]](), Counter[tuple[str, int]]()
    for command, pack in zip(commands, asked, strict=True):
        body = command.body
        if isinstance(pack, Pack) and body["provider_id"] is None:
            offices[pack.label, body["year"]] += 1
        elif isinstance(pack, Pack):
            own.add((body["provider_id"], body["programme"], body["year"]))
    ready = (c.status.in_(("passed", "noticed")), has_money)
    desk.claims.load_where(store.first_of([c.provider_id, c.programme, c.year], own, *ready, most=MOST_LOADED))
    now = packs_now(uow, waiting_store.labels(uow.conn) if offices else ())
    groups = [
        waiting_store.of_rules(label, claim_rules.ready_in(pack_at(label)), c.year == year)
        for label, pack in now.items()
        for of_office, year in offices
        if pack.label == of_office
    ]
    most = max(offices.values(), default=0) * rules.MOST_CLAIMS + waiting_store.LEFT_OUT
    may = waiting_store.may_be_paid(now=uow.now)
    desk.claims.load(waiting_store.first_of(uow.conn, groups, has_money, may=may, most=most))


def _file(
    desk: Desk,
    asked: Pack | Outcome,
    payable: _Payable,
    deferred: Mapping[tuple[str, str, int, str], int],
    command: Command,
) -> Outcome:
    body = command.body
    if not isinstance(asked, Pack):
        return asked
    made = _asked(desk, command)  # by another command of this batch, perhaps
    if not isinstance(made, Pack):
        return made
    provider_id, purse = body["provider_id"], (body["programme"], body["year"])

    def is_of(owner: str, programme: str, year: int) -> bool:
        return (programme, year) == purse and provider_id in (None, owner)

    ready = desk.claims.where(
        lambda one: is_of(one.provider_id, one.programme, one.year) and claim_rules.is_ready(one, pack_of(one))
    )
    waiting = {key: count for key, count in deferred.items() if is_of(*key[:3])}
    labels = [*(one.pack_version for one in ready), *(label for *_, label in waiting)]
    told = _goes_by(asked, labels, command, desk.uow)
    if isinstance(told, Refused):
        return told
    asked, packs = told
    filed = rules.file(
        disbursement_id=body["disbursement_id"],
        provider_id=provider_id,
        year=body["year"],
        ready=[one for one in ready if one.pack_version in packs],
        deferred=sum(count for (*_, label), count in waiting.items() if label in packs),
        verdicts=payable.verdicts,
        accounts=payable.accounts,
        blacklisted=payable.blacklisted,
        sampled=payable.sampled,
        filed_by=command.actor.subject,
        now=desk.uow.now,
        pack=asked,
        packs=packs,
    )
    if isinstance(filed, Refused):
        return filed
    step, moved = filed
    desk.disbursements.put(step, command, record=False)
    desk.claims.put_all(moved, command)
    counts = {
        name: step.decision.facts.get(name, 0)
        for name in ("left", "held", "deferred", "without_account", "audit_pending", "wind_down_pending")
    }
    put_forward = {name: getattr(step.after, name) for name in ("claims", "amount_fen", "frozen_hash")}
    return done(step, **put_forward, **counts)


def _goes_by(
    asked: Pack, labels: Sequence[str], command: Command, uow: UnitOfWork
) -> tuple[Pack, Mapping[str, Pack]] | Refused:
    """The rules to answer by, and by their label those of the claims that this filer may put forward.

    An office: what its region's rules are today the rules for. A provider: what rules let it file for.
    """
    packs = packs_now(uow, labels)
    if command.body["provider_id"] is None:
        return asked, {label: pack for label, pack in packs.items() if pack.label == asked.label}
    own = {label: pack for label, pack in packs.items() if rules.may_file(**_filer(command), pack=pack) is None}
    packs = own or packs
    asked = next((packs[label] for label in labels if label in packs), asked)
    return rules.may_file(**_filer(command), pack=asked) or (asked, own)


def review_disbursements(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Stage by stage, as the pack orders them, on what was frozen when it was filed."""
    desk = Desk(uow)
    desk.disbursements.load(command.body["disbursement_id"] for command in commands)
    desk.claims.load_where(claims.c.disbursement_id.in_(sorted(desk.disbursements.rows)))
    members = desk.claims.grouped("disbursement_id")
    payable = _Payable.of(uow, desk.claims.rows.values())
    rejected = store.rejections(uow.conn, desk.claims.rows.values())

    def one(command: Command) -> Outcome:
        body = command.body
        disbursement = desk.disbursements.get(body["disbursement_id"])
        if disbursement is None:
            return missing("disbursement_id")
        reviewed = foreign(command, disbursement.programme) or rules.review(
            disbursement=disbursement,
            members=desk.claims.of(members.get(disbursement.disbursement_id, [])),
            stage=body["stage"],
            decision=body["decision"],
            frozen_hash=body["frozen_hash"],
            reasons=tuple(body["reasons"] or ()),
            reviewer=reviewer_of(command),
            accounts=payable.accounts,
            verdicts=payable.verdicts,
            market=payable.market,
            blacklisted=payable.blacklisted,
            now=uow.now,
            pack=pack_of(disbursement),
        )
        if isinstance(reviewed, Refused):
            return reviewed
        step, moved = reviewed
        desk.disbursements.put(step, command, record=False)
        desk.claims.put_all(moved, command)
        if step.after.status == "refused":
            _reject(desk, (member.after for member in moved), rejected, command)
        return done(step)

    outcomes = [one(command) for command in commands]
    desk.save()
    return outcomes


def _reject(desk: Desk, put_back: Iterable[Claim], rejected: Mapping[str, tuple[str, ...]], command: Command) -> None:
    """Refuse those on which supervision confirmed an alert while they could not be: its news will not come again."""
    for claim in put_back:
        if claim.claim_id in rejected:
            version, alerts = claim.claim_version, rejected[claim.claim_id]
            step = claim_rules.reject(claim=claim, claim_version=version, alerts=alerts, pack=pack_of(claim))
            if step is not None:
                desk.claims.put(step, command)
