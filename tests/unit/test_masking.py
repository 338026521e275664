"""Names in public: a natural person's name must not stand there; an organisation's must, or nobody can object."""

from __future__ import annotations

import pytest

from contracts.masking import is_natural, masked, public_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张**"),
        ("张三丰", "张**"),
        ("欧阳修", "欧阳**"),
        ("王园", "王**"),  # ends in a word for a business, and is a person
        ("赵行", "赵**"),
        ("阿依古丽·买买提", "阿**"),
        ("个体户张三", "张**"),
        ("张三（个体工商户）", "张**（个体工商户）"),
        ("张三丰五金经营部", "张**经营部"),
        ("欧阳修五金店", "欧阳**店"),
        ("太原市小店区张三丰五金店", "太原市小**店"),
        ("太原市李四便利店（个体工商户）", "太原市李**便利店（个体工商户）"),
        ("李市明五金店", "李**店"),  # no place of that name
        ("王小市五金店", "王**店"),  # a place that begins with a surname is not told from a person
        ("小店区王五餐馆（王五）", "小**餐馆"),
        ("王小市", "王**"),
        ("太原市", "太**"),
        ("店", "店**"),
        ("Zhang San Store", "Z**"),
    ],
)
def test_nothing_between_surname_and_form_is_told(name: str, shown: str) -> None:
    assert masked(name) == shown


def test_what_is_hidden_says_nothing_of_its_length() -> None:
    assert masked("张三") == masked("张三丰")


@pytest.mark.parametrize(
    ("name", "uscc", "legal_person", "natural"),
    [
        ("张三五金店", "92140105MA0XXXXX1X", False, True),
        ("张三五金有限公司", "92140105MA0XXXXX1X", None, True),  # the code counts more than the name
        ("张三五金有限公司", "91140105MA0XXXXX1X", True, False),
        ("张三工作室", "91140105MA0XXXXX1X", False, True),  # a sole owner's business
        ("某某公司太原分公司", "91140105MA0XXXXX1X", False, False),
        ("某某投资（有限合伙）", "91140105MA0XXXXX1X", False, False),
        ("云上农民专业合作社", "93140105MA0XXXXX1X", False, False),
        ("省信息中心", "12140105MA0XXXXX1X", None, False),  # a provider, of which registry says no more
        ("张三", None, None, True),  # of whom nothing is known
        ("云上科技有限公司", None, None, False),
    ],
)
def test_whose_name_may_be_a_persons(name: str, uscc: str | None, legal_person: bool | None, natural: bool) -> None:
    assert is_natural(name, uscc=uscc, legal_person=legal_person) is natural
    assert (public_name(name, uscc=uscc, legal_person=legal_person) != name) is natural
