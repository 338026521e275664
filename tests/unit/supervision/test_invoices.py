"""Lost if these fail: one invoice would be paid twice in disguise, or honest neighbours on a roll be accused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.supervision.domain.invoices import Lookup, Use, dense, earlier_uses, forms, judge, likeness, swaps

START = datetime(2018, 9, 1, tzinfo=UTC)
NOBODY: frozenset[str] = frozenset()


def use(
    number: str,
    claim: str = "B",
    *,
    provider: str = "P",
    enterprise: str = "E",
    amount: int = 100,
    order: str = "",
    day: int = 1,
    ended: bool = False,
) -> Use:
    return Use(
        claim_id=claim,
        order_id=order or f"order of {claim}",
        provider_id=provider,
        enterprise_id=enterprise,
        forms=forms(number, provider_id=provider),
        amount_fen=amount,
        issued_on=date(2018, 9, 1),
        used_at=START + timedelta(days=day),
        ended=ended,
    )


@pytest.mark.parametrize(
    ("number", "plain", "bare", "tail"),
    [
        ("12345678", "12345678", "12345678", None),
        (" 1234-5678 ", "12345678", "12345678", None),
        ("１２３４５６７８", "12345678", "12345678", None),
        ("gz-012345678", "GZ012345678", "12345678", None),
        ("发票号码：00012345", "发票号码00012345", "12345", None),
        ("520017113012345678", "520017113012345678", "520017113012345678", "12345678"),
        ("520017113000001234", "520017113000001234", "520017113000001234", None),
        ("A1B2C3", "A1B2C3", "1B2C3", None),
        ("无", "无", "", None),
    ],
)
def test_forms(number: str, plain: str, bare: str, tail: str | None) -> None:
    made = forms(number, provider_id="P")
    assert (made.plain, made.bare, made.tail) == (plain, bare, tail)


def test_swaps_are_of_neighbouring_different_digits() -> None:
    assert swaps("12334") == {"21334", "13234", "12343"}
    assert swaps("1234") == frozenset(), "too short to mean anything"
    assert swaps("10234") == {"1234", "12034", "10324", "10243"}, (
        "a zero that comes first falls off, as it does in bare"
    )
    assert swaps("1A345") == {"1A435", "1A354"}


@given(st.text("0123456789", min_size=6, max_size=20), st.data())
def test_any_one_swap_is_found_from_either_side(number: str, data: st.DataObject) -> None:
    """The lookup asks with the new number's swaps for the old one: it must hold whichever was filed first."""
    at = data.draw(st.integers(0, len(number) - 2))
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    mine, other = use(number), use(swapped, "A", day=0)
    if len(mine.forms.bare) < 6 or len(other.forms.bare) < 6:
        return
    assert (likeness(mine, other, in_sequence=NOBODY) is not None) == (
        likeness(other, mine, in_sequence=NOBODY) is not None
    )
    assert likeness(mine, other, in_sequence=NOBODY) is not None
    assert [one.claim_id for one in Lookup([mine, other]).like(mine)] == ["A", "B"]


OTHERS = {"provider": "Q", "enterprise": "F", "amount": 999}
LIKENESS = [
    ("same number, all else different", "12345678", {"number": "12345678", **OTHERS}, "same"),
    ("same with spaces", "12345678", {"number": "1234 5678", **OTHERS}, "same"),
    ("prefix, same seller", "A12345678", {"number": "B12345678", "enterprise": "F", "amount": 999}, "prefix"),
    ("prefix, other seller, all else different", "A12345678", {"number": "B12345678", **OTHERS}, None),
    ("prefix, other seller, same amount", "A12345678", {"number": "B12345678", **OTHERS, "amount": 100}, "prefix"),
    ("short numbers", "A123", {"number": "B123"}, None),
    ("same tail, other roll, same amount", "520000000112345678", {"number": "520000000212345678"}, "prefix"),
    (
        "same tail, other roll, another's sale",
        "520000000112345678",
        {"number": "520000000212345678", "enterprise": "F", "amount": 999},
        None,
    ),
    (
        "same tail, other seller, same amount alone",
        "520000000112345678",
        {"number": "520000000212345678", **OTHERS, "amount": 100},
        None,
    ),
    ("code left out", "520000000112345678", {"number": "12345678"}, "prefix"),
    ("swapped", "12345678", {"number": "12346578", **OTHERS}, "swapped"),
    ("two swaps", "12345678", {"number": "21346578"}, None),
    ("another number", "12345678", {"number": "87654321"}, None),
]


@pytest.mark.parametrize(("mine", "other", "expected"), [c[1:] for c in LIKENESS], ids=[c[0] for c in LIKENESS])
def test_likeness(mine: str, other: dict[str, object], expected: str | None) -> None:
    number = str(other.pop("number")) if "number" in other else ""
    found = likeness(use(mine), use(number, "A", **other), in_sequence=NOBODY)  # type: ignore[arg-type]
    other["number"] = number
    assert found == expected


def test_where_numbers_run_on_a_swap_needs_the_same_sale() -> None:
    """Number 12 and number 21 of a roll are two invoices; 12 and 21 to one buyer for one sum may be one."""
    mine, other = use("10000012", enterprise="E"), use("10000021", "A", enterprise="F", day=0)
    assert likeness(mine, other, in_sequence=NOBODY) == "swapped"
    for block in (mine.forms.near, mine.forms.far, other.forms.near, other.forms.far):
        assert likeness(mine, other, in_sequence=frozenset({block or ""})) is None
        assert likeness(mine, use("10000021", "A", day=0), in_sequence=frozenset({block or ""})) == "swapped"


def test_numbers_run_on_where_they_are_dense() -> None:
    """Numbers spread thin meet an honest swapped neighbour too rarely to be excused for it."""
    made = forms("52001234", provider_id="P")
    assert (made.near, made.far) == ("100:P:8:520012", "10000:P:8:5200")
    assert dense({"100:P:8:1": 3, "100:P:8:2": 4, "10000:P:8:3": 24, "10000:P:8:4": 25}) == {
        "100:P:8:2",
        "10000:P:8:4",
    }


def test_only_earlier_uses_by_other_claims_count() -> None:
    mine = use("12345678", day=5)
    others = [
        use("12345678", "B", day=0),  # the claim itself, filed before
        use("12345678", "later", day=6),
        use("12345678", "withdrawn", day=1, order="order of B", ended=True),
        use("12345678", "withdrawn elsewhere", day=2, ended=True),
        use("12345678", "early", day=1),
    ]
    found = earlier_uses(mine, others, in_sequence=NOBODY)
    assert [other.claim_id for _, other in found] == ["early", "withdrawn elsewhere"]


def test_of_two_filed_in_the_same_moment_one_is_first() -> None:
    a, b = use("12345678", "A"), use("12345678", "B")
    assert [len(earlier_uses(one, [a, b], in_sequence=NOBODY)) for one in (a, b)] == [0, 1]


def test_an_equal_number_weighs_more_than_a_like_one() -> None:
    mine = use("12345678", day=5)
    alike, same = use("FP12345678", "like", day=1), use("12345678", "same", day=2)
    finding = judge(mine, earlier_uses(mine, [alike, same], in_sequence=NOBODY))
    assert finding is not None
    assert (finding.severity, finding.numbers["likeness"], finding.numbers["uses_before"]) == ("high", "same", 2)
    assert finding.claims == ("like", "same")
    assert "same" in finding.en
    assert judge(mine, []) is None
