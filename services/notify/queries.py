"""notify's reads: inboxes, deliveries, the table of templates, the public board, figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from contracts.programmes import Pack, UnknownPack, load
from infra import tables
from infra.jsontext import instant_text
from infra.messages import Command
from infra.pipeline import Query
from services.notify import rendering, store
from services.notify.domain import board as domain
from services.notify.domain.routes import ROUTES, Condition, EveryProvider, Party, Recipient

UNREAD_COUNTED = 1000
READS_ALL_ROLES = frozenset({"auditor", "ops", "service"})

Page = Mapping[str, Any]
Reader = Callable[[sa.Connection, str, str | None, int], list[dict[str, Any]]]


def inbox(conn: sa.Connection, query: Command) -> Page | Refused:
    """A party's notices, newest first; `next` goes on to older ones."""
    table = store.notifications
    party_id = query.body["party_id"]
    mine = (table.c.party_id == party_id) & _readable(table, query)
    unread = table.c.read_at.is_(None)
    where = mine & unread if query.body["unread_only"] else mine
    page = _notices(conn, where, query)
    counted = sa.select(table.c.seq).where(mine, unread).limit(UNREAD_COUNTED).subquery()
    return page | {"unread": conn.execute(sa.select(sa.func.count()).select_from(counted)).scalar_one()}


def staff_inbox(conn: sa.Connection, query: Command) -> Page | Refused:
    """Notices to a role, newest first; a role reads its own, an auditor all."""
    role = query.body["role"]
    if role not in query.actor.roles and not query.actor.roles & READS_ALL_ROLES:
        return Refused("FORBIDDEN", field="role")
    table = store.notifications
    return _notices(conn, (table.c.role == role) & (table.c.programme == query.body["programme"]), query)


def _notices(conn: sa.Connection, where: sa.ColumnElement[bool], query: Command) -> dict[str, Any]:
    table = store.notifications
    statement = sa.select(table).where(where)
    before = _cursor(query)
    if before is not None:
        statement = statement.where(table.c.seq < before)
    limit = query.body["limit"]
    rows = conn.execute(statement.order_by(table.c.seq.desc()).limit(limit)).mappings().all()
    shown = ("id", "event_type", "template", "programme", "subject", "title", "body", "title_en", "body_en", "articles")
    items = [_plain({name: row[name] for name in (*shown, "at", "read_at")}) for row in rows]
    return {"items": items, "next": str(rows[-1]["seq"]) if len(rows) == limit else None}


def deliveries(conn: sa.Connection, query: Command) -> Page | Refused:
    """What became of mails, newest first; no address is known here."""
    table = store.deliveries
    statement = sa.select(table).where(_readable(table, query))
    if query.body["status"]:
        statement = statement.where(table.c.status == query.body["status"])
    before = _cursor(query)
    if before is not None:
        statement = statement.where(table.c.seq < before)
    limit = query.body["limit"]
    rows = conn.execute(statement.order_by(table.c.seq.desc()).limit(limit)).mappings().all()
    shown = ("notification_id", "party_id", "message_id", "status", "attempts", "reason", "next_at", "at", "ended_at")
    return {
        "items": [_plain({name: row[name] for name in shown}) for row in rows],
        "next": str(rows[-1]["seq"]) if len(rows) == limit else None,
    }


def _readable(table: sa.Table, query: Command) -> sa.ColumnElement[bool]:
    """Rows of the programme that the caller's token is for: a body that names a party or nothing does not say which."""
    programme = query.actor.programme
    return sa.true() if programme is None else table.c.programme == programme


def _cursor(query: Command) -> int | None:
    """The place to go on from; one that was never given out starts at the end of the list, which is empty."""
    after = query.body["after"]
    return None if after is None else _number(after)


def _number(after: str) -> int:
    """The number in a cursor, small enough for a column; 0 for one that was never given out."""
    return int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0


def templates(conn: sa.Connection, query: Command) -> Page | Refused:
    """The table of routes: event and condition → template, recipients, and which programmes have words of their own."""
    after = query.body["after"] or "0"
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 9 else len(ROUTES)
    part = ROUTES[start : start + query.body["limit"]]
    end = start + len(part)
    items = [
        {
            "event": route.event,
            "when": _condition(route.when),
            "template": route.template,
            "to": [_recipient(recipient) for recipient in route.to],
            "rule": route.rule,
            "zh": route.zh,
            "en": route.en,
            "programmes": _own(route.template),
        }
        for route in part
    ]
    return {"items": items, "next": str(end) if end < len(ROUTES) else None}


