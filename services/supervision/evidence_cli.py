"""`yunquan evidence`: the log exported, verified and proved from; what an auditor does with no more than a file and a
key."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import click

from infra import signing
from services.supervision.domain import merkle
from services.supervision.terminal import FOLDER, ask, client_of, refuse

PAGE = 1_000
FILE = click.Path(path_type=Path)


@click.group()
def evidence() -> None:
    """The Merkle log of everything that was said and decided."""


@evidence.command("export")
@click.option("--out", required=True, type=FILE, help="File to write, one record a line.")
@click.option("--key-out", type=FILE, help="The public keys as PEM; get them elsewhere to trust them.")
@FOLDER
def export(out: Path, key_out: Path | None, folder: str) -> None:
    """Write the whole log to a file that `evidence verify --file` reads, anywhere and without the services."""
    with client_of(folder) as client:
        head = ask(client, "evidence_head")
        lines = [merkle.first_line(head["algorithm"])]
        _write(out, _chained(lines, _records(client, head["size"]), merkle.Signed(**head["head"])))
        if key_out is not None:
            _write(key_out, [signing.public_pem(key).decode().rstrip("\n") for key in _keys_of(head)])
    click.echo(json.dumps({"ok": True, "records": head["size"], "root": head["root"], "file": str(out)}))


@evidence.command("verify")
@click.option("--file", "path", type=FILE, help="An export; without it the running services' log.")
@click.option("--proof", type=FILE, help="Instead of a log: a proof that `evidence prove` wrote.")
@click.option(
    "--key",
    "key_file",
    type=FILE,
    help="The public key, PEM; several in one file where it changed. Asked of the services when they are verified.",
)
@click.option(
    "--checkpoint",
    "known",
    multiple=True,
    type=FILE,
    help="Checkpoints that the log must contain: a shipped file, or the board's checkpoints.json.",
)
@FOLDER
def verify(path: Path | None, proof: Path | None, key_file: Path | None, known: tuple[Path, ...], folder: str) -> None:
    """Compute every hash again; name the first record that was edited, removed, inserted or moved.

    The last line is JSON. Exit code 1 when the log is broken or the proof does not hold, 2 when it cannot be read.
    """
    try:
        keys = merkle.read_keys(key_file.read_bytes()) if key_file else None
        checkpoints = [made for one in known for made in _checkpoints(one)]
        if proof is not None:
            _tell_proof(json.loads(proof.read_bytes()), keys or _need_key())
        if path is not None:
            with path.open("rb") as file:
                _tell(merkle.verify_lines(file, keys or _need_key(), known=checkpoints))
    except (OSError, ValueError) as error:
        refuse(str(error))
    with client_of(folder) as client:
        head = ask(client, "evidence_head")
        items = _records(client, head["size"])
        closing = merkle.Signed(**head["head"])
        verdict = merkle.verify(
            chain(items, [closing]), keys or _keys_of(head), algorithm=head["algorithm"], known=checkpoints
        )
    _tell(verdict)


@evidence.command("prove")
@click.option("--event", "events", multiple=True, help="Event ids, as records' bodies have them.")
@click.option("--position", "positions", multiple=True, type=click.IntRange(1), help="Records by their position.")
@click.option("--before", help="With --after: the event that is to stand first.")
@click.option("--after", "later", help="The event that is to stand behind it.")
@click.option("--checkpoint", "size", type=click.IntRange(1), help="Under the published checkpoint of this size.")
@click.option(
    "--older", type=click.IntRange(1), help="Also that the log has grown from the published one of this size."
)
@click.option(
    "--file", "path", type=FILE, help="From an export, offline, under its closing checkpoint or --checkpoint."
)
@click.option("--out", required=True, type=FILE, help="The proof: records, their paths, a signed checkpoint.")
@FOLDER
def prove(path: Path | None, out: Path, folder: str, **asked: Any) -> None:
    """Write a proof that these records stand in the log, at their positions and so in this order.

    The last line is JSON. Exit code 1 when --before does not stand before --after, 2 when there is no such record or
    checkpoint.
    """
    order = [event for event in (asked["before"], asked["later"]) if event]
    wanted = Wanted(dict.fromkeys([*asked["events"], *order]), asked["positions"], asked["size"], asked["older"])
    if len(order) == 1 or not (wanted.events or wanted.positions or wanted.older):
        refuse("name records by --event or --position, two by --before and --after, or a checkpoint by --older")
    try:
        if path is not None:
            proof = prove_from_file(path, wanted)
        else:
            with client_of(folder) as client:
                about = {"event_ids": list(wanted.events), "positions": list(wanted.positions)}
                proof = ask(client, "evidence_proof", **about, size=wanted.size, older=wanted.older)
    except (OSError, ValueError) as error:
        refuse(str(error))
    where = {json.loads(one["record"]["body"])["id"]: one["record"]["position"] for one in proof["records"]}
    told = {"positions": sorted(where.values()), "size": proof["checkpoint"]["document"]["size"]}
    if order and where[order[0]] >= where[order[1]]:
        click.echo(json.dumps({"ok": False, **told, "detail": f"{order[0]} does not stand before {order[1]}"}))
        raise SystemExit(1)
    _write(out, [merkle.canonical({**proof, "order": order} if order else proof)])
    click.echo(json.dumps({"ok": True, **told}))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be proved: records by event or position, under the checkpoint of `size`, grown from `older`."""

    events: Collection[str] = ()
    positions: Collection[int] = ()
    size: int | None = None
    older: int | None = None


