"""Screens the claims of which all is known: findings become alerts, and each version of a claim gets its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.programmes import Pack, UnknownPack
from infra.db import UnitOfWork
from infra.messages import Event
from infra.packs import pack_at
from services.supervision.domain import affiliation, invoices, prices, screening
from services.supervision.domain.alerts import subject_of
from services.supervision.domain.finding import Finding
from services.supervision.handlers.raising import Raised, conclude, raise_alerts
from services.supervision.store import claims as store
from services.supervision.store import known

MOST = 200  # claims a transaction

Row = dict[str, Any]
Causes = Mapping[str, Event]


def screen_ready(uow: UnitOfWork, causes: Causes | None = None) -> int:
    """Screen claims in line, at most MOST; how many left the line. `causes`: the events that asked, where at hand."""
    waiting = store.ready(uow.conn, most=MOST)
    if not waiting:
        return 0
    store.done(uow.conn, [claim["claim_id"] for claim in waiting])
    verdicts = store.lock_verdicts(uow.conn, [claim["claim_id"] for claim in waiting])
    claims = [{**claim, "before": verdicts.get(claim["claim_id"])} for claim in waiting]
    due = [claim for claim in claims if _due(claim)]
    if due:
        _screen(uow, due, causes or {})
    return len(waiting)


def _due(claim: Row) -> bool:
    """Not when it ended, nor when this very version was screened and nothing asks for another look."""
    if claim["status"] in store.ENDED:
        return False
    before = claim["before"]
    return bool(claim["again"] or before is None or before["claim_version"] < claim["claim_version"])


def _screen(uow: UnitOfWork, claims: Sequence[Row], causes: Causes) -> None:
    facts = _gather(uow, claims)
    packs = {label: _pack(label) for label in {claim["pack_version"] for claim in claims}}
    caused = {claim["claim_id"]: causes.get(claim["claim_id"]) or _cause(claim) for claim in claims}
    raised = [
        _raised(claim, finding, packs[claim["pack_version"]], caused[claim["claim_id"]])
        for claim in claims
        for finding in screening.screen_facts(facts[claim["claim_id"]])
    ]
    raise_alerts(uow, raised)
    conclude(uow, claims, packs=packs, causes=caused)


def _gather(uow: UnitOfWork, claims: Sequence[Row]) -> dict[str, screening.Facts]:
    """All that the rules ask of these claims, in a fixed number of reads."""
    pairs = [(claim["enterprise_id"], claim["provider_id"]) for claim in claims]
    graph = known.graph(uow.conn, {party for pair in pairs for party in pair}, today=uow.today)
    paths = affiliation.paths(graph, pairs)
    uses, earlier = _invoices(uow, claims)
    of_product = store.product_peers(uow.conn, {claim["product_id"] for claim in claims})
    of_category = store.category_peers(uow.conn, {(claim["programme"], claim["category"]) for claim in claims})
    facts = {}
    for claim in claims:
        names = ("enterprise_id", "product_id", "kind", "price_fen", "list_price_fen", "market_price_fen")
        facts[claim["claim_id"]] = screening.Facts(
            use=uses[claim["claim_id"]],
            earlier=earlier[claim["claim_id"]],
            graph=graph,
            path=paths.get((claim["enterprise_id"], claim["provider_id"]), ()),
            order=prices.Priced(**{name: claim[name] for name in names}),
            of_product=of_product.get(claim["product_id"], []),
            of_category=of_category.get((claim["programme"], claim["category"]), []),
        )
    return facts


def _invoices(
    uow: UnitOfWork, claims: Sequence[Row]
) -> tuple[dict[str, invoices.Use], dict[str, list[tuple[invoices.Likeness, invoices.Use]]]]:
    """Each claim's use of its invoice, and the uses by others before it.

    News may come out of order: a claim that was filed later than one of these and screened before it gets another look.
    """
    forms = {c["claim_id"]: invoices.forms(c["invoice_number"], provider_id=c["provider_id"]) for c in claims}
    bares = {form.bare for form in forms.values() if len(form.bare) >= invoices.SHORTEST}
    swapped = {swap for form in forms.values() for swap in invoices.swaps(form.plain)}
    tails = {form.tail for form in forms.values() if form.tail is not None}
    found = store.uses_like(
        uow.conn,
        plain={form.plain for form in forms.values()},
        bare=bares | tails | swapped,
        tail=tails | bares,
    )
    own = {(use.claim_id, use.forms.plain): use for use in found}
    mine = {claim_id: own[claim_id, form.plain] for claim_id, form in forms.items()}
    in_sequence = invoices.dense(store.block_sizes(uow.conn, [use.forms for use in found]))
    lookup = invoices.Lookup(found)
    earlier = {
        claim_id: invoices.earlier_uses(use, lookup.like(use), in_sequence=in_sequence)
        for claim_id, use in mine.items()
    }
    again = {
        other.claim_id: claim
        for claim in claims
        for other in lookup.like(mine[claim["claim_id"]])
        if other.claim_id not in mine
        and invoices.earlier_uses(other, [mine[claim["claim_id"]]], in_sequence=in_sequence)
    }
    store.await_screening(uow.conn, [{**_line(uow, claim), "claim_id": later} for later, claim in again.items()])
    return mine, earlier


def _line(uow: UnitOfWork, claim: Row) -> Row:
    kept = {name: claim[name] for name in ("claim_id", "event_id", "correlation_id")}
    return {**kept, "since": uow.now, "again": True}


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


def _pack(label: str) -> Pack | None:
    """The rules that the claim's order was placed under; None when they are no more among ours: then all holds."""
    try:
        return pack_at(label)
    except UnknownPack:
        return None


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