def _own(template: str) -> list[str]:
    folders = sorted(path.name for path in rendering.TEMPLATES.iterdir() if path.is_dir())
    return [name for name in folders if rendering.has_own("zh", name, template)]


def _condition(when: Condition | None) -> str | None:
    if when is None:
        return None
    values = "|".join("" if value is None else str(value) for value in when.values)
    return f"{when.field}{'=' if when.holds else '≠'}{values}"


def _recipient(recipient: Recipient) -> str:
    match recipient:
        case Party(field):
            return f"party:{field}"
        case EveryProvider():
            return "every admitted provider"
        case _:
            return f"role:{recipient.role}"


def board(conn: sa.Connection, query: Command) -> Page | Refused:
    """One section of the public board, in order of ids; empty when the programme's document does not ask for it."""
    programme, section = query.body["programme"], query.body["section"]
    try:
        pack: Pack = load(programme)
    except UnknownPack:
        return Refused("PROGRAMME_UNKNOWN", field="programme")
    shown = domain.shown(section=section, pack=pack)
    limit = query.body["limit"]
    items = BOARD[section](conn, programme, query.body["after"], limit) if shown.published else []
    title = domain.TITLES[section]
    return {
        "items": items,
        "next": items[-1]["id"] if len(items) == limit else None,
        "published": shown.published,
        "article": shown.article,
        "title": title.zh,
        "title_en": title.en,
    }


def _rows(
    conn: sa.Connection, statement: sa.Select[Any], key: sa.ColumnElement[Any], after: str | None, limit: int
) -> list[dict[str, Any]]:
    if after is not None:
        statement = statement.where(key > after)
    found = conn.execute(statement.order_by(key).limit(limit)).mappings()
    return [_plain(row) for row in found]


