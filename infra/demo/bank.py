"""A bank for the demo and the tests: it takes a pain.001, and answers with pain.002 and camt.053 as banks do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lxml import etree

from contracts.money import format_yuan, parse_yuan

FAMILY = "urn:iso:std:iso:20022:tech:xsd:"
REPORT, STATEMENT = "pain.002.001.12", "camt.053.001.08"
OLD_STATEMENT = "camt.053.001.02"
SETTLED = "ACSC"


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a pain.001 asks for: fen by reference, from one account."""

    message: str
    account: str
    payments: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Word:
    """The bank's word on a payment: a status of ISO 20022, with its reason."""

    status: str = SETTLED
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking; own: the bank's reference for it. together: several payments that are booked as one sum."""

    amount_fen: int
    reference: str = ""
    credit: bool = False
    own: str = ""
    together: tuple[tuple[str, int], ...] = ()
    reversal: bool = False
    status: str = "BOOK"

    @property
    def signed_fen(self) -> int:
        return self.amount_fen if self.credit else -self.amount_fen


def ordered(content: bytes) -> Ordered:
    """Read a pain.001."""
    root = etree.fromstring(content)
    names = {"p": etree.QName(root).namespace}
    payments = {
        str(one.findtext("p:PmtId/p:EndToEndId", namespaces=names)): parse_yuan(
            str(one.findtext("p:Amt/p:InstdAmt", namespaces=names))
        )
        for one in root.iter(f"{{{names['p']}}}CdtTrfTxInf")
    }
    account = root.findtext(".//p:DbtrAcct/p:Id/p:Othr/p:Id", namespaces=names)
    return Ordered(str(root.findtext(".//p:GrpHdr/p:MsgId", namespaces=names)), str(account), payments)


def report(
    order: Ordered, words: Mapping[str, Word], on: date, *, group: Word | None = None, kind: str = REPORT
) -> bytes:
    """pain.002: a word on each of the payments that `words` names, or one on all of them (`group`)."""
    document = _Document(kind)
    message = document.root("CstmrPmtStsRpt")
    _header(document, message, f"R{order.message}", on)
    of = document.add(message, "OrgnlGrpInfAndSts")
    document.add(of, "OrgnlMsgId", order.message)
    document.add(of, "OrgnlMsgNmId", "pain.001.001.09")
    if group is not None:
        document.add(of, "GrpSts", group.status)
        _reason(document, of, group)
        return document.bytes()
    part = document.add(message, "OrgnlPmtInfAndSts")
    document.add(part, "OrgnlPmtInfId", f"{order.message}-1")
    for reference, word in words.items():
        told = document.add(part, "TxInfAndSts")
        document.add(told, "OrgnlEndToEndId", reference)
        document.add(told, "TxSts", word.status)
        _reason(document, told, word)
        amount = document.add(document.add(told, "OrgnlTxRef"), "Amt")
        document.money(amount, "InstdAmt", order.payments.get(reference, 1))
    return document.bytes()


def statement(
    account: str,
    entries: Sequence[Entry],
    on: date,
    *,
    number: int = 1,
    opening_fen: int = 10**12,
    kind: str = STATEMENT,
) -> bytes:
    """camt.053: one account's bookings of a day, with balances and sums."""
    document = _Document(kind)
    message = document.root("BkToCstmrStmt")
    _header(document, message, f"S{on:%Y%m%d}{number}", on)
    told = document.add(message, "Stmt")
    document.add(told, "Id", f"{account[-8:]}-{on:%Y%m%d}-{number}")
    document.add(told, "CreDtTm", f"{on.isoformat()}T20:00:00+08:00")
    holder = document.add(told, "Acct")
    document.path(holder, "Id/Othr/Id", account)
    document.add(holder, "Ccy", "CNY")
    closing_fen = opening_fen + sum(one.signed_fen for one in entries if one.status == "BOOK")
    for code, amount_fen in (("OPBD", opening_fen), ("CLBD", closing_fen)):
        balance = document.add(told, "Bal")
        document.path(balance, "Tp/CdOrPrtry/Cd", code)
        document.money(balance, "Amt", abs(amount_fen))
        document.add(balance, "CdtDbtInd", "CRDT" if amount_fen >= 0 else "DBIT")
        document.path(balance, "Dt/Dt", on.isoformat())
    _summary(document, told, entries)
    for at, one in enumerate(entries, start=1):
        _entry(document, told, one, at, on)
    return document.bytes()


