"""One fact in two spellings has one index, and two facts never have: else affiliation hides, or honest claims wait."""

import pytest

from contracts.money import account_number
from services.registry.domain.personal import address, comparable, person, phones

GUIYANG = "520102"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("王小明", "王 小 明"),
        ("王小明", "\uff08\uff09王小明先生"),
        ("王小明", "王小明(法定代表人)"),
        ("王小明", "王小明总经理"),
        ("阿依·古丽", "阿依古丽"),
        ("阿依·古丽", "阿依・古丽"),
        ("阿依·古丽", "阿依．古丽"),
        ("Li Lei", "ＬＩ　ＬＥＩ"),
        ("Li Lei", "Mr. Li  Lei"),
    ],
)
def test_a_name_in_another_spelling_is_the_same_person(one: str, other: str):
    """A title or a dot would hide who stands behind both."""
    assert person(one) == person(other) != ""


@pytest.mark.parametrize(("one", "other"), [("王小明", "王小民"), ("王明", "王小明"), ("Li Lei", "Li Mei")])
def test_another_name_is_another_person(one: str, other: str):
    """Honest claims would wait for a likeness of names."""
    assert person(one) != person(other)


@pytest.mark.parametrize("text", ["", "王先生", "王", "先生", "·", "(法人)"])
def test_what_names_nobody_has_no_index(text: str):
    """All the 王先生 of a province would be one person."""
    assert person(text) == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("0086-13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("013800138000", "13800138000"),
        ("手机:13800138000", "13800138000"),
        ("0851-85551234", "085185551234"),
        ("(0851)8555 1234", "085185551234"),
        ("+86 851 85551234", "085185551234"),
        ("+86-0851-85551234", "085185551234"),
        ("85551234", "085185551234"),
        ("8555-1234", "085185551234"),
        ("0851-85551234-802", "085185551234"),
        ("0851-85551234转802", "085185551234"),
        ("0851-85551234 ext. 802", "085185551234"),
        ("085185551234分机802", "085185551234"),
        ("85551234-802", "085185551234"),
        ("010-65551234", "01065551234"),
        ("400-123-4567", "4001234567"),
    ],
)
def test_a_phone_in_another_spelling_is_the_same_phone(text: str, number: str):
    """The cheapest disguise there is."""
    assert phones(text, region=GUIYANG) == [number]


@pytest.mark.parametrize(
    ("text", "region", "numbers"),
    [
        ("13800138000/13900139000", GUIYANG, ["13800138000", "13900139000"]),
        ("0851-85551234、13800138000", GUIYANG, ["085185551234", "13800138000"]),
        ("85551234", "520302", ["085185551234"]),
        ("8555123", "522301", ["08598555123"]),
        ("85551234", "110000", ["85551234"]),
        ("", GUIYANG, []),
        ("无", GUIYANG, []),
        ("802", GUIYANG, []),
        ("00000000000", GUIYANG, []),
        ("11111111111", GUIYANG, []),
    ],
)
def test_several_phones_in_one_text_and_none(text: str, region: str, numbers: list[str]):
    """A second number behind a stroke, or a made-up one that everybody writes."""
    assert phones(text, region=region) == numbers


def test_the_same_local_number_of_two_cities_is_two_phones():
    """Numbers without area code are used again in each city."""
    assert phones("85551234", region="210100") != phones("85551234", region=GUIYANG)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("6217 0001 2345 6789", "6217000123456789"),
        ("6217-0001-2345-6789", "6217000123456789"),
        ("中国建设银行 6217000123456789", "6217000123456789"),
        ("中国建设银行股份有限公司贵阳支行:6217000123456789", "6217000123456789"),
        ("CCB6217000123456789", "6217000123456789"),
        ("账号：６２１７０００１２３４５６７８９", "6217000123456789"),
        ("无", ""),
        ("12345", ""),
    ],
)
def test_an_account_in_another_spelling_is_the_same_account(text: str, number: str):
    """Money would go round between two spellings of one account."""
    assert account_number(text) == number


PLAIN = "贵州省贵阳市南明区中华南路12号3栋1502室"


