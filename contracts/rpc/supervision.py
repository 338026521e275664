"""supervision: what must not happen."""

from __future__ import annotations

from contracts import fields as f
from contracts import roles as r
from contracts.rpc.base import Anything, IdOnly, Method, Nothing, Page, everywhere
from contracts.rpc.registry import GROUNDS, PARTY_KINDS, ById, Items, PartyIds

SERVICE = "supervision"
CLAIM_ALERTS = (
    "AFFILIATED_PARTIES",
    "PRICE_OUTLIER",
    "INVOICE_REUSED",
    "CONTRACT_REUSED",
    "PAYMENT_MISMATCH",
    "ROUND_TRIP",
    "NO_USAGE",
    "DATES_OUT_OF_ORDER",
    "CAP_HUGGING",
    "BURST",
    "SHELL_ENTERPRISES",
)
# of the books, the evidence log and terms: on no claim
OTHER_ALERTS = ("RECONCILIATION_DIFFERENCE", "EVIDENCE_BROKEN", "TERM_MISSED")
ALERTS = CLAIM_ALERTS + OTHER_ALERTS
ALERT_SUBJECTS = (
    *("claim", "pair", "contract", "provider", "enterprise", "region", "books", "evidence", "case", "assessment"),
)
ALERT_STATES = ("open", "acknowledged", "confirmed", "false_alarm")
SEVERITIES = ("high", "medium", "low")
COMPLAINT_STATES = ("open", "answered", "reopened")
ASSESSED = ("provider", "effect")
ASSESSMENT_STATES = ("open", "concluded", "mending", "suspended", "exit_due", "mended")
CONSEQUENCES = ("award", "none", "mend", "suspend", "exit")
INDICATOR_STATES = ("computed", "no_record", "awaited", "adjusted")
DESIGNATIONS = ("pilot", "model")
OUTCOMES = ("resolved", "rejected", "forwarded")
CASE_KINDS = ("blacklist", "dishonesty_list", "forced_exit")
LISTS = ("blacklist", "dishonesty_list")
CASE_GROUNDS = (*GROUNDS, "fraud", "crime")  # those of forced exit, fraud (五(四)), crime (第十二条)
CASE_OUTCOMES = ("upheld", "dismissed", "kept", "revoked", "removed")
CASE_STATES = ("noticed", "heard", "upheld", "dismissed", "appealed", "kept", "revoked", "removed", "closed")
COOPERATION = ("given", "refused")


class AcknowledgeAlert(f.Body):
    alert_id = f.ulid()


class AssignAlert(f.Body):
    """To the supervisor whose token names this subject; it is then theirs alone until it is assigned anew."""

    alert_id = f.ulid()
    assignee = f.text(128)


class ResolveAlert(f.Body):
    """confirmed: its claims stay held and are to be refused; false_alarm: they are cleared when no other alert is open.
    claim_ids: of a confirmed alert, the claims that it is confirmed for (empty: all); the others are cleared of it."""

    alert_id = f.ulid()
    verdict = f.one_of(("confirmed", "false_alarm"))
    reason = f.text(1000)
    claim_ids = f.words(26, 1000, required=False)


class OpenCase(f.Body):
    """A case against a party: on which ground, by which evidence (ids of alerts, complaints, assessments and
    receivables, SHA-256 of papers). interim: new orders, quotas and payments stop while it runs, unpublished."""

    case_id = f.ulid()
    kind = f.one_of(CASE_KINDS)
    party_kind = f.one_of(PARTY_KINDS)
    party_id = f.ulid()
    programme = f.programme()
    ground = f.one_of(CASE_GROUNDS)
    reason = f.text(1000)
    interim = f.flag()
    alert_ids = f.words(26, 100, required=False)
    complaint_ids = f.words(26, 100, required=False)
    assessment_ids = f.words(26, 100, required=False)
    receivable_ids = f.words(26, 100, required=False)
    papers = f.digests(100, required=False)


class StateCase(f.Body):
    """The party's own word; waives: it does without a hearing. The text stays with supervision."""

    case_id = f.ulid()
    text = f.text(4000, required=False)
    waives = f.flag()


class HoldHearing(f.Body):
    """That a hearing was held, and the SHA-256 of its record."""

    case_id = f.ulid()
    held_on = f.day()
    record_sha256 = f.sha256()


