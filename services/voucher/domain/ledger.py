"""Double entry after TigerBeetle, so that every fen is in one account at any moment and no movement is ever edited.

A transfer is immutable. `pending` sets money aside; `post_pending` or `void_pending` refers to it and ends it, once.
An account may not go below zero: what it was credited, less what it was debited, less what is set aside, is what is
available. Only those that stand for money outside the year's books may. Names say whose money it is; the purse is the
region of the plan, and is left out where that is the programme's own:

    source:<programme>:<year>[:<purse>]       where the budget comes from          (minus the budget)
    budget:<programme>:<year>[:<purse>]       what is free
    quota:<programme>:<year>:<enterprise>     what an enterprise may still spend
    committed:<programme>:<year>:<provider>   support of confirmed orders
    claimed:<programme>:<year>:<provider>     support that money is asked for
    redeemed:<programme>:<year>[:<purse>]     paid
    lapsed:<programme>:<year>[:<purse>]       unspent when its year ended, and gone
    carried_out, carried_in                   left over, and carried into a later year; the later year's half of it
    deferred                                  promised beyond the budget           (minus what a later year owes)
    making_up, made_up                        a later year's money for it; the earlier year's half of it
    receivable:<programme>:<year>:<party>     paid, or lost, and owed back
    recovered, written_off                    of that: came back, and went to the treasury; given up
    losses                                    owed back without having been paid of the budget (minus)

Each year's books add up to zero by themselves: what goes from one year to the next is a movement in each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

# minus the budget; the halves of what crosses from one year to another; what is promised beyond the budget
BELOW_ZERO = ("source", "carried_in", "deferred", "made_up", "losses")

Kind: TypeAlias = Literal["posted", "pending", "post_pending", "void_pending"]


class LedgerBroken(AssertionError):
    """A movement that must never be asked for: it would go below zero, or move nothing, or to the same account."""


@dataclass(frozen=True)
class Transfer:
    """One movement of `amount_fen` from `debit` to `credit`, for `subject` (a plan, application or order).

    id: `<subject>.<its version>`, so that one version of one aggregate moves money once, whatever happens.
    pending_id: the pending transfer that a post or void ends. cause: the command's key or the event's id.
    """

    id: str
    kind: Kind
    debit: str
    credit: str
    amount_fen: int
    pending_id: str | None
    subject: str
    cause: str
    reason: str
    at: datetime


@dataclass
class Account:
    """Four counters in fen, each only ever growing, but for what is pending."""

    name: str
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0

    @property
    def balance_fen(self) -> int:
        """What is in the account, with what is set aside in it."""
        return self.credits_posted - self.debits_posted

    @property
    def available_fen(self) -> int:
        """What can still be moved out."""
        return self.credits_posted - self.debits_posted - self.debits_pending


@dataclass(frozen=True)
class Move:
    """What a decision asks of the books; `pending_id` for post and void."""

    kind: Kind
    debit: str
    credit: str
    amount_fen: int
    reason: str
    pending_id: str | None = None


def _of_year(kind: str) -> Callable[[str, int, str], str]:
    def name(programme: str, year: int, purse: str = "") -> str:
        return f"{kind}:{programme}:{year}:{purse}" if purse else f"{kind}:{programme}:{year}"

    return name


source = _of_year("source")
budget = _of_year("budget")
redeemed = _of_year("redeemed")
lapsed = _of_year("lapsed")
carried_out = _of_year("carried_out")
carried_in = _of_year("carried_in")
deferred = _of_year("deferred")
making_up = _of_year("making_up")
made_up = _of_year("made_up")
recovered = _of_year("recovered")
written_off = _of_year("written_off")
losses = _of_year("losses")


def quota(programme: str, year: int, enterprise_id: str) -> str:
    return f"quota:{programme}:{year}:{enterprise_id}"


def committed(programme: str, year: int, provider_id: str) -> str:
    return f"committed:{programme}:{year}:{provider_id}"


def claimed(programme: str, year: int, provider_id: str) -> str:
    return f"claimed:{programme}:{year}:{provider_id}"


def receivable(programme: str, year: int, party_id: str) -> str:
    return f"receivable:{programme}:{year}:{party_id}"


def may_go_below_zero(name: str) -> bool:
    """Only what stands for money outside the year's books."""
    return name.partition(":")[0] in BELOW_ZERO


