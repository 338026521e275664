"""Who hears of what settlement says: nodes, claims, notices, questions, disbursements, payments."""

from __future__ import annotations

from services.notify.domain.recipients import Condition, EveryProvider, Office, Party, Route, Said, Staff, Turn

ENTERPRISE, PROVIDER, PAYEE = Party("enterprise_id"), Party("provider_id"), Party("payee_id")
FILERS = (Party("filer_id"), PROVIDER)  # a platform provider files for its application providers
OPERATOR, BUREAU, FINANCE, SUPERVISOR = Staff("operator"), Staff("bureau"), Staff("finance"), Staff("supervisor")
PAYS = Office("payment.path.pay")
_DISBURSEMENT, _FAILED = "settlement.disbursement_reviewed.v1", "settlement.payment_failed.v1"
_CLAIM = ("claims.materials", "claims.cadence", "payment.path.first")
_STAGE = ("reviews.claim.{stage}", "reviews.claim.first", "claims.cadence")
_PAID = ("payment.path.pay", "payment.path.last")
_AGAIN = Said(
    "请按下列理由更正后以同一编号重新提交。", "Please correct what is named below and file again under the same id."
)


def _status(*words: str) -> tuple[Condition, ...]:
    return (Condition("status", words),)


NODES = (
    Route(
        event="settlement.node_announced.v1", template="node_announced", to=(EveryProvider(),),
        says=Said("{claim}申请受理节点已公布", "A date for claims was set"),
        do=Said("请在截止前提交，并备齐材料。", "Please file before it closes, with all papers."),
        rules=("claims.cadence", "reviews.claim.first"), then=("claims.cadence", "claims.materials"),
    ),
    Route(
        event="settlement.node_closed.v1", template="node_closed", to=(Office("reviews.claim.*"),),
        says=Said("{claim}申请受理节点已截止", "Claims were collected"),
        rules=("claims.cadence", "reviews.claim.first"), then=("reviews.claim.first",),
    ),
)  # fmt: skip

CLAIMS = (
    Route(
        event="settlement.claim_filed.v1", template="claim_filed", to=FILERS,
        says=Said("{claim}申请已提交", "Claim filed"), rules=_CLAIM, then=("claims.cadence",),
    ),
    Route(
        event="settlement.claim_filed.v1", template="claim_filed_enterprise", to=(ENTERPRISE,),
        says=Said("云服务商就贵单位订单提出{claim}申请", "A claim was filed on an order of yours"),
        do=Said("如与实际购买或使用情况不符，请反映。", "If it is not what was bought or used, please say so."),
        rules=_CLAIM,
    ),
    Route(
        event="settlement.claim_accepted.v1", template="claim_accepted", to=FILERS,
        says=Said("{claim}申请已受理", "Claim accepted"), rules=("claims.cadence", *_CLAIM), then=("claims.cadence",),
    ),
    Route(
        event="settlement.claim_collected.v1", template="claim_collected", to=FILERS,
        says=Said("{claim}申请进入审核", "Claim taken for review"), rules=_STAGE, then=("reviews.claim.{stage}",),
    ),
    Route(
        event="settlement.claim_collected.v1", template="claim_to_review", to=(Turn(),),
        says=Said("有{claim}申请待审核", "A claim waits for review"), rules=_STAGE, then=("reviews.claim.{stage}",),
    ),
    Route(
        event="settlement.claim_reviewed.v1", template="claim_reviewed", to=FILERS,
        says=Said("{claim}申请通过一个环节的审核", "Claim passed a stage of its review"), rules=_STAGE,
        then=("reviews.claim.{stage}",),
    ),
    Route(
        event="settlement.claim_reviewed.v1", template="claim_to_review", to=(Turn(),),
        says=Said("有{claim}申请待审核", "A claim waits for review"), rules=_STAGE, then=("reviews.claim.{stage}",),
    ),
    Route(
        event="settlement.review_overdue.v1", template="review_overdue", to=(Turn("escalate_to"), Turn()),
        says=Said("{claim}申请逾期未审核", "The review of a claim is overdue"),
        do=Said("请督促当前环节办结。", "Please see to it that the stage named below decides."),
        rules=("claims.review_deadline", *_STAGE), then=("claims.review_deadline",),
    ),
    Route(
        event="settlement.claim_passed.v1", template="claim_passed", to=(*FILERS, PAYEE),
        says=Said("{claim}申请审核通过", "Claim passed"), rules=("payment.path.first",),
        then=("claims.notice", "payment.path.first"),
    ),
    Route(
        event="settlement.claim_noticed.v1", template="claim_noticed", to=(*FILERS, PAYEE),
        says=Said("{claim}申请公示期满", "The notice of a claim ran out without objection"), rules=("claims.notice",),
        then=("payment.path.first",),
    ),
    Route(
        event="settlement.claim_returned.v1", template="claim_returned", to=FILERS,
        says=Said("{claim}申请被退回", "Claim sent back"), do=_AGAIN, rules=("reviews.claim.first", *_CLAIM),
        then=("claims.materials",),
    ),
    Route(
        event="settlement.claim_refused.v1", template="claim_refused", to=(*FILERS, PAYEE),
        says=Said("{claim}申请未通过", "Claim refused"), rules=("reviews.claim.first", *_CLAIM),
    ),
    Route(
        event="settlement.claim_audited.v1", template="claim_audited", to=(*FILERS, PAYEE),
        says=Said("{claim}申请已经审计", "The audit of a claim is over"), rules=("claims.sample",),
        then=("payment.path.first",),
    ),
    Route(
        event="settlement.claim_withdrawn.v1", template="claim_withdrawn", to=FILERS,
        says=Said("{claim}申请已撤回", "Claim withdrawn"), rules=_CLAIM,
    ),
    Route(
        event="settlement.claim_paid.v1", template="claim_paid", to=(*FILERS, PAYEE, ENTERPRISE),
        says=Said("{claim}款已拨付", "Claim paid"), rules=_PAID,
    ),
)  # fmt: skip

