"""A service small enough to break on purpose: accounts that take deposits and hear of gifts."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from types import SimpleNamespace

import sqlalchemy as sa
from ulid import ULID

from contracts import fields as f
from contracts import roles as r
from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.events.base import EventType, decided, refused
from contracts.rpc.base import Explain, Method, everywhere
from infra.clock import Clock, SystemClock
from infra.db import UnitOfWork, common_tables
from infra.db_insert import insert_for
from infra.messages import Actor, Command, Event
from infra.pipeline import NotYet, Pipeline, Route

SERVICE = "toy"
metadata = sa.MetaData()
accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)
effects = sa.Table(
    "effects",
    metadata,
    sa.Column("n", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("what", sa.String(64), nullable=False),
)
common_tables(metadata)


class Deposit(f.Body):
    account_id = f.text(64)
    amount_fen = f.fen(least=1)
    programme = f.programme(required=False)


class Deposited(f.Body):
    account_id = f.text(64)
    amount_fen = f.fen()


class Gift(f.Body):
    account_id = f.text(64)


ALL = r.ALL
METHODS = [
    Method(
        SERVICE, "deposit", "command", Deposit, Deposited, frozenset({r.PLATFORM, r.ENTERPRISE}), owner="account_id"
    ),
    Method(SERVICE, "withdraw", "command", Deposit, Deposited, ALL),
    Method(SERVICE, "apply", "command", Deposit, Deposited, ALL, queue="apply"),
    Method(SERVICE, "balance", "query", Explain, Deposited, ALL),
    *(method for method in everywhere(SERVICE) if method.name != "totals"),
]
EVENTS = [
    EventType("toy.deposited.v1", Deposited, ("toy",)),
    EventType("toy.gift.v1", Gift, ("toy",)),
    refused(SERVICE),
]


def _catalogue(events: Sequence[EventType]) -> SimpleNamespace:
    return SimpleNamespace(
        SERVICES=(SERVICE,),
        METHODS={f"{method.service}.{method.name}": method for method in METHODS},
        EVENTS={event.type: event for event in events},
        methods_of=lambda service: {m.name: m for m in METHODS if m.service == service},
        consumed_by=lambda service: {e.type: e for e in events if service in e.consumers},
    )


CATALOGUE = _catalogue(EVENTS)
TELLING = _catalogue([*EVENTS, decided(SERVICE)])  # of a service that tells its decisions too


def deposit(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """`poison` is a defect; `crash` kills the process; an amount of 13 is refused, one of 14 only just now."""
    outcomes: list[Outcome] = []
    for command in commands:
        account, amount = command.body["account_id"], command.body["amount_fen"]
        if account == "poison":
            raise RuntimeError("poison")
        if amount == 13:
            outcomes.append(Refused("BLACKLISTED", field="account_id", article="第一条", facts={"limit_fen": 12}))
            continue
        if amount == 14:
            outcomes.append(Refused("UNAVAILABLE"))
            continue
        sequence = _add(uow, account, amount)
        uow.conn.execute(sa.insert(effects).values(what=f"deposit:{command.key}"))
        if account == "crash":
            os.kill(os.getpid(), 9)
        if account.startswith("slow"):
            time.sleep(0.3)
        uow.emit(
            "toy.deposited.v1",
            subject=account,
            sequence=sequence,
            data={"account_id": account, "amount_fen": amount},
            cause=command,
        )
        outcomes.append(
            Ok(
                {"account_id": account, "amount_fen": amount},
                Decision("deposit", account, "guizhou-2018", "1", ("第二条",), {"amount_fen": amount}),
            )
        )
    return outcomes


def _add(uow: UnitOfWork, account: str, amount: int) -> int:
    statement = insert_for(uow.conn)(accounts).values(id=account, amount_fen=amount, sequence=1)
    statement = statement.on_conflict_do_update(
        index_elements=[accounts.c.id],
        set_={"amount_fen": accounts.c.amount_fen + amount, "sequence": accounts.c.sequence + 1},
    ).returning(accounts.c.sequence)
    return int(uow.conn.execute(statement).scalar_one())


def gift(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """`later` misses its predecessor until account `predecessor` is there; `poison` is a defect."""
    for event in events:
        account = event.data["account_id"]
        if account == "poison":
            raise RuntimeError("poison")
        if (
            account == "later"
            and not uow.conn.execute(sa.select(accounts.c.id).where(accounts.c.id == "predecessor")).first()
        ):
            raise NotYet(event.subject)
        uow.conn.execute(sa.insert(effects).values(what=f"{event.type}:{event.subject}:{event.sequence}"))


def balance(conn: sa.Connection, command: Command) -> dict[str, object] | Refused:
    account = command.body["subject"]
    amount = conn.execute(sa.select(accounts.c.amount_fen).where(accounts.c.id == account)).scalar()
    if amount is None:
        return Refused("NOT_FOUND", field="subject")
    return {"account_id": account, "amount_fen": amount}


def grant(uow: UnitOfWork) -> int:
    """Due once: the account `due` gets one fen."""
    if uow.conn.execute(sa.select(accounts.c.id).where(accounts.c.id == "due")).first():
        return 0
    _add(uow, "due", 1)
    return 1


COMMANDS = {"deposit": Route(deposit), "withdraw": Route(deposit), "apply": Route(deposit)}
EVENT_HANDLERS = {"toy.gift.v1": gift, "toy.deposited.v1": gift}
DUE = [grant]
QUERIES = {"balance": balance}

PLATFORM = Actor("platform-1", frozenset({r.PLATFORM}))


def pipeline(engine: sa.Engine, clock: Clock | None = None, **changes: object) -> Pipeline:
    """The toy's machinery on `engine`, its tables made."""
    metadata.create_all(engine)
    parts = {"commands": COMMANDS, "queries": QUERIES, "events": EVENT_HANDLERS, "due": DUE, "catalogue": CATALOGUE}
    return Pipeline(SERVICE, engine, clock or SystemClock(), **{**parts, **changes})


def command(
    key: str | None, account: str = "a", amount: int = 1, method: str = "deposit", actor: Actor = PLATFORM
) -> Command:
    return Command(method, key, {"account_id": account, "amount_fen": amount}, actor, correlation_id=f"corr-{key}")


def event(account: str, sequence: int = 1, type: str = "toy.gift.v1", id: str | None = None) -> Event:
    return Event(
        id=id or str(ULID()),
        source="/yunquan/toy",
        type=type,
        time=SystemClock().now(),
        subject=account,
        sequence=sequence,
        correlation_id="c",
        data={"account_id": account},
    )


def rows(engine: sa.Engine, table: sa.Table) -> list[dict[str, object]]:
    with engine.connect() as conn:
        return [dict(row) for row in conn.execute(sa.select(table)).mappings()]
