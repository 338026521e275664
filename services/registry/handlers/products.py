"""Products: offered, reviewed stage by stage, published, held to the market's price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.errors import Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_at
from services.registry import store
from services.registry.domain import products as rules
from services.registry.domain.model import Party, Product
from services.registry.handlers import announce
from services.registry.handlers.common import done, each, foreign, ids, known_pack, under

OFFERED = ("name", "category", "kind", "details", "price_fen", "market_price_fen", "voucher_eligible")


def submit_products(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十一条(四): offered with details, price and the mark of voucher eligibility."""
    providers = store.Rows(uow.conn, Party, ids(commands, "provider_id"))
    products = store.Rows(uow.conn, Product, ids(commands, "product_id"))
    listed = store.blacklisted(uow.conn, ids(commands, "provider_id"), uow.now)

    def judge(command: Command) -> Outcome:
        body = command.body
        provider = providers.get(body["provider_id"])
        if provider is None or provider.kind != "provider":
            return Refused("NOT_FOUND", field="provider_id")
        known = products.get(body["product_id"])
        barred = foreign(command, provider.programme)
        if barred is not None:
            return barred
        pack = known_pack(provider, uow.today)
        new = Product(
            id=body["product_id"],
            provider_id=provider.id,
            programme=provider.programme,
            status="submitted",
            sequence=1,
            submitted_by=command.actor.subject,
            pack_version=pack.label,
            **{name: body[name] for name in OFFERED},
        )
        step = rules.submit(new=new, known=known, provider=provider, blacklisted=provider.id in listed, pack=pack)
        step = under(pack, step)
        if isinstance(step, Refused):
            return step
        if step is None:
            assert known is not None, "only what is known can be handed in already"
            return done(known)
        for version in step.versions:
            products.put(version)
            announce.product(uow, version.status, version, cause=command, decision=step.decision)
        return done(step.product, step.decision)

    outcomes = each(commands, judge)
    products.save()
    return outcomes


def review_products(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十一条(五): stage by stage, each by another person; the last one publishes."""
    owners = store.party_ids(uow.conn, store.products, ids(commands, "product_id"))
    providers = store.Rows(uow.conn, Party, owners)  # locked first: nothing is published beside an exit
    products = store.Rows(uow.conn, Product, ids(commands, "product_id"))
    listed = store.blacklisted(uow.conn, owners, uow.now)

    def judge(command: Command) -> Outcome:
        body = command.body
        product = products.get(body["product_id"])
        if product is None:
            return Refused("NOT_FOUND", field="product_id")
        barred = foreign(command, product.programme)
        if barred is not None:
            return barred
        provider = providers.get(product.provider_id)
        assert provider is not None, "a product has a provider"
        pack = pack_at(product.pack_version)
        step = under(
            pack,
            rules.review(
                product=product,
                provider=provider,
                stage=body["stage"],
                verdict=body["decision"],
                reasons=body.get("reasons") or [],
                blacklisted=provider.id in listed,
                pack=pack,
                official=command.actor,
            ),
        )
        if isinstance(step, Refused):
            return step
        products.put(step.product)
        what = "published" if step.product.status == "published" else "reviewed"
        announce.product(uow, what, step.product, cause=command, decision=step.decision)
        return done(step.product, step.decision)

    outcomes = each(commands, judge)
    products.save()
    return outcomes


def record_market_prices(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十条(三): what the market asks for the same service, with who found it, when and where."""
    owners = store.party_ids(uow.conn, store.products, ids(commands, "product_id"))
    providers = store.Rows(uow.conn, Party, owners)
    products = store.Rows(uow.conn, Product, ids(commands, "product_id"))
    history: list[dict[str, Any]] = []

    def judge(command: Command) -> Outcome:
        body = command.body
        product = products.get(body["product_id"])
        if product is None:
            return Refused("NOT_FOUND", field="product_id")
        barred = foreign(command, product.programme)
        if barred is not None:
            return barred
        provider = providers.get(product.provider_id)
        assert provider is not None, "a product has a provider"
        pack, found = known_pack(provider, uow.today), {name: body[name] for name in ("market_price_fen", "source")}
        step = under(pack, rules.price(product=product, pack=pack, subject=command.actor.subject, **found))
        if isinstance(step, Refused):
            return step
        products.put(step.product)
        kept = {"product_id": product.id, "sequence": step.product.sequence, **found}
        history.append({**kept, "actor": command.actor.subject, "at": uow.now})
        announce.product(uow, "priced", step.product, cause=command, decision=step.decision)
        return done(step.product, step.decision)

    outcomes = each(commands, judge)
    products.save()
    store.keep_prices(uow.conn, history)
    return outcomes
