"""The four-way match: order, invoice, contract, transfer and usage must tell one story (第二十二条)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.programmes import Pack

MATERIALS: Mapping[str, str] = {  # material of the pack → field of the claim
    "invoice": "invoice",
    "contract": "contract",
    "transfer": "transfer",
    "usage": "usage",
}  # any other is a paper of that kind
LONGEST_KEY = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as its events told; `ordered_on` is the day in Asia/Shanghai."""

    order_id: str
    enterprise_id: str
    provider_id: str
    product_id: str
    programme: str
    year: int
    region: str
    plan_region: str
    category: str
    track: str | None
    price_fen: int
    voucher_fen: int
    own_fen: int
    deferred_fen: int
    pack_version: str
    ordered_on: date
    contract_sha256: str | None
    claim_id: str | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an invoice."""

    name: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    number: str
    amount_fen: int
    issued_on: date
    seller_uscc: str
    buyer_uscc: str
    category: str
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    sha256: str
    amount_fen: int
    signed_on: date
    seller_uscc: str
    buyer_uscc: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    reference: str
    amount_fen: int
    paid_on: date
    payer_uscc: str
    payee_uscc: str
    payer_index: str | None = None
    payee_index: str | None = None
    refunded_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    since: date
    until: date
    days_used: int
    units: int
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The use of an order that was recorded while it happened, so far."""

    total_days: int = 0
    total_units: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What is handed in with a claim; `others`: kind and SHA-256 of further papers that the pack asks for."""

    invoice: Invoice
    contract: Contract
    transfer: Transfer | None
    usage: Usage
    documents: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that the match compares: papers, order, codes of both parties, the day of filing.

    `of_paid`: support is a share of what was really paid, so the transfer is the whole payment and not the own part.
    """

    papers: Papers
    order: Order
    enterprise_uscc: str
    provider_uscc: str
    today: date
    of_paid: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement: where, what was expected, what stands there."""

    code: str
    field: str
    expected: Any
    actual: Any

    def view(self) -> dict[str, Any]:
        """As JSON, days as ISO text."""
        return {"code": self.code, "field": self.field, "expected": _text(self.expected), "actual": _text(self.actual)}


def invoice_key(number: str) -> str | None:
    """The number as it is compared: NFKC, upper case, letters and digits alone; None when nothing usable is left."""
    key = "".join(sign for sign in unicodedata.normalize("NFKC", number).upper() if sign.isalnum())
    return key if 0 < len(key) <= LONGEST_KEY else None


def live_key(*, seller_uscc: str, number: str) -> str | None:
    """What no two live claims share, of whichever programmes: the invoice's seller and its number.

    Each seller numbers its own invoices, so that the number alone is no invoice.
    """
    key = invoice_key(number)
    return None if key is None else f"{seller_uscc}:{key}"


def of_paid(pack: Pack) -> bool:
    """Is support a share of what was really paid?"""
    return pack.amount is not None and pack.amount.base.of == "paid"


def missing_materials(*, pack: Pack, papers: Papers, order: Order) -> list[str]:
    """Fields of the programme's claim materials that are empty, `papers.<kind>` for papers of its own.

    No transfer is due where the voucher paid all; where support is of what was paid, one always is.
    """
    required = pack.claims.materials.required if pack.claims and pack.claims.materials else ()
    if of_paid(pack):
        required = (*required, *(() if "transfer" in required else ("transfer",)))
    excused = {"transfer"} if order.own_fen == 0 and not of_paid(pack) else set()
    kinds = {kind for kind, _sha256 in papers.others}
    missing = []
    for name in required:
        if name not in MATERIALS:
            missing += [] if name in kinds else [f"papers.{name}"]
        elif name not in excused and not getattr(papers, MATERIALS[name]):
            missing.append(MATERIALS[name])
    return missing


def unrecorded(*, usage: Usage, recorded: Recorded) -> bool:
    """Is more use claimed than was recorded while it happened?"""
    return usage.days_used > recorded.total_days or usage.units > recorded.total_units


def match(case: Case) -> list[Finding]:
    """Every disagreement, in the order of RULES; empty when all tell one story."""
    return [finding for rule in RULES for finding in rule(case)]


def _invoice(case: Case) -> Iterator[Finding]:
    invoice = case.papers.invoice
    yield from _equal("INVOICE_SELLER", "invoice.seller_uscc", case.provider_uscc, invoice.seller_uscc)
    yield from _equal("INVOICE_BUYER", "invoice.buyer_uscc", case.enterprise_uscc, invoice.buyer_uscc)
    yield from _equal("INVOICE_AMOUNT", "invoice.amount_fen", case.order.price_fen, invoice.amount_fen)
    yield from _dated("INVOICE_DATE", "invoice.issued_on", case, invoice.issued_on)
    yield from _equal("INVOICE_CATEGORY", "invoice.category", case.order.category, invoice.category)
    if invoice.lines:
        lines_fen = sum(line.amount_fen for line in invoice.lines)
        yield from _equal("INVOICE_LINES", "invoice.lines", invoice.amount_fen, lines_fen)


def _contract(case: Case) -> Iterator[Finding]:
    contract = case.papers.contract
    yield from _equal("CONTRACT_HASH", "contract.sha256", case.order.contract_sha256, contract.sha256)
    yield from _equal("CONTRACT_SELLER", "contract.seller_uscc", case.provider_uscc, contract.seller_uscc)
    yield from _equal("CONTRACT_BUYER", "contract.buyer_uscc", case.enterprise_uscc, contract.buyer_uscc)
    yield from _equal("CONTRACT_AMOUNT", "contract.amount_fen", case.order.price_fen, contract.amount_fen)
    yield from _dated("CONTRACT_DATE", "contract.signed_on", case, contract.signed_on)
    yield from _equal("CONTRACT_CATEGORY", "contract.category", case.order.category, contract.category)


def _transfer(case: Case) -> Iterator[Finding]:
    transfer = case.papers.transfer
    if transfer is None:
        return
    if not case.of_paid:
        yield from _equal("TRANSFER_AMOUNT", "transfer.amount_fen", case.order.own_fen, transfer.amount_fen)
    elif not 0 < transfer.amount_fen <= case.order.price_fen:
        yield Finding("TRANSFER_AMOUNT", "transfer.amount_fen", [1, case.order.price_fen], transfer.amount_fen)
    yield from _equal("TRANSFER_PARTIES", "transfer.payer_uscc", case.enterprise_uscc, transfer.payer_uscc)
    yield from _equal("TRANSFER_PARTIES", "transfer.payee_uscc", case.provider_uscc, transfer.payee_uscc)
    yield from _dated("TRANSFER_DATE", "transfer.paid_on", case, transfer.paid_on)
    if transfer.refunded_fen > transfer.amount_fen:
        yield Finding("TRANSFER_AMOUNT", "transfer.refunded_fen", [0, transfer.amount_fen], transfer.refunded_fen)


def _usage(case: Case) -> Iterator[Finding]:
    usage = case.papers.usage
    yield from _equal("USAGE_CATEGORY", "usage.category", case.order.category, usage.category)
    if usage.days_used == 0 and usage.units == 0:
        yield Finding("USAGE_NONE", "usage", "days or units", 0)
    yield from _dated("USAGE_DATES", "usage.since", case, usage.since)
    if not usage.since <= usage.until <= case.today:
        yield Finding("USAGE_DATES", "usage.until", [usage.since, case.today], usage.until)
    elif usage.days_used > (span := (usage.until - usage.since).days + 1):
        yield Finding("USAGE_DATES", "usage.days_used", span, usage.days_used)


RULES: tuple[Callable[[Case], Iterator[Finding]], ...] = (_invoice, _contract, _transfer, _usage)


def _equal(code: str, field: str, expected: Any, actual: Any) -> Iterator[Finding]:
    if actual != expected:
        yield Finding(code, field, expected, actual)


def _dated(code: str, field: str, case: Case, day: date) -> Iterator[Finding]:
    """Not before the day of the order, and not in the future."""
    if not case.order.ordered_on <= day <= case.today:
        yield Finding(code, field, [case.order.ordered_on, case.today], day)


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
