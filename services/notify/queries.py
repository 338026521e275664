"""notify's reads: inboxes, deliveries, the table of templates, the public board, figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from contracts.rpc.supervision import SEVERITIES
from infra import tables
from infra.messages import Command
from infra.pipeline import Query
from services.notify import rendering, store
from services.notify.board import SECTIONS, number, packs_of, plain
from services.notify.domain import board as domain
from services.notify.domain.recipients import Condition, EveryProvider, Office, Party, Person, Recipient, Staff
from services.notify.domain.routes import ROUTES
from services.notify.speech import Speaker

UNREAD_COUNTED = 1000
READS_ALL_ROLES = frozenset({"auditor", "ops", "service"})

Page = Mapping[str, Any]


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
    """Notices to a role, newest first; a role reads its own, from its floor on, an auditor all. What is meant for one
    person of the role, no other of them reads. `severity`: the floor of this page; given, it goes before the kept one.
    """
    role, actor = query.body["role"], query.actor
    reads_all = bool(actor.roles & READS_ALL_ROLES)
    if role not in actor.roles and not reads_all:
        return Refused("FORBIDDEN", field="role")
    table = store.notifications
    programme = query.body["programme"]
    where = (table.c.role == role) & (table.c.programme == programme) & _in_region(actor.region)
    if not reads_all:
        where &= table.c.person.is_(None) | (table.c.person == actor.subject)
    floor = query.body.get("severity")
    if floor is None and role in actor.roles:
        who = {"region": actor.region or "", "person": actor.subject}
        floor = store.floor_of(conn, programme=programme, role=role, **who)
    if floor is not None:
        lighter = SEVERITIES[SEVERITIES.index(floor) + 1 :]
        where &= table.c.severity.is_(None) | table.c.severity.not_in(lighter)
    return _notices(conn, where, query) | {"severity": floor}


def _in_region(region: str | None) -> sa.ColumnElement[bool]:
    """What concerns the office's region, a part of it or a larger region that it lies in; no region is everyone's."""
    column = store.notifications.c.region
    if region is None:
        return sa.true()
    larger = sa.literal(region).startswith(column)
    return column.is_(None) | column.startswith(region, autoescape=True) | larger


def _notices(conn: sa.Connection, where: sa.ColumnElement[bool], query: Command) -> dict[str, Any]:
    table = store.notifications
    statement = sa.select(table).where(where)
    before = _cursor(query)
    if before is not None:
        statement = statement.where(table.c.seq < before)
    limit = query.body["limit"]
    rows = conn.execute(statement.order_by(table.c.seq.desc()).limit(limit)).mappings().all()
    shown = ("id", "event_type", "template", "programme", "subject", "title", "body", "title_en", "body_en", "articles")
    items = [plain({name: row[name] for name in (*shown, "at", "read_at")}) for row in rows]
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
        "items": [plain({name: row[name] for name in shown}) for row in rows],
        "next": str(rows[-1]["seq"]) if len(rows) == limit else None,
    }


def _readable(table: sa.Table, query: Command) -> sa.ColumnElement[bool]:
    """Rows of the programme that the caller's token is for: a body that names a party or nothing does not say which."""
    programme = query.actor.programme
    return sa.true() if programme is None else table.c.programme == programme


def _cursor(query: Command) -> int | None:
    """The place to go on from; one that was never given out starts at the end of the list, which is empty."""
    after = query.body["after"]
    return None if after is None else number(after)


def templates(conn: sa.Connection, query: Command) -> Page | Refused:
    """The table of routes: event and condition → template, recipients, and which programmes have words of their own."""
    after = query.body["after"] or "0"
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 9 else len(ROUTES)
    part = ROUTES[start : start + query.body["limit"]]
    general = {language: Speaker(language, None) for language in rendering.LANGUAGES}
    end = start + len(part)
    items = [
        {
            "event": route.event,
            "when": _condition(route.when),
            "template": route.template,
            "to": [_recipient(recipient) for recipient in route.to],
            "rules": list(route.rules),
            "zh": general["zh"].fill(route.says),
            "en": general["en"].fill(route.says),
            "programmes": _own(route.template),
        }
        for route in part
    ]
    return {"items": items, "next": str(end) if end < len(ROUTES) else None}


def _own(template: str) -> list[str]:
    folders = sorted(path.name for path in rendering.TEMPLATES.iterdir() if path.is_dir())
    return [name for name in folders if rendering.has_own("zh", name, template)]


def _condition(when: tuple[Condition, ...]) -> str | None:
    return "; ".join(_test(condition) for condition in when) or None


def _test(when: Condition) -> str:
    values = "|".join("" if value is None else str(value) for value in when.values)
    return f"{when.field}{'=' if when.holds else '≠'}{values}"


def _recipient(recipient: Recipient) -> str:
    match recipient:
        case Party(field, items):
            return f"party:{field}" if items is None else f"party:{items}.{field}"
        case Staff(role):
            return f"role:{role}"
        case Office(path):
            return f"role of the pack's {path}"
        case Person(role, field):
            return f"role:{role}:{{{field}}}"
        case EveryProvider():
            return "every admitted provider"
        case _:
            return f"role:{{{recipient.field}}}"


def board(conn: sa.Connection, query: Command) -> Page | Refused:
    """One section of the public board, in order of ids; empty when the programme's document does not ask for it."""
    programme, section = query.body["programme"], query.body["section"]
    rules = packs_of(programme)
    if not rules:
        return Refused("PROGRAMME_UNKNOWN", field="programme")
    shown = domain.shown(section=section, packs=rules)
    limit = query.body["limit"]
    items = SECTIONS[section](conn, rules[0], query.body["after"], limit) if shown.published else []
    title = domain.title(section=section, pack=rules[0])
    return {
        "items": items,
        "next": items[-1]["id"] if len(items) == limit else None,
        "published": shown.published,
        "asked": shown.asked,
        "article": shown.article,
        "rules": domain.limits(rules[0]) if section == "products" and shown.published else [],
        "title": title.zh,
        "title_en": title.en,
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
