"""Guizhou's year, told at length: a real register, honest parties and planted misconduct."""

from __future__ import annotations

import time
from pathlib import Path

from infra.demo import report, sample
from infra.demo.cast import CITIES, PROGRAMME, YEAR
from infra.demo.money import Money
from infra.demo.stage import Stage
from infra.demo.story import Story, at

SAMPLE_ROWS = 2_000


def tell(stage: Stage, register: Path | None, size: int, seed: int) -> tuple[str, bool]:
    """The story; its last line, and whether every invariant held."""
    console, started = stage.console, time.monotonic()
    console.print(f"[bold]云券 Yunquan — a year of {PROGRAMME}, {YEAR}, simulated clock[/bold]")
    console.print(
        "Simulated: the clock, every action of a party or official, and the bank. "
        + ("Enterprises are from the register given; " if register else "Enterprises are generated; ")
        + "providers, products and all misconduct are generated."
    )
    if register is None:
        register = stage.deployment.folder / "sample-register.csv"
        sample.write(register, SAMPLE_ROWS, seed)
    story = Story(stage, size)
    money = Money(story)
    _open_the_year(story, money, register)
    _spend_and_claim(story, money)
    money.close_year()
    stage.quiet()
    return _report(story, time.monotonic() - started)


def _open_the_year(story: Story, money: Money, register: Path) -> None:
    story.import_register(register)
    counts = story.imported
    story.stage.console.print(
        f"   register: {counts['rows']:,} rows, {counts['accepted']:,} accepted, {counts['rejected']:,} rejected "
        f"{counts['by_reason']}"
    )
    story.choose_enterprises()
    story.admit_providers()
    story.certify_enterprises()
    story.publish_products()
    story.publish_plan()
    money.announce_nodes()
    story.stage.move_to(at(1, 10))
    story.apply()


def _spend_and_claim(story: Story, money: Money) -> None:
    for month, share in ((2, 0.5), (4, 0.45)):
        story.stage.move_to(at(month, 20))
        story.confirm(story.place_orders(share))
    story.stage.move_to(at(6, 20))
    money.file_claims(0.6)
    story.stage.move_to(at(6, 30, 19))
    money.resolve_alerts()
    money.review()
    story.stage.move_to(at(7, 15))
    money.pay()
    money.force_out()
    money.give_notice()
    story.stage.move_to(at(9, 10))
    story.confirm(story.place_orders(0.4))
    story.stage.move_to(at(12, 5))
    money.file_claims(0.85)
    story.stage.move_to(at(12, 10, 19))
    money.resolve_alerts()
    money.review()
    story.stage.move_to(at(12, 25))
    money.pay()


def _report(story: Story, seconds: float) -> tuple[str, bool]:
    console = story.stage.console
    totals, checks = report.invariants(console, story.stage, PROGRAMME, YEAR)
    report.money(console, totals, YEAR)
    cities = {one.id: CITIES.get(one.region[:4], one.region[:4]) for one in story.enterprises}
    report.orders(console, story.stage, PROGRAMME, cities)
    report.claims(console, story.stage, PROGRAMME)
    report.queue(console, totals)
    alerts = report.alerts(console, story)
    report.refusals(console, story.stage)
    evidence = report.verify_evidence(story.stage)
    imbalance = totals["voucher"]["figures"]["ledger_sum_fen"]
    enterprises = totals["registry"]["figures"]["enterprises"]
    orders = sum(totals["voucher"]["rows"]["orders"].values())
    paid = totals["settlement"]["rows"]["claims"].get("paid", 0)
    missed = report.missed_plants(story)
    if missed:
        console.print(f"[bold red]planted and not stopped: {', '.join(missed)}")
    sound = all(check.holds for check in checks) and evidence and paid > 0 and imbalance == 0 and not missed
    console.print(f"{story.stage.calls:,} calls, {seconds:.0f} s")
    word = "OK" if sound else "BROKEN"
    return (
        f"DEMO {word}: {enterprises} enterprises, {orders} orders, {paid} claims paid, {alerts} alerts, "
        f"imbalance {imbalance} fen",
        sound,
    )
