"""py-amqp connections as we want them: buffered reads, a timeout on every write, one connection for one purpose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp
from amqp.transport import TCPTransport

SOCKET_TIMEOUT = 10.0  # a broker that takes no bytes for so long (blocked, or gone) costs us the connection
READ_SIZE = 16 * 1024

FAILURES: tuple[type[Exception], ...] = (amqp.exceptions.AMQPError, OSError)


class BufferedTransport(TCPTransport):
    """py-amqp asks the kernel for each piece of each frame, nine times a message; this asks for what is there.

    Between `cork` and `uncork` what is written is kept, and goes out in one piece.
    """

    _read_buffer: bytes
    _corked: list[bytes] | None = None

    def write(self, s: bytes | memoryview) -> None:
        if self._corked is None:
            super().write(s)
        else:
            self._corked.append(bytes(s))

    def cork(self) -> None:
        self._corked = []

    def uncork(self, *, send: bool) -> None:
        kept, self._corked = self._corked, None
        if kept and send:
            super().write(b"".join(kept))

    def _read(self, n: int, initial: bool = False, _errnos: Any = ()) -> bytes:
        buffer = self._read_buffer
        try:
            while len(buffer) < n:
                try:
                    piece = self._quick_recv(READ_SIZE)
                except BlockingIOError as error:  # a look without waiting: what was read of a frame is kept
                    raise TimeoutError from error
                if not piece:
                    raise OSError("Server unexpectedly closed connection")
                buffer += piece
        finally:
            self._read_buffer = buffer
        self._read_buffer = buffer[n:]
        return bytes(buffer[:n])


class Connection(amqp.Connection):
    """With the buffered transport, where there is no TLS to read through.

    We do not ask to be told when the broker blocks: py-amqp would look for that notice before each publish and take in
    whatever else has come. A blocked broker is noticed by the timeout of the write.
    """

    negotiate_capabilities = {"consumer_cancel_notify": True, "authentication_failure_close": True}  # noqa: RUF012

    def Transport(self, host: str, connect_timeout: float, ssl: Any = False, *rest: Any, **more: Any) -> Any:  # noqa: N802
        if ssl:
            return super().Transport(host, connect_timeout, ssl, *rest, **more)
        return BufferedTransport(host, connect_timeout, *rest, **more)

    @contextmanager
    def in_one_piece(self) -> Iterator[None]:
        """What is published and acknowledged inside goes out together, or, after an error, not at all."""
        transport = self.transport
        if not isinstance(transport, BufferedTransport):
            yield
            return
        transport.cork()
        sound = False
        try:
            yield
            sound = True
        finally:
            transport.uncork(send=sound)


def connect(uri: str, *, heartbeat: int, timeout: float = SOCKET_TIMEOUT) -> Connection:
    """An open connection; OSError or AMQPError when the broker does not let us in."""
    parts = urlsplit(uri)
    if parts.scheme not in ("amqp", "amqps"):
        raise ValueError("the broker's URI starts with amqp:// or amqps://")
    secure = parts.scheme == "amqps"
    connection = Connection(
        host=f"{parts.hostname or '127.0.0.1'}:{parts.port or (5671 if secure else 5672)}",
        userid=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        virtual_host=unquote(parts.path[1:]) or "/",
        ssl={"server_hostname": parts.hostname} if secure else False,
        connect_timeout=timeout,
        heartbeat=heartbeat,
    )
    connection.connect()
    connection.sock.settimeout(timeout)
    return connection
