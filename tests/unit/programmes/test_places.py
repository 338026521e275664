"""Places: whose region an office's holds decides who may certify, file and pay whom."""

import pytest

from contracts.programmes.places import holds, shortest


@pytest.mark.parametrize(
    ("office", "region", "held"),
    [
        ("150203", "150203", True),
        ("150200", "150203", True),
        ("150000", "150203", True),
        ("1502", "150203", True),
        ("15", "150203", True),
        ("150203", "150200", False),
        ("150203", "150204", False),
        ("150300", "150203", False),
        ("150000", "140203", False),
        ("152000", "150203", False),
        ("210110", "210106", False),
        ("000000", "210106", False),
        ("2", "210106", False),
        (None, "150203", False),
        ("", "150203", False),
        ("150200", None, False),
    ],
)
def test_an_offices_region_holds_what_lies_in_it(office, region, held):
    """Lost otherwise: a prefecture certifies another's enterprises, or none of its own counties'."""
    assert holds(office, region) is held


@pytest.mark.parametrize(
    ("region", "short"), [("140100", "1401"), ("140000", "14"), ("140105", "140105"), ("1401", "1401"), ("14", "14")]
)
def test_one_region_has_one_spelling(region, short):
    """Lost otherwise: a city reports a month twice, once as 1401 and once as 140100."""
    assert shortest(region) == short
