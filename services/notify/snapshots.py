"""Public notices as settlement signed them: a file each that anyone verifies, put together from the board's rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra import signing

Item = Mapping[str, Any]
HEAD = ("notice_id", "programme", "pack_version", "from_on", "until_on", "working_days", "content_hash")
ITEM = ("claim_id", "provider_id", "enterprise_id", "payable_fen")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One notice: its document, and by which key it is signed."""

    document: Item
    signature: Mapping[str, str]
    public_key: str

    @property
    def name(self) -> str:
        return f"notice-{self.document['notice_id']}.json"

    @property
    def key_name(self) -> str:
        return f"key-{self.signature['key_id']}.pem"

    def files(self) -> dict[str, str]:
        """File name → content: what `yunquan signature verify` reads, and the key's PEM beside it."""
        whole = {"document": self.document, "signature": self.signature, "public_key": self.public_key}
        pem = signing.public_pem(signing.public_from(self.public_key)).decode("ascii")
        return {self.name: json.dumps(whole, ensure_ascii=False, indent=1) + "\n", self.key_name: pem}


def snapshots(items: Iterable[Item], programme: str) -> list[Snapshot]:
    """The notices that the rows of the section belong to, in their order."""
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item["notice_id"], []).append(item)
    return [_snapshot(rows, programme) for rows in grouped.values()]


def _snapshot(rows: list[Item], programme: str) -> Snapshot:
    first = {**rows[0], "programme": programme}
    document = {
        "kind": "public_notice",
        **{name: first[name] for name in HEAD},
        "items": [{name: row[name] for name in ITEM} for row in rows],
    }
    signature = {"algorithm": signing.ALGORITHM, "key_id": first["key_id"], "signature": first["signature"]}
    return Snapshot(document, signature, first["public_key"])
