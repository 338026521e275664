"""What notify does: events become notices and rows of the board; a party marks what it has read; the old is pruned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from contracts.errors import Ok, Outcome, Refused
from contracts.programmes import Pack
from infra import packs
from infra.clock import local_date
from infra.db import UnitOfWork
from infra.messages import Command, Event
from infra.pipeline import Due, EventHandler, Route
from services.notify import projections, rendering, store
from services.notify.domain import notices as domain
from services.notify.domain.delivery import EXPIRES
from services.notify.domain.notices import Notice
from services.notify.domain.recipients import Addressee, EveryProvider
from services.notify.domain.routes import BY_EVENT
from services.notify.rendering import Words
from services.notify.speech import Names, Speaker

MOST = 500  # rows of due work a call: a short transaction
PARTIES = ("enterprise_id", "provider_id", "party_id", "filer_id", "payee_id", "subject_id")  # fields that name a party

Row = dict[str, Any]


def hear(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Each event: into the board's tables, and into the inbox of whom it concerns, with an intent to mail parties."""
    projections.apply(uow.conn, events)
    told = [event for event in events if event.type in BY_EVENT]
    if not told:
        return
    names = _names(uow.conn, told)
    admitted = _admitted(uow.conn, told)
    notices: list[Row] = []
    for event in told:
        notices.extend(_rows(event, names=names, admitted=admitted.get(event.data["programme"], []), now=uow.now))
    store.add_notices(uow.conn, notices, [_intent(row) for row in notices if row["party_id"]])


def _names(conn: sa.Connection, events: Sequence[Event]) -> Names:
    def ids(*fields: str) -> set[str]:
        return {event.data[name] for event in events for name in fields if event.data.get(name)}

    return Names(
        parties=store.names_of(conn, store.known_parties, ids(*PARTIES)),
        products=store.names_of(conn, store.known_products, ids("product_id")),
    )


def _admitted(conn: sa.Connection, events: Sequence[Event]) -> Mapping[str, Sequence[str]]:
    """Admitted providers of those programmes in which an event concerns all of them."""
    programmes = {
        event.data["programme"]
        for event in events
        if any(isinstance(recipient, EveryProvider) for route in BY_EVENT[event.type] for recipient in route.to)
    }
    return store.admitted_providers(conn, programmes) if programmes else {}


def _rows(event: Event, *, names: Names, admitted: Sequence[str], now: datetime) -> Iterator[Row]:
    pack = _pack(event)
    for notice in domain.notices(event_type=event.type, data=event.data, pack=pack, admitted=admitted):
        words = _words(event, notice, pack, names)
        at_ms = int(event.time.timestamp() * 1000)
        for addressee in notice.addressees:
            yield {
                "id": domain.notice_id(
                    event_id=event.id, template=notice.route.template, addressee=addressee, at_ms=at_ms
                ),
                **_addressed(addressee),
                "event_id": event.id,
                "event_type": event.type,
                "template": notice.route.template,
                "programme": event.data["programme"],
                "region": event.data.get("region"),
                "severity": event.data["severity"] if notice.route.graded else None,
                "subject": event.subject,
                "title": words["zh"].title,
                "body": words["zh"].body,
                "title_en": words["en"].title,
                "body_en": words["en"].body,
                "articles": list(notice.articles),
                "at": now,
                "read_at": None,
            }


def _addressed(addressee: Addressee) -> Row:
    return {"party_id": addressee.party_id, "role": addressee.role, "person": addressee.person}


def _words(event: Event, notice: Notice, pack: Pack | None, names: Names) -> Mapping[str, Words]:
    return {
        language: rendering.render(
            speaker=Speaker(language, pack, names),
            route=notice.route,
            programme=event.data["programme"],
            data=event.data,
            subject=event.subject,
            articles=notice.articles,
        )
        for language in rendering.LANGUAGES
    }


def _pack(event: Event) -> Pack | None:
    """The rules the event itself was decided by, else those in force that day for its region.

    None for a programme that is not known here: a notice is no decision, and is sent without an article."""
    programme = event.data["programme"]
    law = event.data.get("law") or {}
    for label in (law.get("pack_version"), event.data.get("pack_version")):
        pack = packs.pack_if_known(label) if label else None
        if pack is not None and pack.code == programme:
            return pack
    return packs.pack_on(programme, local_date(event.time), event.data.get("region"))


def _intent(notice: Row) -> Row:
    return {
        "notification_id": notice["id"],
        "programme": notice["programme"],
        "party_id": notice["party_id"],
        "message_id": f"<{notice['id']}@yunquan.notify>",
        "status": "pending",
        "attempts": 0,
        "next_at": notice["at"],
        "at": notice["at"],
    }


