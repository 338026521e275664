"""The table of who hears of what agrees with the contract: no event is left out unknowingly, none is misread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from marshmallow import fields, validate

from contracts.catalogue import EVENTS, consumed_by
from contracts.programmes import Pack, load, load_file, shipped
from contracts.rpc.notify import StaffInbox
from services.notify.domain.notices import notice_id, notices
from services.notify.domain.recipients import Addressee, Condition, Office, Party, Person, Route, Staff, Turn
from services.notify.domain.routes import BY_EVENT, ROUTES, routes_of
from services.notify.domain.rules import rules_at
from services.notify.projections import FEEDS
from tests.unit.notify.examples import ULID, example, situated

PROVIDERS = [f"01J0000000000000000000PRV{number}" for number in range(3)]
SIXTH = load_file(Path(__file__).parents[2] / "e2e" / "sixth" / "yunzhou-2021.v1.toml")
PACKS = {**{code: load(code) for code in shipped().codes()}, SIXTH.code: SIXTH}
CONCLUDED = "supervision.assessment_concluded.v1"
STAFF = set(StaffInbox().fields["role"].validators[0].choices)


def data_of(event: str, pack: Pack, **given: Any) -> dict[str, Any]:
    """An event of the programme that rests on no article of its own."""
    schema = EVENTS[event].schema
    said = {"law": None} if "law" in schema().fields else {}
    return example(schema, full=True, **{**situated(schema, pack), **said, **given})


@pytest.mark.parametrize("route", [pytest.param(route, id=f"{route.event}-{route.template}") for route in ROUTES])
def test_routes_name_what_the_contract_has(route: Route):
    """Lost otherwise: a notice that never comes, for a misspelt event, field, role or rule."""
    schema = EVENTS[route.event].schema()
    assert "notify" in EVENTS[route.event].consumers, "the queue is not bound for it"
    assert "programme" in schema.fields
    data = data_of(route.event, PACKS["guizhou-2018"])
    for recipient in route.to:
        match recipient:
            case Party(field, items):
                assert field in (schema.fields[items].inner.schema.fields if items else schema.fields)
            case Staff(role):
                assert role in STAFF
            case Turn(field):
                assert field in schema.fields
            case Person(role, field):
                assert role in STAFF
                assert field in schema.fields
            case Office(path):
                assert any(rules_at(pack, path, {**data, "stage": "operator"}) for pack in PACKS.values()), path
    for condition in route.when:
        words = [rule for rule in schema.fields[condition.field].validators if isinstance(rule, validate.OneOf)]
        flags = {True, False} if isinstance(schema.fields[condition.field], fields.Boolean) else set()
        assert set(condition.values) <= (set(words[0].choices) if words else flags) | {None}
    assert not route.graded or "severity" in schema.fields
    for path in (*route.rules, *route.then, *filter(None, (route.needs, route.not_by))):
        path.format_map(data)  # a field that the event lacks is a KeyError


def test_each_path_leads_to_a_rule_somewhere():
    """Lost otherwise: a misspelt path, which no programme has, and a notice without its article in all of them."""
    asked = {(route.event, path) for route in ROUTES for path in (*route.rules, *route.then)}
    packs = [*PACKS.values(), load("shandong-2017", overlay="example-shandong-city")]
    stages = {None, *(stage.role for pack in packs for review in pack.reviews.values() for stage in review)}
    data = {event: [(pack, data_of(event, pack)) for pack in packs] for event, _path in asked}
    dead = [
        (event, path)
        for event, path in sorted(asked)
        if not any(
            rules_at(pack, path, example | {"stage": stage, "kind": kind, "party_kind": party})
            for pack, example in data[event]
            for stage in stages
            for kind in ("pilot", "model")
            for party in ("enterprise", "provider")
        )
    ]
    assert dead == []


def test_every_event_that_comes_is_used():
    """Lost otherwise: a step that the contract says notify hears of, and nobody is told and no list changes."""
    assert set(consumed_by("notify")) == set(BY_EVENT) | set(FEEDS)


def test_the_board_s_columns_hold_what_the_contract_allows():
    """Lost otherwise: on PostgreSQL alone, an event whose state is one letter too long, up the ladder and dead."""
    short = []
    for event, feeds in FEEDS.items():
        known = EVENTS[event].schema().fields
        for table, _ in feeds:
            for column in table.columns:
                room, field = getattr(column.type, "length", None), known.get(column.name)
                if room is not None and field is not None and _longest(field) > room:
                    short.append(f"{event}: {table.name}.{column.name}")
    assert short == []


def _longest(field: fields.Field) -> int:
    found = [0]
    for rule in field.validators:
        if isinstance(rule, validate.OneOf):
            found.append(max(len(word) for word in rule.choices))
        if isinstance(rule, validate.Length) and isinstance(field, fields.String):
            found.append(int(rule.max or 0))
    return max(found)


@pytest.mark.parametrize("code", PACKS)
def test_roles_that_are_told_have_a_feed(code: str):
    """Lost otherwise: an office is told in an inbox that the contract lets nobody open."""
    pack = PACKS[code]
    for event in BY_EVENT:
        for notice in notices(event_type=event, data=data_of(event, pack), pack=pack, admitted=[]):
            assert {one.role for one in notice.addressees if one.role} <= STAFF


@pytest.mark.parametrize(
    ("event", "field", "value", "templates"),
    [
        ("registry.certification_decided.v1", "decision", "return", ["certification_returned"]),
        ("registry.provider_exited.v1", "ground", None, ["exited"]),
        ("registry.provider_exited.v1", "ground", "insolvency", ["exit_forced"]),
        ("registry.product_reviewed.v1", "status", "in_review", ["product_passed"]),
        ("registry.product_reviewed.v1", "status", "returned", ["product_returned"]),
        ("voucher.application_received.v1", "status", "waiting", ["application_waiting"]),
        ("voucher.order_placed.v1", "status", "placed", ["order_placed", "order_to_confirm"]),
        ("voucher.order_confirmed.v1", "voucher_number", None, ["order_confirmed"]),
        ("voucher.order_confirmed.v1", "voucher_number", "15-2019-000001", ["voucher_issued"]),
        ("settlement.disbursement_reviewed.v1", "status", "in_review", ["disbursement_passed"]),
        ("settlement.disbursement_reviewed.v1", "status", "refused", ["disbursement_refused"]),
        ("settlement.objection_decided.v1", "status", "upheld", ["objection_upheld"]),
        ("settlement.objection_decided.v1", "status", "dismissed", ["objection_dismissed"]),
        ("settlement.payment_failed.v1", "status", "returned", ["payment_failed"]),
        ("settlement.payment_failed.v1", "status", "unknown", ["payment_unknown"]),
        ("settlement.payment_sent.v1", "status", "sent", []),
    ],
)
def test_the_event_s_state_chooses_the_words(event: str, field: str, value: str | None, templates: list[str]):
    """Lost otherwise: a refused provider reads that it passed."""
    data = example(EVENTS[event].schema, full=True, **{field: value})
    assert [route.template for route in routes_of(event, data)] == templates


FILER, PAYEE, ENTERPRISE, PROVIDER = (f"01J00000000000000000000P{number:02}" for number in range(4))
PEOPLE = {
    "filer_id": FILER, "payee_id": PAYEE, "enterprise_id": ENTERPRISE, "provider_id": PROVIDER, "party_id": ENTERPRISE,
}  # fmt: skip
NAMED = {FILER: "filer", PAYEE: "payee", ENTERPRISE: "enterprise", PROVIDER: "provider"}
GUIZHOU, NEIMENGGU, SHANDONG, SHENYANG, SHANXI, YUNZHOU = (
    "guizhou-2018", "neimenggu-2019", "shandong-2017", "shenyang-2018", "shanxi-2018", "yunzhou-2021",
)  # fmt: skip


@pytest.mark.parametrize(
    ("event", "code", "given", "told"),
    [
        # whose turn it is, by the event's stage
        ("settlement.claim_collected.v1", GUIZHOU, {"stage": "operator"}, "filer provider role:operator"),
        ("settlement.claim_collected.v1", NEIMENGGU, {"stage": "third_party"}, "filer provider role:third_party"),
        ("settlement.claim_collected.v1", SHENYANG, {"stage": "expert"}, "filer provider role:expert"),
        ("settlement.claim_reviewed.v1", SHENYANG, {"stage": "data_bureau"}, "filer provider role:data_bureau"),
        ("settlement.claim_collected.v1", SHANXI, {"stage": None}, "filer provider"),
        # and who sees to it that it is done, each once
        (
            "settlement.review_overdue.v1", GUIZHOU, {"stage": "operator", "escalate_to": "bureau"},
            "role:bureau role:operator",
        ),
        ("settlement.review_overdue.v1", GUIZHOU, {"stage": "bureau", "escalate_to": "bureau"}, "role:bureau"),
        ("voucher.filing_submitted.v1", SHENYANG, {"stage": "district"}, "enterprise role:district"),
        ("voucher.filing_reviewed.v1", SHENYANG, {"stage": "bureau"}, "enterprise role:bureau"),
        ("voucher.filing_submitted.v1", SHANXI, {"stage": "operator"}, "enterprise role:operator"),
        ("voucher.filing_opened.v1", SHENYANG, {}, "enterprise provider"),
        ("settlement.disbursement_filed.v1", GUIZHOU, {"stage": "operator"}, "provider role:operator"),
        ("settlement.disbursement_filed.v1", SHENYANG, {"stage": "bureau", "provider_id": None}, "role:bureau"),
        (
            "settlement.disbursement_reviewed.v1", SHENYANG, {"status": "in_review", "stage": "government"},
            "role:government",
        ),
        # whose step it is, by the pack
        ("voucher.plan_made.v1", GUIZHOU, {}, "role:operator"),
        ("voucher.plan_made.v1", NEIMENGGU, {}, "role:finance"),
        ("voucher.plan_made.v1", YUNZHOU, {}, "role:bureau"),
        ("voucher.plan_published.v1", GUIZHOU, {}, "role:bureau role:operator"),
        ("voucher.year_closed.v1", GUIZHOU, {}, "role:bureau role:finance role:operator"),
        ("voucher.year_signed.v1", GUIZHOU, {}, "role:bureau role:finance"),
        ("voucher.correction_decided.v1", NEIMENGGU, {}, "role:finance"),
        ("registry.provider_certified.v1", GUIZHOU, {}, "role:bureau"),
        ("registry.provider_certified.v1", NEIMENGGU, {}, "role:prefecture"),
        ("registry.provider_certified.v1", SHENYANG, {}, ""),
        ("registry.provider_nominated.v1", NEIMENGGU, {}, "provider role:bureau"),
        ("registry.product_submitted.v1", GUIZHOU, {}, "provider role:operator"),
        ("registry.product_submitted.v1", NEIMENGGU, {}, "provider role:bureau"),
        ("registry.product_submitted.v1", SHENYANG, {}, ""),  # it is published at once, which is told
        ("registry.product_reviewed.v1", GUIZHOU, {"status": "in_review"}, "provider role:bureau"),
        (
            "registry.certification_reviewed.v1", YUNZHOU, {"stage": "operator", "party_kind": "enterprise"},
            "enterprise role:district",
        ),
        (
            "registry.certification_reviewed.v1", YUNZHOU, {"stage": "district", "party_kind": "enterprise"},
            "enterprise role:bureau",
        ),
        ("settlement.question_asked.v1", GUIZHOU, {}, "role:operator"),
        ("settlement.node_closed.v1", GUIZHOU, {}, "role:operator role:bureau"),
        ("settlement.node_closed.v1", NEIMENGGU, {}, "role:third_party role:bureau"),
        ("supervision.claim_held.v1", GUIZHOU, {}, "provider role:operator"),
        ("supervision.claim_held.v1", SHENYANG, {}, "provider role:expert"),
        ("supervision.alert_raised.v1", YUNZHOU, {}, "role:supervisor"),
        (
            "supervision.alert_raised.v1", YUNZHOU, {"alert": "RECONCILIATION_DIFFERENCE"},
            "role:supervisor role:auditor role:ops",
        ),
        (
            "supervision.alert_raised.v1", GUIZHOU, {"alert": "EVIDENCE_BROKEN"},
            "role:supervisor role:auditor role:ops",
        ),
        ("supervision.alert_repeated.v1", GUIZHOU, {"graver": False}, ""),
        ("supervision.alert_repeated.v1", GUIZHOU, {"graver": True}, "role:supervisor"),
        ("supervision.alert_assigned.v1", GUIZHOU, {"assigned_to": "supervisor-9"}, "role:supervisor:supervisor-9"),
        ("supervision.alert_escalated.v1", GUIZHOU, {"escalated_to": "bureau"}, "role:bureau role:supervisor"),
        # who is paid
        ("settlement.claim_paid.v1", GUIZHOU, {}, "filer provider payee enterprise"),
        ("settlement.payment_settled.v1", SHENYANG, {}, "payee"),
        ("settlement.payment_with_district.v1", SHENYANG, {}, "payee role:district"),
        ("settlement.payment_failed.v1", SHENYANG, {"status": "failed"}, "payee role:finance"),
        ("settlement.claim_filed.v1", SHANDONG, {}, "filer provider enterprise"),
        ("settlement.claim_filed.v1", SHANXI, {"filer_id": ENTERPRISE}, "enterprise provider"),
        # regions
        ("supervision.target_set.v1", SHANXI, {}, "role:prefecture role:bureau"),
        ("supervision.progress_reported.v1", SHANXI, {}, "role:bureau"),
        ("supervision.region_evaluated.v1", SHANXI, {}, "role:prefecture role:bureau"),
        (CONCLUDED, GUIZHOU, {"subject_id": PROVIDER, "consequence": "award"}, "provider role:bureau"),
        (CONCLUDED, GUIZHOU, {"subject_id": PROVIDER, "consequence": "suspend"}, "provider role:bureau"),
        (CONCLUDED, GUIZHOU, {"subject_id": PROVIDER, "consequence": "exit"}, "provider role:bureau role:supervisor"),
        (CONCLUDED, SHANXI, {"subject_id": None, "consequence": "none"}, "role:bureau"),
        ("supervision.assessment_overdue.v1", GUIZHOU, {"subject_id": PROVIDER}, "provider role:bureau"),
        ("supervision.enterprise_evaluated.v1", SHANDONG, {"status": "evaluated"}, "enterprise provider"),
        ("supervision.enterprise_evaluated.v1", SHANDONG, {"status": "replaced"}, ""),
        ("registry.provider_suspended.v1", GUIZHOU, {}, "provider role:operator"),
        ("supervision.regions_awarded.v1", SHANDONG, {}, "role:prefecture role:bureau role:finance"),
        ("voucher.order_failed.v1", NEIMENGGU, {}, "enterprise provider"),
        ("voucher.order_covered.v1", NEIMENGGU, {}, "enterprise provider"),
    ],
)  # fmt: skip
def test_who_is_told(event: str, code: str, given: dict[str, Any], told: str):
    """Lost otherwise: an office of one programme is told in another that has none, and whose turn it is never hears."""
    people = {name: party for name, party in PEOPLE.items() if name in EVENTS[event].schema().fields}
    data = data_of(event, PACKS[code], **{**people, **given})
    found = [
        NAMED.get(one.party_id or "", one.label)
        for notice in notices(event_type=event, data=data, pack=PACKS[code], admitted=[])
        for one in notice.addressees
    ]
    assert found == told.split()


def test_all_whose_claims_are_on_notice_are_told_once():
    """Lost otherwise: an enterprise does not learn that it stands on a public list, or learns it ten times."""
    items = [
        {"claim_id": ULID, "provider_id": PROVIDER, "enterprise_id": who, "payable_fen": 1}
        for who in (ENTERPRISE, PAYEE)
    ]
    data = data_of("settlement.notice_published.v1", PACKS[NEIMENGGU], items=[*items, *items])
    [notice] = notices(event_type="settlement.notice_published.v1", data=data, pack=PACKS[NEIMENGGU], admitted=[])
    assert [one.label for one in notice.addressees] == [
        f"party:{PROVIDER}", f"party:{ENTERPRISE}", f"party:{PAYEE}", "role:bureau", "role:finance",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("event", "code", "given", "articles"),
    [
        ("settlement.claim_collected.v1", GUIZHOU, {"stage": "operator"}, ["第二十三条"]),
        ("settlement.claim_collected.v1", SHENYANG, {"stage": "expert"}, ["三(五)2"]),
        ("settlement.payment_settled.v1", GUIZHOU, {}, ["第二十四条"]),
        ("settlement.payment_settled.v1", SHENYANG, {}, ["三(五)2"]),
        ("settlement.payment_settled.v1", YUNZHOU, {}, ["第十五条"]),
        ("voucher.year_closed.v1", GUIZHOU, {}, ["第十六条"]),
        ("voucher.year_closed.v1", NEIMENGGU, {}, ["一(二)"]),
        ("voucher.order_placed.v1", GUIZHOU, {}, ["第十八条"]),
        ("voucher.filing_submitted.v1", SHENYANG, {"stage": "district"}, ["三(四)1"]),
        ("voucher.filing_reviewed.v1", SHENYANG, {"stage": "data_bureau", "track": "city-service"}, ["三(五)1"]),
        ("voucher.filing_submitted.v1", SHANXI, {"stage": "operator"}, ["四(二)"]),
        ("supervision.party_blacklisted.v1", SHENYANG, {}, ["三(五)2"]),
        ("supervision.region_evaluated.v1", SHANXI, {}, ["五(三)"]),
        (CONCLUDED, NEIMENGGU, {"of": "provider", "consequence": "none"}, ["二(二)"]),
        ("supervision.enterprise_evaluated.v1", NEIMENGGU, {"status": "evaluated"}, ["八(四)"]),
        ("supervision.enterprise_designated.v1", SHANXI, {"kind": "pilot"}, ["三(八)"]),
        ("supervision.enterprise_designated.v1", SHANXI, {"kind": "model"}, ["一(二)"]),
        ("settlement.claim_filed.v1", SHANDONG, {}, ["五(二)"]),  # what is delegated and not filled names no article
        ("settlement.claim_filed.v1", SHANDONG, {"law": {"articles": ["三(四)"]}}, ["三(四)"]),
    ],
)
def test_which_article_a_notice_rests_on(event: str, code: str, given: dict[str, Any], articles: list[str]):
    """Lost otherwise: a notice without its law where a pack has fewer steps than Guizhou's, or with the wrong one."""
    data = data_of(event, PACKS[code], **given)
    first = next(iter(notices(event_type=event, data=data, pack=PACKS[code], admitted=[])))
    assert list(first.articles) == articles


