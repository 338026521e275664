"""The unified social credit code: a slip of the pen is found, a real code is not refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain import uscc

# published codes of well-known public bodies and companies, and forms that only look like one
PINNED = "7D7Q9W2NP7TZDNQ68QXXBWPBBT"
REAL = ["91440300708461136T", "91330100716105852F", "914403001922038216"]


@pytest.mark.parametrize("code", REAL)
def test_real_codes_hold(code):
    """Lost otherwise: honest enterprises could not register."""
    assert uscc.is_valid(code)


@pytest.mark.parametrize(
    "code",
    [
        "", "9144030070846113", "91440300708461136TT", "91440300708461136S", "91440300708461136t", "9144030070846113 T",
        "91I40300708461136T", "9144O300708461136T", "91A40300708461136T", "９1440300708461136T",
    ],
)  # fmt: skip
def test_what_is_no_code_fails(code):
    """Lost otherwise: I for 1, O for 0, a space or a full-width digit would pass as a code."""
    assert not uscc.is_valid(code)


codes = st.tuples(
    st.sampled_from(["91", "92", "93"]),
    st.integers(0, 999_999).map(lambda number: f"{number:06d}"),
    st.text(uscc.CODE_ALPHABET, min_size=9, max_size=9),
).map(lambda parts: "".join(parts) + uscc.check_character("".join(parts)))


@given(code=codes, place=st.integers(0, 17), other=st.sampled_from(uscc.CODE_ALPHABET))
def test_one_wrong_character_is_always_found(code, place, other):
    """Lost otherwise: the check digit would be decoration."""
    wrong = code[:place] + other + code[place + 1 :]
    assert uscc.is_valid(code)
    assert uscc.is_valid(wrong) == (wrong == code)


@given(code=codes, place=st.integers(0, 16))
def test_two_neighbours_swapped_are_always_found(code, place):
    """Lost otherwise: the commonest slip of all would pass."""
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert uscc.is_valid(swapped) == (swapped == code)


@pytest.mark.parametrize(
    ("code", "holds"), [("91520201000103960P", False), ("91440300708461136T", True), ("91", False)]
)
def test_the_code_inside_has_a_check_of_its_own(code, holds):
    """Lost otherwise: a reviewer would not be told that the organisation code inside is odd."""
    assert uscc.organisation_code_is_valid(code) is holds


def test_ids_from_the_register_never_change():
    """Lost otherwise: an import after an upgrade would register every enterprise a second time."""
    made = uscc.party_id(programme="guizhou-2018", kind="enterprise", code="91440300708461136T")
    assert made == PINNED
    assert uscc.party_id(programme="guizhou-2018", kind="provider", code="91440300708461136T") != made
    assert uscc.party_id(programme="shandong-2017", kind="enterprise", code="91440300708461136T") != made
