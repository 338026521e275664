"""Payment batches: made by one person of finance, released by another after asking standing and accounts once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from contracts.errors import Ok, Outcome, Refused
from infra.calls import CallFailed, Calls
from infra.clock import parse_instant
from infra.crypto import ring
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import store, tables
from services.settlement.bank_settings import payers
from services.settlement.domain import disbursements as disbursement_rules
from services.settlement.domain import payments as rules
from services.settlement.domain.bank import Instruction, Line, Payee, payer_of
from services.settlement.domain.disbursements import Disbursement
from services.settlement.domain.funds import pays
from services.settlement.domain.payments import Batch, Payment
from services.settlement.formats import sealed
from services.settlement.handlers.desk import (
    Desk,
    another_office,
    done,
    foreign,
    missing,
    pack_of,
    pack_on,
    reviewer_of,
    same,
)
from services.settlement.handlers.disbursements import MOST_LOADED
from services.settlement.handlers.offsets import Offsets

MOST_DISBURSEMENTS = 2_000  # of one batch, by its purse; what is left waits for the next
ASKED_AT_ONCE = 500  # ids in one call
ACCOUNT = ("account", "account_holder", "bank_name", "bank_code")  # without one of them no bank can pay


def make_batches(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """What waits of the approved disbursements of a programme and year, one payment a payee (第二十四条); for an office
    with a region out of the funds within it alone."""
    desk = Desk(uow)
    desk.batches.load(command.body["batch_id"] for command in commands)
    purses: dict[str | None, set[tuple[str, int]]] = {}
    for command in commands:
        purses.setdefault(command.actor.region, set()).add((command.body["programme"], command.body["year"]))
    asked = [store.payable(of, office=office, most=MOST_DISBURSEMENTS) for office, of in purses.items()]
    desk.disbursements.load_where(sa.or_(*(sa.and_(*where) for where in asked)))
    outcomes = [_make(desk, command) for command in commands]
    desk.save()
    return outcomes


def _make(desk: Desk, command: Command) -> Outcome:
    body, office = command.body, command.actor.region
    purse = (body["programme"], body["year"])
    known = desk.batches.get(body["batch_id"])
    if known is not None:
        again = same(known, programme=purse[0], year=purse[1])
        return again if isinstance(again, Refused) else _batch_answer(desk.batches.rows[known.batch_id], again)
    pack = pack_on(desk.uow, body["programme"])
    if isinstance(pack, Refused):
        return pack
    waiting = desk.disbursements.where(lambda one: one.status == "approved" and (one.programme, one.year) == purse)
    if office is not None:
        own = store.waiting_for(desk.uow.conn, [one.disbursement_id for one in waiting], office)
        waiting = [one for one in waiting if one.disbursement_id in own]
    chosen = _within_limits(waiting)
    ids = [one.disbursement_id for one in chosen]
    desk.claims.load_where(tables.claims.c.disbursement_id.in_(ids))  # chosen first: of all there may be millions
    members = desk.claims.grouped("disbursement_id")
    live = store.live_payments(desk.uow.conn, desk.claims.rows)
    offsets = Offsets.of_payees(desk, {claim.payee_id for claim in desk.claims.rows.values()}, body["programme"])
    made = rules.make(
        batch_id=body["batch_id"],
        year=body["year"],
        disbursements=chosen,
        claims={disbursement_id: desk.claims.of(members.get(disbursement_id, [])) for disbursement_id in ids},
        live=live,
        made_by=command.actor.subject,
        office=office,
        others=0 if office is None or waiting else store.waits_for_others(desk.uow.conn, *purse, office),
        now=desk.uow.now,
        pack=pack,
        packs={one.pack_version: pack_of(one) for one in chosen},
        owed=offsets.takeable(desk.uow.today),
    )
    if isinstance(made, Refused):
        return made
    step, payments, taken_off = made
    offsets.reserve(taken_off)
    desk.batches.put(step, command, record=False)
    desk.payments.put_all(payments, command)
    taken = {claim_id: payment.after.payment_id for payment in payments for claim_id in payment.after.claims}
    store.mark_live(desk.uow.conn, taken)
    left = [
        claim
        for claim in desk.claims.rows.values()
        if claim.status == "approved" and claim.claim_id not in live and claim.claim_id not in taken
    ]
    waits = {claim.disbursement_id for claim in left}
    for one in chosen:
        if one.disbursement_id not in waits:
            batched = disbursement_rules.batched(disbursement=one, batch_id=body["batch_id"], pack=pack_of(one))
            desk.disbursements.put(batched, command)
    own_left = {claim.disbursement_id for claim in left if pays(office, claim.plan_region)}.intersection(ids)
    return _batch_answer(step.after, done(step, left=len(waiting) - len(chosen) + len(own_left)))


def _within_limits(waiting: Sequence[Disbursement]) -> list[Disbursement]:
    """The first of them whose claims are few enough for one transaction."""
    chosen: list[Disbursement] = []
    total = 0
    for one in waiting:
        total += one.claims
        if chosen and total > MOST_LOADED:
            break
        chosen.append(one)
    return chosen


def _batch_answer(batch: Batch, answer: Ok) -> Ok:
    told = {"frozen_hash": batch.frozen_hash, "payments": batch.payments, "amount_fen": batch.amount_fen}
    return Ok({**answer.result, **told}, answer.decision)


@dataclass(frozen=True)
class Asked:
    """What supervision said of all parties to a batch and registry of its payees, just before its release.

    `since`: when the entry that stands against a party takes effect, past or coming; supervision's own flag may lag.
    """

    blacklisted: frozenset[str]
    since: Mapping[str, datetime]
    accounts: Mapping[str, Mapping[str, Any]]

    def listed(self, *, now: datetime) -> set[str]:
        """Those that an entry in effect lists."""
        return {*self.blacklisted, *(party for party, since in self.since.items() if since <= now)}


@dataclass(frozen=True)
class _Stops:
    """What is known against paying: verdicts by claim, the market's prices by product, parties that an entry in effect
    lists, here or there."""

    verdicts: Mapping[str, str]
    market: Mapping[str, int]
    blacklisted: set[str]


def ask_before_release(commands: Sequence[Command], calls: Calls) -> dict[str, Asked | None]:
    """Standing of the parties and accounts of the payees, by batch; CallFailed UNAVAILABLE when one is not given."""
    try:
        return {batch_id: _ask(batch_id, calls) for batch_id in {command.body["batch_id"] for command in commands}}
    except CallFailed as error:
        raise CallFailed("UNAVAILABLE") from error


def _ask(batch_id: str, calls: Calls) -> Asked | None:
    """Who is paid is read by our own query, as no transaction is open yet; None when there is no such batch."""
    try:
        batch = calls.call("settlement", "get_batch", {"id": batch_id})
    except CallFailed as error:
        if error.code == "NOT_FOUND":
            return None
        raise
    standing: list[Mapping[str, Any]] = []
    accounts: list[Mapping[str, Any]] = []
    for ids in _at_once(batch["parties"]):
        standing += calls.call("supervision", "standing", {"ids": ids})["items"]
    for ids in _at_once(batch["payees"]):
        accounts += calls.call("registry", "payee_accounts", {"ids": ids})["items"]
    spoken = {one["party_id"] for one in standing}
    if not spoken >= set(batch["parties"]):
        raise CallFailed("UNAVAILABLE")  # silence on a party is no standing
    listed = frozenset(one["party_id"] for one in standing if one["blacklisted"])
    since = {one["party_id"]: parse_instant(one["since"]) for one in standing if one["since"] is not None}
    return Asked(listed, since, {one["party_id"]: one for one in accounts})


def _at_once(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), ASKED_AT_ONCE):
        yield ids[start : start + ASKED_AT_ONCE]


def release_batches(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Payments go out; one that may not be paid any more is held and must be approved anew."""
    desk = Desk(uow)
    desk.batches.load(command.body["batch_id"] for command in commands)
    ids = sorted(desk.batches.rows)
    desk.payments.load_where(tables.payments.c.batch_id.in_(ids))
    desk.disbursements.load(one for payment in desk.payments.rows.values() for one in payment.disbursements)
    desk.claims.load_where(tables.claims.c.disbursement_id.in_(sorted(desk.disbursements.rows)))
    members = desk.claims.rows.values()
    parties = {one.payee_id for one in desk.payments.rows.values()}.union(*(claim.parties for claim in members))
    stops = _Stops(
        verdicts=store.verdicts(uow.conn, members),
        market=store.market_prices(uow.conn, (claim.product_id for claim in members)),
        blacklisted=store.blacklisted(uow.conn, parties, now=uow.now),
    )
    files: list[dict[str, Any]] = []
    offsets = Offsets.of_payments(desk)
    outcomes = [_release(desk, stops, offsets, files, command) for command in commands]
    desk.save()
    offsets.save()
    held = [one for one in desk.payments.changed() if one.status == "held"]
    store.unmark_live(uow.conn, [claim_id for payment in held for claim_id in payment.claims])
    store.append(uow.conn, tables.payment_files, files)
    return outcomes