@pytest.mark.parametrize(
    ("path", "data", "articles"),
    [
        ("reviews.claim.first", {}, ["七(一)"]),
        ("reviews.claim.bureau", {}, ["七(一)"]),
        ("reviews.provider_admission.nomination", {}, ["二(二)"]),
        ("reviews.enterprise_certification.after:prefecture", {}, []),
        ("reviews.claim.after:{stage}", {"stage": "third_party"}, ["七(一)"]),
        ("reviews.filing.first", {}, []),
        ("payment.path.pay", {}, ["七(一)"]),
        ("payment.path.pass_on", {}, []),
        ("assessments.*?of=enterprise", {}, ["八(四)"]),
        ("assessments.*?of=city", {}, []),
        ("issuing.validity?until=year_end", {}, []),
        ("issuing.validity?until=contract_end", {}, ["六"]),
        ("no.such.rule", {}, []),
    ],
)
def test_rules_are_found_where_packs_differ(path: str, data: dict[str, Any], articles: list[str]):
    """Lost otherwise: the third of a programme's two steps is an error, and the notice goes up the retry ladder."""
    assert [rule.article for rule in rules_at(PACKS[NEIMENGGU], path, data)] == articles
    assert rules_at(None, path, data) == ()


@pytest.mark.parametrize(("law", "told"), [(["三(一)"], False), (["二(二)"], True), ([], True)])
def test_a_refused_certification_is_no_refused_admission(law: list[str], told: bool):
    """Lost otherwise: a provider whose papers were refused reads besides that it was not chosen; or nobody says so."""
    data = data_of("registry.provider_refused.v1", PACKS[NEIMENGGU], law={"articles": law})
    assert bool(routes_of("registry.provider_refused.v1", data, PACKS[NEIMENGGU])) is told


