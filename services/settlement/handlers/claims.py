"""Nodes, and claims on their way to passing: announce, file, withdraw, review."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from contracts.errors import Outcome, Refused
from infra.clock import local_date
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import accounts, exits_store, samples_store, store, tables, work_store
from services.settlement.domain import claims as rules
from services.settlement.domain import nodes as node_rules
from services.settlement.domain import samples as sample_rules
from services.settlement.domain.claims import Claim
from services.settlement.domain.filing import Filing, Known, file
from services.settlement.domain.law import article, refuse
from services.settlement.domain.lines import Disallowed
from services.settlement.domain.match import (
    Contract,
    Invoice,
    Line,
    Order,
    Papers,
    Recorded,
    Transfer,
    Usage,
    live_key,
)
from services.settlement.domain.parties import Enterprise, Provider
from services.settlement.domain.reviews import Opinion, Standing, evaluation_name, review
from services.settlement.handlers.desk import (
    Desk,
    done,
    foreign,
    last_day,
    missing,
    pack_of,
    pack_on,
    reviewer_of,
    same,
)
from services.settlement.ties_store import Ties

Years = set[tuple[str, str, int]]


def announce_nodes(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A date by which claims are taken together (第二十二条)."""
    desk = Desk(uow)
    desk.nodes.load(command.body["node_id"] for command in commands)
    taken = store.years_with_node(uow.conn, (command.body["programme"] for command in commands))
    outcomes = [_announce(desk, taken, command) for command in commands]
    desk.save()
    return outcomes


def _announce(desk: Desk, taken: Years, command: Command) -> Outcome:
    """Under the rules of the office's region: where a locality sets its own, its node is for its claims alone."""
    body = command.body
    known = desk.nodes.get(body["node_id"])
    if known is not None:
        return same(known, programme=body["programme"], year=body["year"], closes_at=body["closes_at"])
    whole = pack_on(desk.uow, body["programme"])
    pack = pack_on(desk.uow, body["programme"], command.actor.region)
    if isinstance(pack, Refused) or isinstance(whole, Refused):
        return Refused("PROGRAMME_UNKNOWN", "programme", None, {"programme": body["programme"]})
    region = pack.region if pack.label != whole.label else ""
    closes_in = local_date(body["closes_at"]).year
    asked = {name: body[name] for name in ("node_id", "year", "closes_at")}
    step = node_rules.announce(
        pack=pack,
        **asked,
        region=region,
        closes_in=closes_in,
        taken=(pack.code, region, closes_in) in taken,
        announced_by=command.actor.subject,
        roles=command.actor.roles,
        now=desk.uow.now,
    )
    if isinstance(step, Refused):
        return step
    desk.nodes.put(step, command, record=False)
    if step.after.only_in is not None:
        taken.add((pack.code, region, closes_in))
    return done(step)


