"""Filings (备案): handed in, reviewed by one stage after the other, withdrawn (沈阳 三(四); 山西 四(二))."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import filings_store, store
from services.voucher.access import foreign
from services.voucher.domain import filings as domain
from services.voucher.domain.filings import Filing, Request
from services.voucher.domain.law import law
from services.voucher.domain.parties import Enterprise, Provider
from services.voucher.handlers.packs import Packs
from services.voucher.ties_store import Ties

Step = tuple[str, Filing]


def submit_filings(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """New filings, and returned ones that are handed in again; what one of the batch takes, a later one finds taken."""
    known = _known(uow, commands)
    outcomes: list[Outcome | Filing] = []
    for command in commands:
        decided = _submit(uow, known, command)
        if isinstance(decided, Filing):
            known.put(decided)
        outcomes.append(decided)
    handed_in = [one for one in outcomes if isinstance(one, Filing)]
    new = [one for one in handed_in if one.sequence == 1]
    lost = {one.filing_id for one in new} - filings_store.insert_filings(uow.conn, new)
    filings_store.save_filings(uow.conn, [one for one in handed_in if one.sequence > 1])
    if lost:  # another replica was quicker
        known = _known(uow, commands)
    return [_handed_in(uow, known, lost, *one) for one in zip(commands, outcomes, strict=True)]


def review_filings(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The stage whose turn it is approves, returns or refuses; the last approval opens the filing."""
    filings = filings_store.filings_by_id(uow.conn, {command.body["filing_id"] for command in commands})
    parties = {filing.enterprise_id for filing in filings.values()}
    listed = store.blacklisted(uow.conn, parties, now=uow.now)

    def review(pack: Pack, filing: Filing, command: Command) -> Step | Refused:
        body, actor = command.body, command.actor
        return domain.review(
            pack=pack,
            filing=filing,
            stage=body["stage"],
            decision=body["decision"],
            reasons=body.get("reasons") or (),
            reviewer=actor.subject,
            roles=actor.roles,
            region=actor.region,
            blacklisted=filing.enterprise_id in listed,
            today=uow.today,
        )

    return _each(uow, filings, commands, review)