def test_one_notice_an_addressee():
    """Lost otherwise: a provider told twice, or a party field that is empty taken for a party."""
    data = example(EVENTS["settlement.node_announced.v1"].schema, full=True)
    about = {"event_type": "settlement.node_announced.v1", "data": data, "pack": None}
    [notice] = notices(**about, admitted=[*PROVIDERS, PROVIDERS[0]])
    assert notice.addressees == tuple(Addressee(party_id=provider) for provider in PROVIDERS)
    assert list(notices(**about, admitted=[])) == []


def test_a_supervisor_s_alert_stays_with_supervisors():
    """Lost otherwise: whoever is looked into learns which rule found it."""
    for route in BY_EVENT["supervision.alert_raised.v1"]:
        if route.template not in ("books_differ", "evidence_broken"):  # these are about no party
            assert route.to == (Staff("supervisor"),)


def test_the_same_event_gives_the_same_notice_id():
    """Lost otherwise: an event that comes again makes a second mail with another Message-ID."""
    someone = Addressee(party_id=ULID)
    given = {"event_id": ULID, "template": "claim_paid", "addressee": someone, "at_ms": 1_561_888_800_000}
    assert notice_id(**given) == notice_id(**given)
    others = [
        notice_id(**{**given, "template": "claim_filed"}),
        notice_id(**{**given, "addressee": Addressee(role="operator")}),
        notice_id(**{**given, "event_id": "01J00000000000000000000002"}),
    ]
    assert len({notice_id(**given), *others}) == 4
    assert {len(found) for found in others} == {26}