def file_claims(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """By whom the pack says, with the papers it asks for; the order row is asked by the event (第二十二条)."""
    desk = Desk(uow)
    desk.claims.load(command.body["claim_id"] for command in commands)
    facts = _Facts(uow, commands, desk.claims.rows.values())
    invoices = _Invoices(uow, commands)
    filings: list[dict[str, Any]] = []
    outcomes = [_file(desk, facts, invoices, filings, command) for command in commands]
    desk.save()
    invoices.save()
    store.append(uow.conn, tables.filings, filings)
    return outcomes


class _Facts:
    """What others told that these filings are judged by."""

    def __init__(self, uow: UnitOfWork, commands: Sequence[Command], former: Iterable[Claim]) -> None:
        conn = uow.conn
        self.audited = samples_store.found_on(conn, former)
        self.orders = store.orders(conn, (command.body["order_id"] for command in commands))
        self.enterprises = store.enterprises(conn, (order.enterprise_id for order in self.orders.values()))
        self.providers = store.providers(conn, (command.body["provider_id"] for command in commands))
        self.recorded = store.recorded(conn, self.orders)
        self.market = store.market_prices(conn, (order.product_id for order in self.orders.values()))
        platforms = {one.platform_id for one in self.providers.values() if one.platform_id is not None}
        asked = {*self.providers, *self.enterprises, *platforms}
        self.ties = Ties(conn, self._parties())
        self.blacklisted = frozenset(store.blacklisted(conn, asked, now=uow.now))

    def _parties(self) -> list[tuple[Enterprise, Provider]]:
        pairs = {(order.enterprise_id, order.provider_id) for order in self.orders.values()}
        return [
            (self.enterprises[buyer], self.providers[seller])
            for buyer, seller in sorted(pairs)
            if buyer in self.enterprises and seller in self.providers
        ]

    def unknown(self, body: dict[str, Any]) -> Refused | None:
        """NOT_YET_KNOWN when the news of order, provider or enterprise has not arrived."""
        order = self.orders.get(body["order_id"])
        if order is None:
            return Refused("NOT_YET_KNOWN", "order_id")
        if body["provider_id"] not in self.providers:
            return Refused("NOT_YET_KNOWN", "provider_id")
        if order.enterprise_id not in self.enterprises:
            return Refused("NOT_YET_KNOWN", "order_id", None, {"enterprise_id": order.enterprise_id})
        return None

    def known(self, claim_id: str, provider_id: str, order: Order, today: date) -> Known:
        """All of it on one filing."""
        provider = self.providers[provider_id]
        return Known(
            provider=provider,
            ties=self.ties.between(self.enterprises[order.enterprise_id], provider, days=(order.ordered_on, today)),
            enterprise_uscc=self.enterprises[order.enterprise_id].uscc,
            blacklisted=self.blacklisted,
            recorded=self.recorded.get(order.order_id, Recorded()),
            market_price_fen=self.market.get(order.product_id),
            audited_fen=self.audited.get(claim_id, 0),
        )


class _Invoices:
    """Who owns which invoice: keys are taken before anything is decided, and given back where nothing came of it."""

    def __init__(self, uow: UnitOfWork, commands: Sequence[Command]) -> None:
        self.uow = uow
        wanted: dict[str, str] = {}
        for command in commands:
            invoice = command.body["invoice"]
            key = live_key(seller_uscc=invoice["seller_uscc"], number=invoice["number"])
            if key is not None:
                wanted.setdefault(key, command.body["claim_id"])
        self.owners: dict[str, str | None] = dict.fromkeys(wanted)
        self.stored = store.take_invoices(uow.conn, wanted)
        self.owners.update(self.stored)
        self._free: set[str] = set()

    def owner(self, key: str) -> str | None:
        """The live or paid claim that holds the invoice."""
        return self.owners.get(key)

    def take(self, claim: Claim, former: Claim | None) -> None:
        """The claim holds its invoice, and lets go of the one it was filed with before."""
        if former is not None and former.live_key != claim.live_key:
            self.owners[former.live_key] = None
        self.owners[claim.live_key] = claim.claim_id

    def save(self) -> None:
        """Two statements at most."""
        owned = {key: owner for key, owner in self.owners.items() if owner is not None}
        news = {key: owner for key, owner in owned.items() if self.stored.get(key) != owner}
        store.give_invoices(self.uow.conn, news, set(self.owners) - set(owned))


def _file(desk: Desk, facts: _Facts, invoices: _Invoices, filings: list[dict[str, Any]], command: Command) -> Outcome:
    body = command.body
    filing = _filing(command)
    former = desk.claims.get(filing.claim_id)
    if former is not None and former.content_hash == filing.content_hash and former.status != "returned":
        return same(former, provider_id=filing.provider_id)
    unknown = facts.unknown(body)
    if unknown is not None:
        return unknown
    order = facts.orders[filing.order_id]
    pack = pack_of(order)
    step = foreign(command, order.programme) or file(
        filing=filing,
        former=former,
        order=order,
        known=facts.known(filing.claim_id, filing.provider_id, order, desk.uow.today),
        pack=pack,
        now=desk.uow.now,
        today=desk.uow.today,
    )
    if isinstance(step, Refused):
        return step
    owner = invoices.owner(step.after.live_key)
    if owner not in (None, filing.claim_id):
        return refuse(pack, "INVOICE_ALREADY_CLAIMED", "invoice.number", article(pack, "claims.materials"))
    invoices.take(step.after, former)
    desk.claims.put(step, command, record=False)
    filings.append(_filing_row(step.after, command))
    return done(step)


def withdraw_claims(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """By who filed it, before the claim is put forward for disbursement."""
    desk = Desk(uow)
    desk.claims.load(command.body["claim_id"] for command in commands)
    sampled = samples_store.pending(uow.conn, list(desk.claims.rows.values()))
    outcomes = [_withdraw(desk, sampled, command) for command in commands]
    desk.save()
    return outcomes


def _withdraw(desk: Desk, sampled: Mapping[str, str], command: Command) -> Outcome:
    claim = desk.claims.get(command.body["claim_id"])
    if claim is None:
        return missing("claim_id")
    provider_id = command.body["provider_id"]
    filer_id = command.body["filer_id"] or provider_id
    pack = pack_of(claim)
    step = foreign(command, claim.programme) or rules.withdraw(
        claim=claim, provider_id=provider_id, filer_id=filer_id, pack=pack
    )
    if isinstance(step, Refused):
        return step
    refused = sample_rules.stays(claim, sampled.get(claim.claim_id), pack)
    if refused is not None:
        return refused
    desk.claims.put(step, command, record=False)
    return done(step)


def record_refunds(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Money of the transfer came back to the enterprise: the claim stays where it is, and supervision hears of it."""
    desk = Desk(uow)
    desk.claims.load(command.body["claim_id"] for command in commands)
    outcomes = [_refund(desk, command) for command in commands]
    desk.save()
    return outcomes


def _refund(desk: Desk, command: Command) -> Outcome:
    body = command.body
    claim = desk.claims.get(body["claim_id"])
    if claim is None:
        return missing("claim_id")
    step = foreign(command, claim.programme) or rules.refund(
        claim=claim,
        **{name: body[name] for name in ("party_id", "refunded_fen", "refunded_on")},
        today=desk.uow.today,
        pack=pack_of(claim),
    )
    if isinstance(step, Refused):
        return step
    if step is None:
        return same(claim)
    desk.claims.put(step, command, record=False)
    return done(step)


def review_claims(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Stage by stage, as the pack orders them (第二十三条)."""
    desk = Desk(uow)
    desk.claims.load(command.body["claim_id"] for command in commands)
    held = desk.claims.rows.values()
    desk.claims.rows.update(exits_store.marked(uow.conn, held))
    verdicts = store.verdicts(uow.conn, held)
    questioned = store.with_open_question(uow.conn, desk.claims.rows)
    blacklisted = store.blacklisted(uow.conn, (party for claim in held for party in claim.parties), now=uow.now)
    market = store.market_prices(uow.conn, (claim.product_id for claim in held))
    evaluated = store.evaluations(uow.conn, (claim.order_id for claim in held))
    absences = work_store.absences(uow.conn, (claim.programme for claim in held), today=uow.today)
    scores = work_store.scores(uow.conn, held)
    undrawn, auditors = samples_store.undrawn(uow.conn, held), samples_store.auditors(uow.conn, held)
    sampled = undrawn | samples_store.waiting(uow.conn, held)

    def one(command: Command) -> Outcome:
        body = command.body
        claim = desk.claims.get(body["claim_id"])
        if claim is None:
            return missing("claim_id")
        pack = pack_of(claim)
        step = foreign(command, claim.programme) or review(
            claim=claim,
            opinion=_opinion(body),
            reviewer=reviewer_of(command),
            standing=Standing(
                verdict=verdicts.get(claim.claim_id),
                question_open=claim.claim_id in questioned,
                blacklisted=bool(claim.parties & blacklisted),
                market_price_fen=market.get(claim.product_id),
                evaluated=evaluated.get((claim.order_id, evaluation_name(pack, body["stage"]))),
                scores=tuple(scores[claim.claim_id]),
                absences=absences[claim.programme],
                due_on=last_day(uow, pack),
                sample_id=sampled.get(claim.claim_id),
                seed_awaited=claim.claim_id in undrawn,
                audited_by=auditors.get(claim.claim_id, ()),
            ),
            pack=pack,
        )
        if isinstance(step, Refused):
            return step
        desk.claims.put(step, command, record=False)
        return done(step)

    outcomes = [one(command) for command in commands]
    desk.save()
    return outcomes


def _opinion(body: dict[str, Any]) -> Opinion:
    said = {name: body[name] for name in ("stage", "decision", "deduction_fen")}
    lines = None if body["disallowed"] is None else tuple(Disallowed(**line) for line in body["disallowed"])
    return Opinion(**said, disallowed=lines, reasons=tuple(body["reasons"] or ()))


def _filing(command: Command) -> Filing:
    body = command.body
    papers = Papers(
        invoice=_invoice(body["invoice"]),
        contract=Contract(**body["contract"]),
        transfer=_transfer(body["transfer"]) if body["transfer"] else None,
        usage=Usage(**body["usage"]),
        documents=tuple(body["documents"] or ()),
        others=tuple((paper["kind"], paper["sha256"]) for paper in body["papers"] or ()),
    )
    named = {name: body[name] for name in ("claim_id", "provider_id", "order_id")}
    filer_id = body["filer_id"] or body["provider_id"]
    return Filing(**named, filer_id=filer_id, papers=papers, filed_by=command.actor.subject)


def _invoice(told: dict[str, Any]) -> Invoice:
    return Invoice(**{**told, "lines": tuple(Line(**line) for line in told["lines"] or ())})


def _transfer(told: dict[str, Any]) -> Transfer:
    shown = {**(accounts.without(told) or {}), "refunded_fen": told["refunded_fen"] or 0}
    return Transfer(**shown, **accounts.indexes(told))


def _filing_row(claim: Claim, command: Command) -> dict[str, Any]:
    names = ("invoice", "contract", "usage", "documents", "papers")
    transfer = command.body["transfer"]
    return {
        "claim_id": claim.claim_id,
        "claim_version": claim.claim_version,
        "papers": {**{name: command.body[name] for name in names}, "transfer": accounts.without(transfer)},
        **accounts.sealed(transfer, claim_id=claim.claim_id),
        "content_hash": claim.content_hash,
        "filed_by": claim.filed_by,
        "filed_at": claim.filed_at,
    }