def prove_from_file(path: Path, wanted: Wanted) -> dict[str, Any]:
    """The same proof by an export alone; ValueError for a record or checkpoint that it has not."""
    log = _Read(path, wanted)
    missing = sorted(set(wanted.events) - {json.loads(one.body)["id"] for one in log.found})
    beyond = sorted(at for at in wanted.positions if at > log.closing.size)
    if missing or beyond:
        raise ValueError(f"{path} has no record {', '.join([*missing, *map(str, beyond)])}")
    made = log.checkpoint(wanted.size) if wanted.size else log.closing
    least = max([one.position for one in log.found], default=0)
    if made.size < least:
        raise ValueError(f"record {least} is not under the checkpoint of {made.size} records")
    proof: dict[str, Any] = {"checkpoint": asdict(made), "records": []}
    for record in log.found:
        kept = {name: getattr(record, name) for name in merkle.KEPT}
        steps = merkle.inclusion(record.position - 1, made.size, log.root_of)
        proof["records"].append({"record": kept, "path": [step.hex() for step in steps]})
    if wanted.older:
        earlier = log.checkpoint(wanted.older)
        if earlier.size > made.size:
            raise ValueError(f"the checkpoint of {earlier.size} records is the newer one")
        steps = merkle.consistency(earlier.size, made.size, log.root_of)
        proof |= {"older": asdict(earlier), "consistency": [step.hex() for step in steps]}
    return proof


