"""Mails what stands in `deliveries`, outside of any handler's transaction: a process of its own, as many as one likes.

Each mail is marked `sending` before it is handed over and by its verdict afterwards. A sender that dies in between
leaves `sending` behind; when its lease is over that becomes `unknown`, and the mail is not sent again by guess.
Addresses are asked of registry at the moment of sending, and kept nowhere.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Protocol
from uuid import uuid4

import prometheus_client
import sqlalchemy as sa
import structlog

from infra.calls import CallFailed, Calls
from infra.clock import Clock, make_clock
from infra.db import create_engine, writing
from infra.settings import Settings
from services.notify.domain.delivery import Attempted, Verdict, after
from services.notify.mail import ADDRESS, Smtp, compose, server_of
from services.notify.store import deliveries, notifications

log = structlog.get_logger(__name__)

MOST = 50  # mails taken in hand at once
LEASE_S = 300.0  # longer than the slowest server may keep us with one mail
CONTACTS_DEADLINE_S = 5.0
PAUSES_S = (1.0, 2.0, 5.0, 15.0)  # between two looks while there is nothing to do

MAILS = prometheus_client.Counter("yunquan_mails_total", "Mails by what became of the attempt.", ["state"])

Row = Mapping[str, Any]


class Transport(Protocol):
    """What hands a mail over: `services.notify.mail.Smtp`."""

    @property
    def server(self) -> Any: ...
    @property
    def reachable(self) -> bool: ...
    def send(self, message: EmailMessage, to: str) -> tuple[Verdict, str | None]: ...


def send_due(
    engine: sa.Engine,
    clock: Clock,
    calls: Calls,
    smtp: Transport,
    *,
    most: int = MOST,
    seconds: Callable[[], float] = time.time,
) -> dict[str, int]:
    """Send up to `most` mails whose time has come: state → how many; CallFailed when registry gives no addresses.

    `clock` says what is due; `seconds`, the machine's own, for how long a mail stays in one sender's hands.
    """
    holder = f"{os.getpid()}-{uuid4().hex[:12]}"
    done: Counter[str] = Counter()
    done["unknown"] = _recover(engine, clock.now(), seconds())
    taken = _take(engine, clock.now(), holder, seconds(), most)
    if not taken:
        return +done
    left = [row["seq"] for row in taken]
    try:
        addresses = _addresses(calls, sorted({row["party_id"] for row in taken}))
        for row, result in _send_each(engine, clock, smtp, taken, addresses, holder, seconds):
            left.remove(row["seq"])
            done[result.state] += 1
            MAILS.labels(result.state).inc()
            if _server_gone(result.state, smtp):
                break  # the others would only wait for the same timeout
    finally:
        _give_back(engine, left, holder)
    return +done


def _send_each(
    engine: sa.Engine,
    clock: Clock,
    smtp: Transport,
    taken: Sequence[Row],
    addresses: Mapping[str, str],
    holder: str,
    seconds: Callable[[], float],
) -> Iterator[tuple[Row, Attempted]]:
    for row in taken:
        to = addresses.get(row["party_id"])
        attempts = row["attempts"] + 1
        if not _mark_sending(engine, row["seq"], holder, attempts, seconds()):
            continue  # the lease ran out, and another sender has it
        verdict, reason = _hand_over(row, to, smtp, clock.now())
        result = after(verdict=verdict, reason=reason, attempts=attempts, now=clock.now())
        _record(engine, row["seq"], holder, result, clock.now())
        yield row, result


def _hand_over(row: Row, to: str | None, smtp: Transport, now: datetime) -> tuple[Verdict, str | None]:
    if to is None:
        return "never", "NO_ADDRESS"
    if not ADDRESS.fullmatch(to):
        return "never", "BAD_ADDRESS"
    message = compose(notice=row, message_id=row["message_id"], sender=smtp.server.sender, to=to, at=now)
    return smtp.send(message, to)


def _server_gone(state: str, smtp: Transport) -> bool:
    return state == "pending" and not smtp.reachable


def _addresses(calls: Calls, parties: Sequence[str]) -> dict[str, str]:
    found = calls.call("registry", "contacts", {"ids": list(parties)}, CONTACTS_DEADLINE_S)
    return {item["id"]: item["contact_email"] for item in found["items"] if item.get("contact_email")}


def _recover(engine: sa.Engine, now: datetime, machine: float) -> int:
    """What a sender left in the middle of sending: nobody knows whether it went."""
    lost = (deliveries.c.status == "sending") & (deliveries.c.held_until < machine)
    statement = sa.update(deliveries).where(lost)
    ended = {"status": "unknown", "reason": "SENDER_LOST", "ended_at": now, "holder": None, "held_until": None}
    with writing(engine) as conn:
        return conn.execute(statement.values(**ended, next_at=None)).rowcount


def _take(engine: sa.Engine, now: datetime, holder: str, machine: float, most: int) -> list[Row]:
    free = deliveries.c.held_until.is_(None) | (deliveries.c.held_until < machine)
    due = (deliveries.c.status == "pending") & (deliveries.c.next_at <= now) & free
    wanted = sa.select(deliveries.c.seq).where(due).order_by(deliveries.c.next_at, deliveries.c.seq).limit(most)
    with writing(engine) as conn:
        found = list(conn.execute(wanted.with_for_update(skip_locked=True)).scalars())
        if not found:
            return []
        mine = deliveries.c.seq.in_(found)
        conn.execute(sa.update(deliveries).where(mine).values(holder=holder, held_until=machine + LEASE_S))
        joined = deliveries.join(notifications, notifications.c.id == deliveries.c.notification_id)
        words = (notifications.c.title, notifications.c.body, notifications.c.title_en, notifications.c.body_en)
        columns = (deliveries.c.seq, deliveries.c.party_id, deliveries.c.message_id, deliveries.c.attempts)
        rows = conn.execute(sa.select(*columns, *words).select_from(joined).where(mine).order_by(deliveries.c.seq))
        return [dict(row) for row in rows.mappings()]


def _mark_sending(engine: sa.Engine, seq: int, holder: str, attempts: int, machine: float) -> bool:
    mine = (deliveries.c.seq == seq) & (deliveries.c.holder == holder) & (deliveries.c.status == "pending")
    values = {"status": "sending", "attempts": attempts, "held_until": machine + LEASE_S}
    with writing(engine) as conn:
        statement = sa.update(deliveries).where(mine, deliveries.c.held_until >= machine).values(**values)
        return conn.execute(statement).rowcount == 1


def _record(engine: sa.Engine, seq: int, holder: str, result: Attempted, now: datetime) -> None:
    values = {
        "status": result.state,
        "reason": result.reason,
        "next_at": result.next_at,
        "ended_at": None if result.state == "pending" else now,
        "holder": None,
        "held_until": None,
    }
    with writing(engine) as conn:
        mine = (deliveries.c.seq == seq) & (deliveries.c.holder == holder)
        conn.execute(sa.update(deliveries).where(mine).values(**values))


def _give_back(engine: sa.Engine, seqs: Sequence[int], holder: str) -> None:
    if seqs:
        mine = deliveries.c.seq.in_(seqs) & (deliveries.c.holder == holder) & (deliveries.c.status == "pending")
        with writing(engine) as conn:
            conn.execute(sa.update(deliveries).where(mine).values(holder=None, held_until=None))


def run(settings: Settings, url: str, *, once: bool = False) -> int:
    """Send until SIGTERM or SIGINT (once: until nothing is due); ends after what is in hand. How many were tried."""
    from infra.bus.caller import AmqpCalls

    stopping = threading.Event()
    if not once:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_args: stopping.set())
    token = settings.service_token.read_text("utf-8").strip() if settings.service_token else None
    engine = create_engine(settings.database_url("notify"), service="notify-sender", settings=settings)
    calls = AmqpCalls(settings.amqp_uri, token=token)
    smtp = Smtp(server_of(url))
    try:
        return _loop(lambda: send_due(engine, make_clock(settings.clock), calls, smtp), smtp, stopping, once)
    finally:
        smtp.close()
        calls.close()
        engine.dispose()


def _loop(look: Callable[[], Mapping[str, int]], smtp: Transport, stopping: threading.Event, once: bool) -> int:
    tried = idle = 0
    while not stopping.is_set():
        try:
            done = look()
        except CallFailed as error:
            log.warning("contacts.unavailable", code=error.code)
            done = {}
            if once:
                raise
        except sa.exc.OperationalError as error:  # the database is busy or away: the next look finds what is due
            log.warning("database.unavailable", error=type(error).__name__)
            done = {}
            if once:
                raise
        if done:
            log.info("mails", **done)
            tried += sum(done.values())
        if done and not ("pending" in done and _server_gone("pending", smtp)):
            idle = 0
            continue
        if once:
            break
        stopping.wait(PAUSES_S[min(idle, len(PAUSES_S) - 1)])
        idle += 1
    return tried
