"""A viewer who comes back goes on from where it stood, where that is known, and begins anew where it is not."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from websockets.sync.client import ClientConnection

from app.web.stream import Lag
from tests.web.serving import Api, Server, bearer, new_session
from tests.web.test_stalled_viewer import HANDSHAKE
from tests.web.viewer import PATIENCE, Viewer, open_stream


@contextmanager
def resumed(server: Server, session: str, resume: str) -> Iterator[ClientConnection]:
    """A stream that was opened with *resume*, behind its hello."""
    with open_stream(f"{server.stream(session)}?resume={resume}") as connection:
        assert json.loads(connection.recv(timeout=PATIENCE))["type"] == "hello"
        yield connection


def first(connection: ClientConnection) -> dict[str, Any]:
    """The first message that says something."""
    while True:
        message: dict[str, Any] = json.loads(connection.recv(timeout=PATIENCE))
        if message["type"] != "ping":
            return message


def seen(server: Server, session: Api) -> int:
    """The number of a state that a viewer had before it was cut off."""
    with Viewer(server.stream(session.id)) as viewer:
        viewer.meet(session)
        return viewer.seq


def test_what_was_missed_comes_as_a_delta(server: Server, session: Api) -> None:
    base = seen(server, session)
    session.command("raise_pin", pin=5)

    with resumed(server, session.id, f"{session.id}:{base}") as connection:
        message = first(connection)

    assert (message["type"], message["base"]) == ("delta", base)
    assert message["ioapic"]["pins"][5]["line"] == 1


@pytest.mark.parametrize(
    "resume", ["{id}:9999", "{id}:-1", "{id}:", "{id}:1e3", "{id}:²", "OTHER:{seq}", "nonsense", "{id}"]
)
def test_what_is_not_known_comes_as_a_snapshot(server: Server, session: Api, resume: str) -> None:
    base = seen(server, session)

    with resumed(server, session.id, resume.format(id=session.id, seq=base)) as connection:
        assert first(connection)["type"] == "snapshot"


def test_what_was_long_ago_comes_as_a_snapshot(server: Server, session: Api) -> None:
    base = seen(server, session)
    with Viewer(server.stream(session.id)) as other:
        for number in range(40):
            other.follow(session.command("set_interrupt_flag", cpu=0, enabled=bool(number % 2))["seq"])

    with resumed(server, session.id, f"{session.id}:{base}") as connection:
        assert first(connection)["type"] == "snapshot"


def test_hello_s_own_words_can_be_given_back_to_a_pair_s_stream(server: Server, http: httpx2.Client) -> None:
    made = http.post("/api/v1/pairs", json={"a": {"backend": "vmi"}, "b": {"backend": "vmi"}}).json()
    address = f"ws://{server.host}{made['a']['links']['stream']}"
    with Viewer(address) as viewer:
        viewer.next()
        resume = f"{viewer.hello['resume'].rpartition(':')[0]}:{viewer.seq}"
    http.post(made["links"]["commands"], json={"type": "raise_pin", "pin": 5})

    with open_stream(f"{address}?resume={resume}") as connection:
        assert json.loads(connection.recv(timeout=PATIENCE))["type"] == "hello"
        assert first(connection)["type"] == "delta"
    http.delete(f"/api/v1/pairs/{made['id']}", headers=bearer(made["key"]))


def test_silence_is_broken_every_few_seconds(server: Server, session: Api) -> None:
    with open_stream(server.stream(session.id)) as connection:
        began = time.monotonic()
        while json.loads(connection.recv(timeout=PATIENCE))["type"] != "ping":
            began = time.monotonic()
        assert json.loads(connection.recv(timeout=PATIENCE)) == {"type": "ping"}
        assert time.monotonic() - began < 10, "two pings, of which the page waits for no more than one"


def test_viewer_that_takes_each_message_at_once_is_never_too_slow() -> None:
    lag = Lag(0.0)

    assert not any(lag.too_much(moment / 30, moment / 30 + 0.001) for moment in range(3000))


def test_viewer_that_drips_is_too_slow_though_each_message_gets_through() -> None:
    lag, now, verdicts = Lag(0.0), 0.0, []
    while now < 40:  # five messages fit into its buffer, for the sixth it takes four seconds
        for spent in (0.0, 0.0, 0.0, 0.0, 0.0, 4.0):
            verdicts.append(lag.too_much(now, now + spent))
            now += spent + 0.03

    assert any(verdicts)
    assert verdicts.index(True) < 30


def test_viewer_that_stumbles_now_and_then_is_let_be() -> None:
    lag, now = Lag(0.0), 0.0
    for number in range(2000):
        spent = 3.0 if number % 300 == 0 else 0.001
        assert not lag.too_much(now, now + spent)
        now += spent + 0.033


@pytest.mark.slow
def test_viewer_that_drips_is_let_go_with_its_reason(server: Server, http: httpx2.Client) -> None:
    session = new_session(http, cpus=32, paused=False)
    session.command("demonstrate", enabled=True)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(HANDSHAKE.format(path=session.path, host=server.host).encode())
        began, got = time.monotonic(), b""
        while (more := connection.recv(2048)) and time.monotonic() - began < 90:
            got = (got + more)[-4096:]
            time.sleep(0.05)

    assert time.monotonic() - began < 90, "it is still there"
    session.end()
