"""What supervision tells of its own books: it is held against what it said, as all others are."""

from __future__ import annotations

from infra.books.telling import Kept, Teller
from services.supervision.queries import record
from services.supervision.store.tables import alerts, blacklist

KEPT = {"alerts": Kept(alerts, "alert_id"), "entries": Kept(blacklist, "entry_id")}
TELLER = Teller("supervision", record.totals, KEPT)
