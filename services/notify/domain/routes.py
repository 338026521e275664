"""The one table of who hears of what: event type and condition → template and recipients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Party:
    """The enterprise or provider whose id stands in this field of the event."""

    field: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Everyone who holds this role in the event's programme."""

    role: str


@dataclass(frozen=True, slots=True)
class EveryProvider:
    """Every admitted provider of the event's programme."""


Recipient = Party | Staff | EveryProvider


@dataclass(frozen=True, slots=True)
class Condition:
    """The field's value is (or, with holds=False, is not) one of these."""

    field: str
    values: tuple[Any, ...]
    holds: bool = True

    def met(self, data: Mapping[str, Any]) -> bool:
        return (data.get(self.field) in self.values) is self.holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`rule`: dotted path of the pack's rule whose article is shown when the event itself names none;
    `not_by`: path of a rule; what rests on its article is told by another route;
    `zh`, `en`: what happened, for programmes that have no template of their own."""

    event: str
    template: str
    to: tuple[Recipient, ...]
    zh: str
    en: str
    when: Condition | None = None
    rule: str | None = None
    not_by: str | None = None

    def applies(self, data: Mapping[str, Any]) -> bool:
        return self.when is None or self.when.met(data)


ENTERPRISE = Party("enterprise_id")
PROVIDER = Party("provider_id")
PARTY = Party("party_id")
OPERATOR = Staff("operator")
BUREAU = Staff("bureau")
FINANCE = Staff("finance")
SUPERVISOR = Staff("supervisor")
PROVIDERS = EveryProvider()


def _is(field: str, *values: Any) -> Condition:
    return Condition(field, values)


def _route(
    event: str,
    template: str,
    *to: Recipient,
    zh: str,
    en: str,
    when: Condition | None = None,
    rule: str | None = None,
    not_by: str | None = None,
) -> Route:
    return Route(event=event, template=template, to=to, zh=zh, en=en, when=when, rule=rule, not_by=not_by)


_APPROVED, _SENT_BACK, _REFUSED = (_is("decision", word) for word in ("approve", "return", "refuse"))

REGISTRY = (
    _route(
        "registry.certification_decided.v1", "certification_approved", PARTY, when=_APPROVED,
        zh="认证已通过", en="Certification approved",
    ),
    _route(
        "registry.certification_decided.v1", "certification_returned", PARTY, when=_SENT_BACK,
        zh="认证材料被退回", en="Certification papers sent back",
    ),
    _route(
        "registry.certification_decided.v1", "certification_refused", PARTY, when=_REFUSED,
        zh="认证未通过", en="Certification refused",
    ),
    _route(
        "registry.provider_certified.v1", "provider_to_admit", BUREAU, rule="products.catalogue",
        zh="云服务商待认定", en="A provider waits for admission",
    ),
    _route(
        "registry.provider_admitted.v1", "provider_admitted", PROVIDER, rule="products.catalogue",
        zh="已认定为云服务商", en="Admitted as a provider",
    ),
    _route(
        "registry.provider_refused.v1", "provider_refused", PROVIDER, rule="products.catalogue",
        not_by="reviews.provider_certification.0",
        zh="未被认定为云服务商", en="Not admitted as a provider",
    ),
    _route(
        "registry.provider_exit_noticed.v1", "exit_noticed", PROVIDER, OPERATOR, BUREAU, rule="exit.voluntary",
        zh="云服务商申请退出", en="A provider gave notice of exit",
    ),
    _route(
        "registry.provider_exited.v1", "exited", PROVIDER, OPERATOR, BUREAU, when=_is("ground", None),
        rule="exit.voluntary", zh="云服务商已退出", en="A provider has left",
    ),
    _route(
        "registry.provider_exited.v1", "exit_forced", PROVIDER, OPERATOR, BUREAU,
        when=Condition("ground", (None,), holds=False), rule="exit.aftermath",
        zh="云服务商被强制退出", en="A provider was made to leave",
    ),
    _route(
        "registry.product_submitted.v1", "product_submitted", PROVIDER, OPERATOR, rule="products.listing",
        zh="产品已提交审核", en="A product was handed in for review",
    ),
    _route(
        "registry.product_reviewed.v1", "product_passed", PROVIDER, BUREAU, when=_is("status", "operator_passed"),
        rule="reviews.product.0", zh="产品已通过初审", en="A product passed the first review",
    ),
    _route(
        "registry.product_reviewed.v1", "product_returned", PROVIDER, when=_is("status", "returned"),
        rule="reviews.product.0", zh="产品被退回", en="A product was sent back",
    ),
    _route(
        "registry.product_reviewed.v1", "product_refused", PROVIDER, when=_is("status", "refused"),
        rule="reviews.product.0", zh="产品未通过审核", en="A product was refused",
    ),
    _route(
        "registry.product_published.v1", "product_published", PROVIDER, rule="reviews.product.1",
        zh="产品已发布", en="A product was published",
    ),
    _route(
        "registry.product_delisted.v1", "product_delisted", PROVIDER, rule="exit.aftermath",
        zh="产品已下架", en="A product was taken off the shelf",
    ),
)  # fmt: skip

VOUCHER = (
    _route(
        "voucher.plan_made.v1", "plan_made", OPERATOR, rule="issuing.configure",
        zh="发放计划待配置", en="An issuance plan waits to be configured",
    ),
    _route(
        "voucher.plan_published.v1", "plan_published", BUREAU, OPERATOR, PROVIDERS, rule="issuing.publish",
        zh="发放计划已公示", en="The issuance plan is published",
    ),
    _route(
        "voucher.application_received.v1", "application_received", ENTERPRISE, when=_is("status", "reserved"),
        rule="issuing.apply", zh="申领已受理", en="Application received",
    ),
    _route(
        "voucher.application_received.v1", "application_waiting", ENTERPRISE, when=_is("status", "waiting"),
        rule="budget", zh="申领已排队", en="Application waits in line",
    ),
    _route(
        "voucher.application_reserved.v1", "application_reached", ENTERPRISE, rule="budget",
        zh="排队的申领已预留额度", en="Money reached a waiting application",
    ),
    _route(
        "voucher.quota_granted.v1", "quota_granted", ENTERPRISE, rule="issuing.apply",
        zh="申领审核通过，额度已发放", en="Quota granted",
    ),
    _route(
        "voucher.application_refused.v1", "application_refused", ENTERPRISE, rule="issuing.apply",
        zh="申领未通过审核", en="Application refused",
    ),
    _route(
        "voucher.application_withdrawn.v1", "application_withdrawn", ENTERPRISE, rule="issuing.apply",
        zh="申领已撤回", en="Application withdrawn",
    ),
    _route(
        "voucher.quota_lapsed.v1", "quota_lapsed", ENTERPRISE, rule="issuing.validity",
        zh="年度额度已失效", en="The year's quota lapsed",
    ),
    _route(
        "voucher.order_placed.v1", "order_placed", ENTERPRISE, rule="order.voluntary",
        zh="订单已提交", en="Order placed",
    ),
    _route(
        "voucher.order_placed.v1", "order_to_confirm", PROVIDER, rule="order.confirm",
        zh="有订单待确认", en="An order waits for confirmation",
    ),
    _route(
        "voucher.order_confirmed.v1", "order_confirmed", ENTERPRISE, rule="order.confirm",
        zh="订单已确认", en="Order confirmed",
    ),
    _route(
        "voucher.order_cancelled.v1", "order_cancelled", ENTERPRISE, PROVIDER, rule="order.cancel",
        zh="订单已取消", en="Order cancelled",
    ),
    _route(
        "voucher.order_refund_requested.v1", "refund_requested", PROVIDER, rule="order.refund",
        zh="企业申请退款", en="A refund was asked for",
    ),
    _route(
        "voucher.order_refund_declined.v1", "refund_declined", ENTERPRISE, rule="order.refund",
        zh="退款未获同意", en="The refund was declined",
    ),
    _route(
        "voucher.order_refunded.v1", "refunded", ENTERPRISE, PROVIDER, rule="order.refund",
        zh="订单已退款", en="Order refunded",
    ),
    _route(
        "voucher.order_voided.v1", "order_voided", ENTERPRISE, PROVIDER, rule="exit.aftermath",
        zh="订单已作废", en="Order voided",
    ),
    _route(
        "voucher.order_handed_over.v1", "order_handed_over", ENTERPRISE, PROVIDER, rule="exit.aftermath",
        zh="订单已移交", en="Order handed over",
    ),
    _route(
        "voucher.year_closed.v1", "year_closed", BUREAU, FINANCE, OPERATOR, rule="issuing.validity",
        zh="年度已关闭", en="The year is closed",
    ),
)  # fmt: skip

SETTLEMENT = (
    _route(
        "settlement.node_announced.v1", "node_announced", PROVIDERS, rule="claims.cadence",
        zh="兑现受理节点已公布", en="A date for claims was set",
    ),
    _route(
        "settlement.node_closed.v1", "node_closed", OPERATOR, BUREAU, rule="claims.cadence",
        zh="兑现受理节点已截止", en="Claims were collected",
    ),
    _route(
        "settlement.claim_filed.v1", "claim_filed", PROVIDER, rule="claims.materials",
        zh="兑现申请已提交", en="Claim filed",
    ),
    _route(
        "settlement.claim_filed.v1", "claim_filed_enterprise", ENTERPRISE, rule="claims.materials",
        zh="云服务商就订单申请兑现", en="A provider filed a claim on an order",
    ),
    _route(
        "settlement.claim_accepted.v1", "claim_accepted", PROVIDER, rule="claims.cadence",
        zh="兑现申请已受理", en="Claim accepted",
    ),
    _route(
        "settlement.claim_collected.v1", "claim_collected", PROVIDER, rule="reviews.claim.0",
        zh="兑现申请进入审核", en="Claim taken for review",
    ),
    _route(
        "settlement.claim_reviewed.v1", "claim_reviewed", PROVIDER, rule="reviews.claim.1",
        zh="兑现申请通过初审", en="Claim passed the first review",
    ),
    _route(
        "settlement.claim_passed.v1", "claim_passed", PROVIDER, rule="payment.path.0",
        zh="兑现申请审核通过", en="Claim passed",
    ),
    _route(
        "settlement.claim_returned.v1", "claim_returned", PROVIDER, rule="reviews.claim.0",
        zh="兑现申请被退回", en="Claim sent back",
    ),
    _route(
        "settlement.claim_refused.v1", "claim_refused", PROVIDER, rule="reviews.claim.0",
        zh="兑现申请未通过", en="Claim refused",
    ),
    _route(
        "settlement.claim_withdrawn.v1", "claim_withdrawn", PROVIDER, rule="claims.materials",
        zh="兑现申请已撤回", en="Claim withdrawn",
    ),
    _route(
        "settlement.claim_paid.v1", "claim_paid", PROVIDER, ENTERPRISE, rule="payment.path.2",
        zh="兑现款已拨付", en="Claim paid",
    ),
    _route(
        "settlement.question_asked.v1", "question_asked", OPERATOR, rule="claims.question",
        zh="有审核问题待答复", en="A question waits for an answer",
    ),
    _route(
        "settlement.question_answered.v1", "question_answered", BUREAU, rule="claims.question",
        zh="审核问题已答复", en="A question was answered",
    ),
    _route(
        "settlement.question_overdue.v1", "question_overdue", OPERATOR, BUREAU, rule="claims.question",
        zh="审核问题逾期未答复", en="A question is overdue",
    ),
    _route(
        "settlement.disbursement_filed.v1", "disbursement_filed", PROVIDER, OPERATOR, rule="payment.path.0",
        zh="资金拨付申请已提交", en="Disbursement application filed",
    ),
    _route(
        "settlement.disbursement_reviewed.v1", "disbursement_passed", BUREAU,
        when=_is("status", "operator_approved"), rule="payment.path.1",
        zh="资金拨付申请通过初审", en="Disbursement application passed the first review",
    ),
    _route(
        "settlement.disbursement_reviewed.v1", "disbursement_approved", PROVIDER, FINANCE,
        when=_is("status", "approved"), rule="payment.path.1",
        zh="资金拨付申请已批准", en="Disbursement approved",
    ),
    _route(
        "settlement.disbursement_reviewed.v1", "disbursement_refused", PROVIDER, when=_is("status", "refused"),
        rule="payment.path.1", zh="资金拨付申请未获批准", en="Disbursement refused",
    ),
    _route(
        "settlement.batch_made.v1", "batch_made", FINANCE, rule="payment.path.2",
        zh="拨付批次待复核放行", en="A payment batch waits for release",
    ),
    _route(
        "settlement.batch_released.v1", "batch_released", FINANCE, rule="payment.path.2",
        zh="拨付批次已放行", en="A payment batch was released",
    ),
    _route(
        "settlement.batch_finished.v1", "batch_finished", FINANCE, BUREAU, rule="payment.path.2",
        zh="拨付批次已完成", en="A payment batch is finished",
    ),
    _route(
        "settlement.payment_settled.v1", "payment_settled", PROVIDER, rule="payment.path.2",
        zh="款项已到账", en="Payment settled",
    ),
    _route(
        "settlement.payment_failed.v1", "payment_failed", PROVIDER, FINANCE,
        when=_is("status", "failed", "returned"), rule="payment.path.2",
        zh="款项支付失败", en="Payment failed",
    ),
    _route(
        "settlement.payment_failed.v1", "payment_unknown", FINANCE, when=_is("status", "unknown"),
        rule="payment.path.2", zh="款项支付结果不明", en="The outcome of a payment is unknown",
    ),
    _route(
        "settlement.payment_held.v1", "payment_held", FINANCE, BUREAU, SUPERVISOR, rule="payment.path.2",
        zh="款项已暂缓支付", en="Payment held",
    ),
)  # fmt: skip

SUPERVISION = (
    _route(
        "supervision.claim_held.v1", "claim_held", PROVIDER, OPERATOR, rule="supervision.hold",
        zh="兑现申请须进一步核查", en="A claim is held for inquiry",
    ),
    _route(
        "supervision.claim_rejected.v1", "claim_rejected", OPERATOR, BUREAU, rule="supervision.fraud",
        zh="兑现申请核查不通过", en="A claim was rejected on inquiry",
    ),
    _route(
        "supervision.alert_raised.v1", "alert_raised", SUPERVISOR, rule="supervision.hold",
        zh="发现异常兑现申请", en="An anomalous claim",
    ),
    _route(
        "supervision.alert_resolved.v1", "alert_resolved", SUPERVISOR, OPERATOR, rule="supervision.hold",
        zh="异常已处置", en="An alert was resolved",
    ),
    _route(
        "supervision.complaint_filed.v1", "complaint_filed", OPERATOR, PROVIDER, rule="supervision.complaints",
        zh="企业投诉云服务商", en="An enterprise complains about a provider",
    ),
    _route(
        "supervision.complaint_answered.v1", "complaint_answered", ENTERPRISE, rule="supervision.complaints",
        zh="投诉已答复", en="A complaint was answered",
    ),
    _route(
        "supervision.party_blacklisted.v1", "blacklisted", PARTY, OPERATOR, BUREAU, rule="exit.blacklist",
        zh="已列入黑名单", en="Blacklisted",
    ),
    _route(
        "supervision.party_removed.v1", "blacklist_removed", PARTY, OPERATOR, BUREAU, rule="exit.blacklist",
        zh="已移出黑名单", en="Removed from the blacklist",
    ),
)  # fmt: skip

ROUTES: tuple[Route, ...] = REGISTRY + VOUCHER + SETTLEMENT + SUPERVISION
BY_EVENT: Mapping[str, tuple[Route, ...]] = {
    event: tuple(route for route in ROUTES if route.event == event) for event in {route.event for route in ROUTES}
}


def routes_of(event_type: str, data: Mapping[str, Any]) -> tuple[Route, ...]:
    """The routes an event takes; none when nobody is told of it."""
    return tuple(route for route in BY_EVENT.get(event_type, ()) if route.applies(data))
