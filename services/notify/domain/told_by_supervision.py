"""Who hears of what supervision says: alerts, complaints, the blacklist, regions, assessments."""

from __future__ import annotations

from services.notify.domain.recipients import Condition, Office, Party, Person, Route, Said, Staff, Turn

ENTERPRISE, PROVIDER, PARTY = Party("enterprise_id"), Party("provider_id"), Party("party_id")
OPERATOR, BUREAU, PREFECTURE = Staff("operator"), Staff("bureau"), Staff("prefecture")
FINANCE, SUPERVISOR = Staff("finance"), Staff("supervisor")
AUDITOR, OPS = Staff("auditor"), Staff("ops")
FIRST, REVIEWERS = Office("reviews.claim.first"), Office("reviews.claim.*")
_LISTED = ("exit.blacklist", "supervision.dishonesty_list", "supervision.fraud")
_CITIES = "assessments.*?of=city"

_OF_BOOKS = Condition("alert", ("RECONCILIATION_DIFFERENCE",))
_OF_EVIDENCE = Condition("alert", ("EVIDENCE_BROKEN",))
_OF_PARTIES = Condition("alert", ("RECONCILIATION_DIFFERENCE", "EVIDENCE_BROKEN"), holds=False)

CASES = (
    Route(
        event="supervision.claim_held.v1", template="claim_held", to=(PROVIDER, FIRST),
        says=Said("{claim}申请须进一步核查", "A claim is held for inquiry"),
        do=Said("核查结束前暂停办理，结果另行通知。", "It waits until the inquiry ends; the outcome will be told."),
        rules=("supervision.hold",),
    ),
    Route(
        event="supervision.claim_rejected.v1", template="claim_rejected", to=(REVIEWERS,),
        says=Said("{claim}申请核查不通过", "A claim was rejected on inquiry"), rules=("supervision.fraud",),
        then=("supervision.fraud",),
    ),
    Route(
        event="supervision.alert_raised.v1", template="books_differ", to=(SUPERVISOR, AUDITOR, OPS),
        when=(_OF_BOOKS,),
        says=Said("对账发现差异", "The books differ"),
        do=Said("请立即核查差异及所列记录。", "Please look into the difference and its rows at once."), graded=True,
    ),
    Route(
        event="supervision.alert_raised.v1", template="evidence_broken", to=(SUPERVISOR, AUDITOR, OPS),
        when=(_OF_EVIDENCE,),
        says=Said("存证日志校验不通过", "The evidence log does not verify"),
        do=Said("请勿改动数据库，保存副本，立即核查。", "Change nothing, keep a copy of the database, look into it."),
        graded=True,
    ),
    Route(
        event="supervision.alert_raised.v1", template="alert_raised", to=(SUPERVISOR,),
        when=(_OF_PARTIES,),
        says=Said("发现异常", "An alert was raised"), do=Said("请核查处置。", "Please look into it."),
        rules=("supervision.hold",), graded=True,
    ),
    Route(
        event="supervision.alert_repeated.v1", template="alert_graver", to=(SUPERVISOR,),
        when=(Condition("graver", (True,)),),
        says=Said("异常预警等级升高", "An alert became graver"), do=Said("请核查处置。", "Please look into it."),
        rules=("supervision.hold",), graded=True,
    ),
    Route(
        event="supervision.alert_assigned.v1", template="alert_assigned", to=(Person("supervisor", "assigned_to"),),
        says=Said("异常预警已交您办理", "An alert was assigned to you"),
        do=Said("请在期限内核查处置。", "Please resolve it in time."), rules=("supervision.alert_deadline",),
    ),
    Route(
        event="supervision.alert_escalated.v1", template="alert_escalated", to=(Turn("escalated_to"), SUPERVISOR),
        says=Said("异常预警逾期未处置", "An alert is late"), do=Said("请督促处置。", "Please see that it is resolved."),
        rules=("supervision.alert_deadline",),
    ),
    Route(
        event="supervision.alert_resolved.v1", template="alert_resolved", to=(SUPERVISOR, FIRST),
        says=Said("异常已处置", "An alert was resolved"), rules=("supervision.hold",), graded=True,
    ),
    Route(
        event="supervision.complaint_filed.v1", template="complaint_filed", to=(OPERATOR, PROVIDER),
        says=Said("企业投诉云服务商", "An enterprise complains about a provider"), rules=("supervision.complaints",),
        then=("supervision.complaints",),
    ),
    Route(
        event="supervision.complaint_reopened.v1", template="complaint_reopened", to=(OPERATOR, PROVIDER),
        says=Said("企业对答复不满意，重提投诉", "An enterprise reopens its complaint"),
        rules=("supervision.complaints",), then=("supervision.complaints",),
    ),
    Route(
        event="supervision.complaint_overdue.v1", template="complaint_overdue", to=(Turn("escalated_to"), OPERATOR),
        says=Said("投诉逾期未答复", "A complaint is late for its answer"), rules=("supervision.complaints",),
        do=Said("请督促答复。", "Please see that it is answered."),
    ),
    Route(
        event="supervision.complaint_answered.v1", template="complaint_answered", to=(ENTERPRISE,),
        says=Said("投诉已答复", "A complaint was answered"), rules=("supervision.complaints",),
    ),
    Route(
        event="supervision.case_opened.v1", template="case_opened", to=(PARTY, SUPERVISOR, BUREAU),
        says=Said("已立案，当事人可陈述申辩", "A case was opened; the party may speak"),
        do=Said("请在期限内陈述申辩，或声明放弃。", "Please speak in time, or waive."),
        rules=("supervision.hearing",), then=_LISTED,
    ),
    Route(
        event="supervision.case_stated.v1", template="case_stated", to=(SUPERVISOR, BUREAU),
        says=Said("当事人已陈述申辩或放弃", "The party has spoken, or waived"), rules=("supervision.hearing",),
    ),
    Route(
        event="supervision.case_heard.v1", template="case_heard", to=(PARTY, SUPERVISOR, BUREAU),
        says=Said("已举行听证", "A hearing was held"), rules=("supervision.hearing",),
    ),
    Route(
        event="supervision.case_referred.v1", template="case_referred", to=(PARTY, SUPERVISOR, BUREAU),
        says=Said("案件已移送有关机关", "A case was referred to another authority"),
        rules=("exit.blacklist", "supervision.hearing"),
    ),
    Route(
        event="supervision.case_proposed.v1", template="case_proposed", to=(SUPERVISOR, BUREAU),
        says=Said("案件处理意见待另一人决定", "A decision on a case waits for another person"),
        rules=("supervision.hearing",),
    ),
    Route(
        event="supervision.case_decided.v1", template="case_decided", to=(PARTY, OPERATOR, BUREAU),
        says=Said("案件已作出决定", "A case was decided"), rules=("supervision.hearing",),
        then=("exit.aftermath", *_LISTED),
    ),
    Route(
        event="supervision.case_appealed.v1", template="case_appealed", to=(SUPERVISOR, BUREAU),
        says=Said("当事人已申诉", "The party appeals"), do=Said("须由另外两人办理。", "Two others decide it."),
        rules=("supervision.hearing",),
    ),
    Route(
        event="supervision.case_closed.v1", template="case_closed", to=(PARTY, OPERATOR, BUREAU),
        says=Said("退出案件已办结", "A forced exit is wound up"), rules=("exit.aftermath",),
    ),
    Route(
        event="supervision.party_suspended.v1", template="party_suspended", to=(PARTY, OPERATOR, BUREAU),
        says=Said("案件办理期间暂停办理", "Barred while a case runs"), rules=("supervision.hearing",), then=_LISTED,
    ),
    Route(
        event="supervision.party_resumed.v1", template="party_resumed", to=(PARTY, OPERATOR, BUREAU),
        says=Said("暂停办理已解除", "No longer barred"), rules=("supervision.hearing",),
    ),
    Route(
        event="supervision.party_blacklisted.v1", template="blacklisted", to=(PARTY, OPERATOR, BUREAU),
        says=Said("已列入失信名单（黑名单）", "Put on the list of the dishonest (blacklist)"),
        rules=_LISTED, then=_LISTED,
    ),
    Route(
        event="supervision.party_removed.v1", template="blacklist_removed", to=(PARTY, OPERATOR, BUREAU),
        says=Said("已移出失信名单（黑名单）", "Removed from the list of the dishonest (blacklist)"), rules=_LISTED,
    ),
)  # fmt: skip

