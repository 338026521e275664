"""The payment file as ISO 20022 pain.001.001.09: one payment information for each paying account and fund."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from itertools import groupby
from typing import Any

from lxml import etree

from contracts.money import format_yuan
from infra.clock import local_date
from services.settlement.domain.bank import Instruction, Line, Payer
from services.settlement.formats.problems import CURRENCY, plain

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CLEARING = "CNAPS"
MOST_ACCOUNT = 34  # characters that the message has for an account


class PayerUnknown(LookupError):
    """Nobody was set to pay this fund when the batch was released."""


class DoesNotFit(ValueError):
    """An account is longer than the message has room for, or a name or code is blank where it must not be."""


def write(instruction: Instruction) -> bytes:
    """The same bytes for the same instruction; PayerUnknown, DoesNotFit."""
    groups = [
        (payer, list(lines))
        for (_fund, payer), lines in groupby(
            sorted(instruction.lines, key=lambda line: (line.fund, line.reference)),
            key=lambda line: (line.fund, line.payer),
        )
    ]
    payers = [_must(payer, lines) for payer, lines in groups]
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})
    message = _in(root, "CstmrCdtTrfInitn")
    header = _in(message, "GrpHdr")
    _in(header, "MsgId", instruction.batch_id)
    _in(header, "CreDtTm", instruction.released_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _sums(header, instruction.lines)
    _in(_in(header, "InitgPty"), "Nm", _text(payers[0].name, 140))
    day = local_date(instruction.released_at).isoformat()
    for number, (payer, (_payer, lines)) in enumerate(zip(payers, groups, strict=True), start=1):
        _information(message, f"{instruction.batch_id}-{number}", payer, lines, day)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _must(payer: Payer | None, lines: Sequence[Line]) -> Payer:
    if payer is None:
        raise PayerUnknown(lines[0].fund)
    return payer


def _information(message: Any, id: str, payer: Payer, lines: Sequence[Line], day: str) -> None:
    info = _in(message, "PmtInf")
    _in(info, "PmtInfId", id)
    _in(info, "PmtMtd", "TRF")
    _sums(info, lines)
    _in(_in(info, "ReqdExctnDt"), "Dt", day)
    _in(_in(info, "Dbtr"), "Nm", _text(payer.name, 140))
    account = _in(info, "DbtrAcct")
    _account(account, payer.account)
    _in(account, "Ccy", CURRENCY)
    _agent(_in(info, "DbtrAgt"), payer.bank_code, payer.bank_name)
    for line in lines:
        _transfer(info, line)


def _transfer(info: Any, line: Line) -> None:
    transfer = _in(info, "CdtTrfTxInf")
    _in(_in(transfer, "PmtId"), "EndToEndId", line.reference)
    _in(_in(transfer, "Amt"), "InstdAmt", format_yuan(line.amount_fen)).set("Ccy", CURRENCY)
    _agent(_in(transfer, "CdtrAgt"), line.payee.bank_code, line.payee.bank_name)
    creditor = _in(transfer, "Cdtr")
    _in(creditor, "Nm", _text(line.payee.name, 140))
    other = _in(_in(_in(creditor, "Id"), "OrgId"), "Othr")
    _in(other, "Id", line.payee.uscc)
    _in(_in(other, "SchmeNm"), "Prtry", "USCC")
    _account(_in(transfer, "CdtrAcct"), line.payee.account)
    _in(_in(transfer, "RmtInf"), "Ustrd", plain(line.purpose, 140))


def _agent(agent: Any, bank_code: str, bank_name: str) -> None:
    institution = _in(agent, "FinInstnId")
    member = _in(institution, "ClrSysMmbId")
    _in(_in(member, "ClrSysId"), "Cd", CLEARING)
    _in(member, "MmbId", _text(bank_code, 35))
    _in(institution, "Nm", _text(bank_name, 140))


def _account(parent: Any, account: str) -> None:
    number = _text(account, 140).replace(" ", "")
    if len(number) > MOST_ACCOUNT:
        raise DoesNotFit("an account has more than 34 characters")
    _in(_in(_in(parent, "Id"), "Othr"), "Id", number)


def _text(value: str, most: int) -> str:
    found = plain(value, most)
    if not found:
        raise DoesNotFit("a name, an account or a code of a bank is blank")
    return found


def _sums(parent: Any, lines: Sequence[Line]) -> None:
    _in(parent, "NbOfTxs", str(len(lines)))
    _in(parent, "CtrlSum", format_yuan(sum(line.amount_fen for line in lines)))


def _in(parent: Any, name: str, text: str | None = None) -> Any:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child
