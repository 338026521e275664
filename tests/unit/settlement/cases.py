"""A claim that is in order, and ways to disturb it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from contracts.programmes import Pack, load
from services.settlement.domain import filing as filing_rules
from services.settlement.domain import reviews
from services.settlement.domain.claims import Claim
from services.settlement.domain.experts import Score, rule_of
from services.settlement.domain.filing import Filing, Known
from services.settlement.domain.match import Case, Contract, Invoice, Order, Papers, Recorded, Transfer, Usage
from services.settlement.domain.parties import Provider
from services.settlement.domain.reviews import Opinion, Standing
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Step

NOW = datetime(2018, 9, 3, 4, tzinfo=UTC)
TODAY = date(2018, 9, 3)
SELLER, BUYER = "91520100MA6DK7YR4K", "91520100MA6DL8K59X"


def signed(snapshot: Mapping[str, Any]) -> Mapping[str, str]:
    """As settlement's handler signs, without a key."""
    return {"key_id": "0" * 16, "public_key": "k", "signature": f"of {snapshot['notice_id']}"}


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
        region="520102",
        plan_region="52",
        category="infrastructure",
        track=None,
        price_fen=1_000_000,
        voucher_fen=400_000,
        own_fen=600_000,
        deferred_fen=0,
        pack_version="guizhou-2018@1",
        ordered_on=date(2018, 7, 1),
        contract_sha256="c" * 64,
        claim_id=None,
        status="confirmed",
    )
    return replace(given, **changed)


_PARTIES = {"seller_uscc": SELLER, "buyer_uscc": BUYER, "category": "infrastructure"}


def papers(**changed: Any) -> Papers:
    """Papers that match `order()`; `changed` names a field as `invoice.number`."""
    given = Papers(
        invoice=Invoice(number="04400182", amount_fen=1_000_000, issued_on=date(2018, 8, 1), **_PARTIES),
        contract=Contract(sha256="c" * 64, amount_fen=1_000_000, signed_on=date(2018, 7, 1), **_PARTIES),
        transfer=Transfer(
            reference="T1", amount_fen=600_000, paid_on=date(2018, 7, 20), payer_uscc=BUYER, payee_uscc=SELLER
        ),
        usage=Usage(since=date(2018, 7, 5), until=date(2018, 8, 30), days_used=50, units=0, category="infrastructure"),
    )
    for name, value in changed.items():
        group, _, field = name.partition(".")
        given = replace(given, **{group: replace(getattr(given, group), **{field: value}) if field else value})
    return given


def case(order_: Order | None = None, **changed: Any) -> Case:
    return Case(
        papers=papers(**changed), order=order_ or order(), enterprise_uscc=BUYER, provider_uscc=SELLER, today=TODAY
    )


def provider(**changed: Any) -> Provider:
    given = Provider(
        provider_id="P1", uscc=SELLER, provider_kind="application", platform_id="PLATFORM", account_version=1
    )
    return replace(given, **changed)


def filing(**changed: Any) -> Filing:
    given = Filing(claim_id="C1", provider_id="P1", filer_id="P1", order_id="R1", papers=papers(), filed_by="p-1")
    return replace(given, **changed)


def known(**changed: Any) -> Known:
    """What others told: nothing stands in the way of a claim."""
    given = Known(
        provider=provider(),
        enterprise_uscc=BUYER,
        blacklisted=frozenset(),
        recorded=Recorded(total_days=1_000, total_units=1_000),
    )
    return replace(given, **changed)


def file(
    filing_: Filing | None = None,
    former: Claim | None = None,
    order_: Order | None = None,
    pack_: Pack | None = None,
    **facts: Any,
) -> Any:
    return filing_rules.file(
        filing=filing_ or filing(),
        former=former,
        order=order_ or order(),
        known=known(**facts),
        pack=pack_ or pack(),
        now=NOW,
        today=TODAY,
    )


def claim(status: str = "filed", **changed: Any) -> Claim:
    """A claim in a state; one under review waits for the stage that `stages_passed` says."""
    step = file()
    assert isinstance(step, Step), step
    turn: dict[str, Any] = {"collected": {"stage": "operator"}}.get(status, {})
    if status == "in_review":
        turn = {"stage": "bureau", "stages_passed": 1, "reviewers": ("operator-1",)}
    if status in ("passed", "on_notice", "noticed"):
        turn = {"stages_passed": 2, "reviewers": ("operator-1", "bureau-1")}
    return replace(step.after, status=status, **{**turn, **changed})


def scores(claim_: Claim, pack_: Pack, *given: int) -> tuple[Score, ...]:
    """What experts gave this version, 85 each where nothing else is said; none where the pack asks none."""
    rule = rule_of(pack_)
    if rule is None:
        return ()
    values = given or (85,) * rule.experts
    told = {"claim_id": claim_.claim_id, "claim_version": claim_.claim_version, "stage": rule.role, "comment": None}
    return tuple(Score(**told, scored_by=f"scorer-{n}", score=one, scored_at=NOW) for n, one in enumerate(values))


def review(
    claim_: Claim, stage: str = "operator", decision: str = "pass", pack_: Pack | None = None, **given: Any
) -> Any:
    """A review that nothing stands in the way of."""
    said: dict[str, Any] = {"reasons": () if decision == "pass" else ("x",)}
    said |= {name: given.pop(name) for name in ("reasons", "deduction_fen", "disallowed") if name in given}
    who: dict[str, Any] = {"person": f"{stage}-1", "roles": frozenset({stage})}
    who |= {name: given.pop(name) for name in ("person", "roles", "region") if name in given}
    standing = {"verdict": "cleared", "question_open": False, "blacklisted": False, **given}
    standing.setdefault("scores", scores(claim_, pack_ or pack()))
    return reviews.review(
        claim=claim_,
        opinion=Opinion(stage=stage, decision=decision, **said),
        reviewer=Reviewer(**who),
        standing=Standing(**standing),
        pack=pack_ or pack(),
    )
