"""An instruction as the text that is sealed at the release: every file of it is a rendering of this."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from services.settlement.domain.bank import Instruction, Line, Payee, Payer


def write(instruction: Instruction) -> bytes:
    """Canonical JSON."""
    shown = {**asdict(instruction), "released_at": instruction.released_at.isoformat()}
    return json.dumps(shown, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def read(content: bytes) -> Instruction:
    """What `write` made."""
    shown = json.loads(content)
    lines = tuple(
        Line(**{**one, "payee": Payee(**one["payee"]), "payer": Payer(**one["payer"]) if one["payer"] else None})
        for one in shown["lines"]
    )
    return Instruction(**{**shown, "released_at": datetime.fromisoformat(shown["released_at"]), "lines": lines})
