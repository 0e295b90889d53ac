"""Every phase of a connection has a clock, every refusal can be read, and there is room for whoever comes next."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest

from app.web.connection import Places
from tests.web.raw import HOST, UPGRADE, answer, ask, connected, get, status, trickle
from tests.web.serving import ADDRESS, ROOT, Server, new_session

JSON = b"Content-Type: application/json\r\n"


def post(path: str, length: int, headers: bytes = b"") -> bytes:
    """The head of a request that announces *length* bytes."""
    head = f"POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n".encode()
    return head + HOST + JSON + headers + b"\r\n"


UPLOAD = post("/compare/recordings", 30_000_000).replace(JSON, b"Content-Type: multipart/form-data; boundary=b\r\n")
UPLOAD += b'--b\r\nContent-Disposition: form-data; name="log"; filename="x.log"\r\n\r\n'


def opened(server: Server, begun: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(begun)
    return connection


# Clocks


@pytest.mark.parametrize(
    ("begun", "piece", "told"),
    [
        pytest.param(get("/healthz") + b"GET /healthz HTTP/1.1\r\n" + HOST, b"X: a\r\n", 408, id="2nd headers"),
        pytest.param(b"GET /healthz HTTP/1.1\r\n" + HOST, b"X: a\r\n", 408, id="headers"),
        pytest.param(get("/s/ANY/stream").removesuffix(b"\r\n") + UPGRADE, b"X: a\r\n", 408, id="handshake"),
        pytest.param(post("/api/v1/sessions", 60_000), b" ", 408, id="body"),
        pytest.param(UPLOAD, b"x" * 1000, 408, id="upload"),
    ],
)
def test_request_that_trickles_is_given_up(server: Server, begun: bytes, piece: bytes, told: int) -> None:
    with opened(server, begun) as connection:
        said = trickle(connection, piece)

    assert status(said[said.rindex(b"HTTP/1.1 ") :]) == told


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        pytest.param(post("/api/v1/sessions", 99_999_999), 413, id="too large"),
        pytest.param(post("/ab", 30_000_000, b"Origin: http://foreign.example\r\n"), 403, id="foreign"),
        pytest.param(post("/nosuch", 60_000), 404, id="nothing there"),
        pytest.param(post("/costs", 60_000), 405, id="method"),
        pytest.param(post("/ab", 30_000_000).replace(HOST, b"Host: evil.example\r\n"), 400, id="host"),
    ],
)
@pytest.mark.parametrize("piece", [b" ", b" " * 100_000], ids=["slowly", "fast"])
def test_body_that_goes_on_after_the_answer_is_cut_and_the_answer_can_be_read(
    server: Server, begun: bytes, told: int, piece: bytes
) -> None:
    with opened(server, begun) as connection:
        said = trickle(connection, piece, every=0.1)

    assert status(said) == told
    assert b"\r\nconnection: close\r\n" in said.lower()


def test_body_that_nobody_reads_does_not_hold_up_the_answer(server: Server) -> None:
    """The whole of it is on its way before anything is read, as a simple client does it."""
    with opened(server, post("/api/v1/pairs", 500_000)) as connection:
        connection.sendall(b" " * 500_000)
        said = answer(connection)

    assert status(said) == 413


def test_who_takes_nothing_is_cut(server: Server) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(get("/registers") * 30)
        name = f"127.0.0.1:{connection.getsockname()[1]}"
        deadline = time.monotonic() + 40
        while _is_established(server.port, connection.getsockname()[1]):
            assert time.monotonic() < deadline, f"{name} is still held"
            time.sleep(0.5)


def _is_established(ours: int, theirs: int) -> bool:
    """Whether the server still has its side of a connection between these ports."""
    ends = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(
        local.endswith(f":{ours:04X}") and remote.endswith(f":{theirs:04X}") and state == "01"
        for local, remote, state in ends
    )


def test_a_slow_but_honest_body_is_taken(server: Server) -> None:
    with opened(server, post("/api/v1/sessions", 40)) as connection:
        for _ in range(4):
            time.sleep(0.5)
            connection.sendall(b" " * 9)
        connection.sendall(b" {} ")
        assert connection.recv(15) == b"HTTP/1.1 201 Cr"


# Headers


@pytest.mark.parametrize("size", [40_000, 200_000])
@pytest.mark.parametrize("kind", [b"", UPGRADE], ids=["page", "socket"])
def test_headers_that_are_too_large_are_answered_431(server: Server, size: int, kind: bytes) -> None:
    said = ask(server, get("/api/v1/sessions/ANY/stream", kind + b"X: " + b"a" * size + b"\r\n"))

    assert status(said) == 431


def test_so_are_too_many_of_a_handshake_and_one_that_its_reader_would_not_take(server: Server) -> None:
    many = b"".join(f"X-{number}: a\r\n".encode() for number in range(200))
    for headers in (many, b"X: " + b"a" * 9000 + b"\r\n"):
        assert status(ask(server, get("/api/v1/sessions/ANY/stream", UPGRADE + headers))) == 431


def test_what_is_no_request_is_told_so_even_when_much_of_it_comes(server: Server) -> None:
    said = ask(server, b"\x16\x03\x01" * 100_000)

    assert status(said) == 400
    assert b"application/problem+json" in said


# Room


def test_one_address_has_three_quarters_of_the_places_and_all_have_all() -> None:
    class Protocol:
        def __init__(self, address: str) -> None:
            self.client = (address, 1)

    places = Places(8)
    greedy = {Protocol("a") for _ in range(6)}

    assert places.has_one("a", set(greedy))
    assert not places.has_one("a", greedy | {Protocol("a")})
    assert places.has_one("b", greedy | {Protocol("b"), Protocol("b")})
    assert not places.has_one("b", greedy | {Protocol("b") for _ in range(3)})
    assert Places(8, one_address_is_one_visitor=False).has_one("a", greedy | {Protocol("a"), Protocol("a")})


@pytest.fixture(params=[(64, 64), (256, 256), (128, 1024)], ids=["64", "256", "128 and more when asked"])
def limited(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """The program with few files, and where its log is."""
    soft, hard = request.param
    limits = f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))"
    run = "import sys; from app.__main__ import main; sys.exit(main(['serve', '--port', '0']))"
    log = tmp_path / "log"
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", f"{limits}; {run}"], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        assert process.stdout is not None
        found = ADDRESS.fullmatch(process.stdout.readline())
        assert found
        yield Server(process, found[1]), log
        process.terminate()


REFUSED = {b"HTTP/1.1 503", b"HTTP/1.1 429"}


@pytest.mark.slow
def test_more_sockets_than_the_system_allows_shut_nobody_out_and_do_not_fill_the_log(
    limited: tuple[Server, Path],
) -> None:
    server, log = limited
    with ExitStack() as held, server.client() as http:
        session = new_session(http)
        handshake = get(f"{session.path}/stream", UPGRADE)
        answers = []
        for _ in range(1100):
            connection = held.enter_context(connected(server))
            connection.sendall(handshake)
            connection.settimeout(5)
            try:
                answers.append(connection.recv(12))
            except OSError:
                answers.append(b"")
            if sum(told in REFUSED for told in answers) > 5:
                break
        assert b"HTTP/1.1 101" in answers
        assert b"" not in answers, "somebody got no answer"
        assert REFUSED & set(answers)
        other = HTTPConnection(server.host, timeout=30, source_address=("127.0.9.1", 0))
        other.request("GET", "/healthz")
        assert other.getresponse().status == 200
        other.close()
    assert status(ask(server, get("/healthz", b"Connection: close\r\n"))) == 200  # now that they have gone
    assert len(log.read_text().splitlines()) <= 2, log.read_text()[:2000]
    assert "Traceback" not in log.read_text()
