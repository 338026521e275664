"""Public notice before payment: what passed is published and signed for the pack's working days (内蒙古 七(一))."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
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

KIND = "public_notice"  # of the snapshot, as it is signed
ITEM = ("claim_id", "provider_id", "enterprise_id", "payable_fen")
Signature = Mapping[str, str]
Sign = Callable[[Mapping[str, Any]], Signature]

MOVES: Moves = {"close": Move(("open",), "closed", "notice_closed")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """`items`: what was published, and stays, `claims` of them; `from_on`, `until_on`: its first and last day;
    `content_hash`: of days and items; `signature`: of its snapshot, by the key `key_id`. `outcomes`: once it is
    closed, what became of each item."""

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
    key_id: str = ""
    public_key: str = ""
    signature: str = ""
    outcomes: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a claim that was published stands now."""

    claim_id: str
    notice_id: str | None
    status: str


def publish(
    *,
    notice_id: str,
    claims: Sequence[Claim],
    verdicts: Mapping[str, str],
    sampled: Container[str] = frozenset(),
    published_by: str,
    today: date,
    until_on: date | Refused,
    sign: Sign,
    pack: Pack,
) -> tuple[Step[Notice], list[Step[Claim]]] | Refused:
    """The passed claims that supervision still clears and no audit sample waits on (`sampled`), at most MOST_ITEMS; the
    snapshot is signed by `sign`, which gives `key_id`, `public_key` and `signature`.

    RULE_ABSENT, NOTHING_TO_PUBLISH, CALENDAR_UNKNOWN (given as `until_on`).
    """
    rule = pack.claims.notice if pack.claims else None
    if rule is None:
        return absent(pack, "claims.notice", "programme")
    waits = {one.claim_id for one in claims if one.claim_id in sampled}
    winding = {one.claim_id for one in claims if one.wind_down == claim_rules.PENDING} - waits
    held = set(claim_rules.not_cleared(claims, verdicts)) - waits - winding
    fit = (one for one in claims if one.claim_id not in held | waits | winding)
    chosen = sorted(fit, key=lambda one: one.claim_id)[:MOST_ITEMS]
    if not chosen:
        counts = {"held": len(held), "audit_pending": len(waits), "wind_down_pending": len(winding)}
        return refuse(pack, "NOTHING_TO_PUBLISH", "programme", rule.article, **counts)
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
    made = sign(snapshot(notice))
    notice = replace(notice, key_id=made["key_id"], public_key=made["public_key"], signature=made["signature"])
    facts = {"working_days": rule.working_days, "from_on": today.isoformat(), "until_on": until_on.isoformat()}
    counted = {"content_hash": notice.content_hash, "key_id": notice.key_id, "audit_pending": len(waits)}
    decision = decide(pack, "notice.published", notice_id, (rule.article,), **facts, **counted, claims=len(items))
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


def close(
    *, notice: Notice, standings: Mapping[str, Standing], upheld: frozenset[str], today: date, pack: Pack
) -> Step[Notice]:
    """Its last day has passed, and none of its claims waits on it any more; what became of each is recorded."""
    assert notice.until_on < today, notice.notice_id
    outcomes = tuple(outcomes_of(notice=notice, standings=standings, upheld=upheld))
    assert all(one["outcome"] != "open" for one in outcomes), notice.notice_id
    counts = Counter(one["outcome"] for one in outcomes)
    facts = {"until_on": notice.until_on.isoformat(), "content_hash": notice.content_hash, "outcomes": dict(counts)}
    decision = decide(pack, "notice.closed", notice.notice_id, (article(pack, "claims.notice"),), **facts)
    return must(take(notice, MOVES, "close", decision=decision, outcomes=outcomes))


def outcomes_of(
    *, notice: Notice, standings: Mapping[str, Standing], upheld: frozenset[str]
) -> list[Mapping[str, str]]:
    """What became of each item: as it was recorded when the notice was closed, before that as things stand.

    `upheld`: claims that an objection to this notice ended.
    """
    if notice.outcomes:
        return list(notice.outcomes)
    ids = [str(item["claim_id"]) for item in notice.items]
    return [{"claim_id": one, "outcome": _outcome(standings[one], notice.notice_id, one in upheld)} for one in ids]


def _outcome(claim: Standing, notice_id: str, upheld: bool) -> str:
    if claim.notice_id != notice_id:
        return "returned"  # and filed again since
    if claim.status in ("refused", "returned", "withdrawn"):
        return "upheld" if upheld and claim.status == "refused" else claim.status
    return "open" if claim.status == "on_notice" else "noticed"


def snapshot(notice: Notice) -> Mapping[str, Any]:
    """What is signed: all that was published, and by which rules."""
    return {
        "kind": KIND,
        "notice_id": notice.notice_id,
        "programme": notice.programme,
        "pack_version": notice.pack_version,
        "from_on": notice.from_on.isoformat(),
        "until_on": notice.until_on.isoformat(),
        "working_days": notice.working_days,
        "items": [dict(item) for item in notice.items],
        "content_hash": notice.content_hash,
    }


def _item(claim: Claim) -> Mapping[str, Any]:
    return {name: getattr(claim, name) for name in ITEM}