def _release(desk: Desk, stops: _Stops, offsets: Offsets, files: list[dict[str, Any]], command: Command) -> Outcome:
    batch = desk.batches.get(command.body["batch_id"])
    if batch is None:
        return missing("batch_id")
    pack = pack_of(batch)
    payments = desk.payments.where(lambda one: one.batch_id == batch.batch_id)
    followed = [pack_of(one) for one in payments]
    funds = {one.fund for one in payments}
    barred = foreign(command, batch.programme) or another_office(command, funds, "batch_id", pack)
    step = barred or rules.may_release(
        batch=batch,
        payments=payments,
        claims=desk.claims.rows,
        frozen_hash=command.body["frozen_hash"],
        released_by=command.actor.subject,
        now=desk.uow.now,
        pack=pack,
        packs=followed,
        offsets=offsets.of(payments),
        short=offsets.are_short(payments),
    )
    if isinstance(step, Refused):
        return step
    asked: Asked | None = desk.uow.prepared[batch.batch_id]
    if asked is None:  # made only just now: nobody was asked yet
        return Refused("UNAVAILABLE", "batch_id")
    desk.batches.put(step, command, record=False)
    listed = stops.blacklisted | asked.listed(now=desk.uow.now)
    for payment in payments:
        offsets.follow(_send_or_hold(desk, asked, replace(stops, blacklisted=listed), payment, command), command)
    after = desk.payments.where(lambda one: one.batch_id == batch.batch_id)
    _thaw(desk, asked, batch, [one for one in after if one.status == "held"], command)
    sent = [one for one in after if one.status == "sent"]
    if sent:
        files.append(_file_row(desk, batch, sent, asked))
    offset = sum(one.status == "offset" for one in after)
    ended = rules.finish(batch=step.after, unfinished=len(sent), pack=pack, packs=followed)
    final = desk.batches.put(ended, command) if ended else step.after
    counts = {"sent": len(sent), "sent_fen": sum(one.amount_fen for one in sent), "offset": offset}
    counts |= {"held": len(after) - len(sent) - offset}
    return done(step, status=final.status, sequence=final.sequence, **counts)


