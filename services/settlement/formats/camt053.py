"""ISO 20022 camt.053 (001.02, 001.08), an account's statement: whole when its balances and sums come out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.settlement.domain.bank import Booked, Statement
from services.settlement.formats.problems import (
    CURRENCY,
    Foreign,
    Problems,
    day,
    day_of,
    fen,
    malformed,
    plain,
    reference,
)
from services.settlement.formats.xml import Message, check_count

KINDS = ("camt.053.001.02", "camt.053.001.08")
DIRECTIONS = {"CRDT": "credit", "DBIT": "debit"}
NOT_PROVIDED = "NOTPROVIDED"
BOOKED = "BOOK"
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


@dataclass
class _Seen:
    """What the entries come to: count and fen by direction; `booked_fen` of those that are booked."""

    entries: list[Booked] = field(default_factory=list)
    count: dict[str, int] = field(default_factory=lambda: {"credit": 0, "debit": 0})
    fen: dict[str, int] = field(default_factory=lambda: {"credit": 0, "debit": 0})
    booked_fen: int = 0

    @property
    def net_fen(self) -> int:
        return self.fen["credit"] - self.fen["debit"]


def read(content: bytes) -> Statement:
    """Malformed, Foreign."""
    message = Message(content, KINDS, ("Ntry", "Stmt"))
    seen, problems = _Seen(), Problems()
    statements: list[Any] = []
    number = 0
    for name, element in message:
        if name == "Stmt":
            statements.append(element)
            continue
        number += 1
        check_count(number)
        try:
            _take(message, element, number, seen)
        except ValueError as error:
            problems.add(number, "ENTRY", str(error))
        element.clear()
    if len(statements) != 1:
        raise malformed("STATEMENTS", "a file holds one statement")
    problems.stop()
    statement = statements[0]
    own_id = message.text(statement, "Id")
    if own_id is None or message.text(statement, "StmtPgntn/LastPgInd") == "false":
        raise malformed("INCOMPLETE", "the statement has no Id, or is not its last page")
    _check_sums(message, statement, seen)
    _check_balances(message, statement, seen)
    return Statement(own_id=plain(own_id, 35), account=_account(message, statement), entries=tuple(seen.entries))


def _account(message: Message, statement: Any) -> str:
    if message.text(statement, "Acct/Ccy") not in (None, CURRENCY):
        raise Foreign(currency=plain(message.text(statement, "Acct/Ccy") or "", 3), expected=CURRENCY)
    number = message.text(statement, "Acct/Id/Othr/Id") or message.text(statement, "Acct/Id/IBAN")
    if number is None:
        raise malformed("INCOMPLETE", "the statement names no account")
    return number.replace(" ", "")


def _take(message: Message, entry: Any, number: int, seen: _Seen) -> None:
    direction, amount = _direction(message, entry), _amount(message, entry, "Amt")
    seen.count[direction] += 1
    seen.fen[direction] += amount
    status = message.text(entry, "Sts/Cd") or message.text(entry, "Sts")
    if status is None:
        raise ValueError("it has no status")
    if status != BOOKED:
        return
    seen.booked_fen += amount if direction == "credit" else -amount
    details = message.all(entry, "NtryDtls/TxDtls")
    parts = [_amount(message, one, *_AMOUNTS) for one in details] if len(details) > 1 else [amount]
    signs = [_direction(message, one, direction) for one in details] or [direction]
    total = sum(part if sign == direction else -part for part, sign in zip(parts, signs, strict=True))
    if total != amount:
        raise ValueError("its transactions do not add up to its amount")
    on = _booked_on(message, entry)
    for at, (part, sign) in enumerate(zip(parts, signs, strict=True)):
        detail = details[at] if details else None
        if part:
            seen.entries.append(_booked(message, entry, detail, f"{number}.{at + 1}", part, sign, on))


_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")


def _booked(
    message: Message, entry: Any, detail: Any | None, place: str, amount_fen: int, direction: str, on: date
) -> Booked:
    own = message.text(entry, "AcctSvcrRef")
    end_to_end = None
    if detail is not None:
        end_to_end = message.text(detail, "Refs/EndToEndId")
        own = message.text(detail, "Refs/AcctSvcrRef") or own
    named = end_to_end if end_to_end not in (None, NOT_PROVIDED) else own or message.text(entry, "NtryRef")
    return Booked(
        reference=reference(plain(named or f"{on.isoformat()}#{place}", 40)),
        amount_fen=amount_fen,
        booked_on=on,
        direction=direction,
        bank_reference=plain(own, 40) if own else None,
    )


def _booked_on(message: Message, entry: Any) -> date:
    on, time = message.text(entry, "BookgDt/Dt"), message.text(entry, "BookgDt/DtTm")
    return day_of(time) if on is None and time is not None else day(on or "")


def _direction(message: Message, element: Any, default: str | None = None) -> str:
    found = DIRECTIONS.get(message.text(element, "CdtDbtInd") or "", default)
    if found is None:
        raise ValueError("neither credit nor debit")
    return found


def _amount(message: Message, element: Any, *paths: str) -> int:
    amount = next((found for path in paths if (found := message.one(element, path)) is not None), None)
    if amount is None:
        raise ValueError("an amount is missing")
    if amount.get("Ccy") != CURRENCY:
        raise Foreign(currency=plain(amount.get("Ccy") or "", 3), expected=CURRENCY)
    return fen((amount.text or "").strip())


def _check_balances(message: Message, statement: Any, seen: _Seen) -> None:
    balances = dict(_balances(message, statement))
    opening = next((balances[code] for code in OPENING if code in balances), None)
    closing = next((balances[code] for code in CLOSING if code in balances), None)
    if opening is None or closing is None:
        raise malformed("BALANCE_MISSING", "the opening or the closing balance is missing")
    if opening + seen.booked_fen != closing:
        raise malformed("BALANCE_MISMATCH", "the opening balance and the entries do not come to the closing balance")


def _balances(message: Message, statement: Any) -> Iterator[tuple[str, int]]:
    for balance in message.all(statement, "Bal"):
        try:
            amount = _amount(message, balance, "Amt")
            sign = 1 if _direction(message, balance) == "credit" else -1
        except ValueError as error:
            raise malformed("BALANCE", str(error)) from error
        yield message.text(balance, "Tp/CdOrPrtry/Cd") or "", sign * amount


def _check_sums(message: Message, statement: Any, seen: _Seen) -> None:
    """Counts and sums of the summary, those that it gives."""
    summary = message.one(statement, "TxsSummry")
    if summary is None:
        return
    counts = {"TtlNtries": sum(seen.count.values()), "TtlCdtNtries": seen.count["credit"]}
    sums = {"TtlNtries": sum(seen.fen.values()), "TtlCdtNtries": seen.fen["credit"]}
    counts["TtlDbtNtries"], sums["TtlDbtNtries"] = seen.count["debit"], seen.fen["debit"]
    try:
        for part, count in counts.items():
            number, total = message.text(summary, f"{part}/NbOfNtries"), message.text(summary, f"{part}/Sum")
            if (number is not None and int(number) != count) or (total is not None and fen(total) != sums[part]):
                raise ValueError(f"{part} is not what the entries come to")
        net = message.text(summary, "TtlNtries/TtlNetNtry/Amt")
        if net is not None and fen(net) != abs(seen.net_fen):
            raise ValueError("TtlNetNtry is not what the entries come to")
    except ValueError as error:
        raise malformed("SUMMARY_MISMATCH", str(error)) from error
