"""The shipped packs against the originals, read once more by hand: number, period, article."""

from datetime import date
from fractions import Fraction

import pytest

from contracts.programmes import DelegatedRuleMissing, UnknownPack, load, shipped
from contracts.programmes.schema import Rule
from contracts.programmes.show import flat

# pack, dotted rule, article, field, value: one line for each number of an original
NUMBERS = [
    ("guizhou-2018", "eligibility.registered_for", "第十三条(一)", "years", 1),
    ("guizhou-2018", "amount.rate.of.infrastructure", "第十八条", "rate", Fraction(2, 5)),
    ("guizhou-2018", "amount.rate.of.platform", "第十八条", "rate", Fraction(3, 5)),
    ("guizhou-2018", "amount.rate.of.application", "第十八条", "rate", Fraction(3, 5)),
    ("guizhou-2018", "amount.cap.of.all", "第十六条", "cap_fen", 5_000_000),
    ("guizhou-2018", "budget", "第六条", "when_used_up", "refuse"),
    ("guizhou-2018", "budget", "第六条", "order", "application"),
    ("guizhou-2018", "issuing.plan", "第十五条", "role", "bureau"),
    ("guizhou-2018", "issuing.configure", "第十五条", "role", "operator"),
    ("guizhou-2018", "issuing.validity", "第十六条", "until", "year_end"),
    ("guizhou-2018", "order.cancel", "第二十条", "until", "confirmed"),
    ("guizhou-2018", "order.refund", "第二十条", "consent_by", "provider"),
    ("guizhou-2018", "claims.cadence", "第二十二条", "late", "next_node"),
    ("guizhou-2018", "claims.question", "第二十五条", "working_days", 3),
    ("guizhou-2018", "exit.voluntary", "第十二条(一)", "notice_days", 30),
    ("guizhou-2018", "targets.enterprises_2018", "一", "at_least", 10_000),
    ("guizhou-2018", "targets.enterprises_2020", "一", "at_least", 20_000),
    ("neimenggu-2019", "amount.rate.of.infrastructure", "五(二)", "rate", Fraction(15, 100)),
    ("neimenggu-2019", "amount.rate.of.application", "五(二)", "rate", Fraction(20, 100)),
    ("neimenggu-2019", "amount.rate.of.platform", "五(二)", "rate", Fraction(25, 100)),
    ("neimenggu-2019", "amount.cap.of.all", "五(三)", "cap_fen", 2_000_000),
    ("neimenggu-2019", "budget", "一(二)", "when_used_up", "defer"),
    ("neimenggu-2019", "budget", "一(二)", "unspent", "carry_over"),
    ("neimenggu-2019", "claims.notice", "七(一)", "working_days", 5),
    ("neimenggu-2019", "claims.cadence", "七(一)", "when", "yearly"),
    ("neimenggu-2019", "exit.voluntary", "三(三)1", "notice_days", 30),
    ("shandong-2017", "eligibility.size", "三(一)", "allowed", ("micro", "small", "medium")),
    ("shandong-2017", "budget", "三(三)", "when_used_up", "refuse"),
    ("shandong-2017", "targets.enterprises", "一", "at_least", 200_000),
    ("shenyang-2018", "amount.rate.of.industrial", "三(三)1", "rate", Fraction(1, 2)),
    ("shenyang-2018", "amount.rate.of.software", "三(三)2", "rate", Fraction(1, 2)),
    ("shenyang-2018", "amount.rate.of.city-service", "三(三)3", "rate", Fraction(1, 2)),
    ("shenyang-2018", "amount.cap.of.city-service", "三(三)3", "cap_fen", 100_000_000),
    ("shenyang-2018", "amount.years", "三(三)", "most", 3),
    ("shenyang-2018", "filing.cadence", "三(四)3", "day", 5),
    ("shanxi-2018", "targets.pilots", "三(八)", "at_least", 200),
    ("shanxi-2018", "targets.training", "一(二)", "at_least", 130),
]
PERIODS = {
    "guizhou-2018": (date(2018, 8, 23), None),
    "neimenggu-2019": (date(2019, 9, 11), None),
    "shandong-2017": (date(2017, 11, 10), date(2020, 11, 9)),
    "shenyang-2018": (date(2018, 9, 17), date(2022, 12, 31)),
    "shanxi-2018": (date(2018, 6, 15), date(2020, 12, 31)),
}
REGIONS = {
    "guizhou-2018": "52",
    "neimenggu-2019": "15",
    "shandong-2017": "37",
    "shenyang-2018": "2101",
    "shanxi-2018": "14",
}
STAGES = [
    ("guizhou-2018", "product", [("operator", "第十一条(五)"), ("bureau", "第十一条(五)")]),
    ("guizhou-2018", "application", [("operator", "第十六条")]),
    ("guizhou-2018", "claim", [("operator", "第二十三条"), ("bureau", "第二十三条")]),
    ("neimenggu-2019", "enterprise_certification", [("prefecture", "四")]),
    ("neimenggu-2019", "provider_admission", [("prefecture", "二(二)"), ("bureau", "二(二)")]),
    ("shenyang-2018", "filing", [("district", "三(四)1"), ("bureau", "三(四)1"), ("operator", "三(四)1")]),
    ("shenyang-2018", "disbursement", [("bureau", "三(五)2"), ("finance", "三(五)2"), ("government", "三(五)2")]),
    ("guizhou-2018", "filing", []),
]
PAID = {
    "guizhou-2018": "provider",
    "neimenggu-2019": "provider",
    "shandong-2017": "platform_provider",
    "shenyang-2018": "enterprise",
}


