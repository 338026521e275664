"""What this service knows of enterprises, providers and products: the registry's public state, as last heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.voucher.domain.facts import Facts


@dataclass(frozen=True)
class Enterprise:
    """granted_fen: the sum of its applications granted this year, 0 while there is none; granted_region: of the plan
    that they are of. holder, representative, accounts: what it declared, by blind index."""

    enterprise_id: str
    programme: str
    region: str
    registered_on: date
    legal_person: bool
    violation: bool
    bad_credit: bool
    industry: str | None
    size: str | None
    priority: bool
    status: str
    blacklisted: bool
    granted_fen: int = 0
    granted_region: str | None = None
    tax_region: str | None = None
    serves_industry: bool | None = None
    holder: str | None = None
    representative: str | None = None
    accounts: Sequence[str] = ()

    def standing(self, *, on: date) -> Facts:
        """What the registers say of it that day: what a pack's conditions are judged on."""
        return Facts(
            on=on,
            registered_on=self.registered_on,
            region=self.region,
            tax_region=self.tax_region,
            legal_person=self.legal_person,
            violation=self.violation,
            bad_credit=self.bad_credit,
            industry=self.industry,
            serves_industry=self.serves_industry,
            size=self.size,
        )

    def facts(self, *, on: date, requested_fen: int | None, taken_fen: int, quota_fen: int) -> Facts:
        """The facts of an application for the year's quota, of which its others take up `taken_fen`."""
        standing = self.standing(on=on)
        return replace(standing, requested_fen=requested_fen, used_this_year_fen=taken_fen, quota_fen=quota_fen)


@dataclass(frozen=True)
class Provider:
    """A provider as far as orders are concerned; what it declared by blind index, as an enterprise's."""

    provider_id: str
    programme: str
    status: str
    blacklisted: bool
    holder: str | None = None
    representative: str | None = None
    accounts: Sequence[str] = ()


@dataclass(frozen=True)
class Product:
    """A product, and the standing of the provider that offers it."""

    product_id: str
    provider_id: str
    programme: str
    category: str
    price_fen: int
    market_price_fen: int | None
    voucher_eligible: bool
    status: str
    provider: Provider | None
