"""supervision's events: verdicts on claims, alerts, complaints, the blacklist, checkpoints."""

from __future__ import annotations

from contracts import fields as f
from contracts.events.base import EventType, decided, law, refused
from contracts.events.books import totals_told
from contracts.rpc.registry import GROUNDS, PARTY_KINDS
from contracts.rpc.supervision import (
    ALERT_STATES,
    ALERT_SUBJECTS,
    ALERTS,
    ASSESSED,
    ASSESSMENT_STATES,
    CASE_GROUNDS,
    CASE_KINDS,
    CASE_STATES,
    COMPLAINT_STATES,
    CONSEQUENCES,
    COOPERATION,
    DESIGNATIONS,
    INDICATOR_STATES,
    OUTCOMES,
    SEVERITIES,
    ItemPoints,
    StandardItem,
)


class ClaimVerdict(f.Body):
    """On one version of one claim: silence is no clearance."""

    claim_id = f.ulid()
    claim_version = f.whole(1, 10**6)
    provider_id = f.ulid()
    programme = f.programme()
    verdict = f.one_of(("cleared", "held", "rejected"))
    alerts = f.words(40, 20)
    law = law()


class AlertState(f.Body):
    """One rule's finding on one subject, over as many claims as it folded: claim_ids are the newest of `claims`.

    evidence: of the newest finding: which rule, which numbers, which other claims or parties (ids alone). repeats: how
    often it was found again; graver: this time graver than before. due_on: until when a supervisor is to resolve it;
    escalated_to: the role that was told when none had. region: of the provider or enterprise it is about, a prefix for
    offices."""

    alert_id = f.ulid()
    alert = f.one_of(ALERTS)
    severity = f.one_of(SEVERITIES)
    subject_kind = f.one_of(ALERT_SUBJECTS)
    subject = f.text(128)
    programme = f.programme()
    region = f.region_prefix()
    provider_id = f.ulid(required=False)
    enterprise_id = f.ulid(required=False)
    claims = f.whole(0, 10**9)
    claim_ids = f.words(26, 20)
    repeats = f.whole(0, 10**9)
    graver = f.flag()
    evidence = f.facts()
    status = f.one_of(ALERT_STATES)
    assigned_to = f.text(128, required=False)
    due_on = f.day(required=False)
    escalated_to = f.code(20, required=False)
    reason = f.text(1000, required=False)
    law = law()


class ComplaintState(f.Body):
    """Without the texts of complaint and answer, which may name people. due_on: until when it is to be answered;
    escalated_to: the role that was told when it was not."""

    complaint_id = f.ulid()
    programme = f.programme()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    order_id = f.ulid(required=False)
    product_id = f.ulid(required=False)
    due_on = f.day(required=False)
    escalated_to = f.code(20, required=False)
    status = f.one_of(COMPLAINT_STATES)
    outcome = f.one_of(OUTCOMES, required=False)
    answered_at = f.instant(required=False)
    law = law()


class BlacklistState(f.Body):
    """An entry, under the id of its case. interim: a measure while the case runs, which stops the same and is not
    published; the case's decision lifts it, or makes it an entry of the list."""

    entry_id = f.ulid()
    kind = f.one_of(CASE_KINDS)
    interim = f.flag()
    party_kind = f.one_of(PARTY_KINDS)
    party_id = f.ulid()
    party_name = f.text(120, required=False)
    programme = f.programme()
    ground = f.text(60)
    effective_at = f.instant()
    until = f.day(required=False)
    status = f.one_of(("listed", "removed"))
    law = law()


class CaseState(f.Body):
    """Without the texts, which may name people, and without what is only proposed."""

    case_id = f.ulid()
    kind = f.one_of(CASE_KINDS)
    party_kind = f.one_of(PARTY_KINDS)
    party_id = f.ulid()
    programme = f.programme()
    region = f.region(required=False)
    ground = f.one_of(CASE_GROUNDS)
    status = f.one_of(CASE_STATES)
    interim = f.flag()
    evidence = f.facts()
    hearing_until = f.day(required=False)
    hearing_sha256 = f.sha256(required=False)
    appeal_until = f.day(required=False)
    until = f.day(required=False)
    referred_on = f.day(required=False)
    cooperation = f.one_of(COOPERATION, required=False)
    law = law()


