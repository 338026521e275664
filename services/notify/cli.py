"""notify's own commands: the public board as files, and the process that sends mail."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from contracts.client import CallError, Client
from contracts.programmes import Pack, PackError, UnknownPack
from contracts.rpc.notify import SECTIONS
from infra.clock import make_clock
from infra.local.connect import connect
from infra.local.deployment import read_state
from infra.local.guard import LocalServerError
from infra.packs import PROGRAMME, library
from services.notify.pages import Section, contents, pages, style
from services.notify.speech import Speaker

PAGE = 500


@click.command()
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the pages.")
@click.option("--programme", default=PROGRAMME, show_default=True, help="Code of the programme.")
@click.option("--all", "every", is_flag=True, help="The boards of all programmes, a folder each, and a page to them.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".yunquan"), help="Where `yunquan up` runs.")
def board(out: Path, programme: str, every: bool, folder: Path) -> None:
    """Write the public boards of a running deployment as static pages (HTML and JSON).

    The last line says, as JSON, how many entries each section has. Exit code 2 when nothing can be written.
    """
    try:
        packs = [library().load(code) for code in (library().codes() if every else [programme])]
        with connect(folder, role="auditor", subject="cli:board") as client:
            boards = {pack.code: read_board(client, pack) for pack in packs}
        at = _now(folder)
        for pack in packs:
            files = pages(programme=pack.code, programme_title=pack.title.zh, sections=boards[pack.code], at=at)
            write(out / pack.code if every else out, files)
        if every:
            write(out, {"index.html": contents([(pack.code, pack.title.zh) for pack in packs], at), **style()})
    except UnknownPack:
        _refuse("board", f"there is no programme {programme}")
    except (LocalServerError, PackError) as error:
        _refuse("board", str(error))
    except CallError as error:
        _refuse("board", f"{error.code}: {error.message}")
    except OSError as error:
        _refuse("board", f"{error.filename or out}: {error.strerror or error}")
    told = {code: _counts(sections) for code, sections in boards.items()}
    what = {"boards": told} if every else told[programme]
    click.echo(json.dumps({"out": str(out), **what}, ensure_ascii=False))


def _counts(sections: Sequence[Section]) -> dict[str, Any]:
    return {
        "sections": {section.section: len(section.items) for section in sections if section.published},
        "not_published": [section.section for section in sections if not section.published],
    }


def read_board(client: Client, pack: Pack) -> list[Section]:
    """All sections of a programme's board, all pages of each."""
    return [_read_section(client, pack, name) for name in SECTIONS]


def _read_section(client: Client, pack: Pack, name: str) -> Section:
    first: Mapping[str, Any] | None = None
    items: list[Mapping[str, Any]] = []
    for page in _read_pages(client, pack.code, name):
        first = first or page
        items.extend(page["items"])
    assert first is not None, "there is always a first page"
    said = {key: first[key] for key in ("title", "published", "asked", "article", "rules")}
    return Section(section=name, **said, items=items, voucher=Speaker("zh", pack).voucher)


def _read_pages(client: Client, programme: str, name: str) -> Iterator[Mapping[str, Any]]:
    after: str | None = None
    while True:
        page = client.call("notify", "board", programme=programme, section=name, limit=PAGE, after=after)
        yield page
        after = page["next"]
        if after is None:
            return


def write(out: Path, files: Mapping[str, str]) -> None:
    """Each file beside its place first and then put there, so that a reader never meets half a page."""
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=out, prefix=f".{name}-", delete=False) as file:
            file.write(content)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(out / name)


def _now(folder: Path) -> datetime:
    """The moment the pages bear: by the environment's clock, else by that of the deployment in `folder`."""
    setting = os.environ.get("YUNQUAN_CLOCK")
    if setting is None:
        try:
            clock = read_state(folder)["clock"]
        except LocalServerError:  # a deployment elsewhere, reached by the environment's settings
            clock = "system"
        setting = clock if clock == "system" else f"simulated:{clock}"
    return make_clock(setting).now()


@click.command("notify-sender")
@click.option("--once", is_flag=True, help="End when nothing is due any more.")
def notify_sender(once: bool) -> None:
    """Mail the notices that wait, until SIGTERM: needs YUNQUAN_SMTP_URL and the settings of the notify service.

    YUNQUAN_SMTP_URL is smtp://user:password@host:587?from=notice@example.cn&tls=starttls (or smtps://…).
    """
    from infra import log, metrics, settings
    from infra.calls import CallFailed
    from services.notify.sender import run

    url = os.environ.get("YUNQUAN_SMTP_URL")
    if not url:
        _refuse("notify-sender", "YUNQUAN_SMTP_URL is not set; without it notices stand in the inboxes alone")
    process = f"notify-sender-{os.getpid()}"
    try:
        given = settings.from_env()
        log.configure(process)
        if not once:
            metrics.serve(process, given.metrics_host, given.metrics_port, given.run_dir)
        tried = run(given, url, once=once)
    except ValueError as error:
        _refuse("notify-sender", str(error))
    except CallFailed as error:
        _refuse("notify-sender", f"registry gives no addresses: {error.code}")
    click.echo(json.dumps({"tried": tried}))


def _refuse(command: str, what: str) -> NoReturn:
    click.echo(f"yunquan {command}: {' '.join(what.split())}", err=True)
    raise SystemExit(2)


commands: list[click.Command] = [board, notify_sender]
