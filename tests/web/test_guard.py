"""What the server does not let in, and what it sends along with every answer."""

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import httpx2
import pytest

from app.web.guard import LARGEST_UPLOAD
from tests.web.api.test_sessions import problem
from tests.web.serving import Api, Server
from tests.web.test_stream import FOREIGN

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("origin", FOREIGN)
def test_foreign_page_may_not_change_anything(session: Api, origin: str) -> None:
    before = session.numbered_state()

    for method, path in (
        ("POST", f"{session.path}/commands"),
        ("POST", f"/s/{session.id}/commands"),
        ("POST", "/api/v1/sessions"),
        ("DELETE", session.path),
    ):
        answer = session.http.request(method, path, content=b'{"type":"run"}', headers=JSON | {"origin": origin})
        problem(answer, 403)

    assert session.numbered_state() == before


def test_own_page_may(session: Api, server: Server) -> None:
    answer = session.http.post(f"{session.path}/commands", json={"type": "pause"}, headers={"origin": server.address})

    assert answer.status_code == 200


def test_foreign_page_may_read_no_more_than_anyone(session: Api) -> None:
    answer = session.http.get(f"{session.path}/state", headers={"origin": "https://elsewhere.example"})

    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_large_body_is_refused_by_its_announced_length(session: Api) -> None:
    problem(session.http.post(f"{session.path}/commands", content=b" " * 100_000, headers=JSON), 413)


def test_large_body_of_no_announced_length_is_refused(session: Api) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"type":"set_interrupt_flag","cpu":0,"enabled":false,"padding":"'
        for _ in range(100):
            yield b" " * 1000
        yield b'"}'

    problem(session.http.post(f"{session.path}/commands", content=chunks(), headers=JSON), 413)
    assert session.state()["cpus"][0]["held_off"] is False


def test_largest_command_body_is_taken(session: Api) -> None:
    body = b'{"type":"pause"}'

    answer = session.http.post(f"{session.path}/commands", content=body.ljust(64 * 1024), headers=JSON)

    assert answer.status_code == 200


def test_recording_larger_than_the_limit_is_refused_before_it_is_sent(session: Api, server: Server) -> None:
    connection = HTTPConnection(server.host, timeout=60)
    connection.putrequest("POST", f"/s/{session.id}/recordings")
    connection.putheader("Content-Length", str(LARGEST_UPLOAD + 1))
    connection.endheaders()

    with closing(connection):
        assert connection.getresponse().status == 413


#: The whole of it: a source that is added or left out is a decision.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/costs",
        "/costs/",
        "/healthz",
        "/api/v1/sessions",
        "/api/v1/sessions/NOSUCH",
        "/static/favicon.svg",
        "/nosuch",
    ],
)
def test_every_answer_carries_the_strict_headers(http: httpx2.Client, path: str) -> None:
    headers = http.get(path).headers

    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "server" not in headers


def test_refusals_carry_them_too(session: Api) -> None:
    answer = session.http.post(f"{session.path}/commands", content=b" " * 100_000, headers=JSON)

    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("accepts", ["application/json", "*/*", "text/html"])
def test_program_gets_problem_details_under_api_whatever_it_accepts(http: httpx2.Client, accepts: str) -> None:
    problem(http.get("/api/v1/sessions/NOSUCH", headers={"accept": accepts}), 404)


def test_person_gets_a_page_and_htmx_a_fragment_of_the_same_words(http: httpx2.Client) -> None:
    page = http.get("/s/NOSUCH", headers={"accept": "text/html"})
    fragment = http.get("/s/NOSUCH", headers={"accept": "text/html", "hx-request": "true"})
    words = problem(http.get("/s/NOSUCH", headers={"accept": "application/json"}), 404)

    assert (page.status_code, fragment.status_code) == (404, 404)
    assert page.headers["content-type"].startswith("text/html")
    assert "<html" in page.text
    assert "<html" not in fragment.text
    assert words["title"] in page.text
    assert words["title"] in fragment.text
