"""The rules a process runs on: what its environment names, or it does not start."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.programmes import PackError
from contracts.programmes.loader import SHIPPED
from infra import packs

DAY = date(2018, 5, 7)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Each test its own environment, read anew; the others theirs again."""
    for name in (packs.FOLDER, packs.OVERLAYS):
        monkeypatch.delenv(name, raising=False)
    packs.library.cache_clear()
    yield
    packs.library.cache_clear()


def test_without_settings_what_is_delegated_stays_undecided():
    """Lost otherwise: an invented example decides real money."""
    pack = packs.pack_on("shandong-2017", DAY, "370102")
    assert pack is not None
    assert pack.amount is None


def test_an_enabled_overlay_fills_what_is_delegated(monkeypatch):
    """Lost otherwise: a city's own rules are installed and nothing follows them."""
    monkeypatch.setenv(packs.OVERLAYS, " example-shandong-city, ")
    pack = packs.pack_on("shandong-2017", DAY, "370102")
    assert pack is not None
    assert pack.label == "shandong-2017@1+example-shandong-city@1"
    assert packs.pack_at(pack.label) is pack


def test_a_folder_adds_programmes(monkeypatch, tmp_path):
    """Lost otherwise: a sixth region waits for a release."""
    text = (
        (SHIPPED / "guizhou-2018.v1.toml").read_text(encoding="utf-8").replace('code = "guizhou-2018"', 'code = "new"')
    )
    (tmp_path / "new.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv(packs.FOLDER, str(tmp_path))
    assert packs.pack_on("new", DAY) is not None


def test_a_programme_that_there_is_not_is_none():
    assert packs.pack_on("nowhere-2018", DAY) is None


@pytest.mark.parametrize(("folder", "overlays"), [("/nowhere/at/all", ""), (None, "no-such-overlay")])
def test_settings_that_cannot_be_followed_stop_the_process(monkeypatch, folder, overlays):
    """Lost otherwise: a service decides on half its rules until somebody notices."""
    if folder:
        monkeypatch.setenv(packs.FOLDER, folder)
    monkeypatch.setenv(packs.OVERLAYS, overlays)
    with pytest.raises(PackError):
        packs.library()
