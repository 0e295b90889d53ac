"""What one address may have of what there is for everybody."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any

import pytest

from app.web.errors import Problem
from app.web.settings import Limits
from app.web.shares import Shares, visitor, visitor_at
from tests.web.raw import HOST, UPGRADE, ask, connected, status
from tests.web.serving import Server, new_session, running_server
from tests.web.viewer import Viewer


class Clock:
    """Seconds, when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shares(clock: Clock) -> Shares:
    return Shares(Limits(sockets=2, commands_per_second=10, sessions=2), clock)


def commands_taken(shares: Shares, of: str, tries: int) -> int:
    visitor.set(of)
    taken, told = 0, set()
    for _ in range(tries):
        try:
            shares.command()
        except Problem as problem:
            told.add((problem.status, problem.headers["Retry-After"]))
        else:
            taken += 1
    assert told <= {(429, "1")}
    return taken


def test_a_second_s_commands_may_come_at_once_and_then_as_many_as_time_has_passed(shares: Shares, clock: Clock) -> None:
    assert commands_taken(shares, "a", 30) == 10
    clock.now += 0.5
    assert commands_taken(shares, "a", 30) == 5
    clock.now += 60
    assert commands_taken(shares, "a", 30) == 10


def test_another_address_has_a_share_of_its_own(shares: Shares) -> None:
    commands_taken(shares, "a", 30)

    assert commands_taken(shares, "b", 30) == 10


def test_ended_sockets_are_given_back(shares: Shares) -> None:
    visitor.set("a")
    with shares.socket(), shares.socket(), pytest.raises(Problem) as refused, shares.socket():
        pytest.fail("it was let in")
    assert refused.value.status == 429
    with shares.socket(), shares.socket():
        visitor.set("b")
        with shares.socket():
            pass


def test_visitors_are_forgotten_but_not_those_who_hold_something(shares: Shares) -> None:
    with ExitStack() as held:
        visitor.set("holder")
        held.enter_context(shares.socket())
        held.enter_context(shares.socket())
        for number in range(50_000):
            commands_taken(shares, str(number), 1)
        assert len(shares._visitors) <= 10_000
        visitor.set("holder")
        with pytest.raises(Problem):
            held.enter_context(shares.socket())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4"),
        ("fe80::1%eth0", "fe80::1"),
    ],
)
def test_one_who_has_many_addresses_is_one(one: str, other: str) -> None:
    assert visitor_at(one) == visitor_at(other)


def test_neighbours_are_not() -> None:
    assert len({visitor_at(one) for one in ("192.0.2.1", "192.0.2.2", "2001:db8:1:2::", "2001:db8:1:3::")}) == 4


# The server. All of 127.0.0.0/8 is this machine: each address of it stands for a visitor.

SHARES = {"sockets": 3, "commands": 5, "sessions": 2}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    options = [option for name, count in SHARES.items() for option in (f"--{name}-per-address", str(count))]
    with running_server(*options) as running:
        yield running


def post(server: Server, path: str, source: str, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection(server.host, timeout=60, source_address=(source, 0))
    with closing(connection):
        connection.request("POST", path, b"{}", {"Content-Type": "application/json"} | headers)
        answer = connection.getresponse()
        return answer.status, answer


def test_flood_of_commands_is_answered_429_and_nobody_else_notices(server: Server) -> None:
    answers = [post(server, "/api/v1/sessions/NOSUCH/commands", "127.0.1.1") for _ in range(20)]

    refused = [answer for code, answer in answers if code == 429]
    assert len(refused) >= 10
    assert {code for code, _ in answers} == {404, 429}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert refused[0].headers["content-type"] == "application/problem+json"
    assert post(server, "/api/v1/sessions/NOSUCH/commands", "127.0.1.2")[0] == 404
    assert status(ask(server, b"GET /healthz HTTP/1.0\r\n\r\n", "127.0.1.1")) == 200


def test_page_gets_a_fragment_that_says_so(server: Server) -> None:
    as_page = {"HX-Request": "true", "Accept": "text/html"}
    code, answer = [post(server, "/s/NOSUCH/commands", "127.0.1.3", **as_page) for _ in range(20)][-1]
    assert code == 429
    assert answer.headers["content-type"].startswith("text/html")


def test_sockets_beyond_the_share_are_refused_before_the_upgrade(server: Server) -> None:
    with server.client() as http, ExitStack() as stack:
        session = new_session(http)
        handshake = f"GET {session.path}/stream HTTP/1.1\r\n".encode() + HOST + UPGRADE + b"\r\n"
        for _ in range(SHARES["sockets"]):
            connection = stack.enter_context(connected(server, "127.0.2.1"))
            connection.sendall(handshake)
            assert connection.recv(12) == b"HTTP/1.1 101"
        refused = ask(server, handshake, "127.0.2.1")
        assert status(refused) == 429
        assert b"\r\nretry-after: " in refused.lower()
        with Viewer(server.stream(session.id)) as viewer:
            viewer.next()
        session.end()


def test_sessions_beyond_the_share_are_refused_until_one_ends(server: Server) -> None:
    def made(source: str) -> tuple[int, Any]:
        return post(server, "/api/v1/sessions", source)

    first = [made("127.0.3.1")[0] for _ in range(SHARES["sessions"])]
    refused, answer = made("127.0.3.1")

    assert first == [201] * SHARES["sessions"]
    assert refused == 429
    assert 0 < int(answer.headers["retry-after"]) <= 600
    assert made("127.0.3.2")[0] == 201


def test_pairs_are_of_the_same_share(server: Server) -> None:
    pair = b'{"a":{"backend":"vmi"},"b":{"backend":"native-xapic"}}'
    head = b"POST /api/v1/pairs HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nConnection: close\r\n"
    request = head + f"Content-Length: {len(pair)}\r\n\r\n".encode() + pair

    answers = [status(ask(server, request, "127.0.4.1")) for _ in range(SHARES["sessions"] + 1)]

    assert answers == [201] * SHARES["sessions"] + [429]
    assert post(server, "/api/v1/sessions", "127.0.4.1")[0] == 429


@pytest.mark.slow
def test_behind_a_trusted_proxy_the_visitor_is_whom_it_names() -> None:
    with running_server("--proxy-headers", "--commands-per-address", "5") as server:
        path = "/api/v1/sessions/NOSUCH/commands"
        flood = [post(server, path, "127.0.0.1", **{"X-Forwarded-For": "203.0.113.1"})[0] for _ in range(20)]
        assert 429 in flood
        assert post(server, path, "127.0.0.1", **{"X-Forwarded-For": "203.0.113.2"})[0] == 404


def test_class_behind_one_address_fits_into_the_usual_shares() -> None:
    usual = Limits()

    assert (usual.sockets, usual.commands_per_second, usual.sessions, usual.places) == (500, 200, 100, 40)
