"""Screens the claims of which all is known: findings become alerts, and each version of a claim gets its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Event
from infra.packs import pack_if_known
from services.supervision.domain import affiliation, screening
from services.supervision.domain.alerts import subject_of
from services.supervision.domain.finding import Finding
from services.supervision.domain.screening import prices, reuse, shells
from services.supervision.handlers.gathering import gather
from services.supervision.handlers.raising import Raised, conclude, raise_alerts
from services.supervision.store import claims as claim_store
from services.supervision.store import context

MOST = 200  # claims a transaction

Row = dict[str, Any]
Causes = Mapping[str, Event]
Findings = Mapping[str, Sequence[Finding]]

SHELLS = shells.RULE
SAID_OF_ONE = (affiliation.RULE, prices.RULE, reuse.RULE)  # what they name is no party to it, or was there before


def screen_ready(uow: UnitOfWork, causes: Causes | None = None) -> int:
    """Screen claims in line, at most MOST; how many left the line. `causes`: the events that asked, where at hand."""
    waiting = claim_store.ready(uow.conn, most=MOST)
    if not waiting:
        return 0
    claim_store.done(uow.conn, [claim["claim_id"] for claim in waiting])
    verdicts = claim_store.lock_verdicts(uow.conn, [claim["claim_id"] for claim in waiting])
    claims = [{**claim, "before": verdicts.get(claim["claim_id"])} for claim in waiting]
    due = [claim for claim in claims if _due(claim)]
    if due:
        _screen(uow, due, causes or {})
    return len(waiting)


def _due(claim: Row) -> bool:
    """Not when it ended, nor when this very version was screened and nothing asks for another look."""
    if claim["status"] in claim_store.ENDED:
        return False
    return bool(claim["again"] or _is_new(claim))


def _is_new(claim: Row) -> bool:
    before = claim["before"]
    return before is None or before["claim_version"] < claim["claim_version"]


def _screen(uow: UnitOfWork, claims: Sequence[Row], causes: Causes) -> None:
    seen = gather(uow, claims)
    focus = [claim["claim_id"] for claim in claims]
    found = screening.screen(seen.population, focus, graph=seen.graph, provider=seen.provider)
    _look_again(uow, claims, found, seen.later)
    # of rules that are no more among ours all holds
    packs = {label: pack_if_known(label) for label in {claim["pack_version"] for claim in claims}}
    caused = {claim["claim_id"]: causes.get(claim["claim_id"]) or _cause(claim) for claim in claims}
    raised = [
        _raised(claim, finding, packs[claim["pack_version"]], caused[claim["claim_id"]])
        for claim in claims
        for finding in found.get(claim["claim_id"], ())
    ]
    raise_alerts(uow, raised)
    conclude(uow, claims, packs=packs, causes=caused)


def _line(uow: UnitOfWork, claim_id: str, claim: Row) -> Row:
    kept = {name: claim[name] for name in ("event_id", "correlation_id")}
    return {**kept, "claim_id": claim_id, "since": uow.now, "again": True}


def _look_again(uow: UnitOfWork, claims: Sequence[Row], found: Findings, later: Mapping[str, str]) -> None:
    """Claims that are new news for older ones bring these back into line: those that a finding names, those of the
    parties that it names with the provider, and those that were screened before the first user of their invoice came
    (`later`: theirs by which claim). A version that was screened before calls no further one."""
    new = {claim["claim_id"]: claim for claim in claims if _is_new(claim)}
    asked: dict[str, str] = {other: by for other, by in later.items() if by in new}
    pairs: dict[tuple[str, str], str] = {}
    for claim_id in sorted(new.keys() & found.keys()):
        for finding in found[claim_id]:
            if finding.rule not in SAID_OF_ONE:
                asked |= dict.fromkeys(set(finding.claims) - new.keys(), claim_id)
            if finding.rule == SHELLS:
                pairs |= {(party, new[claim_id]["provider_id"]): claim_id for party in finding.parties}
    rows = context.payable(uow.conn, asked, pairs)
    by = {
        row["claim_id"]: asked.get(row["claim_id"]) or pairs[row["enterprise_id"], row["provider_id"]] for row in rows
    }
    claim_store.await_screening(
        uow.conn, [_line(uow, other, new[by[other]]) for other in sorted(by.keys() - new.keys())]
    )


def _raised(claim: Row, finding: Finding, pack: Pack | None, cause: Event) -> Raised:
    kind, subject = subject_of(finding.rule, claim)
    return Raised(
        alert=finding.rule,
        severity=finding.severity,
        subject_kind=kind,
        subject=subject,
        programme=claim["programme"],
        region=claim["region"],
        evidence=finding.evidence(),
        articles=screening.alert_articles(pack, finding.rule),
        pack=pack,
        cause=cause,
        claim=(claim["claim_id"], claim["claim_version"]),
        holds=screening.holds(finding, pack),
        provider_id=claim["provider_id"],
        enterprise_id=claim["enterprise_id"],
    )


def _cause(claim: Row) -> Event:
    """The event that put the claim in line, as far as it was kept: enough to say what a verdict follows from."""
    return Event(
        id=claim["event_id"],
        source="/yunquan/settlement",
        type="settlement.claim_filed.v1",
        time=claim["filed_at"],
        subject=claim["claim_id"],
        sequence=claim["sequence"],
        correlation_id=claim["correlation_id"],
    )
