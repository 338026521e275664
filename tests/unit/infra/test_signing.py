"""Signed public records: lost without them is whoever wants to show that a notice was changed after it was public."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra import auth, signing
from infra.local.keys import write_secret
from infra.signature_cli import signature

DOCUMENT = {
    "kind": "public_notice",
    "items": [{"payable_fen": 2**53 - 1, "name": "张**\u2028é"}],
    "none": None,
    "yes": True,
}


def signer(folder: Path, name: str = "signing") -> signing.Signer:
    private, public = auth.generate_keys()
    write_secret(folder / f"{name}.pem", private)
    (folder / f"{name}.pub").write_bytes(public)
    return signing.load(folder / f"{name}.pem")


def test_the_canonical_text_is_written_down_here() -> None:
    """Lost otherwise: a change of a library changes the text, and every old signature fails."""
    text = signing.canonical({"kind": "k", "b": [1, {"z": "é\n\u0001/", "a": None}], "a": "\U0001f600"})
    assert text == '{"a":"\U0001f600","b":[1,{"a":null,"z":"é\\n\\u0001/"}],"kind":"k"}'.encode()


@pytest.mark.parametrize(
    "document",
    [
        {"a": 1},
        {"kind": 1},
        {"kind": "k", "a": 1.5},
        {"kind": "k", "a": 2**53},
        {"kind": "k", "é": 1},
        {"kind": "k", "a": [{1: 2}]},
        {"kind": "k", "a": "\ud800"},
        {"kind": "k", "a": object()},
    ],
    ids=[
        "no kind",
        "kind no text",
        "fraction",
        "too large",
        "name beyond ASCII",
        "name no text",
        "half a pair",
        "object",
    ],
)
def test_what_has_no_canonical_text_is_not_signed(document: Any, tmp_path: Path) -> None:
    with pytest.raises(signing.NotCanonical):
        signer(tmp_path).sign(document)


def test_a_signature_is_of_one_document_and_one_key(tmp_path: Path) -> None:
    one, other = signer(tmp_path), signer(tmp_path, "other")
    made = one.sign(DOCUMENT)
    assert made == one.sign(json.loads(json.dumps(DOCUMENT))), "the order of names and blanks do not count"
    assert (made["algorithm"], made["key_id"]) == ("Ed25519", one.key_id)
    public = signing.public_from(one.public_key)
    signing.verify(DOCUMENT, made, public)
    for document, signature_, key in (
        ({**DOCUMENT, "yes": False}, made, public),
        (DOCUMENT, {**made, "signature": other.sign(DOCUMENT)["signature"]}, public),
        (DOCUMENT, {**made, "signature": "?"}, public),
        (DOCUMENT, {**made, "signature": "签"}, public),
        (DOCUMENT, {**made, "algorithm": "none"}, public),
        (DOCUMENT, made, signing.public_from(other.public_key)),
    ):
        with pytest.raises(signing.NotSigned):
            signing.verify(document, signature_, key)


@pytest.mark.parametrize("trouble", ["unset", "missing", "open", "not a key", "another kind"])
def test_a_key_that_cannot_be_used_is_named_and_not_shown(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.pem"
    if trouble != "unset":
        monkeypatch.setenv(signing.SETTING, str(path))
    else:
        monkeypatch.delenv(signing.SETTING, raising=False)
    if trouble == "open":
        path.write_bytes(auth.generate_keys()[0])
        path.chmod(0o644)
    elif trouble == "not a key":
        write_secret(path, b"secret words")
    elif trouble == "another kind":
        write_secret(path, auth.generate_keys()[1])
    with pytest.raises(signing.SigningKeyUnusable) as raised:
        signing.signer()
    assert "secret" not in str(raised.value)
    assert (signing.SETTING if trouble == "unset" else str(path)) in str(raised.value)


def file_of(one: signing.Signer, **changed: Any) -> str:
    return json.dumps({"document": DOCUMENT, "signature": one.sign(DOCUMENT), "public_key": one.public_key, **changed})


def checked(path: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(signature, ["verify", str(path), *more])
    return done.exit_code, json.loads(done.output.splitlines()[-1])


def test_anyone_verifies_a_file_offline(tmp_path: Path) -> None:
    one, other = signer(tmp_path), signer(tmp_path, "other")
    path = tmp_path / "notice.json"
    path.write_text(file_of(one))
    code, told = checked(path)
    assert (code, told["kind"], told["key_id"], told["key_from"]) == (0, "public_notice", one.key_id, "file")
    assert checked(path, "--key", str(tmp_path / "signing.pub"))[1]["key_from"] == "--key"
    assert checked(path, "--key", str(tmp_path / "other.pub"))[0] == 1, "signed by somebody else"
    for text in (
        file_of(one, document={**DOCUMENT, "none": 0}),
        file_of(one, public_key=other.public_key),
        file_of(one)[:-1],
        file_of(one).replace('"yes": true', '"yes": false, "yes": true'),
        "[]",
        json.dumps({"document": DOCUMENT}),
    ):
        path.write_text(text)
        assert checked(path)[0] == 1, text[:80]
