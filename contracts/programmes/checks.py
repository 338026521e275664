"""What must hold within a pack beyond the types of its keys: one function a rule, listed in one table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import get_args

from contracts.programmes.pack import Pack, review_name
from contracts.programmes.schema import Amount, Assessment, Subject

Finding = tuple[str, str]  # dotted key, what is wrong

MOST_SCORE = 100
MOST_DAYS = 1000  # as far as working days are counted
MOST_EXPERTS = 50
SHEETS = ("provider", "effect")  # what indicators are computed of
SCORERS = ("expert", "third_party")  # roles that may score a claim
SAMPLERS = frozenset({"auditor", "third_party"})  # who may draw a sample, as the contract of the methods has it

# MM-DD of a day that every year has
_DAY_OF_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31")


def check_header(pack: Pack) -> Iterator[Finding]:
    """Code, version and region are written as the rest of the system expects them."""
    yield from check_names(pack.code, pack.version, pack.region)
    if pack.period.last is not None and pack.period.last < pack.period.first:
        yield "period.last", "lies before period.first"
    yield from check_effect(pack, pack.effective_from)


def check_effect(pack: Pack, effective_from: date) -> Iterator[Finding]:
    """What takes effect, a pack or an overlay of it, does so while the programme lasts."""
    if pack.period.last is not None and effective_from > pack.period.last:
        yield "effective_from", "lies after period.last: nothing would ever be decided under it"


def check_names(code: str, version: str, region: str | None) -> Iterator[Finding]:
    """The parts of a label, which records carry in 80 characters, and the region, of a pack or of an overlay."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,31}", code):
        yield "code", "2 to 32 lower-case letters, digits and hyphens are needed"
    if not re.fullmatch(r"[0-9]{1,4}", version):
        yield "version", "a number as text is needed"
    if region is not None and not re.fullmatch(r"[0-9]{2}([0-9]{2}){0,2}", region):
        yield "region", "the first two, four or six digits of a GB/T 2260 code are needed"


def check_roles(pack: Pack) -> Iterator[Finding]:
    """Whoever decides a stage or does a step is among the pack's roles."""
    for subject, stages in pack.reviews.items():
        for number, stage in enumerate(stages):
            if stage.role not in pack.roles:
                yield f"reviews.{subject}.{number}.role", f"{stage.role} is not among the pack's roles"
        if len({stage.name for stage in stages}) < len(stages):
            yield f"reviews.{subject}", "two stages have one name"
    for number, step in enumerate(pack.payment.path if pack.payment else ()):
        if step.role not in pack.roles:
            yield f"payment.path.{number}.role", f"{step.role} is not among the pack's roles"
    sample = pack.claims.sample if pack.claims else None
    if sample is not None and sample.role not in SAMPLERS & set(pack.roles):
        yield "claims.sample.role", f"{sample.role} is none of the pack's roles that may: {', '.join(sorted(SAMPLERS))}"


def check_reviews(pack: Pack) -> Iterator[Finding]:
    """A review is of something that is reviewed, in the whole programme or in one of its tracks."""
    known = [review_name(subject, track) for subject in get_args(Subject) for track in (None, *pack.tracks)]
    for name in sorted(set(pack.reviews) - set(known)):
        yield f"reviews.{name}", f"unknown key; known here: {', '.join(known)}"


def check_money_is_reviewed(pack: Pack) -> Iterator[Finding]:
    """Money is paid when somebody has looked at the claim or approved its disbursement, in a review or on its path.

    A review left to others and not written yet lets nothing through.
    """
    if pack.payment is None or any(step.name == "approve" for step in pack.payment.path):
        return
    if pack.unfilled("reviews.claim") or pack.unfilled("reviews.disbursement"):
        return
    for track in (None, *pack.tracks):
        if not pack.stages("claim", track) and not pack.stages("disbursement"):
            yield f"reviews.{review_name('claim', track)}", "missing: money is paid, and nobody reviews it"