EXITS = (
    Route(
        event="settlement.wind_down_opened.v1", template="claims_to_wind_down", to=(PROVIDER, OPERATOR),
        says=Said("云服务商已退出，其{claim}申请进入清算", "The claims of a provider that left are wound down now"),
        do=Said("请逐件认定继续办理或终止。", "Each is to be settled or voided."),
        rules=("exit.aftermath",), then=("exit.aftermath",),
    ),
    Route(
        event="settlement.wind_down_closed.v1", template="claims_wound_down", to=(PROVIDER, OPERATOR),
        says=Said("退出的云服务商{claim}申请清算完毕", "The claims of a provider that left are wound down"),
        rules=("exit.aftermath",),
    ),
)  # fmt: skip

NOTICES = (
    Route(
        event="settlement.notice_published.v1", template="notice_published",
        to=(Party("provider_id", items="items"), Party("enterprise_id", items="items"), BUREAU, FINANCE),
        says=Said("{claim}申请已公示", "Claims are on public notice"),
        do=Said("名单见公示栏；有异议的，可在公示期内提出。",
                "The list is on the public board; objections may be filed while it stands."),
        rules=("claims.notice",), then=("claims.notice",),
    ),
    Route(
        event="settlement.notice_closed.v1", template="notice_closed", to=(BUREAU, FINANCE),
        says=Said("{claim}申请公示期满", "A public notice ran out"), rules=("claims.notice",),
        then=("payment.path.first",),
    ),
    Route(
        event="settlement.objection_filed.v1", template="objection_filed", to=(PROVIDER, BUREAU),
        says=Said("有人对公示的{claim}申请提出异议", "An objection to a claim on notice"),
        do=Said("异议作出处理前，该申请暂停办理。", "The claim waits until the objection is decided."),
        rules=("claims.notice",),
    ),
    Route(
        event="settlement.objection_decided.v1", template="objection_upheld", to=(PROVIDER,),
        when=_status("upheld"),
        says=Said("异议成立，{claim}申请不予办理", "The objection was upheld, and the claim is refused"),
        rules=("claims.notice",),
    ),
    Route(
        event="settlement.objection_decided.v1", template="objection_dismissed", to=(PROVIDER,),
        when=_status("dismissed"),
        says=Said("异议不成立，{claim}申请继续办理", "The objection was dismissed, and the claim goes on"),
        rules=("claims.notice",),
    ),
    Route(
        event="settlement.question_asked.v1", template="question_asked", to=(Office("claims.question"),),
        says=Said("有审核问题待答复", "A question waits for an answer"), rules=("claims.question",),
        then=("claims.question",),
    ),
    Route(
        event="settlement.question_answered.v1", template="question_answered", to=(BUREAU,),
        says=Said("审核问题已答复", "A question was answered"), rules=("claims.question",),
    ),
    Route(
        event="settlement.question_overdue.v1", template="question_overdue", to=(Office("claims.question"), BUREAU),
        says=Said("审核问题逾期未答复", "A question is overdue"), rules=("claims.question",),
        then=("claims.question",),
    ),
)  # fmt: skip

