"""Twenty people watch a machine that runs flat out, and one of them does not read: that is nobody else's matter."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx2
import pytest

from tests.web.serving import Api, Server, new_session
from tests.web.viewer import Viewer

OTHERS = 19
HANDSHAKE = (
    "GET {path}/stream HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@contextmanager
def stalled_viewer(server: Server, session: Api) -> Iterator[socket.socket]:
    """A connection that joins the stream, with room for next to nothing, and then never reads."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(HANDSHAKE.format(path=session.path, host=server.host).encode())
        answer = connection.recv(12)
        assert answer == b"HTTP/1.1 101"
        yield connection


@pytest.fixture
def busy(http: httpx2.Client) -> Iterator[Api]:
    """A large machine that demonstrates itself, flat out."""
    session = new_session(http, cpus=16, paused=False)
    session.command("demonstrate", enabled=True)
    yield session
    session.end()


def messages_over(viewers: list[Viewer], enough: Callable[[Viewer], bool]) -> list[int]:
    """How many messages each viewer gets until it has had enough; all of them at once."""

    def read(viewer: Viewer) -> int:
        before = len(viewer.kinds)
        while not enough(viewer):
            viewer.next()
        return len(viewer.kinds) - before

    with ThreadPoolExecutor(len(viewers)) as pool:
        return list(pool.map(read, viewers))


def over_60_states(viewers: list[Viewer]) -> int:
    """How many messages all of them together get while 60 states are published."""
    for viewer in viewers:
        viewer.next()
    goal = max(viewer.seq for viewer in viewers) + 60
    return sum(messages_over(viewers, lambda viewer: viewer.seq >= goal))


@pytest.mark.slow
def test_others_get_as_much_as_they_would_without_it(server: Server, busy: Api) -> None:
    with ExitStack() as stack:
        others = [stack.enter_context(Viewer(server.stream(busy.id))) for _ in range(OTHERS)]
        alone = over_60_states(others)
        stack.enter_context(stalled_viewer(server, busy))
        beside_it = over_60_states(others)

        # Whoever lags is served fewer, larger deltas: a viewer who held the rest up would show as far fewer messages.
        assert beside_it > alone / 2


@pytest.mark.slow
def test_it_is_cut_off_in_the_end_and_the_others_have_seen_everything(server: Server, busy: Api) -> None:
    with ExitStack() as stack:
        others = [stack.enter_context(Viewer(server.stream(busy.id))) for _ in range(OTHERS)]
        stack.enter_context(stalled_viewer(server, busy))
        messages_over(others, lambda viewer: viewer.state.get("viewers") == OTHERS + 1)

        messages_over(others, lambda viewer: viewer.state["viewers"] == OTHERS)

        busy.command("pause")
        assert others[0].meet(busy)["viewers"] == OTHERS
