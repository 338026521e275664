"""Who hears of what voucher says: plans, applications, filings, orders, the year's end."""

from __future__ import annotations

from services.notify.domain.recipients import Condition, EveryProvider, Office, Party, Route, Said, Staff, Turn

ENTERPRISE, PROVIDER = Party("enterprise_id"), Party("provider_id")
OPERATOR = Staff("operator")
PLANNERS = (Office("issuing.plan"), Office("issuing.configure"), Office("issuing.publish"))
_RECEIVED, _CONFIRMED = "voucher.application_received.v1", "voucher.order_confirmed.v1"
_ORDER_RULES = ("order.confirm", "issuing.apply", "order.usage_recorded", "amount.base")
_LAPSE = ("issuing.validity?until=year_end", "budget")
_STAGE = ("reviews.filing.{stage}", "filing.rule")

PLANS = (
    Route(
        event="voucher.plan_made.v1", template="plan_made", to=(Office("issuing.configure"),),
        says=Said("{voucher}年度计划待配置", "A year's plan waits to be configured"),
        do=Said("请核对金额后配置。", "Please check the amounts, then configure it."),
        rules=("issuing.configure",), then=("issuing.configure",),
    ),
    Route(
        event="voucher.plan_published.v1", template="plan_published", to=(*PLANNERS, EveryProvider()),
        says=Said("{voucher}年度计划已生效", "The year's plan is in effect"),
        rules=("issuing.publish", "issuing.plan"), then=("budget", "issuing.denominations", "issuing.apply"),
    ),
    Route(
        event="voucher.year_closed.v1", template="year_closed",
        to=(Office("issuing.plan"), Staff("finance"), Office("issuing.configure")),
        says=Said("年度已关闭", "The year is closed"), rules=_LAPSE, then=("budget",),
    ),
    Route(
        event="voucher.year_signed.v1", template="year_signed", to=(Office("issuing.plan"), Staff("finance")),
        says=Said("年度报表已签署", "The year's statement is signed"), rules=_LAPSE,
    ),
    Route(
        event="voucher.correction_decided.v1", template="correction_decided", to=(Staff("finance"),),
        says=Said("分录更正已有决定", "A correction of the books was decided"), rules=("budget", "issuing.plan"),
    ),
)  # fmt: skip

APPLICATIONS = (
    Route(
        event=_RECEIVED, template="application_received", to=(ENTERPRISE,), when=(Condition("status", ("reserved",)),),
        says=Said("{voucher}申领已受理", "Application received"), rules=("issuing.apply",),
        then=("reviews.application.first",),
    ),
    Route(
        event=_RECEIVED, template="application_waiting", to=(ENTERPRISE,), when=(Condition("status", ("waiting",)),),
        says=Said("{voucher}申领已排队", "Application waits in line"), rules=("budget",), then=("budget",),
    ),
    Route(
        event="voucher.application_reserved.v1", template="application_reached", to=(ENTERPRISE,),
        says=Said("排队的申领已预留额度", "Money reached a waiting application"), rules=("budget",),
        then=("reviews.application.first",),
    ),
    Route(
        event="voucher.quota_granted.v1", template="quota_granted", to=(ENTERPRISE,),
        says=Said("申领已通过，{voucher}额度已发放", "Quota granted"), rules=("issuing.apply",),
        then=("issuing.apply", "issuing.validity", "issuing.named", "order.usage_recorded"),
    ),
    Route(
        event="voucher.application_refused.v1", template="application_refused", to=(ENTERPRISE,),
        says=Said("{voucher}申领未通过审核", "Application refused"), rules=("issuing.apply",),
    ),
    Route(
        event="voucher.application_withdrawn.v1", template="application_withdrawn", to=(ENTERPRISE,),
        says=Said("{voucher}申领已撤回", "Application withdrawn"), rules=("issuing.apply",),
    ),
    Route(
        event="voucher.quota_lapsed.v1", template="quota_lapsed", to=(ENTERPRISE,),
        says=Said("年度额度已失效", "The year's quota lapsed"), rules=_LAPSE, then=("issuing.validity",),
    ),
)  # fmt: skip

FILINGS = (
    Route(
        event="voucher.filing_submitted.v1", template="filing_submitted", to=(ENTERPRISE,),
        says=Said("上云备案已提交", "Filing handed in"), rules=("filing.rule",),
        then=("reviews.filing.{stage}", "filing.cadence"),
    ),
    Route(
        event="voucher.filing_submitted.v1", template="filing_to_review", to=(Turn(),),
        says=Said("有上云备案待审核", "A filing waits for review"), rules=_STAGE, then=("reviews.filing.{stage}",),
    ),
    Route(
        event="voucher.filing_reviewed.v1", template="filing_reviewed", to=(ENTERPRISE,),
        says=Said("上云备案已通过一个环节的审核", "Filing passed a stage of its review"), rules=_STAGE,
        then=("reviews.filing.{stage}", "filing.cadence"),
    ),
    Route(
        event="voucher.filing_reviewed.v1", template="filing_to_review", to=(Turn(),),
        says=Said("有上云备案待审核", "A filing waits for review"), rules=_STAGE,
        then=("reviews.filing.{stage}", "filing.cadence"),
    ),
    Route(
        event="voucher.filing_opened.v1", template="filing_opened", to=(ENTERPRISE, PROVIDER),
        says=Said("上云备案已完成", "Filing completed"), rules=("reviews.filing.last", "filing.rule"),
        then=("amount.base", "amount.years"),
    ),
    Route(
        event="voucher.filing_returned.v1", template="filing_returned", to=(ENTERPRISE,),
        says=Said("上云备案被退回", "Filing sent back"),
        do=Said("请按下列理由更正后重新提交。", "Please correct what is named below and hand in again."),
        rules=("filing.rule",), then=("filing.documents", "filing.cadence"),
    ),
    Route(
        event="voucher.filing_refused.v1", template="filing_refused", to=(ENTERPRISE,),
        says=Said("上云备案未通过", "Filing refused"), rules=("filing.rule",),
    ),
    Route(
        event="voucher.filing_withdrawn.v1", template="filing_withdrawn", to=(ENTERPRISE,),
        says=Said("上云备案已撤回", "Filing withdrawn"), rules=("filing.rule",),
    ),
)  # fmt: skip

