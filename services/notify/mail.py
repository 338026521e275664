"""One mail to one server, with a verdict that says whether it may be sent again; no text of the server's is kept."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from infra.clock import SHANGHAI
from services.notify.domain.delivery import Verdict

TIMEOUT_S = 30.0
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?")
_FIRST_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed in; `tls`: `tls` from the first byte, `starttls` demanded, or `none`."""

    host: str
    port: int
    tls: str
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def server_of(url: str) -> Server:
    """`smtp://user:password@host:587?from=notice@example.cn&tls=starttls`, `smtps://…`; ValueError never repeats it."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query, strict_parsing=bool(parts.query))
        port = parts.port
    except ValueError:
        raise ValueError("YUNQUAN_SMTP_URL cannot be read as a URL") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("YUNQUAN_SMTP_URL is smtp://host:port?from=… or smtps://host:port?from=…")
    sender = query.get("from", [""])[0]
    if not ADDRESS.fullmatch(sender):
        raise ValueError("YUNQUAN_SMTP_URL needs ?from=, the address that notices come from")
    tls = query.get("tls", ["tls" if parts.scheme == "smtps" else "none"])[0]
    if tls not in ("none", "starttls", "tls"):
        raise ValueError("tls in YUNQUAN_SMTP_URL is none, starttls or tls")
    return Server(
        host=parts.hostname,
        port=port or {"tls": 465, "starttls": 587, "none": 25}[tls],
        tls=tls,
        sender=sender,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def compose(*, notice: Mapping[str, Any], message_id: str, sender: str, to: str, at: datetime) -> EmailMessage:
    """A notice as plain text, Chinese first; `message_id` is the same however often it is sent."""
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = notice["title"]
    message["From"] = sender
    message["To"] = to
    message["Date"] = format_datetime(at.astimezone(SHANGHAI))
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{notice['body']}\n\n----\n\n{notice['title_en']}\n\n{notice['body_en']}\n")
    return message


class Smtp:
    """A connection that is opened when a mail is sent and kept for the next one."""

    def __init__(self, server: Server, timeout_s: float = TIMEOUT_S) -> None:
        self.server = server
        self._timeout = timeout_s
        self._open: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, to: str) -> tuple[Verdict, str | None]:
        """The verdict and its code: `taken`; `later` (4xx, no server); `never` (5xx); `unknown` (no last answer)."""
        try:
            server = self._connected()
            ready = self._envelope(server, to)
            if ready is not None:
                return ready
            server.send(_FIRST_DOT.sub(b"..", message.as_bytes()) + b".\r\n")
        except smtplib.SMTPAuthenticationError:
            return self._broken("SMTP_LOGIN")
        except smtplib.SMTPNotSupportedError:
            return self._broken("SMTP_TLS")
        except (OSError, smtplib.SMTPException):  # the last dot has not been handed over: nothing was accepted
            return self._broken("SMTP_UNREACHABLE")
        try:
            code, _ = server.getreply()
        except (OSError, smtplib.SMTPException):
            self.close()
            return "unknown", "SMTP_ANSWER_LOST"
        return ("taken", None) if code == 250 else self._refused(server, code)

    def close(self) -> None:
        """Let go of the connection."""
        server, self._open = self._open, None
        if server is not None:
            server.close()

    @property
    def reachable(self) -> bool:
        """Is there a connection that the next mail can use?"""
        return self._open is not None

    def _envelope(self, server: smtplib.SMTP, to: str) -> tuple[Verdict, str | None] | None:
        code, _ = server.mail(self.server.sender)
        if code != 250:  # our own address is refused: whoever runs us can mend that, so the mail waits
            _, reason = self._refused(server, code)
            return "later", reason
        code, _ = server.rcpt(to)
        if code not in (250, 251):
            return self._refused(server, code)
        code, _ = server.docmd("DATA")
        return None if code == 354 else self._refused(server, code)

    def _refused(self, server: smtplib.SMTP, code: int) -> tuple[Verdict, str | None]:
        if code == 421:  # the server is closing
            self.close()
        else:
            try:
                server.rset()
            except (OSError, smtplib.SMTPException):
                self.close()
        return ("never" if 500 <= code < 600 else "later"), f"SMTP_{code}"

    def _broken(self, reason: str) -> tuple[Verdict, str | None]:
        self.close()
        return "later", reason

    def _connected(self) -> smtplib.SMTP:
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _connect(self) -> smtplib.SMTP:
        given = self.server
        context = ssl.create_default_context()
        if given.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(given.host, given.port, timeout=self._timeout, context=context)
        else:
            server = smtplib.SMTP(given.host, given.port, timeout=self._timeout)
        try:
            if given.tls == "starttls":
                server.starttls(context=context)
            if given.user is not None:
                server.login(given.user, given.password or "")
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server
