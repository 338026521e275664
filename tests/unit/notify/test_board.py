"""The board shows what a programme's document asks for, and nothing that it does not."""

from __future__ import annotations

import pytest

from contracts.programmes import load
from contracts.rpc.notify import SECTIONS
from services.notify.domain.board import ASKED_BY, TITLES, shown


def test_every_section_has_a_title_and_a_rule():
    """Lost otherwise: a section of the contract that answers with a defect."""
    assert set(SECTIONS) == set(TITLES) == set(ASKED_BY)


@pytest.mark.parametrize(
    ("programme", "section", "published", "article"),
    [
        ("guizhou-2018", "plans", True, "第十五条"),
        ("guizhou-2018", "providers", True, "三(二)"),
        ("guizhou-2018", "products", True, "三(二)"),
        ("guizhou-2018", "nodes", True, "第二十二条"),
        ("guizhou-2018", "payments", True, "第二十四条"),
        ("guizhou-2018", "blacklist", True, "第十二条"),
        ("guizhou-2018", "checkpoints", True, "五(二)"),
        ("guizhou-2018", "voucher_holders", False, None),
        ("neimenggu-2019", "voucher_holders", True, "八(二)"),
        ("shanxi-2018", "voucher_holders", False, None),
        ("shanxi-2018", "plans", False, None),
    ],
)
def test_what_is_public(programme, section, published, article):
    """Lost otherwise: names of enterprises are published without a rule that says so, or a list that is owed is not."""
    found = shown(section=section, pack=load(programme))
    assert (found.published, found.article) == (published, article)