@pytest.mark.parametrize(
    "text",
    [
        "贵阳市南明区中华南路12号3栋1502室",
        "中华南路12号3栋1502",
        "南明区中华南路12号3栋1502室",
        "贵州省贵阳市贵州省贵阳市南明区中华南路12号3栋1502室",
        "贵州省贵阳市南明区南明区中华南路12号3栋1502室",
        "贵州贵阳市南明区中华南路12号3栋1502室",
        "中国贵州省贵阳市南明区中华南路12号3栋1502室",
        "贵州省 贵阳市 南明区 中华南路 12号 3栋 1502室",
        "贵州省贵阳市南明区中华南路１２号３栋１５０２室",
        "贵州省贵阳市南明区中华南路十二号三栋一五〇二室",
        "贵州省贵阳市南明区中华南路12号3幢1502室",
        "贵州省贵阳市南明区中华南路12号3座1502室",
        "贵州省贵阳市南明区中华南路12号3号楼1502室",
        "贵州省贵阳市南明区中华南路12号3#楼1502室",
        "贵州省贵阳市南明区中华南路12号3栋15楼1502室",
        "贵州省贵阳市南明区中华南路12号3栋第15层1502号",
        "贵州省贵阳市南明区中华南路12号(3栋)1502房",
        "贵州省贵阳市南明区中华南路12号3栋1502室（自主申报）",
    ],
)
def test_an_address_in_another_spelling_is_the_same_room(text: str):
    """A firm that moves by writing its address anew."""
    assert address(text, region=GUIYANG) == address(PLAIN, region=GUIYANG)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("阳光小区3栋2单元501室", "贵阳市阳光小区3-2-501"),
        ("花果园金融大厦二十一楼A座", "花果园金融大厦21层A栋"),
        ("黔东南苗族侗族自治州凯里市文化路8号", "黔东南州凯里市文化路8号"),
        ("会展城A座1203", "观山湖区会展城A栋1203号"),
    ],
)
def test_forms_of_one_place(one: str, other: str):
    """Stairs, letters and autonomous prefectures are written in two ways."""
    assert address(one, region=GUIYANG) == address(other, region=GUIYANG)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PLAIN, "贵阳市南明区中华南路12号3栋1503室"),
        (PLAIN, "贵阳市南明区中华南路12号2栋1502室"),
        (PLAIN, "贵阳市南明区中华南路13号3栋1502室"),
        (PLAIN, "遵义市红花岗区中华南路12号3栋1502室"),
        ("阳光小区3栋501", "月光小区3栋501"),
        ("花果园南区1栋201", "花果园北区1栋201"),
        ("南明区花果园南区1栋201", "南明区花果园北区1栋201"),
        ("北京路12号", "南京路12号"),
        ("中华超市2楼201", "云岩超市2楼201"),
        ("高新开发区阳光路1号", "阳光路1号2栋"),
    ],
)
def test_another_place_is_another_address(one: str, other: str):
    """Two firms of one estate, or of one street's name in two cities, are strangers."""
    first, second = address(one, region=GUIYANG), address(other, region=GUIYANG)
    assert first
    assert second
    assert first.room != second.room


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (PLAIN, "中华南路12号3栋1503室", True),
        (PLAIN, "中华南路12号3栋", True),
        (PLAIN, "中华南路12号3栋2单元8楼", True),
        (PLAIN, "中华南路12号2栋1502室", False),
        ("金融大厦1502", "金融大厦8楼", True),
        ("中华南路12号", "中华南路12号201室", True),
    ],
)
def test_two_rooms_of_one_building(one: str, other: str, same: bool):
    """A room left out hides an address; a building says less than a room, and is told apart."""
    first, second = address(one, region=GUIYANG), address(other, region=GUIYANG)
    assert first
    assert second
    assert (first.building == second.building != "") is same


@pytest.mark.parametrize("text", ["", "贵州省贵阳市", "贵阳市南明区", "无", "3栋", "-"])
def test_too_little_to_be_a_place(text: str):
    """Half a city would share its name."""
    assert address(text, region=GUIYANG) is None


def test_several_of_each_kind():
    """A second phone, a contact's or an owner's name ties as well as the first."""
    found = comparable(
        {
            "representative": "王小明",
            "contact_name": "李雷",
            "controller": "王小明先生",
            "shareholders": ["韩梅", "李 雷"],
            "contact_phone": "13800138000",
            "other_phones": ["+86 13800138000", "0851-85551234"],
            "account": "6217000123456789",
            "other_accounts": ["6217000123456780"],
        },
        region=GUIYANG,
    )
    assert found == {
        "person": ("李雷", "王小明", "韩梅"),
        "phone": ("085185551234", "13800138000"),
        "account": ("6217000123456780", "6217000123456789"),
        "representative": ("王小明",),
    }


@pytest.mark.parametrize(
    "personal", [{}, {"contact_phone": "-"}, {"address": "（）"}, {"contact_email": "a@example.invalid"}]
)
def test_nothing_compares_equal_to_nothing(personal: dict[str, str]):
    """All whose telephone is a hyphen would be tied to each other."""
    assert comparable(personal, region=GUIYANG) == {}


def test_a_contact_of_the_one_who_represents_the_other_is_one_person():
    """The one who signs here and answers the telephone there."""
    contact = comparable({"contact_name": "张示例"}, region=GUIYANG)
    assert contact["person"] == comparable({"representative": "张示例"}, region=GUIYANG)["person"]
    assert "representative" not in contact
