"""Loads and saves for a whole batch at once: rows are locked in key order, each statement serves every command."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many, insert_new, upsert
from services.voucher.domain.applications import FREED, HELD, Application, Taken
from services.voucher.domain.claims import Heard
from services.voucher.domain.orders import LIVE, RUNS, Drawn, Order
from services.voucher.domain.parties import Enterprise, Product, Provider
from services.voucher.domain.plans import Plan
from services.voucher.tables import (
    accounts,
    applications,
    heard_claims,
    known_blacklist,
    known_enterprises,
    known_products,
    known_providers,
    metadata,
    orders,
    plans,
)

__all__ = ["metadata"]

ProgrammeYear = tuple[str, int]


# --- plans ------------------------------------------------------------------------------------------------------------


def plans_of(conn: sa.Connection, keys: Collection[ProgrammeYear], *, lock: bool = True) -> list[Plan]:
    """The plans of every region of these programmes' years, locked unless they are only looked at."""
    where = sa.tuple_(plans.c.programme, plans.c.year).in_(sorted(keys))
    query = sa.select(plans).where(where).order_by(plans.c.plan_id)
    return list(_plans(conn, query.with_for_update() if lock else query))


def plans_by_id(conn: sa.Connection, ids: Collection[str]) -> dict[str, Plan]:
    """Plans by id, locked."""
    query = sa.select(plans).where(plans.c.plan_id.in_(sorted(ids))).order_by(plans.c.plan_id).with_for_update()
    return {plan.plan_id: plan for plan in _plans(conn, query)}


def plans_of_purses(conn: sa.Connection, purses: Collection[tuple[str, str]]) -> list[Plan]:
    """All plans of these (programme, purse) that have money, of whatever year, oldest first; not locked."""
    where = sa.tuple_(plans.c.programme, plans.c.purse).in_(sorted(purses)), plans.c.status != "made"
    return list(_plans(conn, sa.select(plans).where(*where).order_by(plans.c.year, plans.c.plan_id)))


def plan_for_update(conn: sa.Connection, key: tuple[str, int, str]) -> Plan | None:
    """The plan of that programme, year and purse, locked."""
    where = sa.tuple_(plans.c.programme, plans.c.year, plans.c.purse) == sa.tuple_(*key)
    return next(iter(_plans(conn, sa.select(plans).where(where).with_for_update())), None)


def plans_with_a_line(conn: sa.Connection, year: int, most: int) -> list[Plan]:
    """Published plans of the year for which someone waits, locked."""
    waits = sa.exists().where(*_of_plan(plans.c), applications.c.status == "waiting")
    where = plans.c.status == "published", plans.c.year == year, waits
    query = sa.select(plans).where(*where).order_by(plans.c.plan_id).limit(most).with_for_update()
    return list(_plans(conn, query))


def plans_over(conn: sa.Connection, year: int, most: int) -> list[Plan]:
    """Published plans of years before `year`, oldest first, locked."""
    where = plans.c.status == "published", plans.c.year < year
    query = sa.select(plans).where(*where).order_by(plans.c.year, plans.c.plan_id).limit(most).with_for_update()
    return list(_plans(conn, query))


def insert_plans(conn: sa.Connection, made: Sequence[Plan]) -> set[str]:
    """Insert new plans; ids of those that took their year and region (another replica may have been quicker)."""
    kept = insert_new(conn, plans, [vars(plan) for plan in made], returning=("plan_id",))
    return {plan_id for (plan_id,) in kept}


def save_plans(conn: sa.Connection, changed: Iterable[Plan]) -> None:
    _upsert(conn, plans, "plan_id", [vars(plan) for plan in changed])


