"""The population that claims are screened in: they, and what the store finds them to be compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.programmes import UnknownPack
from infra.clock import local_date
from infra.db import UnitOfWork
from infra.packs import pack_at
from services.supervision.domain.affiliation import Fact, Graph
from services.supervision.domain.screening import Population
from services.supervision.domain.screening.population import FACTS
from services.supervision.domain.screening.reuse import forms
from services.supervision.store import claims as claim_store
from services.supervision.store import context, known

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """`population` and, with the other claims of their providers, `provider`; `later`: claims with a like invoice that
    were filed after one of these: by which."""

    population: Population
    provider: Population
    graph: Graph
    later: Mapping[str, str]


def gather(uow: UnitOfWork, claims: Sequence[Row]) -> Seen:
    """All that the rules ask of these claims, in a fixed number of reads."""
    around = context.around(uow.conn, claims)
    used = {(use["claim_id"], use["plain"]): use["used_at"] for use in around.uses}
    beside = [*_facts(around.facts), *_former_uses(around)]
    rows = [(row["order_id"], _row(row, around, used)) for row in _newest_last(around)]
    near = [told for order_id, told in rows if order_id not in around.of_provider]
    sides = {claim[side] for claim in claims for side in ("enterprise_id", "provider_id")}
    return Seen(
        population=Population.of([*beside, *near]),
        provider=Population.of([*beside, *(told for _, told in rows)]),
        graph=known.graph(uow.conn, sides, today=uow.today),
        later=_later(claims, around),
    )


def _newest_last(around: context.Around) -> list[Row]:
    """Orders that nobody has claimed yet first: they tell prices alone, one of an enterprise and product, or a few
    friends would make any price usual."""
    unclaimed = {(row["enterprise_id"], row["product_id"]): row for row in around.orders if row["claim_id"] is None}
    claimed = [row for row in around.orders if row["claim_id"] is not None]
    return sorted(
        [*unclaimed.values(), *claimed],
        key=lambda row: (row["filed_at"] is not None, row["filed_at"] or row["ordered_on"], row["order_id"]),
    )


def _row(row: Row, around: context.Around, used: Mapping[tuple[str, str], Any]) -> dict[str, Any]:
    names = ("programme", "category", "list_price_fen", "price_fen", "kind", "market_price_fen", "ordered_on")
    told = {name: row[name] for name in names}
    told |= {"product": row["product_id"], "enterprise": row["enterprise_id"], "order": row["order_id"]}
    if row["claim_id"] is None:
        return {**told, "claim": row["order_id"]}
    at = used.get((row["claim_id"], forms(row["invoice_number"]).plain[:64]), row["filed_at"])
    copied = ("confirmed_on", "voucher_fen", "invoice_fen", "invoice_on", "contract_sha256", "usage_days")
    return {
        **told,
        **{name: row[name] for name in (*copied, "usage_units")},
        "claim": row["claim_id"],
        "claimed_on": local_date(at),
        "at": at,
        "ended": row["status"] in claim_store.ENDED,
        "provider": row["provider_id"],
        "paid_fen": _paid(row),
        "refunded_fen": row["refunded_fen"] or 0,
        "invoice_no": row["invoice_number"],
        "payer_account": row["payer_index"],
        "payee_account": row["payee_index"],
        "enterprise_registered_on": around.registered.get(row["enterprise_id"]),
        **_first_facts("enterprise", around.facts.get(row["enterprise_id"], frozenset())),
        **_first_facts("provider", around.facts.get(row["provider_id"], frozenset())),
    }


def _paid(row: Row) -> int | None:
    """What the transfer says; not known to be short where support follows what was paid, unless some came back."""
    short = row["transfer_fen"] < row["price_fen"] - row["voucher_fen"]
    return None if short and not row["refunded_fen"] and _of_paid(row["pack_version"]) else row["transfer_fen"]


def _of_paid(label: str) -> bool:
    try:
        pack = pack_at(label)
    except UnknownPack:
        return False
    return pack.amount is not None and pack.amount.base.of == "paid"


def _by_kind(facts: frozenset[Fact]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, value in sorted(facts):
        if kind in FACTS:
            found.setdefault(kind, []).append(value)
    return found


def _first_facts(side: str, facts: frozenset[Fact]) -> dict[str, str]:
    return {f"{side}_{kind}": values[0] for kind, values in _by_kind(facts).items()}


def _facts(facts: Mapping[str, frozenset[Fact]]) -> Iterator[dict[str, Any]]:
    """What a party declared beyond the first of a kind: rows that are no claim and say nothing else."""
    for party in sorted(facts):
        by_kind = _by_kind(facts[party])
        for at in range(1, max(map(len, by_kind.values()), default=0)):
            more = {kind: values[at] for kind, values in by_kind.items() if at < len(values)}
            for side in ("enterprise", "provider"):
                yield {"claim": party, side: party, **{f"{side}_{kind}": value for kind, value in more.items()}}


def _former_uses(around: context.Around) -> Iterator[dict[str, Any]]:
    """Numbers that a claim was filed with before its present one: used all the same, but for its own order."""
    claimed = [row for row in around.orders if row["claim_id"] is not None]
    present = {(row["claim_id"], forms(row["invoice_number"]).plain[:64]) for row in claimed}
    for use in around.uses:
        if (use["claim_id"], use["plain"]) not in present:
            yield {
                "claim": use["claim_id"],
                "claimed_on": local_date(use["used_at"]),
                "at": use["used_at"],
                "ended": True,
                "order": use["order_id"],
                "provider": use["provider_id"],
                "enterprise": use["enterprise_id"],
                "invoice_no": use["invoice_number"],
                "invoice_on": use["issued_on"],
                "invoice_fen": use["amount_fen"],
            }


def _later(claims: Sequence[Row], around: context.Around) -> dict[str, str]:
    found: dict[str, str] = {}
    for claim in claims:
        found |= {
            use["claim_id"]: claim["claim_id"]
            for use in around.uses
            if use["used_at"] > claim["filed_at"] and use["claim_id"] != claim["claim_id"]
        }
    return found
