"""`yunquan signature`: checks a signed public record anywhere, without the services."""

from __future__ import annotations

import json
from pathlib import Path

import click

from infra import signing


@click.group()
def signature() -> None:
    """Signed public records: a notice's snapshot, a signed year's statement, a checkpoint of the evidence log."""


@signature.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The public key that you trust (PEM); without it, the one that the file brings along.",
)
def verify_file(file: Path, key: Path | None) -> None:
    """Check that FILE is what the owner of the key signed, and say who that is.

    Without --key only this is shown: the holder of the key with that key_id signed this. Compare the key_id with the
    one that you know. The last line is JSON. Exit code 1 on any change.
    """
    try:
        whole = signing.read_document(file.read_bytes())
        public_key = signing.read_public(key) if key else signing.public_from(str(whole.get("public_key")))
        signing.verify(whole["document"], whole["signature"], public_key)
    except (signing.NotSigned, signing.NotCanonical) as error:
        click.echo(json.dumps({"ok": False, "file": str(file), "reason": str(error)}, ensure_ascii=False))
        raise SystemExit(1) from None
    told = {"kind": whole["document"]["kind"], "key_id": signing.key_id(public_key)}
    click.echo(json.dumps({"ok": True, "file": str(file), **told, "key_from": "--key" if key else "file"}))