def check_certification(pack: Pack) -> Iterator[Finding]:
    """What a review decides is reviewed: documents by someone who looks at them, a batch by who admits into it."""
    for kind in ("enterprise", "provider"):
        if getattr(pack.certification, kind) is not None and not pack.stages(f"{kind}_certification"):
            yield f"reviews.{kind}_certification", "missing: documents are asked for, and nobody looks at them"
    if pack.products.batches is not None and not pack.stages("provider_admission"):
        yield "reviews.provider_admission", "missing: providers are chosen in batches, and nobody chooses"


def check_rates(pack: Pack) -> Iterator[Finding]:
    """Rates and caps are keyed by what exists, each category or track has one."""
    amount = pack.amount
    if amount is None:
        return
    yield from _keys(pack, "amount.rate.of", amount.rate.by, set(amount.rate.of))
    if amount.cap is not None:
        yield from _keys(pack, "amount.cap.of", amount.cap.by, set(amount.cap.of))
        yield from _tiers(amount)


def check_numbers(pack: Pack) -> Iterator[Finding]:
    """A number leaves something to be had: years and projects are at least one, a pass mark can be reached."""
    if pack.amount is not None and pack.amount.years is not None and pack.amount.years.most < 1:
        yield "amount.years.most", "1 or more is needed: nobody could be supported"
    for name, track in pack.tracks.items():
        if track.projects is not None and track.projects < 1:
            yield f"tracks.{name}.projects", "1 or more is needed: nobody could be supported"
    for name, assessment in pack.assessments.items():
        if assessment.pass_mark is not None and assessment.pass_mark > MOST_SCORE:
            yield f"assessments.{name}.pass_mark", f"scores go up to {MOST_SCORE}: nobody could pass"
        days = assessment.report_days
        if days is not None and not (1 <= days <= MOST_DAYS and (assessment.of, assessment.every) == ("city", "month")):
            yield f"assessments.{name}.report_days", f"1 to {MOST_DAYS}, of cities every month"


def check_tracks(pack: Pack) -> Iterator[Finding]:
    """A track's industries are judged with the programme's own."""
    if pack.tracks and pack.eligibility.industry is None:
        yield "eligibility.industry", "missing, and the tracks name industries"


def check_delegations(pack: Pack) -> Iterator[Finding]:
    """An amount is stated or delegated; there is no third way."""
    if pack.amount is None and "amount" not in pack.delegates:
        yield "amount", "missing, and no article under `delegates` leaves it to others"


def check_cadence(pack: Pack) -> Iterator[Finding]:
    """The nodes are days of a year in order, the day of a month exists in each month."""
    cadences = {
        "claims.cadence": pack.claims.cadence if pack.claims else None,
        "filing.cadence": pack.filing.cadence if pack.filing else None,
    }
    for key, cadence in cadences.items():
        if cadence is None:
            continue
        if any(not _DAY_OF_YEAR.fullmatch(node) for node in cadence.nodes):
            yield f"{key}.nodes", "days that every year has are needed, written MM-DD"
        if list(cadence.nodes) != sorted(set(cadence.nodes)):
            yield f"{key}.nodes", "not in order, or one twice"
        if cadence.when == "monthly" and not 1 <= (cadence.day or 0) <= 28:
            yield f"{key}.day", "a day from 1 to 28 is needed"


def check_filing(pack: Pack) -> Iterator[Finding]:
    """What is filed is reviewed, and the stage that takes it by the cadence is one of the review's."""
    filing = pack.filing
    if filing is None:
        return
    stages = pack.stages("filing")
    if not stages:
        yield "reviews.filing", "missing: what is filed is reviewed by someone"
    if (filing.cadence is None) != (filing.taken_at is None):
        yield "filing.taken_at", "cadence and taken_at go together"
    if filing.cadence is not None and (filing.cadence.when, filing.cadence.late) != ("monthly", "next_month"):
        yield "filing.cadence", "filings are taken monthly, and late ones the next month"
    if filing.taken_at is not None and filing.taken_at not in {stage.name for stage in stages}:
        yield "filing.taken_at", f"there is no stage {filing.taken_at} in reviews.filing"
    if not getattr(pack, {"track": "tracks", "category": "categories"}[filing.by]):
        yield "filing.by", f"the pack has no {filing.by}"


