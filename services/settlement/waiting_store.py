"""Claims that wait for a notice or for a disbursement: the first of each set of rules, read along an index.

Each call reads what it takes and some of what it leaves out, however many wait.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.settlement import tables as t
from services.settlement.domain.claims import PENDING
from services.settlement.samples_store import is_pending, there_is

LEFT_OUT = 500  # that are counted of what stays: what the next call may take, and what may not go on

Where = tuple[sa.ColumnElement[bool], ...]

_c = t.claims.c
_ORDER = (_c.pack_version, _c.claim_id)  # as the index has it, and no other: see `of_rules`


def labels(conn: sa.Connection) -> list[str]:
    """Labels of the rules of all waiting claims, each found by one step along the index."""
    first = sa.select(sa.func.min(_c.pack_version).label("label")).where(t.WAITING)
    step = first.cte("labels", recursive=True)
    beyond = sa.select(sa.func.min(_c.pack_version)).where(t.WAITING, _c.pack_version > step.c.label)
    steps = step.union_all(sa.select(beyond.scalar_subquery()).where(step.c.label.is_not(None)))
    return list(conn.execute(sa.select(steps.c.label).where(steps.c.label.is_not(None))).scalars())


def first_of(
    conn: sa.Connection,
    groups: Collection[Where],
    *among: sa.ColumnElement[bool],
    may: sa.ColumnElement[bool],
    most: int,
) -> list[str]:
    """Claims of each group by their ids: the first `most` of those `among` that `may` go on; and of its first `most`
    LEFT_OUT that may not, to be counted. None can crowd out another. Who loads them judges them again, states too: they
    may have moved on meanwhile."""
    return list(conn.execute(first_ids(groups, *among, may=may, most=most)).scalars()) if groups else []


def first_ids(
    groups: Collection[Where], *among: sa.ColumnElement[bool], may: sa.ColumnElement[bool], most: int
) -> sa.CompoundSelect[Any]:
    """The query of `first_of`."""
    parts = [one for group in groups for one in (_taken(group, among, may, most), _left_out(group, among, may, most))]
    return sa.union_all(*(sa.select(one.subquery().c.claim_id) for one in parts))


def _taken(group: Where, among: Where, may: sa.ColumnElement[bool], most: int) -> sa.Select[Any]:
    return sa.select(_c.claim_id).where(*group, _opaque(*among, may)).order_by(*_ORDER).limit(most)


def _left_out(group: Where, among: Where, may: sa.ColumnElement[bool], most: int) -> sa.Select[Any]:
    first = sa.select(_c.claim_id).where(*group).order_by(*_ORDER).limit(most).subquery()
    seen = _c.claim_id <= sa.select(sa.func.max(first.c.claim_id)).scalar_subquery()
    stays = _opaque(*among, sa.not_(may))
    return sa.select(_c.claim_id).where(*group, seen, stays).order_by(*_ORDER).limit(LEFT_OUT)


def _opaque(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """All of them, of which PostgreSQL expects the half to be met: of so many it expects one claim, reads all and sorts
    them instead of going along the index until it has enough."""
    return sa.case((sa.and_(*conditions), sa.true()), else_=sa.false())


def of_rules(label: str, status: str, *more: sa.ColumnElement[bool]) -> Where:
    """Those that wait in that state under the rules of that label.

    A label said to be equal would leave claims in the order of their ids, in which the key too has them: and along that
    PostgreSQL steps over all claims of former years and states, which it expects to find mixed with those that wait.
    """
    return (_c.pack_version >= label, _c.pack_version <= label, _c.status == status, *more)


def is_clear() -> sa.ColumnElement[bool]:
    """Of a claim: supervision clears it as it stands, no audit sample holds it, and no wind-down."""
    said = t.known_verdicts.c
    on_it = (said.claim_id == _c.claim_id, said.claim_version == _c.claim_version)
    cleared = there_is(said.claim_id, *on_it, said.verdict == "cleared")
    return sa.and_(cleared, sa.not_(is_pending()), _c.wind_down.is_distinct_from(PENDING))


def has_money() -> sa.ColumnElement[bool]:
    """Of a claim: no money for its order comes with a later year's plan."""
    order = t.known_orders.c
    later = sa.select(order.deferred_fen).where(order.order_id == _c.order_id).scalar_subquery()
    return sa.func.coalesce(later, 0) == 0


def may_be_paid(*, now: datetime) -> sa.ColumnElement[bool]:
    """Of a claim: it is clear, its payee has given an account, and nobody of its parties is blacklisted."""
    listed, one, other = t.known_blacklist.c, t.known_providers.c, t.known_enterprises.c
    party = listed.party_id.in_((_c.provider_id, _c.filer_id, _c.payee_id))
    blacklisted = there_is(listed.entry_id, party, listed.status == "listed", listed.effective_at <= now)
    account = there_is(one.provider_id, one.provider_id == _c.payee_id, one.account_version > 0) | there_is(
        other.enterprise_id, other.enterprise_id == _c.payee_id, other.account_version > 0
    )
    return sa.and_(is_clear(), account, sa.not_(blacklisted))
