"""Loading packs: a fault is found before a region runs on it, and an old decision keeps its old law."""

from datetime import date
from typing import get_args

import pytest

from contracts.programmes import Library, PackError, UnknownPack, check, load_file
from contracts.programmes.loader import SHIPPED
from contracts.programmes.schema import IndustryName, SizeName
from contracts.rpc.registry import INDUSTRIES, SIZES

GUIZHOU = (SHIPPED / "guizhou-2018.v1.toml").read_text(encoding="utf-8")
OVERLAY = (SHIPPED / "example-shandong-city.v1.toml").read_text(encoding="utf-8")


def write(folder, text, name="pack.toml"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def experts(**changed):
    """A rule that Guizhou does not have."""
    rule = {"role": '"expert"', "experts": 3, "pass_mark": 60, **changed}
    lines = "".join(f"{key} = {value}\n" for key, value in rule.items())
    return f'[claims.expert_review]\narticle = "x"\nzh = "x"\nen = "x"\n{lines}'


# name, what is changed, by what, key and words of the complaint
FAULTS = [
    ("unknown-key", 'region = "52"', 'region = "52"\ncolour = "red"', "colour", "unknown key"),
    ("misspelt-key", "cap_yuan =", "cap_yaun =", "amount.cap.of.all.cap_yaun", "unknown key"),
    ("unknown-section-key", "[order.cancel]", "[order.cancle]", "order.cancle", "unknown key; known here: voluntary"),
    (
        "review-of-nothing",
        "[[reviews.claim]]",
        "[[reviews.clam]]",
        "reviews.clam",
        "unknown key; known here: enterprise",
    ),
    ("review-of-no-track", "[[reviews.claim]]", "[[reviews.claim_x]]", "reviews.claim_x", "unknown key; known here: "),
    ("unknown-role", "[roles.bureau]", "[roles.burau]", "roles.burau", "unknown key"),
    ("missing-article", 'article = "第六条"\n', "", "budget.article", "missing"),
    ("empty-article", 'article = "第六条"', 'article = " "', "budget.article", "not empty"),
    ("missing-region", 'region = "52"\n', "", "region", "missing"),
    ("rate-without-per-cent", 'rate = "40%"', 'rate = "40"', "amount.rate.of.infrastructure.rate", "not a rate"),
    ("rate-as-number", 'rate = "40%"', "rate = 0.4", "amount.rate.of.infrastructure.rate", "text in quotes"),
    ("rate-above-1", 'rate = "40%"', 'rate = "140%"', "amount.rate.of.infrastructure.rate", "at most the whole"),
    ("cap-with-comma", 'cap_yuan = "50000"', 'cap_yuan = "50,000"', "amount.cap.of.all.cap_yuan", "plain decimal"),
    ("no-cap-at-all", 'cap_yuan = "50000"', "", "amount.cap.of.all", "either cap_yuan or tiers"),
    ("unknown-word", '_up = "refuse"', '_up = "stop"', "budget.when_used_up", "none of refuse, defer"),
    ("date-as-text", "issued_on = 2018-08-23", 'issued_on = "2018-08-23"', "document.issued_on", "a date is needed"),
    ("date-with-time", "first = 2018-08-23", "first = 2018-08-23T00:00:00", "period.first", "a date is needed"),
    ("number-as-text", "notice_days = 30", 'notice_days = "30"', "exit.voluntary.notice_days", "whole number"),
    ("negative-number", "notice_days = 30", "notice_days = -30", "exit.voluntary.notice_days", "whole number"),
    ("truth-as-number", "notice_days = 30", "notice_days = true", "exit.voluntary.notice_days", "whole number"),
    ("list-as-text", '["medium", "high"]', '"high"', "supervision.hold.severities", "a list is needed"),
    (
        "table-as-text",
        "[exit.voluntary]",
        "[exit]\nvoluntary = 1\n[exit.forced.9]",
        "exit.voluntary",
        "a table is needed",
    ),
    ("category-without-rate", "[amount.rate.of.platform]", "[amount.rate.of.x]", "amount.rate.of.platform", "missing"),
    ("rate-of-no-category", "[amount.rate.of.platform]", "[amount.rate.of.x]", "amount.rate.of.x", "no such category"),
    ("node-that-is-no-day", '"06-30", "12-10"', '"06-31", "12-10"', "claims.cadence.nodes", "MM-DD"),
    ("node-not-in-every-year", '"06-30", "12-10"', '"02-29", "12-10"', "claims.cadence.nodes", "every year"),
    ("nodes-not-in-order", '"06-30", "12-10"', '"12-10", "06-30"', "claims.cadence.nodes", "not in order"),
    ("last-day-too-early", "first = 2018-08-23", "first = 2018-08-23\nlast = 2018-08-22", "period.last", "before"),
    ("code-in-capitals", 'code = "guizhou-2018"', 'code = "Guizhou"', "code", "lower-case"),
    ("region-of-three-digits", 'region = "52"', 'region = "520"', "region", "GB/T 2260"),
    ("composed-field", 'region = "52"', 'region = "52"\noverlay = "x@1"', "overlay", "unknown key"),
    ("composed-home", 'region = "52"', 'region = "52"\nhome = "53"', "home", "unknown key"),
    ("no-day-for-a-stage", "working_days = 10", "working_days = 0", "claims.review_deadline.working_days", "1 to 1000"),
    (
        "late-and-told-to-nobody",
        'escalate_to = "bureau"',
        'escalate_to = "government"',
        "claims.review_deadline.escalate_to",
        "not among the pack's roles",
    ),
    *(
        (name, "[claims.question]", f"{experts(**changed)}[claims.question]", f"claims.expert_review.{key}", what)
        for name, changed, key, what in (
            ("no-experts", {"experts": 0}, "experts", "1 to 50"),
            ("mark-out-of-reach", {"pass_mark": 101}, "pass_mark", "0 to 100"),
            ("experts-who-cannot-score", {"role": '"operator"'}, "role", "only expert and third_party"),
        )
    ),
    (
        "experts-without-a-stage",
        "[claims.question]",
        f"{experts()}[claims.question]",
        "reviews.claim",
        "one stage of expert",
    ),
    *(
        (name, old, new, f"assessments.provider{key}", what)
        for name, old, new, key, what in (
            ("weights-beyond-one", 'weight = "20%"', 'weight = "21%"', ".indicators", "make up one"),
            ("no-weight", 'weight = "20%"', 'weight = "0%"', ".indicators.service.weight", "more than none"),
            ("weight-in-thirds", 'weight = "20%"', 'weight = "1/3"', ".indicators.service.weight", "basis points"),
            ("bounds-that-meet", 'zero = "60%"', 'zero = "100%"', ".indicators.service.full", "scores 0"),
            ("grade-from-one", "from_score = 0,", "from_score = 1,", ".grades", "rise from 0"),
            ("grades-out-of-order", "from_score = 40,", "from_score = 80,", ".grades", "rise from 0"),
            ("no-day-to-mend", '"mend", days = 30', '"mend"', ".grades.2.days", "days go with mend"),
            ("a-day-for-nothing", '"none" }', '"none", days = 3 }', ".grades.3.days", "days go with mend"),
            ("formula-unknown", 'formula = "orders_served"', 'formula = "x"', ".indicators.service.formula", "none of"),
            (
                "concluded-by-nobody",
                'role = "bureau"\nown = { zh = "文件没有规定指标',
                'role = "bureau"\nconcluded_by = "government"\nown = { zh = "文件没有规定指标',
                ".concluded_by",
                "not among the pack's roles",
            ),
        )
    ),
    (
        "level-that-is-none",
        'zero = "120%"',
        'zero = "1e3"',
        "assessments.provider.indicators.price.zero",
        "not a level",
    ),
    ("not-toml", "[period]", "[period", "", "line"),
]


@pytest.mark.parametrize(
    ("old", "new", "key", "what"), [pytest.param(old, new, key, what, id=name) for name, old, new, key, what in FAULTS]
)
def test_a_fault_is_named_by_file_key_and_words(tmp_path, old, new, key, what):
    """A region would run on a pack that says something else than its author meant."""
    assert GUIZHOU.count(old) >= 1
    path = write(tmp_path, GUIZHOU.replace(old, new, 1))
    problems = check(path)
    assert any(one.file == str(path) and one.key == key and what in one.what for one in problems), problems
    with pytest.raises(PackError):
        load_file(path)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('formula = "reported"', 'formula = "alerts"', "assessments.effect.indicators.cost_saved.formula"),
        ('consequence = "none"', 'consequence = "suspend"', "assessments.effect.grades.0.consequence"),
    ],
)
def test_the_effect_is_reported_and_nobody_is_suspended_by_it(tmp_path, old, new, key):
    """A formula of one provider would be computed of nobody; a grade of the programme would suspend nobody."""
    before, mark, effect = GUIZHOU.partition("[assessments.effect]")
    assert key in {problem.key for problem in check(write(tmp_path, before + mark + effect.replace(old, new, 1)))}


