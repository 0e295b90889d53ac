"""The OpenAPI description tells the truth: answers of a running server, refusals too, are held against it."""

import gzip
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.schemas import check, fits
from tests.web.serving import ROOT, Server, new_session

SAMPLE = (ROOT / "app/trace/samples/linux-6.1-boot-4cpu.qemu.log.gz").read_bytes()
SEND = {"type": "send_ipi", "cpu": 0, "vector": 81, "destination": 1}
PAIR = {"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}}
QUESTION = {"work": "function", "function": "smp_send_reschedule", "targets": "3", "backend": "vmi", "sheet": "2007"}
Json = dict[str, Any]


class Description:
    """The server's own, and what has been seen of the calls that it describes."""

    def __init__(self, http: httpx2.Client) -> None:
        self.http = http
        self.document: Json = http.get("/openapi.json").json()
        self.seen: set[tuple[str, str]] = set()

    def path_of(self, method: str, path: str) -> str:
        """The described path that *path* is one of."""
        for known, operations in self.document["paths"].items():
            if method in operations and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path):
                return str(known)
        raise AssertionError(f"{method} {path} is not described")

    def ask(self, method: str, path: str, status: int, **request: Any) -> Any:
        """Makes a call that must come to *status*, and holds its answer against the description."""
        answer = self.http.request(method, path, **request)
        assert answer.status_code == status, answer.text
        known = self.path_of(method.lower(), path)
        self.seen.add((method.lower(), known))
        responses = self.document["paths"][known][method.lower()]["responses"]
        assert str(status) in responses, f"{method} {known} is not said to answer {status}"
        content = responses[str(status)].get("content")
        if content is None:
            assert answer.content == b""
            return None
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in content, f"{method} {known} {status}"
        if media_type not in ("application/json", "application/problem+json"):
            return answer.text
        self.check(answer.json(), content[media_type]["schema"])
        return answer.json()

    def check(self, value: Any, schema: Json) -> None:
        check(value, {**schema, "components": self.document["components"]})

    def fits(self, value: Any, name: str) -> bool:
        return fits(value, {"$ref": f"#/components/schemas/{name}", "components": self.document["components"]})


@pytest.fixture(scope="module")
def description(server: Server) -> Iterator[Description]:
    with server.client() as http:
        yield Description(http)


@pytest.fixture
def ours(description: Description) -> Iterator[str]:
    """The path of a session of two CPUs."""
    made = new_session(description.http, cpus=2)
    yield made.path
    made.end()


def ask_for_history(description: Description, session: str) -> None:
    description.ask("GET", f"{session}/state", 200, params={"tick": 1})
    description.ask("GET", f"{session}/history", 200)
    description.ask("GET", f"{session}/history/shared", 200, params={"a": 0, "b": 0})
    for thing in ({"cpu": 1, "vector": 81}, {"pin": 4}, {"cpu": 0, "code": True}, {"cpu": 1, "source": "timer"}):
        description.ask("GET", f"{session}/ladder", 200, params=thing)
    description.ask("GET", f"{session}/ladder", 409, params={"message": 99_999})
    description.ask("GET", f"{session}/ladder", 422, params={"cpu": 1})
    for form in ({}, {"form": "columns"}, {"bins": 4}):
        description.ask("GET", f"{session}/records", 200, params=form)
    for form in ({}, {"bins": 4}):
        description.ask("GET", f"{session}/score", 200, params=form)
    ask_for_reading(description, session)
    description.ask("GET", f"{session}/journal", 200)
    bearer_key = {"Authorization": f"Bearer {'x' * 24}"}
    description.ask("GET", "/api/v1/kept", 200, headers=bearer_key)
    description.ask("DELETE", "/api/v1/kept/NONE", 404, headers=bearer_key)
    linked = description.ask("POST", f"{session}/moments", 201, json={"note": "here"})
    description.ask("GET", f"/api/v1/moments/{linked['id']}", 200)
    description.ask("GET", f"/api/v1/moments/{linked['id']}/ladder", 200, params={"pin": 4})
    then = description.ask("GET", f"/api/v1/moments/{linked['id']}/score", 200)
    description.ask("GET", f"/api/v1/moments/{linked['id']}/score/spans/{then['spans']['id'][0]}", 200)
    description.ask("GET", f"/api/v1/moments/{linked['id']}/score/findings", 200)
    flag = description.ask("POST", f"{session}/flags", 201, json={"word": "here"})["flag"]
    description.ask("GET", f"{session}/flags", 200)
    description.ask("GET", f"{session}/flags/{flag}", 200)
    description.ask("DELETE", f"{session}/flags/{flag}", 204)


