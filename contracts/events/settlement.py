"""settlement's events: nodes, claims, questions, disbursements, payments."""

from __future__ import annotations

from contracts import fields as f
from contracts.events.base import EventType, decided, law, refused
from contracts.events.books import totals_told
from contracts.rpc.registry import PARTY_KINDS
from contracts.rpc.settlement import GROUNDS, RESOLUTIONS, Instalment

CLAIM_STATES = (
    "filed",  # waits for the order row's answer
    "accepted",  # waits for a node
    "collected",  # the first stage's review
    "in_review",  # passed by a stage that is not the last
    "returned",  # to the filer for correction; it may file again under the same claim id
    "passed",
    "on_notice",  # published; waits for the end of the notice and of objections to it
    "noticed",  # published without an objection that was upheld
    "in_disbursement",
    "approved",
    "paying",
    "paid",
    "payment_failed",
    "refused",
    "withdrawn",
)


# of a claim that was published: open, it still is; noticed, its notice ran out and nothing stood against it; upheld, an
# objection ended it; refused, otherwise; returned, to its filer for correction; withdrawn
NOTICE_OUTCOMES = ("open", "noticed", "upheld", "refused", "returned", "withdrawn")


class NodeState(f.Body):
    node_id = f.ulid()
    programme = f.programme()
    year = f.year()
    closes_at = f.instant()
    status = f.one_of(("open", "closed"))
    claims = f.whole(0, 10**9)
    law = law()


class ClaimState(f.Body):
    """invoice_key: the invoice number normalised; claim_version: grows with each filing of the same claim.

    order_fen: what the order holds for it. payable_fen = claimed_fen - deducted_fen - disallowed_fen - audited_fen:
    what quality, lines of the invoice that are not supported, and the audit took off. filer_id: who filed it; payee_id:
    who is to be paid. stage: the role whose turn it is; due_on: its last day, where the pack gives one. payer_index,
    payee_index: blind indexes of the accounts that the enterprise's share was paid from and to, comparable with
    registry's; refunded_fen: what came back of it.
    deferred: no money yet, it waits for a later year's plan. region, plan_region: as the order's."""

    claim_id = f.ulid()
    claim_version = f.whole(1, 10**6)
    order_id = f.ulid()
    provider_id = f.ulid()
    enterprise_id = f.ulid()
    filer_id = f.ulid()
    payee_id = f.ulid()
    payee_kind = f.one_of(PARTY_KINDS)
    programme = f.programme()
    year = f.year()
    region = f.region()
    plan_region = f.region_prefix()
    category = f.code(20)
    track = f.code(20, required=False)
    product_id = f.ulid()
    order_fen = f.fen(required=False)
    claimed_fen = f.fen()
    deducted_fen = f.fen()
    disallowed_fen = f.fen()
    audited_fen = f.fen()
    payable_fen = f.fen()
    score = f.whole(0, 100, required=False)
    price_fen = f.fen()
    invoice_number = f.text(30)
    invoice_key = f.text(40)
    invoice_fen = f.fen()
    invoice_on = f.day()
    contract_sha256 = f.sha256()
    transfer_fen = f.fen()
    transfer_on = f.day(required=False)
    payer_index = f.text(64, required=False)
    payee_index = f.text(64, required=False)
    refunded_fen = f.fen(required=False)
    usage_days = f.whole(0, 3660)
    usage_units = f.whole(0, 10**12)
    filed_at = f.instant()
    node_id = f.ulid(required=False)
    notice_id = f.ulid(required=False)
    stage = f.code(20, required=False)
    due_on = f.day(required=False)
    status = f.one_of(CLAIM_STATES)
    reasons = f.words(500, 20, required=False)
    law = law()


class QuestionState(f.Body):
    question_id = f.ulid()
    claim_id = f.ulid()
    programme = f.programme()
    text = f.text(1000)
    due_on = f.day()
    status = f.one_of(("open", "answered", "overdue"))
    answer = f.text(2000, required=False)
    law = law()


