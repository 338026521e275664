"""settlement: what is paid."""

from __future__ import annotations

from contracts import fields as f
from contracts import roles as r
from contracts.rpc.base import Anything, IdOnly, Method, Page, everywhere
from contracts.rpc.registry import ById, DocumentRef, Items

SERVICE = "settlement"


class AnnounceNode(f.Body):
    """A date by which eligible claims are taken together; a claim that misses it waits for the next (第二十二条)."""

    node_id = f.ulid()
    programme = f.programme()
    year = f.year()
    closes_at = f.instant()


# why a line of an invoice is not supported
LINE_CODES = ("NOT_ELIGIBLE", "NOT_DELIVERED", "OVERPRICED", "DUPLICATE_CONTENT", "UNDOCUMENTED", "OUT_OF_PERIOD")
# why money was paid wrongly, or is owed by a party that left
GROUNDS = ("overpaid", "paid_twice", "not_eligible", "fraud", "service_failed", "audit_finding", "exit_losses", "other")
FORMATS = ("csv", "xlsx", "pain.001")
RESULT_FORMATS = ("csv", "pain.002")
STATEMENT_FORMATS = ("csv", "camt.053")
MOST_FILE_BYTES = 32 * 1024 * 1024  # of a file from the bank
RESOLUTIONS = ("bank_error", "books_corrected", "timing", "repaid", "other")


class InvoiceLine(f.Body):
    """One line of an invoice: what was sold, and its fen with tax."""

    name = f.text(100)
    amount_fen = f.fen(least=1)


class Invoice(f.Body):
    """lines: in sum the amount; empty: one line. category: what was sold, as the pack names its categories."""

    number = f.text(30)
    amount_fen = f.fen(least=1)
    issued_on = f.day()
    seller_uscc = f.uscc()
    buyer_uscc = f.uscc()
    category = f.code(20)
    lines = f.many(InvoiceLine, most=50, required=False)


class Contract(f.Body):
    """The service contract that was confirmed with the order, and what it says."""

    sha256 = f.sha256()
    amount_fen = f.fen(least=1)
    signed_on = f.day()
    seller_uscc = f.uscc()
    buyer_uscc = f.uscc()
    category = f.code(20)


class Transfer(f.Body):
    """The enterprise's own share as paid: reference, fen, date, codes of payer and payee. Accounts are stored encrypted
    and told as blind indexes alone; refunded_fen: what came back of it, where the filer says so."""

    reference = f.text(40)
    amount_fen = f.fen()
    paid_on = f.day()
    payer_uscc = f.uscc()
    payee_uscc = f.uscc()
    payer_account = f.text(40, required=False)
    payee_account = f.text(40, required=False)
    refunded_fen = f.fen(required=False)


class Usage(f.Body):
    since = f.day()
    until = f.day()
    days_used = f.whole(0, 3660)
    units = f.whole(0, 10**12)
    category = f.code(20)


class FileClaim(f.Body):
    """By whom the pack says, with invoice, contract, transfer record and usage (第二十二条).
    transfer may be empty only when the voucher paid all of the order. filer_id: who files where that is not the order's
    provider, its platform provider (山东) or the enterprise (山西). papers: other documents that the pack asks for."""

    claim_id = f.ulid()
    provider_id = f.ulid()
    filer_id = f.ulid(required=False)
    order_id = f.ulid()
    invoice = f.nested(Invoice)
    contract = f.nested(Contract)
    transfer = f.nested(Transfer, required=False)
    usage = f.nested(Usage)
    documents = f.words(64, 20, required=False)
    papers = f.many(DocumentRef, most=20, required=False)


class RecordRefund(f.Body):
    """Money of the transfer came back to the enterprise: all that has until now, however often that is told. party_id:
    who says so, where that is a party of the claim."""

    claim_id = f.ulid()
    party_id = f.ulid(required=False)
    refunded_fen = f.fen(least=1)
    refunded_on = f.day()
    reference = f.text(40, required=False)


