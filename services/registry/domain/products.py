"""Products: what a provider offers, not above the market's price, reviewed stage by stage until it is published."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from services.registry.domain.law import article_of, decided, stage_at
from services.registry.domain.model import PRODUCT_MOVES, Party, Product, wrong_state

MAY_OFFER = frozenset({"certified", "admitted"})  # 第十一条(四): after certification
PASSED = {"submitted": 0, "operator_passed": 1}  # status → stages of review behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The product after a step, and the decision behind it."""

    product: Product
    decision: Decision


def submit(
    *, new: Product, known: Product | None, provider: Party, blacklisted: bool, pack: Pack
) -> Listed | Refused | None:
    """Offer a product, or again after it was returned (第十一条(四)); None: it is handed in already, the same.

    ALREADY_EXISTS, BLACKLISTED, WRONG_STATE, KIND_NOT_IN_CATEGORY (第十七条), PRICE_ABOVE_MARKET (第十一条(四)).
    """
    listing = article_of(pack, "products.listing")
    if known is not None and known.provider_id != provider.id:
        return Refused("ALREADY_EXISTS", field="product_id")
    if known is not None and "submitted" not in PRODUCT_MOVES[known.status]:
        return None if _offer(known) == _offer(new) else Refused("ALREADY_EXISTS", field="product_id")
    if blacklisted:
        return Refused("BLACKLISTED", field="provider_id", facts={"subject": provider.id})
    if provider.status not in MAY_OFFER:
        return wrong_state("provider_id", provider.status, subject=provider.id, article=listing)
    unfit = _unfit(new, pack)
    if unfit is not None:
        return unfit
    after = replace(new, status="submitted", sequence=known.sequence + 1 if known else 1)
    articles = [
        listing,
        article_of(pack, f"categories.{new.category}"),
        article_of(pack, "products.price_not_above_market"),
    ]
    decision = decided(
        action="submit_product",
        subject=new.id,
        pack=pack,
        articles=[one for one in articles if one],
        facts=_offer_facts(after),
    )
    return Listed(product=after, decision=decision)


def review(
    *, product: Product, provider: Party, stage: str, verdict: str, reasons: Sequence[str], blacklisted: bool,
    pack: Pack, subject: str, roles: Collection[str],
) -> Listed | Refused:  # fmt: skip
    """One stage of the review (第十一条(五)), the last of which publishes; each stage by another person.

    `stage` is the role of the stage in turn. FORBIDDEN, WRONG_STATE, SAME_PERSON; for approval also BLACKLISTED,
    PRICE_ABOVE_MARKET, and at the last stage PROVIDER_NOT_ADMITTED (三(二)).
    """
    passed = PASSED.get(product.status)
    turn = stage_at(pack, "product", passed) if passed is not None else None
    if turn is None or turn.role != stage:
        return wrong_state("product_id", product.status, subject=product.id, article=turn.article if turn else None)
    if turn.role not in roles:
        return Refused("FORBIDDEN", field="stage", article=turn.article, facts={"role": turn.role})
    if subject in (product.submitted_by, product.first_reviewed_by):
        facts = {"stage": stage, "subject": product.id}
        return Refused("SAME_PERSON", field="product_id", article=turn.article, facts=facts)
    if verdict != "approve" and not reasons:
        return Refused("FACT_MISSING", field="reasons", article=turn.article)
    last = stage_at(pack, "product", (passed or 0) + 1) is None
    if verdict == "approve":
        barred = _barred(product, provider, blacklisted=blacklisted, last=last, pack=pack)
        if barred is not None:
            return barred
    to = {"approve": "published" if last else "operator_passed", "return": "returned", "refuse": "refused"}[verdict]
    after = replace(product, status=to, sequence=product.sequence + 1, reasons=list(reasons))
    after = replace(after, reviewed_by=subject) if passed else replace(after, first_reviewed_by=subject)
    articles = [turn.article]
    if to == "published":
        articles += [one for one in (article_of(pack, "products.catalogue"),) if one]
    decision = decided(
        action="review_product",
        subject=product.id,
        pack=pack,
        articles=articles,
        facts={**_offer_facts(product), "stage": stage, "decision": verdict, "reasons": list(reasons)},
    )
    return Listed(product=after, decision=decision)


def _barred(product: Product, provider: Party, *, blacklisted: bool, last: bool, pack: Pack) -> Refused | None:
    """What stands against approval though the reviewer would give it."""
    if blacklisted:
        return Refused("BLACKLISTED", field="product_id", facts={"subject": provider.id})
    if provider.status in ("leaving", "exited"):
        return wrong_state(
            "product_id", provider.status, subject=provider.id, article=article_of(pack, "exit.voluntary")
        )
    if last and provider.status != "admitted":
        facts = {"status": provider.status, "subject": provider.id}
        return Refused(
            "PROVIDER_NOT_ADMITTED", field="product_id", article=article_of(pack, "products.catalogue"), facts=facts
        )
    return _above_market(product, pack)


def _unfit(product: Product, pack: Pack) -> Refused | None:
    category = pack.categories.get(product.category)
    kinds = [kind.code for kind in category.kinds] if category else []
    if product.kind not in kinds:
        facts = {"category": product.category, "kind": product.kind, "kinds": kinds}
        return Refused(
            "KIND_NOT_IN_CATEGORY", field="kind", article=category.article if category else None, facts=facts
        )
    return _above_market(product, pack)


def _above_market(product: Product, pack: Pack) -> Refused | None:
    rule = pack.products.price_not_above_market
    market = product.market_price_fen
    if rule is None or market is None or product.price_fen <= market:
        return None
    facts = {"price_fen": product.price_fen, "market_price_fen": market, "subject": product.id}
    return Refused("PRICE_ABOVE_MARKET", field="price_fen", article=rule.article, facts=facts)


def _offer(product: Product) -> tuple[object, ...]:
    return (
        product.name, product.category, product.kind, product.details, product.price_fen, product.market_price_fen,
        product.voucher_eligible,
    )  # fmt: skip


def _offer_facts(product: Product) -> dict[str, object]:
    return {
        "category": product.category,
        "kind": product.kind,
        "price_fen": product.price_fen,
        "market_price_fen": product.market_price_fen,
    }