REGIONS = (
    Route(
        event="supervision.target_set.v1", template="target_set", to=(PREFECTURE, BUREAU),
        says=Said("本地区年度目标已下达", "A region's target was set"), rules=("targets.*?measure={measure}", _CITIES),
        then=(_CITIES,),
    ),
    Route(
        event="supervision.progress_reported.v1", template="progress_reported", to=(BUREAU,),
        says=Said("地区已报送进展", "A region reported its progress"), rules=("assessments.*?every=month", _CITIES),
    ),
    Route(
        event="supervision.progress_overdue.v1", template="progress_overdue", to=(PREFECTURE, BUREAU),
        says=Said("月度自评逾期未报", "A month was not reported in time"),
        do=Said("请补报。", "Please report it."), rules=("assessments.*?every=month", _CITIES),
    ),
    Route(
        event="supervision.region_evaluated.v1", template="region_evaluated", to=(PREFECTURE, BUREAU),
        says=Said("地区工作考评结果", "A region was evaluated"), rules=(_CITIES,),
    ),
    Route(
        event="supervision.enterprise_designated.v1", template="enterprise_designated",
        to=(ENTERPRISE, PREFECTURE, BUREAU),
        says=Said("企业获评试点或标杆", "An enterprise was made a pilot or a model"),
        rules=("targets.*?measure={kind}_enterprises", "targets.*?measure={kind}_cases"),
    ),
    Route(
        event="supervision.regions_awarded.v1", template="regions_awarded", to=(PREFECTURE, BUREAU, FINANCE),
        says=Said("综合奖补已分配", "The composite award was shared out"), rules=("region_award",),
        then=("region_award",),
    ),
)  # fmt: skip

