"""The rules that a programme pack can hold, as frozen types: each carries its article and says it in two languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Literal

from contracts.money import parse_level, parse_rate, parse_yuan

Party = Literal["enterprise", "provider", "platform_provider"]
# Roles a token carries, and the offices that only some programmes know.
Role = Literal[
    "platform", "enterprise", "provider", "operator", "bureau", "prefecture", "finance", "auditor", "supervisor",
    "district", "data_bureau", "expert", "third_party", "government",
]  # fmt: skip
# What is reviewed; a track may have a review of its own, under `<subject>_<track>` with hyphens as underscores.
Subject = Literal[
    "enterprise_certification", "provider_certification", "provider_admission", "product", "application", "filing",
    "claim", "disbursement",
]  # fmt: skip
Instrument = Literal["quota", "contract_voucher", "registered_voucher", "reimbursement", "award"]
Severity = Literal["low", "medium", "high"]
# How an indicator of an assessment is computed, and what follows from a grade (supervision's domain/indicators.py).
Formula = Literal[
    "orders_served", "price_level", "complaints", "money_approved", "first_pass", "alerts", "evaluated", "reported",
]  # fmt: skip
Consequence = Literal["award", "none", "mend", "suspend", "exit"]
# What the register knows of an enterprise.
IndustryName = Literal["industrial", "software", "institution", "other"]
SizeName = Literal["micro", "small", "medium", "large"]
Condition = Literal[
    "registered_in_region", "taxed_in_region", "registered_for", "legal_person", "no_violation", "no_bad_credit",
    "industry", "size", "not_affiliated",
]  # fmt: skip


def none() -> Mapping[str, Any]:
    """No rules, and none can be added."""
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The same words in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the programme: the article it rests on, and a paraphrase in both languages.

    own: what of it is this pack's way of carrying it out, because the document does not say it.
    """

    article: str
    zh: str
    en: str
    own: Text | None = None


