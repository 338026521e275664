"""Public notice of passed claims, and objections to them (内蒙古 七(一))."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from contracts.errors import Outcome, Refused
from contracts.programmes import Pack
from infra import signing
from infra.calendar import calendar
from infra.crypto import ring
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import exits_store, samples_store, store, waiting_store
from services.settlement.domain import notices as rules
from services.settlement.domain import objections as objection_rules
from services.settlement.domain.claims import PENDING, Claim
from services.settlement.domain.objections import Objection
from services.settlement.handlers.desk import Desk, done, foreign, missing, pack_of, pack_on, packs_now, same
from services.settlement.handlers.questions import warn_of_calendar


def publish_notices(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The passed claims of a programme whose rules ask for a notice; an office those of its own locality's rules."""
    desk = Desk(uow)
    desk.notices.load(command.body["notice_id"] for command in commands)
    asked = Counter(pack.label for command in commands if (pack := _asks_for_notice(uow, command)))
    now = packs_now(uow, waiting_store.labels(uow.conn) if asked else ())
    groups = [waiting_store.of_rules(label, "passed") for label, pack in now.items() if pack.label in asked]
    most = max(asked.values(), default=0) * rules.MOST_ITEMS + waiting_store.LEFT_OUT
    desk.claims.load(waiting_store.first_of(uow.conn, groups, may=waiting_store.is_clear(), most=most))
    desk.claims.rows.update(exits_store.marked(uow.conn, desk.claims.rows.values()))
    verdicts = store.verdicts(uow.conn, desk.claims.rows.values())
    sampled = samples_store.pending(uow.conn, desk.claims.rows.values())
    outcomes = [_publish(desk, verdicts, sampled, command) for command in commands]
    desk.save()
    warn_of_calendar(uow)
    return outcomes


def _asks_for_notice(uow: UnitOfWork, command: Command) -> Pack | None:
    """The rules of the office's region, if they do."""
    pack = pack_on(uow, command.body["programme"], command.actor.region)
    asks = not isinstance(pack, Refused) and pack.claims is not None and pack.claims.notice is not None
    return pack if isinstance(pack, Pack) and asks else None


def _publish(desk: Desk, verdicts: Mapping[str, str], sampled: Mapping[str, str], command: Command) -> Outcome:
    body, today = command.body, desk.uow.today
    known = desk.notices.get(body["notice_id"])
    if known is not None:
        return same(known, programme=body["programme"])
    pack = pack_on(desk.uow, body["programme"], command.actor.region)
    if isinstance(pack, Refused):
        return pack
    waiting = _waiting(desk, pack)
    published = rules.publish(
        notice_id=body["notice_id"],
        claims=waiting,
        verdicts=verdicts,
        sampled=sampled,
        published_by=command.actor.subject,
        today=today,
        until_on=calendar().add_working_days(today, pack.claims.notice_days if pack.claims else 0),
        sign=_signed,
        pack=pack,
    )
    if isinstance(published, Refused):
        return published
    step, moved = published
    desk.notices.put(step, command, record=False)
    desk.claims.put_all(moved, command)
    clear = [claim for claim in _waiting(desk, pack) if verdicts.get(claim.claim_id) == "cleared"]
    left = [claim for claim in clear if claim.claim_id not in sampled and claim.wind_down != PENDING]
    told = {"claims": len(moved), "left": len(left), "audit_pending": step.decision.facts["audit_pending"]}
    signed = {"content_hash": step.after.content_hash, "key_id": step.after.key_id}
    return done(step, **told, **signed, until_on=step.after.until_on.isoformat())


def _signed(snapshot: Mapping[str, Any]) -> Mapping[str, str]:
    signer = signing.signer()
    made = signer.sign(snapshot)
    return {"key_id": made["key_id"], "public_key": signer.public_key, "signature": made["signature"]}