class ProposeDecision(f.Body):
    """upheld or dismissed; of an appeal kept or revoked; of a listing removed. until: the last day of an entry on a
    list (empty: until it is removed). effective_at: of an entry (empty: with the decision)."""

    case_id = f.ulid()
    outcome = f.one_of(CASE_OUTCOMES)
    reason = f.text(1000)
    until = f.day(required=False)
    effective_at = f.instant(required=False)


class DecideCase(f.Body):
    """agreed: what was proposed is decided and takes effect; else it is proposed no more."""

    case_id = f.ulid()
    agreed = f.flag()


class AppealCase(f.Body):
    """By the party, within the pack's working days after the decision; what was decided stands until the appeal is."""

    case_id = f.ulid()
    text = f.text(4000)


class ReferCase(f.Body):
    """That the case was referred to another authority, with the SHA-256 of the letter."""

    case_id = f.ulid()
    authority = f.text(120)
    referred_on = f.day()
    letter_sha256 = f.sha256()


class CloseCase(f.Body):
    """A forced exit is wound up: nothing is open. cooperation: whether the provider helped to look into the risks."""

    case_id = f.ulid()
    cooperation = f.one_of(COOPERATION)
    note = f.text(1000)


class ListCases(Page):
    programme = f.programme()
    kind = f.one_of(CASE_KINDS, required=False)
    status = f.one_of(CASE_STATES, required=False)
    party_id = f.ulid(required=False)


class FileComplaint(f.Body):
    """An enterprise's complaint about a provider (第九条). The text may name people: it stays with supervision.
    product_id: of the provider's; of an order that is named it is the order's."""

    complaint_id = f.ulid()
    programme = f.programme()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    order_id = f.ulid(required=False)
    product_id = f.ulid(required=False)
    text = f.text(1000)


class ReopenComplaint(f.Body):
    """By who filed it, once, within the pack's working days after the answer: it is to be answered again."""

    complaint_id = f.ulid()
    text = f.text(1000)


class AnswerComplaint(f.Body):
    """The operator's answer, which ends the complaint; forwarded: another authority has it now."""

    complaint_id = f.ulid()
    text = f.text(2000)
    outcome = f.one_of(OUTCOMES)


class SetTarget(f.Body):
    """What a region has to reach by the end of a year (山西 附件1, 山东 四); measure: as the pack's targets name it, or
    `spending_yuan`. A target set again for the same region, year and measure takes the place of the former."""

    target_id = f.ulid()
    programme = f.programme()
    region = f.region_prefix()
    year = f.year()
    measure = f.code()
    at_least = f.whole(0, 10**15)


class ReportProgress(f.Body):
    """A region's own assessment of one month (山西 五(三)), by its prefecture; score 0 to 100."""

    report_id = f.ulid()
    programme = f.programme()
    region = f.region_prefix()
    month = f.period()
    score = f.whole(0, 100)
    text = f.text(2000)


class EvaluateRegion(f.Body):
    """The bureau's evaluation of a region for a quarter or a year; the figures are taken from the record and kept with
    it."""

    evaluation_id = f.ulid()
    programme = f.programme()
    region = f.region_prefix()
    period = f.period()
    score = f.whole(0, 100)
    text = f.text(2000)


class OpenAssessment(f.Body):
    """Of a provider, or of the programme's effect, by the pack's `assessments.<name>`; subject_id: the provider's,
    empty for the effect. Each indicator is computed from the record of the period, which is over."""

    assessment_id = f.ulid()
    programme = f.programme()
    name = f.code()
    subject_id = f.ulid(required=False)
    period = f.period()


class AdjustAssessment(f.Body):
    """By another person than who opened it. Either a score of 100, or, of an indicator that reviewers report, a value
    on its own scale ("18%", "75")."""

    assessment_id = f.ulid()
    indicator = f.code()
    score = f.whole(0, 100, required=False)
    value = f.text(20, required=False)
    reason = f.text(1000)


class ConcludeAssessment(f.Body):
    """Fixes score, grade and consequence."""

    assessment_id = f.ulid()