class WithdrawClaim(f.Body):
    claim_id = f.ulid()
    provider_id = f.ulid()
    filer_id = f.ulid(required=False)


class DisallowedLine(f.Body):
    """So much of a line of the invoice (1 is the first) is not supported, and why."""

    line = f.whole(1, 50)
    amount_fen = f.fen(least=1)
    code = f.one_of(LINE_CODES)
    reason = f.text(500)


class ReviewClaim(f.Body):
    """stage: the role of the stage whose turn it is, as the pack orders them (第二十三条). return: to the filer for
    correction; refuse: ended. deduction_fen: taken off for a fault of quality, with reasons (内蒙古 七(二)).
    disallowed: lines of the invoice that are not supported; each carries its share of the support, and the list stands
    in place of an earlier stage's."""

    claim_id = f.ulid()
    stage = f.code(20)
    decision = f.one_of(("pass", "return", "refuse"))
    reasons = f.words(500, 20, required=False)
    deduction_fen = f.fen(required=False)
    disallowed = f.many(DisallowedLine, most=50, required=False)


class ScoreClaim(f.Body):
    """One expert's score of a claim at the stage of the pack's `claims.expert_review`; each once a version."""

    claim_id = f.ulid()
    score = f.whole(0, 100)
    comment = f.text(1000, required=False)


class TakeWork(f.Body):
    """Claims of the caller's own work list are taken by the caller, so that nobody else decides their stage."""

    claims = f.words(26, 500, least=1)


class RecordLeave(f.Body):
    """The caller is away: what it took goes to the deputy (a subject of tokens), who acts with its roles and region
    from the first to the last day; without a deputy it goes back to the work list."""

    leave_id = f.ulid()
    programme = f.programme()
    deputy = f.text(128, required=False)
    from_on = f.day()
    until_on = f.day()
    reason = f.text(500)


class EndLeave(f.Body):
    """Back before the last day."""

    leave_id = f.ulid()


class CommitSample(f.Body):
    """Before the node closes: how many of its claims are to be audited, and the SHA-256 of the seed that draws them.
    The seed is text of 32 to 200 characters; its hash is over its UTF-8 bytes."""

    sample_id = f.ulid()
    node_id = f.ulid()
    size = f.whole(1, 5_000)
    seed_hash = f.sha256()


class RevealSample(f.Body):
    """After the node has closed: the seed, and by it the draw."""

    sample_id = f.ulid()
    seed = f.text(200, shortest=32)


class RecordAudit(f.Body):
    """What the audit of one drawn claim found: error_fen of what was to be paid is not due; 0: all of it is."""

    sample_id = f.ulid()
    claim_id = f.ulid()
    error_fen = f.fen()
    code = f.one_of(LINE_CODES, required=False)
    reasons = f.words(500, 20, required=False)


class CloseSample(f.Body):
    """All drawn claims are audited; the findings stand, and are extrapolated where the pack says so."""

    sample_id = f.ulid()


class AbandonSample(f.Body):
    """No audit comes of it, because the seed is lost, say: the claims go on without; made public."""

    sample_id = f.ulid()
    reason = f.text(500)


class PublishNotice(f.Body):
    """The passed claims of a programme are published for the pack's working days (内蒙古 七(一))."""

    notice_id = f.ulid()
    programme = f.programme()


class FileObjection(f.Body):
    """Holds the one claim that it concerns. The text may name people: it stays with settlement."""

    objection_id = f.ulid()
    claim_id = f.ulid()
    text = f.text(1000)


class DecideObjection(f.Body):
    """uphold: the claim is refused; dismiss: it goes on when its notice has run out."""

    objection_id = f.ulid()
    decision = f.one_of(("uphold", "dismiss"))
    reasons = f.words(500, 20, least=1)


class AskQuestion(f.Body):
    """The bureau's question to the operator, to be answered within 3 working days (第二十五条)."""

    question_id = f.ulid()
    claim_id = f.ulid()
    text = f.text(1000)


