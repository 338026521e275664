"""The private broker keeps what it was given, stands beside others, and is reachable from this machine alone."""

import contextlib
import re
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path

import pika
import pytest

from infra.local.guard import LocalServerError, claim, descendants, free_ports, scratch_folder
from infra.local.rabbitmq import Rabbit


def listening(pids):
    """The addresses that processes listen on, from the kernel's own tables."""
    sockets = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                sockets.update(re.findall(r"socket:\[(\d+)\]", str(descriptor.readlink())))
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:
                address, port = fields[1].split(":")
                words = [bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8)]
                found.append((ip_address(b"".join(words)), int(port, 16)))
    return found


def publish(uri, queue, body):
    """Publish one persistent message to a durable quorum queue, confirmed."""
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
    channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2), mandatory=True)
    connection.close()


def take(uri, queue):
    """The body of the queue's first message, or None."""
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    _, _, body = connection.channel().basic_get(queue, auto_ack=True)
    connection.close()
    return body


@pytest.fixture(scope="module")
def node():
    """A node of this module's own, with its metrics plugin; each test leaves it running."""
    folder = scratch_folder("node")
    node = Rabbit(folder, prometheus=True)
    node.start()
    yield node
    node.kill()
    shutil.rmtree(folder, ignore_errors=True)


def test_it_listens_on_this_machine_alone(node):
    """Lost otherwise: a broker with a default cookie open to the network of whoever runs `make demo` in a café."""
    addresses = listening(node.pids)
    assert {node.port, node.prometheus_port} < {port for _, port in addresses}
    assert len({port for _, port in addresses}) == 4, "AMQP, metrics, distribution, epmd"
    assert [address for address, _ in addresses if not address.is_loopback] == []


@pytest.mark.faults
def test_what_was_confirmed_survives_restart_and_kill(node):
    """Lost otherwise: fault tests that would lose messages by the harness's fault, not by ours."""
    uri = node.add_vhost("kept")
    publish(uri, "q", b"one")
    node.restart()
    assert take(uri, "q") == b"one"
    publish(uri, "q", b"two")
    family = {*node.pids, *(pid for one in node.pids for pid in descendants(one))}
    node.kill()
    assert [pid for pid in family if Path(f"/proc/{pid}/exe").exists()] == []
    with pytest.raises(pika.exceptions.AMQPError):
        pika.BlockingConnection(pika.URLParameters(uri))
    node.start()
    assert take(uri, "q") == b"two"


def test_virtual_hosts_are_apart(rabbit):
    """Lost otherwise: a test that reads the messages of the one before."""
    first, second = rabbit.add_vhost(), rabbit.add_vhost()
    publish(first, "q", b"for the first")
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="no queue 'q'"):
        take(second, "q")
    for uri in (first, second):
        rabbit.delete_vhost(uri.rpartition("/")[2])
    with pytest.raises(pika.exceptions.AMQPError):
        take(first, "q")


def test_calls_into_a_node_may_come_at_once(rabbit):
    """Lost otherwise: one test in thousands, at random: a node refuses a name whose last call it has not seen end."""
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(rabbit.evaluate, ["1+1"] * 80)) == ["2"] * 80


def test_a_node_that_came_up_without_quorum_queues_is_given_them(monkeypatch):
    """Lost otherwise: on a busy machine, one start in hundreds: every queue is refused (541), and nothing runs."""
    folder = scratch_folder("flags")
    usual = Rabbit._environment
    monkeypatch.setattr(Rabbit, "_environment", lambda self: usual(self) | {"RABBITMQ_FEATURE_FLAGS": ""})
    bare = Rabbit(folder)
    try:
        bare.start()
        publish(bare.uri, "q", b"kept")
        assert take(bare.uri, "q") == b"kept"
    finally:
        bare.kill()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_second_node_stands_beside_the_first(rabbit, node):
    """Lost otherwise: the demo can't run while the tests do, or beside the system's own broker."""
    assert rabbit.running()
    assert node.running()
    assert rabbit.port != node.port
    publish(node.uri, "q", b"here")
    with pytest.raises(pika.exceptions.ChannelClosedByBroker):
        take(rabbit.uri, "q")
    with pytest.raises(LocalServerError, match="in use"):
        Rabbit(node.folder).start()
    assert node.running()


def test_a_start_that_fails_says_why_and_leaves_nothing():
    """Lost otherwise: a minute's wait for "did not start", and an epmd or a lock left behind."""
    failing = Rabbit(scratch_folder("node"))
    failing._ports = free_ports(4)  # as of a node that ran before: whoever was given its URI has them
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", failing.port))
        squatter.listen()
        with pytest.raises(LocalServerError, match=r"eaddrinuse|already in use"):
            failing.start()
    assert failing.pids == []
    claim(failing.folder).close()
    shutil.rmtree(failing.folder)


@pytest.mark.parametrize("name", ["", "a b", 'x">>', "é", "x" * 101])
def test_names_that_would_be_code_are_refused(rabbit, name):
    """Lost otherwise: a name that the node would evaluate as Erlang."""
    with pytest.raises(LocalServerError, match="not a virtual host's name"):
        rabbit.delete_vhost(name)


def test_an_error_in_the_node_is_an_error_here(rabbit):
    """Lost otherwise: a virtual host that was not made, and a test that fails far from there."""
    with pytest.raises(LocalServerError, match="undef"):
        rabbit.evaluate("no_such_module:run()")


def test_the_password_is_its_own_and_stays(node):
    """Lost otherwise: any user of the machine logs in as guest; or nobody can log in after a restart."""
    assert (node.folder / "password").stat().st_mode & 0o077 == 0
    assert (node.folder / "etc" / "rabbitmq.conf").stat().st_mode & 0o077 == 0
    guest = node.uri.replace(f"yunquan:{(node.folder / 'password').read_text()}", "guest:guest")
    with pytest.raises(pika.exceptions.AMQPError):
        pika.BlockingConnection(pika.URLParameters(guest))
    assert Rabbit(node.folder)._password() == node._password()
