"""Screens the claims of which all is known: findings become alerts, and each version of a claim gets its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Decision
from contracts.programmes import Pack, UnknownPack
from infra.db import UnitOfWork
from infra.messages import Event
from infra.packs import pack_at
from services.supervision.domain import affiliation, invoices, prices, screening
from services.supervision.domain.alerts import Verdict, verdict
from services.supervision.domain.finding import Finding
from services.supervision.store import alerts as alert_store
from services.supervision.store import claims as store
from services.supervision.store import known

MOST = 200  # claims a transaction

Row = dict[str, Any]
Causes = Mapping[str, Event]

VERDICT_EVENTS: Mapping[Verdict, str] = {
    "cleared": "supervision.claim_cleared.v1",
    "held": "supervision.claim_held.v1",
    "rejected": "supervision.claim_rejected.v1",
}


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


def verdict_data(claim: Mapping[str, Any], alerts: Sequence[Mapping[str, Any]], said: Verdict, law: Row) -> Row:
    """The event's data: the verdict on one version of a claim, and the rules that alerted on it."""
    return {
        "claim_id": claim["claim_id"],
        "claim_version": claim["claim_version"],
        "provider_id": claim["provider_id"],
        "programme": claim["programme"],
        "verdict": said,
        "alerts": sorted(alert["alert"] for alert in alerts),
        "law": law,
    }


def alert_data(alert: Mapping[str, Any]) -> Row:
    """The event's data: the alert as it stands."""
    names = ("alert_id", "alert", "severity", "claim_id", "claim_version", "provider_id", "enterprise_id", "programme")
    law = {"pack_version": alert["pack_version"], "articles": alert["articles"], "facts": {"holds": alert["holds"]}}
    state = {name: alert[name] for name in (*names, "evidence", "status", "reason")}
    return {**state, "law": law}


def states(alerts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The states that decide on the claim: of alerts that hold it, and of any that was confirmed."""
    return [alert["status"] for alert in alerts if alert["holds"] or alert["status"] == "confirmed"]


def _due(claim: Row) -> bool:
    """Not when it ended, nor when this very version was screened and nothing asks for another look."""
    if claim["status"] in store.ENDED:
        return False
    before = claim["before"]
    return bool(claim["again"] or before is None or before["claim_version"] < claim["claim_version"])


def _screen(uow: UnitOfWork, claims: Sequence[Row], causes: Causes) -> None:
    facts = _gather(uow, claims)
    alerts = alert_store.lock_of_claims(uow.conn, [claim["claim_id"] for claim in claims])
    packs: dict[str, Pack | None] = {}
    raised: list[Row] = []
    verdicts: list[Row] = []
    for claim in claims:
        label = claim["pack_version"]
        pack = packs[label] if label in packs else packs.setdefault(label, _pack(label))
        cause = causes.get(claim["claim_id"]) or _cause(claim)
        new = [
            alert
            for finding in screening.screen_facts(facts[claim["claim_id"]])
            if (alert := _alert(uow, claim, finding, pack))["alert_id"] not in alerts
        ]
        for alert in new:
            data = alert_data(alert)
            uow.emit("supervision.alert_raised.v1", subject=alert["alert_id"], sequence=1, data=data, cause=cause)
        of_claim = (a for a in alerts.values() if a["claim_id"] == claim["claim_id"])
        mine = [*(a for a in of_claim if a["claim_version"] == claim["claim_version"]), *new]
        raised += new
        verdicts += _conclude(uow, claim, mine, pack, cause)
    alert_store.save(uow.conn, raised)
    store.save_verdicts(uow.conn, verdicts)


def _conclude(uow: UnitOfWork, claim: Row, alerts: Sequence[Row], pack: Pack | None, cause: Event) -> list[Row]:
    """The verdict's row and event; nothing when the same was said of this version before."""
    said = verdict(states(alerts))
    before = claim["before"]
    if before is not None and (before["claim_version"], before["verdict"]) == (claim["claim_version"], said):
        return []
    sequence = before["sequence"] + 1 if before else 1
    articles = screening.screened_articles(pack, cleared=said == "cleared")
    label = pack.label if pack else None
    facts = {"claim_version": claim["claim_version"], "verdict": said, "alerts": [_brief(alert) for alert in alerts]}
    law = {"pack_version": label, "articles": list(articles), "facts": {"alerts": facts["alerts"]}}
    uow.emit(
        VERDICT_EVENTS[said],
        subject=claim["claim_id"],
        sequence=sequence,
        data=verdict_data(claim, alerts, said, law),
        cause=cause,
    )
    decision = Decision("screen_claim", claim["claim_id"], claim["programme"], label, articles, facts)
    uow.record(decision, actor=None, cause=cause)
    return [
        {
            "claim_id": claim["claim_id"],
            "claim_version": claim["claim_version"],
            "provider_id": claim["provider_id"],
            "programme": claim["programme"],
            "verdict": said,
            "screened_at": uow.now,
            "sequence": sequence,
        }
    ]


def _gather(uow: UnitOfWork, claims: Sequence[Row]) -> dict[str, screening.Facts]:
    """All that the rules ask of these claims, in a fixed number of reads."""
    pairs = [(claim["enterprise_id"], claim["provider_id"]) for claim in claims]
    graph = known.graph(uow.conn, {party for pair in pairs for party in pair})
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


def _alert(uow: UnitOfWork, claim: Row, finding: Finding, pack: Pack | None) -> Row:
    names = ("claim_id", "claim_version", "provider_id", "enterprise_id", "programme")
    return {
        **{name: claim[name] for name in names},
        "alert_id": screening.alert_id(
            claim_id=claim["claim_id"], claim_version=claim["claim_version"], rule=finding.rule
        ),
        "alert": finding.rule,
        "severity": finding.severity,
        "holds": screening.holds(finding, pack),
        "pack_version": pack.label if pack else None,
        "articles": list(screening.alert_articles(pack, finding.rule)),
        "evidence": finding.evidence(),
        "status": "open",
        "raised_at": uow.now,
        **dict.fromkeys(("acknowledged_at", "acknowledged_by", "resolved_at", "resolved_by", "reason")),
        "sequence": 1,
    }


def _brief(alert: Mapping[str, Any]) -> Row:
    return {name: alert[name] for name in ("alert_id", "alert", "severity", "holds", "status")}


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