def test_a_stage_needs_a_role_of_the_pack(tmp_path):
    """A review would wait for an office that the programme does not have."""
    text = GUIZHOU.replace('name = "review"\nrole = "bureau"', 'name = "review"\nrole = "district"', 1)
    keys = {problem.key for problem in check(write(tmp_path, text))}
    assert "reviews.product.1.role" in keys


@pytest.mark.parametrize(
    ("pack", "review"),
    [
        ("guizhou-2018", "enterprise_certification"),
        ("guizhou-2018", "provider_certification"),
        ("shandong-2017", "provider_admission"),
    ],
)
def test_what_is_asked_for_is_looked_at(tmp_path, pack, review):
    """Papers would be handed in that nobody reads, a batch be asked for by nobody; and everyone be let in."""
    text = (SHIPPED / f"{pack}.v1.toml").read_text(encoding="utf-8")
    heading = f"[[reviews.{review}]]"
    start = text.index(heading)
    cut = text[:start] + text[text.index("[[reviews.", start + len(heading)) :]
    found = [problem for problem in check(write(tmp_path, cut)) if problem.key == f"reviews.{review}"]
    assert [problem.what.startswith("missing: ") for problem in found] == [True]


@pytest.mark.parametrize("review", ["claim", "claim_special"])
def test_a_score_that_is_a_condition_is_given_by_a_stage(tmp_path, review):
    """Money would be paid without the third party's score, in the whole programme or in one of its tracks."""
    text = (SHIPPED / "shandong-2017.v1.toml").read_text(encoding="utf-8")
    text += '[tracks.special]\narticle = "x"\nzh = "x"\nen = "x"\nindustries = ["other"]\n'
    text += '[eligibility.industry]\narticle = "x"\nzh = "x"\nen = "x"\nallowed = ["other"]\n'
    stages = text[text.index("[[reviews.claim]]") : text.index("[[reviews.disbursement]]")]
    bureau = stages[stages.rindex("[[reviews.claim]]") :]
    changed = text.replace(
        stages, bureau if review == "claim" else stages + bureau.replace("reviews.claim", "reviews.claim_special")
    )
    found = [problem for problem in check(write(tmp_path, changed)) if problem.key == f"reviews.{review}"]
    assert ["third_party" in problem.what for problem in found] == [True]


