"""The pipeline's promises, on both databases: a command or event takes effect once, whatever happens around it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
import sqlalchemy as sa
import structlog

from contracts.errors import Ok, Refused
from infra import isolate, outbox, retention, tables
from infra.calls import CallFailed, LocalCalls
from infra.clock import FixedClock
from infra.db import create_engine
from infra.messages import Actor
from infra.pipeline import DueFailed, EventsFailed, NotYet, Pipeline, Route, in_sequence
from tests.unit.infra import toy


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = create_engine(database_url, service="toy")
    toy.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def pipeline(engine: sa.Engine) -> Pipeline:
    return toy.pipeline(engine, catalogue=toy.TELLING)


def effects(engine: sa.Engine) -> list[object]:
    return [row["what"] for row in toy.rows(engine, toy.effects)]


def test_a_command_commits_state_answer_decision_and_event_together(engine, pipeline):
    """Lost otherwise: rule 2 of the architecture."""
    (given,) = pipeline.run_commands("deposit", [toy.command("k1", amount=5)])
    assert given["ok"]
    assert given["decision"]["articles"] == ["第二条"]
    assert toy.rows(engine, toy.accounts) == [{"id": "a", "amount_fen": 5, "sequence": 1}]
    sent, told = toy.rows(engine, tables.outbox)
    body = json.loads(sent["body"])
    assert (body["type"], body["causationid"], body["correlationid"]) == ("toy.deposited.v1", "k1", "corr-k1")
    (decided,) = toy.rows(engine, tables.decisions)
    assert (decided["outcome"], decided["subject"], decided["actor_roles"]) == ("ok", "a", ["platform"])
    assert json.loads(told["body"])["data"]["decisions"] == [
        {
            **{name: decided[name] for name in ("action", "outcome", "subject", "about", "programme", "pack_version")},
            **{name: decided[name] for name in ("articles", "facts", "actor_roles")},
            "cause": "k1",
        }
    ]


def test_the_decisions_of_a_batch_travel_together_and_none_is_left_out(engine, pipeline):
    """Lost otherwise: a decision that stands in no evidence, or an event for each of hundreds."""
    keys = [f"k{number}" for number in range(120)]
    pipeline.run_commands("deposit", [toy.command(key) for key in keys])
    told = [json.loads(row["body"]) for row in toy.rows(engine, tables.outbox) if row["type"] == "toy.decided.v1"]
    assert [len(one["data"]["decisions"]) for one in told] == [50, 50, 20]
    assert [one["cause"] for event in told for one in event["data"]["decisions"]] == keys


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"amount_fen": 5, "rate": Fraction(1, 3), "on": date(2019, 1, 2)}, None),
        ({"articles": ["第十三条(四)"], "codes": ["A-1", "guizhou-2018@1"], "open": True, "none": None}, None),
        ({"finding": "张三说"}, {"finding": "withheld"}),
        ({"reason": "fraud"}, {"reason": "withheld"}),
        ({"deep": [{"why": "two words"}]}, {"deep": [{"why": "withheld"}]}),
    ],
)
def test_what_people_wrote_stays_out_of_what_is_told_for_ever(facts, told):
    """Lost otherwise: a name in an official's reason stands in the evidence log, where nothing can be taken out."""
    assert outbox.without_texts(facts) == (told or facts)


def test_the_same_key_and_body_gets_the_stored_answer(engine, pipeline):
    """Lost otherwise: a retried payment is made twice."""
    first = pipeline.run_commands("deposit", [toy.command("k1")])
    assert pipeline.run_commands("deposit", [toy.command("k1"), toy.command("k2")])[0] == first[0]
    assert sorted(effects(engine)) == ["deposit:k1", "deposit:k2"]