DISBURSEMENTS = (
    Route(
        event="settlement.disbursement_filed.v1", template="disbursement_filed", to=(PROVIDER, Turn()),
        says=Said("资金拨付申请已提交", "Disbursement application filed"),
        rules=("payment.path.first",), then=("reviews.disbursement.{stage}",),
    ),
    Route(
        event=_DISBURSEMENT, template="disbursement_passed", to=(Turn(),), when=_status("in_review"),
        says=Said("资金拨付申请通过一个环节，待审批", "A disbursement passed a stage and waits for approval"),
        rules=("payment.path.approve", "reviews.disbursement.{stage}"), then=("reviews.disbursement.{stage}",),
    ),
    Route(
        event=_DISBURSEMENT, template="disbursement_approved", to=(PROVIDER, PAYS), when=_status("approved"),
        says=Said("资金拨付申请已批准", "Disbursement approved"),
        rules=("payment.path.approve", "reviews.disbursement.last"), then=("payment.path.pay",),
    ),
    Route(
        event=_DISBURSEMENT, template="disbursement_refused", to=(PROVIDER,), when=_status("refused"),
        says=Said("资金拨付申请未获批准", "Disbursement refused"),
        rules=("payment.path.approve", "reviews.disbursement.last"),
    ),
    Route(
        event=_DISBURSEMENT, template="disbursement_refused_to_office", to=(OPERATOR, BUREAU),
        when=(*_status("refused"), Condition("provider_id", (None,))),
        says=Said("资金拨付申请未获批准", "Disbursement refused"),
        do=Said("其中的申请可更正后重新提请拨付。", "Its claims may be put forward again."),
        rules=("payment.path.approve", "reviews.disbursement.last"),
    ),
    Route(
        event="settlement.batch_made.v1", template="batch_made", to=(PAYS,),
        says=Said("拨付批次待复核放行", "A payment batch waits for release"),
        do=Said("须由编制人以外的人员核对后放行。", "Another person than made it checks and releases it."), rules=_PAID,
    ),
    Route(
        event="settlement.batch_released.v1", template="batch_released", to=(PAYS,),
        says=Said("拨付批次已放行", "A payment batch was released"),
        do=Said("请送银行办理，并及时录入结果。", "Please hand it to the bank and record what came of it."),
        rules=_PAID,
    ),
    Route(
        event="settlement.payments_enquired.v1", template="payments_enquired", to=(PAYS,),
        says=Said("已就结果不明的款项向银行查询", "The bank is asked about payments of unknown outcome"),
        do=Said("请将查询文件送银行，并录入答复；查明前不会再次支付。",
                "Please hand the enquiry to the bank and record its answer; nothing is paid again before that."),
        rules=_PAID,
    ),
    Route(
        event="settlement.batch_finished.v1", template="batch_finished", to=(PAYS, BUREAU),
        says=Said("拨付批次已完成", "A payment batch is finished"), rules=_PAID,
    ),
    Route(
        event="settlement.payment_with_district.v1", template="payment_with_district", to=(PAYEE,),
        says=Said("款项已拨至所在区、县（市）财政", "The money is with the district"),
        rules=_PAID, then=("payment.path.pass_on",),
    ),
    Route(
        event="settlement.payment_with_district.v1", template="payment_to_pass_on",
        to=(Office("payment.path.pass_on"),),
        says=Said("有款项待付给企业", "A payment is to be passed on"),
        do=Said("请付给企业后登记。", "Please pay the enterprise, then record it."),
        rules=("payment.path.pass_on",), then=("payment.path.pass_on",),
    ),
    Route(
        event="settlement.payment_settled.v1", template="payment_settled", to=(PAYEE,),
        says=Said("款项已到账", "Payment settled"), rules=_PAID,
    ),
    Route(
        event=_FAILED, template="payment_failed", to=(PAYEE, PAYS), when=_status("failed", "returned"),
        says=Said("款项支付失败", "Payment failed"),
        do=Said("请核对收款账户；账户变更须重新审批。",
                "Please check the account; a changed one has to be approved again."), rules=_PAID,
    ),
    Route(
        event=_FAILED, template="payment_unknown", to=(PAYS,), when=_status("unknown"),
        says=Said("款项支付结果不明", "The outcome of a payment is unknown"),
        do=Said("查明前不会再次支付，请向银行查询。", "It is not paid again before that; please ask the bank."),
        rules=_PAID,
    ),
    Route(
        event="settlement.payment_offset.v1", template="payment_offset", to=(PAYEE, PAYS),
        says=Said("应付款项已全部抵扣应退款项", "All of a payment was taken off what is owed back"), rules=_PAID,
    ),
    Route(
        event="settlement.payment_held.v1", template="payment_held", to=(PAYS, BUREAU, SUPERVISOR),
        says=Said("款项已暂缓支付", "Payment held"), rules=_PAID,
    ),
)  # fmt: skip

_OWES = Said(
    "请按附言所列编号退回；未退回的，从以后的拨付中抵扣。",
    "Please pay it back and quote its reference; what is not paid back is taken off later payments.",
)
# told to the party and to finance alike: nothing here goes by a rule of the pack but the ground, which the event names
_OWED_BACK = (
    ("owed", Said("有款项应予退回", "Money is owed back"), _OWES),
    ("planned", Said("应退款项已约定分期", "Instalments were agreed"), _OWES),
    ("recovered", Said("应退款项已收回", "Money came back"), None),
    ("restored", Said("抵扣因退汇而恢复应退", "An offset was undone, since the bank sent the payment back"), _OWES),
    ("overdue", Said("应退款项已逾期", "Money that is owed back is overdue"), _OWES),
    ("written_off", Said("应退款项已核销", "Money that is owed back was written off"), None),
)
RECEIVABLES = tuple(
    Route(
        event=f"settlement.receivable_{name}.v1", template=f"receivable_{name}", to=(Party("party_id"), FINANCE),
        says=says, do=do,
    )
    for name, says, do in _OWED_BACK
)  # fmt: skip

ROUTES = NODES + CLAIMS + EXITS + NOTICES + DISBURSEMENTS + RECEIVABLES