def without_reviews(text, *names):
    """The pack's text less all stages of those reviews."""
    for name in names:
        heading = f"[[reviews.{name}]]"
        while heading in text:
            start = text.index(heading)
            text = text[:start] + text[text.index("\n[", start) + 1 :]
    return text


def test_money_that_is_paid_is_reviewed(tmp_path):
    """A claim that no stage waits for would be paid as it comes."""
    unapproved = GUIZHOU.replace('name = "approve"', 'name = "stamp"')
    for text in (without_reviews(unapproved, "claim"), without_reviews(GUIZHOU, "claim", "disbursement")):
        assert check(write(tmp_path, text)) == []
    none = check(write(tmp_path, without_reviews(unapproved, "claim", "disbursement")))
    assert [(problem.key, problem.what.split(":")[0]) for problem in none] == [("reviews.claim", "missing")]


def test_an_empty_review_of_a_track_reviews_nothing(tmp_path):
    """Claims of one track would be paid unreviewed beside those of the others."""
    unapproved = SHENYANG.replace('name = "approve"', 'name = "stamp"')
    text = without_reviews(unapproved, "claim_city_service", "disbursement").replace(
        "[[reviews.filing]]", "[reviews]\nclaim_city_service = []\n[[reviews.filing]]", 1
    )
    assert [one.key for one in check(write(tmp_path, text))] == ["reviews.claim_city_service"]


