"""What a bureau would read at the year's end: money, queue, alerts, refusals; and whether every invariant held."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from contracts import equations
from infra import reconcile
from infra.demo.cast import PROGRAMME
from infra.demo.stage import Stage
from infra.demo.story import Story

ACCOUNTS = {
    "budget_free_fen": "预算余额 budget left",
    "reserved_fen": "预留 reserved for applicants",
    "quota_available_fen": "额度未用 quota unspent",
    "held_fen": "订单在途 held by orders",
    "committed_fen": "已确认 confirmed, not claimed",
    "claimed_fen": "兑现在途 claimed, not paid",
    "redeemed_fen": "已拨付 paid",
    "lapsed_fen": "年末作废 lapsed with the year",
    "carried_out_fen": "结转下年 carried into the next year",
    "making_up_fen": "补上年缺口 made up for an earlier year",
}
# what a year has beside its own budget
BESIDE = {
    "carried_in_fen": "上年结转 carried in from an earlier year",
    "made_up_fen": "下年补足 made up by a later year",
    "deferred_fen": "超出预算待补 promised beyond the budget, still owed",
}


def yuan(amount_fen: int) -> str:
    """-1,234.50"""
    whole, part = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole:,}.{part:02d}"


def money(console: Console, totals: dict[str, Any], year: int) -> None:
    """Where the year's money is, and below it what the year has."""
    figures = totals["voucher"]["figures"]
    table = Table("account", "yuan", title=f"资金 Money by account, {year}", title_justify="left")
    for key, name in ACCOUNTS.items():
        table.add_row(name, yuan(figures[key]))
    table.add_section()
    table.add_row("[bold]预算 budget", f"[bold]{yuan(figures['budget_fen'])}")
    for key, name in BESIDE.items():
        table.add_row(name, yuan(figures[key]))
    table.columns[1].justify = "right"
    console.print(table)


def orders(console: Console, stage: Stage, programme: str, cities: Mapping[str, str]) -> None:
    """By city and by category (or track): orders, their price, the support in them, as the order book has them.

    cities: enterprise id → the name of its city.
    """
    rows = stage.all_of("voucher", "list_orders", role="operator", programme=programme)
    by_city: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    by_category: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        for sums in (by_city[cities.get(row["enterprise_id"], "")], by_category[row["track"] or row["category"]]):
            sums[0] += 1
            sums[1] += row["price_fen"]
            sums[2] += row["voucher_fen"]
            sums[3] += row["voucher_fen"] if row["status"] == "redeemed" else 0
    for title, sums_by in (("地区 By city", by_city), ("类别 By category or track", by_category)):
        table = Table("", "orders", "price, yuan", "vouchers, yuan", "paid, yuan", title=title, title_justify="left")
        for name, (count, price, voucher, paid) in sorted(sums_by.items(), key=lambda item: -item[1][2]):
            table.add_row(name, str(count), yuan(price), yuan(voucher), yuan(paid))
        for column in table.columns[1:]:
            column.justify = "right"
        console.print(table)


def claims(console: Console, stage: Stage, programme: str) -> None:
    """How many stand in which state, and for how much."""
    by_status: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for claim in stage.all_of("settlement", "list_claims", role="operator", programme=programme):
        sums = by_status[claim["status"]]
        sums[0] += 1
        sums[1] += claim["claimed_fen"]
        sums[2] += claim["payable_fen"]
    table = Table("claims", "count", "claimed, yuan", "to be paid, yuan", title="兑现 Claims", title_justify="left")
    for status, (count, claimed, payable) in sorted(by_status.items()):
        table.add_row(status, str(count), yuan(claimed), yuan(payable))
    for column in table.columns[1:]:
        column.justify = "right"
    console.print(table)


def queue(console: Console, totals: dict[str, Any]) -> None:
    counts = totals["voucher"]["rows"]["applications"]
    if not counts:
        return
    table = Table("application", "count", title="申领队列 The queue for quota", title_justify="left")
    for status, count in sorted(counts.items()):
        table.add_row(status, str(count))
    console.print(table)


