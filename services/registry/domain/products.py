"""Products: what a provider offers, not above the market's price, reviewed stage by stage until it is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from services.registry.domain import stages
from services.registry.domain.law import article_of, articles_of, decided
from services.registry.domain.model import PRODUCT_MOVES, UNDER_REVIEW, Party, Product, wrong_state
from services.registry.domain.stages import Official

REVIEW = "product"
MAY_OFFER = frozenset({"certified", "nominated", "admitted"})  # 第十一条(四): after certification
# what makes the market's price a fact of the programme, the nearest to the money first
MARKET_RULES = ("amount.market_price", "claims.price_above_market", "products.price_not_above_market")
ENDED = frozenset({"refused", "delisted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Every version that the product goes through by a step, oldest first, and the decision behind them."""

    versions: tuple[Product, ...]
    decision: Decision

    @property
    def product(self) -> Product:
        return self.versions[-1]


def submit(
    *, new: Product, known: Product | None, provider: Party, blacklisted: bool, pack: Pack
) -> Listed | Refused | None:
    """Offer a product, or again after it was returned (第十一条(四)); None: it is handed in already, the same.

    Published at once where the programme asks for no review of products. A recorded market price stands, whatever the
    provider says. ALREADY_EXISTS, BLACKLISTED, WRONG_STATE, FACT_INVALID (no such category), KIND_NOT_IN_CATEGORY
    (第十七条), PRICE_ABOVE_MARKET (第十一条(四)), PROVIDER_NOT_ADMITTED (三(二)) where it would be published.
    """
    listing = article_of(pack, "products.listing")
    if known is not None and known.provider_id != provider.id:
        return Refused("ALREADY_EXISTS", field="product_id")
    if known is not None and known.market_by is not None:
        new = replace(new, market_price_fen=known.market_price_fen, market_by=known.market_by)
    if known is not None and "submitted" not in PRODUCT_MOVES[known.status]:
        return None if _offer(known) == _offer(new) else Refused("ALREADY_EXISTS", field="product_id")
    if blacklisted:
        return Refused("BLACKLISTED", field="provider_id", facts={"subject": provider.id})
    if provider.status not in MAY_OFFER:
        return wrong_state("provider_id", provider.status, subject=provider.id, article=listing)
    role = stages.first_role(pack, REVIEW)
    unfit = _unfit(new, pack) or (_not_for_sale(provider, pack) if role is None else None)
    if unfit is not None:
        return unfit
    after = replace(new, status="submitted", sequence=known.sequence + 1 if known else 1, stage=role)
    versions: tuple[Product, ...] = (after,)
    if role is None:
        versions = (after, replace(after, status="published", sequence=after.sequence + 1))
    paths = ["products.listing", f"categories.{new.category}", "products.price_not_above_market"]
    paths += ["products.catalogue"] if role is None else []
    decision = decided(
        action="submit_product",
        subject=new.id,
        pack=pack,
        articles=articles_of(pack, *paths),
        facts={**_offer_facts(after), "status": versions[-1].status},
    )
    return Listed(versions=versions, decision=decision)


