"""Opens and seals the personal facts that the store keeps; nothing else in the service sees them plain."""

from __future__ import annotations

import json
from typing import Any

from infra.crypto import KeyRing
from infra.jsontext import canonical
from services.registry.domain.facts import Change
from services.registry.domain.model import Party


def opened(party: Party, ring: KeyRing) -> dict[str, Any]:
    """The party's personal facts, those that are known."""
    return opened_text(party.id, party.key_id, party.sealed, ring)


def opened_text(party_id: str, key_id: str | None, sealed: bytes | None, ring: KeyRing) -> dict[str, Any]:
    """As `opened`, from the columns."""
    if key_id is None or sealed is None:
        return {}
    plain: dict[str, Any] = json.loads(ring.open(key_id, bytes(sealed), context=f"party/{party_id}"))
    return plain


def sealed_change(party: Party, change: Change, ring: KeyRing) -> dict[str, Any]:
    """The columns `old`, `new`, `key_id`, `sealed` of a change: personal values only sealed, others only plain."""
    if not change.personal:
        return {"old": change.old, "new": change.new, "key_id": None, "sealed": None}
    text = canonical({"old": change.old, "new": change.new}).encode()
    key_id, sealed = ring.seal(text, context=f"history/{party.id}/{party.sequence}/{change.field}")
    return {"old": None, "new": None, "key_id": key_id, "sealed": sealed}
