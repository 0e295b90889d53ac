"""A viewer who misbehaves loses its own stream, and nobody else notices."""

import socket
from collections.abc import Iterator

import httpx2
import pytest
from websockets.frames import Frame, Opcode

from tests.web.serving import Api, Server, new_session
from tests.web.viewer import Viewer, close_code


@pytest.fixture(autouse=True)
def bystander(server: Server, http: httpx2.Client) -> Iterator[Viewer]:
    """Somebody in another session, to whom nothing may happen."""
    session = new_session(http)
    session.command("send_ipi", cpu=0, vector=64, destination=1)
    with Viewer(server.stream(session.id)) as viewer:
        before = viewer.meet(session, viewers=1)
        yield viewer
        assert viewer.meet(session) == before
        viewer.resync()
        assert viewer.next()["state"] == before
    session.end()


@pytest.fixture
def viewer(server: Server, session: Api) -> Iterator[Viewer]:
    with Viewer(server.stream(session.id)) as joined:
        yield joined


@pytest.fixture
def neighbour(server: Server, session: Api) -> Iterator[Viewer]:
    """Somebody in the same session, who must stay."""
    with Viewer(server.stream(session.id)) as joined:
        yield joined
        session.command("set_interrupt_flag", cpu=0, enabled=False)
        assert joined.meet(session)["cpus"][0]["held_off"] is True


def frames(*pieces: bytes) -> bytes:
    """One text message in so many frames, as it goes over the wire."""
    last = len(pieces) - 1
    return b"".join(
        Frame(Opcode.CONT if number else Opcode.TEXT, piece, fin=number == last).serialize(mask=True)
        for number, piece in enumerate(pieces)
    )


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize(
    "text",
    ["", "resync", "{", "[]", "null", "7", '"resync"', "{}", '{"type":"run"}', '{"type":["resync"]}', "[" * 10_000],
    ids=lambda text: text[:16],
)
def test_malformed_message_closes_the_stream(viewer: Viewer, text: str) -> None:
    viewer.connection.send(text)

    assert close_code(viewer.connection) == 4400


@pytest.mark.usefixtures("neighbour")
@pytest.mark.parametrize("data", [b"", b'{"type":"resync"}', bytes(1000)], ids=["empty", "resync", "zeros"])
def test_binary_message_closes_the_stream(viewer: Viewer, data: bytes) -> None:
    viewer.connection.send(data)

    assert close_code(viewer.connection) == 4400


@pytest.mark.usefixtures("neighbour")
def test_message_of_ten_megabytes_closes_the_stream(viewer: Viewer) -> None:
    announced = frames(b"x" * 10_000_000)[:4096]  # no more than that is read of it

    viewer.connection.socket.sendall(announced)

    assert close_code(viewer.connection) == 1009


@pytest.mark.usefixtures("neighbour")
def test_message_that_grows_too_large_in_pieces_closes_the_stream(viewer: Viewer) -> None:
    viewer.connection.socket.sendall(frames(*[b"x" * 1000] * 20))

    assert close_code(viewer.connection) == 1009


@pytest.mark.usefixtures("neighbour")
def test_flood_of_messages_closes_the_stream(viewer: Viewer) -> None:
    viewer.connection.socket.sendall(frames(b'{"type":"resync"}') * 200)

    assert close_code(viewer.connection) == 4408


@pytest.mark.usefixtures("neighbour")
def test_viewer_who_vanishes_without_a_word_is_counted_out(viewer: Viewer, server: Server, session: Api) -> None:
    with Viewer(server.stream(session.id)) as stays:
        stays.meet(session, viewers=3)
        viewer.connection.socket.shutdown(socket.SHUT_RDWR)
        stays.meet(session, viewers=2)


@pytest.mark.slow
@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_connection_on_which_no_request_comes_is_closed(server: Server, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(begun)

        answer = b"".join(iter(lambda: connection.recv(4096), b""))

    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "rubbish", [b"\x16\x03\x01\x02\x00\x01\x00", b"SSH-2.0-x\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\r\n" * 50]
)
def test_connection_that_speaks_something_else_is_answered_or_closed(server: Server, rubbish: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(rubbish)
        connection.shutdown(socket.SHUT_WR)

        answer = b"".join(iter(lambda: connection.recv(4096), b""))

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
