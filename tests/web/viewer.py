"""A viewer as a script would write it: joins a stream, applies what comes, checks the numbering."""

import json
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from app.state.delta import apply
from tests.web.serving import Api

PATIENCE = 30  # seconds after which a test gives up; nothing is measured by it
_NOT_STATE = {"type", "seq", "base", "events", "events_skipped"}


def open_stream(address: str, *, origin: str | None = None) -> AbstractContextManager[ClientConnection]:
    """A connection to a stream, with nothing read from it yet."""
    return connect(
        address,
        origin=None if origin is None else Origin(origin),
        subprotocols=[Subprotocol("apicscope.v1")],
        compression=None,
        proxy=None,
        max_size=None,
        open_timeout=PATIENCE,
        close_timeout=PATIENCE,
    )


class Viewer:
    """Someone who watches a session."""

    def __init__(self, address: str) -> None:
        self._opening = open_stream(address)
        self.seq = -1
        self.state: Any = {}
        self.kinds: list[str] = []

    def __enter__(self) -> Self:
        self.connection = self._opening.__enter__()
        self.hello = self.receive()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._opening.__exit__(kind, error, traceback)

    def receive(self) -> dict[str, Any]:
        """The next message that says something."""
        while True:
            message: dict[str, Any] = json.loads(self.connection.recv(timeout=PATIENCE))
            if message["type"] != "ping":
                return message

    def next(self) -> dict[str, Any]:
        """The next message, applied."""
        message = self.receive()
        if message["type"] == "snapshot":
            self.state = message["state"]
        else:
            assert message["type"] == "delta"
            assert message["base"] == self.seq, "a gap that the client could not see"
            self.state = apply(self.state, {key: message[key] for key in message.keys() - _NOT_STATE})
        assert message["seq"] > self.seq or message["type"] == "snapshot"
        assert message["time"] == self.state["time"]
        self.seq = message["seq"]
        self.kinds.append(message["type"])
        return message

    def follow(self, seq: int) -> Any:
        """The state once *seq* has come, or a later one."""
        while self.seq < seq:
            self.next()
        return self.state

    def meet(self, session: Api, viewers: int | None = None) -> Any:
        """The state that viewer and server have at the same number; it must be the same.

        With *viewers*, waits until so many are counted: in a paused session nothing comes after that.
        """
        while True:
            expected = session.numbered_state() | {"hash": None}  # which no frame has
            self.follow(expected["seq"])
            if self.seq == expected["seq"]:
                assert self.state | {"seq": self.seq} == expected
                if viewers in (None, expected["viewers"]):
                    return self.state
                self.next()

    def resync(self) -> None:
        """Asks for a snapshot."""
        self.connection.send('{"type":"resync"}')


def close_code(connection: ClientConnection) -> int:
    """Reads until the server closes; with which code it does."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=PATIENCE)
    assert connection.close_code is not None, "the connection broke"
    return connection.close_code
