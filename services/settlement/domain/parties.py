"""Who files a claim and who is paid: the pack names the party, the order says which one it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from contracts.programmes.schema import Party

Named: TypeAlias = tuple[str | None, str]  # id (None: nobody), enterprise or provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What registry told of a provider; `platform_id`: the platform provider that files for it; `holder`: as holdings
    name it."""

    provider_id: str
    uscc: str
    provider_kind: str
    platform_id: str | None
    account_version: int
    holder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """What registry told of an enterprise; `account_version` 0: it has given no account."""

    enterprise_id: str
    uscc: str
    account_version: int
    holder: str | None = None


def party_of(word: Party, *, provider: Provider, enterprise_id: str) -> Named:
    """The party of an order that the pack's `word` means; a platform provider files for itself."""
    if word == "enterprise":
        return enterprise_id, "enterprise"
    if word == "platform_provider" and provider.provider_kind != "platform":
        return provider.platform_id, "provider"
    return provider.provider_id, "provider"


def role_of(word: Party) -> str:
    """The role whose duties a pack states for that party."""
    return "enterprise" if word == "enterprise" else "provider"


def accounts_of(parties: Iterable[Provider | Enterprise]) -> dict[str, int]:
    """Account versions by party, those without an account left out."""
    found = {
        one.provider_id if isinstance(one, Provider) else one.enterprise_id: one.account_version for one in parties
    }
    return {party_id: version for party_id, version in found.items() if version > 0}
