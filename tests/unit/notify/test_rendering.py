"""Every notice can be written: no step that concerns a party ends in an error, an English blank or a made-up name."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, UndefinedError

from contracts.catalogue import EVENTS
from contracts.programmes import Pack, load_file, shipped
from services.notify import rendering
from services.notify.domain.recipients import Route
from services.notify.domain.routes import ROUTES
from services.notify.facts import facts, headline
from services.notify.rendering import LANGUAGES, TEMPLATES
from services.notify.speech import Names, Speaker
from tests.unit.notify.examples import ULID, example, situated

NAMES = Names(parties={ULID: "黔云示例有限公司"}, products={ULID: "示例云主机"})
PROGRAMME = "guizhou-2018"
SIXTH = load_file(Path(__file__).parents[2] / "e2e" / "sixth" / "yunzhou-2021.v1.toml")
PACKS = {**{code: shipped().load(code) for code in shipped().codes()}, SIXTH.code: SIXTH}
ROUTE = {route.template: route for route in ROUTES}
CASES = [pytest.param(route, id=f"{route.event}-{route.template}") for route in ROUTES]

# Words that only one programme's document uses
OWN = {
    "guizhou-2018": ("云使用券", "省大数据局", "万企融合"),
    "neimenggu-2019": ("盟市", "工信厅", "自治区"),
    "shandong-2017": ("山东", "省级综合奖补"),
    "shenyang-2018": ("上云补贴", "经济和信息化委", "市大数据局"),
    "shanxi-2018": ("上云奖补", "省经信委"),
    "yunzhou-2021": ("上云券",),
}
NOT_REDEEMED = ("shenyang-2018", "shanxi-2018")  # where nothing is redeemed, because there is no voucher


def data_of(route: Route, pack: Pack, *, full: bool) -> dict[str, Any]:
    """An event that takes the route under this pack, with all fields or with none that may be left out."""
    schema = EVENTS[route.event].schema
    given = situated(schema, pack)
    if not full:
        given = {name: value for name, value in given.items() if schema().fields[name].required}
    for condition in route.when:
        given[condition.field] = condition.values[0] if condition.holds else "law_breach"
    data = example(schema, full=full, **given)
    assert all(condition.met(data) for condition in route.when)
    return data


def written(route: Route, *, language: str, full: bool, pack: Pack) -> rendering.Words:
    return rendering.render(
        speaker=Speaker(language, pack, NAMES),
        route=route,
        programme=pack.code,
        data=data_of(route, pack, full=full),
        subject=ULID,
        articles=["第二十条"],
    )


@pytest.mark.parametrize("code", PACKS)
@pytest.mark.parametrize("route", CASES)
def test_every_route_can_be_told_in_every_programme(route: Route, code: str):
    """Lost otherwise: a party is not told, because a template asks for a field that events lack; or it reads another
    programme's words, an English blank, or an amount in fen."""
    for language in LANGUAGES:
        for full in (True, False):
            words = written(route, language=language, full=full, pack=PACKS[code])
            assert words.title
            assert "\n" not in words.title
            assert "第二十条" in words.body
            assert ULID in words.body.splitlines()[-1]
            for text in (words.title, words.body):
                for strange in ("None", "{", "_fen", "\n\n\n", "“”"):
                    assert strange not in text, (language, full, text)
            foreign = [word for other, own in OWN.items() if other != code for word in own]
            leaked = [word for word in foreign if word in words.title + words.body]
            assert leaked == [], (language, full, words)
            if code in NOT_REDEEMED:
                assert "兑现" not in words.title + words.body
            shown = words.title.replace("示例云主机", "").replace("黔云示例有限公司", "")
            assert (re.search(r"[一-鿿]", shown) is not None) or language == "en"


def test_templates_come_in_pairs_and_each_has_a_route():
    """Lost otherwise: words that nobody reads, or a notice that is Guizhou's in Chinese and anyone's in English."""
    folders = {path.name for path in TEMPLATES.iterdir()} - {"board", "generic"}
    assert folders == set(shipped().codes())
    for code in folders:
        chinese = {path.stem for path in (TEMPLATES / code).glob("*.txt")}
        english = {path.stem for path in (TEMPLATES / code / "en").glob("*.txt")}
        assert chinese == english, code
        assert chinese <= set(ROUTE), code


