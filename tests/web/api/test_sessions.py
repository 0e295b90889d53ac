"""The JSON interface, over a real socket: what each call answers, and what it answers when it cannot."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from app.engine.simulation import Simulation
from app.session.session import Session
from app.session.simulated import SimulatedDrive
from app.state.shapes import MachineState
from app.web.api.sessions import summary
from tests.web.serving import Api, Server, bearer, new_session

SESSIONS = "/api/v1/sessions"


def problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    """The problem details of *answer* (RFC 9457), which must be whole."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["status"] == status
    assert set(body) <= {"type", "title", "status", "detail", "errors"}
    return body


def fields(answer: httpx2.Response) -> list[str]:
    """The fields that a refusal blames."""
    errors = problem(answer, 422)["errors"]
    assert all(set(error) == {"field", "message"} and error["message"] for error in errors)
    return [error["field"] for error in errors]


def test_server_is_healthy(http: httpx2.Client) -> None:
    answer = http.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


def test_session_is_made_with_links_to_what_it_has(http: httpx2.Client) -> None:
    answer = http.post(SESSIONS, json={"cpus": 2, "backend": "vmi", "seed": 7, "paused": True})

    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{SESSIONS}/{body['id']}"
    assert (body["cpus"], body["backend"], body["paused"]) == (2, "vmi", True)
    assert http.get(body["links"]["state"]).status_code == 200
    assert http.get(body["links"]["page"]).status_code == 200
    assert body["links"]["stream"] == f"{SESSIONS}/{body['id']}/stream"
    Api(http, body["id"], body["key"]).end()


@pytest.mark.parametrize("body", [{}, None])
def test_session_without_wishes_has_four_cpus_and_runs(http: httpx2.Client, body: dict[str, Any] | None) -> None:
    answer = http.post(SESSIONS, json=body) if body is not None else http.post(SESSIONS)

    made = answer.json()
    assert answer.status_code == 201
    assert (made["cpus"], made["backend"], made["paused"]) == (4, "native-xapic", False)
    Api(http, made["id"], made["key"]).end()


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"cpus": 0}, "cpus"),
        ({"cpus": 256}, "cpus"),
        ({"cpus": "many"}, "cpus"),
        ({"cpus": 1.5}, "cpus"),
        ({"backend": "kvm"}, "backend"),
        ({"backend": "\x00" * 500}, "backend"),
        ({"profile": "pentium"}, "profile"),
        ({"profile": "\x00" * 500}, "profile"),
        ({"profile": 6}, "profile"),
        ({"cost_sheet": "2008"}, "cost_sheet"),
        ({"cost_sheet": "2007?vm_exti=900"}, "cost_sheet"),
        ({"cost_sheet": "\x00" * 5000}, "cost_sheet"),
        ({"cost_sheet": "2007", "generation": "linux-6", "backend": "apicv"}, "cost_sheet"),
        ({"cost_sheet": 2007}, "cost_sheet"),
        ({"seed": "x"}, "seed"),
        ({"paused": "perhaps"}, "paused"),
        ({"color": "red"}, "color"),
    ],
    ids=str,
)
def test_session_that_cannot_be_is_refused_by_field(http: httpx2.Client, wish: dict[str, Any], field: str) -> None:
    assert fields(http.post(SESSIONS, json=wish)) == [field]


def test_list_has_every_session_in_short(http: httpx2.Client, session: Api) -> None:
    sessions = {item["id"]: item for item in http.get(SESSIONS).json()}

    assert session.id in sessions
    assert sessions[session.id] == http.get(session.path).json()
    assert set(sessions[session.id]) >= {"id", "title", "cpus", "backend", "profile", "paused", "time"}
    assert set(sessions[session.id]) >= {"viewers", "links"}


def test_state_has_the_contract_s_keys(session: Api) -> None:
    state = session.numbered_state()

    assert state.keys() >= {"seq", "time", "paused", "speed", "backend", "profile", "cost_sheet", "idle", "viewers"}
    assert state.keys() >= {"counters", "cpus", "ioapic", "in_flight", "recording"}
    assert len(state["cpus"]) == 4
    assert re.fullmatch(r"[0-9a-f]{64}", state["cpus"][0]["irr"])


def test_command_answers_its_number_and_the_state_that_shows_it(session: Api) -> None:
    first = session.command("set_interrupt_flag", cpu=2, enabled=False)
    second = session.command("send_ipi", cpu=0, vector="0x51", destination=2)

    assert (first["command"], second["command"]) == (1, 2)
    assert first["seq"] < second["seq"]
    assert session.numbered_state()["seq"] >= second["seq"]
    assert session.state()["cpus"][2]["held_off"] is True