def transfer_id(subject: str, version: int | str, leg: int = 1) -> str:
    """`leg` tells apart the movements of one version of one subject."""
    return f"{subject}.{version}" if leg == 1 else f"{subject}.{version}.{leg}"


@dataclass
class Books:
    """The accounts of one batch, in memory: each movement is checked and applied here, then all are written at once."""

    at: datetime
    accounts: dict[str, Account] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)

    @classmethod
    def of(cls, accounts: Iterable[Account], *, at: datetime) -> Books:
        return cls(at=at, accounts={account.name: account for account in accounts})

    def account(self, name: str) -> Account:
        """The account of that name; LedgerBroken when it was not loaded (and locked) for this batch."""
        found = self.accounts.get(name)
        if found is None:
            raise LedgerBroken(f"{name} is not in this batch's books")
        return found

    def add(self, accounts: Iterable[Account]) -> None:
        """More accounts, loaded later; those already here keep what this batch did to them."""
        for account in accounts:
            self.accounts.setdefault(account.name, account)

    def available_fen(self, name: str) -> int:
        return self.account(name).available_fen

    def move(self, moves: Iterable[Move], *, subject: str, version: int | str, cause: str) -> None:
        """Apply the moves of one version of one subject; LedgerBroken when one of them cannot be."""
        for leg, move in enumerate(moves, start=1):
            _apply(move, self.account(move.debit), self.account(move.credit))
            self.transfers.append(
                Transfer(
                    id=transfer_id(subject, version, leg),
                    kind=move.kind,
                    debit=move.debit,
                    credit=move.credit,
                    amount_fen=move.amount_fen,
                    pending_id=move.pending_id,
                    subject=subject,
                    cause=cause,
                    reason=move.reason,
                    at=self.at,
                )
            )

    def touched(self) -> list[Account]:
        """Accounts that the transfers moved, by name."""
        names = {name for transfer in self.transfers for name in (transfer.debit, transfer.credit)}
        return [self.accounts[name] for name in sorted(names)]


def _apply(move: Move, debit: Account, credit: Account) -> None:
    amount_fen = move.amount_fen
    if amount_fen <= 0 or debit is credit or (move.pending_id is not None) != move.kind.endswith("_pending"):
        raise LedgerBroken(f"{move.kind} of {amount_fen} fen from {move.debit} to {move.credit}")
    if move.kind in ("posted", "pending"):
        if amount_fen > debit.available_fen and not may_go_below_zero(move.debit):
            raise LedgerBroken(f"{amount_fen} fen are more than {debit.available_fen} in {move.debit}")
    else:
        if amount_fen > debit.debits_pending or amount_fen > credit.credits_pending:
            raise LedgerBroken(f"{amount_fen} fen are not pending from {move.debit} to {move.credit}")
        debit.debits_pending -= amount_fen
        credit.credits_pending -= amount_fen
    if move.kind == "pending":
        debit.debits_pending += amount_fen
        credit.credits_pending += amount_fen
    elif move.kind != "void_pending":
        debit.debits_posted += amount_fen
        credit.credits_posted += amount_fen


def imbalance_fen(accounts: Iterable[Account]) -> int:
    """Sum over all accounts: 0, or the books are broken."""
    return sum(account.balance_fen for account in accounts)


def open_pending(transfers: Iterable[Transfer]) -> Mapping[str, Transfer]:
    """Pending transfers that no post or void has ended, by id."""
    pending: dict[str, Transfer] = {}
    for transfer in transfers:
        if transfer.kind == "pending":
            pending[transfer.id] = transfer
        elif transfer.pending_id is not None:
            del pending[transfer.pending_id]
    return pending
