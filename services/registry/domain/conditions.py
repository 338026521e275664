"""The conditions on providers, judged by the facts on record when a provider is admitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.registry.domain.model import Party


def failed_condition(*, party: Party, pack: Pack) -> Refused | None:
    """The first condition on providers (第十条) that the facts fail; one that holds only as a rule fails nobody."""
    met: Mapping[str, tuple[bool, str]] = {
        "registered_in_region": (party.region.startswith(pack.region), "NOT_REGISTERED_IN_REGION"),
        "legal_person": (party.legal_person, "NOT_A_LEGAL_PERSON"),
        "tax_paid": (bool(party.tax_paid), "NO_TAX_RECORD"),
        "no_violation": (not party.violation, "VIOLATION"),
        "no_bad_credit": (not party.bad_credit, "BAD_CREDIT"),
    }
    for name, condition in pack.provider.items():
        is_met, code = met.get(name, (True, ""))
        if not is_met and not condition.as_a_rule:
            facts = {**condition_facts(party), "region_of_programme": pack.region, "subject": party.id}
            return Refused(code, field="provider_id", article=condition.article, facts=facts)
    return None


def condition_facts(party: Party) -> dict[str, Any]:
    """The facts that the conditions are judged by, for the decision."""
    return {
        "region": party.region,
        "legal_person": party.legal_person,
        "tax_paid": bool(party.tax_paid),
        "violation": party.violation,
        "bad_credit": party.bad_credit,
    }
