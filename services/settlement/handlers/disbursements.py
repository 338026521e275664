"""Disbursements: filed for all passed claims together, reviewed by operator and bureau (第二十四条)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from contracts.errors import Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import store
from services.settlement.domain import claims as claim_rules
from services.settlement.domain import disbursements as rules
from services.settlement.domain.claims import Claim
from services.settlement.handlers.desk import Desk, done, foreign, missing, pack_of, pack_on, same
from services.settlement.tables import claims

MOST_LOADED = 20_000  # claims of one transaction


def file_disbursements(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """For all passed claims of a provider's programme and year."""
    desk = Desk(uow)
    desk.disbursements.load(command.body["disbursement_id"] for command in commands)
    purses = sorted({_purse(command) for command in commands})
    of_purse = sa.tuple_(claims.c.provider_id, claims.c.programme, claims.c.year).in_(purses)
    desk.claims.load_where(of_purse, claims.c.status == "passed", limit=MOST_LOADED)
    verdicts = store.verdicts(uow.conn, desk.claims.rows.values())
    blacklisted = store.blacklisted(uow.conn, (purse[0] for purse in purses), now=uow.now)
    outcomes = [_file(desk, command, verdicts, blacklisted) for command in commands]
    desk.save()
    return outcomes


def _purse(command: Command) -> tuple[str, str, int]:
    return command.body["provider_id"], command.body["programme"], command.body["year"]


def _file(desk: Desk, command: Command, verdicts: Mapping[str, str], blacklisted: set[str]) -> Outcome:
    body, purse = command.body, _purse(command)
    known = desk.disbursements.get(body["disbursement_id"])
    if known is not None:
        return same(known, provider_id=purse[0], programme=purse[1], year=purse[2])
    pack = pack_on(desk.uow, body["programme"])
    if isinstance(pack, Refused):
        return pack
    passed = desk.claims.where(
        lambda claim: claim.status == "passed" and (claim.provider_id, claim.programme, claim.year) == purse
    )
    filed = rules.file(
        disbursement_id=body["disbursement_id"],
        provider_id=body["provider_id"],
        year=body["year"],
        passed=passed,
        verdicts=verdicts,
        blacklisted=body["provider_id"] in blacklisted,
        filed_by=command.actor.subject,
        now=desk.uow.now,
        pack=pack,
    )
    if isinstance(filed, Refused):
        return filed
    step, moved = filed
    desk.disbursements.put(step, command, record=False)
    desk.claims.put_all(moved, command)
    left = len(passed) - len(claim_rules.not_cleared(passed, verdicts)) - len(moved)
    return done(step, claims=step.after.claims, amount_fen=step.after.amount_fen, left=left)


def review_disbursements(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Operator, then bureau; the approval freezes each claim by hash."""
    desk = Desk(uow)
    desk.disbursements.load(command.body["disbursement_id"] for command in commands)
    desk.claims.load_where(claims.c.disbursement_id.in_(sorted(desk.disbursements.rows)))
    members = desk.claims.grouped("disbursement_id")
    verdicts = store.verdicts(uow.conn, desk.claims.rows.values())
    rejected = store.rejections(uow.conn, desk.claims.rows.values())
    payees = {one.provider_id for one in desk.disbursements.rows.values()}
    providers = store.providers(uow.conn, payees)
    blacklisted = store.blacklisted(uow.conn, payees, now=uow.now)

    def one(command: Command) -> Outcome:
        body = command.body
        disbursement = desk.disbursements.get(body["disbursement_id"])
        if disbursement is None:
            return missing("disbursement_id")
        payee = providers.get(disbursement.provider_id)
        if payee is None:
            return Refused("NOT_YET_KNOWN", "disbursement_id", None, {"provider_id": disbursement.provider_id})
        reviewed = foreign(command, disbursement.programme) or rules.review(
            disbursement=disbursement,
            members=desk.claims.of(members[disbursement.disbursement_id]),
            stage=body["stage"],
            decision=body["decision"],
            reasons=tuple(body["reasons"] or ()),
            reviewer=command.actor.subject,
            roles=command.actor.roles,
            account_version=payee.account_version,
            verdicts=verdicts,
            blacklisted=disbursement.provider_id in blacklisted,
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
