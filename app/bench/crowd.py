"""Many viewers of one stream in a process of their own, as cheap as they can be: they count frames and look at none.

``python -m app.bench.crowd ADDRESS COUNT`` connects and writes how many are there; then it answers every line that it
is sent with how many frames have come to all of them, and to the slowest.
"""

import selectors
import socket
import sys
from urllib.parse import urlsplit

_BUFFER = bytearray(1 << 18)
_TWO_BYTES, _EIGHT_BYTES = 126, 127
_PING = 0x89


class Viewer:
    """A socket behind its handshake, and how many frames have begun on it. It knows where they begin, and no more."""

    def __init__(self, address: str) -> None:
        place = urlsplit(address)
        assert place.hostname is not None, "an address names its host"
        self.socket = socket.create_connection((place.hostname, place.port or 80))
        self.socket.sendall(handshake(place.netloc, f"{place.path}?{place.query}"))
        self.frames = 0
        self._skip = 0  # bytes of a frame that are still to come
        self._begun = _past_handshake(self.socket)  # bytes of a frame's head, when they are not all there yet

    def read(self) -> bool:
        """Counts what has come, and answers pings; False when the stream is over."""
        count = self.socket.recv_into(_BUFFER)
        data, at, end = _BUFFER, self._skip, count
        if self._begun:
            data, at = bytearray(self._begun + _BUFFER[:count]), 0
            self._begun, end = b"", len(data)
        while at < end:
            length = _length(data, at, end)
            if length is None or (data[at] == _PING and at + length > end):
                self._begun = bytes(data[at:end])
                return True
            if data[at] == _PING:
                self.socket.sendall(_pong(data[at + 2 : at + length]))
            else:
                self.frames += 1
            at += length
        self._skip = at - end
        return count > 0


def _pong(said: bytes | bytearray) -> bytes:
    """The answer to a ping that *said* so; what a client sends is masked, here with zeros."""
    return bytes((0x8A, 0x80 | len(said), 0, 0, 0, 0)) + said


def _length(data: bytes | bytearray, at: int, end: int) -> int | None:
    """That of the frame that begins there, with its head; None while the head is not all there (RFC 6455, 5.2)."""
    if end - at < 2:
        return None
    short = data[at + 1] & 0x7F
    more = {_TWO_BYTES: 2, _EIGHT_BYTES: 8}.get(short, 0)
    if end - at < 2 + more:
        return None
    return 2 + more + (int.from_bytes(data[at + 2 : at + 2 + more]) if more else short)


def handshake(netloc: str, target: str) -> bytes:
    """What a client says first."""
    return (
        f"GET {target} HTTP/1.1\r\nHost: {netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def _past_handshake(connected: socket.socket) -> bytes:
    """What has come behind the server's half of it."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = connected.recv(4096)
        if not part:
            raise ConnectionError(f"the server has ended the handshake: {answer[:200]!r}")
        answer += part
    return answer.partition(b"\r\n\r\n")[2]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(address: str, count: int) -> None:
    """Watches until its input ends."""
    watched = selectors.DefaultSelector()
    viewers = [Viewer(address) for _ in range(count)]
    for viewer in viewers:
        watched.register(viewer.socket, selectors.EVENT_READ, viewer)
    watched.register(sys.stdin, selectors.EVENT_READ)
    _say(str(count))
    while True:
        for key, _ in watched.select():
            if key.data is None:
                if not sys.stdin.readline():
                    return
                frames = [viewer.frames for viewer in viewers]
                _say(f"{sum(frames)} {min(frames)}")
            elif not key.data.read():
                raise ConnectionError("the server has ended a stream")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
