"""How a name is shown in public: whole, unless it is a natural person's business, whose name may be a person's."""

from __future__ import annotations

import re

MASK = "**"  # of one length, so that it does not tell how long the name is

# codes of GB 32100: 92 is a sole trader (个体工商户); what else is told of a party is in its facts
SOLE_TRADER = "92"
# words that say that something is an organisation, though it is no legal person: branches, partnerships, offices
ORGANISATION = re.compile(r"公司|合伙|合作社|代表处|办事处|分行|支行|集团|大学|学院|学校|医院|协会|研究院")
COMPOUND = (
    "欧阳", "司马", "上官", "诸葛", "夏侯", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "东方", "独孤",
    "南宫", "司徒", "端木", "百里", "呼延", "轩辕", "申屠", "太史", "闻人", "钟离",
)  # fmt: skip
# the hundred or so most frequent surnames: a place that begins with one of them is not told from a person
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖"
    "范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔汤向常温康施文牛樊葛邢安齐易乔伍"
    "庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙"
    "鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬"
)
PLACE = re.compile(r"[\u4e00-\u9fff]{2,3}(?:省|市|县|旗|盟)")
# what a business is called by at its end, the longer before the shorter
FORMS = (
    "个体工商户", "经营部", "服务部", "工作室", "便利店", "门市部", "加工厂", "养殖场", "经销处", "代理处", "超市",
    "商行", "餐馆", "饭店", "中心", "店", "部", "行", "馆", "厂", "坊", "室", "社", "场", "站", "院", "所", "户",
    "吧", "园",
)  # fmt: skip
_BRACKETS = re.compile(r"[(（]([^()（）]*)[)）]")


def public_name(name: str, *, uscc: str | None, legal_person: bool | None) -> str:
    """The name as everyone may read it; `uscc`, `legal_person`: None where it is not known."""
    return masked(name) if is_natural(name, uscc=uscc, legal_person=legal_person) else name


def is_natural(name: str, *, uscc: str | None, legal_person: bool | None) -> bool:
    """May it be a natural person's business? By its code; else it is one when it is no legal person, and its name is
    not an organisation's. Of whom nothing is known but the name, the name alone says it."""
    if uscc is not None and uscc.startswith(SOLE_TRADER):
        return True
    if legal_person is None:
        legal_person = uscc is not None
    return not legal_person and ORGANISATION.search(name) is None


def masked(name: str) -> str:
    """A place before it, the first character of what is left (of a compound surname two), `**`, and the form of the
    business: nothing between the surname and the form is told. What stands in brackets goes, but for the form."""
    bare = _BRACKETS.sub("", name).strip().removeprefix("个体户")
    form = "" if _is_person(bare) else next((one for one in FORMS if bare.endswith(one) and bare != one), "")
    rest = bare.removesuffix(form)
    place = _place(rest)
    rest = rest[len(place) :]
    surname = rest[: 2 if rest.startswith(COMPOUND) else 1]
    tail = "（个体工商户）" if "个体工商户" in _BRACKETS.findall(name) else ""
    return f"{place}{surname}{MASK}{form}{tail}"


def _is_person(bare: str) -> bool:
    """It is a person's name and nothing else, whatever it ends in: 王园 is nobody's garden."""
    return len(bare) <= (4 if bare.startswith(COMPOUND) else 3 if bare[:1] in SURNAMES else 0)


def _place(text: str) -> str:
    found = PLACE.match(text)
    return "" if found is None or text[0] in SURNAMES or found.end() == len(text) else found.group()