def test_an_overlay_leaves_no_money_unreviewed(tmp_path):
    """A province's detailed rules would pay what nobody looks at; what they leave open stays open and is refused."""
    text = (SHIPPED / "example-shanxi-rules.v1.toml").read_text(encoding="utf-8")
    open_still = without_reviews(text, "claim", "disbursement").replace('name = "approve"', 'name = "stamp"')
    misspelt = text.replace("[[reviews.claim]]", "[[reviews.clam]]")
    emptied = open_still + "[reviews]\nclaim = []\ndisbursement = []\n"
    files = [write(tmp_path, each, f"{at}.toml") for at, each in enumerate((open_still, misspelt, emptied))]
    found = [[one.key for one in check(file)] for file in files]
    assert found == [[], ["reviews.clam"], ["reviews.claim"]]


SHENYANG = (SHIPPED / "shenyang-2018.v1.toml").read_text(encoding="utf-8")
SHENYANG_FAULTS = [
    (
        "tiers-without-a-floor",
        'from_yuan = "0", cap_yuan = "300000"',
        'from_yuan = "1", cap_yuan = "300000"',
        "starts at 0",
    ),
    ("tiers-not-rising", 'from_yuan = "400000000"', 'from_yuan = "20000000"', "not in rising order"),
    ("two-stages-of-one-name", 'name = "countersignature"', 'name = "approval"', "have one name"),
    ("version-in-words", 'version = "1"', 'version = "first"', "a number as text"),
    ("no-day-of-the-month", "day = 5", "day = 31", "a day from 1 to 28"),
    ("filings-taken-yearly", 'when = "monthly"\nday = 5', 'when = "yearly"', "filings are taken monthly"),
    ("late-filings-refused", 'late = "next_month"', 'late = "refuse"', "late ones the next month"),
    (
        "industries-of-tracks-alone",
        SHENYANG[SHENYANG.index("[eligibility.industry]") : SHENYANG.index("[eligibility.attested")],
        "",
        "tracks name industries",
    ),
    ("no-years-at-all", "most = 3", "most = 0", "1 or more is needed"),
    ("track-of-no-projects", "projects = 1", "projects = 0", "1 or more is needed"),
    ("industry-that-is-none", 'industries = ["industrial"]', 'industries = ["industry"]', "none of industrial, "),
    ("in-effect-when-over", "effective_from = 2018-09-17", "effective_from = 2023-01-01", "after period.last"),
    (
        "payer-that-is-not-there",
        'name = "pay"\nrole = "finance"',
        'name = "pay"\nrole = "auditor"',
        "not among the pack",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "what"), [pytest.param(old, new, what, id=name) for name, old, new, what in SHENYANG_FAULTS]
)
def test_a_pack_that_makes_no_sense_is_refused(tmp_path, old, new, what):
    """An enterprise below the lowest tier would crash its order, a payment would wait for nobody."""
    assert SHENYANG.count(old) == 1
    assert [what in one.what for one in check(write(tmp_path, SHENYANG.replace(old, new)))] == [True]


