"""HEAD wherever there is GET, 405 that says what there is, OPTIONS, and how long an answer may be kept."""

import re
from http.client import HTTPConnection

import httpx2
import pytest

from tests.web.api.test_sessions import problem
from tests.web.raw import ask, get
from tests.web.serving import Api, Server

PATHS = [
    "/",
    "/compare",
    "/ab",
    "/verdict",
    "/back-ends",
    "/costs",
    "/costs/2007",
    "/costs/2007.toml",
    "/registers",
    "/profiles",
    "/docs",
    "/openapi.json",
    "/healthz",
    "/api/v1/sessions",
    "/api/v1/pairs",
    "/api/v1/vocabulary",
    "/static/favicon.svg",
    "/nosuch",
    "/api/v1/sessions/NOSUCH",
]
VARYING = {"date", "etag", "last-modified"}


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_the_body(http: httpx2.Client, path: str) -> None:
    got, head = http.get(path), http.head(path)

    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers.keys() == got.headers.keys()
    for name in got.headers.keys() - VARYING - {"content-length"}:
        assert head.headers[name] == got.headers[name]


def test_a_session_has_heads_too(session: Api) -> None:
    for path in (session.path, f"{session.path}/state", f"/s/{session.id}"):
        assert session.http.head(path).status_code == 200


def test_connection_goes_on_after_a_head(server: Server) -> None:
    both = get("/costs").replace(b"GET", b"HEAD", 1) + get("/healthz", b"Connection: close\r\n")

    answered = ask(server, both)

    assert answered.count(b"HTTP/1.1 200 OK") == 2
    assert answered.endswith(b'{"status":"ok"}')


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/costs/2007", "GET, HEAD, POST, OPTIONS"),
        ("DELETE", "/", "GET, HEAD, OPTIONS"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
        ("GET", "/s/ANY/commands", "POST, OPTIONS"),
        ("HEAD", "/s/ANY/commands", "POST, OPTIONS"),
        ("POST", "/api/v1/sessions/ANY", "GET, HEAD, DELETE, OPTIONS"),
        ("PATCH", "/api/v1/sessions", "GET, HEAD, POST, OPTIONS"),
        ("POST", "/static/favicon.svg", "GET, HEAD, OPTIONS"),
        ("POST", "/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
def test_method_that_there_is_not_is_refused_with_those_that_there_are(
    http: httpx2.Client, method: str, path: str, allowed: str
) -> None:
    answer = http.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    asked = http.options(path)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, allowed, b"")


def test_options_of_nothing_is_404(http: httpx2.Client) -> None:
    problem(http.options("/nosuch"), 404)


# How long an answer may be kept


@pytest.mark.parametrize("path", ["/api/v1/sessions", "/healthz", "/nosuch", "/costs/1995", "/ab/NOSUCH"])
def test_state_and_problems_are_never_kept(http: httpx2.Client, path: str) -> None:
    assert http.get(path).headers["cache-control"] == "no-store"


def test_neither_is_a_machine_nor_an_answer_to_a_command(session: Api) -> None:
    assert session.http.get(f"/s/{session.id}").headers["cache-control"] == "no-store"
    assert session.post("pause").headers["cache-control"] == "no-store"
    assert session.post("nothing").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/compare", "/costs", "/registers", "/openapi.json", "/costs/"])
def test_pages_are_asked_for_anew(http: httpx2.Client, path: str) -> None:
    assert http.get(path).headers["cache-control"] == "no-cache"


def test_static_files_are_kept_for_ever_under_their_version_and_asked_for_anew_otherwise(http: httpx2.Client) -> None:
    page = http.get("/", follow_redirects=True).text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)

    assert len(files) > 20
    for file in files:
        answer = http.get(file)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable", file
        _, _, _, name = file.split("/", 3)
        for other in (f"/static/{name}", f"/static/v-0123456789ab/{name}"):
            assert http.get(other).headers["cache-control"] == "no-cache"
            assert http.get(other).content == answer.content
            known = {"If-None-Match": answer.headers["etag"]}
            assert http.get(other, headers=known).status_code == 304


def test_modules_import_their_like_in_the_same_version(http: httpx2.Client) -> None:
    page = http.get("/", follow_redirects=True).text
    found = re.search(r'type="module" src="([^"]+)"', page)
    assert found
    waiting, seen = [httpx2.URL(f"http://x{found[1]}")], set()
    while waiting:
        module = waiting.pop()
        if module.path in seen:
            continue
        seen.add(module.path)
        answer = http.get(module.path)
        assert "immutable" in answer.headers["cache-control"], module.path
        waiting += [
            module.join(name) for name in re.findall(r'^\s*(?:import|\}) ?.*?from "([^"]+)";', answer.text, re.M)
        ]
    assert len(seen) > 30


def test_missing_file_of_our_version_is_not_kept(http: httpx2.Client) -> None:
    version = re.search(r"/static/(v-\w+)/", http.get("/costs").text)
    assert version

    for name in ("js/nothing.js", "", "../app.py", "%2e%2e/pyproject.toml"):
        answer = http.get(f"/static/{version[1]}/{name}")
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_refused_method_says_so_to_a_client_that_reads_headers_alone(server: Server) -> None:
    connection = HTTPConnection(server.host, timeout=60)
    connection.request("HEAD", "/s/ANY/commands")
    answer = connection.getresponse()
    connection.close()

    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")