_ASSESSED = ("assessments.*?of={of}",)
_TO_MEND, _TO_EXIT = Condition("consequence", ("mend", "suspend")), Condition("consequence", ("exit",))
_NO_MORE = Condition("consequence", ("award", "none"))

ASSESSMENTS = (
    Route(
        event="supervision.assessment_concluded.v1", template="assessment_concluded", to=(Party("subject_id"), BUREAU),
        when=(_NO_MORE,),
        says=Said("考核评估已有结果", "An assessment was concluded"), rules=_ASSESSED, then=_ASSESSED,
    ),
    Route(
        event="supervision.assessment_concluded.v1", template="assessment_to_mend", to=(Party("subject_id"), BUREAU),
        when=(_TO_MEND,),
        says=Said("考核评估已有结果", "An assessment was concluded"),
        do=Said("须完成整改，并由主管部门确认。", "Faults are to be mended, and the bureau confirms that they are."),
        rules=_ASSESSED, then=_ASSESSED,
    ),
    Route(
        event="supervision.assessment_concluded.v1", template="assessment_failed", to=(Party("subject_id"),),
        when=(_TO_EXIT,),
        says=Said("考核评估已有结果", "An assessment was concluded"), rules=_ASSESSED, then=_ASSESSED,
    ),
    Route(
        event="supervision.assessment_concluded.v1", template="assessment_to_exit", to=(BUREAU, SUPERVISOR),
        when=(_TO_EXIT,),
        says=Said("考核评估已有结果", "An assessment was concluded"),
        do=Said("请启动强制退出，以本次考核为依据。", "Please open a forced exit, with this assessment as evidence."),
        rules=_ASSESSED, then=_ASSESSED,
    ),
    Route(
        event="supervision.assessment_mended.v1", template="assessment_mended", to=(Party("subject_id"), BUREAU),
        says=Said("整改已确认完成", "Faults are confirmed to be mended"), rules=_ASSESSED,
    ),
    Route(
        event="supervision.assessment_overdue.v1", template="assessment_overdue", to=(Party("subject_id"), BUREAU),
        says=Said("整改逾期未完成", "Faults were not mended in time"), rules=_ASSESSED,
        do=Said("请立即整改；主管部门可依规定处理。", "Please mend them at once; the bureau may act by its rules."),
    ),
    Route(
        event="supervision.enterprise_evaluated.v1", template="enterprise_evaluated", to=(ENTERPRISE, PROVIDER),
        when=(Condition("status", ("evaluated",)),),
        says=Said("企业上云已有评价结果", "An enterprise's move to the cloud was evaluated"),
        rules=("assessments.*?of=enterprise",), then=("assessments.*?of=enterprise",),
    ),
)  # fmt: skip

ROUTES = CASES + REGIONS + ASSESSMENTS
