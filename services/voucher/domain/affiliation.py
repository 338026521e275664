"""What ties an enterprise to the provider that serves it, when its order is placed (贵州 第十三条(四))."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from services.voucher.domain.parties import Enterprise, Provider

COMMON_NAME = 3  # a representative's name that more parties bear is a coincidence: screening alerts it at the claim


@dataclass(frozen=True, slots=True)
class Affiliation:
    """By kind what ties the two: of ties on record their kinds, `holding`, `account`, `representative`; no values.
    `steps`: how many shareholdings lie between them."""

    kinds: tuple[str, ...] = ()
    steps: int | None = None

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def facts(self) -> dict[str, Any]:
        """For the refusal."""
        return {"ties": list(self.kinds), **({} if self.steps is None else {"holdings": self.steps})}


def affiliation(
    *, enterprise: Enterprise, provider: Provider, on_record: Collection[str], steps: int | None, borne_by: int
) -> Affiliation:
    """Ties on record, any share through any number of owners, or an account or representative that both declared.

    steps: holdings of that day between them, None: none. borne_by: how many parties have that representative's name.
    """
    kinds = sorted(on_record)
    if steps is not None:
        kinds.append("holding")
    if set(enterprise.accounts) & set(provider.accounts):
        kinds.append("account")
    if same_representative(enterprise, provider) and borne_by <= COMMON_NAME:
        kinds.append("representative")
    return Affiliation(tuple(kinds), steps)


def same_representative(enterprise: Enterprise, provider: Provider) -> bool:
    """Did both declare the same legal representative?"""
    return enterprise.representative is not None and enterprise.representative == provider.representative
