"""What a handler answers: done, or refused with a stable code; every decision names its law."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

Kind = Literal["invalid", "refused", "conflict", "denied", "transient", "fault"]


@dataclasses.dataclass(frozen=True)
class Refused:
    """A normal result: the stable `code`, the body `field`, the `article` it rests on, the numbers that went in."""

    code: str
    field: str | None = None
    article: str | None = None
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Decision:
    """What was decided on `subject` (an id) under which pack and articles, with the facts that went in.

    about: another record whose history it belongs to as well, as a certification's to its party's.
    """

    action: str
    subject: str
    programme: str | None
    pack_version: str | None
    articles: tuple[str, ...] = ()
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    about: str | None = None


@dataclasses.dataclass(frozen=True)
class Ok:
    """A command carried out: its `result` (JSON), and the decision it rests on where there was one to make."""

    result: Mapping[str, Any]
    decision: Decision | None = None


Outcome: TypeAlias = Ok | Refused


@dataclasses.dataclass(frozen=True)
class ErrorText:
    """Message in two languages; `kind` tells a caller what to do (transient: the same key again, later)."""

    kind: Kind
    en: str
    zh: str


ERRORS: Mapping[str, ErrorText] = {
    # the edge: nothing was changed, nothing is remembered
    "DEADLINE_PASSED": ErrorText("transient", "The deadline of the call had passed.", "调用已超过时限。"),
    "FORBIDDEN": ErrorText("denied", "The caller's roles do not allow this method.", "当前角色无权调用此方法。"),
    "IDEMPOTENCY_CONFLICT": ErrorText(
        "conflict", "This key was used with another body.", "该幂等键已用于内容不同的请求。"
    ),
    "INTERNAL": ErrorText("fault", "A defect on our side; it is kept for analysis.", "系统内部错误，已留存待查。"),
    "INVALID": ErrorText("invalid", "A field is missing, wrong or too large.", "字段缺失、错误或超限。"),
    "KEY_REQUIRED": ErrorText("invalid", "A command needs an idempotency key.", "命令必须带幂等键。"),
    "METHOD_UNKNOWN": ErrorText("invalid", "There is no such method.", "没有这个方法。"),
    "NOT_OWNER": ErrorText("denied", "The caller may act for its own organisation only.", "只能办理本单位的事项。"),
    "PROGRAMME_MISMATCH": ErrorText("denied", "The token is for another programme.", "令牌不属于该计划。"),
    "TOO_LARGE": ErrorText("invalid", "The message or list is too large.", "消息或列表过大。"),
    "UNAUTHENTICATED": ErrorText("denied", "The token is missing, wrong or expired.", "令牌缺失、无效或已过期。"),
    "UNAVAILABLE": ErrorText(
        "transient", "Not possible just now; send the same key again.", "暂不可用，请用同一幂等键重试。"
    ),
    # everywhere
    "ALREADY_EXISTS": ErrorText("conflict", "This id exists with another content.", "该编号已存在且内容不同。"),
    "BLACKLISTED": ErrorText(
        "refused",
        "The party is on the blacklist, or barred while a case against it runs.",
        "该主体已列入黑名单，或在案件办理期间暂停办理。",
    ),
    "CALENDAR_UNKNOWN": ErrorText(
        "refused", "Working days of that year are not known; supply a table.", "该年度工作日历未知，请提供日历表。"
    ),
    "REGION_MISMATCH": ErrorText(
        "denied",
        "The office is not that of the party's or fund's own region.",
        "不是该主体所在地或该资金所属地的部门。",
    ),
    "RULE_ABSENT": ErrorText("refused", "The programme has no such rule.", "该计划没有此项规定。"),
    "STAGE_MISMATCH": ErrorText("refused", "It is another stage's turn.", "当前不在该审核环节。"),
    "NOT_YET_KNOWN": ErrorText(
        "transient",
        "News of that record has not arrived here yet; send the same key again.",
        "该记录尚未同步，请稍后用同一幂等键重试。",
    ),
    "NOT_FOUND": ErrorText("refused", "There is no such record.", "没有这条记录。"),
    "PROGRAMME_UNKNOWN": ErrorText("invalid", "There is no such programme in force.", "没有这个计划或不在有效期内。"),
    "SAME_PERSON": ErrorText("refused", "Two stages need two different people.", "两个环节须由不同人员办理。"),
    "WRONG_STATE": ErrorText("refused", "The record's state does not allow this.", "当前状态不允许此操作。"),
    # supervision: what must not happen
    "ALREADY_REPORTED": ErrorText("refused", "That period has been reported already.", "该期间已报送。"),
    "EVALUATION_MISSING": ErrorText(
        "refused", "A region has no evaluation of that year.", "有地区缺少该年度考核结果。"
    ),
    "TARGETS_EXCEEDED": ErrorText(
        "refused", "The counties' targets would add up to more than the city's.", "各县目标之和超过所属市的目标。"
    ),
    "HEARING_OPEN": ErrorText(
        "refused", "The party has neither spoken nor waived, and still may.", "陈述申辩期未满，当事人尚未陈述或放弃。"
    ),
    "CASE_OPEN": ErrorText(
        "refused", "A case of this kind runs against the party already.", "该主体已有同类案件正在办理。"
    ),
    "ALREADY_LISTED": ErrorText("refused", "The party is on the blacklist already.", "该主体已在黑名单中。"),
    "EFFECT_IN_PAST": ErrorText("refused", "It cannot take effect in the past.", "生效时间不能早于当前时间。"),
    # registry: who may take part, and with what
    "BATCH_MISSING": ErrorText(
        "refused", "Providers are chosen in batches: the batch is not named.", "云服务商分批次遴选，须注明批次。"
    ),
    "CHUNK_OUT_OF_ORDER": ErrorText(
        "refused", "Another part of the document is expected next.", "文件分片顺序不符，请从应传位置继续。"
    ),
    "DOCUMENT_CORRUPT": ErrorText(
        "refused", "What was received does not have the stated digest; send it again.", "文件校验值不符，请重新上传。"
    ),
    "DOCUMENT_MISSING": ErrorText("refused", "A required document is missing.", "缺少规定的材料。"),
    "DOCUMENT_TYPE": ErrorText("refused", "The document is not of the stated type.", "文件类型与声明不符。"),
    "DUPLICATE": ErrorText("refused", "The same code stands in an earlier row.", "与前面的行重复。"),
    "KIND_NOT_IN_CATEGORY": ErrorText("refused", "The category has no such kind of service.", "该类别不含此种服务。"),
    "NO_TAX_RECORD": ErrorText("refused", "There is no record of tax paid.", "没有缴纳税收记录。"),
    "PROVIDER_NOT_ADMITTED": ErrorText("refused", "The provider has not been admitted.", "云服务商尚未获得认定。"),
    "ROW_MALFORMED": ErrorText(
        "invalid", "The row does not have as many cells as the header.", "该行的列数与表头不符。"
    ),
    "USCC_INVALID": ErrorText(
        "refused", "The unified social credit code fails its check.", "统一社会信用代码校验不通过。"
    ),
    # claims, disbursements and payments
    "AWAITING_SUPERVISION": ErrorText(
        "transient",
        "Supervision has not yet spoken on this version of the claim; silence is no clearance.",
        "监督环节尚未对本次兑现申请作出结论，请稍后重试。",
    ),
    "CLAIM_MISMATCH": ErrorText(
        "refused",
        "Order, invoice, contract, transfer and usage do not agree; the findings say where.",
        "订单、发票、合同、转账信息与使用情况不一致，详见核对结果。",
    ),
    "FROZEN_MISMATCH": ErrorText(
        "refused", "This is not what was approved: the frozen hash differs.", "与审核时冻结的内容不一致。"
    ),
    "HELD_BY_SUPERVISION": ErrorText(
        "refused",
        "Supervision holds the claim until its alerts are resolved.",
        "该申请存在异常预警，处置前不得通过。",
    ),
    "INVOICE_ALREADY_CLAIMED": ErrorText("refused", "The invoice stands in another claim.", "该发票已用于其他申请。"),
    "MATERIAL_MISSING": ErrorText("refused", "A required material is missing.", "缺少规定的兑现材料。"),
    "DEDUCTION_TOO_LARGE": ErrorText("refused", "More is taken off than was claimed.", "扣减金额超过申请金额。"),
    "NODE_EXISTS": ErrorText(
        "refused", "Claims are taken once a year, and that year has its date.", "每年集中受理一次，该年度节点已公布。"
    ),
    "NOT_THE_FILER": ErrorText("refused", "The programme has another party file this.", "该计划规定由其他主体申请。"),
    "NOTHING_TO_PUBLISH": ErrorText("refused", "There is no passed claim to publish.", "没有可公示的兑现申请。"),
    "SCORE_MISSING": ErrorText("refused", "A score that the rules ask for is missing.", "缺少规定的评分或评价结果。"),
    "SCORE_TOO_LOW": ErrorText("refused", "The score is below the pass mark.", "评分或评价结果未达到要求。"),
    "USAGE_NOT_RECORDED": ErrorText(
        "refused", "The use claimed was not recorded while it was used.", "使用过程未登记记录。"
    ),
    "NODE_IN_PAST": ErrorText("refused", "A node closes in the future.", "兑现节点须晚于当前时间。"),
    "NOTHING_TO_CLAIM": ErrorText("refused", "No support was used in this order.", "该订单没有财政补助金额。"),
    "NOTHING_TO_DISBURSE": ErrorText("refused", "There is no passed claim to disburse.", "没有审核通过的兑现申请。"),
    "NOTHING_TO_PAY": ErrorText("refused", "There is no approved disbursement to pay.", "没有已批准的拨付申请。"),
    "ORDER_NOT_CONFIRMED": ErrorText("refused", "The order is not a confirmed one.", "订单不处于已确认状态。"),
    "ORDER_OF_ANOTHER": ErrorText("refused", "The order is another provider's.", "该订单属于其他云服务商。"),
    "QUESTION_OPEN": ErrorText("refused", "A question on the claim awaits its answer.", "该兑现申请有问题尚待回复。"),
    "REASON_MISSING": ErrorText("refused", "A return or refusal needs its reason.", "退回或不予通过须说明理由。"),
    "REFUND_PENDING": ErrorText("refused", "A refund of the order has been asked for.", "该订单已申请退款，尚待答复。"),
    "RESULT_MISMATCH": ErrorText(
        "refused", "The bank's result is for another amount than was sent.", "银行回单金额与拨付金额不一致。"
    ),
    "AUDIT_PENDING": ErrorText(
        "refused", "The audit sample of its node is not over for this claim.", "该节点的审计抽样对本申请尚未结束。"
    ),
    "CONFLICT_OF_INTEREST": ErrorText(
        "refused", "The reviewer belongs to a party of this claim.", "评审人员与该申请的当事方存在利害关系。"
    ),
    "TAKEN_BY_ANOTHER": ErrorText("refused", "Another reviewer has taken it.", "已由其他审核人员领取。"),
    "LINE_UNKNOWN": ErrorText(
        "refused", "The invoice has no such line, or not so much in it.", "发票没有该行，或金额超过该行。"
    ),
    "LEAVE_DATES": ErrorText(
        "refused",
        "A leave ends on or after its first day, not in the past, and within 92 days.",
        "请假止日不得早于起日或早于今天，也不得晚于今天起92天。",
    ),
    "SAMPLE_TOO_LATE": ErrorText(
        "refused", "A sample is committed before its node closes.", "抽样承诺须在节点截止之前作出。"
    ),
    "SEED_MISMATCH": ErrorText("refused", "This seed does not have the published hash.", "种子与已公布的哈希值不符。"),
    "SAMPLE_OPEN": ErrorText("refused", "Drawn claims are still to be audited.", "仍有抽中的申请未完成审计。"),
    "SIGNATURE_INVALID": ErrorText("refused", "The signature does not verify.", "签名校验不通过。"),
    "FILE_MALFORMED": ErrorText(
        "invalid", "The file cannot be read; facts give the rows and why.", "文件无法读取，详见各行原因。"
    ),
    "FILE_FOREIGN": ErrorText(
        "refused", "The file is of another batch, account or currency.", "文件属于其他批次、账户或币种。"
    ),
    "FILE_INCOMPLETE": ErrorText("refused", "The file was not uploaded whole.", "文件尚未完整上传。"),
    "PAYER_UNKNOWN": ErrorText("refused", "No paying account is set for this fund.", "未配置该资金来源的付款账户。"),
    "RECEIVABLE_TOO_LARGE": ErrorText(
        "refused", "More than was paid, or than is still owed.", "金额超过已拨付或尚欠金额。"
    ),
    "INSTALMENTS_MISMATCH": ErrorText(
        "refused", "The instalments are not what is owed, in order of their days.", "分期金额或日期与尚欠金额不符。"
    ),
    "REFERENCE_USED": ErrorText("refused", "Money with this reference was recorded before.", "该流水号已登记。"),
    "WIND_DOWN_PENDING": ErrorText(
        "refused", "The provider left; its claim is to be settled or voided first.", "云服务商已退出，须先作清算处理。"
    ),
    # voucher
    "CORRECTION_NOT_ALLOWED": ErrorText(
        "refused", "That entry cannot be taken on to that account.", "该分录不能更正到该账户。"
    ),
    "STATEMENT_MISMATCH": ErrorText("refused", "The year's statement is another by now.", "年度报表内容已变化。"),
    "YEAR_OPEN": ErrorText("refused", "The year has not been closed.", "该年度尚未结账。"),
    "AGREEMENT_REQUIRED": ErrorText(
        "refused", "The transaction agreement must be read and accepted.", "须阅读并确认交易协议。"
    ),
    "CLAIMED_BY_ANOTHER": ErrorText("refused", "Another claim holds the order.", "该订单已由另一兑现申请占用。"),
    "NO_PLAN": ErrorText(
        "refused", "No issuance plan is published and open for that year.", "该年度没有已公示且已开放的发放计划。"
    ),
    "NO_QUOTA": ErrorText("refused", "This programme grants no yearly quota.", "该计划不设年度额度。"),
    "CONTENT_COUNTED": ErrorText(
        "refused", "The same content has been supported this year already.", "同一内容本年度已获补助，不重复计算。"
    ),
    "DENOMINATIONS_MISSING": ErrorText(
        "refused", "The plan states no denominations and counts.", "发放计划缺少券的规格和数量。"
    ),
    "DENOMINATIONS_EXHAUSTED": ErrorText(
        "refused", "The plan has no voucher left that is large enough.", "发放计划中足额规格的券已发完。"
    ),
    "FILING_EXISTS": ErrorText(
        "refused", "The enterprise has a filing of that track or category already.", "该企业在该方向或类别已有备案。"
    ),
    "FILING_MISSING": ErrorText("refused", "The enterprise has no filing that is open.", "企业没有已完成的备案。"),
    "FUNDS_MISMATCH": ErrorText(
        "refused", "The parts of the money do not add up to the budget.", "各级资金之和与预算不一致。"
    ),
    "INTAKE_NOT_REACHED": ErrorText("refused", "It is taken after its day of the month.", "未到当月受理时间。"),
    "MATCHING_MISSING": ErrorText("refused", "The locality's matching funds are too small.", "市县配套资金不足。"),
    "PROJECTS_EXHAUSTED": ErrorText(
        "refused",
        "The track supports no further project of the enterprise this year.",
        "该方向本年度可支持项目数已满。",
    ),
    "NOT_CERTIFIED": ErrorText("refused", "The enterprise is not certified.", "该企业尚未通过认证。"),
    "NOT_VOUCHER_ELIGIBLE": ErrorText("refused", "No voucher may be spent on this product.", "该产品不在补助范围内。"),
    "PLAN_DATES": ErrorText(
        "refused",
        "The plan's first day is not in its year, or the year is over.",
        "开放日期不在计划年度内或年度已结束。",
    ),
    "PLAN_EXISTS": ErrorText("refused", "There is a plan for that programme and year.", "该计划年度已有发放计划。"),
    "PLAN_MISMATCH": ErrorText("refused", "What was configured differs from the plan.", "配置内容与发放计划不一致。"),
    "PRODUCT_NOT_AVAILABLE": ErrorText("refused", "The product is not on the shelf.", "该产品未上架或已下架。"),
    "PROVIDER_NOT_AVAILABLE": ErrorText("refused", "The provider takes no new orders.", "该云服务商不能接受新订单。"),
    # what an enterprise is refused support for; their order is that of a quote
    "DELEGATED_RULE_MISSING": ErrorText(
        "refused",
        "The document leaves this rule to others, and no overlay fills it.",
        "该规定由文件授权另行制定，尚未提供。",
    ),
    "OUT_OF_PERIOD": ErrorText("refused", "The programme is not in force on that day.", "当日不在计划有效期内。"),
    "NOT_REGISTERED_IN_REGION": ErrorText("refused", "Not registered in the region.", "未在本区域注册登记。"),
    "NOT_TAXED_IN_REGION": ErrorText("refused", "Not registered for tax in the region.", "未在本区域办理税务登记。"),
    "REGISTERED_TOO_RECENTLY": ErrorText("refused", "Not registered for long enough.", "注册登记时间不足。"),
    "NOT_A_LEGAL_PERSON": ErrorText("refused", "Not a legal person.", "不具有独立法人资格。"),
    "VIOLATION": ErrorText("refused", "There is a violation of law on record.", "有违法记录。"),
    "BAD_CREDIT": ErrorText("refused", "There is bad credit on record.", "有不良信用记录。"),
    "INDUSTRY_NOT_COVERED": ErrorText(
        "refused", "The programme or track is not for this industry.", "所属行业不在支持范围。"
    ),
    "SIZE_NOT_COVERED": ErrorText(
        "refused", "The programme is not for enterprises of this size.", "企业规模不在支持范围。"
    ),
    "AFFILIATED_WITH_PROVIDER": ErrorText(
        "refused", "Enterprise and provider are tied to each other.", "与云服务商存在关联关系。"
    ),
    "YEARS_EXHAUSTED": ErrorText("refused", "Supported for as many years as the programme allows.", "补贴年限已用完。"),
    "PRICE_ABOVE_MARKET": ErrorText("refused", "The price is above the market's.", "价格高于市场价格。"),
    "REQUEST_ABOVE_RATE": ErrorText("refused", "More was asked for than the rate allows.", "申请金额超过支持比例。"),
    "QUOTA_EXHAUSTED": ErrorText("refused", "Nothing is left of the year's quota.", "本年度额度已用完。"),
    "QUOTA_EXCEEDED": ErrorText(
        "refused", "More was asked for than is left of the year's quota.", "申请金额超过本年度剩余额度。"
    ),
    "BUDGET_EXHAUSTED": ErrorText("refused", "The programme's money is used up.", "计划资金已用完。"),
    "BUDGET_EXCEEDED": ErrorText(
        "refused", "More was asked for than the programme has left.", "申请金额超过计划剩余资金。"
    ),
    "FACT_MISSING": ErrorText("invalid", "A fact that the decision needs was not given.", "缺少决定所需的事实。"),
    "FACT_INVALID": ErrorText("invalid", "A fact that the decision needs cannot be read.", "决定所需的事实无法读取。"),
}