def ask_for_pair(description: Description, here: str) -> None:
    ask = description.ask
    ask("POST", f"{here}/commands", 200, json=SEND)
    ask("POST", f"{here}/commands", 200, json=[SEND, SEND])
    ask("POST", f"{here}/commands", 200, json={"type": "run"})
    ask("GET", "/api/v1/pairs", 200)
    ask("GET", here, 200)
    ask("GET", f"{here}/stimuli", 200)
    ask("GET", f"{here}/a/state", 200)
    ask("GET", f"{here}/b/ladder", 200, params={"cpu": 1, "vector": 81})
    ask_for_reading(description, f"{here}/b")


def ask_for_reading(description: Description, owner: str) -> None:
    spans = description.ask("GET", f"{owner}/score", 200)["spans"]
    description.ask("GET", f"{owner}/score/spans/{spans['id'][0]}", 200)
    description.ask("GET", f"{owner}/score/findings", 200)


def ask_for_pages_of_figures(description: Description) -> None:
    for path in ("/compare.json", "/compare.csv", "/compare/curve.csv", "/compare/shares.svg", "/compare/report"):
        description.ask("GET", path, 200, params=QUESTION)
    description.ask("GET", "/verdict", 200)


def test_every_call_that_is_described_answers_as_described(description: Description, ours: str) -> None:
    ask = description.ask
    ask("GET", "/healthz", 200)
    ask("GET", "/api/v1/vocabulary", 200)
    ask("GET", "/api/v1/vocabulary", 304, headers={"If-None-Match": "*"})
    made = ask("POST", "/api/v1/sessions", 201, json={"cpus": 2, "backend": "kvm-pv", "generation": "linux-6"})
    ask("GET", "/api/v1/sessions", 200)
    ask("GET", f"/api/v1/sessions/{made['id']}", 200)
    ask("GET", f"/api/v1/sessions/{made['id']}/state", 200)
    for command in (
        SEND,
        {"type": "read_register", "cpu": 0, "register": "tpr"},
        {"type": "write_msr", "cpu": 0, "msr": "0x800", "value": 1},
        {"type": "step"},
        {"type": "run_until_idle"},
    ):
        ask("POST", f"{ours}/commands", 200, json=command)
    ask("POST", f"{ours}/line", 200, json={"text": "ipi 0 1 61"})
    ask("POST", f"{ours}/line", 200, json={"text": "ip", "caret": 2})
    state = ask("GET", f"{ours}/state", 200)
    assert state["counters"]["ipis_sent"] == 1
    ask_for_history(description, ours)
    recording = ask("POST", "/api/v1/recordings", 201, params={"name": "boot.log"}, content=SAMPLE)
    ask("GET", recording["links"]["state"], 200)
    told_while_it_is_read(description)
    pair = ask("POST", "/api/v1/pairs", 201, json=PAIR)
    here = f"/api/v1/pairs/{pair['id']}"
    ask_for_pair(description, here)
    end(description, "sessions", made, "id")
    end(description, "sessions", recording, "session")
    end(description, "pairs", pair, "id")
    ask_for_pages_of_figures(description)

    described = {(method, path) for path, each in description.document["paths"].items() for method in each}
    assert described == description.seen


def told_while_it_is_read(description: Description) -> None:
    with ThreadPoolExecutor(1) as senders:
        file = gzip.compress(b"\n" * 1_000_000)
        sent = senders.submit(description.http.post, "/api/v1/recordings?progress=ours", content=file)
        while description.http.get("/api/v1/under-way/ours").status_code != 200:
            assert not sent.done()
        description.ask("GET", "/api/v1/under-way/ours", 200)
        assert sent.result().status_code == 422


def end(description: Description, kind: str, made: Json, name: str) -> None:
    """By the key that it answered, where it did."""
    headers = {"Authorization": f"Bearer {made['key']}"} if "key" in made else {}
    description.ask("DELETE", f"/api/v1/{kind}/{made[name]}", 204, headers=headers)