def test_ipi_to_a_cpu_with_interrupts_off_waits_in_irr_until_they_are_on(session: Api) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x51", destination=2)
    assert session.command("run_until_idle")["idle"] is True
    assert int(session.state()["cpus"][2]["irr"], 16) == 1 << 0x51

    session.command("set_interrupt_flag", cpu=2, enabled=True)
    session.command("step", unit="interrupt")
    assert session.state()["cpus"][2]["in_service"] == [0x51]

    session.command("run_until_idle")
    cpu = session.state()["cpus"][2]
    assert (int(cpu["irr"], 16), cpu["in_service"]) == (0, [])


def test_read_answers_a_value(session: Api) -> None:
    session.command("write_register", cpu=1, register="TPR", value="0x60")

    assert session.command("read_register", cpu=1, register="TPR")["value"] == "0x00000060"


def test_access_that_faults_is_applied_and_answers_why(session: Api) -> None:
    answer = session.command("write_msr", cpu=1, msr="0x1b", value="0xfee00400")

    assert answer["fault"] == "EXTD without EN, or x2APIC mode on a CPU that has none"
    assert answer["command"] == 1
    assert session.state()["cpus"][1]["apic_mode"] == "xapic"


def test_what_this_machine_lacks_is_refused_as_no_fault_of_the_command(session: Api) -> None:
    refusal = problem(session.post("fire_local_source", cpu=0, source="cmci"), 409)

    assert refusal["detail"] == "An APIC of profile intel-sdm has no LVT_CMCI entry"


def test_destination_wider_than_the_guest_writes_is_refused_by_its_field_and_taken_in_x2apic_mode(
    http: httpx2.Client, session: Api
) -> None:
    send: dict[str, Any] = {"cpu": 0, "vector": "0x51", "destination": "0xffffffff"}

    refusal = problem(session.post("send_ipi", **send), 409)

    assert [error["field"] for error in refusal["errors"]] == ["destination"]
    assert "where a destination has 8 bits (63:56)" in refusal["errors"][0]["message"]
    wide = new_session(http, backend="native-x2apic")
    wide.command("send_ipi", **send)
    wide.command("run_until_idle")
    assert wide.state()["counters"]["interrupts_taken"] == 4
    wide.end()


@pytest.mark.parametrize("cpus", [1, 255])
def test_smallest_and_largest_machine_work(http: httpx2.Client, cpus: int) -> None:
    session = new_session(http, cpus=cpus)

    session.command("send_ipi", cpu=cpus - 1, vector=64, shorthand="all_including_self")
    assert session.command("run_until_idle")["idle"] is True
    assert session.state()["counters"]["interrupts_taken"] == cpus
    session.end()


@pytest.mark.parametrize(
    ("command", "field"),
    [
        ({"type": "send_ipi", "cpu": 99, "vector": 64}, "cpu"),
        ({"type": "send_ipi", "cpu": 0, "vector": "0x1ff"}, "vector"),
        ({"type": "send_ipi", "cpu": 0, "vector": 0x1FF}, "vector"),
        ({"type": "send_ipi", "cpu": 0, "vector": -1}, "vector"),
        ({"type": "raise_lint", "cpu": 0, "pin": 2}, "pin"),
        ({"type": "fire_local_source", "cpu": 0, "source": "fan"}, "source"),
        ({"type": "raise_legacy_line", "line": 2}, "line"),
        ({"type": "write_msr", "cpu": 0, "msr": 1 << 32, "value": 0}, "msr"),
        ({"type": "reboot"}, "type"),
        ({"cpu": 0}, "type"),
        ({}, "type"),
        ([], ""),
        ("pause", ""),
        (17, ""),
        (None, ""),
    ],
    ids=str,
)
def test_bad_command_is_refused_by_field_and_changes_nothing(session: Api, command: Any, field: str) -> None:
    before = session.numbered_state()

    answer = session.http.post(f"{session.path}/commands", json=command)

    assert fields(answer) == [field]
    assert session.numbered_state() == before


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"pau',
        b"{",
        b"pause",
        b"\xff\xfe\x00",
        b"{'type': 'pause'}",
        b'{"a":' + b"9" * 5000 + b"}",
        b"[" * 60_000,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_malformed_json_is_a_bad_request(session: Api, body: bytes) -> None:
    answer = session.http.post(f"{session.path}/commands", content=body, headers={"content-type": "application/json"})

    problem(answer, 400)


