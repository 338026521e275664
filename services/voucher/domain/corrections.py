"""Corrections of the books: a posted entry went to the wrong account, and a new entry takes it on to the right one.

The original stays. One person of finance asks, another confirms; only then does money move.

Only between accounts that no other record mirrors one by one, or the ledger would be right and everything else wrong:

| kind | who mirrors it | a correction |
|---|---|---|
| source, budget | the plan: its budget, its line of applications | none: a plan is made right by a plan |
| quota | applications | none |
| committed, claimed | orders, and settlement's claims | none: an order steps on |
| redeemed | settlement's paid total of the year, over all purses | to another purse: the total stays |
| receivable, recovered, written_off | settlement's receivables, which may still go back a step | none |
| lapsed | the plan, and what was told when its year was closed | none |
| deferred | orders that wait for a later year's money | none |
| carried_out, carried_in, making_up, made_up | the other half, in another year's books | none |
| losses | settlement's receivables for losses | none |
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.places import holds
from services.voucher.domain.law import refuse
from services.voucher.domain.ledger import Move, Transfer

# kind of account → kinds to which what went there by mistake may be taken on
ALLOWED: Mapping[str, frozenset[str]] = {
    "redeemed": frozenset({"redeemed"}),
}
MOVED = ("posted", "post_pending")  # transfers by which money has arrived
DECISIONS: Mapping[str, str] = {"confirm": "confirmed", "refuse": "refused"}  # from `asked`, once
_RULE = "budget"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is asked for: of this transfer, so much, on to that account."""

    correction_id: str
    transfer_id: str
    to_account: str
    amount_fen: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Correction(Draft):
    programme: str
    year: int
    from_account: str
    asked_by: str
    asked_at: datetime
    status: str = "asked"
    decided_by: str | None = None
    decided_at: datetime | None = None

    @property
    def draft(self) -> Draft:
        """What was asked for, to compare with what is asked again."""
        return Draft(**{name: getattr(self, name) for name in Draft.__dataclass_fields__})

    @property
    def sequence(self) -> int:
        return 1 if self.status == "asked" else 2


def place(account: str) -> tuple[str, str, int, str]:
    """Kind, programme, year and the rest of an account's name."""
    kind, programme, year, *rest = account.split(":")
    return kind, programme, int(year), ":".join(rest)


def ask(
    *,
    pack: Pack,
    draft: Draft,
    transfer: Transfer,
    corrected_fen: int,
    regions: Mapping[str, str],
    asked_by: str,
    office: str | None,
    now: datetime,
) -> Correction | Refused:
    """A correction that waits for a second person, or the first reason why not.

    corrected_fen: of the transfer, by corrections that were not refused. regions: of each purse that has a published
    plan in the year. office: the region that the caller's token is for, if it is for one.
    """
    kind, programme, year, purse = place(transfer.credit)
    facts = {"from_account": transfer.credit, "to_account": draft.to_account, "transfer": transfer.kind}
    targets = {_name(to, programme, year, other): other for to in ALLOWED.get(kind, ()) for other in regions}
    to_purse = targets.get(draft.to_account)
    if transfer.kind not in MOVED:
        return refuse(pack, "CORRECTION_NOT_ALLOWED", "transfer_id", _RULE, **facts)
    if to_purse is None or draft.to_account == transfer.credit:
        return refuse(pack, "CORRECTION_NOT_ALLOWED", "to_account", _RULE, **facts)
    concerned = regions.get(purse), regions[to_purse]
    if office is not None and not all(region is not None and holds(office, region) for region in concerned):
        return refuse(pack, "REGION_MISMATCH", "to_account", _RULE, office=office, **facts)
    left_fen = transfer.amount_fen - corrected_fen
    if draft.amount_fen > left_fen:
        return refuse(pack, "CORRECTION_NOT_ALLOWED", "amount_fen", _RULE, left_fen=left_fen, **facts)
    return Correction(
        **vars(draft),
        programme=programme,
        year=year,
        from_account=transfer.credit,
        asked_by=asked_by,
        asked_at=now,
    )


def decide(
    *,
    pack: Pack,
    correction: Correction,
    decision: str,
    available_fen: int,
    decided_by: str,
    now: datetime,
) -> tuple[Correction, tuple[Move, ...]] | Refused:
    """Another person confirms, and the money moves; or refuses. available_fen: in the account that it is to leave."""
    one = correction
    if one.asked_by == decided_by:
        return refuse(pack, "SAME_PERSON", None, _RULE, correction_id=one.correction_id)
    if one.status != "asked":
        return refuse(pack, "WRONG_STATE", "correction_id", _RULE, status=one.status)
    after = replace(one, status=DECISIONS[decision], decided_by=decided_by, decided_at=now)
    if after.status == "refused":
        return after, ()
    if one.amount_fen > available_fen:
        found = {"available_fen": available_fen, "amount_fen": one.amount_fen, "from_account": one.from_account}
        return refuse(pack, "CORRECTION_NOT_ALLOWED", "amount_fen", _RULE, **found)
    return after, (Move("posted", one.from_account, one.to_account, one.amount_fen, "correction"),)


def corrected(corrections: Collection[Correction], transfer_id: str) -> int:
    """Of a transfer, in fen: what corrections have taken on, or wait to."""
    return sum(one.amount_fen for one in corrections if one.transfer_id == transfer_id and one.status != "refused")


def followed(corrections: Iterable[Correction], account: str) -> tuple[str, ...]:
    """The account, and every one to which confirmed corrections have taken money on from it, nearest first; then those
    that share money with these: in all of them together is what was paid from any."""
    onward = [(one.from_account, one.to_account) for one in corrections if one.status == "confirmed"]
    found = [account]
    for moves in (onward, [*onward, *((to, come) for come, to in onward)]):
        for name in found:
            found += dict.fromkeys(to for come, to in moves if come == name and to not in found)
    return tuple(found)


def state(correction: Correction) -> dict[str, Any]:
    """The correction as its events tell of it: without who asked and who decided."""
    names = (*Draft.__dataclass_fields__, "programme", "year", "from_account", "status")
    return {name: getattr(correction, name) for name in names}


def _name(kind: str, programme: str, year: int, purse: str) -> str:
    return f"{kind}:{programme}:{year}:{purse}" if purse else f"{kind}:{programme}:{year}"