def _plain(row: Mapping[str, Any] | sa.RowMapping) -> dict[str, Any]:
    """The row as it goes over the wire."""
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _plans(conn: sa.Connection, programme: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    plans, closed = store.known_plans, store.closed_years
    statement = (
        sa.select(
            plans.c.plan_id.label("id"),
            plans.c.year,
            plans.c.budget_fen,
            plans.c.quota_fen,
            plans.c.opens_on,
            plans.c.document,
            sa.case((closed.c.plan_id.is_not(None), "closed"), else_=plans.c.status).label("status"),
            closed.c.lapsed_fen,
        )
        .select_from(plans.outerjoin(closed, closed.c.plan_id == plans.c.plan_id))
        .where(plans.c.programme == programme, plans.c.status != "made")
    )
    return _rows(conn, statement, plans.c.plan_id, after, limit)


def _providers(conn: sa.Connection, programme: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    parties = store.known_parties
    statement = sa.select(
        parties.c.party_id.label("id"), parties.c.name, parties.c.uscc, parties.c.region, parties.c.status
    ).where(
        parties.c.programme == programme,
        parties.c.kind == "provider",
        parties.c.status.in_(("admitted", "leaving")),
    )
    return _rows(conn, statement, parties.c.party_id, after, limit)


def _products(conn: sa.Connection, programme: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    products, parties = store.known_products, store.known_parties
    columns = (products.c.name, products.c.category, products.c.kind, products.c.price_fen, products.c.voucher_eligible)
    statement = (
        sa.select(
            products.c.product_id.label("id"), *columns, products.c.provider_id, parties.c.name.label("provider_name")
        )
        .select_from(products.outerjoin(parties, parties.c.party_id == products.c.provider_id))
        .where(products.c.programme == programme, products.c.status == "published")
    )
    return _rows(conn, statement, products.c.product_id, after, limit)


def _voucher_holders(conn: sa.Connection, programme: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    quotas, parties = store.known_quotas, store.known_parties
    statement = (
        sa.select(
            quotas.c.application_id.label("id"),
            quotas.c.enterprise_id,
            parties.c.name,
            parties.c.region,
            quotas.c.year,
            quotas.c.amount_fen,
        )
        .select_from(quotas.outerjoin(parties, parties.c.party_id == quotas.c.enterprise_id))
        .where(quotas.c.programme == programme)
    )
    return _rows(conn, statement, quotas.c.application_id, after, limit)


def _nodes(conn: sa.Connection, programme: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    nodes = store.known_nodes
    statement = sa.select(
        nodes.c.node_id.label("id"), nodes.c.year, nodes.c.closes_at, nodes.c.status, nodes.c.claims
    ).where(nodes.c.programme == programme)
    return _rows(conn, statement, nodes.c.node_id, after, limit)


def _payments(conn: sa.Connection, programme: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    """Sums of settled payments by provider and year; what was returned later is not in them."""
    payments, parties = store.known_payments, store.known_parties
    sums = (
        sa.select(
            (payments.c.provider_id + "." + sa.cast(payments.c.year, sa.String(4))).label("id"),
            payments.c.provider_id,
            payments.c.year,
            sa.func.count().label("payments"),
            sa.func.sum(payments.c.amount_fen).label("amount_fen"),
        )
        .where(payments.c.programme == programme, payments.c.status == "settled")
        .group_by(payments.c.provider_id, payments.c.year)
        .subquery()
    )
    statement = sa.select(
        sums.c.id, sums.c.provider_id, parties.c.name, sums.c.year, sums.c.payments, sums.c.amount_fen
    ).select_from(sums.outerjoin(parties, parties.c.party_id == sums.c.provider_id))
    return [{**row, "amount_fen": int(row["amount_fen"])} for row in _rows(conn, statement, sums.c.id, after, limit)]


def _blacklist(conn: sa.Connection, programme: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    entries, parties = store.known_blacklist, store.known_parties
    statement = (
        sa.select(
            entries.c.entry_id.label("id"),
            entries.c.party_id,
            entries.c.party_kind,
            sa.func.coalesce(entries.c.party_name, parties.c.name).label("name"),
            entries.c.ground,
            entries.c.effective_at,
        )
        .select_from(entries.outerjoin(parties, parties.c.party_id == entries.c.party_id))
        .where(entries.c.programme == programme, entries.c.status == "listed")
    )
    return _rows(conn, statement, entries.c.entry_id, after, limit)


def _checkpoints(conn: sa.Connection, _programme: str, after: str | None, limit: int) -> list[dict[str, Any]]:
    points = store.known_checkpoints
    statement = sa.select(points.c.size, points.c.head, points.c.at)
    if after is not None:
        statement = statement.where(points.c.size > _number(after))
    found = conn.execute(statement.order_by(points.c.size).limit(limit)).mappings()
    return [_plain({"id": str(row["size"]), **row}) for row in found]


BOARD: Mapping[str, Reader] = {
    "plans": _plans,
    "providers": _providers,
    "products": _products,
    "voucher_holders": _voucher_holders,
    "nodes": _nodes,
    "payments": _payments,
    "blacklist": _blacklist,
    "checkpoints": _checkpoints,
}


def totals(conn: sa.Connection, query: Command) -> Page | Refused:
    """notifications; rows: deliveries by status; outbox and stream as everywhere."""
    count = sa.select(sa.func.count())
    statuses = sa.select(store.deliveries.c.status, sa.func.count()).group_by(store.deliveries.c.status)
    rows = {"deliveries": {row[0]: row[1] for row in conn.execute(statuses)}}
    in_programme = store.notifications.c.programme == query.body["programme"]
    figures = {
        "notifications": conn.execute(count.select_from(store.notifications).where(in_programme)).scalar_one(),
        "outbox_unsent": conn.execute(
            count.select_from(tables.outbox).where(tables.outbox.c.state < tables.OUTBOX_SENT)
        ).scalar_one(),
        "stream_seq": conn.execute(sa.select(sa.func.coalesce(sa.func.max(tables.streams.c.head_seq), 0))).scalar_one(),
    }
    return {"figures": figures, "rows": rows}


QUERIES: Mapping[str, Query] = {
    "inbox": inbox,
    "staff_inbox": staff_inbox,
    "board": board,
    "deliveries": deliveries,
    "templates": templates,
    "totals": totals,
}