@pytest.mark.slow
def test_json_nested_to_any_depth_is_a_refusal_and_never_a_fault(session: Api) -> None:
    for depth in [*range(900, 1000), 10_000]:
        body = b'{"type":' + b"[" * depth + b"]" * depth + b"}"
        answer = session.http.post(
            f"{session.path}/commands", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code in (400, 422), f"depth {depth}: {answer.text}"


@pytest.mark.parametrize("body", [b"", b"null"])
def test_body_without_a_command_is_refused(session: Api, body: bytes) -> None:
    answer = session.http.post(f"{session.path}/commands", content=body, headers={"content-type": "application/json"})

    problem(answer, 422)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{SESSIONS}/NOSUCH"),
        ("GET", f"{SESSIONS}/NOSUCH/state"),
        ("POST", f"{SESSIONS}/NOSUCH/commands"),
        ("DELETE", f"{SESSIONS}/NOSUCH"),
        ("GET", f"{SESSIONS}/%00%ff{'x' * 500}"),
        ("GET", "/api/v1/nothing"),
        ("GET", "/api/v2/sessions"),
        ("GET", "/static/nothing.js"),
        ("GET", "/static/../../pyproject.toml"),
        ("GET", "/static/%2e%2e/pyproject.toml"),
    ],
)
def test_what_does_not_exist_is_not_found(http: httpx2.Client, method: str, path: str) -> None:
    problem(http.request(method, path, json={"type": "pause"} if method == "POST" else None), 404)


def test_address_that_nothing_has_is_told_in_a_sentence(http: httpx2.Client) -> None:
    assert problem(http.get("/sessions/4"), 404)["detail"] == "No page and no call has this address."
    page = http.get("/sessions/4", headers={"accept": "text/html"})
    assert (page.status_code, "<h1>Nothing is here</h1>" in page.text) == (404, True)


def test_wrong_method_is_not_allowed(http: httpx2.Client) -> None:
    problem(http.patch(SESSIONS), 405)


def test_ended_session_is_gone(http: httpx2.Client) -> None:
    session = new_session(http)

    assert http.delete(session.path, headers=bearer(session.key)).status_code == 204

    problem(http.get(session.path), 404)
    problem(http.delete(session.path, headers=bearer(session.key)), 404)
    problem(session.post("pause"), 404)


def test_session_can_end_under_a_command_that_would_run_for_long(server: Server, http: httpx2.Client) -> None:
    session = new_session(http)
    session.command("raise_pin", pin=16)  # the line stays up: never idle
    began = session.numbered_state()["seq"]
    with ThreadPoolExecutor() as pool, server.client() as other:
        long = pool.submit(Api(other, session.id).post, "run_until_idle", limit=100_000_000)
        while session.numbered_state()["seq"] < began + 2:
            pass
        assert http.delete(session.path, headers=bearer(session.key)).status_code == 204
        assert problem(long.result(30), 409)["detail"] == "The session is over"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"paused": 0}, "paused"),
        ({"paused": "no"}, "paused"),
        ({"cpus": True}, "cpus"),
        ({"cpus": "4"}, "cpus"),
        ({"cpus": 4.0}, "cpus"),
        ({"seed": None}, "seed"),
        ({"backend": 1}, "backend"),
        ({"name": "mine"}, "name"),
    ],
)
def test_new_session_takes_each_field_as_what_it_is(http: httpx2.Client, body: dict[str, Any], field: str) -> None:
    assert fields(http.post(SESSIONS, json=body)) == [field]


def test_command_with_an_unknown_field_is_refused_and_nothing_is_sent(session: Api) -> None:
    before = session.state()

    refused = session.post("send_ipi", cpu=0, vector=64, destinaton=3)

    assert fields(refused) == ["destinaton"]
    assert session.state() == before


@pytest.mark.parametrize(
    "path", ["/api/v1/sessions", "/api/v1/sessions/{id}/commands", "/api/v1/pairs", "/api/v1/pairs/NONE/commands"]
)
def test_body_that_says_something_twice_is_refused_by_the_key(session: Api, path: str) -> None:
    body = b'{"type": "raise_pin", "pin": 1, "pin": 2}'

    answer = session.http.post(path.format(id=session.id), content=body, headers={"Content-Type": "application/json"})

    assert fields(answer) == ["pin"]


@pytest.mark.anyio
async def test_summaries_build_no_state() -> None:
    class Counted(SimulatedDrive):
        built = 0

        def state(self) -> MachineState:
            self.built += 1
            return super().state()

    drive = Counted(Simulation(3, "vmi"))
    made = Session("BRIEF", "three CPUs", drive, paused=True, speed=None)
    made.viewers_changed()  # something has changed since the last state
    before = drive.built

    short = summary(made)

    assert drive.built == before

    assert (short["cpus"], short["backend"], short["time"]) == (3, "vmi", drive.time)
    made.abandon()


def test_summary_tells_what_the_state_tells(http: httpx2.Client) -> None:
    made = new_session(http, cpus=2, backend="vmi", profile="qemu", cost_sheet="2007?vm_exit=900")
    made.command("call_guest", cpu=0, function="smp_call_function")
    made.command("step", unit="operation", count=5)

    short, state = http.get(made.path).json(), made.state()

    for key in ("backend", "cost_sheet", "profile", "generation", "paused", "time"):
        assert short[key] == state[key], key
    assert short["asleep"] is False
    assert short in http.get(SESSIONS).json()
    made.end()
