"""The public board is what the events say, newest state first, whatever order they come in."""

from __future__ import annotations

from tests.integration.notify.kit import PROGRAMME, Kit, party


def board(kit: Kit, section: str, programme: str = PROGRAMME, **page):
    return kit.ask("board", section=section, programme=programme, roles=("enterprise",), **page)


def test_a_plan_is_public_from_its_publication_to_its_closing(kit: Kit):
    """Lost otherwise: a plan shown before it is published, or as open after its year has ended."""
    plan = party()
    told = {"subject": plan, "plan_id": plan, "year": 2019, "budget_fen": 100_000_000}
    kit.tell("voucher.plan_made.v1", sequence=1, status="made", **told)
    assert board(kit, "plans")["items"] == []
    kit.tell("voucher.plan_published.v1", sequence=2, status="published", **told)
    [shown] = board(kit, "plans")["items"]
    assert (shown["year"], shown["budget_fen"], shown["status"]) == (2019, 100_000_000, "published")
    kit.tell("voucher.year_closed.v1", subject=plan, sequence=3, plan_id=plan, year=2019, lapsed_fen=1_234)
    [shown] = board(kit, "plans")["items"]
    assert (shown["status"], shown["lapsed_fen"]) == ("closed", 1_234)


def test_old_news_does_not_bring_an_exited_provider_back(kit: Kit):
    """Lost otherwise: an event that lay in the ladder puts a provider back into the catalogue."""
    provider = party()
    told = {"subject": provider, "provider_id": provider, "name": "黔云示例"}
    late = kit.event("registry.provider_admitted.v1", sequence=2, status="admitted", ground=None, **told)
    kit.tell("registry.provider_exited.v1", sequence=3, status="exited", ground="insolvency", **told)
    kit.hear(late)
    assert board(kit, "providers")["items"] == []


def test_the_catalogue_is_what_is_published(kit: Kit):
    """Lost otherwise: a delisted product is still offered."""
    provider, product = kit.provider("黔云示例"), party()
    told = {"subject": product, "product_id": product, "provider_id": provider, "name": "云主机", "price_fen": 500_000}
    kit.tell("registry.product_published.v1", sequence=3, status="published", **told)
    [shown] = board(kit, "products")["items"]
    assert (shown["name"], shown["provider_name"], shown["price_fen"]) == ("云主机", "黔云示例", 500_000)
    kit.tell("registry.product_delisted.v1", sequence=4, status="delisted", **told)
    assert board(kit, "products")["items"] == []


def test_a_changed_name_is_the_name_that_is_shown(kit: Kit):
    """Lost otherwise: the list of providers keeps a name that its bearer has given up."""
    provider = kit.provider("旧名", sequence=2)
    kit.tell(
        "registry.provider_facts_changed.v1",
        subject=provider, sequence=3, provider_id=provider, name="新名", status="admitted", ground=None,
    )  # fmt: skip
    assert [item["name"] for item in board(kit, "providers")["items"]] == ["新名"]


def test_voucher_holders_are_named_where_the_document_says_so(kit: Kit):
    """Lost otherwise: enterprises are named without a rule, or Inner Mongolia's list (八(二)) is owed."""
    for programme in (PROGRAMME, "neimenggu-2019"):
        enterprise = party()
        kit.tell(
            "registry.enterprise_certified.v1",
            subject=enterprise, enterprise_id=enterprise, programme=programme, name="示例厂", status="certified",
        )  # fmt: skip
        application = party()
        kit.tell(
            "voucher.quota_granted.v1",
            subject=application, application_id=application, enterprise_id=enterprise, programme=programme,
            status="granted", amount_fen=2_000_000, year=2019,
        )  # fmt: skip
    here = board(kit, "voucher_holders")
    assert (here["items"], here["published"], here["article"]) == ([], False, None)
    there = board(kit, "voucher_holders", "neimenggu-2019")
    assert (there["published"], there["article"]) == (True, "八(二)")
    assert [(item["name"], item["amount_fen"]) for item in there["items"]] == [("示例厂", 2_000_000)]


def test_payments_are_summed_by_provider_and_year(kit: Kit):
    """Lost otherwise: a payment that the bank sent back is shown as paid."""
    provider = kit.provider("黔云示例")
    ids = [party() for _ in range(3)]
    for number, payment in enumerate(ids, 1):
        kit.tell(
            "settlement.payment_settled.v1",
            subject=payment, sequence=3, payment_id=payment, provider_id=provider, year=2019,
            amount_fen=number * 100, status="settled",
        )  # fmt: skip
    [shown] = board(kit, "payments")["items"]
    assert (shown["name"], shown["year"], shown["payments"], shown["amount_fen"]) == ("黔云示例", 2019, 3, 600)
    kit.tell(
        "settlement.payment_failed.v1",
        subject=ids[2], sequence=4, payment_id=ids[2], provider_id=provider, year=2019, amount_fen=300,
        status="returned",
    )  # fmt: skip
    [shown] = board(kit, "payments")["items"]
    assert (shown["payments"], shown["amount_fen"]) == (2, 300)


def test_the_blacklist_names_who_is_listed_now(kit: Kit):
    """Lost otherwise: a party that was removed stays in the pillory."""
    provider, entry = kit.provider("黔云示例"), party()
    told = {"subject": entry, "entry_id": entry, "party_id": provider, "party_kind": "provider", "party_name": None}
    kit.tell("supervision.party_blacklisted.v1", sequence=1, status="listed", **told)
    assert [item["name"] for item in board(kit, "blacklist")["items"]] == ["黔云示例"]
    assert kit.titles(provider)[0] == "列入黑名单：黔云示例"
    kit.tell("supervision.party_removed.v1", sequence=2, status="removed", **told)
    assert board(kit, "blacklist")["items"] == []


def test_nodes_and_checkpoints(kit: Kit):
    """Lost otherwise: nobody outside can hold the evidence log to what it once said."""
    node = party()
    kit.tell("settlement.node_announced.v1", subject=node, node_id=node, status="open", year=2019, claims=0)
    [shown] = board(kit, "nodes")["items"]
    assert (shown["status"], shown["claims"]) == ("open", 0)
    for size in (10, 9, 100):
        kit.tell("supervision.checkpoint_made.v1", subject="evidence", sequence=size, size=size, head="ab" * 32)
    assert [item["size"] for item in board(kit, "checkpoints")["items"]] == [9, 10, 100]
    assert [item["size"] for item in board(kit, "checkpoints", after="10")["items"]] == [100]
    for strange in ("9" * 40, "²"):
        assert len(board(kit, "checkpoints", after=strange)["items"]) == 3, "a cursor nobody gave out is a defect"


def test_pages_of_a_section(kit: Kit):
    """Lost otherwise: a catalogue that ends after its first page."""
    names = {f"示例{number}" for number in range(5)}
    for name in sorted(names):
        kit.provider(name)
    seen, after = [], None
    for _ in range(3):
        page = board(kit, "providers", limit=2, **({"after": after} if after else {}))
        seen += [item["name"] for item in page["items"]]
        after = page["next"]
    assert (set(seen), len(seen), after) == (names, 5, None)


def test_an_unknown_programme_is_said_to_be_one(kit: Kit):
    """Lost otherwise: a misspelt programme looks like one that publishes nothing."""
    answer = kit.answer("board", section="plans", programme="atlantis-1999")
    assert answer["error"]["code"] == "PROGRAMME_UNKNOWN"