class ExitDecided(f.Body):
    """registry carries it out: the provider is out, its products off the shelf; revoked: certified again."""

    case_id = f.ulid()
    provider_id = f.ulid()
    programme = f.programme()
    ground = f.one_of(GROUNDS)
    law = law()


class TieFound(f.Body):
    """A supervisor confirmed AFFILIATED_PARTIES: the two are tied from now on, by the alert named."""

    tie_id = f.ulid()
    alert_id = f.ulid()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    programme = f.programme()
    law = law()


class TargetState(f.Body):
    target_id = f.ulid()
    programme = f.programme()
    region = f.region_prefix()
    year = f.year()
    measure = f.code()
    at_least = f.whole(0, 10**15)
    status = f.one_of(("set", "replaced"))
    law = law()


class ProgressReport(f.Body):
    report_id = f.ulid()
    programme = f.programme()
    region = f.region_prefix()
    month = f.period()
    score = f.whole(0, 100)
    status = f.one_of(("reported",))
    law = law()


class ProgressOverdue(f.Body):
    """A month that a region has not reported by due_on."""

    programme = f.programme()
    region = f.region_prefix()
    month = f.period()
    due_on = f.day()
    status = f.one_of(("overdue",))
    law = law()


class RegionEvaluation(f.Body):
    """figures: as `region_figures` gave them at that moment."""

    evaluation_id = f.ulid()
    programme = f.programme()
    region = f.region_prefix()
    period = f.period()
    score = f.whole(0, 100)
    text = f.text(2000)
    figures = f.facts()
    status = f.one_of(("evaluated",))
    law = law()


class IndicatorScore(f.Body):
    """weight_bp: of the whole, in basis points; value, score: exact, as text ("3/4"), empty where there is none."""

    indicator = f.code()
    weight_bp = f.whole(1, 10_000)
    value = f.text(120, required=False)
    score = f.text(120, required=False)
    state = f.one_of(INDICATOR_STATES)


class GradeName(f.Body):
    zh = f.text(40)
    en = f.text(40)


class AssessmentState(f.Body):
    """Without the words of reviewers, which may name people. of: what the pack assesses by that name; subject_id: the
    provider, empty for the effect; score_bp: in hundredths of a point; due_on: until when the provider is to mend."""

    assessment_id = f.ulid()
    programme = f.programme()
    name = f.code()
    of = f.one_of(ASSESSED)
    subject_id = f.ulid(required=False)
    region = f.region_prefix(required=False)
    period = f.period()
    indicators = f.many(IndicatorScore, most=100)
    score_bp = f.whole(0, 10_000, required=False)
    grade = f.nested(GradeName, required=False)
    consequence = f.one_of(CONSEQUENCES, required=False)
    due_on = f.day(required=False)
    status = f.one_of(ASSESSMENT_STATES)
    law = law()


class StandardState(f.Body):
    """A third party's standard: what is looked at, and the most points of each."""

    standard_id = f.ulid()
    programme = f.programme()
    name = f.code()
    version = f.whole(1, 10**6)
    items = f.many(StandardItem, most=100)
    status = f.one_of(("published", "replaced"))
    law = law()


class EnterpriseEvaluation(f.Body):
    """Without its text. reached: of `most` points; score: of 100, rounded down."""

    evaluation_id = f.ulid()
    programme = f.programme()
    name = f.code()
    order_id = f.ulid()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    standard_id = f.ulid()
    points = f.many(ItemPoints, most=100)
    reached = f.whole(0, 100_000)
    most = f.whole(1, 100_000)
    score = f.whole(0, 100)
    status = f.one_of(("evaluated", "replaced"))
    law = law()


class Designation(f.Body):
    designation_id = f.ulid()
    programme = f.programme()
    enterprise_id = f.ulid()
    region = f.region()
    kind = f.one_of(DESIGNATIONS)
    status = f.one_of(("designated",))
    law = law()


class AwardShare(f.Body):
    """Of one region: the weighted index it was shared out by, and its amount."""

    region = f.region_prefix()
    index = f.text(40)
    amount_fen = f.fen()


class RegionAward(f.Body):
    award_id = f.ulid()
    programme = f.programme()
    year = f.year()
    amount_fen = f.fen()
    shares = f.many(AwardShare, most=50)
    status = f.one_of(("awarded",))
    law = law()


