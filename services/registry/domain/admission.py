"""Providers come in on the bureau's choice and go out by notice or by force."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from services.registry.domain.law import article_of, decided
from services.registry.domain.model import Party, Product, may_move, moved, wrong_state

# Grounds as commands name them, in the order in which 第十二条(二) and the packs number them.
GROUNDS = ("law_breach", "public_morals", "refusal_or_fraud", "insolvency", "measures_not_mended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """The provider after a step, and the decision behind it."""

    party: Party
    decision: Decision


def admit(
    *, party: Party, verdict: str, reasons: Sequence[str], blacklisted: bool, pack: Pack, subject: str,
    roles: Collection[str],
) -> Stood | Refused:  # fmt: skip
    """The bureau's choice on merit (三(二)) among those that meet the conditions of 第十条.

    FORBIDDEN, WRONG_STATE, SAME_PERSON (who certified it), BLACKLISTED, and the conditions' own codes. What no register
    says (able, reputable, of quality) the bureau attests by admitting; the decision lists those articles too.
    """
    stages = pack.stages("provider_admission")
    article = stages[0].article if stages else None
    if stages and stages[0].role not in roles:
        return Refused("FORBIDDEN", article=article, facts={"role": stages[0].role})
    to = "admitted" if verdict == "admit" else "refused"
    if party.status != "certified":
        return wrong_state("provider_id", party.status, subject=party.id, article=article)
    if subject == party.certified_by:
        return Refused("SAME_PERSON", field="provider_id", article=article, facts={"subject": party.id})
    if verdict == "admit":
        if blacklisted:
            return Refused("BLACKLISTED", field="provider_id", facts={"subject": party.id})
        failed = failed_condition(party=party, pack=pack)
        if failed is not None:
            return failed
    elif not reasons:
        return Refused("FACT_MISSING", field="reasons", article=article)
    articles = [article] if article else []
    articles += [condition.article for condition in pack.provider.values()] if verdict == "admit" else []
    facts = {**_condition_facts(party), "decision": verdict, "reasons": list(reasons)}
    decision = decided(action="admit_provider", subject=party.id, pack=pack, articles=articles, facts=facts)
    return Stood(party=moved(party, to), decision=decision)


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
            facts = {**_condition_facts(party), "region_of_programme": pack.region, "subject": party.id}
            return Refused(code, field="provider_id", article=condition.article, facts=facts)
    return None


def give_notice(*, party: Party, reason: str, pack: Pack, today: date) -> Stood | Refused:
    """Voluntary exit (第十二条(一)), in effect as many calendar days after today as the pack says. WRONG_STATE."""
    rule = pack.exit.voluntary
    article = rule.article if rule else None
    if not may_move(party, "leaving"):
        return wrong_state("provider_id", party.status, subject=party.id, article=article)
    days = rule.notice_days if rule else 0
    exit_on = today + timedelta(days=days)
    decision = decided(
        action="give_exit_notice",
        subject=party.id,
        pack=pack,
        articles=[article] if article else [],
        facts={"notice_on": today.isoformat(), "notice_days": days, "exit_on": exit_on.isoformat(), "reason": reason},
    )
    return Stood(party=replace(moved(party, "leaving"), exit_on=exit_on), decision=decision)


def leave(*, party: Party, pack: Pack, today: date) -> Stood:
    """The notice has run out: the provider is out."""
    assert party.exit_on is not None, "no notice was given"
    assert party.exit_on <= today, "the notice is still running"
    articles = [one for one in (article_of(pack, "exit.voluntary"), article_of(pack, "exit.aftermath")) if one]
    facts = {"exit_on": party.exit_on.isoformat(), "today": today.isoformat()}
    decision = decided(action="exit_provider", subject=party.id, pack=pack, articles=articles, facts=facts)
    return Stood(party=moved(party, "exited"), decision=decision)


def force_out(*, party: Party, ground: str, evidence: str, pack: Pack, today: date) -> Stood | Refused:
    """Forced exit at once, on one of the grounds that the programme knows (第十二条(二)). FACT_INVALID, WRONG_STATE."""
    rule = pack.exit.forced.get(str(GROUNDS.index(ground) + 1))
    if rule is None:
        return Refused("FACT_INVALID", field="ground", facts={"ground": ground, "grounds": len(pack.exit.forced)})
    if not may_move(party, "exited"):
        return wrong_state("provider_id", party.status, subject=party.id, article=rule.article)
    articles = [one for one in (rule.article, article_of(pack, "exit.aftermath")) if one]
    facts = {"ground": ground, "evidence": evidence}
    decision = decided(action="force_exit", subject=party.id, pack=pack, articles=articles, facts=facts)
    return Stood(party=replace(moved(party, "exited"), ground=ground, exit_on=today), decision=decision)


def delisted(product: Product) -> Product:
    """The product off the shelf, in its next version."""
    return replace(product, status="delisted", sequence=product.sequence + 1)


def _condition_facts(party: Party) -> dict[str, Any]:
    return {
        "region": party.region,
        "legal_person": party.legal_person,
        "tax_paid": bool(party.tax_paid),
        "violation": party.violation,
        "bad_credit": party.bad_credit,
    }
