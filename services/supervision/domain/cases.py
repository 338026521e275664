"""The life of a case: blacklist, dishonesty list and forced exit are decided in one way, which hears the party first.

noticed → heard → upheld | dismissed; upheld → appealed → kept | revoked; upheld, kept → removed (a list), closed (an
exit). A decision is proposed by one person and made by another (第十二条、八(三); 行政处罚法 on hearing a party first).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from contracts.errors import Refused
from contracts.programmes import Pack
from services.supervision.domain.screening import articles

Row = Mapping[str, Any]


class Actor(Protocol):
    """Who acts: a person, and the organisation it is of."""

    @property
    def subject(self) -> str: ...
    @property
    def organisation(self) -> str | None: ...


# ground → the rule of the pack that it is a breach of; the first five are those of forced exit
RULES = {
    "law_breach": "exit.forced.1",
    "public_morals": "exit.forced.2",
    "refusal_or_fraud": "exit.forced.3",
    "insolvency": "exit.forced.4",
    "measures_not_mended": "exit.forced.5",
    "crime": "exit.blacklist",
    "fraud": "supervision.fraud",
}
# kind → the rule of the pack that knows of it
KINDS = {
    "blacklist": "exit.blacklist",
    "dishonesty_list": "supervision.dishonesty_list",
    "forced_exit": "exit.aftermath",
}

HEARING = ("noticed", "heard")
STANDING = ("upheld", "appealed", "kept")  # what was decided is in effect
# act → the states in which it may be done
MAY: Mapping[str, tuple[str, ...]] = {
    "state": HEARING,
    "hear": ("noticed",),
    "propose": (*HEARING, "appealed", "upheld", "kept"),
    "appeal": ("upheld",),
    "refer": STANDING,
    "close": ("upheld", "kept"),
}
# outcome → the states in which it may be proposed
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "upheld": HEARING,
    "dismissed": HEARING,
    "kept": ("appealed",),
    "revoked": ("appealed",),
    "removed": ("upheld", "kept"),
}

# field of the command → what the case keeps it as; all but papers are records that are about the party
RECORDS = {
    "alert_ids": "alerts",
    "complaint_ids": "complaints",
    "assessment_ids": "assessments",
    "receivable_ids": "receivables",
}
EVIDENCE = {**RECORDS, "papers": "papers"}
SKEW = timedelta(minutes=5)  # clocks of callers
SAID = ("kind", "party_kind", "party_id", "programme", "ground", "reason")


def case_articles(pack: Pack, kind: str, ground: str) -> tuple[str, ...]:
    """The articles of the ground and of the kind itself; empty when the programme knows no such ground for it."""
    of_ground, of_kind = articles(pack, RULES[ground]), articles(pack, KINDS[kind])
    if kind == "forced_exit" and not RULES[ground].startswith("exit.forced."):
        return ()
    if kind == "dishonesty_list" and ground != "fraud":  # 八(三), 三(五)2: of false papers alone
        return ()
    return tuple(dict.fromkeys(of_ground + of_kind)) if of_ground and of_kind else ()


def open_problem(
    *, body: Row, pack: Pack, party: Row | None, running: Row | None, listed: Row | None
) -> Refused | None:
    """Why no case may be opened. RULE_ABSENT, NOT_YET_KNOWN, NOT_FOUND, INVALID (only a provider is forced out),
    FACT_INVALID (the grounds that the programme knows), FACT_MISSING (no evidence), WRONG_STATE (out already),
    CASE_OPEN, ALREADY_LISTED."""
    if pack.supervision.hearing is None or not articles(pack, KINDS[body["kind"]]):
        return Refused("RULE_ABSENT", "kind")
    if party is None:
        return Refused("NOT_YET_KNOWN", "party_id")
    if (party["kind"], party["programme"]) != (body["party_kind"], body["programme"]):
        return Refused("NOT_FOUND", "party_id", facts={"kind": party["kind"], "programme": party["programme"]})
    law = case_articles(pack, body["kind"], body["ground"])
    if not law:
        grounds = [ground for ground in RULES if case_articles(pack, body["kind"], ground)]
        return Refused("FACT_INVALID", "ground", facts={"grounds": grounds})
    if not any(body.get(name) for name in EVIDENCE):
        return Refused("FACT_MISSING", "papers", law[0])
    if body["kind"] == "forced_exit" and party["kind"] != "provider":
        return Refused("INVALID", "party_kind", law[0])
    if body["kind"] == "forced_exit" and party["status"] == "exited":
        return Refused("WRONG_STATE", "party_id", law[0], {"status": "exited"})
    if running is not None:
        return Refused("CASE_OPEN", "party_id", law[0], {"case_id": running["case_id"]})
    if body["kind"] != "forced_exit" and listed is not None:
        return Refused("ALREADY_LISTED", "party_id", law[0], {"entry_id": listed["entry_id"]})
    return None


def wrong_state(case: Row, act: str) -> Refused | None:
    """WRONG_STATE unless the act is listed for the case's state."""
    if case["status"] in MAY[act] and (act != "close" or case["kind"] == "forced_exit"):
        return None
    return Refused("WRONG_STATE", "case_id", _article(case), {"status": case["status"]})


