"""notify's events: only what it refused."""

from __future__ import annotations

from contracts.events.base import refused

EVENTS = [refused("notify")]
