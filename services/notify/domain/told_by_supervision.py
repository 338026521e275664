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

ASSESSMENTS = (
    Route(
        event="supervision.assessment_recorded.v1", template="assessment_recorded", to=(Party("subject_id"), BUREAU),
        says=Said("考核评估已有结果", "An assessment was recorded"), rules=("assessments.*?of={of}",),
        then=("assessments.*?of={of}",),
    ),
)  # fmt: skip

ROUTES = CASES + REGIONS + ASSESSMENTS
