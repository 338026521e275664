"""Public notice before payment: what passed is published for the pack's working days (内蒙古 七(一))."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain import claims as claim_rules
from services.settlement.domain.claims import Claim
from services.settlement.domain.law import absent, article, decide, refuse
from services.settlement.domain.steps import Move, Moves, Step, digest, must, take

MOST_ITEMS = 1_000  # of one notice; what is left is for the next

MOVES: Moves = {"close": Move(("open",), "closed", "notice_closed")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`items`: what was published, and stays, `claims` of them; `from_on`, `until_on`: its first and last day;
    `content_hash`: of days and items."""

    notice_id: str
    sequence: int
    programme: str
    from_on: date
    until_on: date
    working_days: int
    items: tuple[Mapping[str, Any], ...]
    claims: int
    content_hash: str
    status: str
    published_by: str
    pack_version: str


def publish(
    *,
    notice_id: str,
    claims: Sequence[Claim],
    verdicts: Mapping[str, str],
    sampled: Container[str] = frozenset(),
    published_by: str,
    today: date,
    until_on: date | Refused,
    pack: Pack,
) -> tuple[Step[Notice], list[Step[Claim]]] | Refused:
    """The passed claims that supervision still clears and no audit sample waits on (`sampled`), at most MOST_ITEMS.

    RULE_ABSENT, NOTHING_TO_PUBLISH, CALENDAR_UNKNOWN (given as `until_on`).
    """
    rule = pack.claims.notice if pack.claims else None
    if rule is None:
        return absent(pack, "claims.notice", "programme")
    waits = {one.claim_id for one in claims if one.claim_id in sampled}
    held = set(claim_rules.not_cleared(claims, verdicts)) - waits
    chosen = sorted((one for one in claims if one.claim_id not in held | waits), key=lambda one: one.claim_id)[
        :MOST_ITEMS
    ]
    if not chosen:
        return refuse(pack, "NOTHING_TO_PUBLISH", "programme", rule.article, held=len(held), audit_pending=len(waits))
    if isinstance(until_on, Refused):
        return replace(until_on, field="programme", article=rule.article)
    items = tuple(_item(claim) for claim in chosen)
    notice = Notice(
        notice_id=notice_id,
        sequence=1,
        programme=pack.code,
        from_on=today,
        until_on=until_on,
        working_days=rule.working_days,
        items=items,
        claims=len(items),
        content_hash=digest({"from_on": today, "items": items, "until_on": until_on}),
        status="open",
        published_by=published_by,
        pack_version=pack.label,
    )
    facts = {"working_days": rule.working_days, "from_on": today.isoformat(), "until_on": until_on.isoformat()}
    decision = decide(
        pack, "notice.published", notice_id, (rule.article,), **facts, claims=len(items), audit_pending=len(waits)
    )
    moved = []
    for claim in chosen:
        told = decide(pack, "claim.published", claim.claim_id, (rule.article,), **facts, notice_id=notice_id)
        moved.append(must(take(claim, claim_rules.MOVES, "publish", decision=told, notice_id=notice_id)))
    return Step(notice, "notice_published", decision), moved


def over(*, claim: Claim, until_on: date, today: date, pack: Pack) -> Step[Claim]:
    """The notice has run out, and no objection to the claim is open."""
    assert until_on < today, claim.claim_id
    facts = {"notice_id": claim.notice_id, "until_on": until_on.isoformat()}
    decision = decide(pack, "claim.noticed", claim.claim_id, (article(pack, "claims.notice"),), **facts)
    return must(take(claim, claim_rules.MOVES, "notice_over", decision=decision))


def close(*, notice: Notice, today: date, pack: Pack) -> Step[Notice]:
    """Its last day has passed, and none of its claims waits on it any more."""
    assert notice.until_on < today, notice.notice_id
    facts = {"until_on": notice.until_on.isoformat(), "content_hash": notice.content_hash}
    decision = decide(pack, "notice.closed", notice.notice_id, (article(pack, "claims.notice"),), **facts)
    return must(take(notice, MOVES, "close", decision=decision))


def _item(claim: Claim) -> Mapping[str, Any]:
    names = ("claim_id", "provider_id", "enterprise_id", "payable_fen")
    return {name: getattr(claim, name) for name in names}