class Checkpoint(f.Body):
    """A signed checkpoint of the evidence log: root, RFC 9162's tree hash of its first `size` records by `algorithm`.
    signature: Ed25519 over the document `{algorithm, kind: "evidence-checkpoint", made_at, origin, root, size}`
    (docs/integration.md), base64, by the key of key_id, whose raw bytes are public_key. made_at: RFC 3339 text."""

    origin = f.text(100)
    size = f.whole(1, 2**53)
    root = f.sha256()
    algorithm = f.one_of(("sha-256", "sm3"))
    made_at = f.text(40)
    key_id = f.text(16)
    public_key = f.text(44)
    signature = f.text(88)


def _e(name: str, schema: type[f.Body], *consumers: str, doc: str = "") -> EventType:
    return EventType(f"supervision.{name}.v1", schema, consumers, doc)


EVENTS = [
    _e("claim_cleared", ClaimVerdict, "settlement"),
    _e("claim_held", ClaimVerdict, "settlement", "notify"),
    _e("claim_rejected", ClaimVerdict, "settlement", "notify", doc="An alert on it was confirmed."),
    _e("alert_raised", AlertState, "notify"),
    _e("alert_repeated", AlertState, "notify", doc="Found again while it was not resolved."),
    _e("alert_acknowledged", AlertState),
    _e("alert_assigned", AlertState, "notify"),
    _e("alert_escalated", AlertState, "notify", doc="Its day has passed and nobody has resolved it."),
    _e("alert_resolved", AlertState, "notify"),
    _e("tie_found", TieFound, "registry", doc="AFFILIATED_PARTIES was confirmed (第十三条(四))."),
    _e("complaint_filed", ComplaintState, "notify"),
    _e("complaint_answered", ComplaintState, "notify"),
    _e("complaint_reopened", ComplaintState, "notify"),
    _e("complaint_overdue", ComplaintState, "notify", doc="Its day has passed without an answer."),
    _e("target_set", TargetState, "notify", doc="A region's target for a year."),
    _e("progress_reported", ProgressReport, "notify", doc="A region's own assessment of a month."),
    _e("progress_overdue", ProgressOverdue, "notify", doc="A month that was not reported by its day; once."),
    _e("region_evaluated", RegionEvaluation, "notify"),
    _e("assessment_opened", AssessmentState, doc="Of a provider or the programme's effect, as the record has it."),
    _e("assessment_adjusted", AssessmentState),
    _e("assessment_concluded", AssessmentState, "registry", "notify", doc="Score, grade and consequence are fixed."),
    _e("assessment_mended", AssessmentState, "registry", "notify"),
    _e("assessment_overdue", AssessmentState, "notify", doc="Not mended by its day; once."),
    _e("standard_published", StandardState, doc="For evaluating enterprises; the former is told as replaced."),
    _e("enterprise_evaluated", EnterpriseEvaluation, "settlement", "notify"),
    _e("enterprise_designated", Designation, "notify", doc="A pilot or a model case."),
    _e("regions_awarded", RegionAward, "notify", doc="The province's composite award, shared out."),
    _e("party_blacklisted", BlacklistState, "registry", "voucher", "settlement", "notify"),
    _e("party_removed", BlacklistState, "registry", "voucher", "settlement", "notify"),
    _e("party_suspended", BlacklistState, "registry", "voucher", "settlement", "notify", doc="While its case runs."),
    _e("party_resumed", BlacklistState, "registry", "voucher", "settlement", "notify"),
    _e("case_opened", CaseState, "notify", doc="The party is told on which ground, and until when it may speak."),
    _e("case_stated", CaseState, "notify", doc="The party has spoken, or waived."),
    _e("case_heard", CaseState, "notify"),
    _e("case_proposed", CaseState, "notify", doc="A decision waits for another person."),
    _e("case_decided", CaseState, "notify"),
    _e("case_appealed", CaseState, "notify"),
    _e("case_referred", CaseState, "notify"),
    _e("case_closed", CaseState, "notify", doc="A forced exit is wound up."),
    _e("exit_decided", ExitDecided, "registry"),
    _e("exit_revoked", ExitDecided, "registry", doc="On appeal."),
    _e("checkpoint_made", Checkpoint, "notify", doc="Size and root of the evidence log, signed."),
    refused("supervision"),
    decided("supervision"),
    totals_told("supervision"),
]