def alerts(console: Console, story: Story) -> int:
    """Every alert with its reason; how many there are."""
    found = story.stage.all_of("supervision", "list_alerts", role="supervisor", programme=PROGRAMME)
    table = Table("alert", "severity", "state", "why", title="预警 Alerts", title_justify="left")
    for alert in found[:20]:
        table.add_row(alert["alert"], alert["severity"], alert["status"], sentence(alert["evidence"]))
    console.print(table)
    if len(found) > 20:
        console.print(f"… and {len(found) - 20} more (yunquan alerts list)")
    return len(found)


def missed_plants(story: Story) -> list[str]:
    """Planted misconduct that got through: a shell's claim unaccused or paid, a tie not refused."""
    alerts = story.stage.all_of("supervision", "list_alerts", role="supervisor", programme=PROGRAMME)
    affiliated = [alert for alert in alerts if alert["alert"] == "AFFILIATED_PARTIES"]
    accused = {claim_id for alert in affiliated for claim_id in alert["claim_ids"]}
    claims = story.stage.all_of("settlement", "list_claims", role="operator", programme=PROGRAMME)
    shells, crook = {shell.id for shell in story.shells}, story.crooked.id if story.crooked else ""
    planted = [c for c in claims if c["enterprise_id"] in shells and c["provider_id"] == crook]
    missed = [
        f"{c['claim_id']} {c['status']}" for c in planted if c["claim_id"] not in accused or c["status"] == "paid"
    ]
    if not planted:
        missed.append("no planted claim came to be filed")
    if not any(code == "AFFILIATED_WITH_PROVIDER" for code, _article in story.stage.refusals):
        missed.append("the tied enterprise was not refused")
    return missed


def sentence(evidence: dict[str, Any]) -> str:
    """The one sentence a supervisor reads first."""
    said = evidence.get("sentence") or evidence.get("zh") or evidence.get("explanation")
    return str(said.get("zh") if isinstance(said, dict) else said)


def refusals(console: Console, stage: Stage) -> None:
    table = Table("code", "article", "times", title="不予办理 Refused, and by which article", title_justify="left")
    for (code, article), count in stage.refusals.most_common():
        table.add_row(code, article or "—", str(count))
    console.print(table)


def invariants(
    console: Console, stage: Stage, programme: str, year: int
) -> tuple[dict[str, Any], list[equations.Check]]:
    """The figures of all services and the checks over them; an hour passes, in which the services tell their books, and
    supervision has found no difference by itself."""
    stage.move_to(stage.simulation.now() + timedelta(hours=1))
    client = stage.deployment.client("auditor", subject="auditor-1")
    try:
        totals = dict(reconcile.settled(client, programme, year))
        raised = reconcile.standing(client, programme)
    finally:
        client.close()
    for alert in raised:
        console.print("\n".join(reconcile.lines_of(alert)), highlight=False)
    by_itself = equations.Check("no difference found by supervision", "自动对账无差异", len(raised), "=", 0)
    found = [*equations.checks(totals), by_itself]
    console.print(f"\n[bold]对账 Reconciliation across services, {year}[/bold]")
    for line in reconcile.report(found):
        console.print(line, highlight=False)
    return totals, found


def verify_evidence(stage: Stage) -> bool:
    """The chain is recomputed by the program an auditor would use."""
    folder = stage.deployment.folder
    (folder / "keys" / "auditor.token").write_text(stage.token("auditor"))
    env = {**stage.deployment.env("supervision"), "YUNQUAN_TOKEN_FILE": str(folder / "keys" / "auditor.token")}
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "evidence", "verify"], env=env, capture_output=True, text=True, check=False
    )
    stage.console.print(f"evidence: {(done.stdout or done.stderr).strip().splitlines()[-1]}")
    return done.returncode == 0