def test_an_overlay_fills_the_programme_it_names(tmp_path):
    """One province's city would set amounts for another province."""
    with pytest.raises(PackError, match="fills shanxi-2018, not shandong-2017"):
        Library(SHIPPED).load("shandong-2017", overlay="example-shanxi-rules")


def test_an_amount_is_stated_or_delegated(tmp_path):
    """A pack without any amount would load, and fail on the first order."""
    text = (SHIPPED / "shandong-2017.v1.toml").read_text(encoding="utf-8")
    start = text.index("[delegates.amount]")
    cut = text[:start] + text[text.index('[delegates."claims.cadence"]') :]
    assert [(one.key, "leaves it to others" in one.what) for one in check(write(tmp_path, cut))] == [("amount", True)]


_EMPTY_RULE = 'article = "x"\nzh = "x"\nen = "x"\n'
OVERLAY_FAULTS = [
    ("fills-what-is-settled", "[amount.base]", f"[budget]\n{_EMPTY_RULE}[amount.base]", "budget", "not delegated"),
    (
        "fills-beside",
        "[claims.cadence]",
        f"[claims.audit]\n{_EMPTY_RULE}[claims.cadence]",
        "claims.audit",
        "not delegated",
    ),
    ("pass-mark-out-of-reach", "pass_mark = 60", "pass_mark = 101", "assessments.enterprise.pass_mark", "up to 100"),
    ("in-effect-when-over", "_from = 2018-01-01", "_from = 2020-11-10", "effective_from", "after period.last"),
    ("over-before-it-is-in-effect", "invented =", "effective_to = 2017-12-31\ninvented =", "effective_to", "before"),
    ("region-outside", "invented = true", 'invented = true\nregion = "3301"', "region", "outside region 37"),
    ("unknown-programme", 'fills = "shandong-2017"', 'fills = "nowhere"', "fills", "no pack"),
    ("another-programme", 'fills = "shandong-2017"', 'fills = "guizhou-2018"', "amount", "not delegated"),
    ("half-an-amount", "[amount.base]", "[amount.bass]", "amount.bass", "unknown key"),
    ("header-without-version", 'version = "1"\n', "", "version", "missing"),
    ("code-too-long-for-a-label", 'code = "example', f'code = "{"x" * 40}', "code", "2 to 32"),
    ("region-of-three-digits", "invented = true", 'invented = true\nregion = "370"', "region", "GB/T 2260"),
]


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [pytest.param(old, new, key, what, id=name) for name, old, new, key, what in OVERLAY_FAULTS],
)
def test_a_fault_of_an_overlay_is_named(tmp_path, old, new, key, what):
    """A city would change what its province has settled."""
    assert OVERLAY.count(old) >= 1
    path = write(tmp_path, OVERLAY.replace(old, new, 1))
    assert any(one.key.startswith(key) and what in one.what for one in check(path)), check(path)


PROCEDURE = f"""
[[reviews.application]]
name = "review"
role = "bureau"
{_EMPTY_RULE}[claims.notice]
working_days = 5
{_EMPTY_RULE}[claims.question]
answered_by = "operator"
working_days = 3
{_EMPTY_RULE}[issuing.validity]
until = "year_end"
{_EMPTY_RULE}[order.voluntary]
{_EMPTY_RULE}[order.agreement]
{_EMPTY_RULE}[order.confirm]
{_EMPTY_RULE}[order.cancel]
until = "confirmed"
{_EMPTY_RULE}[order.refund]
until = "claimed"
consent_by = "provider"
{_EMPTY_RULE}"""


def test_a_city_sets_how_vouchers_are_applied_for_used_and_redeemed(tmp_path):
    """A city could set amounts alone, and its own notice, review and refunds nowhere (三(四))."""
    path = write(tmp_path, OVERLAY + PROCEDURE)
    assert check(path) == []
    bare, filled = Library(SHIPPED).load("shandong-2017"), Library(SHIPPED).load("shandong-2017", overlay=str(path))
    assert [stage.role for stage in filled.stages("application")] == ["bureau"]
    assert (filled.claims.notice_days, filled.claims.question.working_days) == (5, 3)
    rules = (
        "issuing.validity",
        *(f"order.{name}" for name in ("voluntary", "agreement", "confirm", "cancel", "refund")),
    )
    assert {filled.article(rule) for rule in rules} == {"x"}
    assert {bare.unfilled(rule).article for rule in rules} == {"三(四)"}
    settled = ("order.usage_recorded", "claims.audit", "reviews.claim.0", "issuing.apply")
    assert [filled.rule(rule) for rule in settled] == [bare.rule(rule) for rule in settled]


