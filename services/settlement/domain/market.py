"""The price beside the market's: when the order is claimed, passed, approved and paid (贵州 三(二)、内蒙古 七(二))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain.claims import Claim
from services.settlement.domain.law import refuse


def above_market(*, price_fen: int, market_price_fen: int | None, field: str, pack: Pack) -> Refused | None:
    """PRICE_ABOVE_MARKET where the programme redeems no such price and the market's is known (内蒙古 七(二))."""
    rule = pack.claims.price_above_market if pack.claims else None
    if rule is None or market_price_fen is None or price_fen <= market_price_fen:
        return None
    facts = {"price_fen": price_fen, "market_price_fen": market_price_fen}
    return refuse(pack, "PRICE_ABOVE_MARKET", field, rule.article, **facts)


def dearer(claims: Iterable[Claim], market: Mapping[str, int], pack: Pack) -> list[str]:
    """Ids of those whose price is above the market's by now; `market`: prices by product, where they are known."""
    if pack.claims is None or pack.claims.price_above_market is None:
        return []
    return [one.claim_id for one in claims if one.price_fen > market.get(one.product_id, one.price_fen)]