def test_no_line_of_a_template_swallows_the_next():
    """Lost otherwise: two sentences without a space between them, since a line that ends in a tag loses its end."""
    joined = [
        f"{path.relative_to(TEMPLATES)}: {line}"
        for path in TEMPLATES.glob("**/*.txt")
        for line in path.read_text("utf-8").splitlines()[1:]
        if line.endswith("%}") and not line.startswith("{%")
    ]
    assert joined == []


@pytest.mark.parametrize(
    ("code", "template", "zh", "en"),
    [
        (
            "guizhou-2018", "order_confirmed",
            "价款：12,345.67元（云使用券12,345.67元，自付12,345.67元）", "CNY 12,345.67",
        ),
        ("neimenggu-2019", "voucher_issued", "金额12,345.67元，由云服务商从服务费中抵减", "takes it off its fee"),
        ("neimenggu-2019", "voucher_issued", "12,345.67元待下一年度计划优先补足", "made it up"),
        ("neimenggu-2019", "order_failed", "自此作废，不能兑现", "is void from now on"),
        ("neimenggu-2019", "claim_passed", "公示不少于5个工作日", "at least 5 working days"),
        ("shenyang-2018", "filing_reviewed", "市里于2019年6月30日受理", "takes it on 2019-06-30"),
        ("shenyang-2018", "payment_with_district", "区、县（市）财政，由其付给贵单位", "district's finance office"),
        ("shandong-2017", "order_confirmed", "没有使用记录的部分不能兑现", "no record of use cannot be claimed"),
        ("shanxi-2018", "filing_opened", "按“基础系统上云”计入上云企业统计", "under base systems"),
        ("yunzhou-2021", "voucher_issued", "上云券：12,345.67元", "Cloud coupon: CNY 12,345.67"),
        ("yunzhou-2021", "filing_reviewed", "当前环节：", "With: "),
        ("yunzhou-2021", "claim_returned", "请按下列理由更正", "Please correct what is named below"),
    ],
)  # fmt: skip
def test_a_notice_says_how_much_until_when_and_what_next(code: str, template: str, zh: str, en: str):
    """Lost otherwise: a party learns that something happened, and not what it means for its money or what to do."""
    found = {
        language: written(ROUTE[template], language=language, full=True, pack=PACKS[code]) for language in LANGUAGES
    }
    assert zh in found["zh"].body
    assert en in found["en"].body


CLAIM = {"price_fen": 100_000, "claimed_fen": 50_000, "payable_fen": 50_000, "category": "application"}


@pytest.mark.parametrize(
    ("code", "data", "lines", "title"),
    [
        ("shenyang-2018", {**CLAIM, "status": "filed"}, ["合同价：1,000.00元", "预计补贴：500.00元"], ""),
        (
            "shenyang-2018", {**CLAIM, "status": "accepted"},
            ["合同价：1,000.00元", "申请金额：500.00元", "应付金额：500.00元"], "500.00元",
        ),
        (
            "shenyang-2018", {"price_fen": 100_000, "voucher_fen": 50_000, "own_fen": 50_000, "status": "placed"},
            ["合同价：1,000.00元", "预计补贴：500.00元"], "",
        ),
        (
            "guizhou-2018", {**CLAIM, "status": "filed"},
            ["类别：业务应用层", "价款：1,000.00元", "申请金额：500.00元", "应付金额：500.00元"], "500.00元",
        ),
    ],
)  # fmt: skip
def test_what_is_only_foreseen_is_not_told_as_owed(code: str, data: dict[str, Any], lines: list[str], title: str):
    """Lost otherwise: an enterprise that pays all reads of its own share, and of money as owed before anyone knows how
    much was paid; or it reads a code that its programme has no word for."""
    speaker = Speaker("zh", PACKS[code], NAMES)
    assert facts(speaker, data) == lines
    assert headline(speaker, data) == title


def test_a_notice_tells_the_pack_s_own_rule_for_what_follows():
    """Lost otherwise: the parties of a sixth programme must look up what a shipped one's notices tell them."""
    pack = PACKS["yunzhou-2021"]
    body = written(ROUTE["claim_passed"], language="zh", full=True, pack=pack).body
    assert f"· {pack.rule('claims.notice').zh}（第十四条）" in body
    assert f"· {pack.payment.path[0].zh}（第十五条）" in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("route", CASES)
def test_a_programme_that_is_not_known_here_is_told_in_general_words(route: Route, language: str):
    """Lost otherwise: nobody is told while a node runs without a programme's pack."""
    data = data_of(route, PACKS[PROGRAMME], full=True)
    words = rendering.render(
        speaker=Speaker(language, None, NAMES), route=route, programme="elsewhere-2030", data=data, subject=ULID,
        articles=[],
    )  # fmt: skip
    assert words.title.startswith(Speaker(language, None).fill(route.says))
    assert words.body.endswith(ULID)


