"""`yunquan demo`: a year of a programme told step by step, then the report; exit 0 only when every invariant held."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from contracts.programmes import Library, Pack, PackError
from contracts.programmes.loader import SHIPPED
from infra import packs
from infra.clock import SHANGHAI
from infra.demo import guizhou, report
from infra.demo.cast import PROGRAMME
from infra.demo.payout import Payout
from infra.demo.stage import Stage
from infra.demo.year import Year
from infra.local.deployment import Deployment, Options
from infra.local.guard import LocalServerError, exit_on_signals

SIZES = {PROGRAMME: 300}
SIZE = 60


@click.command()
@click.option(
    "--enterprises",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"A business register, of {PROGRAMME}.",
)
@click.option("--programme", default=PROGRAMME, show_default=True, help="Code of a pack.")
@click.option(
    "--packs", "folder_of_packs", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Further packs."
)
@click.option(
    "--overlay", help="Code of the overlay that fills what the pack delegates (default: an invented example)."
)
@click.option("--size", type=click.IntRange(30, 5000), help=f"Enterprises (default: {SIZE}; {PROGRAMME}: 300).")
@click.option("--seed", type=int, default=2019, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Keep databases and logs there (default: a scratch folder)."
)
def demo(
    enterprises: Path | None,
    programme: str,
    folder_of_packs: Path | None,
    overlay: str | None,
    size: int | None,
    seed: int,
    database: str,
    folder: Path | None,
) -> None:
    """One year of a programme through all five services on a simulated clock."""
    exit_on_signals()
    console = Console(width=118, highlight=False)
    library = _library(folder_of_packs, programme)
    year = guizhou.YEAR if programme == PROGRAMME else library.versions(programme)[0].period.first.year + 1
    overlay = overlay or _example(library, programme)
    env = {packs.OVERLAYS: overlay or ""} | ({packs.FOLDER: str(folder_of_packs)} if folder_of_packs else {})
    starts = datetime(year, 1, 2, 9, tzinfo=SHANGHAI).astimezone(UTC)
    scratch = tempfile.TemporaryDirectory(prefix="yunquan-demo-", ignore_cleanup_errors=True)
    with scratch as name:
        options = Options(database=database, throwaway=folder is None, starts_at=starts, env=env)
        try:
            with Deployment(folder or Path(name), options) as deployment, Stage(deployment, console, seed) as stage:
                if programme == PROGRAMME:
                    last, sound = guizhou.tell(stage, enterprises, size or SIZES[PROGRAMME], seed)
                else:
                    pack = library.load(programme, on=starts.date(), overlay=overlay)
                    last, sound = tell(stage, pack, year, size or SIZE)
        except LocalServerError as error:
            raise click.ClickException(str(error)) from error
    console.print(last, soft_wrap=True)
    raise SystemExit(0 if sound else 1)


def tell(stage: Stage, pack: Pack, number: int, size: int) -> tuple[str, bool]:
    """The year as the pack has it; its last line, and whether every invariant held."""
    console, started = stage.console, time.monotonic()
    console.print(f"[bold]云券 Yunquan — a year of {pack.label}, {number}, simulated clock[/bold]")
    console.print("Simulated: the clock, every party, every action of a party or official, and the bank.")
    if pack.invented:
        console.print("[bold]The amounts are those of an invented example: nobody issued these rules.[/bold]")
    year = Year(stage, pack, number, size)
    _open(year)
    payout = Payout(year)
    _pay(payout)
    return _report(payout, time.monotonic() - started)


def _open(year: Year) -> None:
    year.admit_providers()
    year.register_enterprises()
    year.publish_products()
    year.publish_plan(year.year, year.budget_fen())
    year.stage.move_to(year.at(1, 10))
    year.apply()
    year.file()
    year.stage.move_to(year.at(3, 20))
    year.place_orders()
    year.confirm()
    year.stage.move_to(year.at(6, 20))
    year.record_usage()


def _pay(payout: Payout) -> None:
    year = payout.year
    payout.announce_node()
    payout.file_claims()
    year.stage.move_to(year.at(6, 30, 19))
    payout.resolve_alerts()
    payout.review()
    payout.publish()
    year.stage.move_to(year.at(8, 1))
    payout.pay()
    payout.assess_regions()
    payout.close()
    payout.go_on()


def _report(payout: Payout, seconds: float) -> tuple[str, bool]:
    year, stage, console, code = payout.year, payout.stage, payout.stage.console, payout.pack.code
    cities = {party.id: party.region[:4] for party in year.enterprises}
    report.orders(console, stage, code, cities)
    report.claims(console, stage, code)
    report.refusals(console, stage)
    imbalance, whole = 0, True
    for number in (year.year, year.year + 1) if year.goes_on else (year.year,):
        totals, checks = report.invariants(console, stage, code, number)
        report.money(console, totals, number)
        report.queue(console, totals)
        imbalance += abs(totals["voucher"]["figures"]["ledger_sum_fen"])
        whole = whole and all(check.holds for check in checks)
    evidence = report.verify_evidence(stage)
    told, owed_fen = payout.told(), year.owed_fen()
    sound = whole and evidence and told["paid"] > 0 and imbalance == 0 and owed_fen == 0
    console.print(f"{stage.calls:,} calls, {seconds:.0f} s")
    line = (
        f"DEMO {'OK' if sound else 'BROKEN'}: {year.pack.label}, {year.size} enterprises, {len(year.orders)} orders, "
        f"{told['paid']} of {told['claims']} claims paid, {told['paid_fen'] / 100:,.2f} yuan, "
        f"owed {owed_fen} fen, imbalance {imbalance} fen"
    )
    return line, sound


def _library(folder: Path | None, programme: str) -> Library:
    try:
        library = Library(*([SHIPPED] if folder is None else [SHIPPED, folder]))
    except PackError as error:
        raise click.ClickException(str(error)) from error
    if programme not in library.codes():
        raise click.BadParameter(f"known: {', '.join(library.codes())}", param_hint="--programme")
    return library


def _example(library: Library, programme: str) -> str | None:
    """The invented overlay that comes with a programme whose amounts are delegated."""
    fitting = [header.code for header in library.overlays() if header.fills == programme and header.invented]
    return fitting[0] if fitting else None


commands = [demo]
