"""Applications for a year's quota: places in a line, served first come first served under a total (第六条、第十六条).

An application takes its place when it is accepted and has its money set aside there and then, so that the speed of a
review decides nothing. Whoever asks for more than is left waits, and nobody behind overtakes; money given back goes to
the next in line. Enterprises of the action that the programme puts first go before others who wait (第十八条).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias

from contracts.errors import Refused
from contracts.programmes import Pack, Stage
from contracts.programmes.places import holds
from contracts.programmes.schema import Condition
from services.voucher.domain import ledger
from services.voucher.domain.eligibility import conditions_met
from services.voucher.domain.entitlement import quota
from services.voucher.domain.law import articles, first_of, ineligible, refuse
from services.voucher.domain.parties import Enterprise
from services.voucher.domain.plans import Plan

# action → the states it may start from → the state it leads to
TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "reserve": {"waiting": "reserved"},
    "approve": {"reserved": "granted"},
    "refuse": {"reserved": "refused", "waiting": "refused"},
    "withdraw": {"reserved": "withdrawn", "waiting": "withdrawn"},
    "lapse": {"reserved": "lapsed", "waiting": "lapsed", "granted": "lapsed", "lapsed": "lapsed"},
}
ENDED = ("refused", "withdrawn", "lapsed")
FREED = ("refused", "withdrawn")  # these take up nothing of the year's quota
HELD = ("reserved", "granted")  # these take up their amount, all others their ceiling
JUDGED_LATER: tuple[Condition, ...] = ("not_affiliated",)  # at the order, when the provider is known

Key: TypeAlias = tuple[bool, int]


@dataclass(frozen=True)
class Application:
    """requested_fen: None for as much as is allowed. amount_fen: reserved or granted, 0 while it waits.

    ceiling_fen: the most that it may be served with, fixed when it applies: what was asked for, or what was left of the
    quota beside the enterprise's other applications, so that together they never pass it (第十六条).
    plan_region, purse: of the plan that serves it, `purse` as in the names of accounts.
    passed: how many stages of the review have approved it, reviewed_by: who did.
    pending_id: the transfer that sets its money aside. settled: its year was closed and nothing of it is left to do.
    """

    application_id: str
    enterprise_id: str
    programme: str
    year: int
    plan_region: str
    purse: str
    place: int
    priority: bool
    requested_fen: int | None
    ceiling_fen: int
    amount_fen: int
    lapsed_fen: int
    status: str
    pending_id: str | None
    applied_by: str
    applied_at: datetime
    passed: int
    reviewed_by: tuple[str, ...]
    reasons: tuple[str, ...]
    pack_version: str
    settled: bool
    sequence: int

    @property
    def turn(self) -> Key:
        """Its turn in the line: priority first, then place."""
        return (not self.priority, self.place)

    @property
    def taken_fen(self) -> int:
        """What it takes up of its enterprise's quota of the year: nothing more may be asked for beside it."""
        if self.status in FREED:
            return 0
        return self.amount_fen if self.status in HELD else self.ceiling_fen

    @property
    def accounts(self) -> tuple[str, str]:
        """From the budget, to the enterprise's quota."""
        return ledger.budget(self.programme, self.year, self.purse), ledger.quota(
            self.programme, self.year, self.enterprise_id
        )


@dataclass(frozen=True)
class Taken:
    """What an enterprise's applications take up of its quota of the year, and of which plan's region they are."""

    fen: int = 0
    region: str | None = None

    def and_(self, application: Application) -> Taken:
        return Taken(self.fen + application.taken_fen, application.plan_region)


def apply(
    *,
    pack: Pack,
    plan: Plan,
    enterprise: Enterprise,
    taken_fen: int,
    application_id: str,
    requested_fen: int | None,
    place: int,
    applied_by: str,
    now: datetime,
    today: date,
) -> Application | Refused:
    """A new application at that place, waiting for the line to be served; or the reason why not (第十三、十四、十六条).

    taken_fen: what the enterprise's other applications of that year take up of its quota. Beyond what they leave it is
    QUOTA_EXCEEDED, and QUOTA_EXHAUSTED where they leave nothing, with the numbers (第十六条).
    """
    subject = enterprise.enterprise_id
    if enterprise.blacklisted:
        return refuse(
            pack, "BLACKLISTED", "enterprise_id", "exit.blacklist", "supervision.dishonesty_list", subject=subject
        )
    facts = enterprise.facts(on=today, requested_fen=requested_fen, taken_fen=taken_fen, quota_fen=plan.quota_fen)
    refused = ineligible(pack, facts, skip=JUDGED_LATER)
    if refused is not None:
        return refused
    if enterprise.status != "certified":
        path = "reviews.enterprise_certification.0"
        return refuse(pack, "NOT_CERTIFIED", "enterprise_id", path, subject=subject, status=enterprise.status)
    entitlement = quota(pack=pack, facts=facts)
    if entitlement.refusals:
        return first_of(pack, entitlement.refusals, field="requested_fen")
    return Application(
        application_id=application_id,
        enterprise_id=subject,
        programme=plan.programme,
        year=plan.year,
        plan_region=plan.region,
        purse=plan.purse,
        place=place,
        priority=enterprise.priority and bool(pack.eligibility.priority),
        requested_fen=requested_fen,
        ceiling_fen=entitlement.amount_fen,
        amount_fen=0,
        lapsed_fen=0,
        status="waiting",
        pending_id=None,
        applied_by=applied_by,
        applied_at=now,
        passed=0,
        reviewed_by=(),
        reasons=(),
        pack_version=pack.label,
        settled=False,
        sequence=1,
    )