class ConfirmMended(f.Body):
    """What the provider had to mend is mended; where its new orders were suspended, they may be placed again."""

    assessment_id = f.ulid()
    reason = f.text(1000)


class StandardItem(f.Body):
    """What is looked at, and the most points that it gives."""

    item = f.code()
    zh = f.text(200)
    en = f.text(200, required=False)
    most = f.whole(1, 1000)


class PublishStandard(f.Body):
    """A third party's standard for evaluating enterprises, by the pack's `assessments.<name>`: the next version."""

    standard_id = f.ulid()
    programme = f.programme()
    name = f.code()
    items = f.many(StandardItem, most=100, least=1)


class ItemPoints(f.Body):
    item = f.code()
    points = f.whole(0, 1000)


class EvaluateEnterprise(f.Body):
    """An enterprise's move under one order, against the standard in force: points for each of its items; the total is
    computed. Made again, it takes the place of the former."""

    evaluation_id = f.ulid()
    programme = f.programme()
    name = f.code()
    order_id = f.ulid()
    standard_id = f.ulid()
    points = f.many(ItemPoints, most=100, least=1)
    text = f.text(2000)


class Designate(f.Body):
    """A pilot (试点) or model case (标杆) (山西 三(八), 山东 五(三)); counted against the pack's targets."""

    designation_id = f.ulid()
    programme = f.programme()
    enterprise_id = f.ulid()
    kind = f.one_of(DESIGNATIONS)
    reason = f.text(1000)


class AwardRegions(f.Body):
    """The province's composite award, shared out by the pack's weights of cloud share, vouchers redeemed and assessment
    (山东 三(三)). regions: cities that take part; each needs an evaluation of that year."""

    award_id = f.ulid()
    programme = f.programme()
    year = f.year()
    amount_fen = f.fen(least=1)
    regions = f.words(6, 50, least=1)


class RegionFigures(f.Body):
    """length of region: 2 for the province, 4 for its cities."""

    programme = f.programme()
    year = f.year()
    region = f.region_prefix(required=False)


class ListRegional(Page):
    programme = f.programme()
    region = f.region_prefix(required=False)


class ListAssessments(Page):
    programme = f.programme()
    name = f.code(required=False)
    subject_id = f.ulid(required=False)
    status = f.one_of(ASSESSMENT_STATES, required=False)


class ListEvaluations(Page):
    """Of enterprises; those that were replaced are among them."""

    programme = f.programme()
    enterprise_id = f.ulid(required=False)
    order_id = f.ulid(required=False)


class ListComplaints(Page):
    programme = f.programme()
    status = f.one_of(COMPLAINT_STATES, required=False)
    provider_id = f.ulid(required=False)


class ComplaintFigures(f.Body):
    """Of complaints filed from the first to the last day, both included (Beijing time)."""

    programme = f.programme()
    from_on = f.day()
    until_on = f.day()
    provider_id = f.ulid(required=False)


class ListAlerts(Page):
    """region: a prefix; overdue: those alone that are late; unresolved: open and acknowledged ones."""

    programme = f.programme()
    status = f.one_of(ALERT_STATES, required=False)
    alert = f.one_of(ALERTS, required=False)
    severity = f.one_of(SEVERITIES, required=False)
    region = f.region_prefix(required=False)
    provider_id = f.ulid(required=False)
    assigned_to = f.text(128, required=False)
    unresolved = f.flag(required=False)
    overdue = f.flag(required=False)


class AlertRates(f.Body):
    """Of alerts raised from the first to the last day, both included (Beijing time)."""

    programme = f.programme()
    from_on = f.day()
    until_on = f.day()


class ListBlacklist(Page):
    programme = f.programme()


class PartyRecord(Page):
    """What one party owed back, by id; with its entries in the blacklist and the sums of all."""

    party_id = f.ulid()


class Related(f.Body):
    """The path of shared facts between two parties, each named by its kind, never by its value."""

    from_id = f.ulid()
    to_id = f.ulid()


class EvidencePage(f.Body):
    """Records from position `start`, 1 is the first."""

    start = f.whole(1, 2**53)
    limit = f.whole(1, 1000, required=False, load_default=1000, allow_none=False)