@pytest.mark.parametrize(
    ("key", "rules"),
    [
        ("reviews.claim", '[[reviews.claim]]\nname = "review"\nrole = "bureau"\n'),
        ("order.usage_recorded", "[order.usage_recorded]\n"),
        ("claims.audit", '[claims.audit]\nname = "review"\nrole = "bureau"\n'),
        ("claims.filed_by", '[claims]\nfiled_by = "enterprise"\n[issuing.validity]\nuntil = "year_end"\n'),
    ],
)
def test_a_city_does_not_set_what_its_province_has_set(tmp_path, key, rules):
    """A city would pay without the third party, or whom the province does not pay."""
    header = OVERLAY[: OVERLAY.index("[amount.base]")]
    found = check(write(tmp_path, header + rules + _EMPTY_RULE))
    assert [(one.key, one.what.split(";")[0]) for one in found] == [(key, "not delegated by shandong-2017")]


def test_all_faults_of_an_overlay_are_told_at_once(tmp_path):
    """Its author would mend one fault to be told the next."""
    text = OVERLAY.replace("[amount.base]", f"[budget]\n{_EMPTY_RULE}[amount.bass]").replace('"1/3"', '"third"')
    keys = {problem.key for problem in check(write(tmp_path, text))}
    assert keys == {"budget", "amount.bass", "amount.base", "amount.rate.of.application.rate"}


@pytest.mark.parametrize("word", ["middle", "Small", "other"])
def test_a_size_is_one_the_register_knows(tmp_path, word):
    """A misspelt size would shut out all enterprises of it."""
    text = (SHIPPED / "shandong-2017.v1.toml").read_text(encoding="utf-8").replace('"medium"]\n', f'"{word}"]\n', 1)
    assert [one.key for one in check(write(tmp_path, text))] == ["eligibility.size.allowed.2"]


def test_packs_and_the_register_know_the_same_words():
    """A pack could ask for a size that nobody can register with, or the other way round."""
    assert (get_args(IndustryName), get_args(SizeName)) == (INDUSTRIES, SIZES)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_files_have_no_fault(path):
    """A release would not start."""
    assert check(path) == []


def test_a_decision_is_made_under_the_version_in_effect_that_day(tmp_path):
    """A change of the law would reach back to what was decided before it."""
    write(tmp_path, GUIZHOU, "one.toml")
    later = GUIZHOU.replace('version = "1"', 'version = "2"').replace(
        "effective_from = 2018-08-23", "effective_from = 2020-01-01"
    )
    write(tmp_path, later.replace('cap_yuan = "50000"', 'cap_yuan = "60000"'), "two.toml")
    library = Library(tmp_path)
    caps = {
        day: library.load("guizhou-2018", on=day).amount.cap.of["all"].cap_fen
        for day in (date(2017, 1, 1), date(2019, 12, 31), date(2020, 1, 1))
    }
    assert list(caps.values()) == [5_000_000, 5_000_000, 6_000_000]
    assert library.load("guizhou-2018").label == "guizhou-2018@2"
    assert library.version("guizhou-2018@1").amount.cap.of["all"].cap_fen == 5_000_000
    assert [pack.version for pack in library.versions("guizhou-2018")] == ["1", "2"]
    with pytest.raises(UnknownPack):
        library.version("guizhou-2018@3")


