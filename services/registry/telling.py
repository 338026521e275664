"""What registry tells of its books."""

from __future__ import annotations

from infra.books.telling import Kept, Teller
from services.registry import queries
from services.registry.store import known_blacklist, parties, products

KEPT = {
    "enterprises": Kept(parties, "id", (parties.c.kind == "enterprise",)),
    "providers": Kept(parties, "id", (parties.c.kind == "provider",)),
    "products": Kept(products, "id"),
    "entries": Kept(known_blacklist, "entry_id"),
}
TELLER = Teller("registry", queries.totals, KEPT)