def statement_problem(case: Row, body: Row) -> Refused | None:
    """WRONG_STATE; FACT_MISSING: neither a word nor a waiver, which would end the hearing unheard."""
    if not body.get("text") and not body["waives"]:
        return Refused("FACT_MISSING", "text", _article(case))
    return wrong_state(case, "state")


def hearing_problem(case: Row, body: Row, *, opened_on: date, today: date) -> Refused | None:
    """WRONG_STATE; FACT_INVALID: a day to come, or before the case was opened."""
    if not opened_on <= body["held_on"] <= today:
        facts = {"from": opened_on.isoformat(), "today": today.isoformat()}
        return Refused("FACT_INVALID", "held_on", _article(case), facts)
    return wrong_state(case, "hear")


def late_appeal(case: Row, today: date) -> Refused | None:
    """WRONG_STATE after the last day for an appeal."""
    if today <= case["appeal_until"]:
        return None
    facts = {"status": case["status"], "until": case["appeal_until"].isoformat()}
    return Refused("WRONG_STATE", "case_id", _article(case), facts)


def proposal_problem(
    case: Row, body: Row, *, actor: Actor, today: date, now: datetime, effective_on: date | None
) -> Refused | None:
    """Why it may not be proposed. WRONG_STATE, HEARING_OPEN, SAME_PERSON, FACT_INVALID, EFFECT_IN_PAST."""
    outcome, of_list = body["outcome"], case["kind"] != "forced_exit"
    if case["status"] not in OUTCOMES[outcome] or (outcome == "removed" and not of_list):
        return Refused("WRONG_STATE", "outcome", _article(case), {"status": case["status"]})
    if outcome == "upheld" and case["stated_at"] is None and today <= case["hearing_until"]:
        return Refused("HEARING_OPEN", "case_id", _article(case), {"until": case["hearing_until"].isoformat()})
    if _one_of_them(actor, case, barred(case)):
        return Refused("SAME_PERSON", "case_id", _article(case))
    for field in ("until", "effective_at"):
        if body.get(field) is not None and (outcome != "upheld" or not of_list):
            return Refused("FACT_INVALID", field, facts={"outcome": outcome, "kind": case["kind"]})
    problem = past(body.get("until"), max(today, effective_on or today))
    return problem or _effect_problem(case, body.get("effective_at"), now)


def past(until: date | None, first: date) -> Refused | None:
    """FACT_INVALID for a last day before the first: the entry would never bind."""
    if until is None or until >= first:
        return None
    return Refused("FACT_INVALID", "until", facts={"from": first.isoformat()})


def _effect_problem(case: Row, asked: datetime | None, now: datetime) -> Refused | None:
    if asked is None:
        return None
    if asked < now - SKEW:
        return Refused("EFFECT_IN_PAST", "effective_at", _article(case), {"now": now.isoformat()})
    if case["interim"]:  # else what stopped at once would go on until then
        return Refused("FACT_INVALID", "effective_at", _article(case), {"interim": True})
    return None


def decision_problem(case: Row, *, actor: Actor) -> Refused | None:
    """Why this person may not decide. WRONG_STATE (nothing is proposed), SAME_PERSON."""
    if case["proposal"] is None:
        return Refused("WRONG_STATE", "case_id", _article(case), {"status": case["status"], "proposed": False})
    if _one_of_them(actor, case, {case["proposal"]["by"], *barred(case)}):
        return Refused("SAME_PERSON", "case_id", _article(case))
    return None


def _one_of_them(actor: Actor, case: Row, people: Collection[str | None]) -> bool:
    """One who acted in the case before, or one of the party itself."""
    return actor.subject in people or actor.organisation == case["party_id"]


def barred(case: Row) -> Collection[str]:
    """Who may not propose or decide now: who opened the case; in an appeal those too who proposed and decided it."""
    if case["status"] in HEARING:
        return {case["opened_by"]}
    if case["status"] == "appealed":
        return {case["opened_by"], case["proposed_by"], case["decided_by"]}
    return ()


def still_open(case: Row, *, wind_downs: Collection[Row], owed_fen: int, today: date) -> list[str]:
    """What of a forced exit waits: the exit itself, appeal, orders, claims, liability (what the provider owes),
    referral (of a crime)."""
    closed = {row["source"] for row in wind_downs if row["status"] == "closed"}  # who has not told yet is waited for
    appeal = case["status"] == "appealed" or (case["status"] == "upheld" and today <= (case["appeal_until"] or today))
    found = {
        "exit": case["exited_at"] is None,
        "appeal": appeal,
        "orders": "voucher" not in closed,
        "claims": "settlement" not in closed,
        "liability": owed_fen > 0,
        "referral": case["ground"] == "crime" and case["referral"] is None,
    }
    return [name for name, still in found.items() if still]


def _article(case: Row) -> str | None:
    return next(iter(case["articles"]), None)
