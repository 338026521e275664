"""Money: the one place where text becomes fen and rates become amounts."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import format_rate, format_yuan, parse_rate, parse_yuan, share


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("0", 0),
        ("0.01", 1),
        ("0.1", 10),
        ("80000", 8_000_000),
        ("33333.33", 3_333_333),
        ("007.5", 750),
        ("12.30", 1_230),
    ],
)
def test_plain_decimals_are_read(text, fen):
    """An amount would be off by a factor of ten or a hundred."""
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "-1",
        "+1",
        "-0",
        "1.",
        ".5",
        "1.234",
        "1,000",
        "1e3",
        "NaN",
        "inf",
        "０",
        "1٫5",
        "0x1",
        "1" * 31,
        "1\n",
    ],
)
def test_what_is_not_a_plain_decimal_is_refused(text):
    """A guess at what was meant would become money."""
    with pytest.raises(ValueError):
        parse_yuan(text)


@given(st.integers(0, 10**18))
def test_text_and_fen_are_inverse(fen):
    """An amount would change on its way through a file."""
    assert parse_yuan(format_yuan(fen)) == fen


def test_negative_amounts_are_written_with_their_sign():
    """A statement would show -5 fen as -1.95 yuan."""
    assert [format_yuan(fen) for fen in (-5, -100, -12_345)] == ["-0.05", "-1.00", "-123.45"]


@given(st.integers(0, 10**18), st.fractions(0, 1))
def test_a_share_is_the_greatest_whole_fen_within_the_rate(fen, rate):
    """Rounding up, or through floats, would pay out fen that no rate allows."""
    part = share(fen, rate)
    assert part <= fen * rate < part + 1


@pytest.mark.parametrize(("fen", "rate"), [(-1, Fraction(1, 2)), (1, Fraction(-1, 2))])
def test_no_share_of_less_than_nothing(fen, rate):
    """A negative price would turn into a payment the other way."""
    with pytest.raises(ValueError):
        share(fen, rate)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("40%", Fraction(2, 5)), ("12.5%", Fraction(1, 8)), ("1/3", Fraction(1, 3)), ("100%", Fraction(1))],
)
def test_rates_are_exact_and_written_back(text, rate):
    """A third would become 0.33."""
    assert parse_rate(text) == rate
    assert format_rate(rate) == text


@pytest.mark.parametrize("text", ["40", "0.4", "-40%", "101%", "4/3", "1/0", "40 %", "", "%"])
def test_what_is_not_a_rate_is_refused(text):
    """40 for 40 % would pay forty times the price."""
    with pytest.raises(ValueError):
        parse_rate(text)
