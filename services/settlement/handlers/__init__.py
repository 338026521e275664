"""Each handler takes a batch: load, decide, save, emit. The routing tables below say what handles what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.pipeline import Due, EventHandler, Route
from services.settlement.handlers import (
    bank,
    bank_files,
    claims,
    differences,
    disbursements,
    due,
    enquiries,
    exits,
    experts,
    news,
    notices,
    payments,
    questions,
    receivables,
    samples,
    statements,
    work,
)

COMMANDS: Mapping[str, Route] = {
    "announce_node": Route(claims.announce_nodes),
    "file_claim": Route(claims.file_claims),
    "record_refund": Route(claims.record_refunds),
    "withdraw_claim": Route(claims.withdraw_claims),
    "review_claim": Route(claims.review_claims),
    "commit_sample": Route(samples.commit_samples),
    "reveal_sample": Route(samples.reveal_samples),
    "record_audit": Route(samples.record_audits),
    "close_sample": Route(samples.close_samples),
    "abandon_sample": Route(samples.abandon_samples),
    "publish_notice": Route(notices.publish_notices),
    "file_objection": Route(notices.file_objections),
    "decide_objection": Route(notices.decide_objections),
    "ask_question": Route(questions.ask_questions),
    "answer_question": Route(questions.answer_questions),
    "file_disbursement": Route(disbursements.file_disbursements),
    "review_disbursement": Route(disbursements.review_disbursements),
    "make_batch": Route(payments.make_batches),
    "release_batch": Route(payments.release_batches, prepare=payments.ask_before_release),
    "record_results": Route(bank.record_results),
    "pass_on_payment": Route(payments.pass_on_payments),
    "retry_payment": Route(payments.retry_payments),
    "record_statement": Route(statements.record_statements),
    "upload_bank_file": Route(bank_files.upload_bank_files),
    "record_result_file": Route(bank_files.record_result_files),
    "record_statement_file": Route(bank_files.record_statement_files),
    "enquire_payments": Route(enquiries.enquire_payments),
    "resolve_difference": Route(differences.resolve_differences),
    "claim_receivable": Route(receivables.claim_receivables),
    "decide_receivable": Route(receivables.decide_receivables),
    "agree_instalments": Route(receivables.agree_instalments),
    "record_repayment": Route(receivables.record_repayments),
    "write_off_receivable": Route(receivables.write_off_receivables),
    "score_claim": Route(experts.score_claims),
    "take_work": Route(work.take_work),
    "release_work": Route(work.release_work),
    "record_leave": Route(work.record_leaves),
    "end_leave": Route(work.end_leaves),
    "wind_down_claim": Route(exits.wind_down_claims),
}

_ORDER_NEWS = (
    "placed",
    "confirmed",
    "cancelled",
    "refund_requested",
    "refund_declined",
    "refunded",
    "claimed",
    "released",
    "redeemed",
    "voided",
    "failed",
    "covered",
    "handed_over",
    "wound_down",
)
_ENTERPRISE_NEWS = ("submitted", "certified", "refused", "facts_changed")
_PROVIDER_NEWS = ("registered", *_ENTERPRISE_NEWS, "nominated", "admitted", "suspended", "reinstated", "exit_noticed")
_PRODUCT_NEWS = ("submitted", "reviewed", "published", "priced", "delisted")

EVENTS: Mapping[str, EventHandler] = {
    **{f"voucher.order_{name}.v1": news.orders_told for name in _ORDER_NEWS},
    "voucher.claim_answered.v1": news.claims_answered,
    "voucher.usage_recorded.v1": news.usage_told,
    "voucher.year_closed.v1": news.years_told,
    **{f"registry.enterprise_{name}.v1": news.enterprises_told for name in _ENTERPRISE_NEWS},
    **{f"registry.provider_{name}.v1": news.providers_told for name in _PROVIDER_NEWS},
    "registry.provider_exited.v1": exits.provider_exited,
    **{f"registry.product_{name}.v1": news.products_told for name in _PRODUCT_NEWS},
    "registry.tie_recorded.v1": news.ties_told,
    "registry.shareholding_recorded.v1": news.holdings_told,
    "registry.shareholding_ended.v1": news.holdings_told,
    "supervision.claim_cleared.v1": news.verdicts_told,
    "supervision.claim_held.v1": news.verdicts_told,
    "supervision.claim_rejected.v1": news.claims_rejected,
    "supervision.enterprise_evaluated.v1": news.evaluations_told,
    "supervision.party_blacklisted.v1": news.blacklisted,
    "supervision.party_removed.v1": news.blacklist_told,
    "supervision.party_suspended.v1": news.blacklisted,
    "supervision.party_resumed.v1": news.blacklist_told,
}

DUE: Sequence[Due] = (
    due.close_nodes,
    due.overdue_questions,
    due.overdue_reviews,
    due.end_notices,
    samples.extrapolate,
    due.overdue_receivables,
    exits.follow_exits,
    enquiries.silent_payments,
    enquiries.watch_unknown,
    bank_files.prune_bank_files,
)