class AnswerQuestion(f.Body):
    question_id = f.ulid()
    text = f.text(2000)


class FileDisbursement(f.Body):
    """For all passed claims of the provider together (第二十四条); provider_id empty: for those of the programme, where
    the pack has an office put them forward."""

    disbursement_id = f.ulid()
    provider_id = f.ulid(required=False)
    programme = f.programme()
    year = f.year()


class ReviewDisbursement(f.Body):
    """stage: the role of the stage whose turn it is. frozen_hash: what the reviewer saw, as it was frozen at filing."""

    disbursement_id = f.ulid()
    stage = f.code(20)
    decision = f.one_of(("approve", "refuse"))
    frozen_hash = f.sha256(required=False)
    reasons = f.words(500, 20, required=False)


class MakeBatch(f.Body):
    """Finance takes a programme's approved disbursements into a batch: one payment a payee, reference from the ids.
    What was approved (payee, account version, amount, fund) stands under `frozen_hash` of the answer."""

    batch_id = f.ulid()
    programme = f.programme()
    year = f.year()


class ReleaseBatch(f.Body):
    """By another person than made it; frozen_hash repeats what was approved. Asks standing again and fails closed."""

    batch_id = f.ulid()
    frozen_hash = f.sha256()


class PaymentResult(f.Body):
    reference = f.text(40)
    amount_fen = f.fen(least=1)
    status = f.one_of(("settled", "failed", "returned", "unknown"))
    at = f.day()
    reason = f.text(200, required=False)


class RecordResults(f.Body):
    """The bank's return file, already read; the same results twice change nothing."""

    batch_id = f.ulid()
    results = f.many(PaymentResult, least=1)


class RetryPayment(f.Body):
    """A failed or returned payment goes into the next batch; an unknown one never before its outcome is known."""

    payment_id = f.ulid()
    reason = f.text(500)


class PassOnPayment(f.Body):
    """The district's finance has paid the enterprise what the city's sent it (沈阳 三(五)2)."""

    payment_id = f.ulid()
    paid_on = f.day()


class StatementLine(f.Body):
    """direction empty: debit, money that went out; credit: money that came in."""

    reference = f.text(40)
    amount_fen = f.fen(least=1)
    booked_on = f.day()
    direction = f.one_of(("debit", "credit"), required=False, load_default="debit", allow_none=False)


class RecordStatement(f.Body):
    """Lines of the bank's statement, to be reconciled by reference and amount."""

    statement_id = f.ulid()
    lines = f.many(StatementLine, least=1)


class UploadBankFile(f.Body):
    """Part of a file from the bank: base64 of the bytes at `offset`; whole when `size` bytes with that SHA-256 came."""

    sha256 = f.sha256()
    size = f.whole(1, MOST_FILE_BYTES)
    offset = f.whole(0, MOST_FILE_BYTES)
    content = f.text(400_000)


class RecordResultFile(f.Body):
    """The bank's return file, uploaded before: read whole, or refused whole with its rows and reasons."""

    batch_id = f.ulid()
    sha256 = f.sha256()
    format = f.one_of(RESULT_FORMATS)


class RecordStatementFile(f.Body):
    """The bank's statement, uploaded before: read whole, or refused whole with its rows and reasons."""

    statement_id = f.ulid()
    programme = f.programme()
    sha256 = f.sha256()
    format = f.one_of(STATEMENT_FORMATS)


class EnquirePayments(f.Body):
    """The bank is asked about the payments of a batch on which it has not spoken; they are unknown until it does."""

    enquiry_id = f.ulid()
    batch_id = f.ulid()


class ResolveDifference(f.Body):
    """One difference that bank_differences lists was looked into, and what came of it."""

    resolution_id = f.ulid()
    programme = f.programme()
    code = f.text(40)
    reference = f.text(40)
    resolution = f.one_of(RESOLUTIONS)
    reason = f.text(500)