def review(
    *, product: Product, provider: Party, stage: str, verdict: str, reasons: Sequence[str], blacklisted: bool,
    pack: Pack, official: Official,
) -> Listed | Refused:  # fmt: skip
    """One stage of the review (第十一条(五)), the last of which publishes; each stage by another person.

    `pack` is the product's, `stage` the role of the stage in turn. WRONG_STATE (no stage's turn will come),
    STAGE_MISMATCH (another role's turn), FORBIDDEN, REGION_MISMATCH, SAME_PERSON; for approval also BLACKLISTED,
    PRICE_ABOVE_MARKET, and at the last stage PROVIDER_NOT_ADMITTED (三(二)).
    """
    now = stages.turn(pack, REVIEW, len(product.passed_by)) if product.status in UNDER_REVIEW else None
    if now is None:
        return wrong_state("product_id", product.status, subject=product.id)
    article = now.stage.article
    if now.stage.role != stage:
        facts = {"status": product.status, "stage": now.stage.role, "subject": product.id}
        return Refused("STAGE_MISMATCH", field="stage", article=article, facts=facts)
    people = [product.submitted_by, *product.passed_by]
    barred = stages.barred(now, official, region=provider.region, people=people, field="product_id", subject=product.id)
    if barred is not None:
        return barred
    if verdict != "approve" and not reasons:
        return Refused("FACT_MISSING", field="reasons", article=article)
    if verdict == "approve":
        barred = _barred(product, provider, blacklisted=blacklisted, last=now.last, pack=pack)
        if barred is not None:
            return barred
    going = now.following if verdict == "approve" else None
    to = {"approve": "in_review" if going else "published", "return": "returned", "refuse": "refused"}[verdict]
    after = replace(
        product,
        status=to,
        sequence=product.sequence + 1,
        stage=going.role if going else None,
        passed_by=[*product.passed_by, official.subject] if verdict == "approve" else product.passed_by,
        reviewed_by=official.subject,
        reasons=list(reasons),
    )
    facts = {**_offer_facts(product), "stage": now.stage.name, "role": stage, "decision": verdict}
    decision = decided(
        action="review_product",
        subject=product.id,
        pack=pack,
        articles=[article, *(articles_of(pack, "products.catalogue") if to == "published" else [])],
        facts={**facts, "reasons": list(reasons)},
    )
    return Listed(versions=(after,), decision=decision)


def price(*, product: Product, market_price_fen: int, source: str, pack: Pack, subject: str) -> Listed | Refused:
    """Record what the same service costs on the market (第十条(三)); `subject`: who found it.

    A published product above it stays on the shelf: its orders and claims are refused. RULE_ABSENT where the programme
    makes nothing of the market's price, WRONG_STATE once the product is refused or off the shelf.
    """
    if product.status in ENDED:
        return wrong_state("product_id", product.status, subject=product.id)
    articles = articles_of(pack, *MARKET_RULES)
    if not articles:
        return Refused("RULE_ABSENT", field="product_id", facts={"rules": list(MARKET_RULES), "subject": product.id})
    after = replace(product, market_price_fen=market_price_fen, market_by=subject, sequence=product.sequence + 1)
    facts = {
        "price_fen": product.price_fen,
        "market_price_fen": market_price_fen,
        "market_price_before_fen": product.market_price_fen,
        "above_market": product.price_fen > market_price_fen,
        "source": source,
    }
    decision = decided(action="record_market_price", subject=product.id, pack=pack, articles=articles[:1], facts=facts)
    return Listed(versions=(after,), decision=decision)


def _barred(product: Product, provider: Party, *, blacklisted: bool, last: bool, pack: Pack) -> Refused | None:
    """What stands against approval though the reviewer would give it."""
    if blacklisted:
        return Refused("BLACKLISTED", field="product_id", facts={"subject": provider.id})
    if provider.status in ("leaving", "exited"):
        article = article_of(pack, "exit.voluntary")
        return wrong_state("product_id", provider.status, subject=provider.id, article=article)
    return (_not_for_sale(provider, pack) if last else None) or _above_market(product, pack)


def _not_for_sale(provider: Party, pack: Pack) -> Refused | None:
    if provider.status == "admitted":
        return None
    facts = {"status": provider.status, "subject": provider.id}
    article = article_of(pack, "products.catalogue")
    return Refused("PROVIDER_NOT_ADMITTED", field="product_id", article=article, facts=facts)


def _unfit(product: Product, pack: Pack) -> Refused | None:
    """A category of the programme, where it has some, and a kind of that category, where it names some."""
    category = pack.categories.get(product.category)
    facts: dict[str, Any] = {"category": product.category, "kind": product.kind}
    if category is None and pack.categories:
        return Refused("FACT_INVALID", field="category", facts={**facts, "categories": sorted(pack.categories)})
    kinds = [kind.code for kind in category.kinds] if category else []
    if category is not None and kinds and product.kind not in kinds:
        return Refused("KIND_NOT_IN_CATEGORY", field="kind", article=category.article, facts={**facts, "kinds": kinds})
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


def _offer_facts(product: Product) -> dict[str, Any]:
    return {
        "category": product.category,
        "kind": product.kind,
        "price_fen": product.price_fen,
        "market_price_fen": product.market_price_fen,
    }
