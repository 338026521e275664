"""The board shows what a programme's document asks for, and nothing that it does not."""

from __future__ import annotations

import pytest

from contracts.programmes import load, shipped
from contracts.rpc.notify import SECTIONS
from services.notify.board import SECTIONS as READERS
from services.notify.domain.board import ASKED_BY, TITLES, limits, shown, title
from services.notify.pages import COLUMNS

# section → the article that asks for it, programme by programme; what is not named here is not public there
PUBLIC = {
    "guizhou-2018": {
        "plans": "第十五条", "providers": "三(二)", "products": "三(二)", "nodes": "第二十二条",
        "samples": "五(四)", "commendations": "五(五)",
        "payments": "第二十四条", "blacklist": "第十二条", "checkpoints": "五(二)",
    },
    "neimenggu-2019": {
        "plans": "五(一)", "providers": "八(一)", "products": "八(一)", "voucher_holders": "八(二)", "nodes": "七(一)",
        "notices": "七(一)", "payments": "七(一)", "blacklist": "三(三)2", "checkpoints": "八(三)",
        "commendations": "二(二)",
    },
    "shandong-2017": {
        "providers": "三(二)", "products": "三(二)", "payments": "三(三)", "regions": "五(五)", "checkpoints": "三(四)",
    },
    "shenyang-2018": {"filings": "三(四)1", "nodes": "三(五)2", "payments": "三(五)2", "designations": "二(四)"},
    "shanxi-2018": {"filings": "四(二)", "designations": "三(八)", "regions": "五(三)", "checkpoints": "五(三)"},
}  # fmt: skip


def test_every_section_has_a_title_a_rule_a_reader_and_columns():
    """Lost otherwise: a section of the contract that answers with a defect."""
    assert set(SECTIONS) == set(TITLES) == set(ASKED_BY) == set(READERS) == set(COLUMNS)


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("programme", shipped().codes())
def test_what_is_public(programme: str, section: str):
    """Lost otherwise: names of enterprises are published without a rule that says so, or a list that is owed is not."""
    found = shown(section=section, packs=[load(programme)])
    article = PUBLIC[programme].get(section)
    assert (found.published, found.article) == (article is not None, article)


def test_what_is_carried_out_is_not_said_to_be_asked_for():
    """Lost otherwise: a page says that an article has a list published which only tells how the thing is done."""
    assert shown(section="payments", packs=[load("shenyang-2018")]).asked is False
    assert shown(section="checkpoints", packs=[load("shanxi-2018")]).asked is False
    assert shown(section="voucher_holders", packs=[load("neimenggu-2019")]).asked is True
    assert shown(section="blacklist", packs=[load("guizhou-2018")]).asked is True


def test_rates_and_limits_are_public_where_the_catalogue_is():
    """Lost otherwise: nobody outside knows the shares and the yearly limit that are to be published (内蒙古 八(一))."""
    found = [(one["code"], one["rate"], one["cap_fen"], one["article"]) for one in limits(load("neimenggu-2019"))]
    assert found == [
        ("application", "20%", None, "五(二)"),
        ("infrastructure", "15%", None, "五(二)"),
        ("platform", "25%", None, "五(二)"),
        ("all", None, 2_000_000, "五(三)"),
    ]
    assert limits(load("shenyang-2018")) == []
    assert limits(load("shandong-2017")) == [], "left to the cities"


def test_an_overlay_opens_what_its_rules_ask_for():
    """Lost otherwise: a city that sets dates for claims has nowhere to publish them."""
    packs = [load("shandong-2017"), load("shandong-2017", overlay="example-shandong-city")]
    assert shown(section="nodes", packs=packs).article == "示例第四条"
    assert shown(section="awards", packs=packs).article == "示例第五条"


@pytest.mark.parametrize(
    ("programme", "section", "zh", "en"),
    [
        ("guizhou-2018", "plans", "云使用券发放计划", "Issuance plans: cloud use voucher"),
        ("neimenggu-2019", "plans", "云服务券发放计划", "Issuance plans: cloud service voucher"),
        (
            "neimenggu-2019",
            "voucher_holders",
            "获得云服务券的企业",
            "Enterprises that were given support: cloud service voucher",
        ),
        ("guizhou-2018", "nodes", "兑现受理节点", "Dates for claims"),
        ("shenyang-2018", "nodes", "补贴受理节点", "Dates for claims"),
        ("shanxi-2018", "notices", "奖补申请公示", "Claims on public notice"),
    ],
)
def test_titles_are_in_the_programme_s_own_words(programme: str, section: str, zh: str, en: str):
    """Lost otherwise: Shenyang's board speaks of redeeming vouchers that it does not have."""
    found = title(section=section, pack=load(programme))
    assert (found.zh, found.en) == (zh, en)
