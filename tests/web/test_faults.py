"""Faults of a live stream, numbered as in tests/web/README.md, on the wire as they happen. What has a test elsewhere is
only in that table."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import httpx2
import pytest
from websockets.frames import Frame, Opcode

from tests.web.raw import UPGRADE, ask, connected, get, status
from tests.web.serving import Api, Server, new_session, running_server
from tests.web.viewer import Viewer, close_code, open_stream

MASK = b"\x01\x02\x03\x04"


@pytest.fixture
def bystander(server: Server, session: Api) -> Iterator[Viewer]:
    """Somebody who watches the same session, and must go on."""
    with Viewer(server.stream(session.id)) as viewer:
        viewer.meet(session)
        yield viewer
        session.command("set_interrupt_flag", cpu=0, enabled=False)
        assert viewer.meet(session)["cpus"][0]["held_off"] is True


def closes_with(server: Server, session: Api, sent: bytes) -> int:
    with Viewer(server.stream(session.id)) as viewer:
        viewer.connection.socket.sendall(sent)
        return close_code(viewer.connection)


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("length", [16 * 1024 + 1, 1 << 31, (1 << 62)])
def test_3_message_beyond_the_limit_costs_no_memory(server: Server, session: Api, length: int) -> None:
    before = resident(server)
    head = b"\x81\xff" + length.to_bytes(8, "big") + MASK

    codes = {closes_with(server, session, head + b"x" * 1000) for _ in range(20)}

    assert codes == {1009}
    assert resident(server) - before < 20 << 20


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(b"\x81\x02{}", 1002, id="not masked"),
        pytest.param(b"\xc1\x80" + MASK, 1002, id="reserved bit"),
        pytest.param(b"\x83\x80" + MASK, 1002, id="reserved opcode 3"),
        pytest.param(b"\x8b\x80" + MASK, 1002, id="reserved opcode 11"),
        pytest.param(b"\x09\x80" + MASK, 1002, id="ping in pieces"),
        pytest.param(b"\x89\xfe\x00\x80" + MASK + b"x" * 128, 1002, id="ping too long"),
        pytest.param(b"\x80\x80" + MASK, 1002, id="continues nothing"),
        pytest.param(b"\x01\x80" + MASK + b"\x81\x80" + MASK, 1002, id="begins twice"),
        pytest.param(b"\x88\x81" + MASK + b"x", 1002, id="close of one byte"),
        pytest.param(Frame(Opcode.CLOSE, b"\x03\xed").serialize(mask=True), 1002, id="close with 1005"),
        pytest.param(Frame(Opcode.CLOSE, b"\x03\xe8\xff").serialize(mask=True), 1007, id="close that is no text"),
        pytest.param(Frame(Opcode.TEXT, b"\xff").serialize(mask=True), 1007, id="no UTF-8"),
        pytest.param(Frame(Opcode.TEXT, b"\xed\xa0\x80").serialize(mask=True), 1007, id="half a surrogate"),
    ],
)
def test_4_malformed_frame_ends_its_own_stream_alone(server: Server, session: Api, sent: bytes, code: int) -> None:
    assert closes_with(server, session, sent) == code


NUMBER = "9" * 4400


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize(
    "text",
    ["{", "NaN", "1e309", "[" * 10_000, '{"type":"resync"', f"[{NUMBER}]", '"\\ud800"', '{"type":NaN}', "\x00"],
    ids=lambda text: text[:12],
)
def test_5_what_is_no_message_is_answered_and_costs_nobody_else(
    server: Server, session: Api, http: httpx2.Client, text: str
) -> None:
    assert closes_with(server, session, Frame(Opcode.TEXT, text.encode()).serialize(mask=True)) == 4400
    answer = http.post(f"{session.path}/commands", content=text, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("bystander")
def test_7_thousand_messages_at_once_end_their_stream(server: Server, session: Api) -> None:
    assert closes_with(server, session, Frame(Opcode.TEXT, b'{"type":"resync"}').serialize(mask=True) * 1000) == 4408


@pytest.mark.slow
@pytest.mark.usefixtures("bystander")
def test_10_client_that_never_answers_a_ping_is_gone_after_two_of_them(server: Server, session: Api) -> None:
    """Whose machine is switched off says no more than this one, which reads on and is silent."""
    with connected(server) as silent, Viewer(server.stream(session.id)) as viewer:
        silent.sendall(get(f"{session.path}/stream", UPGRADE))
        viewer.meet(session, viewers=3)
        silent.settimeout(60)
        while silent.recv(65536):
            pass
        viewer.meet(session, viewers=2)


def test_13_two_who_switch_at_once_see_one_order(server: Server, session: Api) -> None:
    session.command("call_guest", cpu=0, function="smp_call_function", arguments={"wait": True})
    names = ["vmi", "trap-emulate", "native-xapic"] * 10
    with Viewer(server.stream(session.id)) as one, Viewer(server.stream(session.id)) as two:
        one.meet(session, viewers=2)

        def switch(first: int) -> list[tuple[int, str]]:
            with server.client() as http:
                mine = Api(http, session.id)
                return [(mine.command("set_backend", backend=name)["command"], name) for name in names[first::2]]

        with ThreadPoolExecutor(2) as pool:
            switched = sorted(chain.from_iterable(pool.map(switch, range(2))))
        session.command("run_until_idle")
        seen = [viewer.meet(session) for viewer in (one, two)]

    assert [number for number, _ in switched] == list(range(2, 2 + len(names))), "one number each"
    assert seen[0] == seen[1]
    assert seen[0]["backend"] == switched[-1][1], "the last in that order"
    assert seen[0]["switching_to"] is None
    assert {cpu["irr"] + cpu["isr"] for cpu in seen[0]["cpus"]} == {"0" * 128}, "nothing is left half done"


@pytest.mark.slow
def test_15_storm_is_sliced_and_says_so_while_pings_are_answered(
    server: Server, http: httpx2.Client, session: Api
) -> None:
    storm = new_session(http, cpus=64)
    for cpu in range(64):
        storm.command("write_register", cpu=cpu, register="LVT_TIMER", value="0x20040")
        storm.command("write_register", cpu=cpu, register="TIMER_INITIAL_COUNT", value=10)
        storm.command("send_ipi", cpu=cpu, vector="0x51", shorthand="all_including_self")
        storm.command("send_ipi", cpu=cpu, vector="0x52", shorthand="self")
    storm.command("set_speed", speed=1e12)
    storm.command("run")
    with Viewer(server.stream(storm.id)) as viewer:
        viewer.next()
        while viewer.state["throttled"] is None:
            viewer.next()
        for number in range(5):
            pong = viewer.connection.ping()
            while not pong.wait(0):
                viewer.next()
            session.command("raise_pin", pin=number)
            assert http.get("/healthz").status_code == 200
        assert viewer.state["throttled"]["words"].startswith("Throttled:")

    storm.command("pause")
    assert storm.state()["throttled"] is None
    storm.end()


@pytest.mark.slow
def test_18_stopped_for_a_while_it_does_not_catch_up() -> None:
    speed, stopped = 10_000, 4.0
    with running_server() as server, server.client() as http:
        session = new_session(http)
        session.command("raise_pin", pin=16)  # there is always something left to do
        session.command("set_speed", speed=speed)
        session.command("run")
        began, before = time.monotonic(), session.state()["time"]

        os.kill(server.process.pid, signal.SIGSTOP)
        time.sleep(stopped)
        os.kill(server.process.pid, signal.SIGCONT)
        after = session.state()["time"]
        elapsed = time.monotonic() - began

        assert after - before < speed * (elapsed - stopped + 1.0)
        while session.state()["time"] == after:
            assert time.monotonic() < began + 60, "time does not go on"


HOSTILE = [
    "<script>alert(1)</script>",
    "\u202eevil",
    "😀" * 300,
    "__proto__",
    "{{7*7}}",
    "a\r\nSet-Cookie: x=1",
    "%00",
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: name[:10].encode("unicode_escape").decode())
def test_20_no_name_becomes_markup_or_a_header(http: httpx2.Client, session: Api, name: str) -> None:
    for answer in (
        http.get("/costs/2007", params={name: name}, headers={"Accept": "text/html"}),
        http.get("/registers", params={"q": name}, headers={"Accept": "text/html"}),
        http.get("/s/" + httpx2.QueryParams({"x": name[:200]}).__str__()[2:], headers={"Accept": "text/html"}),
        http.post("/s", data={"backend": name}, headers={"Accept": "text/html"}),
        http.post(f"/s/{session.id}/recordings", files={"recording": (name, b"\xff")}, headers={"Accept": "text/html"}),
    ):
        assert answer.status_code < 500
        assert "<script>alert" not in answer.text
        assert "set-cookie" not in answer.headers or "x=1" not in answer.headers["set-cookie"]
        assert "script-src 'self';" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app/web/guard.py",
        "/static/%2e%2e/pyproject.toml",
        "/static/..%2fpyproject.toml",
        "/static/....//pyproject.toml",
        "/static//etc/passwd",
        "/static/v-0/../../pyproject.toml",
        "/static/v-0/%2e%2e/%2e%2e/pyproject.toml",
        "/static/%00",
        "/static/..\\pyproject.toml",
        "/%0d%0aSet-Cookie:x=1",
        "//evil.example/%2e%2e",
        "/costs/..%2f..%2fpyproject",
    ],
)
def test_21_no_path_leads_out_and_none_into_the_headers(server: Server, path: str) -> None:
    answered = ask(server, get(path, b"Connection: close\r\n"))

    assert status(answered) == 404
    assert b"set-cookie" not in answered.split(b"\r\n\r\n")[0].lower()
    assert b"location" not in answered.split(b"\r\n\r\n")[0].lower()


def resident(server: Server) -> int:
    """Bytes that the server has in memory."""
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def test_22_who_joins_and_leaves_leaves_nothing_behind(server: Server, http: httpx2.Client) -> None:
    session = new_session(http)

    def join(_: int) -> None:
        with open_stream(server.stream(session.id)) as connection:
            json.loads(connection.recv(timeout=60))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(join, range(200)))
        before, open_before = resident(server), descriptors(server)
        list(pool.map(join, range(800)))
    with Viewer(server.stream(session.id)) as viewer:
        viewer.meet(session, viewers=1)

    assert resident(server) - before < 10 << 20
    assert descriptors(server) <= open_before + 16
    session.end()


def test_9_connection_that_is_reset_at_once_is_nobody_s_loss(server: Server, session: Api, http: httpx2.Client) -> None:
    for _ in range(300):
        with connected(server) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.sendall(get(f"{session.path}/stream", UPGRADE))
    assert http.get("/healthz").status_code == 200