@pytest.mark.parametrize(
    ("condition", "data", "met"),
    [
        (Condition("status", ("a", "b")), {"status": "b"}, True),
        (Condition("status", ("a",)), {"status": "b"}, False),
        (Condition("ground", (None,)), {}, True),
        (Condition("ground", (None,), holds=False), {"ground": "x"}, True),
        (Condition("ground", (None,), holds=False), {"ground": None}, False),
    ],
)
def test_conditions(condition: Condition, data: dict[str, str | None], met: bool):
    """Lost otherwise: a forced exit told as a voluntary one."""
    assert condition.met(data) is met


@pytest.mark.parametrize("name", ["owed", "planned", "recovered", "restored", "overdue", "written_off"])
def test_who_owes_money_back_and_finance_are_told(name: str) -> None:
    """Lost otherwise: a debtor that never hears of its debt, or finance that does not know what came of it."""
    event = f"settlement.receivable_{name}.v1"
    data = data_of(event, PACKS["guizhou-2018"], party_id=ULID)
    told = list(notices(event_type=event, data=data, pack=PACKS["guizhou-2018"], admitted=PROVIDERS))
    assert [one for notice in told for one in notice.addressees] == [
        Addressee(party_id=ULID),
        Addressee(role="finance"),
    ]


@pytest.mark.parametrize("name", ["claimed", "refused", "write_off_asked"])
def test_one_person_s_word_on_a_debt_is_told_to_nobody(name: str) -> None:
    assert f"settlement.receivable_{name}.v1" not in BY_EVENT