class NoticeItem(f.Body):
    claim_id = f.ulid()
    provider_id = f.ulid()
    enterprise_id = f.ulid()
    payable_fen = f.fen()


class NoticeOutcome(f.Body):
    claim_id = f.ulid()
    outcome = f.one_of(NOTICE_OUTCOMES)


class NoticeState(f.Body):
    """items: what was published, and stays; from_on, until_on: first and last day; content_hash: SHA-256 of them;
    signature: Ed25519 over the snapshot (docs/integration.md), base64, by the key of key_id, whose raw bytes are
    public_key. outcomes: once it is closed, what became of each item."""

    notice_id = f.ulid()
    programme = f.programme()
    from_on = f.day()
    until_on = f.day()
    working_days = f.whole(1, 1000)
    items = f.many(NoticeItem, most=1000)
    content_hash = f.sha256()
    pack_version = f.text(80)
    key_id = f.text(16)
    public_key = f.text(44)
    signature = f.text(88)
    outcomes = f.many(NoticeOutcome, most=1000)
    status = f.one_of(("open", "closed"))
    law = law()


class ObjectionState(f.Body):
    """Without its text, which may name people."""

    objection_id = f.ulid()
    notice_id = f.ulid()
    claim_id = f.ulid()
    provider_id = f.ulid()
    programme = f.programme()
    status = f.one_of(("open", "upheld", "dismissed"))
    reasons = f.words(500, 20, required=False)
    law = law()


class DisbursementState(f.Body):
    """provider_id: whose claims; empty: the programme's. stage: the role whose turn it is. frozen_hash: of what was put
    forward (docs/integration.md)."""

    disbursement_id = f.ulid()
    provider_id = f.ulid(required=False)
    programme = f.programme()
    year = f.year()
    claims = f.whole(0, 10**6)
    amount_fen = f.fen()
    frozen_hash = f.sha256(required=False)
    status = f.one_of(("filed", "in_review", "approved", "refused", "batched"))
    stage = f.code(20, required=False)
    reasons = f.words(500, 20, required=False)
    law = law()


class BatchState(f.Body):
    batch_id = f.ulid()
    programme = f.programme()
    year = f.year()
    payments = f.whole(0, 10**6)
    amount_fen = f.fen()
    frozen_hash = f.sha256()
    status = f.one_of(("made", "released", "finished"))


class PaymentState(f.Body):
    """payee_id: who is paid; region: an enterprise's own. with_district: the city has paid its district.
    amount_fen: what the bank pays; offset_fen: what the payee owed, taken off before; offset: all of it was."""

    payment_id = f.ulid()
    batch_id = f.ulid()
    payee_id = f.ulid()
    payee_kind = f.one_of(PARTY_KINDS)
    region = f.region(required=False)
    programme = f.programme()
    year = f.year()
    reference = f.text(40)
    amount_fen = f.fen()
    offset_fen = f.fen()
    claims = f.words(26, 10_000)
    status = f.one_of(("made", "sent", "offset", "with_district", "settled", "failed", "returned", "unknown", "held"))
    reason = f.text(200, required=False)


class ReviewOverdue(f.Body):
    """A claim's stage was not decided by its last day; escalate_to: the role that is told."""

    claim_id = f.ulid()
    programme = f.programme()
    region = f.region()
    stage = f.code(20)
    due_on = f.day()
    escalate_to = f.code(20)
    law = law()


class LeaveState(f.Body):
    leave_id = f.ulid()
    programme = f.programme()
    from_on = f.day()
    until_on = f.day()
    status = f.one_of(("recorded", "ended"))


class SampleState(f.Body):
    """size: how many are drawn; population: of how many claims, whose ids and weights have population_hash; seed: once
    revealed. rate: what the findings come to, extrapolated, as a fraction `a/b` of the rest."""

    sample_id = f.ulid()
    programme = f.programme()
    node_id = f.ulid()
    size = f.whole(1, 5_000)
    seed_hash = f.sha256()
    seed = f.text(200, required=False)
    population = f.whole(0, 10**7, required=False)
    population_hash = f.sha256(required=False)
    drawn = f.whole(0, 5_001, required=False)
    error_fen = f.fen(required=False)
    rate = f.text(50, required=False)
    reason = f.text(500, required=False)
    status = f.one_of(("committed", "revealed", "closing", "closed", "abandoned"))
    law = law()


