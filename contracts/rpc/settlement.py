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


class Invoice(f.Body):
    number = f.text(30)
    amount_fen = f.fen(least=1)
    issued_on = f.day()
    seller_uscc = f.uscc()
    buyer_uscc = f.uscc()


class Transfer(f.Body):
    """The enterprise's own share as paid: reference, fen, date, codes of payer and payee."""

    reference = f.text(40)
    amount_fen = f.fen()
    paid_on = f.day()
    payer_uscc = f.uscc()
    payee_uscc = f.uscc()


class Usage(f.Body):
    since = f.day()
    until = f.day()
    days_used = f.whole(0, 3660)
    units = f.whole(0, 10**12)


class FileClaim(f.Body):
    """By whom the pack says, with invoice, contract, transfer record and usage (第二十二条).
    transfer may be empty only when the voucher paid all of the order. filer_id: who files where that is not the order's
    provider, its platform provider (山东) or the enterprise (山西). papers: other documents that the pack asks for."""

    claim_id = f.ulid()
    provider_id = f.ulid()
    filer_id = f.ulid(required=False)
    order_id = f.ulid()
    invoice = f.nested(Invoice)
    contract_sha256 = f.sha256()
    transfer = f.nested(Transfer, required=False)
    usage = f.nested(Usage)
    documents = f.words(64, 20, required=False)
    papers = f.many(DocumentRef, most=20, required=False)


class WithdrawClaim(f.Body):
    claim_id = f.ulid()
    provider_id = f.ulid()
    filer_id = f.ulid(required=False)


class ReviewClaim(f.Body):
    """stage: the role of the stage whose turn it is, as the pack orders them (第二十三条). return: to the filer for
    correction; refuse: ended. deduction_fen: taken off for a fault of quality, with reasons (内蒙古 七(二)).
    score: 0 to 100, the third party's, of the enterprise's move (山东 三(二)、三(四))."""

    claim_id = f.ulid()
    stage = f.code(20)
    decision = f.one_of(("pass", "return", "refuse"))
    reasons = f.words(500, 20, required=False)
    deduction_fen = f.fen(required=False)
    score = f.whole(0, 100, required=False)


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
    """stage: the role of the stage whose turn it is; the last approval freezes."""

    disbursement_id = f.ulid()
    stage = f.code(20)
    decision = f.one_of(("approve", "refuse"))
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
    reference = f.text(40)
    amount_fen = f.fen(least=1)
    booked_on = f.day()


class RecordStatement(f.Body):
    """Lines of the bank's statement, to be reconciled by reference and amount."""

    statement_id = f.ulid()
    lines = f.many(StatementLine, least=1)


class ListClaims(Page):
    programme = f.programme()
    status = f.text(40, required=False)
    provider_id = f.ulid(required=False)


class ListByProgramme(Page):
    programme = f.programme()
    status = f.text(40, required=False)


class BatchFile(f.Body):
    """format csv: UTF-8 with BOM; content as text, sha256 of it."""

    batch_id = f.ulid()


_provider = frozenset({r.PLATFORM, r.PROVIDER})
_filer = _provider | {r.ENTERPRISE}
_staff = r.REVIEWERS | frozenset({r.OPERATOR, r.BUREAU, r.FINANCE, r.AUDITOR, r.SUPERVISOR, r.OPS, r.SERVICE})

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
        doc="The payment file of a released batch, as CSV.",
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
    *everywhere(SERVICE),
]
