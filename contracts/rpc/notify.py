"""notify: who hears of it, and the public board."""

from __future__ import annotations

from contracts import fields as f
from contracts import roles as r
from contracts.rpc.base import Counts, Method, Page, everywhere
from contracts.rpc.registry import Items

SERVICE = "notify"
SECTIONS = ("plans", "providers", "products", "voucher_holders", "nodes", "payments", "blacklist")


class Inbox(Page):
    """Notifications of one party, newest first."""

    party_id = f.ulid()
    unread_only = f.flag(required=False)


class StaffInbox(Page):
    """Notifications of a role (operator, bureau, finance, supervisor) in a programme, newest first."""

    role = f.one_of((r.OPERATOR, r.BUREAU, r.FINANCE, r.SUPERVISOR))
    programme = f.programme()


class MarkRead(f.Body):
    party_id = f.ulid()
    notification_ids = f.words(26, f.MAX_BATCH, least=1)


class Board(Page):
    """One section of the public board, as data."""

    programme = f.programme()
    section = f.one_of(SECTIONS)


class Deliveries(Page):
    status = f.one_of(("pending", "sent", "failed"), required=False)


METHODS = [
    Method(SERVICE, "inbox", "query", Inbox, Items, r.ALL, owner="party_id"),
    Method(SERVICE, "staff_inbox", "query", StaffInbox, Items, r.OFFICIALS),
    Method(SERVICE, "mark_read", "command", MarkRead, Counts, r.PARTIES | {r.PLATFORM}, owner="party_id"),
    Method(SERVICE, "board", "query", Board, Items, r.ALL),
    Method(SERVICE, "deliveries", "query", Deliveries, Items, frozenset({r.OPS, r.OPERATOR, r.AUDITOR})),
    Method(
        SERVICE, "templates", "query", Page, Items, r.OFFICIALS, doc="Which event becomes which notification for whom."
    ),
    *everywhere(SERVICE),
]