def mark_read(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Mark a party's own notices as read; done: {"marked", "already", "unknown"}.

    Unknown are those of other parties, and of another programme than the caller's token."""
    wanted = {id_ for command in commands for id_ in command.body["notification_ids"]}
    found = store.unread_of(uow.conn, wanted)
    now_read: set[str] = set()
    outcomes: list[Outcome] = []
    for command in commands:
        done = {"marked": 0, "already": 0, "unknown": 0}
        for id_ in dict.fromkeys(command.body["notification_ids"]):
            party_id, programme, unread = found.get(id_, (None, None, False))
            if party_id != command.body["party_id"] or command.actor.programme not in (None, programme):
                done["unknown"] += 1
            elif unread and id_ not in now_read:
                done["marked"] += 1
                now_read.add(id_)
            else:
                done["already"] += 1
        outcomes.append(Ok({"done": done}))
    store.mark_read(uow.conn, now_read, uow.now)
    return outcomes


def set_floor(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """From which severity on the caller, or with `office` their whole office, is shown alerts. FORBIDDEN,
    PROGRAMME_MISMATCH."""
    outcomes: list[Outcome] = []
    rows: dict[tuple[str, ...], Row] = {}
    for command in commands:
        body, actor = command.body, command.actor
        if body["role"] not in actor.roles:
            outcomes.append(Refused("FORBIDDEN", "role"))
        elif actor.programme not in (None, body["programme"]):
            outcomes.append(Refused("PROGRAMME_MISMATCH", "programme"))
        else:
            office = bool(body.get("office"))
            key = {
                **{name: body[name] for name in ("programme", "role")},
                "region": (actor.region or "") if office else "",
                "person": "" if office else actor.subject,
            }
            by = {"set_at": uow.now, "set_by": actor.subject}
            rows[tuple(key.values())] = {**key, "severity": body["severity"], **by}
            outcomes.append(Ok({"severity": body["severity"]}))
    store.save_floors(uow.conn, list(rows.values()))
    return outcomes


def expire_deliveries(uow: UnitOfWork) -> int:
    """Mails that no sender took in time are given up: the notice stands in the inbox."""
    table = store.deliveries
    late = sa.select(table.c.seq).where(
        table.c.status == "pending", table.c.attempts == 0, table.c.at < uow.now - EXPIRES
    )
    gone = sa.update(table).where(table.c.seq.in_(_some(uow, late)))
    return uow.conn.execute(gone.values(status="expired", ended_at=uow.now, next_at=None)).rowcount


def prune_deliveries(uow: UnitOfWork) -> int:
    """Deliveries that ended long ago go."""
    table = store.deliveries
    old = sa.select(table.c.seq).where(table.c.ended_at < uow.now - domain.KEEP_DELIVERIES)
    return uow.conn.execute(sa.delete(table).where(table.c.seq.in_(_some(uow, old)))).rowcount


def prune_read(uow: UnitOfWork) -> int:
    """Notices that were read long ago go."""
    return _prune(uow, store.notifications.c.read_at < uow.now - domain.KEEP_READ)


def prune_unread(uow: UnitOfWork) -> int:
    """Notices that nobody read in two years go."""
    return _prune(uow, store.notifications.c.at < uow.now - domain.KEEP_UNREAD)


def prune_staff(uow: UnitOfWork) -> int:
    """Notices to a role go after a year: the work lists say what is still open."""
    table = store.notifications
    return _prune(uow, table.c.role.is_not(None) & (table.c.at < uow.now - domain.KEEP_STAFF))


def _prune(uow: UnitOfWork, old: sa.ColumnElement[bool]) -> int:
    table = store.notifications
    victims = _some(uow, sa.select(table.c.seq).where(old))
    return uow.conn.execute(sa.delete(table).where(table.c.seq.in_(victims))).rowcount


def _some(uow: UnitOfWork, statement: sa.Select[tuple[int]]) -> sa.Select[tuple[int]]:
    limited = statement.limit(MOST)
    return limited.with_for_update(skip_locked=True) if uow.conn.dialect.name == "postgresql" else limited


COMMANDS: Mapping[str, Route] = {"mark_read": Route(mark_read), "set_floor": Route(set_floor)}
EVENTS: Mapping[str, EventHandler] = {"*": hear}
DUE: Sequence[Due] = (expire_deliveries, prune_deliveries, prune_read, prune_unread, prune_staff)
