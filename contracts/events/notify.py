"""notify's events: only what it refused and decided."""

from __future__ import annotations

from contracts.events.base import decided, refused

EVENTS = [refused("notify"), decided("notify")]