class ClaimReceivable(f.Body):
    """Money that a party owes back: of one payment of a claim, or for losses where `claim_id` is empty. Owed once
    another person has confirmed it. due_on empty: at once."""

    receivable_id = f.ulid()
    programme = f.programme()
    year = f.year()
    party_id = f.ulid()
    claim_id = f.ulid(required=False)
    amount_fen = f.fen(least=1)
    ground = f.one_of(GROUNDS)
    reasons = f.words(500, 20, least=1)
    due_on = f.day(required=False)


class DecideReceivable(f.Body):
    """By another person than claimed it: it is owed, or it is not."""

    receivable_id = f.ulid()
    decision = f.one_of(("confirm", "refuse"))
    reasons = f.words(500, 20, required=False)


class Instalment(f.Body):
    due_on = f.day()
    amount_fen = f.fen(least=1)


class AgreeInstalments(f.Body):
    """What is still owed, in parts: in sum what is owed, each later than the one before."""

    receivable_id = f.ulid()
    instalments = f.many(Instalment, most=60, least=1)


class RecordRepayment(f.Body):
    """Money that came back, by its bank reference: once for each reference, at most what is still owed."""

    repayment_id = f.ulid()
    receivable_id = f.ulid()
    reference = f.text(40)
    amount_fen = f.fen(least=1)
    received_on = f.day()


class WriteOffReceivable(f.Body):
    """What cannot be recovered, asked for by one person of finance and confirmed by another (the same call again)."""

    receivable_id = f.ulid()
    reasons = f.words(500, 20, least=1)


class WindDownClaim(f.Body):
    """A claim of a provider that left: settle: it goes its way; void: it ends; then its order waits (第十二条)."""

    claim_id = f.ulid()
    outcome = f.one_of(("settle", "void"))
    reasons = f.words(500, 20, least=1)


class ListWork(Page):
    """What waits for the caller: the claims at a stage of its roles and region, first what is due first."""

    programme = f.programme()
    stage = f.code(20, required=False)


class ListSampleItems(Page):
    """The population that a revealed sample was drawn from; drawn: only what was drawn."""

    sample_id = f.ulid()
    drawn = f.flag(required=False)


class ListReceivables(Page):
    programme = f.programme()
    party_id = f.ulid(required=False)
    status = f.text(40, required=False)


class OfProvider(f.Body):
    provider_id = f.ulid()


class ListClaims(Page):
    programme = f.programme()
    status = f.text(40, required=False)
    provider_id = f.ulid(required=False)


class ListByProgramme(Page):
    programme = f.programme()
    status = f.text(40, required=False)


class BatchFile(f.Body):
    """format: csv (UTF-8 with BOM; empty means this), xlsx, or pain.001 (ISO 20022 pain.001.001.09). The answer has the
    file's name, its bytes in base64, their number and their SHA-256."""

    batch_id = f.ulid()
    format = f.one_of(FORMATS, required=False)


_provider = frozenset({r.PLATFORM, r.PROVIDER})
_filer = _provider | {r.ENTERPRISE}
_staff = r.REVIEWERS | frozenset({r.OPERATOR, r.BUREAU, r.FINANCE, r.AUDITOR, r.SUPERVISOR, r.OPS, r.SERVICE})

_recovers = frozenset({r.FINANCE, r.BUREAU, r.SUPERVISOR})