def _entry(document: _Document, told: Any, one: Entry, at: int, on: date) -> None:
    entry = document.add(told, "Ntry")
    document.add(entry, "NtryRef", str(at))
    document.money(entry, "Amt", one.amount_fen)
    document.add(entry, "CdtDbtInd", "CRDT" if one.credit else "DBIT")
    if one.reversal:
        document.add(entry, "RvslInd", "true")
    document.path(entry, "Sts" if document.kind == OLD_STATEMENT else "Sts/Cd", one.status)
    document.path(entry, "BookgDt/Dt", on.isoformat())
    if one.own:
        document.add(entry, "AcctSvcrRef", one.own)
    document.path(entry, "BkTxCd/Prtry/Cd", "TRF")
    details = document.add(entry, "NtryDtls")
    for number, (reference, amount_fen) in enumerate(one.together or ((one.reference, one.amount_fen),), start=1):
        detail = document.add(details, "TxDtls")
        refs = document.add(detail, "Refs")
        if one.own and one.together:
            document.add(refs, "AcctSvcrRef", f"{one.own}-{number}")
        document.add(refs, "EndToEndId", reference or "NOTPROVIDED")
        if document.kind == OLD_STATEMENT:
            document.money(document.path(detail, "AmtDtls/TxAmt"), "Amt", amount_fen)
        else:
            document.money(detail, "Amt", amount_fen)
            document.add(detail, "CdtDbtInd", "CRDT" if one.credit else "DBIT")


def _summary(document: _Document, told: Any, entries: Sequence[Entry]) -> None:
    summary = document.add(told, "TxsSummry")
    credits_, debits = [one for one in entries if one.credit], [one for one in entries if not one.credit]
    for name, some in (("TtlNtries", entries), ("TtlCdtNtries", credits_), ("TtlDbtNtries", debits)):
        part = document.add(summary, name)
        document.add(part, "NbOfNtries", str(len(some)))
        document.add(part, "Sum", format_yuan(sum(one.amount_fen for one in some)))


def _header(document: _Document, message: Any, id: str, on: date) -> None:
    header = document.add(message, "GrpHdr")
    document.add(header, "MsgId", id[:35])
    document.add(header, "CreDtTm", f"{on.isoformat()}T18:00:00+08:00")


def _reason(document: _Document, parent: Any, word: Word) -> None:
    if word.code or word.text:
        reason = document.add(parent, "StsRsnInf")
        if word.code:
            document.path(reason, "Rsn/Cd", word.code)
        if word.text:
            document.add(reason, "AddtlInf", word.text)


class _Document:
    """Elements of one message, each in its namespace."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.namespace = FAMILY + kind
        self._root = etree.Element(f"{{{self.namespace}}}Document", nsmap={None: self.namespace})

    def root(self, name: str) -> Any:
        return self.add(self._root, name)

    def add(self, parent: Any, name: str, text: str | None = None) -> Any:
        child = etree.SubElement(parent, f"{{{self.namespace}}}{name}")
        child.text = text
        return child

    def path(self, parent: Any, path: str, text: str | None = None) -> Any:
        """Elements one within the other, the text in the last."""
        for name in path.split("/"):
            parent = self.add(parent, name)
        parent.text = text
        return parent

    def money(self, parent: Any, name: str, amount_fen: int) -> None:
        self.add(parent, name, format_yuan(amount_fen)).set("Ccy", "CNY")

    def bytes(self) -> bytes:
        return bytes(etree.tostring(self._root, xml_declaration=True, encoding="UTF-8"))
