"""Codes of places (GB/T 2260) as rules use them: what one means, and what lies within it."""

from __future__ import annotations


def shortest(region: str) -> str:
    """The shortest prefix that means the same place: `140100` and `1401` are one city."""
    while len(region) > 2 and region.endswith("00"):
        region = region[:-2]
    return region


def holds(office: str | None, region: str | None) -> bool:
    """Does the region of an office hold a party's? `150200` holds `150203`; no region holds nothing."""
    if office is None or region is None or len(office) < 2:
        return False
    return region.startswith(shortest(office))
