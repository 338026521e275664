"""Every notice can be written: no step that concerns a party ends in an error, an English blank or a made-up name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from jinja2 import DictLoader, UndefinedError

from contracts.catalogue import EVENTS
from services.notify import rendering
from services.notify.domain.routes import ROUTES, Route
from services.notify.rendering import LANGUAGES, TEMPLATES, Names
from tests.unit.notify.examples import ULID, example

NAMES = Names(parties={ULID: "黔云示例有限公司"}, products={ULID: "示例云主机"})
PROGRAMME = "guizhou-2018"
CASES = [pytest.param(route, id=route.template) for route in ROUTES]


def written(route: Route, *, language: str, full: bool, programme: str = PROGRAMME) -> rendering.Words:
    schema = EVENTS[route.event].schema
    given = {}
    if route.when is not None:
        given[route.when.field] = route.when.values[0] if route.when.holds else "law_breach"
    data = example(schema, full=full, **given)
    assert route.applies(data)
    return rendering.render(
        language=language,
        route=route,
        programme=programme,
        data=data,
        subject=ULID,
        articles=["第二十条"],
        names=NAMES,
    )


@pytest.mark.parametrize("full", [True, False], ids=["full", "minimal"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("route", CASES)
def test_every_route_has_words_of_its_own_in_guizhou(route: Route, language: str, full: bool):
    """Lost otherwise: a party is not told, because a template is missing or asks for a field that events lack."""
    assert rendering.has_own(language, PROGRAMME, route.template), "falls back to the generic notice"
    words = written(route, language=language, full=full)
    assert words.title
    assert "\n" not in words.title
    assert "第二十条" in words.body
    assert ULID in words.body.splitlines()[-1]
    for text in (words.title, words.body):
        assert "None" not in text
        assert "{" not in text
        assert "_fen" not in text
        assert "\n\n\n" not in text
    chinese = re.search(r"[一-鿿]", words.title.replace("示例云主机", "").replace("黔云示例有限公司", ""))
    if language == "zh":
        assert chinese


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("route", CASES)
def test_a_programme_without_templates_falls_back(route: Route, language: str):
    """Lost otherwise: the next region's parties hear nothing until somebody has written sixty templates."""
    words = written(route, language=language, full=True, programme="elsewhere-2030")
    assert words.title == getattr(route, language)
    assert words.body.endswith(ULID)


def test_no_template_without_a_route():
    """Lost otherwise: words that nobody ever reads, kept up for nothing."""
    used = {route.template for route in ROUTES}
    for folder in (TEMPLATES / PROGRAMME, TEMPLATES / PROGRAMME / "en"):
        assert {path.stem for path in folder.glob("*.txt")} == used


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
    route = next(route for route in ROUTES if route.template == "product_published")
    schema = EVENTS[route.event].schema
    data = example(schema, full=True, name="云主机\nBcc: all@example.com")
    words = rendering.render(
        language="zh", route=route, programme=PROGRAMME, data=data, subject=ULID, articles=[], names=NAMES
    )
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
    route = next(route for route in ROUTES if route.template == "order_to_confirm")
    data = example(EVENTS[route.event].schema, full=True)
    nobody = replace(NAMES, parties={}, products={})
    words = rendering.render(
        language="zh", route=route, programme=PROGRAMME, data=data, subject=ULID, articles=[], names=nobody
    )
    assert ULID in words.title