def withdraw_filings(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """By the enterprise, until it is opened."""
    filings = filings_store.filings_by_id(uow.conn, {command.body["filing_id"] for command in commands})

    def withdraw(pack: Pack, filing: Filing, command: Command) -> Step | Refused:
        if filing.enterprise_id != command.body["enterprise_id"]:
            return Refused("NOT_OWNER", "enterprise_id")
        return domain.withdraw(pack=pack, filing=filing)

    return _each(uow, filings, commands, withdraw)


# --- handing in -------------------------------------------------------------------------------------------------------


@dataclass
class _Known:
    """What a batch is decided on; `put` lets a later command see what an earlier one handed in."""

    filings: dict[str, Filing]
    live: dict[str, list[Filing]]
    enterprises: dict[str, Enterprise]
    providers: dict[str, Provider]
    ties: Ties
    packs: Packs

    def put(self, filing: Filing) -> None:
        self.filings[filing.filing_id] = filing
        self.live.setdefault(filing.enterprise_id, []).append(filing)

    def affiliated(self, request: Request) -> bool:
        enterprise = self.enterprises.get(request.enterprise_id)
        provider = self.providers.get(request.provider_id or "")
        return enterprise is not None and provider is not None and bool(self.ties.between(enterprise, provider))


def _known(uow: UnitOfWork, commands: Sequence[Command]) -> _Known:
    conn, bodies = uow.conn, [command.body for command in commands]
    buyers = {body["enterprise_id"] for body in bodies}
    enterprises = store.enterprises(conn, buyers, now=uow.now, year=uow.today.year)
    sellers = {body["provider_id"] for body in bodies if body["provider_id"]}
    providers = store.providers(conn, sellers, now=uow.now)
    asked = {(body["enterprise_id"], body["provider_id"] or "") for body in bodies}
    pairs = [(enterprises[one], providers[other]) for one, other in asked if one in enterprises and other in providers]
    return _Known(
        filings=filings_store.filings_by_id(conn, {body["filing_id"] for body in bodies}),
        live=filings_store.live_filings(conn, buyers),
        enterprises=enterprises,
        providers=providers,
        ties=Ties(conn, pairs, on=uow.today),
        packs=Packs(uow.today),
    )


def _submit(uow: UnitOfWork, known: _Known, command: Command) -> Filing | Outcome:
    request = _request(command.body)
    former = known.filings.get(request.filing_id)
    if former is not None:
        if (barred := foreign(command, former.programme)) is not None:
            return barred
        if not former.may_be_handed_in_again_as(request):
            return _again(former, request)
    enterprise = known.enterprises.get(request.enterprise_id)
    if known.packs.get(request.programme) is None:
        return Refused("PROGRAMME_UNKNOWN", "programme")
    if enterprise is None:
        return Refused("NOT_YET_KNOWN", "enterprise_id")
    if enterprise.programme != request.programme:
        return Refused("PROGRAMME_MISMATCH", "programme")
    return domain.submit(
        pack=known.packs.of(request.programme, enterprise.region),
        request=request,
        enterprise=enterprise,
        provider=known.providers.get(request.provider_id or ""),
        affiliated=known.affiliated(request),
        former=former,
        others=known.live.get(request.enterprise_id, ()),
        filed_by=command.actor.subject,
        now=uow.now,
        today=uow.today,
    )


def _request(body: dict[str, Any]) -> Request:
    names = "filing_id", "enterprise_id", "programme", "track", "category", "provider_id", "prior_revenue_fen"
    return Request(
        **{name: body[name] for name in names},
        years_used=body.get("years_used") or 0,
        attested=tuple(body.get("attested") or ()),
        documents=tuple(body.get("documents") or ()),
    )


def _again(former: Filing, request: Request) -> Outcome:
    """The same filing once more is answered as it is now; ALREADY_EXISTS when it differs."""
    return Ok(view(former)) if former.same_as(request) else Refused("ALREADY_EXISTS", "filing_id")


def _handed_in(uow: UnitOfWork, known: _Known, lost: set[str], command: Command, outcome: Outcome | Filing) -> Outcome:
    """The outcome of a filing that was kept, with its event; or of one with which another replica was quicker."""
    if not isinstance(outcome, Filing):
        return outcome
    request, pack = _request(command.body), known.packs.at(outcome.pack_version)
    if outcome.filing_id in lost:
        former = known.filings.get(outcome.filing_id)
        if former is not None:
            return _again(former, request)
        rivals = (one for one in known.live.get(outcome.enterprise_id, ()) if one.kind == outcome.kind)
        return domain.second(pack, next(rivals))
    enterprise = known.enterprises[outcome.enterprise_id]
    judged = domain.facts_of(
        request=request, enterprise=enterprise, affiliated=known.affiliated(request), today=uow.today
    )
    facts = {
        **judged.given(),
        "kind": outcome.kind,
        "attested": list(outcome.attested),
        "documents": sorted({document["kind"] for document in outcome.documents}),
        "priority": outcome.priority,
    }
    return _told(uow, pack, outcome, "submit", domain.rests_on(pack, outcome, "submit"), facts, command)


# --- what follows -----------------------------------------------------------------------------------------------------


def _each(
    uow: UnitOfWork,
    filings: dict[str, Filing],
    commands: Sequence[Command],
    decide: Callable[[Pack, Filing, Command], Step | Refused],
) -> list[Outcome]:
    """Each command's step, in order; a second one on a filing sees the first."""
    packs, changed = Packs(uow.today), dict[str, Filing]()
    outcomes: list[Outcome] = []
    for command in commands:
        filing = filings.get(command.body["filing_id"])
        if filing is None:
            outcomes.append(Refused("NOT_FOUND", "filing_id"))
            continue
        pack = packs.at(filing.pack_version)
        step = foreign(command, filing.programme) or decide(pack, filing, command)
        if isinstance(step, Refused):
            outcomes.append(step)
            continue
        action, after = step
        filings[filing.filing_id] = changed[filing.filing_id] = after
        facts: dict[str, Any] = {"stage": filing.stage, "from": filing.status, "to": after.status, "kind": filing.kind}
        if filing.passed == 0 and action in ("approve", "open"):
            facts["attested"] = list(filing.attested)
        outcomes.append(_told(uow, pack, after, action, domain.rests_on(pack, filing, action), facts, command))
    filings_store.save_filings(uow.conn, changed.values())
    return outcomes


def _told(
    uow: UnitOfWork,
    pack: Pack,
    filing: Filing,
    action: str,
    rests_on: tuple[str, ...],
    facts: dict[str, Any],
    cause: Command,
) -> Outcome:
    if filing.intake_on is not None:
        facts["intake_on"] = filing.intake_on.isoformat()
    uow.emit(
        domain.EVENT_OF[action],
        subject=filing.filing_id,
        sequence=filing.sequence,
        data=domain.state(filing, law(pack, rests_on, facts)),
        cause=cause,
    )
    name = domain.EVENT_OF[action].split(".")[1]
    return Ok(view(filing), Decision(name, filing.filing_id, filing.programme, pack.label, rests_on, facts))


def view(filing: Filing) -> dict[str, Any]:
    """`IdOnly` of the contract."""
    return {"id": filing.filing_id, "status": filing.status, "sequence": filing.sequence}
