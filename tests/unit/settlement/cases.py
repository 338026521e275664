"""A claim that is in order, and ways to disturb it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from contracts.programmes import Pack, load
from services.settlement.domain import claims
from services.settlement.domain.claims import Claim, Filing
from services.settlement.domain.match import Case, Invoice, Order, Papers, Transfer, Usage
from services.settlement.domain.steps import Step

NOW = datetime(2018, 9, 3, 4, tzinfo=UTC)
TODAY = date(2018, 9, 3)
SELLER, BUYER = "91520100MA6DK7YR4K", "91520100MA6DL8K59X"


def pack() -> Pack:
    return load("guizhou-2018", on=TODAY)


def order(**changed: Any) -> Order:
    """10,000 yuan, 4,000 of it by voucher, of 1 July, confirmed."""
    given = Order(
        order_id="R1",
        enterprise_id="E1",
        provider_id="P1",
        product_id="K1",
        programme="guizhou-2018",
        year=2018,
        category="infrastructure",
        price_fen=1_000_000,
        voucher_fen=400_000,
        own_fen=600_000,
        ordered_on=date(2018, 7, 1),
        contract_sha256="c" * 64,
        claim_id=None,
        status="confirmed",
    )
    return replace(given, **changed)


def papers(**changed: Any) -> Papers:
    """Papers that match `order()`; `changed` names a field as `invoice.number`."""
    given = Papers(
        invoice=Invoice(
            number="04400182", amount_fen=1_000_000, issued_on=date(2018, 8, 1), seller_uscc=SELLER, buyer_uscc=BUYER
        ),
        contract_sha256="c" * 64,
        transfer=Transfer(
            reference="T1", amount_fen=600_000, paid_on=date(2018, 7, 20), payer_uscc=BUYER, payee_uscc=SELLER
        ),
        usage=Usage(since=date(2018, 7, 5), until=date(2018, 8, 30), days_used=50, units=0),
    )
    for name, value in changed.items():
        group, _, field = name.partition(".")
        given = replace(given, **{group: replace(getattr(given, group), **{field: value}) if field else value})
    return given


def case(order_: Order | None = None, **changed: Any) -> Case:
    return Case(
        papers=papers(**changed), order=order_ or order(), enterprise_uscc=BUYER, provider_uscc=SELLER, today=TODAY
    )


def filing(**changed: Any) -> Filing:
    given = Filing(claim_id="C1", provider_id="P1", order_id="R1", papers=papers(), filed_by="p-1")
    return replace(given, **changed)


def file(
    filing_: Filing | None = None, former: Claim | None = None, order_: Order | None = None, blacklisted: bool = False
) -> Any:
    return claims.file(
        filing=filing_ or filing(),
        former=former,
        order=order_ or order(),
        enterprise_uscc=BUYER,
        provider_uscc=SELLER,
        blacklisted=blacklisted,
        pack=pack(),
        now=NOW,
        today=TODAY,
    )


def claim(status: str = "filed", **changed: Any) -> Claim:
    """A claim in a state."""
    step = file()
    assert isinstance(step, Step), step
    return replace(step.after, status=status, **changed)


def review(claim_: Claim, stage: str = "operator", decision: str = "pass", **changed: Any) -> Any:
    """A review that nothing stands in the way of."""
    given: dict[str, Any] = {
        "reasons": () if decision == "pass" else ("x",),
        "reviewer": f"{stage}-1",
        "roles": frozenset({stage}),
        "verdict": "cleared",
        "question_open": False,
        "blacklisted": False,
        **changed,
    }
    return claims.review(claim=claim_, stage=stage, decision=decision, pack=pack(), **given)
