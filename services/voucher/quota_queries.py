"""What an enterprise may get in a year, what of it is used and what is left, whatever the programme calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from contracts.programmes import Pack
from infra.messages import Command
from infra.packs import pack_at
from services.voucher import filings_store, store
from services.voucher.books_queries import account
from services.voucher.domain import ledger
from services.voucher.domain.applications import FREED, HELD
from services.voucher.domain.entitlement import cap_of
from services.voucher.domain.facts import FactNotGiven, Facts
from services.voucher.domain.filings import Filing, current
from services.voucher.domain.orders import Drawn
from services.voucher.domain.plans import Plan, applied_for, serving
from services.voucher.rows import plain
from services.voucher.tables import applications, known_enterprises

Found = Mapping[str, Any] | Refused


def get_quota(conn: sa.Connection, command: Command) -> Found:
    """An enterprise's year. quota_fen: the most it may get; used_fen: held, spent or paid; left_fen: what it may still
    ask for; None where there is no plan, or no one sum (then `caps` tells track by track)."""
    body = command.body
    enterprise_id, programme, year = body["enterprise_id"], body["programme"], body["year"]
    known = known_enterprises.c
    region = conn.execute(sa.select(known.region).where(known.enterprise_id == enterprise_id)).scalar()
    plans = store.plans_of(conn, {(programme, year)}, lock=False)
    bound_to = next((one.region for one in store.taken(conn, [enterprise_id], [(programme, year)]).values()), None)
    plan = serving(plans, region, bound_to=bound_to) if region is not None else None
    pack = None if plan is None else pack_at(plan.pack_version)
    if plan is None or pack is None or applied_for(pack):
        return {**body, **_applied(conn, enterprise_id, programme, year, plan)}
    drawn = store.drawn(conn, [enterprise_id], until=year).get(enterprise_id, [])
    filings = filings_store.open_filings(conn, [enterprise_id]).get(enterprise_id, [])
    return {**body, **_drawn(pack, plan, drawn, filings)}


def _applied(
    conn: sa.Connection, enterprise_id: str, programme: str, year: int, plan: Plan | None
) -> Mapping[str, Any]:
    """Summed over its applications; 0 where there is none. granted = available + held by placed orders + spent +
    lapsed; reserved and waiting come on top. `applications`: by place, without the refused and withdrawn."""
    quota = account(conn, ledger.quota(programme, year, enterprise_id))
    one = applications.c
    names = "application_id", "status", "place", "requested_fen", "ceiling_fen", "amount_fen", "lapsed_fen"
    query = sa.select(*(one[name] for name in names)).where(
        one.enterprise_id == enterprise_id, one.programme == programme, one.year == year, one.status.not_in(FREED)
    )
    mine = [plain(row) for row in conn.execute(query.order_by(one.place)).mappings()]
    filled = [row for row in mine if row["status"] in ("granted", "lapsed") and row["amount_fen"]]
    granted_fen, lapsed_fen = (sum(row[name] for row in filled) for name in ("amount_fen", "lapsed_fen"))
    taken_fen = sum(row["amount_fen"] if row["status"] in HELD else row["ceiling_fen"] for row in mine)
    spent_fen = granted_fen - quota.balance_fen - lapsed_fen
    return {
        "quota_fen": None if plan is None else plan.quota_fen,
        "used_fen": spent_fen + quota.debits_pending,
        "left_fen": None if plan is None else max(0, plan.quota_fen - taken_fen),
        "reserved_fen": sum(row["amount_fen"] for row in mine if row["status"] == "reserved"),
        "waiting_fen": sum(row["ceiling_fen"] for row in mine if row["status"] == "waiting"),
        "granted_fen": granted_fen,
        "held_fen": quota.debits_pending,
        "available_fen": quota.available_fen,
        "spent_fen": spent_fen,
        "lapsed_fen": lapsed_fen,
        "applications": mine,
        "caps": [],
    }


@dataclass(frozen=True)
class _Cap:
    """Of one track, or of everything."""

    track: str | None
    cap_fen: int | None
    used_fen: int

    @property
    def left_fen(self) -> int | None:
        return None if self.cap_fen is None else max(0, self.cap_fen - self.used_fen)

    def shown(self) -> Mapping[str, Any]:
        return {**vars(self), "left_fen": self.left_fen}


def _drawn(pack: Pack, plan: Plan, drawn: list[Drawn], filings: list[Filing]) -> Mapping[str, Any]:
    """What the orders of the year take of its caps; a cap by revenue is that of the open filing, None without one."""
    this_year = [one for one in drawn if one.year == plan.year]
    rules = pack.amount
    by_track = rules is not None and rules.cap is not None and rules.cap.by == "track"
    caps = []
    for track in pack.tracks if by_track else (None,):
        used_fen = sum(one.taken_fen for one in this_year if track in (None, one.track))
        filing = next((one for one in current(filings) if track in (None, one.track)), None)
        caps.append(_Cap(track, _cap_fen(pack, plan, track, filing), used_fen))
    only = caps[0] if len(caps) == 1 else None
    return {
        "quota_fen": None if only is None else only.cap_fen,
        "used_fen": sum(cap.used_fen for cap in caps),
        "left_fen": None if only is None else only.left_fen,
        "caps": [cap.shown() for cap in caps],
        "orders": [{"order_id": one.order_id, "track": one.track, "taken_fen": one.taken_fen} for one in this_year],
        "years_used": len({one.year for one in drawn}) + max((one.years_used for one in filings), default=0),
    }


def _cap_fen(pack: Pack, plan: Plan, track: str | None, filing: Filing | None) -> int | None:
    if pack.amount is None:
        return None
    revenue_fen = None if filing is None or filing.year != plan.year else filing.prior_revenue_fen
    try:
        facts = Facts(on=date(plan.year, 12, 31), track=track, prior_revenue_fen=revenue_fen)
        found = cap_of(rules=pack.amount, facts=facts)
    except FactNotGiven:
        return None
    return None if found is None else found[0]