def check_assessments(pack: Pack) -> Iterator[Finding]:
    """A score that money depends on is given: by a stage of each review of claims, unless others write the review."""
    reviews = {name: stages for name, stages in pack.reviews.items() if name.partition("_")[0] == "claim"}
    if "claim" not in reviews and not {"claims", "reviews.claim"} & set(pack.delegates):
        reviews["claim"] = ()
    for assessment in pack.assessments.values():
        if assessment.of == "enterprise" and assessment.condition:
            for name, stages in reviews.items():
                if assessment.role not in {stage.role for stage in stages}:
                    yield f"reviews.{name}", f"no stage of {assessment.role}, whose score is a condition of payment"


def check_sheets(pack: Pack) -> Iterator[Finding]:
    """Weights share out the whole in basis points, bounds lie apart, grades reach from nought up, and whoever concludes
    is among the pack's roles."""
    for name, rule in pack.assessments.items():
        key = f"assessments.{name}"
        if rule.concluded_by is not None and rule.concluded_by not in pack.roles:
            yield f"{key}.concluded_by", f"{rule.concluded_by} is not among the pack's roles"
        if bool(rule.indicators) != bool(rule.grades):
            yield key, "indicators and grades go together"
        if rule.indicators and rule.of not in SHEETS:
            yield f"{key}.indicators", f"only of {' and '.join(SHEETS)}"
        if rule.indicators and sum(one.weight for one in rule.indicators.values()) != 1:
            yield f"{key}.indicators", "the weights make up one"
        for indicator, one in rule.indicators.items():
            if one.zero == one.full:
                yield f"{key}.indicators.{indicator}.full", "is the value that scores 0"
            if one.weight == 0 or (one.weight * 10_000).denominator != 1:
                yield f"{key}.indicators.{indicator}.weight", "basis points of the whole, more than none, are needed"
            if rule.of == "effect" and one.formula != "reported":
                yield f"{key}.indicators.{indicator}.formula", "only reported, of the effect"
        yield from _grades(key, rule)


def _grades(key: str, rule: Assessment) -> Iterator[Finding]:
    bounds = [grade.from_score for grade in rule.grades]
    if bounds and (bounds != sorted(set(bounds)) or bounds[0] != 0 or bounds[-1] > MOST_SCORE):
        yield f"{key}.grades", f"they rise from 0, up to {MOST_SCORE} at most"
    for number, grade in enumerate(rule.grades):
        if (grade.consequence == "mend") != (grade.days is not None) and grade.consequence != "suspend":
            yield f"{key}.grades.{number}.days", "days go with mend, and may go with suspend"
        if grade.days is not None and not 1 <= grade.days <= MOST_DAYS:
            yield f"{key}.grades.{number}.days", f"1 to {MOST_DAYS} are needed"
        if rule.of != "provider" and grade.consequence not in ("award", "none"):
            yield f"{key}.grades.{number}.consequence", "only a provider mends, is suspended or leaves"


def check_deadline(pack: Pack) -> Iterator[Finding]:
    """A stage has a day at least, and whoever is told of what is late is among the pack's roles."""
    rule = pack.claims.review_deadline if pack.claims else None
    if rule is None:
        return
    if not 1 <= rule.working_days <= MOST_DAYS:
        yield "claims.review_deadline.working_days", f"1 to {MOST_DAYS} are needed"
    yield from _told(pack, "claims.review_deadline", rule.escalate_to)


def check_alert_deadline(pack: Pack) -> Iterator[Finding]:
    """A graver alert has no more days than a lighter one, and whoever is told of a late one is among the roles."""
    rule = pack.supervision.alert_deadline
    if rule is None:
        return
    if not 1 <= rule.high <= rule.medium <= rule.low <= MOST_DAYS:
        yield "supervision.alert_deadline", f"1 ≤ high ≤ medium ≤ low ≤ {MOST_DAYS} working days are needed"
    yield from _told(pack, "supervision.alert_deadline", rule.escalate_to)