REFUSALS: list[tuple[str, str, int, Json]] = [
    ("GET", "/api/v1/sessions/NONE", 404, {}),
    ("DELETE", "/api/v1/sessions/NONE", 404, {"headers": {"Authorization": "Bearer x"}}),
    ("GET", "/api/v1/sessions/NONE/state", 404, {}),
    ("POST", "/api/v1/sessions/NONE/commands", 404, {"json": SEND}),
    ("POST", "{session}/commands", 422, {"json": {"type": "send_ipi"}}),
    ("POST", "{session}/commands", 400, {"content": b"{", "headers": {"Content-Type": "application/json"}}),
    ("POST", "{session}/commands", 413, {"content": b" " * 70_000, "headers": {"Content-Type": "application/json"}}),
    ("POST", "{session}/commands", 409, {"json": {"type": "fire_local_source", "cpu": 0, "source": "cmci"}}),
    ("POST", "{session}/commands", 403, {"json": SEND, "headers": {"Origin": "https://elsewhere.example"}}),
    ("POST", "/api/v1/sessions", 422, {"json": {"cpus": 0}}),
    ("POST", "/api/v1/sessions", 422, {"json": {"generation": ""}}),
    ("POST", "/api/v1/sessions", 422, {"json": {"nobody": "knows"}}),
    ("POST", "/api/v1/sessions", 400, {"content": b"{", "headers": {"Content-Type": "application/json"}}),
    ("POST", "/api/v1/sessions", 403, {"json": {}, "headers": {"Origin": "https://elsewhere.example"}}),
    ("GET", "/api/v1/under-way/NONE", 404, {}),
    ("GET", "/api/v1/under-way/a%20b", 422, {}),
    ("POST", "/api/v1/recordings", 413, {"content": b"x" * (33 << 20)}),
    ("POST", "/api/v1/recordings", 415, {"content": b"\x7fELF"}),
    ("POST", "/api/v1/recordings", 422, {"content": b"no log\n"}),
    ("POST", "/api/v1/pairs", 422, {"json": {"a": {"backend": "none"}, "b": {"backend": "vmi"}}}),
    ("POST", "/api/v1/pairs", 422, {"json": PAIR | {"session": "A", "sample": "B"}}),
    ("POST", "/api/v1/pairs", 422, {"json": PAIR | {"sample": "none"}}),
    ("POST", "/api/v1/pairs", 404, {"json": PAIR | {"session": "NONE"}}),
    ("GET", "/api/v1/pairs/NONE", 404, {}),
    ("GET", "/api/v1/pairs/NONE/stimuli", 404, {}),
    ("GET", "/api/v1/pairs/NONE/stimuli", 422, {"params": {"first": 0}}),
    ("GET", "/api/v1/pairs/NONE/c/state", 422, {}),
    ("GET", "{session}/score", 422, {"params": {"bins": 0}}),
    ("GET", "/api/v1/pairs/NONE/a/score", 404, {}),
    ("GET", "{session}/score/spans/999999", 404, {}),
    ("GET", "{session}/score/spans/one", 422, {}),
    ("GET", "{session}/score/findings", 409, {"params": {"branch": 9}}),
    ("POST", "/api/v1/pairs/NONE/commands", 404, {"json": SEND}),
    ("GET", "/compare.json", 422, {"params": {"work": "nothing"}}),
    ("GET", "/compare/nothing.svg", 404, {"params": QUESTION}),
    ("GET", "/verdict", 422, {"params": {"sheet": "none"}}),
]


@pytest.mark.parametrize(("method", "path", "status", "request_"), REFUSALS)
def test_refusals_are_described(
    description: Description, ours: str, method: str, path: str, status: int, request_: Json
) -> None:
    description.ask(method, path.format(session=ours), status, **request_)


def test_version_is_the_product_s(description: Description) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert description.document["info"]["version"] == project["version"]


def test_no_shape_is_left_open_by_words(description: Description) -> None:
    def open_ones(value: Any, path: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            if value.get("additionalProperties") is True:
                yield path
            for key, inner in value.items():
                yield from open_ones(inner, f"{path}/{key}")
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from open_ones(inner, f"{path}/{number}")

    # Of these parts of a comparison its page is the description; what a moment's view is, whoever links it says.
    outlines = re.compile(r"/components/schemas/(Comparison/properties/|(NewMoment|MomentShape)/properties/view$)")
    assert [path for path in open_ones(description.document) if not outlines.match(path)] == []


@pytest.mark.parametrize(
    ("name", "body", "right"),
    [
        ("NewSession", {}, True),
        ("NewSession", {"generation": None}, True),
        ("NewSession", {"generation": ""}, False),
        ("NewSession", {"generation": "linux-6"}, True),
        ("NewSession", {"backend": "none"}, False),
        ("NewSession", {"profile": "none"}, False),
        ("NewSession", {"cpus": 256}, False),
        ("NewPair", PAIR, True),
        ("NewPair", PAIR | {"session": "A"}, True),
        ("NewPair", PAIR | {"sample": "B", "session": None}, True),
        ("NewPair", PAIR | {"session": "A", "sample": "B"}, False),
        ("Command", SEND, True),
        ("Command", SEND | {"destinaton": 3}, False),
        ("Command", {"type": "no_such"}, False),
        ("PairCommand", SEND, True),
        ("PairCommand", [SEND, SEND], True),
        ("PairCommand", [], False),
        ("PairCommand", {"type": "next"}, True),
        ("PairCommand", {"type": "next", "count": 2}, False),
        ("PairCommand", {"type": "step", "count": -1}, True),
        ("PairCommand", {"type": "run", "count": -1}, False),
        ("PairCommand", {"type": "set_backend", "backend": "vmi"}, False),
    ],
)
def test_body_is_right_by_its_schema_exactly_when_it_is_taken(
    description: Description, name: str, body: Any, right: bool
) -> None:
    assert description.fits(body, name) is right