METHODS = [
    Method(
        SERVICE,
        "announce_node",
        "command",
        AnnounceNode,
        IdOnly,
        frozenset({r.OPERATOR, r.BUREAU}),
        doc="第二十二条; by whom the pack says.",
    ),
    Method(
        SERVICE,
        "file_claim",
        "command",
        FileClaim,
        IdOnly,
        _filer,
        owner="provider_id",
        acting="filer_id",
        doc="第二十二条.",
    ),
    Method(
        SERVICE,
        "record_refund",
        "command",
        RecordRefund,
        IdOnly,
        _filer | {r.OPERATOR, r.FINANCE, r.AUDITOR, r.SUPERVISOR},
        owner="party_id",
        doc="第二十二条; whoever learns of it. The claim is screened again.",
    ),
    Method(SERVICE, "withdraw_claim", "command", WithdrawClaim, IdOnly, _filer, owner="provider_id", acting="filer_id"),
    Method(
        SERVICE, "review_claim", "command", ReviewClaim, IdOnly, r.REVIEWERS, doc="第二十三条; by the pack's stages."
    ),
    Method(
        SERVICE,
        "publish_notice",
        "command",
        PublishNotice,
        Anything,
        frozenset({r.OPERATOR, r.BUREAU}),
        doc="内蒙古 七(一).",
    ),
    Method(
        SERVICE,
        "file_objection",
        "command",
        FileObjection,
        IdOnly,
        r.ALL - {r.SERVICE},
        private=True,
        doc="内蒙古 七(一).",
    ),
    Method(
        SERVICE, "decide_objection", "command", DecideObjection, IdOnly, frozenset({r.BUREAU}), doc="内蒙古 七(一)."
    ),
    Method(SERVICE, "ask_question", "command", AskQuestion, IdOnly, frozenset({r.BUREAU}), doc="第二十五条."),
    Method(SERVICE, "answer_question", "command", AnswerQuestion, IdOnly, frozenset({r.OPERATOR}), doc="第二十五条."),
    Method(
        SERVICE,
        "file_disbursement",
        "command",
        FileDisbursement,
        Anything,
        _provider | {r.OPERATOR, r.BUREAU},
        owner="provider_id",
        doc="第二十四条.",
    ),
    Method(
        SERVICE,
        "review_disbursement",
        "command",
        ReviewDisbursement,
        IdOnly,
        r.REVIEWERS,
        doc="第二十四条; by the pack's stages.",
    ),
    Method(SERVICE, "make_batch", "command", MakeBatch, Anything, frozenset({r.FINANCE}), doc="第二十四条."),
    Method(SERVICE, "release_batch", "command", ReleaseBatch, Anything, frozenset({r.FINANCE}), doc="第二十四条."),
    Method(SERVICE, "record_results", "command", RecordResults, Anything, frozenset({r.FINANCE})),
    Method(
        SERVICE,
        "pass_on_payment",
        "command",
        PassOnPayment,
        IdOnly,
        r.REVIEWERS,
        doc="沈阳 三(五)2; by whom the pack says.",
    ),
    Method(SERVICE, "retry_payment", "command", RetryPayment, IdOnly, frozenset({r.FINANCE})),
    Method(SERVICE, "record_statement", "command", RecordStatement, Anything, frozenset({r.FINANCE})),
    Method(
        SERVICE,
        "score_claim",
        "command",
        ScoreClaim,
        Anything,
        frozenset({r.EXPERT, r.THIRD_PARTY}),
        doc="沈阳 三(五)2.",
    ),
    Method(SERVICE, "take_work", "command", TakeWork, Anything, r.REVIEWERS),
    Method(SERVICE, "release_work", "command", TakeWork, Anything, r.REVIEWERS),
    Method(SERVICE, "record_leave", "command", RecordLeave, IdOnly, r.REVIEWERS),
    Method(SERVICE, "end_leave", "command", EndLeave, IdOnly, r.REVIEWERS),
    Method(
        SERVICE, "commit_sample", "command", CommitSample, IdOnly, frozenset({r.AUDITOR, r.THIRD_PARTY}), doc="五(四)."
    ),
    Method(
        SERVICE,
        "reveal_sample",
        "command",
        RevealSample,
        Anything,
        frozenset({r.AUDITOR, r.THIRD_PARTY}),
        doc="五(四).",
    ),
    Method(
        SERVICE, "record_audit", "command", RecordAudit, IdOnly, frozenset({r.AUDITOR, r.THIRD_PARTY}), doc="五(四)."
    ),
    Method(
        SERVICE, "close_sample", "command", CloseSample, Anything, frozenset({r.AUDITOR, r.THIRD_PARTY}), doc="五(四)."
    ),
    Method(SERVICE, "abandon_sample", "command", AbandonSample, IdOnly, frozenset({r.SUPERVISOR})),
    Method(SERVICE, "upload_bank_file", "command", UploadBankFile, Anything, frozenset({r.FINANCE}), private=True),
    Method(SERVICE, "record_result_file", "command", RecordResultFile, Anything, frozenset({r.FINANCE})),
    Method(SERVICE, "record_statement_file", "command", RecordStatementFile, Anything, frozenset({r.FINANCE})),
    Method(SERVICE, "enquire_payments", "command", EnquirePayments, Anything, frozenset({r.FINANCE})),
    Method(SERVICE, "resolve_difference", "command", ResolveDifference, IdOnly, frozenset({r.FINANCE})),
    Method(SERVICE, "claim_receivable", "command", ClaimReceivable, IdOnly, _recovers),
    Method(SERVICE, "decide_receivable", "command", DecideReceivable, IdOnly, _recovers),
    Method(SERVICE, "agree_instalments", "command", AgreeInstalments, IdOnly, frozenset({r.FINANCE})),
    Method(SERVICE, "record_repayment", "command", RecordRepayment, IdOnly, frozenset({r.FINANCE})),
    Method(SERVICE, "write_off_receivable", "command", WriteOffReceivable, IdOnly, frozenset({r.FINANCE})),
    Method(SERVICE, "wind_down_claim", "command", WindDownClaim, IdOnly, frozenset({r.OPERATOR}), doc="第十二条."),
    Method(SERVICE, "get_claim", "query", ById, Anything, _staff | _filer),
    Method(SERVICE, "get_disbursement", "query", ById, Anything, _staff | _provider),
    Method(SERVICE, "get_batch", "query", ById, Anything, _staff),
    Method(SERVICE, "list_claims", "query", ListClaims, Items, _staff, doc="The reviewers' work list."),
    Method(SERVICE, "list_disbursements", "query", ListByProgramme, Items, _staff),
    Method(SERVICE, "list_questions", "query", ListByProgramme, Items, _staff),
    Method(SERVICE, "get_notice", "query", ById, Anything, r.ALL),
    Method(SERVICE, "list_notices", "query", ListByProgramme, Items, r.ALL),
    Method(SERVICE, "list_objections", "query", ListByProgramme, Items, _staff, doc="Without the texts."),
    Method(
        SERVICE,
        "get_objection",
        "query",
        ById,
        Anything,
        frozenset({r.BUREAU, r.AUDITOR, r.SUPERVISOR}),
        private=True,
        doc="With its text: for who decides on it, and who watches over that.",
    ),
    Method(SERVICE, "list_nodes", "query", ListByProgramme, Items, r.ALL),
    Method(SERVICE, "list_payments", "query", ListByProgramme, Items, _staff),
    Method(
        SERVICE,
        "payment_file",
        "query",
        BatchFile,
        Anything,
        frozenset({r.FINANCE}),
        private=True,
        doc="The payment file of a released batch.",
    ),
    Method(
        SERVICE,
        "bank_differences",
        "query",
        ListByProgramme,
        Items,
        _staff,
        doc="Payments and statement lines that do not match.",
    ),
    Method(SERVICE, "list_work", "query", ListWork, Items, r.REVIEWERS),
    Method(SERVICE, "list_leaves", "query", ListByProgramme, Items, _staff),
    Method(SERVICE, "get_sample", "query", ById, Anything, r.ALL, doc="The seed too, once it was revealed."),
    Method(SERVICE, "list_samples", "query", ListByProgramme, Items, r.ALL),
    Method(SERVICE, "list_sample_items", "query", ListSampleItems, Items, r.ALL),
    Method(SERVICE, "get_receivable", "query", ById, Anything, _staff | _filer),
    Method(SERVICE, "list_receivables", "query", ListReceivables, Items, _staff),
    Method(SERVICE, "get_wind_down", "query", OfProvider, Anything, _staff),
    *everywhere(SERVICE),
]
