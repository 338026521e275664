"""What notify tells of its books: what it shows to the public is what others said."""

from __future__ import annotations

from infra.books.telling import Kept, Teller
from services.notify import queries
from services.notify.store import known_blacklist, known_notices

KEPT = {"entries": Kept(known_blacklist, "entry_id"), "notices": Kept(known_notices, "notice_id")}
TELLER = Teller("notify", queries.totals, KEPT)
