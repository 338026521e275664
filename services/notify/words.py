"""What codes are called before people, in Chinese and English: templates and the public board speak these words."""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, Mapping[str, str]]

ZH: Words = {
    "ground": {
        "law_breach": "严重违反法律法规并受到查处",
        "public_morals": "严重违反社会公德",
        "refusal_or_fraud": "拒不提供服务、虚假服务、套取资金或造成重大损失",
        "insolvency": "破产、停业、倒闭或列入清算",
        "measures_not_mended": "违反管理办法且逾期未整改",
        "crime": "情节严重，涉嫌犯罪",
        "fraud": "弄虚作假、骗取补助资金",
        "overpaid": "多付",
        "paid_twice": "重复支付",
        "not_eligible": "不符合支持条件",
        "service_failed": "服务未完成",
        "audit_finding": "审计发现",
        "exit_losses": "退出造成的损失",
        "other": "其他",
    },
    "severity": {"high": "高", "medium": "中", "low": "低"},
    "alert": {
        "AFFILIATED_PARTIES": "企业与云服务商疑似存在关联关系",
        "INVOICE_REUSED": "发票疑似重复使用",
        "PRICE_OUTLIER": "价格明显偏离同类",
        "rejected": "经监督核查认定存在异常",
    },
    "alert_status": {
        "open": "待处置",
        "acknowledged": "核查中",
        "confirmed": "属实，不予兑现",
        "false_alarm": "排除，解除暂停",
    },
    "hold": {
        "BLACKLISTED": "收款方已列入黑名单",
        "ACCOUNT_CHANGED": "收款账户在批准后有变更",
        "HELD_BY_SUPERVISION": "监管部门尚未放行其中的申请",
        "PRICE_ABOVE_MARKET": "其中申请的成交价已高于市场价格",
    },
    "complaint_outcome": {"resolved": "已解决", "rejected": "不成立", "forwarded": "已转交有关部门处理"},
    "plan_status": {"made": "已制定", "published": "已公示", "closed": "已结束"},
    "provider_status": {"admitted": "服务中", "leaving": "已申请退出"},
    "node_status": {"open": "受理中", "closed": "已截止"},
    "sample_status": {
        "committed": "已承诺",
        "revealed": "已抽取",
        "closing": "推算中",
        "closed": "已结束",
        "abandoned": "已放弃",
    },
    "party_kind": {"enterprise": "上云企业", "provider": "云服务商"},
    "verdict": {"open": "待处置", "acknowledged": "核查中", "confirmed": "属实", "false_alarm": "排除"},
    "level": {"province": "省级", "city": "市级", "county": "县级"},
    "measure": {
        "enterprises": "上云企业数",
        "spending_yuan": "上云投入（元）",
        "pilot_enterprises": "试点企业数",
        "model_enterprises": "标杆企业数",
        "model_cases": "标杆案例数",
        "platform_providers": "云平台服务商数",
        "application_providers": "云应用服务商数",
        "training_batches": "培训批次",
    },
    "assessed": {"provider": "云服务商", "enterprise": "上云企业", "effect": "实施成效"},
    "designation": {"pilot": "试点企业", "model": "标杆企业"},
    "voucher_status": {"valid": "有效", "redeemed": "已兑现", "void": "失效"},
    "mark": {"target": "目标", "evaluation": "考评"},
    "notice_outcome": {
        "open": "公示中",
        "objected": "有异议，处理中",
        "upheld": "异议成立",
        "noticed": "期满通过",
        "refused": "未通过",
        "returned": "退回补正",
        "withdrawn": "已撤回",
    },
    "yes_no": {"True": "是", "False": "否"},
}

EN: Words = {
    "ground": {
        "law_breach": "serious breach of law, penalised",
        "public_morals": "serious breach of public morals",
        "refusal_or_fraud": "refusal of service, false service, subsidy taken by fraud, or great loss",
        "insolvency": "bankrupt, closed or in liquidation",
        "measures_not_mended": "breach of the measures, not mended in time",
        "crime": "a serious case, suspected of crime",
        "fraud": "false papers, subsidy taken by fraud",
        "overpaid": "paid too much",
        "paid_twice": "paid twice",
        "not_eligible": "not eligible for support",
        "service_failed": "the service failed",
        "audit_finding": "found by audit",
        "exit_losses": "losses by leaving",
        "other": "other",
    },
    "severity": {"high": "high", "medium": "medium", "low": "low"},
    "alert": {
        "AFFILIATED_PARTIES": "enterprise and provider seem to be tied to each other",
        "INVOICE_REUSED": "an invoice seems to be used twice",
        "PRICE_OUTLIER": "a price far from that of its peers",
        "rejected": "inquiry has confirmed an anomaly",
    },
    "alert_status": {
        "open": "open",
        "acknowledged": "under inquiry",
        "confirmed": "confirmed, not to be redeemed",
        "false_alarm": "unfounded, the claim goes on",
    },
    "hold": {
        "BLACKLISTED": "the payee is on the blacklist",
        "HELD_BY_SUPERVISION": "supervision has not cleared a claim in it",
        "PRICE_ABOVE_MARKET": "the price of a claim in it is above the market's by now",
        "ACCOUNT_CHANGED": "the payee's account changed after approval",
    },
    "complaint_outcome": {
        "resolved": "resolved",
        "rejected": "unfounded",
        "forwarded": "passed on to the authority in charge",
    },
    "plan_status": {"made": "made", "published": "published", "closed": "closed"},
    "provider_status": {"admitted": "in service", "leaving": "has given notice"},
    "node_status": {"open": "open", "closed": "closed"},
    "sample_status": {
        "committed": "committed",
        "revealed": "drawn",
        "closing": "being carried to the rest",
        "closed": "closed",
        "abandoned": "abandoned",
    },
    "party_kind": {"enterprise": "enterprise", "provider": "provider"},
    "verdict": {"open": "open", "acknowledged": "under inquiry", "confirmed": "confirmed", "false_alarm": "unfounded"},
    "level": {"province": "province", "city": "city", "county": "county"},
    "measure": {
        "enterprises": "enterprises on the cloud",
        "spending_yuan": "spent on the cloud, in yuan",
        "pilot_enterprises": "pilot enterprises",
        "model_enterprises": "model enterprises",
        "model_cases": "model cases",
        "platform_providers": "platform providers",
        "application_providers": "application providers",
        "training_batches": "batches of training",
    },
    "assessed": {"provider": "provider", "enterprise": "enterprise", "effect": "effect"},
    "designation": {"pilot": "pilot", "model": "model"},
    "voucher_status": {"valid": "valid", "redeemed": "redeemed", "void": "void"},
    "mark": {"target": "target", "evaluation": "evaluation"},
    "notice_outcome": {
        "open": "on notice",
        "objected": "objected to, not decided yet",
        "upheld": "objection upheld",
        "noticed": "ran out, nothing stands against it",
        "refused": "refused",
        "returned": "returned for correction",
        "withdrawn": "withdrawn",
    },
    "yes_no": {"True": "yes", "False": "no"},
}

WORDS: Mapping[str, Words] = {"zh": ZH, "en": EN}


def word(language: str, kind: str, code: object) -> str:
    """The word for a code; a code newer than this table stands for itself."""
    return WORDS[language][kind].get(str(code), str(code))