# --- who and when ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The original: its number or name, its issuer, its date."""

    name: str
    issuer: str
    issued_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period(Rule):
    """Days on which the programme is in force, first and last included; no last day means until further notice."""

    first: date
    last: date | None = None

    def contains(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredFor(Rule):
    """Whole years since registration, reached on the same day of the year (29 February: on 28 February)."""

    years: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Industry(Rule):
    """Industries that may take part; with `or_serves_industry`, also whoever serves industrial production."""

    allowed: tuple[IndustryName, ...]
    or_serves_industry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(Rule):
    """Sizes of enterprise that may take part."""

    allowed: tuple[SizeName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Conditions on the enterprise; one that is absent is not stated by the document and is no condition."""

    registered_in_region: Rule | None = None
    taxed_in_region: Rule | None = None
    registered_for: RegisteredFor | None = None
    legal_person: Rule | None = None
    no_violation: Rule | None = None
    no_bad_credit: Rule | None = None
    industry: Industry | None = None
    size: Size | None = None
    not_affiliated: Rule | None = None
    # what a reviewer attests, because no register says it ("operating normally")
    attested: Mapping[str, Rule] = field(default_factory=none)
    # who goes first among those that are decided together
    priority: Mapping[str, Rule] = field(default_factory=none)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCondition(Rule):
    """A condition on providers; one that holds only `as_a_rule` is shown to the reviewer and refuses nobody."""

    as_a_rule: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents(Rule):
    """Codes of the documents to hand in, all of them."""

    required: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certification:
    """What each kind of party hands in to be certified."""

    enterprise: Documents | None = None
    provider: Documents | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """What holds for products on the shelf: listing, price, who may be chosen."""

    listing: Rule | None = None
    price_not_above_market: Rule | None = None
    catalogue: Rule | None = None
    # providers are chosen in batches, and each admission names its own
    batches: Rule | None = None


# --- what is supported, and how much --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of service within a category."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Category(Rule):
    """A category of cloud service and the kinds it takes in."""

    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Track(Rule):
    """A track of the programme, the industries it is open to, and how many projects of one enterprise a year."""

    industries: tuple[IndustryName, ...]
    projects: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Base(Rule):
    """What the rate is taken of: the contract price, or what was really paid."""

    of: Literal["price", "paid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Rule):
    """The highest share of the base that may be supported."""

    rate: Fraction = field(metadata={"parse": parse_rate})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """One rate for each category or track, or one rate named `all`."""

    by: Literal["category", "track", "all"]
    of: Mapping[str, Rate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """The cap from this revenue of the year before (included) up to the next tier's (excluded)."""

    revenue_from_fen: int = field(metadata={"key": "revenue_from_yuan", "parse": parse_yuan})
    cap_fen: int = field(metadata={"key": "cap_yuan", "parse": parse_yuan})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(Rule):
    """What one enterprise gets in a year at most: one sum, or tiers by last year's revenue, lowest first."""

    cap_fen: int | None = field(default=None, metadata={"key": "cap_yuan", "parse": parse_yuan})
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """One cap for each track, or one cap named `all`."""

    by: Literal["track", "all"]
    of: Mapping[str, Cap]


@dataclass(frozen=True, slots=True, kw_only=True)
class Years(Rule):
    """In how many years one enterprise may be supported, over everything."""

    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much: the least of rate x base, what is left of the cap, and what is left of the budget."""

    base: Base
    rate: Rates
    cap: Caps | None = None
    years: Years | None = None
    market_price: Rule | None = None
    no_double_count: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget(Rule):
    """What happens when the year's money is used up, and to what is left of it at the end of the year.

    matching: the least that cities and counties add, as a share of the province's part of a plan.
    """

    when_used_up: Literal["refuse", "defer"]
    order: Literal["application", "use"]
    unspent: Literal["lapse", "carry_over"] | None = None
    matching: Rate | None = None


# --- how it runs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Rule):
    """One step of a procedure and whose it is."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity(Rule):
    """Until when what was issued can be spent."""

    until: Literal["year_end", "contract_end", "period_end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """How support is planned, configured, published and given; `word`: what the document calls it."""

    instrument: Instrument
    word: Text
    plan: Step | None = None
    configure: Step | None = None
    publish: Step | None = None
    apply: Rule | None = None
    validity: Validity | None = None
    named: Rule | None = None
    # the plan states denominations and counts, and they bound what is issued
    denominations: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Rule):
    """Until which state of the order a refund may be asked for, and who must consent."""

    until: Literal["claimed"]
    consent_by: Party | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Rule):
    """Until which state of the order the enterprise may cancel alone."""

    until: Literal["confirmed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The life of an order; a rule that is absent does not exist in this programme."""

    voluntary: Rule | None = None
    agreement: Rule | None = None
    confirm: Rule | None = None
    service_standard: Rule | None = None
    cancel: Cancel | None = None
    refund: Refund | None = None
    self_pay: Rule | None = None
    void_on_failure: Rule | None = None
    # use is recorded while it happens, and a claim is for recorded use
    usage_recorded: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Rule):
    """One stage of a review; two stages of one review need two different people.

    own_region: by the office of the party's own region alone.
    """

    name: str
    role: Role
    own_region: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence(Rule):
    """When claims are taken: at nodes (MM-DD), once a year, by a day of each month, or as the locality sets."""

    when: Literal["nodes", "yearly", "monthly", "local"]
    nodes: tuple[str, ...] = ()
    nodes_set_by: Role | None = None
    day: int | None = None
    late: Literal["next_node", "next_month", "next_year", "refuse"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Enrolment before anything is used, or to be counted: what is handed in, what it names, and when it is taken.

    `taken_at`: the stage of the review that takes filings by the cadence; those before it are at any time.
    """

    by: Literal["track", "category"]
    rule: Rule
    documents: Documents | None = None
    cadence: Cadence | None = None
    taken_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials(Rule):
    """Codes of the documents a claim needs, all of them."""

    required: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Rule):
    """A question raised in review: who answers it, within how many working days."""

    answered_by: Role
    working_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Rule):
    """Working days of public notice before payment, at least."""

    working_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline(Rule):
    """Working days in which each stage decides a claim, and the role that is told when none did."""

    working_days: int
    escalate_to: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertReview(Rule):
    """The stage of `role` passes a claim when so many experts have scored it, each alone, with this mean at least."""

    role: Role
    experts: int
    pass_mark: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Rule):
    """Who draws an audit sample of a node's claims, and whether its findings are carried to those not drawn."""

    role: Role
    extrapolate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """How money is asked for; no notice means that the document asks for none."""

    filed_by: Party
    cadence: Cadence | None = None
    materials: Materials | None = None
    question: Question | None = None
    notice: Notice | None = None
    audit: Step | None = None
    price_above_market: Rule | None = None
    quality_deduction: Rule | None = None
    review_deadline: Deadline | None = None
    expert_review: ExpertReview | None = None
    sample: Sample | None = None

    @property
    def notice_days(self) -> int:
        return 0 if self.notice is None else self.notice.working_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Who is paid, and the steps the money takes."""

    payee: Party
    path: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoluntaryExit(Rule):
    """Leaving of one's own will: calendar days of notice before it takes effect."""

    notice_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Running(Rule):
    """Of a party that is listed, or barred while its case runs: whether what ran before goes on (orders are confirmed,
    claims filed and reviewed; nothing is paid) or stops."""

    orders: Literal["stop", "continue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a provider leaves; `forced` maps the number of each ground to its rule."""

    voluntary: VoluntaryExit | None = None
    forced: Mapping[str, Rule] = field(default_factory=none)
    aftermath: Rule | None = None
    blacklist: Rule | None = None
    running: Running | None = None

    @property
    def running_continue(self) -> bool:
        """Whether what ran before a party was listed goes on; without a rule it stops."""
        return self.running is not None and self.running.orders == "continue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Rule):
    """Severities of alert that hold a claim until a supervisor has resolved the alert."""

    severities: tuple[Severity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDeadline(Rule):
    """Working days in which a supervisor resolves an alert, by its severity, and the role told when none did."""

    high: int
    medium: int
    low: int
    escalate_to: Role

    def days(self, severity: Severity) -> int:
        """Working days for an alert of this severity."""
        return {"high": self.high, "medium": self.medium, "low": self.low}[severity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints(Rule):
    """Working days in which a complaint is answered, and in which its filer may reopen it, once; the role that is told
    of one that is late."""

    working_days: int
    reopen_days: int
    escalate_to: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing(Rule):
    """Working days in which a party that a case runs against may speak, and in which it may appeal from a decision."""

    working_days: int
    appeal_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """What is watched, and what follows."""

    hold: Hold | None = None
    alert_deadline: AlertDeadline | None = None
    fraud: Rule | None = None
    # money taken by false papers is taken back
    recovery: Rule | None = None
    dishonesty_list: Rule | None = None
    hearing: Hearing | None = None
    audit: Rule | None = None
    complaints: Complaints | None = None
    trace: Rule | None = None
    truth: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator(Rule):
    """One line of an assessment sheet: its share of the score, and the values at which it scores 0 and 100.

    Between the two the score grows evenly; beyond them it stays. `zero` above `full`: less is better.
    """

    weight: Fraction = field(metadata={"parse": parse_rate})
    formula: Formula
    zero: Fraction = field(metadata={"parse": parse_level})
    full: Fraction = field(metadata={"parse": parse_level})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """From this score up (to the next grade's): its name, what follows, and calendar days in which to mend."""

    from_score: int
    zh: str
    en: str
    consequence: Consequence
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment(Rule):
    """Something assessed regularly: providers, cities, effect.

    With `indicators` and `grades` it is a sheet, computed from the record. concluded_by: the second department, where
    two assess together; without it `role` concludes too.
    """

    of: Literal["provider", "city", "effect", "enterprise"]
    every: Literal["month", "quarter", "year", "regularly"]
    role: Role
    # of an enterprise: a claim passes this role's stage with a score alone, of at least the pass mark where one is set
    condition: bool = False
    pass_mark: int | None = None
    # of a month: working days after its last day by which a region has reported it
    report_days: int | None = None
    concluded_by: Role | None = None
    indicators: Mapping[str, Indicator] = field(default_factory=none)
    grades: tuple[Grade, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionAward(Rule):
    """What a province adds for its cities, shared out by these weights, which make up one.

    Of enterprises on the cloud among those registered, of vouchers redeemed, of the assessment of the work.
    """

    cloud_share: Fraction = field(metadata={"parse": parse_rate})
    redeemed: Fraction = field(metadata={"parse": parse_rate})
    assessment: Fraction = field(metadata={"parse": parse_rate})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Rule):
    """A number to reach by the end of a year (or in each year)."""

    measure: str
    at_least: int
    by_year: int | None = None