@pytest.mark.parametrize(
    ("code", "role", "zh", "en"),
    [
        ("guizhou-2018", "bureau", "省大数据局", "Provincial big data bureau"),
        ("neimenggu-2019", "bureau", "工信厅", "Industry department"),
        ("shenyang-2018", "operator", "云平台运营公司", "Operator of the cloud platform"),
        ("guizhou-2018", "government", "政府", "government"),
        ("guizhou-2018", "astronomer", "astronomer", "astronomer"),
    ],
)
def test_offices_are_called_what_the_pack_calls_them(code: str, role: str, zh: str, en: str):
    """Lost otherwise: an enterprise of Shenyang reads that its filing lies with a bureau of Guizhou."""
    assert (Speaker("zh", PACKS[code]).office(role), Speaker("en", PACKS[code]).office(role)) == (zh, en)


def test_an_undefined_name_is_an_error():
    """Lost otherwise: a notice with a hole where the amount should be."""
    broken = rendering.environment("zh").from_string("{{ e.amont_fen | yuan }}")
    with pytest.raises(UndefinedError):
        broken.render(e={"amount_fen": 1})


def test_html_is_escaped():
    """Lost otherwise: a company named `<script>` runs in the browser of whoever reads the board."""
    page = rendering.environment("zh").overlay(loader=DictLoader({"page.html": "{{ name }}"})).get_template("page.html")
    assert page.render(name="<script>") == "&lt;script&gt;"


def test_a_line_break_never_reaches_a_title():
    """Lost otherwise: a mail whose subject smuggles in another header."""
    route = ROUTE["product_published"]
    data = example(EVENTS[route.event].schema, full=True, name="云主机\nBcc: all@example.com")
    speaker = Speaker("zh", PACKS[PROGRAMME], NAMES)
    words = rendering.render(speaker=speaker, route=route, programme=PROGRAMME, data=data, subject=ULID, articles=[])
    assert words.title == "产品已发布：云主机 Bcc: all@example.com"


@pytest.mark.parametrize(
    ("fen", "zh", "en"),
    [
        (0, "0.00元", "CNY 0.00"),
        (5, "0.05元", "CNY 0.05"),
        (123_456_789, "1,234,567.89元", "CNY 1,234,567.89"),
        (10**15, "10,000,000,000,000.00元", "CNY 10,000,000,000,000.00"),
        (-5, "-0.05元", "CNY -0.05"),
        (-123_400, "-1,234.00元", "CNY -1,234.00"),
    ],
)
def test_amounts_are_yuan_with_two_places(fen: int, zh: str, en: str):
    """Lost otherwise: a party reads a hundred times its money."""
    assert (rendering.yuan("zh", fen), rendering.yuan("en", fen)) == (zh, en)


def test_reasons_that_are_codes_are_said_in_words():
    """Lost otherwise: a provider reads `REFUND_PENDING` where it should learn what to wait for."""
    given = ["REFUND_PENDING", "INVOICE_REUSED", "合同缺页"]
    assert rendering.reasons("zh", given).splitlines() == [
        "理由：",
        "1. 该订单已申请退款，尚待答复。",
        "2. 发票疑似重复使用",
        "3. 合同缺页",
    ]
    assert rendering.reasons("en", given[:1]).splitlines()[1] == "1. A refund of the order has been asked for."
    assert rendering.reasons("zh", None) == rendering.reasons("zh", []) == ""


def test_times_are_those_of_shanghai():
    """Lost otherwise: a provider misses a node by eight hours."""
    late = datetime(2019, 6, 30, 17, 30, tzinfo=UTC)
    assert rendering.instant("zh", late) == "2019年7月1日 01:30"
    assert rendering.instant("en", late) == "2019-07-01 01:30 (Beijing)"
    assert rendering.day("zh", date(2019, 7, 1)) == "2019年7月1日"


def test_unknown_names_are_shown_as_ids():
    """Lost otherwise: a notice that fails because news of a party comes later than news of its order."""
    route = ROUTE["order_to_confirm"]
    data = example(EVENTS[route.event].schema, full=True)
    speaker = Speaker("zh", PACKS[PROGRAMME])
    words = rendering.render(speaker=speaker, route=route, programme=PROGRAMME, data=data, subject=ULID, articles=[])
    assert ULID in words.title