def _send_or_hold(desk: Desk, asked: Asked, stops: _Stops, payment: Payment, command: Command) -> Payment:
    payee = payment.payee_id
    account = asked.accounts.get(payee)
    members = desk.claims.of(payment.claims)
    parties = {payee}.union(*(claim.parties for claim in members))
    step, moved = rules.release(
        payment=payment,
        blacklisted=bool(parties & stops.blacklisted),
        verdicts=stops.verdicts,
        market=stops.market,
        account_version=account["account_version"] if account and all(account[name] for name in ACCOUNT) else None,
        members=members,
        now=desk.uow.now,
        pack=pack_of(payment),
    )
    desk.claims.put_all(moved, command)
    return desk.payments.put(step, command)


def _thaw(desk: Desk, asked: Asked, batch: Batch, held: Sequence[Payment], command: Command) -> None:
    """The claims of payments that were held must be approved anew, those of one disbursement together."""
    accounts = {payee: account["account_version"] for payee, account in asked.accounts.items()}
    members, apart = desk.claims.grouped("disbursement_id"), {one for payment in held for one in payment.claims}
    for disbursement_id in sorted({one for payment in held for one in payment.disbursements}):
        disbursement, of_it = desk.disbursements.rows[disbursement_id], desk.claims.of(members[disbursement_id])
        steps, moved = disbursement_rules.thaw(
            disbursement=disbursement,
            held=[claim for claim in of_it if claim.claim_id in apart],
            rest=[claim for claim in of_it if claim.claim_id not in apart],
            accounts=accounts,
            batch_id=batch.batch_id,
            now=desk.uow.now,
            pack=pack_of(disbursement),
        )
        for step in steps:
            desk.disbursements.put(step, command)
        desk.claims.put_all(moved, command)


