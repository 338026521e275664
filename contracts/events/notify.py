"""notify's events: only what it refused."""

from __future__ import annotations

from contracts.events.base import refused
from contracts.events.books import totals_told

EVENTS = [refused("notify"), totals_told("notify")]
