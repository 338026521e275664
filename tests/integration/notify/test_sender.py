"""Mails go out once, to the address registry gives at that moment; what is not sure is said to be unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa

from infra.calls import CallFailed, LocalCalls
from services.notify import store
from services.notify.mail import Smtp, server_of
from services.notify.sender import LEASE_S, send_due
from tests.integration.notify.kit import Kit, party
from tests.integration.notify.mailbox import DATA_452, DATA_554, DROP_AFTER, DROP_BEFORE, Mailbox, mailbox


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A mail server that takes everything, unless its script says otherwise."""
    with mailbox() as made:
        yield made


class Post:
    """A kit with a sender: who lives where, what the machine's clock says."""

    def __init__(self, kit: Kit, box: Mailbox) -> None:
        self.kit, self.box = kit, box
        self.addresses: dict[str, str | None] = {}
        self.asked: list[list[str]] = []
        self.smtp = Smtp(server_of(box.url), timeout_s=5)
        self.machine = 1_000.0

    def party(self, address: str | None) -> str:
        """An enterprise with one notice waiting to be mailed."""
        party_id = party()
        self.addresses[party_id] = address
        self.kit.tell("voucher.quota_granted.v1", enterprise_id=party_id, status="granted", amount_fen=5_000_000)
        return party_id

    def contacts(self, fields: Any) -> dict[str, Any]:
        self.asked.append(list(fields["ids"]))
        return {"items": [{"id": id_, "contact_email": self.addresses.get(id_)} for id_ in fields["ids"]]}

    def send(self, **extra: Any) -> dict[str, int]:
        calls = LocalCalls({"registry.contacts": self.contacts})
        return send_due(self.kit.engine, self.kit.clock, calls, self.smtp, seconds=lambda: self.machine, **extra)

    def row(self, party_id: str) -> dict[str, Any]:
        [found] = [row for row in self.kit.rows(store.deliveries) if row["party_id"] == party_id]
        return found


@pytest.fixture
def post(kit: Kit, box: Mailbox) -> Iterator[Post]:
    """A sender at hand."""
    made = Post(kit, box)
    yield made
    made.smtp.close()


def test_a_notice_is_mailed_once(post: Post):
    """Lost otherwise: nobody hears by mail, or hears the same twice."""
    someone = post.party("boss@example.cn")
    assert post.send() == {"sent": 1}
    assert post.send() == {}
    [(to, mail)] = post.box.mails
    assert to == "boss@example.cn"
    assert mail["Subject"] == "申领审核通过，额度50,000.00元"
    assert mail["From"] == "notice@yunquan.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == post.row(someone)["message_id"]
    text = mail.get_content()
    assert "50,000.00元" in text
    assert "Quota granted: CNY 50,000.00" in text
    assert post.row(someone)["status"] == "sent"
    assert post.kit.ask("deliveries", status="sent")["items"][0]["attempts"] == 1


def test_no_address_is_stored_and_the_newest_is_used(post: Post):
    """Lost otherwise: personal data outside of registry, or mail to an address that its owner has changed."""
    someone = post.party("old@example.cn")
    post.addresses[someone] = "new@example.cn"
    post.send()
    assert [to for to, _ in post.box.mails] == ["new@example.cn"]
    for table in (store.deliveries, store.notifications):
        assert "example.cn" not in repr(post.kit.rows(table))


def test_many_go_over_one_connection_and_one_question(post: Post):
    """Lost otherwise: two thousand notices cost two thousand connections and calls."""
    for number in range(7):
        post.party(f"p{number}@example.cn")
    assert post.send() == {"sent": 7}
    assert (post.box.connections, len(post.asked), len(post.asked[0])) == (1, 1, 7)