def test_a_key_twice_in_one_batch_runs_once(engine, pipeline):
    """Lost otherwise: two deliveries that meet in one batch are both carried out."""
    given = pipeline.run_commands("deposit", [toy.command("k1"), toy.command("k1"), toy.command("k1", amount=9)])
    assert given[0] == given[1]
    assert given[2]["error"]["code"] == "IDEMPOTENCY_CONFLICT"
    assert effects(engine) == ["deposit:k1"]


@pytest.mark.parametrize(
    "again",
    [toy.command("k1", amount=2), toy.command("k1", account="b"), toy.command("k1", method="withdraw")],
    ids=["amount", "account", "method"],
)
def test_the_same_key_with_another_body_is_a_conflict(engine, pipeline, again):
    """Lost otherwise: a caller's mistake is answered with somebody else's success."""
    pipeline.run_commands("deposit", [toy.command("k1")])
    (given,) = pipeline.run_commands(again.method, [again])
    assert given["error"]["code"] == "IDEMPOTENCY_CONFLICT"
    assert effects(engine) == ["deposit:k1"]


def test_keys_of_two_organisations_do_not_meet(engine, pipeline):
    """Lost otherwise: one enterprise reads another's answer, or is kept out by its keys."""
    other = Actor("e", frozenset({"enterprise"}), organisation="O2")
    given = pipeline.run_commands("deposit", [toy.command("k1"), toy.command("k1", actor=other)])
    assert [answer["ok"] for answer in given] == [True, True]
    assert len(effects(engine)) == 2


