"""Servers the user names are used, missing ones are installed only where that is allowed, and fixtures start clean."""

import os
import shutil
import stat
from pathlib import Path

import pika
import pytest
import sqlalchemy as sa

from infra.local import packages, servers
from infra.local.deployment import Deployment, Options
from infra.local.guard import LocalServerError, scratch_folder
from infra.local.rabbitmq import Rabbit


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without RabbitMQ whose apt-get is a script: it writes what it was told to ``apt.log``."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    sign = tmp_path / "usr" / "rabbitmq-server"
    sign.parent.mkdir()
    policy = tmp_path / "policy-rc.d"
    apt = binaries / "apt-get"
    apt.write_text(
        f'#!/bin/sh\necho "$@ policy=$([ -x {policy} ] && {policy}; echo $?)" >>{tmp_path}/apt.log\n'
        f"[ -e {tmp_path}/broken ] && {{ echo 'E: no network' >&2; exit 100; }}\n"
        f"[ $1 = install ] && touch {sign}\nexit 0\n"
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{binaries}:/usr/bin:/bin")
    monkeypatch.delenv(packages.FORBID, raising=False)
    monkeypatch.setattr(packages, "POLICY", policy)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setitem(packages.PACKAGES, "rabbitmq", packages.Package("rabbitmq-server", str(sign)))
    return tmp_path


def test_what_is_missing_is_installed_and_no_service_starts(machine):
    """Lost otherwise: the first `make demo`; or the port of a system broker that apt starts unasked."""
    packages.need("rabbitmq")
    log = (machine / "apt.log").read_text().splitlines()
    assert log == [
        "update -q policy=101",
        "install -q -y --no-install-recommends rabbitmq-server policy=101",
    ]
    assert not (machine / "policy-rc.d").exists()
    packages.need("rabbitmq")
    assert (machine / "apt.log").read_text().splitlines() == log, "a second run has nothing to do"


def test_the_owners_policy_is_left_alone(machine):
    """Lost otherwise: a policy file that the machine's owner wrote."""
    policy = machine / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 104\n")
    policy.chmod(0o755)
    packages.need("rabbitmq")
    assert "policy=104" in (machine / "apt.log").read_text()
    assert policy.read_text().endswith("exit 104\n")
    assert policy.stat().st_mode & stat.S_IXUSR


def test_a_failing_apt_is_told_and_undone(machine):
    """Lost otherwise: an hour of looking for why; and a machine whose services never start again."""
    (machine / "broken").touch()
    with pytest.raises(LocalServerError, match=r"--no-install-recommends rabbitmq-server\n.*no network"):
        packages.need("rabbitmq")
    assert not (machine / "policy-rc.d").exists()


@pytest.mark.parametrize("why", ["forbidden", "no apt", "not root"])
def test_where_we_may_not_install_one_line_says_what_to_do(machine, monkeypatch, capsys, why):
    """Lost otherwise: packages on a machine whose owner said no, or a stack trace in place of an instruction."""
    if why == "forbidden":
        monkeypatch.setenv(packages.FORBID, "1")
    elif why == "no apt":
        monkeypatch.setenv("PATH", str(machine / "empty"))
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        (machine / "bin" / "sudo").write_text("#!/bin/sh\nexit 1\n")
        (machine / "bin" / "sudo").chmod(0o755)
    assert packages.main(["rabbitmq"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("rabbitmq-server is missing, and ")
    assert "install it" in said[0]
    assert not (machine / "apt.log").exists()


def test_this_machine_has_what_it_started():
    """Lost otherwise: apt, run at every start."""
    assert packages.missing(("rabbitmq", "postgresql")) == []
    assert (packages.postgres_binaries() / "initdb").exists()


def test_servers_that_the_user_names_are_used(tmp_path):
    """Lost otherwise: the deployment's own broker and database, and a private pair started in their place."""
    named = {
        "YUNQUAN_AMQP_URI": "amqp://u:p@broker/x",
        "YUNQUAN_DATABASE_URL": "postgresql+psycopg2://u:p@db/yunquan_{service}",
    }
    with servers.broker(named, tmp_path / "r") as uri:
        assert uri == "amqp://u:p@broker/x"
    with servers.postgres_databases(named, tmp_path / "p", ["voucher"]) as url:
        assert url("voucher") == "postgresql+psycopg2://u:p@db/yunquan_voucher"
    assert list(tmp_path.iterdir()) == [], "no private server was prepared"


@pytest.mark.parametrize(
    ("name", "value"),
    [("YUNQUAN_AMQP_URI", "http://broker"), ("YUNQUAN_DATABASE_URL", "postgresql+psycopg2://db/one_for_all")],
)
def test_a_wrong_name_of_a_server_is_told(tmp_path, name, value):
    """Lost otherwise: five services in one database, or a connection error far from its cause."""
    reader = servers.named_broker if name == servers.AMQP_URI else servers.named_databases
    with pytest.raises(LocalServerError, match=name):
        reader({name: value})


def test_each_service_has_a_file_of_its_own(tmp_path):
    """Lost otherwise: two services that lock each other out of one SQLite file."""
    url = servers.sqlite_databases(tmp_path / "data")
    assert url("voucher") != url("registry")
    with sa.create_engine(url("voucher")).begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (a int)"))
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["voucher.sqlite3"]


def test_each_service_has_a_database_of_its_own():
    """Lost otherwise: the second `make up`, which would create the databases of the first again."""
    folder = scratch_folder("servers")
    for services in (["voucher"], ["registry", "voucher"]):
        with servers.postgres_databases({}, folder, services, durable=False) as url:
            for service in services:
                with sa.create_engine(url(service), poolclass=sa.pool.NullPool).begin() as connection:
                    connection.execute(sa.text("CREATE TABLE IF NOT EXISTS t (a int)"))
    shutil.rmtree(folder)


SEEN: dict[str, set[str]] = {"broker": set(), "database": set()}


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_broker_of_its_own(amqp_uri, turn):
    """Lost otherwise: tests that pass or fail by what ran before them."""
    assert amqp_uri not in SEEN["broker"]
    SEEN["broker"].add(amqp_uri)
    channel = pika.BlockingConnection(pika.URLParameters(amqp_uri)).channel()
    assert channel.queue_declare("left").method.message_count == 0
    channel.basic_publish("", "left", b"over")


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_database_of_its_own(database_url, turn):
    """Lost otherwise: tests that pass or fail by what ran before them."""
    assert database_url not in SEEN["database"]
    SEEN["database"].add(database_url)
    with sa.create_engine(database_url).begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE left_over (a int)"))


def test_waiting_has_a_deadline(wait_until):
    """Lost otherwise: a test that hangs in place of failing."""
    answers = iter([0, 0, 7])
    assert wait_until(lambda: next(answers)) == 7
    with pytest.raises(pytest.fail.Exception, match=r"not within 0\.05 s: the end of days"):
        wait_until(lambda: False, deadline=0.05, what="the end of days")


def test_nothing_of_ours_is_written_to_the_systems_folders():
    """Lost otherwise: /etc/rabbitmq of whoever has a broker; what we pass is in our own folder."""
    node = Rabbit(Path("/nonexistent"))
    node._ports = [1, 2, 3, 4]
    settings = node._environment()
    files = {name: value for name, value in settings.items() if value.startswith("/") and name != "PATH"}
    assert len(files) >= 12
    assert {name for name, value in files.items() if not value.startswith("/nonexistent")} == set()


def test_a_pack_that_cannot_be_read_is_told_before_anything_starts(tmp_path):
    """Lost otherwise: five services die, each in its own log, and the caller waits a minute to hear of queues."""
    options = Options(env={"YUNQUAN_OVERLAYS": "no-such-overlay"})
    with pytest.raises(LocalServerError, match="no overlay of that code"):
        Deployment(tmp_path / "broken", options).start()
    assert not (tmp_path / "broken").exists()
