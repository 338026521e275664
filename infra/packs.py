"""The rules this deployment runs on: the packs that come with it, those of a folder, and the overlays it enables.

YUNQUAN_PACKS: a folder of further packs and overlays. YUNQUAN_OVERLAYS: codes of overlays, parted by commas.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from contracts.programmes import Library, Pack, UnknownPack
from contracts.programmes.loader import SHIPPED

PROGRAMME = "guizhou-2018"  # what a command of the command line speaks of when it is told no other
FOLDER, OVERLAYS = "YUNQUAN_PACKS", "YUNQUAN_OVERLAYS"


@cache
def library() -> Library:
    """Read once a process, at the first question; PackError says what is wrong with a file or setting."""
    return read(os.environ)


def read(env: Mapping[str, str]) -> Library:
    """The rules that an environment names; PackError."""
    folder, names = env.get(FOLDER), env.get(OVERLAYS, "")
    enabled = [name.strip() for name in names.split(",") if name.strip()]
    return Library(SHIPPED, *([Path(folder)] if folder else []), enabled=enabled)


def pack_on(programme: str, day: date, region: str | None = None) -> Pack | None:
    """The rules for a party of that region on that day (region None: the programme's own); None: no such programme."""
    try:
        return library().in_force(programme, on=day, region=region)
    except UnknownPack:
        return None


def known(programme: str) -> bool:
    """Whether this deployment has rules of that programme, of whatever day."""
    return programme in library().codes()


def pack_at(label: str) -> Pack:
    """The rules that something was decided under, by the label it carries; UnknownPack."""
    return library().version(label)


def pack_if_known(label: str) -> Pack | None:
    """The same; None when they are no more among ours."""
    try:
        return pack_at(label)
    except UnknownPack:
        return None