def _of_plan(plan: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """That an application is for the plan: of a row, or of a value."""
    one = applications.c
    return one.programme == plan.programme, one.year == plan.year, one.plan_region == plan.region


def _plans(conn: sa.Connection, query: sa.Select[Any]) -> Iterable[Plan]:
    return (Plan(**row._mapping) for row in conn.execute(query))


# --- applications -----------------------------------------------------------------------------------------------------


def plan_keys_of(conn: sa.Connection, ids: Collection[str]) -> set[ProgrammeYear]:
    """Programme and year of each application, not locked: they never change."""
    query = sa.select(applications.c.programme, applications.c.year).where(applications.c.application_id.in_(ids))
    return {(programme, year) for programme, year in conn.execute(query.distinct())}


def applications_by_id(conn: sa.Connection, ids: Collection[str]) -> dict[str, Application]:
    """Applications by id, locked."""
    where = applications.c.application_id.in_(sorted(ids))
    query = sa.select(applications).where(where).order_by(applications.c.application_id).with_for_update()
    return {found.application_id: found for found in _applications(conn, query)}


def taken(
    conn: sa.Connection, enterprises: Collection[str], keys: Collection[ProgrammeYear]
) -> dict[tuple[str, str, int], Taken]:
    """(enterprise, programme, year) → what its applications take up of the quota, `Application.taken_fen` summed, and
    the region of the plan they are all of; under the plan's lock."""
    one = applications.c
    part = sa.case((one.status.in_(HELD), one.amount_fen), else_=one.ceiling_fen)
    key = one.enterprise_id, one.programme, one.year
    query = sa.select(*key, sa.func.sum(part), sa.func.max(one.plan_region)).where(
        one.enterprise_id.in_(sorted(enterprises)),
        sa.tuple_(one.programme, one.year).in_(sorted(keys)),
        one.status.not_in(FREED),
    )
    return {(row[0], row[1], row[2]): Taken(int(row[3]), row[4]) for row in conn.execute(query.group_by(*key))}


def waiting(conn: sa.Connection, plan: Plan, most: int) -> list[Application]:
    """The head of a plan's line in its turn, priority first; under the plan's lock."""
    query = (
        sa.select(applications)
        .where(*_of_plan(plan), applications.c.status == "waiting")
        .order_by(applications.c.priority.desc(), applications.c.place)
        .limit(most)
    )
    return list(_applications(conn, query))


def unsettled(conn: sa.Connection, plan: Plan, most: int) -> list[Application]:
    """Applications of a plan whose year is over that still have to lapse, newest first, locked."""
    query = (
        sa.select(applications)
        .where(
            *_of_plan(plan),
            applications.c.status.in_(("reserved", "waiting", "granted")),
            ~applications.c.settled,
        )
        .order_by(applications.c.place.desc())
        .limit(most)
        .with_for_update()
    )
    return list(_applications(conn, query))


def lapsed_too_early(conn: sa.Connection, plan: Plan, most: int) -> list[Application]:
    """Settled applications of a plan whose year is over in whose quota there is money, newest first, locked."""
    quota = accounts.c
    query = (
        sa.select(applications)
        .join(accounts, quota.owner == applications.c.enterprise_id)
        .where(
            quota.programme == plan.programme,
            quota.year == plan.year,
            quota.kind == "quota",
            quota.credits_posted - quota.debits_posted - quota.debits_pending > 0,
            *_of_plan(plan),
            applications.c.status.in_(("granted", "lapsed")),
            applications.c.amount_fen > applications.c.lapsed_fen,
            applications.c.settled,
        )
        .order_by(applications.c.place.desc())
        .limit(most)
        .with_for_update(of=applications)
    )
    return list(_applications(conn, query))


def insert_applications(conn: sa.Connection, made: Sequence[Application]) -> None:
    insert_many(conn, applications, [vars(application) for application in made])


def save_applications(conn: sa.Connection, changed: Iterable[Application]) -> None:
    _upsert(conn, applications, "application_id", [vars(application) for application in changed])


def _applications(conn: sa.Connection, query: sa.Select[Any]) -> Iterable[Application]:
    for row in conn.execute(query):
        found = Application(**row._mapping)
        yield replace(found, reasons=tuple(found.reasons), reviewed_by=tuple(found.reviewed_by))


# --- orders -----------------------------------------------------------------------------------------------------------


def orders_by_id(conn: sa.Connection, ids: Collection[str]) -> dict[str, Order]:
    """Orders by id, locked."""
    query = sa.select(orders).where(orders.c.order_id.in_(sorted(ids))).order_by(orders.c.order_id).with_for_update()
    return {order.order_id: order for order in _orders(conn, query)}


def orders_left_behind(conn: sa.Connection, most: int) -> list[Order]:
    """Orders of providers that have exited: placed ones, and running ones that wait for no word yet; locked."""
    unmarked = orders.c.left_by.is_(None) | (orders.c.left_by != orders.c.provider_id)
    running = orders.c.status.in_(RUNS) & unmarked
    query = (
        sa.select(orders)
        .join(known_providers, known_providers.c.provider_id == orders.c.provider_id)
        .where(known_providers.c.status == "exited", (orders.c.status == "placed") | running)
        .order_by(orders.c.order_id)
        .limit(most)
        .with_for_update(of=orders)
    )
    return list(_orders(conn, query))


def insert_orders(conn: sa.Connection, placed: Sequence[Order]) -> None:
    insert_many(conn, orders, [vars(order) for order in placed])


def save_orders(conn: sa.Connection, changed: Iterable[Order]) -> None:
    _upsert(conn, orders, "order_id", [vars(order) for order in changed])


def _orders(conn: sa.Connection, query: sa.Select[Any]) -> Iterable[Order]:
    return (Order(**row._mapping) for row in conn.execute(query))


def drawn(conn: sa.Connection, enterprise_ids: Collection[str], *, until: int) -> dict[str, list[Drawn]]:
    """The live orders with support of each enterprise, of that year and before; under the locks of its accounts."""
    one = orders.c
    taken = sa.case((one.status == "redeemed", one.redeemed_fen), else_=one.voucher_fen)
    names = ("order_id", "enterprise_id", "programme", "year", "track", "product_id", "contract_sha256")
    query = sa.select(*(one[name] for name in names), taken).where(
        one.enterprise_id.in_(sorted(enterprise_ids)), one.year <= until, one.status.in_(LIVE), one.voucher_fen > 0
    )
    found: dict[str, list[Drawn]] = {}
    for row in conn.execute(query.order_by(one.order_id)):
        found.setdefault(row.enterprise_id, []).append(Drawn(*row))
    return found


# --- what others told us ----------------------------------------------------------------------------------------------


def enterprises(conn: sa.Connection, ids: Collection[str], *, now: datetime, year: int) -> dict[str, Enterprise]:
    """Enterprises by id, with the quota granted for that year and whether they are on the blacklist now."""
    known = known_enterprises.c
    total = sa.cast(sa.func.sum(applications.c.amount_fen), sa.BigInteger)  # a sum is no integer on PostgreSQL
    of_year = (
        applications.c.enterprise_id == known.enterprise_id,
        applications.c.programme == known.programme,
        applications.c.year == year,
        applications.c.status == "granted",
    )
    names = [name for name in Enterprise.__dataclass_fields__ if name in known]
    query = sa.select(
        *(known[name] for name in names),
        _listed(known.enterprise_id, now).label("blacklisted"),
        sa.func.coalesce(sa.select(total).where(*of_year).scalar_subquery(), 0).label("granted_fen"),
        sa.select(sa.func.max(applications.c.plan_region)).where(*of_year).scalar_subquery().label("granted_region"),
    ).where(known.enterprise_id.in_(ids))
    return {row.enterprise_id: Enterprise(**row._mapping) for row in conn.execute(query)}


def regions_of(conn: sa.Connection, ids: Collection[str]) -> dict[str, str]:
    """Where each enterprise is registered."""
    known = known_enterprises.c
    rows = conn.execute(sa.select(known.enterprise_id, known.region).where(known.enterprise_id.in_(ids)))
    return {row.enterprise_id: row.region for row in rows}


def providers(conn: sa.Connection, ids: Collection[str], *, now: datetime) -> dict[str, Provider]:
    """Providers by id, and whether they are on the blacklist now."""
    known = known_providers.c
    listed = _listed(known.provider_id, now)
    declared = known.holder, known.representative, known.accounts
    query = sa.select(known.provider_id, known.programme, known.status, listed, *declared)
    rows = conn.execute(query.where(known.provider_id.in_(ids)))
    return {row[0]: Provider(*row[:3], bool(row[3]), *row[4:]) for row in rows}


def products(conn: sa.Connection, ids: Collection[str], *, now: datetime) -> dict[str, Product]:
    """Products by id, each with the standing of its provider, where that is known."""
    known, provider = known_products.c, known_providers.c
    listed = _listed(known.provider_id, now)
    query = (
        sa.select(
            *(known[name] for name in ("product_id", "provider_id", "programme", "category", "price_fen")),
            *(known[name] for name in ("market_price_fen", "voucher_eligible", "status")),
            provider.programme,
            provider.status,
            listed,
            provider.holder,
            provider.representative,
            provider.accounts,
        )
        .select_from(known_products.outerjoin(known_providers, known.provider_id == provider.provider_id))
        .where(known.product_id.in_(ids))
    )
    return {row[0]: _product(row) for row in conn.execute(query)}


def _product(row: sa.Row[Any]) -> Product:
    product_id, provider_id, programme, category, price, market, eligible, status, of, standing, listed, *declared = row
    provider = None if standing is None else Provider(provider_id, of, standing, bool(listed), *declared)
    return Product(product_id, provider_id, programme, category, price, market, eligible, status, provider)


def offering(conn: sa.Connection, provider_ids: Collection[str]) -> set[tuple[str, str]]:
    """(provider, category) pairs in which a provider has something on the shelf."""
    query = sa.select(known_products.c.provider_id, known_products.c.category).distinct()
    where = known_products.c.provider_id.in_(provider_ids), known_products.c.status == "published"
    return {(row[0], row[1]) for row in conn.execute(query.where(*where))}


def blacklisted(conn: sa.Connection, party_ids: Collection[str], *, now: datetime) -> set[str]:
    """Those of the parties that are on the blacklist now."""
    entry = known_blacklist.c
    query = sa.select(entry.party_id).where(
        entry.party_id.in_(party_ids), entry.status == "listed", entry.effective_at <= now
    )
    return set(conn.execute(query).scalars())


def heard(conn: sa.Connection, claim_ids: Collection[str]) -> dict[str, Heard]:
    """Claims that we answered, by id; under the lock of their orders."""
    query = sa.select(heard_claims).where(heard_claims.c.claim_id.in_(claim_ids))
    return {row.claim_id: Heard(**row._mapping) for row in conn.execute(query)}


def save_heard(conn: sa.Connection, claims: Iterable[Heard]) -> None:
    _upsert(conn, heard_claims, "claim_id", [vars(claim) for claim in claims])


def _listed(party_id: sa.ColumnElement[str], now: datetime) -> sa.ColumnElement[bool]:
    entry = known_blacklist.c
    return sa.exists().where(entry.party_id == party_id, entry.status == "listed", entry.effective_at <= now)


def _upsert(conn: sa.Connection, table: sa.Table, key: str, rows: list[Any]) -> None:
    """Insert or replace whole rows that this transaction has locked (or made)."""
    upsert(conn, table, sorted(rows, key=lambda row: row[key]), key=(key,))
