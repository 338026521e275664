"""Shares that one holder has of another: how their codes are written, and what cannot be one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contracts.errors import Refused
from services.registry.domain import uscc
from services.registry.domain.model import Shareholding

_IDENTITY = re.compile(r"[0-9]{17}[0-9X]|[A-Z0-9]{6,18}")
_APART = re.compile(r"[\W_]+")


def code(text: str, *, kind: str) -> str | Refused:
    """The code in one spelling; a person's says that it is one. USCC_INVALID, INVALID; neither repeats the code."""
    plain = _APART.sub("", unicodedata.normalize("NFKC", text)).upper()
    if kind == "person":
        return f"person:{plain}" if _IDENTITY.fullmatch(plain) else Refused("INVALID", field="owner_code")
    return plain if uscc.is_valid(plain) else Refused("USCC_INVALID", field="owner_code")


def unfit(owner: str, held: str, body: Mapping[str, Any]) -> Refused | None:
    """INVALID: nobody holds himself, and what ends has begun before."""
    if owner == held:
        return Refused("INVALID", field="held_id")
    if body["until_on"] is not None and body["until_on"] <= body["from_on"]:
        return Refused("INVALID", field="until_on", facts={"from_on": body["from_on"].isoformat()})
    return None


def same(former: Shareholding, new: Shareholding) -> bool:
    """Was the very same recorded before, whoever did, and whether or not it has ended since?"""
    names = ("recorded_by", "ended_by_sha256", "status", "sequence", "until_on")
    return replace(former, **{name: getattr(new, name) for name in names}) == new
