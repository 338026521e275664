"""The public board's lists, read in order of ids: a reader a section. Names stand there as everyone may read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from contracts.programmes import Pack, UnknownPack
from infra.jsontext import instant_text
from infra.packs import library
from services.notify import store
from services.notify.speech import Speaker

Item = dict[str, Any]
Reader = Callable[[sa.Connection, Pack, str | None, int], list[Item]]


def packs_of(programme: str) -> list[Pack]:
    """The programme's newest rules, then those that overlays of this deployment fill; none for one unknown here."""
    known = library()
    try:
        newest = known.load(programme)
    except UnknownPack:
        return []
    fillings = [header for header in known.overlays() if header.fills == programme]
    filled = [known.in_force(programme, on=one.effective_from, region=one.region or newest.region) for one in fillings]
    return [newest, *(pack for pack in filled if pack.overlay is not None)]


def _rows(
    conn: sa.Connection, statement: sa.Select[Any], key: sa.ColumnElement[Any], after: str | None, limit: int
) -> list[Item]:
    if after is not None:
        statement = statement.where(key > after)
    found = conn.execute(statement.order_by(key).limit(limit)).mappings()
    return [plain(row) for row in found]


def number(cursor: str) -> int:
    """The number in a cursor, small enough for a column; 0 for one that was never given out."""
    return int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else 0


