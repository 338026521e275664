"""The voucher service's own commands. `quote` decides with its domain code and needs neither bus nor database."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import click

from contracts.programmes import Library, PackError
from contracts.programmes.loader import SHIPPED
from services.voucher import books_cli
from services.voucher.cases import CaseReader
from services.voucher.quote import CannotQuote, Header, quote_paths


@click.command()
@click.argument("cases", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV file of results.")
@click.option("--packs", type=click.Path(path_type=Path), help="Folder of further packs and overlays.")
def quote(cases: Path, out: Path, packs: Path | None) -> None:
    """What each row of CASES (CSV, UTF-8) would get, and why.

    The last line says, as JSON, what the run came to. Exit code 2 when the file cannot be read.
    """
    begun = time.monotonic()
    try:
        library = Library(*([SHIPPED] if packs is None else [SHIPPED, packs]))
        reader = CaseReader(library, folder=cases.parent)
        size = cases.stat().st_size
        with click.progressbar(length=size, label="quote", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
            totals = quote_paths(
                cases, out, reader, tell_header=_tell, progress=lambda done: bar.update(done - bar.pos)
            )
            bar.update(size - bar.pos)
    except (CannotQuote, PackError) as error:
        _refuse(f"{cases}: {error}" if isinstance(error, CannotQuote) else str(error))
    except OSError as error:
        _refuse(f"{error.filename or cases}: {error.strerror or error}")
    for overlay, complaint in reader.complaints.items():
        click.echo(f"overlay {overlay}: {complaint}", err=True)
    click.echo(json.dumps({**asdict(totals), "seconds": round(time.monotonic() - begun, 1)}))


def _tell(header: Header) -> None:
    if header.absent:
        click.echo(f"not in the file, read as not given: {', '.join(header.absent)}", err=True)
    if header.unknown:
        click.echo(f"not known, not looked at: {', '.join(header.unknown)}", err=True)


def _refuse(what: str) -> NoReturn:
    click.echo(f"yunquan quote: {' '.join(what.split())}", err=True)
    raise SystemExit(2)


commands: list[click.Command] = [quote, *books_cli.commands]