class ReceivableState(f.Body):
    """Owed: amount_fen - recovered_fen - written_off_fen. year, plan_region: of the money that was paid; recovered_fen:
    offset_fen taken off later payments, and the rest repaid. due_on: the last day, empty: at once; instalments: what is
    due until when, where that was agreed; overdue_on: the last day that was missed."""

    receivable_id = f.ulid()
    programme = f.programme()
    year = f.year()
    plan_region = f.region_prefix()
    party_kind = f.one_of(PARTY_KINDS)
    party_id = f.ulid()
    claim_id = f.ulid(required=False)
    ground = f.one_of(GROUNDS)
    amount_fen = f.fen(least=1)
    recovered_fen = f.fen()
    offset_fen = f.fen()
    written_off_fen = f.fen()
    due_on = f.day(required=False)
    instalments = f.many(Instalment, most=60, required=False)
    overdue_on = f.day(required=False)
    reference = f.text(40)
    status = f.one_of(("claimed", "owed", "settled", "written_off", "refused"))
    reasons = f.words(500, 20)
    law = law()


class WindDownState(f.Body):
    """Of a provider that left: its claims that were not put forward then, by what came of them. One that has none is
    closed as soon as it is opened; a closed one opens again when it files for an order that nobody settled."""

    provider_id = f.ulid()
    programme = f.programme()
    open = f.whole(0, 10**7)
    settled = f.whole(0, 10**7)
    voided = f.whole(0, 10**7)
    status = f.one_of(("open", "closed"))
    law = law()


class DifferenceState(f.Body):
    resolution_id = f.ulid()
    programme = f.programme()
    code = f.text(40)
    reference = f.text(40)
    resolution = f.one_of(RESOLUTIONS)
    status = f.one_of(("resolved",))


def _e(name: str, schema: type[f.Body], *consumers: str, doc: str = "") -> EventType:
    return EventType(f"settlement.{name}.v1", schema, consumers, doc)