def test_an_overlay_fills_only_on_days_when_it_is_in_force(tmp_path):
    """A city's amounts would be paid before the city had set them."""
    write(
        tmp_path,
        OVERLAY.replace("effective_from = 2018-01-01", "effective_from = 2018-01-01\neffective_to = 2018-12-31"),
    )
    library = Library(SHIPPED, tmp_path)
    filled = {
        day: library.load("shandong-2017", on=day, overlay="example-shandong-city").amount is not None
        for day in (date(2017, 12, 31), date(2018, 1, 1), date(2018, 12, 31), date(2019, 1, 1))
    }
    assert list(filled.values()) == [False, True, True, False]


def test_one_code_and_version_stands_in_one_file(tmp_path):
    """Which of two files is the law would depend on their names."""
    write(tmp_path, GUIZHOU, "a.toml")
    write(tmp_path, GUIZHOU, "b.toml")
    with pytest.raises(PackError, match=r"those of a\.toml too"):
        Library(tmp_path)


def test_a_label_finds_its_pack_again():
    """What an old decision rests on could not be shown."""
    library = Library(SHIPPED)
    pack = library.load("shandong-2017", overlay="example-shandong-city")
    assert library.version(pack.label) is pack


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"\xff\xfe", "decode"), (b"#" * 1_000_001, "larger than a pack")],
    ids=["not-utf-8", "too-large"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, what):
    """An operator would see a stack instead of the file's name."""
    path = tmp_path / "pack.toml"
    path.write_bytes(content)
    (problem,) = check(path)
    assert problem.file == str(path)
    assert what in problem.what


def enabled_overlay(folder, code, region):
    """A copy of the example under another code, for one region."""
    text = OVERLAY.replace('code = "example-shandong-city"', f'code = "{code}"\nregion = "{region}"')
    write(folder, text, f"{code}.toml")
    return code


def test_a_deployment_decides_by_the_overlay_of_the_smallest_region(tmp_path):
    """Lost otherwise: an enterprise of one city gets what another city decided."""
    province, city = enabled_overlay(tmp_path, "province", "37"), enabled_overlay(tmp_path, "jinan", "3701")
    library = Library(SHIPPED, tmp_path, enabled=[province, city])
    day = date(2018, 5, 7)
    chosen = {
        region: library.in_force("shandong-2017", on=day, region=region).overlay for region in ("370102", "370200")
    }
    assert chosen == {"370102": "jinan@1", "370200": "province@1"}
    assert library.in_force("shandong-2017", on=day).overlay is None, "no region, and no overlay for all"
    assert library.in_force("guizhou-2018", on=date(2019, 1, 1), region="370102").overlay is None


def test_a_pack_keeps_the_programmes_own_region(tmp_path):
    """Lost otherwise: whose money a city's plan is, once the city has rules of its own."""
    library = Library(SHIPPED, tmp_path, enabled=[enabled_overlay(tmp_path, "jinan", "3701")])
    packs = [library.in_force("shandong-2017", on=date(2018, 5, 7), region=region) for region in ("370102", None)]
    assert [(pack.region, pack.home) for pack in packs] == [("3701", "37"), ("37", "37")]


def test_what_is_not_enabled_decides_nothing():
    """Lost otherwise: an example becomes law by lying in a folder."""
    assert Library(SHIPPED).in_force("shandong-2017", on=date(2018, 5, 7), region="370102").amount is None


@pytest.mark.parametrize(
    ("regions", "names", "what"),
    [
        (["37", "37"], ["one", "two"], "for the same region"),
        (["37"], ["one", "three"], "no overlay of that code"),
        (["52"], ["one"], "outside region"),
    ],
    ids=["two-for-one-region", "not-there", "of-another-province"],
)
def test_overlays_that_cannot_be_enabled_stop_the_start(tmp_path, regions, names, what):
    """Lost otherwise: which of two cities' rules holds is decided by the order of a setting."""
    for name, region in zip(("one", "two"), regions, strict=False):
        enabled_overlay(tmp_path, name, region)
    with pytest.raises(PackError, match=what):
        Library(SHIPPED, tmp_path, enabled=names)
