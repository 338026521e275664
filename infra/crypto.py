"""Personal data at rest: sealed under a key named beside it, and found again by a keyed hash alone."""

from __future__ import annotations

import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
SETTING = "YUNQUAN_KEYS_FILE"


class KeysUnusable(RuntimeError):
    """The key file is not set, missing, open to others or not a key file: a service that needs it must not start."""


class NotOpened(ValueError):
    """What was sealed cannot be opened: its key is gone, or it was altered or put beside another record."""


@dataclass(frozen=True)
class KeyRing:
    """AES-256-GCM keys by id (`current` seals what is new), and the key of the blind index, which never changes."""

    current: str
    keys: Mapping[str, bytes]
    index: bytes

    def __repr__(self) -> str:
        return f"KeyRing(current={self.current!r}, keys={sorted(self.keys)})"

    def seal(self, plain: bytes, *, context: str) -> tuple[str, bytes]:
        """Key id, and nonce with ciphertext; `context` (say, the record's id) must be the same to open it."""
        nonce = os.urandom(NONCE_BYTES)
        return self.current, nonce + AESGCM(self.keys[self.current]).encrypt(nonce, plain, context.encode())

    def open(self, key_id: str, sealed: bytes, *, context: str) -> bytes:
        """What was sealed; NotOpened."""
        key = self.keys.get(key_id)
        if key is None:
            raise NotOpened(f"there is no key {key_id}")
        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
        except InvalidTag:
            raise NotOpened("altered, or not of this record") from None

    def blind(self, kind: str, value: str) -> str:
        """HMAC-SHA256 of a normalised value, 64 hex digits: equal when kind and value are equal, and no way back."""
        return hmac.new(self.index, f"{kind}\0{value}".encode(), sha256).hexdigest()


def create(path: Path) -> KeyRing:
    """A new key file that only its owner can read; one that is there already is left as it is, and read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = _text("k1", {"k1": secrets.token_bytes(KEY_BYTES)}, secrets.token_bytes(KEY_BYTES))
    name = _private_file(path, text)
    try:
        os.link(name, path)  # never over a file that is there: its keys would be lost
    except FileExistsError:
        return load(path)
    finally:
        Path(name).unlink()
    return load(path)


def rotate(path: Path) -> KeyRing:
    """Add a key and make it current; what is sealed under the older ones can still be opened."""
    ring = load(path)
    number = 1 + max(int(key_id[1:]) for key_id in ring.keys)
    keys = {**ring.keys, f"k{number}": secrets.token_bytes(KEY_BYTES)}
    Path(_private_file(path, _text(f"k{number}", keys, ring.index))).replace(path)
    return load(path)


def load(path: Path) -> KeyRing:
    """The keys of a file; KeysUnusable says what is wrong with it, never what is in it."""
    try:
        if path.stat().st_mode & 0o077:
            raise KeysUnusable(f"{path} can be read by others: chmod 600")
        raw: Any = json.loads(path.read_text(encoding="ascii"))
        keys = {str(key_id): _key(text) for key_id, text in raw["keys"].items()}
        ring = KeyRing(current=str(raw["current"]), keys=keys, index=_key(raw["index_key"]))
    except OSError as error:
        raise KeysUnusable(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeysUnusable(f"{path} is not a key file") from error
    if ring.current not in ring.keys or not all(key_id[1:].isdigit() for key_id in ring.keys):
        raise KeysUnusable(f"{path} is not a key file")
    return ring


def ring() -> KeyRing:
    """The keys of the file that YUNQUAN_KEYS_FILE names, read once a process; KeysUnusable."""
    path = os.environ.get(SETTING)
    if not path:
        raise KeysUnusable(f"{SETTING} is not set")
    return _loaded(Path(path))


@cache
def _loaded(path: Path) -> KeyRing:
    return load(path)


def _key(text: str) -> bytes:
    key = bytes.fromhex(text)
    if len(key) != KEY_BYTES:
        raise ValueError("a key has 32 bytes")
    return key


def _text(current: str, keys: Mapping[str, bytes], index: bytes) -> str:
    shown = {"current": current, "keys": {key_id: key.hex() for key_id, key in keys.items()}, "index_key": index.hex()}
    return json.dumps(shown, indent=1) + "\n"


def _private_file(beside: Path, text: str) -> str:
    """A file only its owner can read, in the same folder, so that it can be renamed into place."""
    handle, name = tempfile.mkstemp(dir=beside.parent, prefix=beside.name)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return name
