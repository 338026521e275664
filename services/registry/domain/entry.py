"""What follows by itself where a programme asks for no review: registration certifies, certification admits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from services.registry.domain import stages
from services.registry.domain.conditions import condition_facts, failed_condition
from services.registry.domain.law import articles_of, decided
from services.registry.domain.model import Party, moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Every version that the party goes through at once, oldest first, and the decision where something followed."""

    versions: tuple[Party, ...]
    decision: Decision | None


def registered(party: Party, pack: Pack) -> Entered | Refused:
    """The newly registered party, certified and admitted as far as the programme asks for no review of it.

    Refused by a condition on providers (第十条) where registration admits.
    """
    if stages.first_role(pack, f"{party.kind}_certification") is not None:
        return Entered(versions=(party,), decision=None)
    further = certified(moved(party, "certified"), pack)
    if isinstance(further, Refused):
        return further
    now = further[-1]
    admitted = now.status == "admitted"
    # nobody looks at it: what it is now rests on who the document says takes part, where it says so of providers
    rests_on = articles_of(pack, "roles.provider" if admitted else "period") or [pack.period.article]
    conditions = [rule.article for rule in pack.provider.values()] if admitted else []
    decision = decided(
        action=f"register_{party.kind}",
        subject=party.id,
        pack=pack,
        articles=[*rests_on, *conditions],
        facts={**condition_facts(party), "status": now.status, "stages": 0},
    )
    return Entered(versions=(party, *further), decision=decision)


def certified(party: Party, pack: Pack) -> tuple[Party, ...] | Refused:
    """The certified party and what it becomes at once: a provider is admitted where the programme asks for no choice.

    Where it asks for one, the provider waits for the first stage. Refused by a condition on providers (第十条).
    """
    if party.kind == "enterprise":
        return (party,)
    role = stages.first_role(pack, "provider_admission")
    if role is not None:
        return (replace(party, stage=role),)
    return failed_condition(party=party, pack=pack) or (party, moved(party, "admitted"))


def unfit_platform(party: Party, platforms: Mapping[str, str], pack: Pack) -> Refused | None:
    """Why a provider may not name the platform it does, or names none; `platforms`: id → programme of those that are.

    FACT_INVALID: an application provider alone names one, and one of its own programme. FACT_MISSING: where a platform
    provider files its application providers' claims, one without a platform would have nobody to file for it.
    """
    named, facts = party.platform_id, {"platform_id": party.platform_id, "subject": party.id}
    if party.provider_kind != "application":
        return None if named is None else Refused("FACT_INVALID", field="platform_id", facts=facts)
    if named is None:
        files = pack.claims is not None and pack.claims.filed_by == "platform_provider"
        return Refused("FACT_MISSING", field="platform_id", facts=facts) if files else None
    known = platforms.get(named) == party.programme
    return None if known else Refused("FACT_INVALID", field="platform_id", facts=facts)
