"""Who pays, and when silence is an unknown outcome: a mistake stops the start, and no account is shown in a log."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import packs
from infra.local.payers import make_payers
from services.settlement import bank_settings
from services.settlement.bank_settings import BankSettingsUnusable, read_payers

GOOD = """[[payer]]
programme = "guizhou-2018"
name = "示例财政专户"
account = "6200 0000 0000 0000 017"
bank_name = "示例银行"
bank_code = "102701000013"
"""


def test_one_for_a_programme_and_one_for_a_region_of_it(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(GOOD + GOOD + 'region = "520100"\n', "utf-8")
    first, second = read_payers(tmp_path / "p.toml")
    assert (first.account, first.region, second.region) == ("6200000000000000017", None, "520100")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[payer", "payers.toml"),
        ("", "[[payer]] alone"),
        ("payer = 1", "[[payer]] alone"),
        (GOOD + "[other]\n", "[[payer]] alone"),
        (GOOD + GOOD, "two payers"),
        (GOOD.replace("account", "acount"), "payer 1 has account"),
        (GOOD.replace('"102701000013"', "102701000013"), "bank_code"),
        (GOOD.replace("017", "017" * 20), "account is no text"),
        (GOOD.replace('"示例银行"', '""'), "bank_name"),
    ],
)
def test_a_mistake_stops_the_start_and_shows_no_account(text: str, said: str, tmp_path: Path) -> None:
    """Found at the first payment it would stop a batch that two people have approved."""
    (tmp_path / "payers.toml").write_text(text, "utf-8")
    with pytest.raises(BankSettingsUnusable) as error:
        read_payers(tmp_path / "payers.toml")
    assert said in str(error.value)
    assert "6200" not in str(error.value)


def test_a_file_that_is_not_there_stops_the_start_too(tmp_path: Path) -> None:
    with pytest.raises(BankSettingsUnusable, match="YUNQUAN_PAYERS"):
        read_payers(tmp_path / "none.toml")


@pytest.mark.parametrize(("text", "days"), [("", 3), ("5", 5), ("0", None), ("x", None), ("101", None), ("-1", None)])
def test_days_are_a_small_whole_number(text: str, days: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(bank_settings.RESULT_DAYS, text)
    bank_settings.result_days.cache_clear()
    try:
        if days is None:
            with pytest.raises(BankSettingsUnusable, match="working days"):
                bank_settings.result_days()
        else:
            assert bank_settings.result_days() == days
    finally:
        bank_settings.result_days.cache_clear()


def test_a_deployment_on_one_machine_has_payers_of_every_programme(tmp_path: Path) -> None:
    """Lost otherwise: a first payment file that `yunquan up` cannot make."""
    library = packs.read({})
    make_payers(tmp_path / "p.toml", library)
    assert {one.programme for one in read_payers(tmp_path / "p.toml")} >= set(library.codes())
