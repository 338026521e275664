"""The treasurer signs a closed year's statement by its digest (年度报表签署); what was signed is kept as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.errors import Decision, Ok, Outcome
from contracts.programmes.places import holds
from infra import signing
from infra.db import UnitOfWork
from infra.jsontext import instant_text
from infra.messages import Command
from services.voucher import store, year_store
from services.voucher.access import no_plan
from services.voucher.domain.law import articles, refuse
from services.voucher.domain.plans import Plan, region_of
from services.voucher.handlers.packs import Packs
from services.voucher.year_books import statement_of
from services.voucher.year_store import Signature

RULES = "budget", "issuing.validity"


def sign_years(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """One pass over the year's entries for each plan that is signed anew: a treasurer signs once a year."""
    bodies = [command.body for command in commands]
    plans = store.plans_of(uow.conn, {(body["programme"], body["year"]) for body in bodies})
    by_key = {plan.key: plan for plan in plans}
    signed = {
        (one.plan_id, one.statement_sha256): one
        for one in year_store.signatures(uow.conn, {plan.plan_id for plan in plans})
    }
    new, packs = list[Signature](), Packs(uow.today)
    outcomes = list[Outcome]()
    for command in commands:
        outcome = _sign(uow, packs, command, by_key, signed)
        if isinstance(outcome, Signature):
            signed[outcome.plan_id, outcome.statement_sha256] = outcome
            new.append(outcome)
            outcome = Ok(_view(outcome), _tell(uow, packs, outcome, by_key, command))
        outcomes.append(outcome)
    year_store.insert_signatures(uow.conn, new)
    store.save_plans(uow.conn, [plan for plan in by_key.values() if plan not in plans])
    return outcomes


def _sign(
    uow: UnitOfWork,
    packs: Packs,
    command: Command,
    by_key: dict[tuple[str, int, str], Plan],
    signed: dict[tuple[str, str], Signature],
) -> Signature | Outcome:
    body, actor = command.body, command.actor
    base = packs.get(body["programme"])
    region = region_of(body.get("region") or ("" if base is None else base.region))
    plan = by_key.get((body["programme"], body["year"], region))
    if plan is None:
        return no_plan(body, [one for one in by_key.values() if one.key[:2] == (body["programme"], body["year"])])
    pack = packs.at(plan.pack_version)
    if actor.region is not None and not holds(actor.region, plan.region):
        return refuse(pack, "REGION_MISMATCH", "region", *RULES, region=plan.region, office=actor.region)
    known = signed.get((plan.plan_id, body["statement_sha256"]))
    if known is not None:
        return Ok(_view(known))
    if plan.status != "closed":
        return refuse(pack, "YEAR_OPEN", "year", *RULES, status=plan.status, year=plan.year)
    told = statement_of(uow.conn, plan)
    if told.sha256 != body["statement_sha256"]:
        return refuse(pack, "STATEMENT_MISMATCH", "statement_sha256", *RULES, statement_sha256=told.sha256)
    return Signature(
        plan_id=plan.plan_id,
        statement_sha256=told.sha256,
        programme=plan.programme,
        year=plan.year,
        statement=dict(told.statement),
        signed_by=actor.subject,
        signed_at=uow.now,
        proof=_proof(plan, told.sha256, actor.subject, instant_text(uow.now)),
        sequence=plan.sequence + 1,
    )


def _proof(plan: Plan, sha256: str, signed_by: str, signed_at: str) -> dict[str, Any]:
    """Who signed which statement and when, under the deployment's key."""
    document = {
        "kind": "year-statement",
        "programme": plan.programme,
        "year": plan.year,
        "region": plan.region,
        "plan_id": plan.plan_id,
        "statement_sha256": sha256,
        "signed_by": signed_by,
        "signed_at": signed_at,
    }
    signer = signing.signer()
    return {"document": document, "signature": signer.sign(document), "public_key": signer.public_key}


def _tell(
    uow: UnitOfWork,
    packs: Packs,
    one: Signature,
    by_key: dict[tuple[str, int, str], Plan],
    command: Command,
) -> Decision:
    """The signature is the plan's next version."""
    key = one.programme, one.year, one.statement["region"]
    plan = by_key[key] = replace(by_key[key], sequence=one.sequence)
    facts = {"year": plan.year, "region": plan.region, "statement_sha256": one.statement_sha256}
    data = {"programme": plan.programme, **facts, "status": "signed"}
    uow.emit("voucher.year_signed.v1", subject=plan.plan_id, sequence=one.sequence, data=data, cause=command)
    pack = packs.at(plan.pack_version)
    return Decision("year_signed", plan.plan_id, plan.programme, pack.label, articles(pack, *RULES), facts)


def _view(one: Signature) -> dict[str, Any]:
    return {
        "id": one.plan_id,
        "status": "signed",
        "sequence": one.sequence,
        "statement_sha256": one.statement_sha256,
        "signed_by": one.signed_by,
        "signed_at": instant_text(one.signed_at),
    }