@pytest.mark.parametrize(
    ("script", "status", "reason", "taken"),
    [
        (450, "pending", "SMTP_450", 0),
        (550, "failed", "SMTP_550", 0),
        (421, "pending", "SMTP_421", 0),
        (DATA_452, "pending", "SMTP_452", 0),
        (DATA_554, "failed", "SMTP_554", 0),
        (DROP_BEFORE, "unknown", "SMTP_ANSWER_LOST", 0),
        (DROP_AFTER, "unknown", "SMTP_ANSWER_LOST", 1),
    ],
)
def test_what_the_server_says_decides(post: Post, script, status, reason, taken):
    """Lost otherwise: a mail for a full box is given up, or one that may have arrived is sent again."""
    someone = post.party("boss@example.cn")
    post.box.script["boss@example.cn"] = script
    post.send()
    row = post.row(someone)
    assert (row["status"], row["reason"], row["attempts"], len(post.box.mails)) == (status, reason, 1, taken)
    post.box.script.clear()
    post.kit.clock.advance(timedelta(days=3))
    post.send()
    assert len(post.box.mails) == (1 if status == "pending" else taken)


def test_a_refused_mail_does_not_hold_up_its_neighbours(post: Post):
    """Lost otherwise: one wrong address stops the mail of all parties behind it."""
    post.party("first@example.cn")
    bad, none, odd = post.party("bad@example.cn"), post.party(None), post.party("a b@example.cn")
    post.party("last@example.cn")
    post.box.script["bad@example.cn"] = 550
    assert post.send() == {"sent": 2, "failed": 3}
    reasons = [post.row(one)["reason"] for one in (bad, none, odd)]
    assert reasons == ["SMTP_550", "NO_ADDRESS", "BAD_ADDRESS"]


def test_our_own_address_refused_makes_the_mail_wait(post: Post):
    """Lost otherwise: a day of wrong set-up throws a day of notices away."""
    post.box.script["MAIL"] = 550
    someone = post.party("boss@example.cn")
    post.send()
    assert (post.row(someone)["status"], post.row(someone)["reason"]) == ("pending", "SMTP_550")


def test_a_server_that_is_down_is_tried_again_later(kit: Kit, post: Post):
    """Lost otherwise: notices of an hour's outage never go out, or each of them waits for its own timeout."""
    with mailbox() as gone:
        pass
    post.smtp = Smtp(server_of(gone.url), timeout_s=5)
    first, second = post.party("a@example.cn"), post.party("b@example.cn")
    assert post.send() == {"pending": 1}
    assert post.row(first)["reason"] == "SMTP_UNREACHABLE"
    assert post.row(second)["attempts"] == 0
    post.smtp = Smtp(server_of(post.box.url), timeout_s=5)
    assert post.send() == {"sent": 1}, "the second has not been tried, and need not wait"
    kit.clock.advance(timedelta(minutes=1))
    assert post.send() == {"sent": 1}


def test_without_addresses_nothing_is_sent_or_lost(post: Post):
    """Lost otherwise: registry is away for a minute, and its parties' notices count as tried."""
    someone = post.party("boss@example.cn")
    with pytest.raises(CallFailed):
        send_due(post.kit.engine, post.kit.clock, LocalCalls({}), post.smtp, seconds=lambda: post.machine)
    row = post.row(someone)
    assert (row["status"], row["attempts"], row["holder"]) == ("pending", 0, None)
    assert post.send() == {"sent": 1}


def test_a_sender_killed_while_sending_leaves_an_unknown_outcome(post: Post):
    """Lost otherwise: a mail that went out just before kill -9 goes out again."""
    someone, waiting = post.party("boss@example.cn"), post.party("other@example.cn")

    class Killed(BaseException):
        pass

    class Dying(Smtp):
        def send(self, message, to):
            super().send(message, to)
            raise Killed

    post.smtp = Dying(server_of(post.box.url), timeout_s=5)
    with pytest.raises(Killed):
        post.send(most=1)
    assert post.row(someone)["status"] == "sending"
    post.smtp = Smtp(server_of(post.box.url), timeout_s=5)
    assert post.send() == {"sent": 1}, "the other one goes; the one in doubt is left alone"
    post.machine += LEASE_S + 1
    assert post.send() == {"unknown": 1}
    assert post.row(someone)["reason"] == "SENDER_LOST"
    assert [to for to, _ in post.box.mails] == ["boss@example.cn", "other@example.cn"]
    assert post.row(waiting)["status"] == "sent"