def _file_row(desk: Desk, batch: Batch, sent: Sequence[Payment], asked: Asked) -> dict[str, Any]:
    """What is to be paid, sealed: accounts are kept in no other form."""
    lines = tuple(
        Line(
            reference=one.reference,
            payee=_payee(asked.accounts[one.payee_id]),
            amount_fen=one.amount_fen,
            purpose=f"{one.fund} {len(one.claims)}",
            fund=one.fund,
            payer=payer_of(payers(), programme=one.programme, fund=one.fund),
        )
        for one in sent
    )
    told = Instruction(batch_id=batch.batch_id, programme=batch.programme, released_at=desk.uow.now, lines=lines)
    content = sealed.write(told)
    key_id, under_seal = ring().seal(content, context=f"payment_file:{batch.batch_id}")
    return {
        "batch_id": batch.batch_id,
        "key_id": key_id,
        "sealed": under_seal,
        "sha256": sha256(content).hexdigest(),
        "payments": len(sent),
        "amount_fen": told.amount_fen,
        "made_at": desk.uow.now,
    }


def _payee(account: Mapping[str, Any]) -> Payee:
    return Payee(
        name=account["account_holder"],
        uscc=account["uscc"],
        bank_name=account["bank_name"],
        bank_code=account["bank_code"],
        account=account["account"],
    )


def retry_payments(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A failed or returned payment's money waits for the next batch, with a new payment and reference."""
    desk = Desk(uow)
    desk.payments.load(command.body["payment_id"] for command in commands)
    desk.disbursements.load(one for payment in desk.payments.rows.values() for one in payment.disbursements)
    desk.claims.load_where(tables.claims.c.payment_id.in_(sorted(desk.payments.rows)))

    def one(command: Command) -> Outcome:
        payment = desk.payments.get(command.body["payment_id"])
        if payment is None:
            return missing("payment_id")
        barred = foreign(command, payment.programme) or another_office(
            command, [payment.fund], "payment_id", pack_of(payment)
        )
        step = barred or rules.retry(
            payment=payment,
            reason=command.body["reason"],
            retried_by=command.actor.subject,
            now=uow.now,
            pack=pack_of(payment),
        )
        if isinstance(step, Refused):
            return step
        desk.payments.put(step, command, record=False)
        mine = desk.claims.of(payment.claims)
        for disbursement in desk.disbursements.of(payment.disbursements):
            members = [claim for claim in mine if claim.disbursement_id == disbursement.disbursement_id]
            steps, moved = disbursement_rules.paid_again(
                disbursement=disbursement, members=members, pack=pack_of(disbursement)
            )
            for again in steps:
                desk.disbursements.put(again, command)
            desk.claims.put_all(moved, command)
        return done(step)

    outcomes = [one(command) for command in commands]
    desk.save()
    return outcomes


def pass_on_payments(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The district has paid the enterprise what the city sent it: only now are the claims paid (沈阳 三(五)2)."""
    desk = Desk(uow)
    desk.payments.load(command.body["payment_id"] for command in commands)
    desk.claims.load_where(tables.claims.c.payment_id.in_(sorted(desk.payments.rows)))
    members = desk.claims.grouped("payment_id")
    offsets = Offsets.of_payments(desk)

    def one(command: Command) -> Outcome:
        payment = desk.payments.get(command.body["payment_id"])
        if payment is None:
            return missing("payment_id")
        passed = foreign(command, payment.programme) or rules.pass_on(
            payment=payment,
            paid_on=command.body["paid_on"],
            actor=reviewer_of(command),
            members=desk.claims.of(members.get(payment.payment_id, [])),
            now=uow.now,
            today=uow.today,
            pack=pack_of(payment),
        )
        if isinstance(passed, Refused):
            return passed
        step, moved = passed
        desk.payments.put(step, command, record=False)
        desk.claims.put_all(moved, command)
        offsets.follow(step.after, command)
        return done(step)

    outcomes = [one(command) for command in commands]
    desk.save()
    offsets.save()
    return outcomes
