"""Providers come in on the bureau's choice and go out by notice or by force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from services.registry.domain import stages
from services.registry.domain.conditions import condition_facts, failed_condition
from services.registry.domain.law import articles_of, decided
from services.registry.domain.model import BEFORE_ADMISSION, Party, Product, may_move, moved, wrong_state
from services.registry.domain.stages import Official

REVIEW = "provider_admission"
STOPS_ORDERS = ("suspended", "exit_due")  # states of an assessment while which its provider takes no new orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """The provider after a step, and the decision behind it."""

    party: Party
    decision: Decision


def admit(
    *, party: Party, verdict: str, reasons: Sequence[str], batch: str | None, blacklisted: bool, suspended: bool,
    pack: Pack, official: Official,
) -> Stood | Refused:  # fmt: skip
    """The stage in turn of the choice on merit (三(二)) among those that meet the conditions of 第十条.

    All stages but the last nominate, the last admits, into a batch of the catalogue where the programme has batches.
    WRONG_STATE (also while an assessment has it take no orders: `suspended`, which outlives an exit that was revoked),
    RULE_ABSENT (the programme asks for no choice, or has no batches); FORBIDDEN, REGION_MISMATCH,
    SAME_PERSON (certified it, or passed another stage); BLACKLISTED, the conditions' own codes, BATCH_MISSING. What no
    register says (able, reputable, of quality) the office attests; the decision lists those articles too.
    """
    if party.status not in BEFORE_ADMISSION:
        return wrong_state("provider_id", party.status, subject=party.id)
    now = stages.turn(pack, REVIEW, len(party.nominated_by))
    if now is None:
        return Refused("RULE_ABSENT", field="provider_id", facts={"review": REVIEW, "subject": party.id})
    article = now.stage.article
    people = [*party.certified_by, *party.nominated_by]
    barred = stages.barred(now, official, region=party.region, people=people, field="provider_id", subject=party.id)
    if barred is not None:
        return barred
    facts = {**condition_facts(party), "stage": now.stage.name, "role": now.stage.role, "decision": verdict}
    facts["reasons"] = list(reasons)
    if verdict != "admit":
        if not reasons:
            return Refused("FACT_MISSING", field="reasons", article=article)
        after = replace(moved(party, "refused"), nominated_by=[])
        decision = decided(action="admit_provider", subject=party.id, pack=pack, articles=[article], facts=facts)
        return Stood(party=after, decision=decision)
    if suspended:
        facts = {"status": party.status, "assessment": "suspended", "subject": party.id}
        return Refused("WRONG_STATE", field="provider_id", facts=facts)
    if blacklisted:
        return Refused("BLACKLISTED", field="provider_id", facts={"subject": party.id})
    failed = failed_condition(party=party, pack=pack) or _unfit_batch(party, batch, last=now.last, pack=pack)
    if failed is not None:
        return failed
    after = replace(
        moved(party, "admitted" if now.last else "nominated"),
        nominated_by=[*party.nominated_by, official.subject],
        pack_version=pack.label,
        stage=now.following.role if now.following else None,
        batch=batch if now.last else None,
    )
    articles = [article, *(condition.article for condition in pack.provider.values())]
    if after.batch is not None:
        articles += articles_of(pack, "products.batches")
        facts["batch"] = after.batch
    decision = decided(action="admit_provider", subject=party.id, pack=pack, articles=articles, facts=facts)
    return Stood(party=after, decision=decision)


def _unfit_batch(party: Party, batch: str | None, *, last: bool, pack: Pack) -> Refused | None:
    """A batch is named where the programme chooses in batches, when the last stage admits, and nowhere else."""
    rule = pack.products.batches
    if rule is None and batch is not None:
        return Refused("RULE_ABSENT", field="batch", facts={"subject": party.id})
    if rule is not None and last and not batch:
        return Refused("BATCH_MISSING", field="batch", article=rule.article, facts={"subject": party.id})
    return None


def give_notice(*, party: Party, reason: str, pack: Pack, today: date) -> Stood | Refused:
    """Voluntary exit (第十二条(一)), in effect as many calendar days after today as the pack says.

    RULE_ABSENT where the programme knows no such exit, WRONG_STATE.
    """
    rule = pack.exit.voluntary
    if rule is None:
        return Refused("RULE_ABSENT", field="provider_id", facts={"subject": party.id})
    if not may_move(party, "leaving"):
        return wrong_state("provider_id", party.status, subject=party.id, article=rule.article)
    days = rule.notice_days
    exit_on = today + timedelta(days=days)
    decision = decided(
        action="give_exit_notice",
        subject=party.id,
        pack=pack,
        articles=[rule.article],
        facts={"notice_on": today.isoformat(), "notice_days": days, "exit_on": exit_on.isoformat(), "reason": reason},
    )
    return Stood(party=replace(moved(party, "leaving"), exit_on=exit_on), decision=decision)


def leave(*, party: Party, pack: Pack, today: date) -> Stood:
    """The notice has run out: the provider is out."""
    assert party.exit_on is not None, "no notice was given"
    assert party.exit_on <= today, "the notice is still running"
    articles = articles_of(pack, "exit.voluntary", "exit.aftermath")
    facts = {"exit_on": party.exit_on.isoformat(), "today": today.isoformat()}
    decision = decided(action="exit_provider", subject=party.id, pack=pack, articles=articles, facts=facts)
    return Stood(party=moved(party, "exited"), decision=decision)


def forced(*, party: Party, told: Mapping[str, Any]) -> Decision:
    """The decision that supervision made (第十二条(二)), as registry carries it out."""
    law = told["law"]
    facts = {"case_id": told["case_id"], "ground": told["ground"]}
    return Decision("force_exit", party.id, party.programme, law["pack_version"], tuple(law["articles"]), facts)


def force_out(*, party: Party, decision: Decision, ground: str, today: date) -> Stood | None:
    """Out at once; None for one that is out already."""
    if not may_move(party, "exited"):
        return None
    return Stood(party=replace(moved(party, "exited"), ground=ground, exit_on=today), decision=decision)


def readmit(*, party: Party, told: Mapping[str, Any]) -> Stood | None:
    """The exit was revoked on appeal: certified, as before it was admitted; None for one that left by notice."""
    if party.ground is None:
        return None
    decision = replace(forced(party=party, told=told), action="take_back_exit")
    back = replace(party, status="certified", ground=None, exit_on=None, nominated_by=[], sequence=party.sequence + 1)
    return Stood(party=back, decision=decision)


def suspend(*, party: Party, pack: Pack, articles: Sequence[str], assessment_id: str) -> Stood | None:
    """Admitted → suspended: no new orders, running ones go on; None where it takes none anyway."""
    return _stands(party, "admitted", "suspended", "suspend_provider", pack, articles, assessment_id)


def reinstate(*, party: Party, pack: Pack, articles: Sequence[str], assessment_id: str) -> Stood | None:
    """Suspended → admitted; None where it was not suspended, or has left meanwhile."""
    return _stands(party, "suspended", "admitted", "reinstate_provider", pack, articles, assessment_id)


def _stands(
    party: Party, before: str, after: str, action: str, pack: Pack, articles: Sequence[str], assessment_id: str
) -> Stood | None:
    if party.status != before:
        return None
    facts = {"assessment_id": assessment_id}
    decision = decided(action=action, subject=party.id, pack=pack, articles=articles, facts=facts)
    return Stood(party=moved(party, after), decision=decision)


def delisted(product: Product) -> Product:
    """The product off the shelf, in its next version."""
    return replace(product, status="delisted", stage=None, sequence=product.sequence + 1)