ORDERS = (
    Route(
        event="voucher.order_placed.v1", template="order_placed", to=(ENTERPRISE,),
        says=Said("订单已提交", "Order placed"), rules=("order.voluntary", *_ORDER_RULES), then=("order.cancel",),
    ),
    Route(
        event="voucher.order_placed.v1", template="order_to_confirm", to=(PROVIDER,),
        says=Said("有订单待确认", "An order waits for confirmation"),
        do=Said("请签订合同后确认。", "Please sign the contract, then confirm."), rules=_ORDER_RULES,
    ),
    Route(
        event=_CONFIRMED, template="order_confirmed", to=(ENTERPRISE,), when=(Condition("voucher_number", (None,)),),
        says=Said("订单已确认", "Order confirmed"), rules=_ORDER_RULES,
        then=("order.service_standard", "order.refund", "order.usage_recorded"),
    ),
    Route(
        event=_CONFIRMED, template="voucher_issued", to=(ENTERPRISE, PROVIDER),
        when=(Condition("voucher_number", (None,), holds=False),),
        says=Said("订单已确认，{voucher}已生成", "Order confirmed and voucher generated"),
        rules=("issuing.apply", *_ORDER_RULES),
        then=("issuing.named", "order.service_standard", "order.void_on_failure"),
    ),
    Route(
        event="voucher.order_covered.v1", template="order_covered", to=(ENTERPRISE, PROVIDER),
        says=Said("此前不足的资金已由本年计划补足", "The money that was short has been made up"),
        do=Said("其申请自此可以付款。", "A claim on it can be paid from now on."), rules=("budget",), then=("budget",),
    ),
    Route(
        event="voucher.order_failed.v1", template="order_failed", to=(ENTERPRISE, PROVIDER),
        says=Said("合同未履行，订单终止", "The contract was not performed, and the order ended"),
        rules=("order.void_on_failure", "issuing.validity"), then=("order.void_on_failure",),
    ),
    Route(
        event="voucher.order_cancelled.v1", template="order_cancelled", to=(ENTERPRISE, PROVIDER),
        says=Said("订单已取消", "Order cancelled"), rules=("order.cancel",), then=("order.cancel",),
    ),
    Route(
        event="voucher.order_refund_requested.v1", template="refund_requested", to=(PROVIDER,),
        says=Said("企业申请退款", "A refund was asked for"),
        do=Said("请答复是否同意。", "Please answer whether you consent."), rules=("order.refund",),
        then=("order.refund",),
    ),
    Route(
        event="voucher.order_refund_declined.v1", template="refund_declined", to=(ENTERPRISE,),
        says=Said("退款未获同意，订单继续履行", "The refund was declined, and the order goes on"),
        rules=("order.refund",),
    ),
    Route(
        event="voucher.order_refunded.v1", template="refunded", to=(ENTERPRISE, PROVIDER),
        says=Said("订单已退款", "Order refunded"), rules=("order.refund",), then=("order.refund",),
    ),
    Route(
        event="voucher.order_voided.v1", template="order_voided", to=(ENTERPRISE, PROVIDER),
        says=Said("云服务商已退出，订单已作废", "The provider left, and the order is void"), rules=("exit.aftermath",),
    ),
    Route(
        event="voucher.order_wound_down.v1", template="order_wound_down", to=(ENTERPRISE, PROVIDER),
        says=Said("云服务商已退出，订单认定为已服务", "The provider left; the order was found to have been served"),
        do=Said("仍可就该订单提出申请。", "A claim on it may still be filed."), rules=("exit.aftermath",),
    ),
    Route(
        event="voucher.wind_down_opened.v1", template="orders_to_wind_down", to=(PROVIDER, OPERATOR),
        says=Said("云服务商已退出，其订单进入清算", "The orders of a provider that left are wound down now"),
        do=Said("请逐件移交、认定已服务或作废。", "Each is to be handed over, settled or voided."),
        rules=("exit.aftermath",), then=("exit.aftermath",),
    ),
    Route(
        event="voucher.wind_down_closed.v1", template="orders_wound_down", to=(PROVIDER, OPERATOR),
        says=Said("退出的云服务商订单清算完毕", "The orders of a provider that left are wound down"),
        rules=("exit.aftermath",),
    ),
    Route(
        event="voucher.order_handed_over.v1", template="order_handed_over", to=(ENTERPRISE, PROVIDER),
        says=Said("订单已移交新的云服务商", "Order handed over to another provider"), rules=("exit.aftermath",),
        then=("exit.aftermath",),
    ),
)  # fmt: skip

ROUTES = PLANS + APPLICATIONS + FILINGS + ORDERS
