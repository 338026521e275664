"""What a register writes, read as it is meant; the variants are those of a real export."""

from __future__ import annotations

from datetime import date

import pytest

from services.registry.domain import register
from services.registry.domain.personal import masked


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("50(万元)", 50_000_000),
        ("2,000(万元)", 2_000_000_000),
        ("1,003,754(万元)", 1_003_754_000_000),
        ("1,178.3792(万元)", 1_178_379_200),
        ("701(万元人民币)", 701_000_000),
        ("300( 万人民币元)", 300_000_000),
        ("150( 万元人民币元)", 150_000_000),
        ("620万人民币", 620_000_000),
        ("0.296万元人民币", 296_000),
        ("2107万人民币元", 2_107_000_000),
        ("4,700(万)", 4_700_000_000),
        ("３０（万元）", 30_000_000),
        ("30000元", 3_000_000),
        ("0(万元)", 0),
    ],
)
def test_amounts_are_read_to_the_fen(text, fen):
    """Lost otherwise: capital off by a factor of ten thousand."""
    assert register.capital_fen(text) == fen


@pytest.mark.parametrize(
    "text", ["84(万美元)", "10()", "10", "吴示例", "-5(万元)", "1e5元", "0.00000001(万元)", "1..2(万元)"]
)
def test_what_is_no_amount_in_yuan_is_not_guessed(text):
    """Lost otherwise: 84 (ten thousand US dollars) would be taken for yuan."""
    with pytest.raises(ValueError):
        register.capital_fen(text)


@pytest.mark.parametrize(
    "text",
    ["2015-01-02", "2015/1/2", "2015.01.02", "2015年1月2日", "20150102", " 2015-01-02 00:00:00", "２０１５-01-02"],
)
def test_dates_of_any_hand_are_one_date(text):
    """Lost otherwise: rows would be rejected for how a spreadsheet writes a day."""
    assert register.day(text) == date(2015, 1, 2)


@pytest.mark.parametrize(
    "text", ["2015-02-29", "2015-13-01", "15-01-02", "2015", "201512", "N/A", "2015-0102", "x2015-01-02"]
)
def test_what_is_no_date_fails(text):
    """Lost otherwise: an enterprise would be a year older or younger than it is."""
    with pytest.raises(ValueError):
        register.day(text)


@pytest.mark.parametrize("text", ["", "  ", "N/A", "n/a", "-", "null", "　", "／", "无"])
def test_what_says_nothing_is_nothing(text):
    """Lost otherwise: everyone whose representative is `N/A` would seem to be one person."""
    assert register.known(text) is None


@pytest.mark.parametrize(
    ("code", "prefecture", "region"),
    [
        ("91520102MA", "贵阳", "520102"),
        ("91520000MA", "毕节", "520500"),
        ("91522401MA", "毕节", "520500"),
        ("91520900MA", "贵安新区", "520900"),
        ("91520000MA", None, "520000"),
        ("91520000MA", "外星", "520000"),
        ("91210423MA", "安顺", "210423"),
    ],
    ids=["own", "province", "abolished", "new area", "unknown", "strange name", "another province"],
)
def test_the_region_is_where_it_is_registered(code, prefecture, region):
    """Lost otherwise: enterprises would fall to no city, or strangers into the province."""
    assert register.region_of(code=code, prefecture=prefecture) == region


@pytest.mark.parametrize(
    ("name", "type", "code", "is_one"),
    [
        ("贵州示例有限公司", None, "91", True),
        ("贵州示例有限责任公司。", None, "91", True),
        ("贵州示例公司(普通合伙)", None, "91", False),
        ("示例(中国)有限公司贵阳分公司", None, "91", False),
        ("示例(中国)有限公司贵阳分公司", "有限责任公司", "91", False),
        ("示例通信有限公司府东路营业厅", None, "91", False),
        ("示例石化有限公司贵阳市南加油站", "有限责任公司", "91", False),
        ("示例药业公司第二十九分店", None, "91", False),
        ("示例农资公司一门市", "国有企业", "91", False),
        ("某某县示例加工厂", None, "91", False),
        ("某某县示例加工厂", "集体所有制", "91", True),
        ("某某县示例加工厂", "个人独资企业", "91", False),
        ("某某县示例加工厂", "集体分支机构(非法人)", "91", False),
        ("某某县示例加工厂", "外国(地区)企业常驻代表机构", "91", False),
        ("某某县示例种植专业合作社", None, "93", True),
        ("某某县示例专业合作社某村连锁店", None, "93", False),
        ("示例有限公司", "有限责任公司", "92", False),
        ("某某县农村信用合作联社", None, "91", True),
    ],
)
def test_who_is_a_legal_person(name, type, code, is_one):
    """Lost otherwise: branches and sole traders would apply, whom the rules keep out (第十三条(二))."""
    assert register.is_legal_person(name=name, type=type, code=code) is is_one


@pytest.mark.parametrize(("value", "shown"), [("6222000000000001", "****01"), ("1234", "****")])
def test_masks_leave_too_little_to_use(value, shown):
    """Lost otherwise: a masked account would be the account."""
    assert masked(value) == shown
