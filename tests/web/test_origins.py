"""Whose pages may send commands and open sockets."""

from collections.abc import Iterator

import pytest

from app.web.origins import is_foreign
from tests.web.proxying import Proxy, running_proxy
from tests.web.raw import HOST, UPGRADE, ask, status
from tests.web.serving import Server, new_session, running_server

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("origins", "host"),
    [
        (["http://classroom.evil.example"], "classroom"),
        (["http://classroom"], "classroom.evil.example"),
        (["http://localhost:8000"], "localhost"),
        (["http://localhost"], "localhost:8000"),
        (["http://localhost@evil.example"], "localhost"),
        (["null"], "localhost"),
        (["null"], None),
        ([""], None),
        ([""], ""),
        (["http://localhost"], None),
        (["http://["], "["),
        (["file://"], ""),
        (["http://localhost", "http://localhost"], "localhost"),
        (["http://localhost", "http://evil.example"], "localhost"),
        (["http://evil.example", "http://localhost"], "localhost"),
    ],
)
def test_any_other_origin_is_foreign(origins: list[str], host: str | None) -> None:
    assert is_foreign(origins, host)


def test_the_host_itself_and_programs_are_not() -> None:
    assert not is_foreign([], "localhost")
    assert not is_foreign([], None)
    assert not is_foreign(["http://localhost:8000"], "LOCALHOST:8000")
    assert not is_foreign(["https://[::1]:8000"], "[::1]:8000")


def test_allowed_origin_is_the_whole_of_it() -> None:
    allowed = ("https://school.example",)

    assert not is_foreign(["https://School.example"], "localhost", allowed)
    for foreign in ("http://school.example", "https://school.example:444", "https://a.school.example", "null"):
        assert is_foreign([foreign], "localhost", allowed)
    assert is_foreign(["https://school.example", "https://school.example"], "localhost", allowed)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server("--allow-origin", "https://school.example/") as running:
        yield running


def posted(server: Server, *origins: str, host: bytes = HOST, version: str = "1.1") -> int:
    lines = b"".join(f"Origin: {origin}\r\n".encode() for origin in origins)
    head = f"POST /api/v1/sessions HTTP/{version}\r\n".encode() + host + lines
    body = b'{"paused":true}'
    more = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    return status(ask(server, head + more + body))


def test_command_of_an_allowed_page_is_taken_and_that_of_another_is_not(server: Server) -> None:
    assert posted(server, "https://school.example") == 201
    assert posted(server, "https://evil.example") == 403
    assert posted(server, "https://school.example", "https://evil.example") == 403
    assert posted(server, "null", host=b"", version="1.0") == 403
    assert posted(server, host=b"", version="1.0") == 201


def test_so_is_a_socket_before_the_upgrade(server: Server) -> None:
    with server.client() as http:
        session = new_session(http)
        stream = f"GET {session.path}/stream HTTP/1.1\r\n".encode() + HOST + UPGRADE
        refused = ask(server, stream + b"Origin: https://evil.example\r\n\r\n")
        twice = ask(server, stream + b"Origin: http://127.0.0.1\r\nOrigin: http://127.0.0.1\r\n\r\n")
        assert (status(refused), status(twice)) == (403, 400)
        assert b"application/problem+json" in refused


# Proxies that write Host anew

ASKED_FOR = "dashboard.example"
TOLD = {"Host": "backend.internal", "X-Forwarded-Host": ASKED_FOR, "X-Forwarded-Proto": "https"}
FROM_THERE = {"origin": f"https://{ASKED_FOR}"}


def test_proxy_that_rewrites_the_host_is_believed_when_asked() -> None:
    with (
        running_server("--proxy-headers", "--allow-host", ASKED_FOR) as server,
        running_proxy(Proxy(server.address, headers=TOLD)) as proxy,
        Server(server.process, proxy.address).client() as http,
    ):
        made = http.post("/api/v1/sessions", json={"paused": True}, headers=FROM_THERE)
        assert made.status_code == 201
        assert f'value="https://{ASKED_FOR}/costs/2007?vm_exit=900"' in http.get("/costs/2007?vm_exit=900").text
        assert http.post("/api/v1/sessions", headers={"origin": "https://evil.example"}).status_code == 403
        # Of several the proxy's own counts, not what a client has put before it.
        forged = http.get("/healthz", headers={"X-Forwarded-Host": "localhost"})
        assert forged.status_code == 200


@pytest.mark.parametrize("options", [(), ("--proxy-headers", "--forwarded-allow-ips", "192.0.2.1,10.0.0.0/8")])
def test_nobody_is_believed_without_being_asked_or_from_elsewhere(options: tuple[str, ...]) -> None:
    with running_server("--allow-host", ASKED_FOR, *options) as server, server.client() as http:
        headers = FROM_THERE | {"X-Forwarded-Host": ASKED_FOR, "X-Forwarded-For": "203.0.113.1"}
        assert http.post("/api/v1/sessions", headers=headers).status_code == 403
        assert (
            http.get("/healthz", headers={"Host": "evil.example", "X-Forwarded-Host": "localhost"}).status_code == 400
        )
