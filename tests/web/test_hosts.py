"""Which names the server answers to, by HTTP and by socket."""

import socket
from collections.abc import Iterator

import pytest

from app.web.hosts import Hosts, host_in, own_addresses, own_names
from tests.web.raw import UPGRADE, ask, get, status
from tests.web.serving import Server, running_server

pytestmark = pytest.mark.slow

HERE = "127.0.0.1"
OURS = [
    "localhost",
    "localhost:8000",
    "LocalHost.:1",
    "lecture.localhost",
    "127.0.0.1",
    "127.255.0.9:80",
    "[::1]",
    "[::1]:8000",
    "[0:0::1]:",
    "[::ffff:127.0.0.1]:8000",
]
FOREIGN = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "evillocalhost",
    "127.0.0.1.evil.example",
    "127.0.0.1.",
    "203.0.113.5",
    "[2001:db8::5]",
    "::1",
    "[::1",
    "[::1]x",
    "localhost:80:80",
    "localhost@evil.example",
    "localhost/",
    "user@localhost",
    "2130706433",
    "0x7f.1",
    "localhost:http",
    "",
    ":80",
    "classroom",
]


@pytest.mark.parametrize("host", OURS)
def test_loopback_by_any_of_its_names_is_us(host: str) -> None:
    assert Hosts("127.0.0.1").admit(host, HERE)


@pytest.mark.parametrize("host", [host for host in FOREIGN if host != "127.0.0.1."])
def test_anything_else_is_somebody_else(host: str) -> None:
    assert not Hosts("127.0.0.1").admit(host, HERE)


def test_the_address_that_a_connection_came_to_is_ours() -> None:
    hosts = Hosts("0.0.0.0")

    assert hosts.admit("203.0.113.7:8000", "203.0.113.7")
    assert not hosts.admit("203.0.113.8:8000", "203.0.113.7")
    assert hosts.admit("[fe80::1]", "fe80::1%eth0")


def test_name_listened_on_is_ours_and_the_machine_s_own_are_when_all_is_listened_on() -> None:
    assert Hosts("Classroom.example.").admit("classroom.example:8000", HERE)
    for name in own_names():
        assert Hosts("0.0.0.0").admit(name, HERE)
        assert Hosts("::").admit(f"{name.upper()}.:8000", HERE)
    for address in own_addresses():
        written = f"[{address}]" if address.version == 6 else str(address)
        assert Hosts("::").admit(written, HERE)
        assert not Hosts("127.0.0.1").admit(written, HERE)
    assert not Hosts("127.0.0.1").admit(f"{socket.gethostname()}.local", HERE)


def test_hosts_that_are_allowed_are_let_in_and_wildcards_hold_below_the_name_alone() -> None:
    hosts = Hosts("127.0.0.1", ("lecture.example", "*.school.example", "192.0.2.9", "2001:db8::9"))

    for ours in ("lecture.example", "a.school.example:1", "a.b.school.example", "192.0.2.9", "[2001:db8:0::9]:80"):
        assert hosts.admit(ours, HERE)
    for foreign in ("school.example", "preschool.example", "a.lecture.example", "192.0.2.8"):
        assert not hosts.admit(foreign, HERE)


@pytest.mark.parametrize("text", ["a b", "a\tb", "a\\b", "a#b", "[zz]"])
def test_what_is_no_authority_has_no_host(text: str) -> None:
    assert host_in(text) == ""


# The server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server("--allow-host", "lecture.example", "--allow-host", "*.school.example") as running:
        yield running


def request(path: str, *hosts: str, version: str = "1.1", more: bytes = b"Connection: close\r\n") -> bytes:
    lines = [f"GET {path} HTTP/{version}", *(f"Host: {host}" for host in hosts)]
    return "\r\n".join(lines).encode() + b"\r\n" + more + b"\r\n"


def test_foreign_name_gets_400_as_a_problem_on_every_path(server: Server) -> None:
    for path in ("/", "/healthz", "/api/v1/sessions", "/static/favicon.svg", "/costs/", "/nosuch"):
        answered = ask(server, request(path, "evil.example"))
        assert status(answered) == 400
        assert b"application/problem+json" in answered
        assert b"--allow-host" in answered
        assert b"location:" not in answered


@pytest.mark.parametrize("path", ["/api/v1/sessions/ANY/stream", "/api/v1/pairs/ANY/a/stream"])
def test_foreign_name_is_refused_before_the_upgrade(server: Server, path: str) -> None:
    answered = ask(server, request(path, "evil.example", more=UPGRADE + b"Origin: http://evil.example\r\n"))

    assert status(answered) == 400
    assert b"application/problem+json" in answered


def test_names_that_were_allowed_are_answered(server: Server) -> None:
    for host in ("lecture.example", "room.school.example:8000", "localhost"):
        assert status(ask(server, request("/healthz", host))) == 200


def test_two_hosts_are_refused_whatever_they_are_and_none_is_no_browser(server: Server) -> None:
    assert status(ask(server, request("/healthz", "localhost", "localhost"))) == 400
    assert status(ask(server, request("/healthz", version="1.1"))) == 400
    assert status(ask(server, request("/healthz", version="1.0"))) == 200


def test_redirect_names_no_host(server: Server) -> None:
    for host in ("localhost", "lecture.example:99"):
        for path, leads_to in (("/costs/", "/costs"), ("/costs/?a=//b", "/costs?a=//b"), ("/ab/?x", "/ab?x")):
            answered = ask(server, request(path, host))
            assert f"location: {leads_to}\r\n".encode() in answered


@pytest.mark.parametrize("host", ["evil.example:80", "a/b", "*", "[::1]:80", "", "a b", "*.*"])
def test_host_that_cannot_be_one_is_refused_at_the_start(host: str) -> None:
    from tests.cli.test_serve import serve

    done = serve("--port", "0", "--allow-host", host)

    assert done.returncode == 2
    assert "--allow-host" in done.stderr


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("http://localhost/healthz", 200),
        ("HTTP://127.0.0.1:80/healthz?x=1", 200),
        ("http://localhost", 303),
        ("http://evil.example/healthz", 400),
        ("http://localhost@evil.example/healthz", 400),
        ("http://", 400),
    ],
)
def test_target_that_is_a_whole_address_is_taken_by_its_own_name(server: Server, target: str, expected: int) -> None:
    assert status(ask(server, get(target, b"Connection: close\r\n"))) == expected
