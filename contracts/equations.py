"""What the figures of the services must be to each other, in one place: whoever compares them, by these equations.

Figures are those that `totals` of each service gives for one programme and year, in fen or rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.catalogue import SERVICES

Figures = Mapping[str, int]
Totals = Mapping[str, Mapping[str, Any]]  # service → {"figures": …, "rows": …}


@dataclass(frozen=True)
class Check:
    """One equation or bound: what it says in both languages, the two numbers, whether it holds."""

    name: str
    zh: str
    left: int
    relation: str  # "=" or "≤"
    right: int

    @property
    def holds(self) -> bool:
        return self.left == self.right if self.relation == "=" else self.left <= self.right


def checks(totals: Totals) -> list[Check]:
    """All of them, of the answers of all services; a figure that is missing is a KeyError, never a zero."""
    figures = {name: totals[name]["figures"] for name in SERVICES}
    evidence = totals["supervision"].get("rows", {}).get("evidence", {})
    found = [line for service in SERVICES for line in within(service, figures[service])]
    return [*found, *between(figures["voucher"], figures["settlement"]), *in_evidence(figures, evidence)]


def within(service: str, figures: Figures) -> list[Check]:
    """What one service's own figures must be to each other at any moment."""
    return WITHIN[service](figures) if service in WITHIN else []


def _voucher(v: Figures) -> list[Check]:
    money = sum(v[name] for name in SOURCES)
    issued = v["granted_fen"] + v["reserved_fen"]
    there = sum(v[name] for name in ACCOUNTS)
    return [
        Check("the ledger sums to zero", "总账轧平", v["ledger_sum_fen"], "=", 0),
        Check("pending amounts mirror open transfers", "待结与在途一致", v["pending_difference_fen"], "=", 0),
        Check("issued and reserved within the year's money", "发放与预留不超当年资金", issued, "≤", money),
        Check("every fen of the year's money is in one account", "当年资金每一分都在账", there, "=", money),
    ]


def _settlement(s: Figures) -> list[Check]:
    return [
        Check("to be paid within what is allowed", "应付不超核定", s["claimed_fen"], "≤", s["allowed_fen"]),
        Check("paid within approved", "拨付不超批准", s["paid_fen"], "≤", s["approved_fen"]),
    ]


WITHIN = {"voucher": _voucher, "settlement": _settlement}


def between(v: Figures, s: Figures) -> list[Check]:
    """What voucher's and settlement's figures must come to when nothing is on its way between them."""
    gone = v["redeemed_fen"] + s["recalled_fen"]
    return [
        Check(
            "claimed in the order book = held by live claims", "订单占用=在途兑现", v["claimed_fen"], "=", s["held_fen"]
        ),
        Check("allowed by the rules = asked for", "核定额=申请额", v["allowed_fen"], "=", s["allowed_fen"]),
        Check("redeemed in the ledger and claimed back = paid out", "账上兑现+应收回=已拨付", gone, "=", s["paid_fen"]),
        *recovery(v, s),
    ]


def recovery(v: Figures, s: Figures) -> list[Check]:
    """Of `between`, what is about money that is owed back."""
    return [
        Check(en, zh, v[name], "=", s[name])
        for name, en, zh in (
            ("receivable_fen", "still owed back", "应收未收一致"),
            ("recovered_fen", "came back", "已收回一致"),
            ("written_off_fen", "written off", "已核销一致"),
            ("losses_fen", "losses owed", "应赔损失一致"),
        )
    ]


def in_evidence(figures: Mapping[str, Figures], evidence: Mapping[str, int]) -> list[Check]:
    """Everything that was said is sent, and in the log of evidence."""
    found = [Check("no event of the evidence missing", "证据无缺号", figures["supervision"]["stream_gaps"], "=", 0)]
    for service in SERVICES:
        told, unsent = figures[service]["stream_seq"], figures[service]["outbox_unsent"]
        kept = evidence.get(service, 0)
        found.append(Check(f"{service}: published = in evidence", f"{service} 事件均留痕", told, "=", kept))
        found.append(Check(f"{service}: nothing unsent", f"{service} 无待发事件", unsent, "=", 0))
    return found


ACCOUNTS = (
    "budget_free_fen",
    "reserved_fen",
    "quota_available_fen",
    "held_fen",
    "committed_fen",
    "claimed_fen",
    "redeemed_fen",
    "lapsed_fen",
    "carried_out_fen",
    "making_up_fen",
    "receivable_fen",
    "recovered_fen",
    "written_off_fen",
)
# the year's own budget, what an earlier year left over, what a later one made up, what one still has to, what is owed
# for losses
SOURCES = ("budget_fen", "carried_in_fen", "made_up_fen", "deferred_fen", "losses_fen")
