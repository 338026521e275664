"""What finance fetches for the bank, and where bank and books disagree."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from infra import packs
from infra.crypto import ring
from infra.jsontext import instant_text
from infra.messages import Command
from services.settlement import bank_store
from services.settlement import tables as t
from services.settlement.domain.bank import Difference, Instruction, compare
from services.settlement.domain.funds import of_others
from services.settlement.formats import csv_, pain001, sealed, xlsx

Found = Mapping[str, Any] | Refused

RESOLVED = "resolved"
SUFFIX = {"csv": "csv", "xlsx": "xlsx", "pain.001": "xml"}


def payment_file(conn: sa.Connection, command: Command) -> Found:
    """What a release told the bank, opened for finance, as one of its files: the same bytes each time. NOT_FOUND before
    the release and when nothing was sent; REGION_MISMATCH; PAYER_UNKNOWN: nobody was set then to pay a fund."""
    table, body = t.payment_files, command.body
    batch_id, form = body["batch_id"], body["format"] or "csv"
    query = sa.select(table, t.batches.c.pack_version).join(t.batches, t.batches.c.batch_id == table.c.batch_id)
    row = conn.execute(query.where(table.c.batch_id == batch_id)).mappings().first()
    if row is None:
        return Refused("NOT_FOUND", "batch_id")
    told = sealed.read(ring().open(row["key_id"], bytes(row["sealed"]), context=f"payment_file:{batch_id}"))
    if command.actor.programme not in (None, told.programme):
        return Refused("PROGRAMME_MISMATCH", "batch_id")
    funds, pack = {line.fund for line in told.lines}, packs.pack_at(row["pack_version"])
    barred = of_others(office=command.actor.region, funds=funds, field="batch_id", pack=pack)
    if barred is not None:
        return barred
    try:
        content = _rendered(told, form)
    except pain001.PayerUnknown as error:
        return Refused("PAYER_UNKNOWN", "format", None, {"fund": str(error)})
    except pain001.DoesNotFit as error:
        return Refused("FACT_INVALID", "format", None, {"why": str(error)})
    return {
        "batch_id": batch_id,
        "name": f"{told.programme}-{batch_id}.{SUFFIX[form]}",
        "format": form,
        "content": base64.b64encode(content).decode("ascii"),
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
        "payments": row["payments"],
        "amount_fen": row["amount_fen"],
    }


def _rendered(told: Instruction, form: str) -> bytes:
    if form == "xlsx":
        return xlsx.write(told)
    return pain001.write(told) if form == "pain.001" else csv_.write_payments(told.lines)


def bank_differences(conn: sa.Connection, command: Command) -> Found:
    """Where statement and books disagree, by reference, and nobody has said yet what came of it. `status`: one code of
    domain.bank.DIFFERENCES alone, or `resolved`: those that have a resolution, with it. A page may be empty and not the
    last: it is the last one when `next` is. PROGRAMME_UNKNOWN."""
    if not packs.known(command.body["programme"]):
        return Refused("PROGRAMME_UNKNOWN", "programme", None, {"programme": command.body["programme"]})
    body, limit = command.body, int(command.body["limit"] or 100)
    references, after = bank_store.suspects(conn, body["programme"], after=body["after"] or "", limit=limit)
    known, booked = bank_store.payments_by_reference(conn, references), bank_store.booked(conn, references)
    unshown = bank_store.unshown(conn, references)
    unshown = {name: one for name, one in unshown.items() if one.programme == body["programme"]}
    resolved = bank_store.resolved(bank_store.resolutions(conn, references), body["programme"])
    found = [
        _shown(one, resolved.get(one.key))
        for reference in references
        for one in compare(
            known=known.get(reference),
            booked=booked.get(reference, []),
            reference=reference,
            unshown=unshown.get(reference),
        )
        if _asked_for(one, body["status"], one.key in resolved)
    ]
    return {"items": found, "next": after}


def _asked_for(one: Difference, status: str | None, is_resolved: bool) -> bool:
    return is_resolved if status == RESOLVED else not is_resolved and status in (None, one.code)


def _shown(one: Difference, resolution: Mapping[str, Any] | None) -> dict[str, Any]:
    if resolution is None:
        return asdict(one)
    told = {name: resolution[name] for name in ("resolution_id", "resolution", "reason", "resolved_by")}
    return {**asdict(one), **told, "resolved_at": instant_text(resolution["resolved_at"])}