def test_a_duplicate_in_flight_waits_for_the_first_commit(engine, wait_until):
    """Lost otherwise: two replicas that get the same command at once both carry it out."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(uow, commands):
        outcomes = toy.deposit(uow, commands)
        inside.set()
        assert go_on.wait(10)
        return outcomes

    given: dict[str, object] = {}
    first = toy.pipeline(engine, commands={"deposit": Route(slow)})
    second = toy.pipeline(engine)
    one = threading.Thread(target=lambda: given.update(one=first.run_commands("deposit", [toy.command("k1")])))
    two = threading.Thread(target=lambda: given.update(two=second.run_commands("deposit", [toy.command("k1")])))
    one.start()
    assert inside.wait(10)
    two.start()
    two.join(0.2)
    assert two.is_alive(), "the second did not wait"
    go_on.set()
    one.join(10)
    two.join(10)
    assert given["one"] == given["two"]
    assert effects(engine) == ["deposit:k1"]


def test_a_refusal_is_kept_recorded_and_told(engine, pipeline):
    """Lost otherwise: nobody can read why, and a retry may be judged otherwise."""
    (given,) = pipeline.run_commands("deposit", [toy.command("k1", amount=13)])
    assert (given["error"]["code"], given["error"]["article"]) == ("BLACKLISTED", "第一条")
    (decided,) = toy.rows(engine, tables.decisions)
    assert (decided["outcome"], decided["code"], decided["subject"]) == ("refused", "BLACKLISTED", "a")
    (sent,) = toy.rows(engine, tables.outbox)
    assert sent["type"] == "toy.command_refused.v1"
    assert len(toy.rows(engine, tables.answers)) == 1


def test_a_passing_refusal_is_not_kept(engine, pipeline):
    """Lost otherwise: `try again` would be answered `try again` for ever."""
    (given,) = pipeline.run_commands("deposit", [toy.command("k1", amount=14)])
    assert given["error"]["code"] == "UNAVAILABLE"
    assert toy.rows(engine, tables.answers) == []
    assert toy.rows(engine, tables.decisions) == []


@pytest.mark.parametrize("at", [0, 3, 6])
def test_poison_is_isolated_and_its_neighbours_go_through_in_order(engine, pipeline, at):
    """Lost otherwise: one defect answers a whole batch with INTERNAL."""
    accounts = ["a", "b", "c", "d", "e", "f", "g"]
    accounts[at] = "poison"
    commands = [toy.command(f"k{i}", account=account) for i, account in enumerate(accounts)]
    given = pipeline.run_commands("deposit", commands)
    assert [answer["ok"] for answer in given] == [account != "poison" for account in accounts]
    assert given[at]["error"]["code"] == "INTERNAL"
    assert "poison" not in json.dumps(given[at])
    assert effects(engine) == [f"deposit:k{i}" for i in range(7) if i != at]
    assert len(toy.rows(engine, tables.answers)) == 6


def test_a_batch_whose_handler_answers_too_few_is_undone(engine):
    """Lost otherwise: outcomes slide to other callers."""
    pipeline = toy.pipeline(engine, commands={"deposit": Route(lambda uow, commands: [Ok({})] * (len(commands) - 1))})
    (given,) = pipeline.run_commands("deposit", [toy.command("k1")])
    assert given["error"]["code"] == "INTERNAL"


def test_a_defect_is_logged_without_what_was_saved(engine):
    """Lost otherwise: the names and accounts of people, in a log that is kept elsewhere and by others."""

    def saving(uow, commands):
        uow.conn.execute(sa.insert(toy.accounts).values(id="520102-private", amount_fen=None, sequence=1))

    with structlog.testing.capture_logs() as logged:
        toy.pipeline(engine, commands={"deposit": Route(saving)}).run_commands("deposit", [toy.command("k1")])
    (entry,) = logged
    assert (entry["event"], entry["error"], bool(entry["code"])) == ("command.defect", "IntegrityError", True)
    assert "520102-private" not in shown(entry)


def test_due_work_that_fails_is_logged_without_what_was_saved(engine):
    """Lost otherwise: as above, every minute."""

    def saving(uow):
        uow.conn.execute(sa.insert(toy.accounts).values(id="520102-private", amount_fen=None, sequence=1))

    with structlog.testing.capture_logs() as logged, pytest.raises(DueFailed):
        toy.pipeline(engine, due=[saving]).run_due()
    assert "520102-private" not in shown(logged[0])


def shown(entry):
    """The entry as it is written, with its traceback."""
    return str(structlog.processors.format_exc_info(None, "error", dict(entry)))


@pytest.mark.parametrize(("failures", "code"), [(2, None), (99, "UNAVAILABLE")], ids=["passes", "stays"])
def test_a_transient_error_is_tried_again_whole_and_never_stored(engine, monkeypatch, failures, code):
    """Lost otherwise: a deadlock reaches the caller, or is remembered as the answer."""
    monkeypatch.setattr(isolate, "FIRST_PAUSE_S", 0.0001)
    tries: list[int] = []

    def flaky(uow, commands):
        tries.append(len(commands))
        if len(tries) <= failures:
            raise sa.exc.OperationalError("select", {}, Exception(), connection_invalidated=True)
        return toy.deposit(uow, commands)

    pipeline = toy.pipeline(engine, commands={"deposit": Route(flaky)})
    given = pipeline.run_commands("deposit", [toy.command("k1"), toy.command("k2")])
    assert [answer["ok"] for answer in given] == [code is None] * 2
    assert tries == [2] * min(failures + 1, isolate.TRIES)
    assert len(toy.rows(engine, tables.answers)) == (2 if code is None else 0)


def test_a_real_deadlock_is_transient(postgres_url, monkeypatch):
    """Lost otherwise: two batches that lock in opposite order end in INTERNAL."""
    engine = create_engine(postgres_url, service="toy")
    toy.metadata.create_all(engine)
    toy.pipeline(engine).run_commands("deposit", [toy.command("1", "x"), toy.command("2", "y")])
    meet = threading.Barrier(2, timeout=5)
    rounds: list[int] = []

    def crossing(first: str, second: str):
        def handler(uow, commands):
            lock = sa.select(toy.accounts).with_for_update()
            uow.conn.execute(lock.where(toy.accounts.c.id == first)).all()
            if len(rounds) < 2:
                rounds.append(1)
                meet.wait()
            uow.conn.execute(lock.where(toy.accounts.c.id == second)).all()
            return [Ok({}) for _ in commands]

        return toy.pipeline(engine, commands={"deposit": Route(handler)})

    given: list[object] = []
    threads = [
        threading.Thread(target=lambda p=p, k=k: given.extend(p.run_commands("deposit", [toy.command(k)])))
        for k, p in (("d1", crossing("x", "y")), ("d2", crossing("y", "x")))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [answer["ok"] for answer in given] == [True, True]
    engine.dispose()


@pytest.mark.parametrize(("collisions", "codes"), [(1, [None, None]), (99, ["INTERNAL", "INTERNAL"])])
def test_a_unique_violation_is_tried_once_more(engine, monkeypatch, collisions, codes):
    """Lost otherwise: the same id from two replicas is a defect; or a real defect is tried as often as a deadlock."""
    monkeypatch.setattr(isolate, "FIRST_PAUSE_S", 0.0001)
    tries: list[int] = []

    def colliding(uow, commands):
        tries.append(len(commands))
        if len(tries) <= collisions:
            for _ in range(2):
                uow.conn.execute(sa.insert(toy.accounts).values(id="twin", amount_fen=1, sequence=1))
        return toy.deposit(uow, commands)

    pipeline = toy.pipeline(engine, commands={"deposit": Route(colliding)})
    given = pipeline.run_commands("deposit", [toy.command("k1"), toy.command("k2")])
    assert [answer.get("error", {}).get("code") for answer in given] == codes
    assert tries == ([2, 2] if collisions == 1 else [2, 2, 1, 1, 1, 1])


def test_one_id_under_two_keys_on_two_replicas_is_refused_by_rule(postgres_url):
    """Lost otherwise: whoever sends again under a new key gets INTERNAL and leaves a dead letter."""
    engine = create_engine(postgres_url, service="toy")
    toy.metadata.create_all(engine)
    meet = threading.Barrier(2, timeout=10)
    looks: list[int] = []

    def opening(uow, commands):
        found = uow.conn.execute(sa.select(toy.accounts.c.id).where(toy.accounts.c.id == "a")).first()
        looks.append(1)
        if len(looks) <= 2:
            meet.wait()
        if found:
            return [Refused("ALREADY_EXISTS") for _ in commands]
        uow.conn.execute(sa.insert(toy.accounts).values(id="a", amount_fen=1, sequence=1))
        return [Ok({}) for _ in commands]

    given: list[object] = []
    replicas = [toy.pipeline(engine, commands={"deposit": Route(opening)}) for _ in range(2)]
    threads = [
        threading.Thread(target=lambda p=p, k=k: given.extend(p.run_commands("deposit", [toy.command(k)])))
        for k, p in zip(("k1", "k2"), replicas, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    codes = [answer["ok"] or answer["error"]["code"] for answer in given]
    assert sorted(codes, key=str) == ["ALREADY_EXISTS", True]
    engine.dispose()


def test_a_busy_sqlite_file_is_transient_and_a_missing_table_is_not(tmp_path, monkeypatch):
    """Lost otherwise: a second process's write ends in INTERNAL; or a defect is tried for ever."""
    from infra.db import is_transient, writing
    from infra.settings import Settings

    url = f"sqlite:///{tmp_path / 'busy.db'}"
    one = create_engine(url, service="toy", settings=Settings(lock_timeout_ms=1))
    two = create_engine(url, service="toy", settings=Settings(lock_timeout_ms=1))
    toy.metadata.create_all(one)
    with writing(one), pytest.raises(sa.exc.OperationalError) as busy, writing(two):
        pass
    assert is_transient(busy.value)
    with pytest.raises(sa.exc.OperationalError) as missing, writing(two) as conn:
        conn.exec_driver_sql("SELECT * FROM nowhere")
    assert not is_transient(missing.value)


