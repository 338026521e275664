"""Applications for a year's quota: places in a line, served first come first served under a total (第六条、第十六条).

An application takes its place when it is accepted and has its money set aside there and then, so that the speed of a
review decides nothing. Whoever asks for more than is left waits, and nobody behind overtakes; money given back goes to
the next in line. Enterprises of the action that the programme puts first go before others who wait (第十八条).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.schema import Condition
from services.voucher.domain import ledger
from services.voucher.domain.eligibility import conditions_met, eligibility
from services.voucher.domain.entitlement import quota
from services.voucher.domain.law import articles, first_of, refuse
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
AGAIN = ("refused", "withdrawn")  # an enterprise may apply again after these
JUDGED_LATER: tuple[Condition, ...] = ("not_affiliated",)  # at the order, when the provider is known

Key: TypeAlias = tuple[bool, int]


@dataclass(frozen=True)
class Application:
    """requested_fen: None for as much as is allowed. amount_fen: reserved or granted, 0 while it waits.

    pending_id: the transfer that sets its money aside. settled: its year was closed and nothing of it is left to do.
    """

    application_id: str
    enterprise_id: str
    programme: str
    year: int
    place: int
    priority: bool
    requested_fen: int | None
    amount_fen: int
    lapsed_fen: int
    status: str
    pending_id: str | None
    applied_by: str
    applied_at: datetime
    reasons: tuple[str, ...]
    pack_version: str
    settled: bool
    sequence: int

    @property
    def turn(self) -> Key:
        """Its turn in the line: priority first, then place."""
        return (not self.priority, self.place)

    @property
    def accounts(self) -> tuple[str, str]:
        """From the budget, to the enterprise's quota."""
        return ledger.budget(self.programme, self.year), ledger.quota(self.programme, self.year, self.enterprise_id)


def apply(
    *,
    pack: Pack,
    plan: Plan,
    enterprise: Enterprise,
    former: Application | None,
    application_id: str,
    requested_fen: int | None,
    place: int,
    applied_by: str,
    now: datetime,
    today: date,
) -> Application | Refused:
    """A new application at that place, waiting for the line to be served; or the reason why not (第十三、十四、十六条).

    former: the enterprise's application of the same year that is not refused or withdrawn.
    """
    subject = enterprise.enterprise_id
    if enterprise.blacklisted:
        return refuse(pack, "BLACKLISTED", "enterprise_id", "exit.blacklist", subject=subject)
    facts = enterprise.facts(on=today, requested_fen=requested_fen)
    reasons = eligibility(pack=pack, facts=facts, skip=JUDGED_LATER)
    if reasons:
        return first_of(pack, reasons)
    if enterprise.status != "certified":
        path = "reviews.enterprise_certification.0"
        return refuse(pack, "NOT_CERTIFIED", "enterprise_id", path, subject=subject, status=enterprise.status)
    if former is not None:
        found = {"application_id": former.application_id, "status": former.status}
        return refuse(pack, "APPLICATION_EXISTS", "enterprise_id", "issuing.apply", subject=subject, **found)
    entitlement = quota(pack=pack, facts=facts)
    if entitlement.refusals:
        return first_of(pack, entitlement.refusals, field="requested_fen")
    return Application(
        application_id=application_id,
        enterprise_id=subject,
        programme=plan.programme,
        year=plan.year,
        place=place,
        priority=enterprise.priority and bool(pack.eligibility.priority),
        requested_fen=requested_fen,
        amount_fen=0,
        lapsed_fen=0,
        status="waiting",
        pending_id=None,
        applied_by=applied_by,
        applied_at=now,
        reasons=(),
        pack_version=pack.label,
        settled=False,
        sequence=1,
    )


def served(*, line: Iterable[Application], free_fen: int, quota_fen: int) -> Iterator[tuple[Application, int]]:
    """Who of the line is served with how much: each in its turn, until one asks for more than is left."""
    for application in sorted(line, key=lambda one: one.turn):
        wanted_fen = application.requested_fen
        amount_fen = min(quota_fen, free_fen) if wanted_fen is None else wanted_fen
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


def lapse(*, application: Application, unspent_fen: int) -> tuple[Application, tuple[ledger.Move, ...]]:
    """The year is over: what was reserved goes back, what was granted and not spent lapses (第十六条).

    unspent_fen: available in the enterprise's quota; more of it may lapse after a part has. A quota that was all spent
    stays granted, with nothing left to do.
    """
    if application.status not in ("granted", "lapsed"):
        ended = end(application=application, action="lapse")
        assert ended is not None, application.status
        return replace(ended[0], settled=True, lapsed_fen=application.amount_fen), ended[1]
    if not unspent_fen:
        return replace(application, settled=True), ()
    where = application.accounts[1], ledger.lapsed(application.programme, application.year)
    after = replace(
        application,
        status=TRANSITIONS["lapse"][application.status],
        settled=True,
        lapsed_fen=application.lapsed_fen + unspent_fen,
        sequence=application.sequence + 1,
    )
    return after, (ledger.Move("posted", *where, unspent_fen, "quota_lapsed"),)


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
