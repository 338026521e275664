"""Do the five services tell the same story about the money? Asked of each, at any moment, by RPC."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from contracts.catalogue import SERVICES
from contracts.client import CallError, Client
from infra.packs import PROGRAMME

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


def settled(client: Client, programme: str, year: int, *, attempts: int = 20) -> dict[str, Mapping[str, Any]]:
    """Totals read until they agree, or stand still, or `attempts` times.

    Services are asked one after the other: what is on its way between two is in one reading and not in the other.
    """
    totals = ask(client, programme, year)
    for _ in range(attempts):
        if all(check.holds for check in checks(totals)):
            break
        time.sleep(0.5)
        before, totals = totals, ask(client, programme, year)
        if before == totals:
            break
    return totals


def ask(client: Client, programme: str, year: int) -> dict[str, Mapping[str, Any]]:
    """Each service's totals for one programme and year; raises CallError when a service gives no answer."""
    return {s: client.call(s, "totals", programme=programme, year=year) for s in SERVICES}


def checks(totals: Totals) -> list[Check]:
    """Every equation between the services, in fen or rows; a figure that is missing is a KeyError, never a zero."""
    v, s, e = (totals[name]["figures"] for name in ("voucher", "settlement", "supervision"))
    evidence = totals["supervision"].get("rows", {}).get("evidence", {})
    issued = v["granted_fen"] + v["reserved_fen"]
    money = sum(v[name] for name in SOURCES)
    found = [
        Check("the ledger sums to zero", "总账轧平", v["ledger_sum_fen"], "=", 0),
        Check("pending amounts mirror open transfers", "待结与在途一致", v["pending_difference_fen"], "=", 0),
        Check("issued and reserved within the year's money", "发放与预留不超当年资金", issued, "≤", money),
        Check(
            "every fen of the year's money is in one account",
            "当年资金每一分都在账",
            sum(v[k] for k in ACCOUNTS),
            "=",
            money,
        ),
        Check(
            "claimed in the order book = held by live claims", "订单占用=在途兑现", v["claimed_fen"], "=", s["held_fen"]
        ),
        Check("allowed by the rules = asked for", "核定额=申请额", v["allowed_fen"], "=", s["allowed_fen"]),
        Check("to be paid within what is allowed", "应付不超核定", s["claimed_fen"], "≤", s["allowed_fen"]),
        Check(
            "redeemed in the ledger and claimed back = paid out",
            "账上兑现+应收回=已拨付",
            v["redeemed_fen"] + s["recalled_fen"],
            "=",
            s["paid_fen"],
        ),
        Check("still owed back", "应收未收一致", v["receivable_fen"], "=", s["receivable_fen"]),
        Check("came back", "已收回一致", v["recovered_fen"], "=", s["recovered_fen"]),
        Check("written off", "已核销一致", v["written_off_fen"], "=", s["written_off_fen"]),
        Check("losses owed", "应赔损失一致", v["losses_fen"], "=", s["losses_fen"]),
        Check("paid within approved", "拨付不超批准", s["paid_fen"], "≤", s["approved_fen"]),
        Check("no event of the evidence missing", "证据无缺号", e["stream_gaps"], "=", 0),
    ]
    for service in SERVICES:
        published = totals[service]["figures"]["stream_seq"]
        found.append(
            Check(
                f"{service}: published = in evidence", f"{service} 事件均留痕", published, "=", evidence.get(service, 0)
            )
        )
        found.append(
            Check(
                f"{service}: nothing unsent",
                f"{service} 无待发事件",
                totals[service]["figures"]["outbox_unsent"],
                "=",
                0,
            )
        )
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


def report(found: list[Check]) -> list[str]:
    """A line a check, differences first."""
    width = max(len(check.name) for check in found)
    ordered = sorted(found, key=lambda check: check.holds)
    return [
        f"{'ok  ' if c.holds else 'DIFF'} {c.name:<{width}}  {c.left:>16,} {c.relation} {c.right:>16,}  {c.zh}"
        for c in ordered
    ]


@click.command("reconcile")
@click.option("--programme", default=PROGRAMME, show_default=True)
@click.option("--year", type=int, required=True)
@click.option("--folder", default=".yunquan", show_default=True, type=click.Path())
def reconcile(programme: str, year: int, folder: str) -> None:
    """Compare the figures of all services; exit 1 when any differs, 2 when one of them gives none."""
    from infra.local.connect import connect

    with connect(folder, role="auditor") as client:
        try:
            found = checks(settled(client, programme, year))
        except CallError as error:
            click.echo(str(error), err=True)
            raise SystemExit(2) from error
    for line in report(found):
        click.echo(line)
    if not all(check.holds for check in found):
        raise SystemExit(1)


commands = [reconcile]
