"""Paying accounts for a deployment on one machine: invented, so that every payment file can be made out of the box."""

from __future__ import annotations

import hashlib
from pathlib import Path

from contracts.programmes import Library

SETTING = "YUNQUAN_PAYERS"
BANK_CODE = "102701000013"


def make_payers(path: Path, library: Library) -> None:
    """One for each programme, and one for each locality that has rules of its own: its money may be its own too."""
    local = {(overlay.fills, overlay.region) for overlay in library.overlays() if overlay.region}
    wanted = [*((code, "") for code in library.codes()), *sorted(local)]
    text = "\n".join(_payer(*one) for one in wanted)
    path.write_text(text or "payer = []\n", encoding="utf-8")


def _payer(programme: str, region: str) -> str:
    account = str(int.from_bytes(hashlib.sha256(f"{programme}:{region}".encode()).digest()[:7], "big")).rjust(17, "0")
    fields = {
        "programme": programme,
        **({"region": region} if region else {}),
        "name": "示例财政专户",
        "account": f"62{account}",
        "bank_name": "示例银行",
        "bank_code": BANK_CODE,
    }
    return "[[payer]]\n" + "".join(f'{name} = "{value}"\n' for name, value in fields.items())