def test_two_senders_never_take_the_same_mail(post: Post):
    """Lost otherwise: a second sender doubles every mail."""
    someone = post.party("boss@example.cn")
    inside: list[dict[str, int]] = []

    def nested(fields: Any) -> dict[str, Any]:
        if not inside:
            inside.append({})
            inside[0] = post.send()
        return post.contacts(fields)

    calls = LocalCalls({"registry.contacts": nested})
    assert send_due(post.kit.engine, post.kit.clock, calls, post.smtp, seconds=lambda: post.machine) == {"sent": 1}
    assert inside == [{}]
    assert post.row(someone)["status"] == "sent"


def test_a_mail_taken_over_is_not_sent_by_who_had_it(post: Post):
    """Lost otherwise: a sender that slept past its lease sends what another has sent."""
    someone = post.party("boss@example.cn")

    def slow(fields: Any) -> dict[str, Any]:
        post.machine += LEASE_S + 1
        assert post.send() == {"sent": 1}
        return post.contacts(fields)

    calls = LocalCalls({"registry.contacts": slow})
    assert send_due(post.kit.engine, post.kit.clock, calls, post.smtp, seconds=lambda: post.machine) == {}
    assert len(post.box.mails) == 1
    assert post.row(someone)["attempts"] == 1


def test_text_cannot_end_a_mail_early(box: Mailbox):
    """Lost otherwise: a reason with a line of one dot cuts the mail, and what follows is taken as commands."""
    text = "one\n.\n..two\nMAIL FROM:<x@example.cn>\n"
    message = EmailMessage(policy=policy.SMTP)
    message.set_content(text)
    smtp = Smtp(server_of(box.url), timeout_s=5)
    assert smtp.send(message, "boss@example.cn") == ("taken", None)
    assert smtp.send(message, "boss@example.cn") == ("taken", None)
    smtp.close()
    assert [mail.get_content().replace("\r\n", "\n") for _, mail in box.mails] == [text, text]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example.cn?from=a@b.cn", ("mail.example.cn", 25, "none", None)),
        ("smtp://u:p%40w@mail.example.cn:2525?from=a@b.cn&tls=starttls", ("mail.example.cn", 2525, "starttls", "p@w")),
        ("smtps://mail.example.cn?from=a@b.cn", ("mail.example.cn", 465, "tls", None)),
    ],
)
def test_settings(url, found):
    """Lost otherwise: mail goes in the clear where TLS was asked for, or to the wrong door."""
    server = server_of(url)
    assert (server.host, server.port, server.tls, server.password) == found
    assert "p@w" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.cn",
        "smtp://h",
        "http://h?from=a@b.cn",
        "smtp://u:secret@h:x?from=a@b.cn",
        "smtp://h?from=a@b.cn&tls=yes",
    ],
)
def test_settings_that_make_no_sense_are_named_and_keep_their_secret(url):
    """Lost otherwise: a password in a log."""
    with pytest.raises(ValueError, match="YUNQUAN_SMTP_URL") as caught:
        server_of(url)
    assert "secret" not in str(caught.value)


def test_the_columns_hold_what_is_written():
    """Lost otherwise: PostgreSQL refuses what SQLite took."""
    widths = {c.name: c.type.length for c in store.deliveries.columns if isinstance(c.type, sa.String)}
    assert widths["message_id"] >= len(f"<{party()}@yunquan.notify>")
    assert widths["status"] >= len("sending")
