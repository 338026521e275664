"""`yunquan evidence`: the log exported, verified and proved from; what an auditor does with no more than a file and a
key."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
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
@click.option("--key-out", type=FILE, help="The public key as PEM; get it elsewhere to trust it.")
@FOLDER
def export(out: Path, key_out: Path | None, folder: str) -> None:
    """Write the whole log to a file that `evidence verify --file` reads, anywhere and without the services."""
    with client_of(folder) as client:
        head = ask(client, "evidence_head")
        lines = [merkle.first_line(head["algorithm"])]
        _write(out, _chained(lines, _records(client, head["size"]), merkle.Signed(**head["head"])))
        if key_out is not None:
            _write(key_out, [signing.public_pem(signing.public_from(head["public_key"])).decode().rstrip("\n")])
    click.echo(json.dumps({"ok": True, "records": head["size"], "root": head["root"], "file": str(out)}))


@evidence.command("verify")
@click.option("--file", "path", type=FILE, help="An export; without it the running services' log.")
@click.option("--proof", type=FILE, help="Instead of a log: a proof that `evidence prove` wrote.")
@click.option("--key", "key_file", type=FILE, help="The public key, PEM. Asked of the services when they are verified.")
@click.option("--checkpoint", "known", multiple=True, type=FILE, help="A shipped checkpoint that the log must contain.")
@FOLDER
def verify(path: Path | None, proof: Path | None, key_file: Path | None, known: tuple[Path, ...], folder: str) -> None:
    """Compute every hash again; name the first record that was edited, removed, inserted or moved.

    The last line is JSON. Exit code 1 when the log is broken or the proof does not hold, 2 when it cannot be read.
    """
    try:
        key = merkle.read_key(key_file.read_bytes()) if key_file else None
        checkpoints = [made for one in known for made in _checkpoints(one)]
        if proof is not None:
            _tell_proof(json.loads(proof.read_bytes()), key or _need_key())
        if path is not None:
            with path.open("rb") as file:
                _tell(merkle.verify_lines(file, key or _need_key(), known=checkpoints))
    except (OSError, ValueError) as error:
        refuse(str(error))
    with client_of(folder) as client:
        head = ask(client, "evidence_head")
        items = _records(client, head["size"])
        closing = merkle.Signed(**head["head"])
        its_own = key or signing.public_from(head["public_key"])
        verdict = merkle.verify([*items, closing], its_own, algorithm=head["algorithm"], known=checkpoints)
    _tell(verdict)


@evidence.command("prove")
@click.option("--event", "events", multiple=True, required=True, help="Event ids, as records' bodies have them.")
@click.option("--older", type=int, help="Also that the log has grown from the published checkpoint of this size.")
@click.option("--file", "path", type=FILE, help="From an export, offline, under its closing checkpoint.")
@click.option("--out", required=True, type=FILE, help="The proof: records, their paths, a signed checkpoint.")
@FOLDER
def prove(events: tuple[str, ...], older: int | None, path: Path | None, out: Path, folder: str) -> None:
    """Write a proof that these records stand in the log, at their positions and so in this order."""
    try:
        if path is not None:
            proof = prove_from_file(path, events, older)
        else:
            with client_of(folder) as client:
                proof = ask(client, "evidence_proof", event_ids=list(events), older=older)
    except (OSError, ValueError) as error:
        refuse(str(error))
    _write(out, [merkle.canonical(proof)])
    positions = [one["record"]["position"] for one in proof["records"]]
    click.echo(json.dumps({"ok": True, "positions": positions, "size": proof["checkpoint"]["document"]["size"]}))


def prove_from_file(path: Path, events: tuple[str, ...], older: int | None = None) -> dict[str, Any]:
    """The same proof by an export alone; ValueError for an event or checkpoint that it has not."""
    with path.open("rb") as file:
        algorithm = merkle.algorithm_of(next(file, b""))
        items = [merkle.parse(line) for line in file]
    records = [item for item in items if isinstance(item, merkle.Record)]
    if algorithm is None or not items or not isinstance(items[-1], merkle.Signed) or len(records) != len(items) - 1:
        raise ValueError(f"{path} is no whole export: verify it first")
    made, hash_ = items[-1], merkle.hash_of(algorithm)
    rows: dict[int, list[bytes]] = {0: [bytes.fromhex(record.leaf) for record in records]}
    tree = merkle.Tree(hash_)
    for leaf in rows[0]:
        for level, _, node in tree.add(leaf):
            rows.setdefault(level, []).append(node)
    root_of = merkle.root_by(hash_, lambda level, first, count: rows[level][first : first + count])
    found = {json.loads(record.body)["id"]: record for record in records}
    missing = sorted(set(events) - set(found))
    if missing:
        raise ValueError(f"{path} has no event {', '.join(missing)}")
    proved = sorted((found[event] for event in set(events)), key=lambda record: record.position)
    proof: dict[str, Any] = {"checkpoint": asdict(made), "records": []}
    for record in proved:
        kept = {name: getattr(record, name) for name in ("position", "recorded_at", "stream_seq", "body")}
        steps = merkle.inclusion(record.position - 1, made.size, root_of)
        proof["records"].append({"record": kept, "path": [step.hex() for step in steps]})
    if older is not None:
        earlier = next((one for one in _told(records) if one.size == older), None)
        if earlier is None:
            raise ValueError(f"{path} tells of no checkpoint of {older} records")
        steps = merkle.consistency(older, made.size, root_of)
        proof |= {"older": asdict(earlier), "consistency": [step.hex() for step in steps]}
    return proof


def _told(records: list[merkle.Record]) -> Iterator[merkle.Signed]:
    for record in records:
        if merkle.CHECKPOINT_EVENT in record.body:
            event = json.loads(record.body)
            if event["type"] == merkle.CHECKPOINT_EVENT:
                yield merkle.signed_of(event["data"])


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
    """The signed checkpoints of a shipped file, one a line; ValueError."""
    found = [merkle.parse(line) for line in path.read_bytes().splitlines(keepends=True) if line.strip()]
    if not found or not all(isinstance(one, merkle.Signed) for one in found):
        raise ValueError(f"{path} holds no checkpoints, one a line")
    return [one for one in found if isinstance(one, merkle.Signed)]


def _need_key() -> NoReturn:
    refuse("a file is verified with the public key of a PEM file: --key")


def _tell_proof(proof: Any, key: Any) -> NoReturn:
    why = merkle.proof_holds(proof, key) if isinstance(proof, dict) else "it is no proof"
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