class EvidenceProof(f.Body):
    """Records by event or position. size: under the published checkpoint of so many records. older: the size of an
    earlier one, to be shown to be the beginning of the newer."""

    event_ids = f.words(26, 100, required=False)
    positions = f.numbers(1, 2**53, 100, required=False)
    size = f.whole(1, 2**53, required=False)
    older = f.whole(1, 2**53, required=False)


_supervisor = frozenset({r.SUPERVISOR})
_case_officers = frozenset({r.SUPERVISOR, r.BUREAU, r.OPERATOR})
_readers = frozenset({r.SUPERVISOR, r.AUDITOR, r.BUREAU, r.OPERATOR, r.FINANCE, r.OPS, r.SERVICE})

METHODS = [
    Method(SERVICE, "acknowledge_alert", "command", AcknowledgeAlert, IdOnly, _supervisor),
    Method(SERVICE, "assign_alert", "command", AssignAlert, IdOnly, _supervisor),
    Method(SERVICE, "resolve_alert", "command", ResolveAlert, IdOnly, _supervisor),
    Method(SERVICE, "open_case", "command", OpenCase, IdOnly, _case_officers, doc="第十二条(二)、五(四)."),
    Method(SERVICE, "state_case", "command", StateCase, IdOnly, r.PARTIES | {r.PLATFORM}, private=True),
    Method(SERVICE, "hold_hearing", "command", HoldHearing, IdOnly, _case_officers),
    Method(SERVICE, "propose_decision", "command", ProposeDecision, IdOnly, _case_officers),
    Method(SERVICE, "decide_case", "command", DecideCase, IdOnly, _supervisor | {r.BUREAU}),
    Method(SERVICE, "appeal_case", "command", AppealCase, IdOnly, r.PARTIES | {r.PLATFORM}, private=True),
    Method(SERVICE, "refer_case", "command", ReferCase, IdOnly, _case_officers, doc="移送司法机关 (第十二条)."),
    Method(SERVICE, "close_case", "command", CloseCase, IdOnly, _case_officers),
    Method(
        SERVICE,
        "file_complaint",
        "command",
        FileComplaint,
        IdOnly,
        frozenset({r.PLATFORM, r.ENTERPRISE}),
        owner="enterprise_id",
        private=True,
    ),
    Method(
        SERVICE,
        "reopen_complaint",
        "command",
        ReopenComplaint,
        IdOnly,
        frozenset({r.PLATFORM, r.ENTERPRISE}),
        private=True,
    ),
    Method(SERVICE, "answer_complaint", "command", AnswerComplaint, IdOnly, frozenset({r.OPERATOR}), private=True),
    Method(SERVICE, "set_target", "command", SetTarget, IdOnly, frozenset({r.BUREAU}), doc="山西 四(二), 附件1."),
    Method(
        SERVICE,
        "report_progress",
        "command",
        ReportProgress,
        IdOnly,
        frozenset({r.PREFECTURE, r.DISTRICT}),
        doc="山西 五(三).",
    ),
    Method(SERVICE, "evaluate_region", "command", EvaluateRegion, IdOnly, frozenset({r.BUREAU}), doc="山西 五(三)."),
    Method(
        SERVICE,
        "open_assessment",
        "command",
        OpenAssessment,
        IdOnly,
        r.REVIEWERS,
        doc="By the role that the pack names. 贵州 五(五), 内蒙古 二(二), 山西 五(三), 沈阳 三(五)1.",
    ),
    Method(SERVICE, "adjust_assessment", "command", AdjustAssessment, IdOnly, r.REVIEWERS),
    Method(
        SERVICE,
        "conclude_assessment",
        "command",
        ConcludeAssessment,
        IdOnly,
        r.REVIEWERS,
        doc="By the second department where two assess together.",
    ),
    Method(SERVICE, "confirm_mended", "command", ConfirmMended, IdOnly, r.REVIEWERS),
    Method(SERVICE, "publish_standard", "command", PublishStandard, Anything, r.REVIEWERS, doc="山东 三(二)."),
    Method(
        SERVICE,
        "evaluate_enterprise",
        "command",
        EvaluateEnterprise,
        Anything,
        r.REVIEWERS,
        doc="山东 三(二), 内蒙古 八(四).",
    ),
    Method(SERVICE, "designate", "command", Designate, IdOnly, frozenset({r.BUREAU}), doc="山西 三(八)."),
    Method(SERVICE, "award_regions", "command", AwardRegions, Anything, frozenset({r.BUREAU}), doc="山东 三(三)."),
    Method(
        SERVICE,
        "region_figures",
        "query",
        RegionFigures,
        Items,
        r.ALL,
        doc="By city: enterprises registered and on the cloud, by kind, vouchers redeemed, targets, evaluations.",
    ),
    Method(SERVICE, "target_progress", "query", ListBlacklist, Items, r.ALL, doc="The pack's targets, and the record."),
    Method(SERVICE, "list_evaluations", "query", ListRegional, Items, r.ALL),
    Method(
        SERVICE,
        "assessment",
        "query",
        ById,
        Anything,
        r.OFFICIALS | r.PARTIES,
        doc="One with its adjustments and their reasons; a party sees its own, concluded, and not who did what.",
    ),
    Method(
        SERVICE,
        "assessments",
        "query",
        ListAssessments,
        Items,
        r.OFFICIALS | r.PARTIES,
        doc="A party sees those that are about it and concluded.",
    ),
    Method(SERVICE, "standards", "query", ListBlacklist, Items, r.ALL, doc="Third parties' standards, all versions."),
    Method(
        SERVICE,
        "enterprise_evaluations",
        "query",
        ListEvaluations,
        Items,
        r.OFFICIALS | r.PARTIES,
        doc="With points and texts; an enterprise or provider sees those of its own orders.",
    ),
    Method(SERVICE, "list_reports", "query", ListRegional, Items, r.OFFICIALS),
    Method(SERVICE, "list_designations", "query", ListBlacklist, Items, r.ALL),
    Method(SERVICE, "list_awards", "query", ListBlacklist, Items, r.ALL),
    Method(SERVICE, "get_alert", "query", ById, Anything, _readers),
    Method(SERVICE, "list_alerts", "query", ListAlerts, Items, _readers),
    Method(
        SERVICE,
        "alert_rates",
        "query",
        AlertRates,
        Items,
        _readers,
        doc="By rule: alerts raised, confirmed, found false, open, and confirmed of those resolved.",
    ),
    Method(
        SERVICE,
        "get_complaint",
        "query",
        ById,
        Anything,
        _readers | r.PARTIES | {r.PLATFORM},
        private=True,
        doc="With both texts; a party sees those it filed, or that are about it.",
    ),
    Method(SERVICE, "list_complaints", "query", ListComplaints, Items, _readers, doc="Without the texts."),
    Method(
        SERVICE,
        "complaint_figures",
        "query",
        ComplaintFigures,
        Items,
        _readers,
        doc="By provider and product: complaints filed, how they ended, overdue ones, mean days to the first answer.",
    ),
    Method(SERVICE, "blacklist", "query", ListBlacklist, Items, r.ALL),
    Method(
        SERVICE,
        "get_case",
        "query",
        ById,
        Anything,
        _readers | r.PARTIES | {r.PLATFORM},
        private=True,
        doc="With its texts, and of a forced exit what is open; a party sees those about it, not what is proposed.",
    ),
    Method(SERVICE, "list_cases", "query", ListCases, Items, _readers, doc="Without the texts."),
    Method(
        SERVICE,
        "standing",
        "query",
        PartyIds,
        Items,
        frozenset({r.SERVICE}),
        doc="Which of these parties are blacklisted, and since when.",
    ),
    Method(
        SERVICE,
        "party_record",
        "query",
        PartyRecord,
        Anything,
        _readers | r.PARTIES,
        doc="What a party owed back and why, and its entries in the blacklist. A party sees its own.",
    ),
    Method(SERVICE, "related", "query", Related, Anything, _readers),
    Method(SERVICE, "evidence_page", "query", EvidencePage, Items, _readers),
    Method(
        SERVICE, "evidence_head", "query", Nothing, Anything, r.ALL, doc="Size and root of the evidence log, signed."
    ),
    Method(
        SERVICE,
        "evidence_proof",
        "query",
        EvidenceProof,
        Anything,
        _readers,
        doc="Inclusion of records under a signed checkpoint, and its consistency with an older one (RFC 9162).",
    ),
    *everywhere(SERVICE),
]
