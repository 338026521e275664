"""A real SMTP server on 127.0.0.1 that does as its script says for each addressee."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

# What may stand in the script of an addressee, beside a number that answers RCPT:
DROP_BEFORE = "drop before the text"  # the connection ends after DATA was granted
DROP_AFTER = "drop after the text"  # the text is taken, its answer never comes
DATA_452, DATA_554 = "452 to the text", "554 to the text"


class Mailbox:
    """`mails`: what was taken, in order; `script`: addressee → what happens, and `MAIL` → the answer to our sender."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self.script: dict[str, Any] = {}
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=notice@yunquan.example"


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        self.server.box.connections += 1
        self._say("220 ready")
        to = ""
        while line := self.rfile.readline():
            word, _, rest = line.decode().strip().partition(" ")
            if word.upper() == "RCPT":
                to = rest.partition("<")[2].partition(">")[0]
            if word.upper() == "DATA":
                self._say("354 go on")
                if not self._take(to):
                    return
            else:
                self._say(self._answer(word.upper(), to))

    def _answer(self, word: str, to: str) -> str:
        script = self.server.box.script
        said = script.get(to)
        if word == "RCPT" and isinstance(said, int):
            return f"{said} recipient"
        if word == "MAIL":
            return f"{script.get('MAIL', 250)} sender"
        return "250 fine" if word in ("EHLO", "HELO", "RSET", "RCPT") else "502 what"

    def _take(self, to: str) -> bool:
        said = self.server.box.script.get(to)
        if said == DROP_BEFORE:
            return False
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if said in (DATA_452, DATA_554):
            self._say(str(said))
            return True
        self.server.box.mails.append((to, message_from_bytes(b"".join(lines), policy=policy.default)))
        if said == DROP_AFTER:
            return False
        self._say("250 taken")
        return True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    """Listens on a free port."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, box: Mailbox) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.box = box
        box.port = self.server_address[1]


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mailbox that listens until the block ends."""
    box = Mailbox()
    with Server(box) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join(5)
