"""The log: a line per minute of a kind for what clients cause, no traceback, and our own faults in full."""

import asyncio
import errno
import logging
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode

from app.web.log import ClientsFaults, OncePerMinute, spare_the_log
from tests.web.raw import HOST, UPGRADE, answer, ask, connected, get
from tests.web.serving import Server, new_session, running_server
from tests.web.viewer import Viewer, close_code


def record(message: str, error: BaseException | None = None) -> logging.LogRecord:
    raised = (type(error), error, None) if error is not None else None
    return logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, message, None, raised)


def test_same_thing_is_said_once_per_minute_and_how_often_it_was_not() -> None:
    now = [0.0]
    once = OncePerMinute(lambda: now[0])

    assert [once.may_say("a") for _ in range(3)] == [True, False, False]
    assert once.may_say("b")
    now[0] = 61
    assert once.may_say("a")
    assert once.unsaid("a") == " (and 2 times more since that was said last)"
    assert once.unsaid("b") == ""


def test_fault_of_ours_is_said_each_time_in_full() -> None:
    faults = ClientsFaults()
    for _ in range(3):
        said = record("Exception in ASGI application", ValueError("ours"))
        assert faults.filter(said)
        assert said.exc_info


def test_request_that_the_end_cuts_off_and_text_that_is_none_leave_no_traceback() -> None:
    faults = ClientsFaults()
    text = record("Invalid UTF-8", UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"))

    assert not faults.filter(record("Exception in ASGI application", asyncio.CancelledError()))
    assert faults.filter(text)
    assert text.exc_info is None
    assert not faults.filter(record("Invalid UTF-8"))


def test_lack_of_files_is_said_once_and_anything_else_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    spare_the_log(loop)
    for _ in range(20):
        loop.call_exception_handler({"message": "accept", "exception": OSError(errno.EMFILE, "Too many open files")})
    loop.call_exception_handler({"message": "something else", "exception": ValueError("ours")})
    loop.close()

    assert [one.getMessage() for one in caplog.records] == [
        "cannot take connections: Too many open files",
        "something else",
    ]


# The server


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def server(log: Path) -> Iterator[Server]:
    with log.open("w") as stderr, running_server(stderr=stderr) as running:
        yield running


def test_what_clients_do_is_a_line_of_a_kind_at_most(server: Server, log: Path) -> None:
    with server.client() as http:
        session = new_session(http)
    stream = get(f"{session.path}/stream", UPGRADE)
    rubbish = [
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        get("/", b"X: " + b"a" * 200_000 + b"\r\n"),
        get("/", b"Upgrade: h2c\r\nConnection: Upgrade, close\r\n"),
        stream.replace(b"Version: 13", b"Version: 99"),
        stream.replace(b"Key: dGhl", b"Key: \xff"),
        stream.replace(HOST, b"Host: evil.example\r\n"),
        stream.replace(HOST, HOST + b"Origin: http://evil.example\r\n"),
        b"POST /api/v1/sessions HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ]
    for _ in range(3):
        for each in rubbish:
            ask(server, each)
        for payload in (b"\xff\xfe", b"\xed\xa0\x80"):
            with Viewer(server.stream(session.id)) as viewer:
                viewer.connection.socket.sendall(Frame(Opcode.TEXT, payload).serialize(mask=True))
                assert close_code(viewer.connection) == 1007

    lines = log.read_text().splitlines()
    assert len(lines) == len(set(lines)) <= 4, lines
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_twice_it_ends_in_order_and_says_nothing(
    server: Server, log: Path, number: signal.Signals
) -> None:
    with server.client() as http, connected(server) as upload:
        session = new_session(http)
        upload.sendall(b"POST /api/v1/recordings?name=x HTTP/1.1\r\nContent-Length: 1000000\r\n" + HOST + b"\r\nx")
        with Viewer(server.stream(session.id)) as viewer:
            viewer.next()
            server.process.send_signal(number)
            time.sleep(0.2)
            server.process.send_signal(number)
            assert close_code(viewer.connection) == 1012
        answer(upload)
        assert server.process.wait(10) == 0

    assert "Traceback" not in log.read_text()
    assert len(log.read_text().splitlines()) <= 1, log.read_text()
