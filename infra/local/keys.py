"""The secrets of a deployment: the keys that tokens and public records are signed with, the key ring, the tokens."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

import click

from contracts.catalogue import SERVICES
from infra import auth
from infra.local.guard import LocalServerError
from infra.messages import Actor

EARLIER = "signing.earlier.pub"
TOKEN_LIFE_S = 360 * 86_400


def make_keys(folder: Path, services: Iterable[str] = SERVICES) -> None:
    """Creates what is missing and keeps what is there; services' tokens are always fresh."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "jwt.pem").exists():
        private, public = auth.generate_keys()
        write_secret(folder / "jwt.pem", private)
        (folder / "jwt.pub").write_bytes(public)
    if not (folder / "signing.pem").exists():
        private, public = auth.generate_keys()
        write_secret(folder / "signing.pem", private)
        (folder / "signing.pub").write_bytes(public)
    (folder / EARLIER).touch()  # public keys of before are added to it when the key changes
    if not (folder / "personal-data.json").exists():
        ring = {"current": "k1", "keys": {"k1": secrets.token_hex(32)}, "index_key": secrets.token_hex(32)}
        write_secret(folder / "personal-data.json", json.dumps(ring).encode())
    for service in services:
        actor = Actor(f"service:{service}", frozenset({"service"}))
        write_secret(folder / f"{service}.token", sign(folder, actor).encode())


def sign(folder: Path, actor: Actor, *, lifetime_s: int = TOKEN_LIFE_S) -> str:
    """A token for `actor`, signed with the folder's key; LocalServerError where there is none."""
    key = folder / "jwt.pem"
    if not key.is_file():
        raise LocalServerError(f"no signing key in {folder}: make one with `yunquan keys {folder}`")
    return auth.issue(key.read_bytes(), actor, lifetime_s=lifetime_s)


def write_secret(path: Path, content: bytes) -> None:
    """Readable by its owner alone, from its first byte."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


@click.command("keys")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--env", type=click.Path(dir_okay=False, path_type=Path), help="Also write YUNQUAN_PASSWORD there.")
def keys(folder: Path, env: Path | None) -> None:
    """Create a deployment's keys and service tokens in FOLDER; what is there is kept."""
    make_keys(folder)
    if env is not None and not env.exists():
        write_secret(env, f"YUNQUAN_PASSWORD={secrets.token_hex(24)}\n".encode())
    click.echo(f"keys and tokens are in {folder}; jwt.pem signs tokens: keep it off the services' machines")
