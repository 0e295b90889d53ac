"""Bytes on a socket, for requests that no client library would send."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.web.serving import Server

HOST = b"Host: 127.0.0.1\r\n"
UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
#: Long enough for every clock of the server, on a loaded machine.
PATIENCE = 40.0


@contextmanager
def connected(server: Server, source: str = "127.0.0.1") -> Iterator[socket.socket]:
    """A connection from *source*: all of 127.0.0.0/8 is this machine, and each address of it another visitor."""
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE, source_address=(source, 0)) as connection:
        yield connection


def get(path: str, headers: bytes = b"") -> bytes:
    """A request for *path*."""
    return b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n"


def answer(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def ask(server: Server, request: bytes, source: str = "127.0.0.1") -> bytes:
    """The answer to *request*, after which the connection ends."""
    with connected(server, source) as connection:
        connection.sendall(request)
        return answer(connection)


def status(answered: bytes) -> int:
    """Of an answer that has come."""
    return int(answered.split(b" ", 2)[1])


def trickle(connection: socket.socket, piece: bytes, every: float = 0.5) -> bytes:
    """What the server says while *piece* is sent again and again, until it closes. AssertionError when it does not."""
    connection.settimeout(every)
    got, begun = b"", time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        try:
            data = connection.recv(65536)
        except TimeoutError:
            data = None
        except ConnectionError:
            return got
        if data == b"":
            return got
        got += data or b""
        try:
            connection.sendall(piece)
        except ConnectionError:
            return got
    raise AssertionError(f"still held after {PATIENCE} s; it said {got[:80]!r}")
