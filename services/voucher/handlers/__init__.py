"""What the voucher service does, and who does it: commands, news and due work each by one table."""

from __future__ import annotations

from collections.abc import Mapping

from infra.pipeline import Due, EventHandler, Route
from services.voucher.handlers import (
    applications,
    books,
    claims,
    corrections,
    exits,
    filings,
    line,
    news,
    orders,
    placing,
    plans,
    receivables,
    signing,
    usage,
    years,
)

COMMANDS: Mapping[str, Route] = {
    "make_plan": Route(plans.make_plans),
    "configure_plan": Route(plans.configure_plans),
    "submit_filing": Route(filings.submit_filings),
    "review_filing": Route(filings.review_filings),
    "withdraw_filing": Route(filings.withdraw_filings),
    "apply_for_quota": Route(applications.apply_for_quota),
    "review_application": Route(applications.review_applications),
    "withdraw_application": Route(applications.withdraw_applications),
    "place_order": Route(placing.place_orders),
    "confirm_order": Route(orders.confirm_orders),
    "cancel_order": Route(orders.cancel_orders),
    "request_refund": Route(orders.request_refunds),
    "answer_refund": Route(orders.answer_refunds),
    "record_usage": Route(usage.record_usage),
    "fail_order": Route(orders.fail_orders),
    "hand_over_order": Route(orders.hand_over_orders),
    "wind_down_order": Route(exits.wind_down_orders),
    "correct_entry": Route(corrections.correct_entries),
    "confirm_correction": Route(corrections.confirm_corrections),
    "sign_year": Route(signing.sign_years),
}

EVENTS: Mapping[str, EventHandler] = {
    "registry.enterprise_registered.v1": news.on_enterprise,
    "registry.enterprise_submitted.v1": news.on_enterprise,
    "registry.enterprise_certified.v1": news.on_enterprise,
    "registry.enterprise_refused.v1": news.on_enterprise,
    "registry.enterprise_facts_changed.v1": news.on_enterprise,
    "registry.provider_registered.v1": news.on_provider,
    "registry.provider_submitted.v1": news.on_provider,
    "registry.provider_certified.v1": news.on_provider,
    "registry.provider_nominated.v1": news.on_provider,
    "registry.provider_admitted.v1": news.on_provider,
    "registry.provider_refused.v1": news.on_provider,
    "registry.provider_facts_changed.v1": news.on_provider,
    "registry.provider_exit_noticed.v1": news.on_provider,
    "registry.provider_exited.v1": news.on_provider_exited,
    "registry.product_submitted.v1": news.on_product,
    "registry.product_reviewed.v1": news.on_product,
    "registry.product_published.v1": news.on_product,
    "registry.product_priced.v1": news.on_product,
    "registry.product_delisted.v1": news.on_product,
    "registry.tie_recorded.v1": news.on_tie,
    "registry.shareholding_recorded.v1": news.on_holding,
    "registry.shareholding_ended.v1": news.on_holding,
    "supervision.party_blacklisted.v1": news.on_blacklist,
    "supervision.party_removed.v1": news.on_blacklist,
    "settlement.claim_filed.v1": claims.on_claim_filed,
    "settlement.claim_returned.v1": claims.on_claim_returned,
    "settlement.claim_refused.v1": claims.on_claim_ended,
    "settlement.claim_withdrawn.v1": claims.on_claim_ended,
    "settlement.claim_paid.v1": claims.on_claim_paid,
    "settlement.receivable_owed.v1": receivables.on_receivable,
    "settlement.receivable_recovered.v1": receivables.on_receivable,
    "settlement.receivable_restored.v1": receivables.on_receivable,
    "settlement.receivable_written_off.v1": receivables.on_receivable,
}

DUE: tuple[Due, ...] = (
    line.serve_lines,
    news.follow_exits,
    exits.follow_wind_downs,
    years.settle_shortfalls,
    years.cover_orders,
    years.close_years,
    years.sweep_years,
    books.watch_books,
)
