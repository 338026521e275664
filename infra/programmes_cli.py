"""`yunquan programmes`: what the packs say, whether a new one is sound, and what changes between two."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from contracts.programmes import Library, Pack, PackError, UnknownPack
from contracts.programmes.loader import SHIPPED, check, load_file
from contracts.programmes.show import diff, page
from infra.clock import SystemClock, local_date

_packs = click.option(
    "--packs", type=click.Path(path_type=Path, file_okay=False), help="Folder of further packs and overlays."
)


@click.group()
def programmes() -> None:
    """The programmes as data: list, show, check, compare."""


@programmes.command("list")
@_packs
def list_packs(packs: Path | None) -> None:
    """Every version of every programme, and every overlay."""
    library, today = _library(packs), local_date(SystemClock().now())
    for code in library.codes():
        deciding = library.load(code, on=today)
        for pack in library.versions(code):
            notes = [f"decides from {pack.effective_from}"]
            if pack is deciding and pack.effective_from <= today:
                notes.append("in force today" if pack.period.contains(today) else "period over")
            if pack.amount is None:
                notes.append("amount delegated")
            period = f"{pack.period.first} to {pack.period.last or '-'}"
            click.echo(f"{pack.label}  {period}  {pack.title.zh} / {pack.title.en}; {'; '.join(notes)}")
    for header in library.overlays():
        note = "; invented" if header.invented else ""
        label = f"{header.code}@{header.version}"
        click.echo(f"overlay {label} for {header.fills}, from {header.effective_from}  {header.title.zh}{note}")


@programmes.command()
@click.argument("pack")
@click.option("--overlay", help="Code or file of an overlay.")
@click.option("--language", type=click.Choice(["zh", "en", "both"]), default="both", show_default=True)
@_packs
def show(pack: str, overlay: str | None, language: str, packs: Path | None) -> None:
    """PACK (a code, code@version, or a file) as a page to read and sign."""
    found = _find(_library(packs), pack, overlay)
    if language != "en":
        click.echo(page(found, "zh"))
    if language != "zh":
        click.echo(page(found, "en"))


@programmes.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@_packs
def check_files(files: tuple[Path, ...], packs: Path | None) -> None:
    """Name file, key and fault of everything that is wrong in FILES; exit code 1 when there is anything."""
    library = _library(packs)
    problems = [problem for file in files for problem in check(file, library=library)]
    for problem in problems:
        click.echo(str(problem))
    if problems:
        raise SystemExit(1)
    click.echo(f"{len(files)} checked, nothing wrong")


@programmes.command("diff")
@click.argument("one")
@click.argument("other")
@_packs
def diff_packs(one: str, other: str, packs: Path | None) -> None:
    """What differs from ONE to OTHER (codes, code@version, or files); exit code 1 when anything does."""
    library = _library(packs)
    lines = diff(_find(library, one, None), _find(library, other, None))
    for line in lines:
        click.echo(line)
    if lines:
        raise SystemExit(1)


def _library(folder: Path | None) -> Library:
    try:
        return Library(*([SHIPPED] if folder is None else [SHIPPED, folder]))
    except PackError as error:
        _fail(str(error))


def _find(library: Library, name: str, overlay: str | None) -> Pack:
    try:
        if name.endswith(".toml"):
            return load_file(Path(name))
        return library.version(name) if "@" in name else library.load(name, overlay=overlay)
    except PackError as error:
        _fail(str(error))
    except UnknownPack as error:
        _fail(f"there is no pack or overlay {error}; known: {', '.join(library.codes())}")


def _fail(what: str) -> NoReturn:
    click.echo(f"yunquan programmes: {what}", err=True)
    raise SystemExit(2)


commands: list[click.Command] = [programmes]
