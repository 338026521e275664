"""Changes of registered facts: what each was, what it became, who may say so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from services.registry.domain.law import article_of, decided
from services.registry.domain.model import Party, wrong_state
from services.registry.domain.personal import ACCOUNT, PERSONAL, Personal, has_account

# What decides who may take part: a party does not clear itself, the operator records it (第九条, first review).
DECISIVE = (
    "region", "legal_person", "violation", "bad_credit", "priority", "tax_region", "serves_industry", "industry",
    "size", "platform_id",
)  # fmt: skip
PUBLIC = ("name", *DECISIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact, before and after; values of personal facts are for sealing alone."""

    field: str
    old: Any
    new: Any

    @property
    def personal(self) -> bool:
        return self.field in PERSONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The party in its next version (its sealed text still the old one), its personal facts, and what changed."""

    party: Party
    personal: dict[str, Any]
    changes: tuple[Change, ...]


def change(
    *, party: Party, personal: Personal, given: Mapping[str, Any], roles: Collection[str]
) -> Changed | Refused | None:
    """The party with the given facts; None when nothing differs.

    FORBIDDEN for a decisive fact from anyone but an operator; WRONG_STATE after exit.
    """
    if party.status == "exited":
        return wrong_state("party_id", party.status, subject=party.id)
    public = {
        name: given[name] for name in PUBLIC if given.get(name) is not None and given[name] != getattr(party, name)
    }
    private = {
        name: given[name] for name in PERSONAL if given.get(name) is not None and given[name] != personal.get(name)
    }
    decisive = next((name for name in DECISIVE if name in public), None)
    if decisive is not None and "operator" not in roles:
        return Refused("FORBIDDEN", field=decisive, facts={"role": "operator"})
    changes = [Change(field=name, old=getattr(party, name), new=value) for name, value in public.items()]
    changes += [Change(field=name, old=personal.get(name), new=value) for name, value in private.items()]
    if not changes:
        return None
    after, known = replace(party, **public, sequence=party.sequence + 1), {**personal, **private}
    if any(name in private for name in ACCOUNT) and has_account(known):
        after = replace(after, account_version=party.account_version + 1)
    return Changed(party=after, personal=known, changes=tuple(changes))


def decision(*, party: Party, changes: Sequence[Change], pack: Pack) -> Decision:
    """What changed, as all may know it: of personal facts the names alone (parties answer for the truth, 五(四))."""
    public = {one.field: {"old": one.old, "new": one.new} for one in changes if not one.personal}
    private = sorted(one.field for one in changes if one.personal)
    truth = article_of(pack, "supervision.truth")
    return decided(
        action="change_facts",
        subject=party.id,
        pack=pack,
        articles=[truth] if truth else [],
        facts={"changed": public, "personal_changed": private, "account_version": party.account_version},
    )
