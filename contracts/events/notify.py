"""notify's events: only what it refused and decided."""

from __future__ import annotations

from contracts.events.base import decided, refused
from contracts.events.books import totals_told

EVENTS = [refused("notify"), decided("notify"), totals_told("notify")]