def served(*, line: Iterable[Application], free_fen: int) -> Iterator[tuple[Application, int]]:
    """Who of the line is served with how much: each in its turn, until one asks for more than is left."""
    for application in sorted(line, key=lambda one: one.turn):
        wanted_fen, most_fen = application.requested_fen, application.ceiling_fen
        amount_fen = min(most_fen, free_fen) if wanted_fen is None else wanted_fen
        if amount_fen <= 0 or amount_fen > free_fen:
            return
        free_fen -= amount_fen
        yield application, amount_fen


def reserve(*, application: Application, amount_fen: int, fresh: bool) -> tuple[Application, ledger.Move]:
    """Set its money aside; `fresh`: in the same commit in which it applied, so that it is still its first version."""
    version = application.sequence if fresh else application.sequence + 1
    reserved = replace(
        application,
        status=TRANSITIONS["reserve"][application.status],
        amount_fen=amount_fen,
        pending_id=ledger.transfer_id(application.application_id, version),
        sequence=version,
    )
    return reserved, ledger.Move("pending", *application.accounts, amount_fen, "application_reserved")


def end(
    *, application: Application, action: str, reasons: Sequence[str] = ()
) -> tuple[Application, tuple[ledger.Move, ...]] | None:
    """Approve, refuse or withdraw: the application after it, and how its pending money ends; None: wrong state."""
    status = TRANSITIONS[action].get(application.status)
    if status is None:
        return None
    moves: tuple[ledger.Move, ...] = ()
    if application.pending_id is not None:
        kind: ledger.Kind = "post_pending" if action == "approve" else "void_pending"
        amount_fen, name = application.amount_fen, f"application_{status}"
        moves = (ledger.Move(kind, *application.accounts, amount_fen, name, application.pending_id),)
    after = replace(
        application,
        status=status,
        pending_id=None,
        amount_fen=application.amount_fen if action == "approve" else 0,
        reasons=tuple(reasons),
        sequence=application.sequence + 1,
    )
    return after, moves


def turn_of(*, pack: Pack, application: Application) -> Stage:
    """The stage whose turn it is; of one that is not under review any more, the last."""
    stages = pack.stages("application")
    return stages[min(application.passed, len(stages) - 1)]


def not_the_reviewer(
    *,
    pack: Pack,
    application: Application,
    region: str | None,
    reviewer: str,
    roles: Collection[str],
    office: str | None,
) -> Refused | None:
    """Its turn, its role, its region, another person than before. region: the enterprise's; office: the token's."""
    turn = turn_of(pack=pack, application=application)
    found = {"stage": turn.role, "pack_version": pack.label}
    if turn.role not in roles:
        return Refused("FORBIDDEN", None, turn.article, found)
    if turn.own_region and not holds(office, region):
        return Refused("REGION_MISMATCH", "application_id", turn.article, {**found, "region": region})
    if reviewer in (application.applied_by, *application.reviewed_by):
        return Refused("SAME_PERSON", "application_id", turn.article, found)
    return None


def passed(*, pack: Pack, application: Application, reviewer: str) -> Application | None:
    """Approved by a stage that is not the last: nobody outside has to know, and its money stays set aside. None: it
    is the last stage's turn, or nobody's."""
    if application.status not in TRANSITIONS["approve"] or application.passed + 1 >= len(pack.stages("application")):
        return None
    return replace(application, passed=application.passed + 1, reviewed_by=(*application.reviewed_by, reviewer))


def granted_at_once(pack: Pack) -> bool:
    """Where the document asks for no review of an application, what is reserved is granted."""
    return not pack.stages("application")


def lapse(*, application: Application, unspent_fen: int, to: str) -> tuple[Application, tuple[ledger.Move, ...]]:
    """The year is over: what was reserved goes back, what was granted and not spent lapses (第十六条).

    to: the account it goes to, of what lapsed, or the budget where what is left is carried over.
    unspent_fen: available in the enterprise's quota, which all its applications of the year filled. This one lapses
    with no more than it was granted; asked newest first, so that what was spent counts as the oldest's.
    More may lapse after a part has. One that was all spent stays granted, with nothing left to do.
    """
    if application.status not in ("granted", "lapsed"):
        ended = end(application=application, action="lapse")
        assert ended is not None, application.status
        return replace(ended[0], settled=True, lapsed_fen=application.amount_fen), ended[1]
    part_fen = min(unspent_fen, application.amount_fen - application.lapsed_fen)
    if not part_fen:
        return replace(application, settled=True), ()
    after = replace(
        application,
        status=TRANSITIONS["lapse"][application.status],
        settled=True,
        lapsed_fen=application.lapsed_fen + part_fen,
        sequence=application.sequence + 1,
    )
    return after, (ledger.Move("posted", application.accounts[1], to, part_fen, "quota_lapsed"),)


def state(application: Application, law: Mapping[str, object]) -> dict[str, object]:
    """The application as its events tell of it."""
    return {
        "application_id": application.application_id,
        "enterprise_id": application.enterprise_id,
        "programme": application.programme,
        "year": application.year,
        "place": application.place,
        "amount_fen": application.amount_fen,
        "lapsed_fen": application.lapsed_fen,
        "status": application.status,
        "reasons": list(application.reasons),
        "law": law,
    }


def articles_of(pack: Pack, action: str) -> tuple[str, ...]:
    """The articles that an action on an application rests on."""
    if action in ("apply", "reserve"):
        return tuple(
            dict.fromkeys((*conditions_met(pack), *articles(pack, "issuing.apply", "amount.cap.of.all", "budget")))
        )
    if action == "lapse":
        return articles(pack, "issuing.validity", "budget")
    return articles(pack, "reviews.application.0", "issuing.apply", "budget")