def test_two_writers_lose_no_update_on_sqlite(tmp_path):
    """Lost otherwise: SQLAlchemy drops FOR UPDATE on SQLite, and load-decide-save loses half the updates in silence."""
    engine = create_engine(f"sqlite:///{tmp_path / 'lost.db'}", service="toy")
    toy.pipeline(engine).run_commands("deposit", [toy.command("0")])

    def load_decide_save(uow, commands):
        row = uow.conn.execute(sa.select(toy.accounts).with_for_update()).mappings().one()
        uow.conn.execute(sa.update(toy.accounts).values(amount_fen=row["amount_fen"] + len(commands)))
        return [Ok({}) for _ in commands]

    def work(name: str) -> None:
        pipeline = toy.pipeline(engine, commands={"deposit": Route(load_decide_save)})
        for i in range(40):
            (given,) = pipeline.run_commands("deposit", [toy.command(f"{name}{i}")])
            assert given["ok"]

    threads = [threading.Thread(target=work, args=(name,)) for name in ("x", "y")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert toy.rows(engine, toy.accounts)[0]["amount_fen"] == 81


def test_prepare_runs_before_the_transaction_and_its_failure_is_unavailable(engine):
    """Lost otherwise: a call to another service holds our locks, or its absence looks like a defect."""

    def prepare(commands, calls):
        return {c.key: calls.call("other", "standing", {"id": c.body["account_id"]}) for c in commands}

    def handler(uow, commands):
        return [Ok(uow.prepared[command.key]) for command in commands]

    def standing(fields):
        if fields["id"] == "gone":
            raise CallFailed("UNAVAILABLE")
        return {"good": True}

    pipeline = toy.pipeline(engine, commands={"deposit": Route(handler, prepare)})
    pipeline.calls = LocalCalls({"other.standing": standing})
    assert pipeline.run_commands("deposit", [toy.command("k1")])[0]["result"] == {"good": True}
    (given,) = pipeline.run_commands("deposit", [toy.command("k2", account="gone")])
    assert given["error"]["code"] == "UNAVAILABLE"


def test_an_event_takes_effect_once(engine, pipeline):
    """Lost otherwise: at-least-once delivery counts a payment twice."""
    one, two = toy.event("a"), toy.event("b")
    pipeline.run_events([one, one, two])
    pipeline.run_events([two, one])
    assert sorted(effects(engine)) == ["toy.gift.v1:a:1", "toy.gift.v1:b:1"]


def test_failed_events_leave_the_others_alone(engine, pipeline):
    """Lost otherwise: a poisonous event takes its neighbours to the dead queue, or a gap holds them up."""
    events = [toy.event("a"), toy.event("poison"), toy.event("later"), toy.event("b")]
    with pytest.raises(EventsFailed) as failed:
        pipeline.run_events(events)
    assert {at: type(error) for at, error in failed.value.failures.items()} == {1: RuntimeError, 2: NotYet}
    assert sorted(effects(engine)) == ["toy.gift.v1:a:1", "toy.gift.v1:b:1"]
    pipeline.run_commands("deposit", [toy.command("k", account="predecessor")])
    pipeline.run_events([events[2]])
    assert "toy.gift.v1:later:1" in effects(engine)


def test_events_of_one_aggregate_are_put_in_sequence(engine, pipeline):
    """Lost otherwise: a batch that arrives turned round is applied turned round."""
    pipeline.run_events([toy.event("a", 3), toy.event("b", 1), toy.event("a", 1), toy.event("a", 2)])
    assert effects(engine) == [f"toy.gift.v1:{x}" for x in ("a:1", "b:1", "a:2", "a:3")]


def test_handlers_of_two_types_hold_no_locks_together(engine):
    """Lost otherwise: each takes its locks in order, but the second's come after the first's, and commands deadlock."""
    runs: list[tuple[object, list[str]]] = []

    def noted(uow, events):
        runs.append((uow, [event.subject for event in events]))
        toy.gift(uow, events)

    pipeline = toy.pipeline(engine, events={"toy.gift.v1": noted, "toy.deposited.v1": noted})
    other = toy.event("c", type="toy.deposited.v1")
    pipeline.run_events([toy.event("a"), toy.event("b"), other, toy.event("d")])
    assert [subjects for _, subjects in runs] == [["a", "b"], ["c"], ["d"]]
    assert len({id(uow) for uow, _ in runs}) == 3


def test_in_sequence_leaves_other_aggregates_where_they_are():
    """Lost otherwise: ordering one aggregate moves its neighbours' events across types."""
    events = [toy.event("a", 2), toy.event("b", 9), toy.event("a", 1), toy.event("c", 5)]
    assert [(e.subject, e.sequence) for e in in_sequence(events)] == [("a", 1), ("b", 9), ("a", 2), ("c", 5)]


def test_a_wildcard_handler_sees_every_event_beside_its_own_handler(engine):
    """Lost otherwise: supervision's evidence misses what it has no handler for."""
    seen: list[list[str]] = []
    everything = {"*": lambda uow, events: seen.append([e.type for e in events]), "toy.gift.v1": toy.gift}
    pipeline = toy.pipeline(engine, events=everything)
    pipeline.run_events([toy.event("a"), toy.event("b", type="toy.other.v1")])
    assert seen == [["toy.gift.v1", "toy.other.v1"]]
    assert effects(engine) == ["toy.gift.v1:a:1"]


def test_due_work_is_done_until_there_is_none_and_a_failing_one_stops_no_other(engine):
    """Lost otherwise: what falls due in a long quiet waits for a tick each; or one defect stops every deadline."""
    left = [3, 2, 0]

    def broken(uow):
        raise RuntimeError("broken")

    def countdown(uow):
        return left.pop(0)

    pipeline = toy.pipeline(engine, due=[broken, countdown, toy.grant])
    with pytest.raises(DueFailed) as failed:
        pipeline.run_due()
    assert set(failed.value.failures) == {"broken"}
    assert left == []
    assert [row["id"] for row in toy.rows(engine, toy.accounts)] == ["due"]


def test_queries_answer_refuse_and_cannot_write(engine, pipeline):
    """Lost otherwise: a read holds up or changes what commands do."""
    pipeline.run_commands("deposit", [toy.command("k1", amount=7)])
    ask = lambda subject: toy.Command("balance", None, {"subject": subject}, toy.PLATFORM, "c")  # noqa: E731
    assert pipeline.run_query("balance", ask("a"))["result"] == {"account_id": "a", "amount_fen": 7}
    assert pipeline.run_query("balance", ask("z"))["error"]["code"] == "NOT_FOUND"
    (decided,) = pipeline.run_query("explain", ask("a"))["result"]["decisions"]
    assert (decided["action"], decided["articles"]) == ("deposit", ["第二条"])
    writes = toy.pipeline(engine, queries={"balance": lambda conn, c: conn.execute(sa.delete(toy.accounts))})
    assert writes.run_query("balance", ask("a"))["error"]["code"] == "INTERNAL"
    assert pipeline.run_commands("deposit", [toy.command("k2")])[0]["ok"], "the connection stayed read-only"


@pytest.mark.parametrize(
    ("subject", "programme", "shown"),
    [
        ("a", None, ["ok", "refused"]),
        ("a", "guizhou-2018", ["ok", "refused"]),
        ("a", "shandong-2017", "PROGRAMME_MISMATCH"),
        ("refused", None, ["refused"]),
        ("refused", "guizhou-2018", "PROGRAMME_MISMATCH"),
        ("unknown", "guizhou-2018", []),
    ],
)
def test_decisions_are_explained_within_the_programme_of_the_token(pipeline, subject, programme, shown):
    """Lost otherwise: an official of one programme reads another's decisions; or not his own refusals."""
    given = [toy.command("k1", "a"), toy.command("k2", "a", amount=13), toy.command("k3", "refused", amount=13)]
    pipeline.run_commands("deposit", given)
    actor = Actor("li", frozenset({"bureau"}), programme=programme)
    answer = pipeline.run_query("explain", toy.Command("explain", None, {"subject": subject}, actor, "c"))
    if isinstance(shown, str):
        assert answer["error"]["code"] == shown
    else:
        assert [one["outcome"] for one in answer["result"]["decisions"]] == shown


def test_a_refusal_is_explained_by_what_was_asked_for(engine):
    """Lost otherwise: whoever was refused an order asks by its id, and is told that nothing was ever decided."""
    refused = Refused("NO_PLAN", "amount_fen", "第六条", {"pack_version": "guizhou-2018@1"})
    pipeline = toy.pipeline(engine, commands={"deposit": Route(lambda uow, commands: [refused for _ in commands])})
    record = "01J0000000000000000000000A"
    pipeline.run_commands("deposit", [toy.command("k1", record)])
    for subject in (record, "k1"):
        answer = pipeline.run_query("explain", toy.Command("explain", None, {"subject": subject}, toy.PLATFORM, "c"))
        (decided,) = answer["result"]["decisions"]
        assert (decided["code"], decided["programme"], decided["articles"]) == ("NO_PLAN", "guizhou-2018", ["第六条"])


def test_an_event_that_breaks_its_contract_undoes_the_batch(engine):
    """Lost otherwise: consumers must guess what a producer meant."""

    def wrong(uow, commands):
        uow.conn.execute(sa.insert(toy.effects).values(what="half"))
        uow.emit("toy.deposited.v1", subject="a", sequence=1, data={"account_id": "a"}, cause=commands[0])
        return [Ok({}) for _ in commands]

    pipeline = toy.pipeline(engine, commands={"deposit": Route(wrong)})
    assert pipeline.run_commands("deposit", [toy.command("k1")])[0]["error"]["code"] == "INTERNAL"
    assert effects(engine) == []


def test_what_is_old_is_pruned_and_decisions_stay(engine):
    """Lost otherwise: tables grow for ever; or evidence goes with them."""
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    pipeline = toy.pipeline(engine, clock, catalogue=toy.TELLING)
    pipeline.run_commands("deposit", [toy.command("k1")])
    pipeline.run_events([toy.event("a")])
    with engine.begin() as conn:
        conn.execute(sa.update(tables.outbox).values(state=tables.OUTBOX_SENT))
    pipeline.run_commands("deposit", [toy.command("unsent")])
    clock.advance(retention.ANSWERS + timedelta(seconds=1))
    pipeline.run_commands("deposit", [toy.command("k2")])
    assert pipeline.run_due()["prune"] == 5
    assert [row["key"] for row in toy.rows(engine, tables.answers)] == ["k2"]
    assert toy.rows(engine, tables.inbox) == []
    assert len(toy.rows(engine, tables.outbox)) == 4, "an event that was never sent is pruned"
    assert len(toy.rows(engine, tables.decisions)) == 3


def test_refusals_of_many_kinds_keep_the_right_ones(engine):
    """Lost otherwise: a defect's or the edge's answer is remembered, a rule's is forgotten."""
    codes = ["WRONG_STATE", "ALREADY_EXISTS", "PROGRAMME_UNKNOWN", "FORBIDDEN", "UNAVAILABLE"]
    handler = Route(lambda uow, commands: [Refused(command.body["account_id"]) for command in commands])
    pipeline = toy.pipeline(engine, commands={"deposit": handler})
    pipeline.run_commands("deposit", [toy.command(code, account=code) for code in codes])
    assert sorted(row["key"] for row in toy.rows(engine, tables.answers)) == ["ALREADY_EXISTS", "WRONG_STATE"]
