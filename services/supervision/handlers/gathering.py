"""The population that claims are screened in: they, and what the store finds them to be compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from infra.clock import local_date
from infra.db import UnitOfWork
from infra.packs import pack_if_known
from services.supervision.domain.affiliation import Fact, Graph
from services.supervision.domain.screening import Population
from services.supervision.domain.screening.population import FACTS
from services.supervision.domain.screening.reuse import forms
from services.supervision.store import claims as claim_store
from services.supervision.store import context, known

Row = Mapping[str, Any]
Facts = Mapping[str, Sequence[str]]  # by kind

NONE: Facts = {}
PRICED = (  # what an order tells that nobody has claimed yet
    *("order", "enterprise", "programme", "category", "product", "kind", "list_price_fen", "market_price_fen"),
    *("price_fen", "ordered_on"),
)


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
    facts = {party: _by_kind(facts) for party, facts in around.facts.items()}
    beside = [*_further_facts(facts), *_former_uses(around)]
    rows = _rows(around, facts)
    near = [row for row in rows if row["order"] not in around.of_provider]
    population = Population.of([*beside, *near])
    sides = {claim[side] for claim in claims for side in ("enterprise_id", "provider_id")}
    return Seen(
        population=population,
        provider=Population.of([*beside, *rows]) if around.of_provider else population,
        graph=known.graph(uow.conn, sides, today=uow.today),
        later=_later(claims, around),
    )


def _rows(around: context.Around, facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """Claims by the moment of their filing, the newest last; before them orders that nobody has claimed yet. These tell
    prices alone, one of an enterprise and product, or a few friends would make any price usual."""
    unclaimed = {(row["enterprise"], row["product"]): row for row in around.orders if row["claim"] is None}
    used: dict[str, dict[str, Any]] = {}
    for use in around.uses:
        used.setdefault(use["claim_id"], {})[use["plain"]] = use["used_at"]
    claimed = [row for row in around.orders if row["claim"] is not None]
    claimed.sort(key=lambda row: (row["filed_at"], row["claim"]))
    told = [{name: row[name] for name in PRICED} for row in sorted(unclaimed.values(), key=itemgetter("order"))]
    return [*({**row, "claim": row["order"]} for row in told), *(_row(row, around, facts, used) for row in claimed)]


def _row(
    row: Row, around: context.Around, facts: Mapping[str, Facts], used: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    at, enterprise, provider = row["filed_at"], row["enterprise"], row["provider"]
    if row["claim"] in used:
        at = used[row["claim"]].get(forms(row["invoice_no"]).plain[:64], at)
    return {
        **row,
        "claimed_on": local_date(at),
        "at": at,
        "ended": row["status"] in claim_store.ENDED,
        "paid_fen": _paid(row),
        "refunded_fen": row["refunded_fen"] or 0,
        "enterprise_registered_on": around.registered.get(enterprise),
        **{f"enterprise_{kind}": values[0] for kind, values in facts.get(enterprise, NONE).items()},
        **{f"provider_{kind}": values[0] for kind, values in facts.get(provider, NONE).items()},
    }


def _paid(row: Row) -> int | None:
    """What the transfer says; not known to be short where support follows what was paid, unless some came back."""
    short = row["transfer_fen"] < row["price_fen"] - row["voucher_fen"]
    return None if short and not row["refunded_fen"] and _of_paid(row["pack_version"]) else row["transfer_fen"]


def _of_paid(label: str) -> bool:
    pack = pack_if_known(label)
    return pack is not None and pack.amount is not None and pack.amount.base.of == "paid"


def _by_kind(facts: frozenset[Fact]) -> Facts:
    found: dict[str, list[str]] = {}
    for kind, value in sorted(facts):
        if kind in FACTS:
            found.setdefault(kind, []).append(value)
    return found


def _further_facts(facts: Mapping[str, Facts]) -> Iterator[dict[str, Any]]:
    """What a party declared beyond the first of a kind: rows that are no claim and say nothing else."""
    for party in sorted(facts):
        for at in range(1, max(map(len, facts[party].values()), default=0)):
            more = {kind: values[at] for kind, values in facts[party].items() if at < len(values)}
            for side in ("enterprise", "provider"):
                yield {"claim": party, side: party, **{f"{side}_{kind}": value for kind, value in more.items()}}


def _former_uses(around: context.Around) -> Iterator[dict[str, Any]]:
    """Numbers that a claim was filed with before its present one: used all the same, but for its own order."""
    files = {use["claim_id"] for use in around.uses}
    present = {(row["claim"], forms(row["invoice_no"]).plain[:64]) for row in around.orders if row["claim"] in files}
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