EVENTS = [
    _e("node_announced", NodeState, "notify"),
    _e("node_closed", NodeState, "notify"),
    _e(
        "claim_filed",
        ClaimState,
        "voucher",
        "supervision",
        "notify",
        doc="Asks the order row; screened by supervision.",
    ),
    _e("claim_accepted", ClaimState, "supervision", "notify"),
    _e("claim_refund_recorded", ClaimState, "supervision", doc="Of its transfer; it is screened again."),
    _e("claim_collected", ClaimState, "supervision", "notify"),
    _e("claim_reviewed", ClaimState, "supervision", "notify", doc="Passed by a stage that is not the last."),
    _e("claim_passed", ClaimState, "supervision", "notify"),
    _e("claim_on_notice", ClaimState, "supervision", doc="Published."),
    _e("claim_noticed", ClaimState, "supervision", "notify", doc="Its notice ran out, and no objection stands."),
    _e("notice_published", NoticeState, "notify"),
    _e("notice_closed", NoticeState, "notify"),
    _e("objection_filed", ObjectionState, "supervision", "notify"),
    _e("objection_decided", ObjectionState, "supervision", "notify"),
    _e(
        "claim_returned", ClaimState, "voucher", "supervision", "notify", doc="For correction; the order stays claimed."
    ),
    _e("claim_refused", ClaimState, "voucher", "supervision", "notify", doc="The order goes back to confirmed."),
    _e("claim_withdrawn", ClaimState, "voucher", "supervision", "notify", doc="The order goes back to confirmed."),
    _e(
        "claim_put_forward",
        ClaimState,
        doc="Filed for disbursement: payee, account version, amount and fund are frozen.",
    ),
    _e("claim_put_back", ClaimState, doc="Its disbursement was refused; it may be filed for disbursement again."),
    _e("claim_approved", ClaimState, "supervision", doc="By the last stage, as it was frozen."),
    _e("claim_payment_sent", ClaimState, doc="Its payment went to the bank."),
    _e("claim_payment_failed", ClaimState, doc="The bank did not pay, or sent the money back; it is still owed."),
    _e("claim_paid", ClaimState, "voucher", "supervision", "notify"),
    _e("question_asked", QuestionState, "notify"),
    _e("question_answered", QuestionState, "notify"),
    _e("question_overdue", QuestionState, "notify"),
    _e("disbursement_filed", DisbursementState, "notify"),
    _e("disbursement_reviewed", DisbursementState, "notify", doc="Approved by one stage, or refused."),
    _e("disbursement_batched", DisbursementState, doc="Taken into a payment batch."),
    _e("disbursement_reopened", DisbursementState, doc="filed: to be approved again; approved: to be paid again."),
    _e("batch_made", BatchState, "notify"),
    _e("batch_released", BatchState, "notify"),
    _e("batch_finished", BatchState, "notify"),
    _e("payment_made", PaymentState),
    _e("payment_sent", PaymentState),
    _e(
        "payment_with_district",
        PaymentState,
        "notify",
        doc="The city has paid its district, which pays the enterprise.",
    ),
    _e("payment_settled", PaymentState, "notify"),
    _e("payment_failed", PaymentState, "notify", doc="Failed, returned or unknown: see status."),
    _e("payment_retried", PaymentState, doc="Goes into the next batch as a new payment; this one stays as it ended."),
    _e("payment_held", PaymentState, "notify", doc="Not released: the payee has no standing any more."),
    _e("payment_offset", PaymentState, "notify", doc="All of it was owed by the payee; nothing goes to the bank."),
    _e("payments_enquired", BatchState, "notify", doc="The bank is asked about payments that are unknown."),
    _e("difference_resolved", DifferenceState),
    _e("review_overdue", ReviewOverdue, "notify", doc="Nobody decided in time; the pack says who is told."),
    _e("leave_recorded", LeaveState),
    _e("leave_ended", LeaveState),
    _e("sample_committed", SampleState, "notify", doc="The hash of the seed is public before the node closes."),
    _e("sample_revealed", SampleState, "notify"),
    _e("sample_closing", SampleState, "notify", doc="The findings stand; what was not drawn is worked through."),
    _e("sample_closed", SampleState, "notify"),
    _e("sample_abandoned", SampleState, "notify", "supervision"),
    _e("claim_audited", ClaimState, "supervision", "notify", doc="The audit of a sample, or what follows from it."),
    _e("receivable_claimed", ReceivableState, doc="Waits for the second person."),
    _e("receivable_owed", ReceivableState, "voucher", "supervision", "notify"),
    _e("receivable_refused", ReceivableState),
    _e("receivable_planned", ReceivableState, "notify", doc="To be repaid in instalments."),
    _e("receivable_recovered", ReceivableState, "voucher", "supervision", "notify", doc="Some of it, or all."),
    _e(
        "receivable_restored",
        ReceivableState,
        "voucher",
        "supervision",
        "notify",
        doc="The bank sent a payment back from which it had been taken off: that much is owed again.",
    ),
    _e("receivable_write_off_asked", ReceivableState, doc="Waits for the second person of finance."),
    _e("receivable_overdue", ReceivableState, "supervision", "notify"),
    _e("receivable_written_off", ReceivableState, "voucher", "supervision", "notify"),
    _e("claim_wound_down", ClaimState, doc="Its provider left; it goes its way all the same."),
    _e("wind_down_opened", WindDownState, "supervision", "registry", "notify", doc="A provider left; or again."),
    _e("wind_down_closed", WindDownState, "supervision", "registry", "notify"),
    refused("settlement"),
    decided("settlement"),
    totals_told("settlement"),
]
