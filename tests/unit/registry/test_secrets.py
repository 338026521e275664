"""Keys and documents on disk: sealed for one record, kept from others' eyes, never half there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from infra import crypto
from infra.blobs import Blobs, NotWhole, is_of_type


def test_what_is_sealed_opens_for_its_own_record_alone(tmp_path: Path):
    """Lost otherwise: a sealed account could be copied to another party's row, and paid."""
    ring = crypto.create(tmp_path / "keys.json")
    key_id, sealed = ring.seal("秘密".encode(), context="party/1")
    assert ring.open(key_id, sealed, context="party/1") == "秘密".encode()
    for wrong in (
        lambda: ring.open(key_id, sealed, context="party/2"),
        lambda: ring.open(key_id, sealed[:-1] + bytes([sealed[-1] ^ 1]), context="party/1"),
        lambda: ring.open("k9", sealed, context="party/1"),
    ):
        with pytest.raises(crypto.NotOpened):
            wrong()


def test_equal_texts_are_sealed_differently(tmp_path: Path):
    """Lost otherwise: whoever reads the table would see who shares an account."""
    ring = crypto.create(tmp_path / "keys.json")
    assert ring.seal(b"same", context="x")[1] != ring.seal(b"same", context="x")[1]


def test_rotation_keeps_what_was_sealed_and_what_was_indexed(tmp_path: Path):
    """Lost otherwise: a new key would lock out the old data, or untie what is tied."""
    path = tmp_path / "keys.json"
    old = crypto.create(path)
    key_id, sealed = old.seal(b"x", context="c")
    new = crypto.rotate(path)
    assert (new.current, new.open(key_id, sealed, context="c")) == ("k2", b"x")
    assert new.blind("phone", "138") == old.blind("phone", "138") != old.blind("account", "138")


def test_a_key_file_that_is_there_is_never_replaced(tmp_path: Path):
    """Lost otherwise: starting twice would make all personal data unreadable."""
    path = tmp_path / "keys.json"
    assert crypto.create(path).index == crypto.create(path).index
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in tmp_path.iterdir()] == ["keys.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"current": "k1", "keys": {}, "index_key": "00"}',
        '{"current": "k1", "keys": {"k1": "zz"}, "index_key": ""}',
    ],
)
def test_a_file_that_is_no_key_file_says_so(tmp_path: Path, text):
    """Lost otherwise: a service would start and fail at the first enterprise."""
    path = tmp_path / "keys.json"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(crypto.KeysUnusable):
        crypto.load(path)


def test_keys_that_others_can_read_are_refused(tmp_path: Path):
    """Lost otherwise: a careless copy would give the keys to every user of the machine."""
    path = tmp_path / "keys.json"
    crypto.create(path)
    path.chmod(0o644)
    with pytest.raises(crypto.KeysUnusable, match="chmod 600"):
        crypto.load(path)


def test_keys_show_in_no_log(tmp_path: Path):
    """Lost otherwise: a traceback with local variables would publish them."""
    ring = crypto.create(tmp_path / "keys.json")
    assert ring.index.hex() not in repr(ring)
    assert str(ring.index) not in repr(ring)


def test_a_document_is_found_by_what_is_in_it(tmp_path: Path):
    """Lost otherwise: an auditor could not tell that it is the document that was handed in."""
    blobs = Blobs(tmp_path)
    digest = blobs.put(b"content")
    assert (blobs.has(digest), blobs.read(digest)) == (True, b"content")
    assert blobs.put(b"content") == digest
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_wrong_document_is_not_kept(tmp_path: Path):
    """Lost otherwise: a broken upload would stand under the name of the right one."""
    blobs = Blobs(tmp_path)
    digest = hashlib.sha256(b"content").hexdigest()
    blobs.write_part("one", 0, b"contenX")
    with pytest.raises(NotWhole):
        blobs.finish("one", digest, 7)
    assert not blobs.has(digest)


@pytest.mark.parametrize("name", ["../escape", "a/b", "", "A"])
def test_names_do_not_lead_out_of_the_folder(tmp_path: Path, name):
    """Lost otherwise: an upload could write over any file of the service."""
    with pytest.raises(ValueError):
        Blobs(tmp_path).write_part(name, 0, b"x")
    with pytest.raises(ValueError):
        Blobs(tmp_path).read(name)


@pytest.mark.parametrize(
    ("media_type", "beginning", "is_it"),
    [
        ("application/pdf", b"%PDF-1.7", True),
        ("image/png", b"\x89PNG\r\n\x1a\nrest", True),
        ("image/jpeg", b"\xff\xd8\xff\xe0", True),
        ("image/png", b"%PDF-1.7", False),
        ("application/pdf", b"%PD", False),
        ("text/html", b"<html>", False),
    ],
)
def test_types_by_magic(media_type, beginning, is_it):
    """Lost otherwise: a web page would be stored as a licence."""
    assert is_of_type(media_type, beginning) is is_it