class _Read:
    """An export read once: its hashes, its checkpoints, and the records that are wanted; ValueError when it is none."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.path = path
        self.found: list[merkle.Record] = []
        self.told: list[merkle.Signed] = []
        last: merkle.Record | merkle.Signed | None = None
        with path.open("rb") as file:
            algorithm = merkle.algorithm_of(next(file, b""))
            if algorithm is None:
                raise ValueError(f"{path} is no export")
            tree = merkle.Tree(merkle.hash_of(algorithm))
            rows: dict[int, list[bytes]] = {0: []}
            for line in file:
                if isinstance(last, merkle.Signed) or (last := merkle.parse(line)) is None:
                    raise ValueError(f"{path} is no whole export: verify it first")
                if isinstance(last, merkle.Record):
                    rows[0].append(bytes.fromhex(last.leaf))
                    for level, _, node in tree.add(rows[0][-1]):
                        rows.setdefault(level, []).append(node)
                    self._look(last, wanted)
        if not isinstance(last, merkle.Signed) or last.size != tree.size:
            raise ValueError(f"{path} is no whole export: verify it first")
        self.closing = last
        self.root_of = merkle.root_by(tree.hash, lambda level, first, count: rows[level][first : first + count])

    def _look(self, record: merkle.Record, wanted: Wanted) -> None:
        """Keep it when it is wanted, and the checkpoint that it tells of."""
        event = json.loads(record.body)
        if event["id"] in wanted.events or record.position in wanted.positions:
            self.found.append(record)
        if event["type"] == merkle.CHECKPOINT_EVENT:
            self.told.append(merkle.signed_of(event["data"]))

    def checkpoint(self, size: int) -> merkle.Signed:
        """The checkpoint of so many records that the export tells of; ValueError."""
        for one in (self.closing, *self.told):
            if one.size == size:
                return one
        raise ValueError(f"{self.path} tells of no checkpoint of {size} records")


def _records(client: Any, size: int) -> Iterator[merkle.Record]:
    """The log's first `size` records, page by page."""
    start, shown = 1, sys.stderr.isatty()
    with click.progressbar(length=size, label="evidence", file=sys.stderr, hidden=not shown) as bar:
        while start <= size:
            page = ask(client, "evidence_page", start=start, limit=min(PAGE, size - start + 1))
            if not page["items"]:
                break
            for item in page["items"]:
                yield merkle.Record(**item)
            bar.update(len(page["items"]))
            start += len(page["items"])


def _chained(first: list[str], records: Iterator[merkle.Record], head: merkle.Signed) -> Iterator[str]:
    yield from first
    for record in records:
        yield merkle.line_of(record)
    yield merkle.line_of(head)


def _write(out: Path, lines: Any) -> None:
    """All of it or nothing."""
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(line + "\n")
        Path(name).chmod(0o644)
        Path(name).replace(out)
    except OSError as error:
        refuse(f"{out}: {error.strerror or error}")


def _checkpoints(path: Path) -> list[merkle.Signed]:
    """The signed checkpoints of a shipped file, one a line, or of the board's list; ValueError."""
    text = path.read_bytes()
    found = [merkle.parse(line) for line in text.splitlines(keepends=True) if line.strip()]
    if found and all(isinstance(one, merkle.Signed) for one in found):
        return [one for one in found if isinstance(one, merkle.Signed)]
    try:
        whole = json.loads(text)
        return [merkle.signed_of(item) for item in (whole["items"] if isinstance(whole, dict) else whole)]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} holds no checkpoints") from None


def _need_key() -> NoReturn:
    refuse("a file is verified with the public key of a PEM file: --key")


def _keys_of(head: dict[str, Any]) -> list[Any]:
    """Whom the services say that they sign as, now and before."""
    return [signing.public_from(text) for text in (head["public_key"], *head["earlier_keys"])]


def _tell_proof(proof: Any, keys: Any) -> NoReturn:
    why = merkle.proof_holds(proof, keys) if isinstance(proof, dict) else "it is no proof"
    if why is not None:
        click.echo(f"the proof does not hold: {why}", err=True)
        click.echo(json.dumps({"ok": False, "detail": why}))
        raise SystemExit(1)
    told = [(one["record"]["position"], json.loads(one["record"]["body"])) for one in proof["records"]]
    records = [{"position": at, "id": event["id"], "type": event["type"], "time": event["time"]} for at, event in told]
    size = proof["checkpoint"]["document"]["size"]
    click.echo(json.dumps({"ok": True, "size": size, "records": sorted(records, key=lambda one: one["position"])}))
    raise SystemExit(0)


def _tell(verdict: merkle.Verdict) -> NoReturn:
    said = {name: value for name, value in asdict(verdict).items() if value not in (None, "")}
    if not verdict.ok:
        upto = f" to {verdict.until}" if verdict.until else ""
        click.echo(f"broken at record {verdict.position}{upto}: {verdict.fault}: {verdict.detail}", err=True)
    click.echo(json.dumps(said))
    raise SystemExit(0 if verdict.ok else 1)
