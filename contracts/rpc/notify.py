"""notify: who hears of it, and the public board."""

from __future__ import annotations

from contracts import fields as f
from contracts import roles as r
from contracts.rpc.base import Anything, Counts, Method, Page, everywhere
from contracts.rpc.registry import Items
from contracts.rpc.supervision import SEVERITIES

SERVICE = "notify"
STAFF = sorted(r.REVIEWERS | {r.SUPERVISOR, r.OPS})  # roles that have a feed
SECTIONS = (
    "plans",
    "providers",
    "products",
    "filings",
    "voucher_holders",
    "nodes",
    "samples",
    "notices",
    "payments",
    "designations",
    "commendations",
    "regions",
    "awards",
    "blacklist",
    "checkpoints",
)
DELIVERY_STATES = (
    "pending",  # waits for the sender, or for its next attempt
    "sending",  # in the hands of a sender
    "sent",  # the mail server took it
    "failed",  # it never will: no address, refused, or tried often enough
    "unknown",  # the connection was lost after the text was handed over; never sent again by itself
    "expired",  # no sender took it in time
)


class Inbox(Page):
    """Notifications of one party, newest first."""

    party_id = f.ulid()
    unread_only = f.flag(required=False)


class InboxPage(Items):
    """unread: how many of the party's notifications are unread, counted up to 1,000."""

    unread = f.whole(0, 1000)


class StaffInbox(Page):
    """Notifications of a role in a programme, newest first; severity: alerts from this one on (empty: from the floor
    that the caller or their office has set)."""

    role = f.one_of(STAFF)
    programme = f.programme()
    severity = f.one_of(SEVERITIES, required=False)


class StaffInboxPage(Items):
    """severity: from which on alerts are shown here; empty: all."""

    severity = f.one_of(SEVERITIES, required=False)


class SetFloor(f.Body):
    """From this severity on the caller is shown alerts in the feed of their role; office: everyone of it in the token's
    region, where they have set none of their own. What is late, or was assigned to them, is shown whatever it is."""

    role = f.one_of(STAFF)
    programme = f.programme()
    severity = f.one_of(SEVERITIES)
    office = f.flag(required=False)


class Floor(f.Body):
    severity = f.one_of(SEVERITIES)


class MarkRead(f.Body):
    party_id = f.ulid()
    notification_ids = f.words(26, f.MAX_BATCH, least=1)


class Board(Page):
    """One section of the public board, as data."""

    programme = f.programme()
    section = f.one_of(SECTIONS)


class BoardPage(Items):
    """published: false when the programme's document does not ask for this list, nor for what it shows the doing of.

    article: of that rule; asked: whether it asks for the publication itself. rules: rates and limits that are published
    with the list, each {what, code, zh, en, rate, revenue_from_fen, cap_fen, article}.
    """

    published = f.flag()
    asked = f.flag()
    article = f.text(40, required=False)
    rules = f.many(Anything, most=100)
    title = f.text(200)
    title_en = f.text(200)


class Deliveries(Page):
    status = f.one_of(DELIVERY_STATES, required=False)


METHODS = [
    Method(SERVICE, "inbox", "query", Inbox, InboxPage, r.ALL, owner="party_id"),
    Method(SERVICE, "staff_inbox", "query", StaffInbox, StaffInboxPage, r.OFFICIALS),
    Method(SERVICE, "set_floor", "command", SetFloor, Floor, r.REVIEWERS | {r.SUPERVISOR}),
    Method(SERVICE, "mark_read", "command", MarkRead, Counts, r.PARTIES | {r.PLATFORM}, owner="party_id"),
    Method(SERVICE, "board", "query", Board, BoardPage, r.ALL),
    Method(SERVICE, "deliveries", "query", Deliveries, Items, frozenset({r.OPS, r.OPERATOR, r.AUDITOR})),
    Method(
        SERVICE, "templates", "query", Page, Items, r.OFFICIALS, doc="Which event becomes which notification for whom."
    ),
    *everywhere(SERVICE),
]
