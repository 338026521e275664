"""The books: rows that a service keeps and whose every change it tells, so that whoever hears it can keep them too.

A book is told of by the events of one schema: the newest of a subject is its row. What is compared are `columns`, which
the table of the service and the event have under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.catalogue import EVENTS
from contracts.events import registry, settlement, supervision, voucher
from contracts.events.base import SchemaClass
from contracts.rpc.supervision import ALERT_STATES, SEVERITIES

TOLD = "totals_told"
DIFFERENCE = "RECONCILIATION_DIFFERENCE"


@dataclass(frozen=True)
class Book:
    """One kind of row. words: what a column of text may say; all other columns are whole numbers, `…_fen` in fen.

    link: the field that names the row's counterpart in another service's book, if there is one. of: another service's
    book, of which this one is what was heard: its rows follow that service's events and lag behind them.
    """

    service: str
    name: str
    schema: SchemaClass
    key: str
    columns: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    yearly: bool = True
    link: str | None = None
    of: str | None = None

    @property
    def amounts(self) -> tuple[str, ...]:
        """Columns that can be summed, in fen."""
        return tuple(column for column in self.columns if column.endswith("_fen"))

    @property
    def types(self) -> frozenset[str]:
        """Types of the events that tell of its rows."""
        return frozenset(name for name, event in EVENTS.items() if event.schema is self.schema)


def _book(
    service: str, name: str, schema: SchemaClass, key: str, states: tuple[str, ...], *fen: str, **more: Any
) -> Book:
    return Book(service, name, schema, key, ("status", *fen), {"status": states}, **more)


_LISTED = ("listed", "removed")
_ENTRIES = ("supervision", "entries")

BOOKS: tuple[Book, ...] = (
    Book(  # without its state, for its end is told as the year's
        *("voucher", "plans", voucher.PlanState, "plan_id", ("budget_fen", "carried_fen", "made_up_fen", "quota_fen")),
        {},
    ),
    _book(
        *("voucher", "applications", voucher.ApplicationState, "application_id", voucher.APPLICATION_STATES),
        *("amount_fen", "lapsed_fen"),
    ),
    _book(
        *("voucher", "orders", voucher.OrderState, "order_id", voucher.ORDER_STATES),
        *("list_price_fen", "price_fen", "voucher_fen", "own_fen", "shortfall_fen", "deferred_fen", "allowed_fen"),
        *("redeemed_fen", "denomination_fen"),
        link="claim_id",
    ),
    Book("voucher", "corrections", voucher.CorrectionState, "correction_id", ("amount_fen",), {}),
    _book(
        *("settlement", "claims", settlement.ClaimState, "claim_id", settlement.CLAIM_STATES),
        *("order_fen", "claimed_fen", "deducted_fen", "disallowed_fen", "audited_fen", "price_fen", "invoice_fen"),
        "transfer_fen",
        link="order_id",
    ),
    _book(
        *("settlement", "disbursements", settlement.DisbursementState, "disbursement_id"),
        ("filed", "in_review", "approved", "refused", "batched"),
        "amount_fen",
    ),
    _book(
        *("settlement", "batches", settlement.BatchState, "batch_id", ("made", "released", "finished")),
        "amount_fen",
    ),
    _book(
        *("settlement", "payments", settlement.PaymentState, "payment_id"),
        ("made", "sent", "offset", "with_district", "settled", "failed", "returned", "unknown", "held"),
        *("amount_fen", "offset_fen"),
    ),
    _book(
        *("settlement", "receivables", settlement.ReceivableState, "receivable_id"),
        ("claimed", "owed", "settled", "written_off", "refused"),
        *("amount_fen", "recovered_fen", "offset_fen", "written_off_fen"),
        link="claim_id",
    ),
    _book("settlement", "notices", settlement.NoticeState, "notice_id", ("open", "closed"), yearly=False),
    _book(
        "registry", "enterprises", registry.EnterpriseState, "enterprise_id", registry.ENTERPRISE_STATES, yearly=False
    ),
    _book("registry", "providers", registry.ProviderState, "provider_id", registry.PROVIDER_STATES, yearly=False),
    _book(
        *("registry", "products", registry.ProductState, "product_id", registry.PRODUCT_STATES),
        *("price_fen", "market_price_fen"),
        yearly=False,
    ),
    Book(
        *("supervision", "alerts", supervision.AlertState, "alert_id", ("status", "severity", "claims", "repeats")),
        {"status": ALERT_STATES, "severity": SEVERITIES},
        yearly=False,
    ),
    _book(*_ENTRIES, supervision.BlacklistState, "entry_id", _LISTED, yearly=False),
    _book("registry", "entries", supervision.BlacklistState, "entry_id", _LISTED, yearly=False, of="supervision"),
    _book("voucher", "entries", supervision.BlacklistState, "entry_id", _LISTED, yearly=False, of="supervision"),
    _book("notify", "entries", supervision.BlacklistState, "entry_id", _LISTED, yearly=False, of="supervision"),
    _book("notify", "notices", settlement.NoticeState, "notice_id", ("open", "closed"), yearly=False, of="settlement"),
)

BY_NAME: Mapping[tuple[str, str], Book] = {(book.service, book.name): book for book in BOOKS}


def kept_by(service: str) -> tuple[Book, ...]:
    """The books that a service tells of, in the order in which it tells them."""
    return tuple(book for book in BOOKS if book.service == service)
