"""Which office decides a stage of its own region: what demo and scenarios sign with."""

from __future__ import annotations

import pytest

from contracts.programmes.places import holds
from infra.demo.cast import office_of


@pytest.mark.parametrize(
    ("role", "regions", "office"),
    [
        ("district", ["880102"], "880102"),
        ("prefecture", ["880102"], "880100"),
        ("prefecture", ["880102", "880106"], "880100"),
        ("district", ["880102", "880106"], "880100"),
        ("district", ["880112", "880117"], "880100"),
        ("prefecture", ["880102", "881203"], "880000"),
    ],
)
def test_an_office_holds_all_that_it_decides_on(role: str, regions: list[str], office: str) -> None:
    """One that holds only some of a disbursement's parties is refused REGION_MISMATCH, and the year stops there."""
    assert office_of(role, regions) == office
    assert all(holds(office, region) for region in regions)