def _waiting(desk: Desk, pack: Pack) -> list[Claim]:
    """Passed claims of the region these rules are for, whose own rules ask for a notice."""

    def goes_on_notice(claim: Claim) -> bool:
        own = pack_of(claim)
        return own.claims is not None and own.claims.notice is not None

    passed = desk.claims.where(lambda claim: claim.programme == pack.code and claim.status == "passed")
    now = packs_now(desk.uow, (claim.pack_version for claim in passed))
    return [claim for claim in passed if now[claim.pack_version].label == pack.label and goes_on_notice(claim)]


def file_objections(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Against a claim on notice; the text is sealed before it is stored."""
    desk = Desk(uow)
    desk.objections.load(command.body["objection_id"] for command in commands)
    desk.claims.load(command.body["claim_id"] for command in commands)
    ends = _ends(desk)
    outcomes = [_object(desk, ends, command) for command in commands]
    desk.save()
    return outcomes


def _object(desk: Desk, ends: Mapping[str, date], command: Command) -> Outcome:
    body = command.body
    objection_id = body["objection_id"]
    known = desk.objections.get(objection_id)
    if known is not None:
        told = same(known, claim_id=body["claim_id"])
        return told if _text_of(known) == body["text"] else Refused("ALREADY_EXISTS", "objection_id")
    claim = desk.claims.get(body["claim_id"])
    if claim is None:
        return missing("claim_id")
    step = foreign(command, claim.programme) or objection_rules.file(
        objection_id=objection_id,
        claim=claim,
        until_on=ends.get(claim.notice_id or ""),
        text=ring().seal(body["text"].encode("utf-8"), context=f"objection:{objection_id}"),
        filed_by=command.actor.subject,
        today=desk.uow.today,
        pack=pack_of(claim),
    )
    if isinstance(step, Refused):
        return step
    desk.objections.put(step, command, record=False)
    return done(step)


def _text_of(objection: Objection) -> str:
    context = f"objection:{objection.objection_id}"
    return ring().open(objection.key_id, bytes(objection.sealed), context=context).decode("utf-8")


def decide_objections(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """uphold: the claim is refused; dismiss: it goes on when its notice has run out and nothing else holds it."""
    desk = Desk(uow)
    desk.objections.load(command.body["objection_id"] for command in commands)
    desk.claims.load(one.claim_id for one in desk.objections.rows.values())
    ends = _ends(desk)
    still_open = store.under_objection(uow.conn, desk.claims.rows)
    outcomes = [_decide(desk, ends, still_open, command) for command in commands]
    desk.save()
    return outcomes


def _decide(desk: Desk, ends: Mapping[str, date], still_open: dict[str, list[str]], command: Command) -> Outcome:
    body = command.body
    objection = desk.objections.get(body["objection_id"])
    if objection is None:
        return missing("objection_id")
    claim = desk.claims.rows[objection.claim_id]
    others = [one for one in still_open.get(claim.claim_id, ()) if one != objection.objection_id]
    decided = foreign(command, objection.programme) or objection_rules.decide_on(
        objection=objection,
        claim=claim,
        until_on=ends[objection.notice_id],
        others_open=bool(others),
        decision=body["decision"],
        reasons=tuple(body["reasons"]),
        decided_by=command.actor.subject,
        today=desk.uow.today,
        pack=pack_of(objection),
    )
    if isinstance(decided, Refused):
        return decided
    step, moved = decided
    still_open[claim.claim_id] = others
    desk.objections.put(step, command, record=False)
    if moved is not None:
        desk.claims.put(moved, command)
    return done(step)


def _ends(desk: Desk) -> Mapping[str, date]:
    """Last days of the notices that claims and objections at hand speak of."""
    noticed = {claim.notice_id for claim in desk.claims.rows.values() if claim.notice_id is not None}
    objected = {objection.notice_id for objection in desk.objections.rows.values()}
    return store.notice_ends(desk.uow.conn, noticed | objected)