def plain(row: Mapping[str, Any] | sa.RowMapping) -> Item:
    """The row as it goes over the wire."""
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _plans(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    plans, closed = store.known_plans, store.closed_years
    statement = (
        sa.select(
            plans.c.plan_id.label("id"),
            plans.c.year,
            sa.func.nullif(plans.c.region, pack.region).label("region"),  # none: of the whole programme
            plans.c.budget_fen,
            plans.c.carried_fen,
            plans.c.made_up_fen,
            plans.c.denominations,
            plans.c.funds,
            plans.c.quota_fen,
            plans.c.opens_on,
            plans.c.document,
            sa.case((closed.c.plan_id.is_not(None), "closed"), else_=plans.c.status).label("status"),
            closed.c.lapsed_fen,
            closed.c.carried_fen.label("carried_out_fen"),
            closed.c.deferred_fen,
        )
        .select_from(plans.outerjoin(closed, closed.c.plan_id == plans.c.plan_id))
        .where(plans.c.programme == pack.code, plans.c.status != "made")
    )
    return _rows(conn, statement, plans.c.plan_id, after, limit)


def _providers(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    parties = store.known_parties
    columns = (parties.c.public_name.label("name"), parties.c.uscc, parties.c.region, parties.c.batch, parties.c.status)
    statement = sa.select(parties.c.party_id.label("id"), *columns).where(
        parties.c.programme == pack.code,
        parties.c.kind == "provider",
        parties.c.status.in_(("admitted", "suspended", "leaving")),
    )
    return _rows(conn, statement, parties.c.party_id, after, limit)


def _products(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    products, parties = store.known_products, store.known_parties
    columns = (products.c.name, products.c.category, products.c.kind, products.c.price_fen, products.c.voucher_eligible)
    statement = (
        sa.select(
            products.c.product_id.label("id"),
            *columns,
            products.c.provider_id,
            parties.c.public_name.label("provider_name"),
        )
        .select_from(products.outerjoin(parties, parties.c.party_id == products.c.provider_id))
        .where(products.c.programme == pack.code, products.c.status == "published")
    )
    zh, en = Speaker("zh", pack), Speaker("en", pack)
    rows = _rows(conn, statement, products.c.product_id, after, limit)
    return [{**row, **_called(row["category"], zh, en)} for row in rows]


def _called(code: str, zh: Speaker, en: Speaker) -> Item:
    """A category or track in words: whoever reads the board's data has no pack at hand."""
    return (
        {"kind_zh": zh.kind(code), "kind_en": en.kind(code)} if zh.knows(code) else {"kind_zh": None, "kind_en": None}
    )


def _filings(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    """Filings that were opened, and enterprises, by region (the next smaller than the programme's) and kind."""
    filings = store.known_filings
    each = (
        sa.select(
            sa.func.substr(filings.c.region, 1, len(pack.region) + 2).label("region"),
            filings.c.kind,
            filings.c.enterprise_id,
        )
        .where(filings.c.programme == pack.code, filings.c.status == "opened")
        .subquery()
    )
    counts = (
        sa.select(
            (each.c.region + "." + each.c.kind).label("id"),
            each.c.region,
            each.c.kind,
            sa.func.count().label("filings"),
            sa.func.count(each.c.enterprise_id.distinct()).label("enterprises"),
        )
        .group_by(each.c.region, each.c.kind)
        .subquery()
    )
    zh, en = Speaker("zh", pack), Speaker("en", pack)
    rows = _rows(conn, sa.select(counts), counts.c.id, after, limit)
    return [{**row, **_called(row["kind"], zh, en)} for row in rows]


def _voucher_holders(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    vouchers, enterprises = store.known_vouchers, store.known_parties.alias("enterprises")
    providers = store.known_parties.alias("providers")
    columns = (
        vouchers.c.year,
        vouchers.c.amount_fen,
        vouchers.c.number,
        vouchers.c.denomination_fen,
        vouchers.c.status,
    )
    statement = (
        sa.select(
            vouchers.c.voucher_id.label("id"),
            vouchers.c.enterprise_id,
            enterprises.c.public_name.label("name"),
            enterprises.c.region,
            vouchers.c.provider_id,
            providers.c.public_name.label("provider_name"),
            *columns,
        )
        .select_from(
            vouchers.outerjoin(enterprises, enterprises.c.party_id == vouchers.c.enterprise_id).outerjoin(
                providers, providers.c.party_id == vouchers.c.provider_id
            )
        )
        .where(vouchers.c.programme == pack.code)
    )
    return _rows(conn, statement, vouchers.c.voucher_id, after, limit)


def _nodes(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    nodes = store.known_nodes
    statement = sa.select(
        nodes.c.node_id.label("id"), nodes.c.year, nodes.c.closes_at, nodes.c.status, nodes.c.claims
    ).where(nodes.c.programme == pack.code)
    return _rows(conn, statement, nodes.c.node_id, after, limit)


def _samples(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    """The hash of each sample's seed before its node closes, then the seed and what it drew: anyone may draw again."""
    samples, nodes = store.known_samples, store.known_nodes
    hidden = {"sample_id", "programme", "sequence"}
    columns = [column for column in samples.columns if column.name not in hidden]
    statement = (
        sa.select(samples.c.sample_id.label("id"), *columns, nodes.c.closes_at)
        .select_from(samples.outerjoin(nodes, nodes.c.node_id == samples.c.node_id))
        .where(samples.c.programme == pack.code)
    )
    return _rows(conn, statement, samples.c.sample_id, after, limit)


def _notices(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    """The claims of each notice, with what became of it: an objection holds its own claim alone."""
    items, heads, objections = store.known_notice_items, store.known_notices, store.known_objections
    enterprises, providers = store.known_parties.alias("enterprises"), store.known_parties.alias("providers")
    about = (objections.c.notice_id == items.c.notice_id) & (objections.c.claim_id == items.c.claim_id)

    def counted(*tests: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        found = sa.select(sa.func.count()).select_from(objections).where(about, *tests)
        return found.correlate(items).scalar_subquery()

    outcome = sa.case(
        (items.c.outcome.is_not(None), items.c.outcome),
        (counted(objections.c.status == "upheld") > 0, "upheld"),
        (counted(objections.c.status == "open") > 0, "objected"),
        else_="open",
    )
    signed = ("working_days", "pack_version", "content_hash", "key_id", "public_key", "signature")
    key = items.c.notice_id + "." + items.c.claim_id
    statement = (
        sa.select(
            key.label("id"),
            items.c.notice_id,
            items.c.claim_id,
            items.c.provider_id,
            providers.c.public_name.label("provider_name"),
            items.c.enterprise_id,
            enterprises.c.public_name.label("name"),
            items.c.payable_fen,
            heads.c.from_on,
            heads.c.until_on,
            *(heads.c[name] for name in signed),
            counted().label("objections"),
            outcome.label("outcome"),
        )
        .select_from(
            items.join(heads, heads.c.notice_id == items.c.notice_id)
            .outerjoin(enterprises, enterprises.c.party_id == items.c.enterprise_id)
            .outerjoin(providers, providers.c.party_id == items.c.provider_id)
        )
        .where(items.c.programme == pack.code)
    )
    return _rows(conn, statement, key, after, limit)


def _payments(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    """Sums of settled payments by year and provider, or by region where enterprises are paid: no list of theirs is
    asked for. What was returned later is not in them."""
    payments, parties = store.known_payments, store.known_parties
    area = sa.func.substr(payments.c.region, 1, len(pack.region) + 2)
    each = (
        sa.select(
            sa.case((payments.c.payee_kind == "provider", payments.c.payee_id)).label("provider_id"),
            sa.case((payments.c.payee_kind == "enterprise", area)).label("region"),
            payments.c.year,
            payments.c.amount_fen,
        )
        .where(payments.c.programme == pack.code, payments.c.status == "settled")
        .subquery()
    )
    key = sa.func.coalesce(each.c.provider_id, each.c.region, "-") + "." + sa.cast(each.c.year, sa.String(4))
    sums = (
        sa.select(
            key.label("id"),
            each.c.provider_id,
            each.c.region,
            each.c.year,
            sa.func.count().label("payments"),
            sa.func.sum(each.c.amount_fen).label("amount_fen"),
        )
        .group_by(each.c.provider_id, each.c.region, each.c.year)
        .subquery()
    )
    statement = sa.select(sums, parties.c.public_name.label("name")).select_from(
        sums.outerjoin(parties, parties.c.party_id == sums.c.provider_id)
    )
    return [{**row, "amount_fen": int(row["amount_fen"])} for row in _rows(conn, statement, sums.c.id, after, limit)]


def _designations(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    made, parties = store.known_designations, store.known_parties
    statement = (
        sa.select(
            made.c.designation_id.label("id"),
            made.c.enterprise_id,
            parties.c.public_name.label("name"),
            made.c.region,
            made.c.kind,
        )
        .select_from(made.outerjoin(parties, parties.c.party_id == made.c.enterprise_id))
        .where(made.c.programme == pack.code)
    )
    return _rows(conn, statement, made.c.designation_id, after, limit)


def _commendations(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    made, parties = store.known_commendations, store.known_parties
    statement = (
        sa.select(
            made.c.assessment_id.label("id"),
            made.c.provider_id,
            parties.c.public_name.label("provider_name"),
            made.c.period,
            made.c.score_bp,
            made.c.grade,
        )
        .select_from(made.outerjoin(parties, parties.c.party_id == made.c.provider_id))
        .where(made.c.programme == pack.code)
    )
    return _rows(conn, statement, made.c.assessment_id, after, limit)


def _regions(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    """Targets that stand, and evaluations with the figures of their moment."""
    marks = store.known_marks
    columns = (marks.c.mark, marks.c.region, marks.c.period, marks.c.measure, marks.c.number, marks.c.figures)
    statement = sa.select(marks.c.mark_id.label("id"), *columns).where(
        marks.c.programme == pack.code, marks.c.status != "replaced"
    )
    return _rows(conn, statement, marks.c.mark_id, after, limit)


def _awards(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    shares = store.known_shares
    key = shares.c.award_id + "." + shares.c.region
    columns = (shares.c.award_id, shares.c.year, shares.c.region, shares.c.weighted, shares.c.amount_fen)
    statement = sa.select(key.label("id"), *columns).where(shares.c.programme == pack.code)
    return _rows(conn, statement, key, after, limit)


def _blacklist(conn: sa.Connection, pack: Pack, after: str | None, limit: int) -> list[Item]:
    entries, parties = store.known_blacklist, store.known_parties
    statement = (
        sa.select(
            entries.c.entry_id.label("id"),
            entries.c.kind,
            entries.c.party_id,
            entries.c.party_kind,
            sa.func.coalesce(parties.c.public_name, entries.c.party_name).label("name"),
            entries.c.ground,
            entries.c.effective_at,
            entries.c.until,
        )
        .select_from(entries.outerjoin(parties, parties.c.party_id == entries.c.party_id))
        .where(entries.c.programme == pack.code, entries.c.status == "listed", entries.c.interim.is_(False))
    )
    return _rows(conn, statement, entries.c.entry_id, after, limit)


def _checkpoints(conn: sa.Connection, _pack: Pack, after: str | None, limit: int) -> list[Item]:
    points = store.known_checkpoints
    statement = sa.select(*(column for column in points.columns if column.key != "sequence"))
    if after is not None:
        statement = statement.where(points.c.size > number(after))
    found = conn.execute(statement.order_by(points.c.size).limit(limit)).mappings()
    return [plain({"id": str(row["size"]), **row}) for row in found]


SECTIONS: Mapping[str, Reader] = {
    "plans": _plans,
    "providers": _providers,
    "products": _products,
    "filings": _filings,
    "voucher_holders": _voucher_holders,
    "nodes": _nodes,
    "samples": _samples,
    "notices": _notices,
    "payments": _payments,
    "designations": _designations,
    "commendations": _commendations,
    "regions": _regions,
    "awards": _awards,
    "blacklist": _blacklist,
    "checkpoints": _checkpoints,
}
