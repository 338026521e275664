"""One deployment for many scenarios: what one left behind, another must not find; what failed is shown."""

from __future__ import annotations

from pathlib import Path

from infra.scenario.reader import load
from infra.scenario.stage import House

PEOPLE = """
scenario: 一
programme: guizhou-2018
year: 2019
starts: {starts}
enterprises:
  甲公司: {{registered_on: 2015-06-01}}
steps:
  - enrol: [甲公司]
  - plan: {{budget: 10万元, opens_on: {starts}}}
  - grant: {{to: [甲公司]}}
"""
AGAIN = PEOPLE.replace("一", "二")
WRONG = """  - balances: {budget: "40,000元", quota: "50,000元", "quota:guizhou-2018:2019:$甲公司": "50,000.01元"}
"""
REFUSED = """  - say: 再要一分
    call: voucher.apply_for_quota
    as: 甲公司
    with: {application_id: $new.又, enterprise_id: $甲公司, requested_fen: 1}
    expect: {status: reserved}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "one.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scenario_finds_nothing_of_the_one_before_and_may_begin_earlier(house: House, tmp_path: Path) -> None:
    """Lost otherwise: a plan that exists already, another's place in the line, a relay that went on from old numbers,
    or a clock that will not go back."""
    late, early = PEOPLE.format(starts="2019-05-01"), AGAIN.format(starts="2019-02-01")
    sees = "  - call: voucher.list_applications\n    as: operator\n    expect: {items: [{place: 1}]}\n"
    for text in (late + sees, early + sees, late + sees):
        failure = house.play(load(written(tmp_path, text)))
        assert failure is None, str(failure)


def test_what_failed_stands_beside_what_was_expected(house: House, tmp_path: Path) -> None:
    """A bare "failed" would send its reader to the databases."""
    told = str(house.play(load(written(tmp_path, PEOPLE.format(starts="2019-05-01") + WRONG))))
    assert "one.yaml:12 step 4: balances" in told
    assert "budget: expected 40,000.00元, actual 50,000.00元" in told
    assert "quota:guizhou-2018:2019:甲公司: expected 50,000.01元, actual 50,000.00元" in told
    assert "\n  quota: expected" not in told, "what agrees is not listed"


def test_an_unexpected_refusal_comes_with_its_law_and_numbers(house: House, tmp_path: Path) -> None:
    """Why it was refused is what `explain` says of it, to whoever reads the failure."""
    told = str(house.play(load(written(tmp_path, PEOPLE.format(starts="2019-05-01") + REFUSED))))
    assert "one.yaml:12 step 4: 再要一分" in told
    assert 'expected {"ok": true, "result": {"status": "reserved"}}, actual: refused' in told
    assert "QUOTA_EXHAUSTED: 本年度额度已用完。" in told
    assert 'article: "第十六条"' in told
    assert "explain 又: 2019-05-01 09:00 apply_for_quota QUOTA_EXHAUSTED guizhou-2018@1 第十六条" in told


def test_the_books_are_compared_after_the_last_step(house: House, tmp_path: Path, monkeypatch) -> None:
    """A scenario whose every step was as expected still fails when the services tell different sums."""
    text = PEOPLE.format(starts="2019-05-01")
    assert house.play(load(written(tmp_path, text))) is None
    from contracts import equations

    broken = equations.Check("the ledger sums to zero", "总账轧平", 1, "=", 0)
    monkeypatch.setattr(equations, "checks", lambda _totals: [broken])
    told = str(house.play(load(written(tmp_path, text))))
    assert told == "after the last step\n  guizhou-2018 2019: the ledger sums to zero: 1 = 0"