@pytest.mark.parametrize(("code", "path", "article", "field", "value"), NUMBERS)
def test_a_number_is_that_of_its_article(code, path, article, field, value):
    """Money would be given by another number than the law's, or under another article."""
    rule = load(code).rule(path)
    assert (rule.article, getattr(rule, field)) == (article, value)
    assert load(code).article(path) == article


@pytest.mark.parametrize("code", PERIODS)
def test_period_and_region(code):
    """A programme would run before or after its time, or beyond its region."""
    pack = load(code)
    assert (pack.period.first, pack.period.last) == PERIODS[code]
    assert pack.region == REGIONS[code]


@pytest.mark.parametrize(("code", "subject", "expected"), STAGES)
def test_stages_of_review(code, subject, expected):
    """A review would be skipped, or made by the wrong office."""
    assert [(stage.role, stage.article) for stage in load(code).stages(subject)] == expected


@pytest.mark.parametrize("code", PAID)
def test_payee(code):
    """The money would go to the wrong party."""
    assert load(code).payment.payee == PAID[code]


def test_conditions_that_a_document_does_not_state_are_not_there():
    """A rule of one programme would leak into another."""
    stated = {
        code: {
            name
            for name in load(code).eligibility.__dataclass_fields__
            if isinstance(getattr(load(code).eligibility, name), Rule)
        }
        for code in shipped().codes()
    }
    assert stated == {
        "guizhou-2018": {
            "registered_in_region",
            "registered_for",
            "legal_person",
            "no_violation",
            "no_bad_credit",
            "not_affiliated",
        },
        "neimenggu-2019": {"registered_in_region", "no_bad_credit", "industry"},
        "shandong-2017": {"registered_in_region", "legal_person", "size"},
        "shenyang-2018": {"registered_in_region", "taxed_in_region", "legal_person", "industry"},
        "shanxi-2018": set(),
    }


def test_grounds_of_forced_exit():
    """A provider would be thrown out on a ground that its programme does not know."""
    assert {code: len(load(code).exit.forced) for code in shipped().codes()} == {
        "guizhou-2018": 5, "neimenggu-2019": 4, "shandong-2017": 0, "shenyang-2018": 0, "shanxi-2018": 0,
    }  # fmt: skip


def test_guizhou_asks_for_no_public_notice():
    """Payment would wait for a notice that no article asks for, or not wait for one that is asked for."""
    assert load("guizhou-2018").claims.notice_days == 0
    assert load("neimenggu-2019").claims.notice_days == 5


def test_no_article_is_empty_and_both_languages_are_there():
    """A decision would cite nothing, or speak to half of its readers."""
    for code in shipped().codes():
        for key, text in flat(load(code)).items():
            if key.endswith((".article", ".zh", ".en")):
                assert text.strip(), f"{code} {key}"


def test_what_is_delegated_names_the_article_and_is_no_default():
    """An amount would be invented where the province left it to its cities."""
    with pytest.raises(DelegatedRuleMissing) as missing:
        load("shandong-2017").rule("amount.cap.of.all")
    assert (missing.value.path, missing.value.article) == ("amount.cap.of.all", "三(四)")
    with pytest.raises(DelegatedRuleMissing):
        load("shandong-2017").article("claims.cadence")
    assert load("shanxi-2018").unfilled("payment").article == "五(二)"
    filled = load("shandong-2017", overlay="example-shandong-city")
    assert filled.unfilled("amount") is None
    assert filled.article("claims.cadence") == "示例第四条"
    assert filled.invented
    assert filled.claims.filed_by == "platform_provider"


def test_a_rule_that_is_not_there_is_an_error_and_not_nothing():
    """A typing error in a path would pass for a programme without the rule."""
    for path in ("order.cancle", "order", "reviews.claim.7", "amount.rate.of.desktop", "budget.article.x"):
        with pytest.raises(KeyError):
            load("guizhou-2018").rule(path)
    assert load("guizhou-2018").rule("reviews.claim.1").article == "第二十三条"


def test_unknown_codes_are_told():
    """A misspelt programme would fall back on another."""
    with pytest.raises(UnknownPack):
        load("guizhou")
    with pytest.raises(UnknownPack):
        load("shandong-2017", overlay="nowhere")


def test_packs_are_immutable():
    """A decision could change the law it is made under."""
    pack = load("guizhou-2018")
    with pytest.raises(AttributeError):
        pack.region = "11"
    with pytest.raises(TypeError):
        pack.amount.rate.of["infrastructure"] = None
    with pytest.raises(TypeError):
        pack.delegates["amount"] = None