def check_complaints(pack: Pack) -> Iterator[Finding]:
    """A complaint has a day at least, and whoever is told of a late one is among the pack's roles."""
    rule = pack.supervision.complaints
    if rule is None:
        return
    for name in ("working_days", "reopen_days"):
        if not 1 <= getattr(rule, name) <= MOST_DAYS:
            yield f"supervision.complaints.{name}", f"1 to {MOST_DAYS} are needed"
    yield from _told(pack, "supervision.complaints", rule.escalate_to)


def check_hearing(pack: Pack) -> Iterator[Finding]:
    """Who may be put on a list or forced out is heard before, and may appeal."""
    rule, barring = pack.supervision.hearing, (pack.exit.blacklist, pack.supervision.dishonesty_list)
    if rule is None:
        if any(barring) or pack.exit.forced:
            yield "supervision.hearing", "a party is listed or forced out, and there is no term for its word"
        return
    for name in ("working_days", "appeal_days"):
        if not 1 <= getattr(rule, name) <= MOST_DAYS:
            yield f"supervision.hearing.{name}", f"1 to {MOST_DAYS} are needed"


def _told(pack: Pack, path: str, role: str) -> Iterator[Finding]:
    """Whoever is told of what is late is among the pack's roles."""
    if role not in pack.roles:
        yield f"{path}.escalate_to", f"{role} is not among the pack's roles"


def check_expert_review(pack: Pack) -> Iterator[Finding]:
    """Experts score at a stage that each review of claims has, in a number and with a mean that can be reached."""
    rule = pack.claims.expert_review if pack.claims else None
    if rule is None:
        return
    if not 1 <= rule.experts <= MOST_EXPERTS:
        yield "claims.expert_review.experts", f"1 to {MOST_EXPERTS} are needed"
    if not 0 <= rule.pass_mark <= MOST_SCORE:
        yield "claims.expert_review.pass_mark", f"scores go from 0 to {MOST_SCORE}"
    if rule.role not in SCORERS:
        yield "claims.expert_review.role", f"only {' and '.join(SCORERS)} score claims"
    for track in (None, *pack.tracks):
        roles = [stage.role for stage in pack.stages("claim", track)]
        if roles and roles.count(rule.role) != 1:
            yield f"reviews.{review_name('claim', track)}", f"one stage of {rule.role} is needed, where experts score"
    if any(one.of == "enterprise" and one.role == rule.role for one in pack.assessments.values()):
        yield "claims.expert_review.role", f"{rule.role} gives the score of another assessment at that stage"


def check_region_award(pack: Pack) -> Iterator[Finding]:
    """The weights share out the whole."""
    award = pack.region_award
    if award is not None and award.cloud_share + award.redeemed + award.assessment != 1:
        yield "region_award", "cloud_share, redeemed and assessment make up one"


CHECKS: tuple[Callable[[Pack], Iterator[Finding]], ...] = (
    check_header,
    check_roles,
    check_reviews,
    check_money_is_reviewed,
    check_certification,
    check_rates,
    check_numbers,
    check_tracks,
    check_delegations,
    check_cadence,
    check_filing,
    check_assessments,
    check_sheets,
    check_deadline,
    check_alert_deadline,
    check_complaints,
    check_hearing,
    check_expert_review,
    check_region_award,
)


def _keys(pack: Pack, key: str, by: str, found: set[str]) -> Iterator[Finding]:
    expected = {"category": set(pack.categories), "track": set(pack.tracks), "all": {"all"}}[by]
    for name in sorted(expected - found):
        yield f"{key}.{name}", "missing"
    for name in sorted(found - expected):
        yield f"{key}.{name}", f"there is no such {by}; known: {', '.join(sorted(expected))}"


def _tiers(amount: Amount) -> Iterator[Finding]:
    for name, cap in amount.cap.of.items() if amount.cap else ():
        key = f"amount.cap.of.{name}"
        if (cap.cap_fen is None) == (not cap.tiers):
            yield key, "either cap_yuan or tiers is needed"
        bounds = [tier.revenue_from_fen for tier in cap.tiers]
        if bounds and bounds[0] != 0:
            yield f"{key}.tiers.0.revenue_from_yuan", "the lowest tier starts at 0"
        if bounds != sorted(set(bounds)):
            yield f"{key}.tiers", "not in rising order"
