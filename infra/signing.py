"""Signs documents that anyone may check: Ed25519 over a canonical JSON text, by a key that is named by its own hash."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from infra import jsontext

ALGORITHM = "Ed25519"
SETTING = "YUNQUAN_SIGNING_KEY"
EARLIER = "YUNQUAN_EARLIER_KEYS"
LARGEST = 2**53 - 1  # beyond it a reader that knows only floating point would see another number
Document = Mapping[str, Any]


class SigningKeyUnusable(RuntimeError):
    """The key file is not set, missing, open to others or no Ed25519 key: a service that signs must not start."""


class NotCanonical(ValueError):
    """The document has no canonical text, or does not say what kind of document it is."""


class NotSigned(ValueError):
    """The signature is not this document's, or not by this key."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, and by what name it is known: the first 16 hex digits of SHA-256 of the raw public key."""

    key: Ed25519PrivateKey

    @property
    def public_key(self) -> str:
        """The raw 32 bytes, base64."""
        return raw_text(self.key.public_key())

    @property
    def key_id(self) -> str:
        return key_id(self.key.public_key())

    def sign(self, document: Document) -> dict[str, str]:
        """`{algorithm, key_id, signature}`; NotCanonical."""
        signature = base64.b64encode(self.key.sign(canonical(document))).decode()
        return {"algorithm": ALGORITHM, "key_id": self.key_id, "signature": signature}


def canonical(document: Document) -> bytes:
    """The bytes that are signed: JSON in UTF-8, names sorted by code point, no blanks, only what JSON must escape
    escaped. It is the text of RFC 8785 for what a document may hold: texts, whole numbers up to 2^53 - 1, true, false,
    null, lists, and objects whose names are ASCII. NotCanonical for anything else, and without a text in `kind`: what
    was signed as a document of one kind must never pass for one of another.
    """
    if not isinstance(document.get("kind"), str):
        raise NotCanonical("a document that is signed says its kind")
    _check(document)
    try:
        return jsontext.canonical(document).encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotCanonical("a text is not Unicode") from error


def _check(value: Any) -> None:
    if isinstance(value, Mapping):
        for name, one in value.items():
            if not isinstance(name, str) or not name.isascii():
                raise NotCanonical("names are ASCII texts")
            _check(one)
    elif isinstance(value, list | tuple):
        for one in value:
            _check(one)
    elif isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        raise NotCanonical(f"{value} is beyond 2^53 - 1")
    elif not isinstance(value, str | int | None):
        raise NotCanonical(f"{type(value).__name__} has no canonical text")


def verify(document: Document, signature: Mapping[str, Any], public_key: Ed25519PublicKey) -> None:
    """NotSigned, NotCanonical; nothing when the document is what the key's owner signed."""
    if signature.get("algorithm") != ALGORITHM:
        raise NotSigned(f"signatures are {ALGORITHM}, not {signature.get('algorithm')}")
    if signature.get("key_id") != key_id(public_key):
        raise NotSigned(f"signed by key {signature.get('key_id')}, not by {key_id(public_key)}")
    told = canonical(document)
    try:
        public_key.verify(base64.b64decode(str(signature.get("signature")), validate=True), told)
    except (InvalidSignature, ValueError):  # ValueError: it is no base64
        raise NotSigned("the document is not what was signed") from None


def key_id(public_key: Ed25519PublicKey) -> str:
    """By what name a key is known."""
    return hashlib.sha256(_raw(public_key)).hexdigest()[:16]


def raw_text(public_key: Ed25519PublicKey) -> str:
    """The raw 32 bytes, base64; `public_from` reads it."""
    return base64.b64encode(_raw(public_key)).decode()


def public_from(raw: str) -> Ed25519PublicKey:
    """The public key of its 32 bytes in base64; NotSigned."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(raw, validate=True))
    except (ValueError, binascii.Error):
        raise NotSigned("that is no public key") from None


def public_pem(public_key: Ed25519PublicKey) -> bytes:
    """As PEM, which other tools read."""
    return public_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public(path: Path) -> Ed25519PublicKey:
    """The public key of a PEM file; NotSigned."""
    return _public_of(path.read_bytes(), path)


def _public_of(text: bytes, path: Path) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(text)
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise NotSigned(f"{path} is no {ALGORITHM} public key")
    return key


def read_document(text: bytes) -> dict[str, Any]:
    """A signed file as it was written: `{document, signature, …}`; NotSigned where a name stands twice in it."""
    try:
        whole = json.loads(text, object_pairs_hook=_once)
    except ValueError as error:
        raise NotSigned(f"that is no JSON: {error}") from None
    if not (isinstance(whole, dict) and all(isinstance(whole.get(name), dict) for name in ("document", "signature"))):
        raise NotSigned("there is no document with its signature in it")
    return whole


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise NotSigned(f"{name} stands there twice")
        found[name] = value
    return found


def load(path: Path) -> Signer:
    """The signer of a PEM file; SigningKeyUnusable says what is wrong with it, never what is in it."""
    try:
        if path.stat().st_mode & 0o077:
            raise SigningKeyUnusable(f"{path} can be read by others: chmod 600")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise SigningKeyUnusable(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise SigningKeyUnusable(f"{path} is no {ALGORITHM} key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SigningKeyUnusable(f"{path} is no {ALGORITHM} key")
    return Signer(key)


def signer() -> Signer:
    """The signer of the file that YUNQUAN_SIGNING_KEY names, read once a process; SigningKeyUnusable."""
    path = os.environ.get(SETTING)
    if not path:
        raise SigningKeyUnusable(
            f"{SETTING} is not set: it names the file of the key that public records are signed with"
        )
    return _loaded(Path(path))


def known_keys() -> list[Ed25519PublicKey]:
    """The public keys that our documents may be signed with: the signer's, then those of the PEM file that
    YUNQUAN_EARLIER_KEYS names, one after another; SigningKeyUnusable, NotSigned."""
    path = os.environ.get(EARLIER)
    return [signer().key.public_key(), *(read_publics(Path(path)) if path else [])]


def read_publics(path: Path) -> list[Ed25519PublicKey]:
    """The public keys of a PEM file that holds one or more; NotSigned."""
    ends = b"-----END PUBLIC KEY-----"
    blocks = [block + ends for block in path.read_bytes().split(ends) if block.strip()]
    return [_public_of(block, path) for block in blocks]


@cache
def _loaded(path: Path) -> Signer:
    return load(path)


def _raw(public_key: Ed25519PublicKey) -> bytes:
    return public_key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
