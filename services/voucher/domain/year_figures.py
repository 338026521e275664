"""A purse's year from its entries alone: what there was, where it is, and what each level bears of it.

Accounts of a plan name its purse; those of a party (`PARTYS`) do not, and several purses may pay into one. An entry in
such an account belongs to the purse that others of its subject name, or to the one that the party's quota came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from contracts.money import apportion
from services.voucher.domain.ledger import Account, Transfer
from services.voucher.domain.plans import LEVELS

PARTYS = ("quota", "committed", "claimed", "receivable")  # accounts named after a party, not after a purse
# minus the balance of these is what the year has; the balance of all others is where it is
SOURCES: Mapping[str, str] = {"source": "budget_fen"} | {
    kind: f"{kind}_fen" for kind in ("carried_in", "made_up", "deferred", "losses")
}
PLACES = (
    "committed", "claimed", "redeemed", "receivable", "recovered", "written_off", "lapsed", "carried_out", "making_up",
)  # fmt: skip
OTHERS = "other_purses"  # the other leg of a correction, in the trial balance
GIVES, TAKES = ("budget", "deferred"), ("quota", "committed")  # money that goes from the first to the second is issued
BORNE = ("redeemed", "receivable", "recovered", "written_off", "lapsed", "carried_out")  # by levels, as their funds


@dataclass
class Flow:
    """What went from one kind of account to another: entries, posted and still pending fen."""

    count: int = 0
    posted_fen: int = 0
    pending_fen: int = 0


@dataclass
class PurseYear:
    """The counters of one purse's year, by kind of account and by kinds that money went between."""

    purse: str
    quotas: Mapping[str, str]
    kinds: dict[str, Account] = field(default_factory=dict)
    flows: dict[tuple[str, str], Flow] = field(default_factory=dict)
    corrected_in_fen: int = 0
    corrected_out_fen: int = 0

    def take(self, group: Sequence[Transfer]) -> bool:
        """Count the entries of one subject; False when none of them is this purse's."""
        named = [(self._purse(entry.debit), self._purse(entry.credit)) for entry in group]
        home = next((purse for both in named for purse in both if purse is not None), "")
        mine = False
        for entry, both in zip(group, named, strict=True):
            purses = [home if purse is None else purse for purse in both]
            if self.purse in purses:
                mine = True
                self._count(entry, *(purse == self.purse for purse in purses))
        return mine

    def _purse(self, account: str) -> str | None:
        kind, _, rest = account.partition(":")
        if kind in PARTYS:
            return self.quotas.get(account)
        return rest.split(":", 2)[2] if rest.count(":") > 1 else ""

    def _count(self, entry: Transfer, debit_mine: bool, credit_mine: bool) -> None:
        kinds = entry.debit.partition(":")[0], entry.credit.partition(":")[0]
        flow = self.flows.setdefault(kinds, Flow())
        flow.count += 1
        posted_fen = entry.amount_fen if entry.kind in ("posted", "post_pending") else 0
        pending_fen = entry.amount_fen * {"pending": 1, "posted": 0}.get(entry.kind, -1)
        flow.posted_fen += posted_fen
        flow.pending_fen += pending_fen
        if debit_mine:
            account = self.kinds.setdefault(kinds[0], Account(kinds[0]))
            account.debits_posted += posted_fen
            account.debits_pending += pending_fen
        if credit_mine:
            account = self.kinds.setdefault(kinds[1], Account(kinds[1]))
            account.credits_posted += posted_fen
            account.credits_pending += pending_fen
        if not debit_mine:
            self.corrected_in_fen += posted_fen
        if not credit_mine:
            self.corrected_out_fen += posted_fen

    # --- what it comes to

    def balance_fen(self, kind: str) -> int:
        return self.kinds[kind].balance_fen if kind in self.kinds else 0

    def figures(self) -> dict[str, int]:
        """Every figure in fen; what there was and what came by corrections is what there is and what went by them."""
        held = {kind: self._pending(kind, "committed") for kind in ("budget", "quota", "deferred")}
        reserved_fen = self._pending("budget", "quota")
        issued = (flow.posted_fen for (debit, credit), flow in self.flows.items() if debit in GIVES and credit in TAKES)
        return {
            **{name: -self.balance_fen(kind) for kind, name in SOURCES.items()},
            "issued_fen": sum(issued),
            "budget_free_fen": self.balance_fen("budget") - reserved_fen - held["budget"],
            "reserved_fen": reserved_fen,
            "quota_available_fen": self.balance_fen("quota") - held["quota"],
            "held_fen": held["budget"] + held["quota"],
            "held_deferred_fen": held["deferred"],
            **{f"{kind}_fen": self.balance_fen(kind) for kind in PLACES},
            "corrected_in_fen": self.corrected_in_fen,
            "corrected_out_fen": self.corrected_out_fen,
        }

    def sum_fen(self) -> int:
        """Over all accounts, without what went to other purses and came from them: 0, or the books are broken."""
        whole = sum(account.balance_fen for account in self.kinds.values())
        return whole - self.corrected_in_fen + self.corrected_out_fen

    def trial_balance(self) -> list[dict[str, Any]]:
        """Every kind of account; what went to other purses and came from them is a line, so that debits are credits."""
        between = Account(OTHERS, debits_posted=self.corrected_in_fen, credits_posted=self.corrected_out_fen)
        moved = bool(self.corrected_in_fen or self.corrected_out_fen)
        return [
            {
                "kind": kind,
                "debits_posted_fen": account.debits_posted,
                "credits_posted_fen": account.credits_posted,
                "debits_pending_fen": account.debits_pending,
                "credits_pending_fen": account.credits_pending,
                "balance_fen": account.balance_fen,
            }
            for kind, account in [*sorted(self.kinds.items()), *([(OTHERS, between)] if moved else [])]
        ]

    def movements(self) -> list[dict[str, Any]]:
        return [
            {"debit": debit, "credit": credit, **vars(flow)} for (debit, credit), flow in sorted(self.flows.items())
        ]

    def _pending(self, debit: str, credit: str) -> int:
        return self.flows.get((debit, credit), Flow()).pending_fen


def by_level(
    *, funds: Iterable[Mapping[str, Any]], region: str, budget_fen: int, figures: Mapping[str, int]
) -> list[dict[str, Any]]:
    """What each level put in and what it bears: in proportion to the funds, to the fen, by the largest remainders.

    Province, city, county; of equal remainders the earlier gets the fen. A plan without funds is all of its region's.
    """
    parts = dict.fromkeys(LEVELS.values(), 0)
    for fund in funds or ({"level": LEVELS[len(region)], "amount_fen": budget_fen},):
        parts[fund["level"]] += fund["amount_fen"]
    levels = [level for level, part in parts.items() if part]
    weights = [Fraction(parts[level]) for level in levels]
    shares = {f"{kind}_fen": apportion(figures[f"{kind}_fen"], weights) for kind in BORNE}
    return [
        {"level": level, "budget_fen": parts[level], **{name: share[at] for name, share in shares.items()}}
        for at, level in enumerate(levels)
    ]
