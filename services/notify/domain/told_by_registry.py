"""Who hears of what registry says: certification, admission, exit, products."""

from __future__ import annotations

from services.notify.domain.recipients import Condition, Office, Party, Route, Said, Staff

PARTY, PROVIDER = Party("party_id"), Party("provider_id")
OPERATOR, BUREAU = Staff("operator"), Staff("bureau")
_CERTIFICATION = "registry.certification_decided.v1"
_EXITED = "registry.provider_exited.v1"
_PRODUCT = "registry.product_reviewed.v1"


def _decided(word: str) -> tuple[Condition, ...]:
    return (Condition("decision", (word,)),)


def _status(word: str) -> tuple[Condition, ...]:
    return (Condition("status", (word,)),)


ROUTES = (
    Route(
        event="registry.certification_reviewed.v1", template="certification_reviewed", to=(PARTY,),
        says=Said("认证材料已通过一个环节的审核", "Certification passed a stage of its review"),
        rules=("reviews.{party_kind}_certification.{stage}",),
        then=("reviews.{party_kind}_certification.after:{stage}",),
    ),
    Route(
        event="registry.certification_reviewed.v1", template="certification_to_review",
        to=(Office("reviews.{party_kind}_certification.after:{stage}"),),
        says=Said("有认证材料待审核", "A certification waits for review"),
        rules=("reviews.{party_kind}_certification.after:{stage}",),
    ),
    Route(
        event=_CERTIFICATION, template="certification_approved", to=(PARTY,), when=_decided("approve"),
        says=Said("认证已通过", "Certification approved"),
        rules=("reviews.{party_kind}_certification.{stage}",), then=("reviews.{party_kind}_admission.first",),
    ),
    Route(
        event=_CERTIFICATION, template="certification_returned", to=(PARTY,), when=_decided("return"),
        says=Said("认证材料被退回", "Certification papers sent back"),
        do=Said("请按下列理由更正后重新提交。", "Please correct what is named below and hand in again."),
        rules=("reviews.{party_kind}_certification.{stage}",), then=("certification.{party_kind}",),
    ),
    Route(
        event=_CERTIFICATION, template="certification_refused", to=(PARTY,), when=_decided("refuse"),
        says=Said("认证未通过", "Certification refused"),
        rules=("reviews.{party_kind}_certification.{stage}",),
    ),
    Route(
        event="registry.provider_certified.v1", template="provider_to_admit",
        to=(Office("reviews.provider_admission.first"),),
        says=Said("云服务商待认定", "A provider waits for admission"),
        rules=("reviews.provider_admission.first", "products.catalogue"), then=("reviews.provider_admission.first",),
    ),
    Route(
        event="registry.provider_nominated.v1", template="provider_nominated", to=(PROVIDER,),
        says=Said("云服务商认定已通过一个环节", "Admission passed a stage"),
        rules=("reviews.provider_admission.first",), then=("reviews.provider_admission.later",),
    ),
    Route(
        event="registry.provider_nominated.v1", template="provider_to_recognise",
        to=(Office("reviews.provider_admission.later"),),
        says=Said("有申报的云服务商待认定", "A nominated provider waits for admission"),
        rules=("reviews.provider_admission.later",), then=("reviews.provider_admission.later",),
    ),
    Route(
        event="registry.provider_admitted.v1", template="provider_admitted", to=(PROVIDER,),
        says=Said("已认定为云服务商", "Admitted as a provider"),
        do=Said("现在可以提交云服务产品。", "Products may be handed in now."),
        rules=("reviews.provider_admission.last", "products.catalogue"),
        then=("products.listing", "products.price_not_above_market"),
    ),
    Route(
        event="registry.provider_refused.v1", template="provider_refused", to=(PROVIDER,),
        says=Said("未被认定为云服务商", "Not admitted as a provider"),
        rules=("reviews.provider_admission.last", "products.catalogue"), not_by="reviews.provider_certification.*",
    ),
    Route(
        event="registry.provider_suspended.v1", template="provider_suspended", to=(PROVIDER, OPERATOR),
        says=Said("云服务商暂停接受新订单", "A provider takes no new orders for now"),
        do=Said("已有订单照常履行。", "Running orders go on."), rules=("assessments.*?of=provider",),
    ),
    Route(
        event="registry.provider_reinstated.v1", template="provider_reinstated", to=(PROVIDER, OPERATOR),
        says=Said("云服务商恢复接受新订单", "A provider takes new orders again"), rules=("assessments.*?of=provider",),
    ),
    Route(
        event="registry.provider_exit_noticed.v1", template="exit_noticed", to=(PROVIDER, OPERATOR, BUREAU),
        says=Said("云服务商申请退出", "A provider gave notice of exit"),
        rules=("exit.voluntary",), then=("exit.voluntary",),
    ),
    Route(
        event=_EXITED, template="exited", to=(PROVIDER, OPERATOR, BUREAU), when=(Condition("ground", (None,)),),
        says=Said("云服务商已退出", "A provider has left"), rules=("exit.voluntary",), then=("exit.aftermath",),
    ),
    Route(
        event=_EXITED, template="exit_forced", to=(PROVIDER, OPERATOR, BUREAU),
        when=(Condition("ground", (None,), holds=False),),
        says=Said("云服务商被强制退出", "A provider was made to leave"),
        rules=("exit.aftermath",), then=("exit.aftermath",),
    ),
    Route(
        event="registry.product_submitted.v1", template="product_submitted",
        to=(PROVIDER, Office("reviews.product.first")), needs="reviews.product.first",
        says=Said("产品已提交审核", "A product was handed in for review"),
        rules=("products.listing", "reviews.product.first"), then=("reviews.product.first",),
    ),
    Route(
        event=_PRODUCT, template="product_passed", to=(PROVIDER, Office("reviews.product.later")),
        when=_status("in_review"), says=Said("产品已通过初审", "A product passed the first review"),
        rules=("reviews.product.first",), then=("reviews.product.later",),
    ),
    Route(
        event=_PRODUCT, template="product_returned", to=(PROVIDER,), when=_status("returned"),
        says=Said("产品被退回", "A product was sent back"),
        do=Said("更正后可重新提交。", "It may be corrected and handed in again."), rules=("reviews.product.first",),
    ),
    Route(
        event=_PRODUCT, template="product_refused", to=(PROVIDER,), when=_status("refused"),
        says=Said("产品未通过审核", "A product was refused"), rules=("reviews.product.first",),
    ),
    Route(
        event="registry.product_published.v1", template="product_published", to=(PROVIDER,),
        says=Said("产品已发布", "A product was published"),
        rules=("reviews.product.last", "products.listing", "products.catalogue"),
        then=("products.price_not_above_market",),
    ),
    Route(
        event="registry.product_priced.v1", template="product_priced", to=(PROVIDER,),
        says=Said("产品的市场参考价已登记", "A product's market price was recorded"),
        rules=("products.price_not_above_market", "amount.market_price", "claims.price_above_market"),
        then=("products.price_not_above_market", "claims.price_above_market"),
    ),
    Route(
        event="registry.product_delisted.v1", template="product_delisted", to=(PROVIDER,),
        says=Said("产品已下架", "A product was taken off the shelf"),
        rules=("exit.aftermath", "products.listing", "products.catalogue"),
    ),
)  # fmt: skip
