"""The private PostgreSQL keeps what was committed, runs as root's guest, and is reachable from this machine alone."""

import os
import shutil
import socket
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa

from infra.local.databases import Databases
from infra.local.guard import LocalServerError, descendants, scratch_folder
from infra.local.postgres import Postgres


@pytest.fixture
def cluster():
    """A durable cluster of this test's own."""
    cluster = Postgres(scratch_folder("cluster"))
    cluster.start()
    yield cluster
    cluster.stop()
    cluster.remove()


def rows(url, *statements):
    """Run statements in one committed transaction; return the last one's rows."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            result = connection.execute(sa.text(statement))
        return [tuple(row) for row in result] if result.returns_rows else []


def listens(address, port):
    """Whether something accepts connections at the address."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((address, port)) == 0


@pytest.mark.faults
def test_what_was_committed_survives_restart_and_kill(cluster):
    """Lost otherwise: fault tests that would lose rows by the harness's fault, not by ours."""
    url = cluster.create_database("voucher")
    rows(url, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
    cluster.restart()
    rows(url, "INSERT INTO t VALUES (2)")
    family = {*cluster.pids, *descendants(cluster.pids[0])}
    cluster.kill()
    assert [pid for pid in family if Path(f"/proc/{pid}/exe").exists()] == []
    cluster.start()
    assert rows(url, "SELECT a FROM t ORDER BY a") == [(1,), (2,)]
    assert cluster.execute("SHOW fsync") == [("on",)]


def test_it_listens_on_this_machine_alone(cluster):
    """Lost otherwise: a database open to the network of whoever runs `make test` in a café."""
    assert cluster.execute("SHOW listen_addresses") == [("127.0.0.1",)]
    assert cluster.execute("SHOW unix_socket_directories") == [(str(cluster.home),)]
    assert cluster.home.stat().st_mode & 0o077 == 0
    assert listens("127.0.0.1", cluster.port)
    assert not listens("127.0.0.2", cluster.port)


def test_it_asks_for_its_password(cluster):
    """Lost otherwise: every user of the machine reads and writes the vouchers."""
    uri = cluster.uri().replace("postgresql+psycopg2", "postgresql")
    password = (cluster.home / "password").read_text()
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(uri.replace(password, "wrong"))
    psycopg2.connect(uri).close()


@pytest.fixture
def closed(monkeypatch):
    """A folder that only its owner can enter, and a public place of this test's own for PostgreSQL's homes."""
    public = scratch_folder("public")
    public.chmod(0o755)
    monkeypatch.setattr("infra.local.postgres._public_folder", lambda: public)
    parent = scratch_folder("closed")
    yield parent / "data"
    shutil.rmtree(parent)
    shutil.rmtree(public)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its server to another user")
def test_a_folder_the_server_can_not_reach_gets_another(closed):
    """Lost otherwise: `make up` in root's own checkout fails with "permission denied"."""
    with Postgres(closed, durable=False) as cluster:
        url = cluster.create_database("a")
        assert rows(url, "SELECT 1") == [(1,)]
        assert cluster.home != cluster.folder
    with Postgres(closed, durable=False) as again:
        assert again.home == cluster.home
        assert again.databases() == ["a"]
    again.remove()
    assert not cluster.home.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its server to another user")
def test_data_go_with_the_folder_that_was_deleted(closed):
    """Lost otherwise: after `make clean` the old vouchers are back; or the disk, to clusters nobody knows of."""
    with Postgres(closed, durable=False) as first:
        first.create_database("old")
        with Postgres(closed.with_name("other"), durable=False) as other:
            shutil.rmtree(closed)
            with Postgres(closed, durable=False) as second:
                assert second.databases() == []
                assert first.home.exists(), "its server still runs"
                assert other.home.exists()
    with Postgres(closed.with_name("third"), durable=False):
        assert not first.home.exists()
        assert other.home.exists()


def test_a_half_made_cluster_is_made_anew():
    """Lost otherwise: Ctrl-C in the first second breaks every later start."""
    folder = scratch_folder("half")
    (folder / "data").mkdir()
    (folder / "data" / "base").write_text("an initdb was interrupted here")
    with Postgres(folder, durable=False) as cluster:
        assert cluster.databases() == []
    cluster.remove()


def test_one_folder_has_one_cluster(cluster):
    """Lost otherwise: two servers over one data folder."""
    with pytest.raises(LocalServerError, match="in use"):
        Postgres(cluster.folder).start()
    assert cluster.running()


def test_a_copied_database_is_apart_from_its_template(postgres):
    """Lost otherwise: tests that make their tables once, and see each other's rows."""
    template = postgres.create_database("template_of_test")
    rows(template, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)")
    copy = postgres.create_database("copy_of_test", template="template_of_test")
    rows(copy, "DELETE FROM t")
    assert rows(template, "SELECT a FROM t") == [(1,)]
    for name in ("copy_of_test", "template_of_test"):
        postgres.drop_database(name)
        assert name not in postgres.databases()
    postgres.drop_database("template_of_test")  # what is not there is dropped without complaint


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", 'a"; DROP DATABASE postgres; --', "a" * 64])
def test_names_that_would_be_sql_are_refused(name):
    """Lost otherwise: a name that the server would run as a statement."""
    with pytest.raises(LocalServerError, match="not a database's name"):
        Databases(lambda _: "postgresql+psycopg2://nowhere/x").create(name)
