"""ISO 20022 pain.002 (001.03, 001.10, 001.12), the bank's report on a pain.001: last words, and what has none."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.settlement.domain.bank import Report, Said
from services.settlement.formats.problems import (
    CURRENCY,
    Foreign,
    Problems,
    day_of,
    malformed,
    paid_fen,
    plain,
    reference,
)
from services.settlement.formats.xml import Message, check_count

KINDS = ("pain.002.001.03", "pain.002.001.10", "pain.002.001.12")
WORDS: Mapping[str, str] = {
    "ACSC": "settled",
    "ACCC": "settled",
    "RJCT": "failed",
    "CANC": "failed",
    "RTRN": "returned",
}
ON_THE_WAY = ("RCVD", "PDNG", "ACTC", "ACCP", "ACSP", "ACWC", "ACFC", "PATC", "PRES", "PART")
RETURNED = "RTRN"
MOST_ID = 35  # characters of a message's name


def read(content: bytes) -> Report:
    """Malformed, Foreign."""
    message = Message(content, KINDS, ("GrpHdr", "TxInfAndSts", "CstmrPmtStsRpt"))
    problems = Problems()
    rows: list[Said] = []
    on: date | None = None
    number = pending = 0
    report: Any = None
    for name, element in message:
        if name == "GrpHdr" and on is None:
            on = _day(message.text(element, "CreDtTm"))
        elif on is None:
            break
        elif name == "TxInfAndSts":
            number += 1
            check_count(number)
            said = _said(message, element, number, on, problems)
            rows += [said] if isinstance(said, Said) else []
            pending += said is None
            element.clear()
        elif name == "CstmrPmtStsRpt":
            report = element
    if report is None or on is None:
        raise malformed("INCOMPLETE", "the report, or its header with its time, is missing")
    problems.stop()
    return _report(message, report, rows, pending, number, on)


def _report(message: Message, report: Any, rows: list[Said], pending: int, number: int, on: date) -> Report:
    group = message.one(report, "OrgnlGrpInfAndSts")
    batch_id = message.text(group, "OrgnlMsgId") if group is not None else None
    if batch_id is None:
        raise malformed("INCOMPLETE", "OrgnlMsgId is missing: of which file it reports")
    batch_id, status = plain(batch_id, MOST_ID), message.text(group, "GrpSts")
    if status is not None and status not in (*WORDS, *ON_THE_WAY):
        raise malformed("STATUS", "GrpSts is not a status that is known")
    if number or status in (None, *ON_THE_WAY):
        if not number and message.all(report, "OrgnlPmtInfAndSts/PmtInfSts"):
            raise malformed("NO_TRANSACTIONS", "a part of the file has a status, and its payments have none")
        return Report(rows=tuple(rows), batch_id=batch_id, pending=pending)
    if WORDS[status or ""] != "failed":
        raise malformed("NO_TRANSACTIONS", "what was paid is told payment by payment")
    return Report(rows=(), batch_id=batch_id, refused_on=on, reason=_reason(message, group))


def _said(message: Message, element: Any, number: int, on: date, problems: Problems) -> Said | bool | None:
    """The bank's word; None where it is no last word, False where it cannot be read."""
    status, end_to_end = message.text(element, "TxSts"), message.text(element, "OrgnlEndToEndId")
    if status not in (*WORDS, *ON_THE_WAY):
        problems.add(number, "STATUS", "TxSts is missing, or not a status that is known")
        return False
    if end_to_end is None:
        problems.add(number, "REFERENCE", "OrgnlEndToEndId is missing")
        return False
    if status in ON_THE_WAY:
        return None
    codes = [message.text(one, f"Rsn/{kind}") for one in message.all(element, "StsRsnInf") for kind in ("Cd", "Prtry")]
    try:
        return Said(
            reference=reference(end_to_end),
            status="returned" if RETURNED in codes else WORDS[status],
            amount_fen=_amount(message, element),
            on=on,
            reason=_reason(message, element),
            row=number,
        )
    except ValueError as error:
        problems.add(number, "VALUE", str(error))
        return False


def _amount(message: Message, element: Any) -> int | None:
    amount = message.one(element, "OrgnlTxRef/Amt/InstdAmt")
    if amount is None:
        return None
    if amount.get("Ccy") != CURRENCY:
        raise Foreign(currency=plain(amount.get("Ccy") or "", 3), expected=CURRENCY)
    return paid_fen((amount.text or "").strip())


def _reason(message: Message, element: Any) -> str | None:
    parts = [
        part
        for one in message.all(element, "StsRsnInf")
        for path in ("Rsn/Cd", "Rsn/Prtry", "AddtlInf")
        if (part := message.text(one, path))
    ]
    return plain(" ".join(parts), 200) or None


def _day(text: str | None) -> date:
    try:
        return day_of(text or "")
    except ValueError as error:
        raise malformed("TIME", "CreDtTm is not a time") from error
