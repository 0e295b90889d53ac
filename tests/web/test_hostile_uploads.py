"""Uploads that are made to take long cost nobody else anything, and end with whoever sent them."""

import gzip
import math
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.web.serving import ROOT, Server, running_server

SAMPLE = ROOT / "tests/trace/recordings/linux-6.1-ipi-storm-4cpu.qemu.log.gz"
RECORDINGS = "/api/v1/recordings?name="
#: On a busy machine a single answer may take so long, whatever else goes on.
FLOOR = 0.025

pytestmark = pytest.mark.slow


@cache
def hostile() -> bytes:
    """130 KB that unpack to 128 MiB of short lines."""
    return gzip.compress(b"a b\n" * 2**25)


@pytest.fixture
def own() -> Iterator[Server]:
    """A server that nobody else uses."""
    with running_server() as running:
        yield running


@contextmanager
def senders(server: Server, count: int) -> Iterator[list[socket.socket]]:
    """So many who have each sent a hostile file and wait for its answer; they leave at the end, if not before."""
    waiting = []
    try:
        for number in range(count):
            waiting.append(socket.create_connection(("127.0.0.1", server.port)))
            path = f"{RECORDINGS}{number}.log"
            head = f"POST {path} HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: {len(hostile())}\r\n\r\n"
            waiting[-1].sendall(head.encode() + hostile())
        yield waiting
    finally:
        for each in waiting:
            each.close()


def slow_answer(server: Server, seconds: float = 4.0) -> float:
    """The time within which 95 of 100 asked /healthz were answered."""
    taken = []
    end = time.monotonic() + seconds
    with server.client() as http:
        while time.monotonic() < end:
            begun = time.monotonic()
            assert http.get("/healthz").status_code == 200
            taken.append(time.monotonic() - begun)
            time.sleep(0.01)
    return sorted(taken)[math.ceil(len(taken) * 0.95) - 1]


def at_work(server: Server) -> list[int]:
    """The processes that the server has started."""
    children = Path(f"/proc/{server.process.pid}/task")
    return [int(pid) for task in children.iterdir() for pid in (task / "children").read_text().split()]


def busy(pids: list[int]) -> float:
    """Seconds of CPU that they have taken."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


def test_others_are_served_while_hostile_files_are_read_and_after_their_senders_have_left(own: Server) -> None:
    idle = slow_answer(own)
    with senders(own, 8):
        meanwhile = slow_answer(own)
    time.sleep(2)

    after = slow_answer(own)

    assert after < 3 * max(idle, FLOOR)
    assert meanwhile < 3 * max(idle, FLOOR)
    pids = at_work(own)
    before = busy(pids)
    time.sleep(1)
    assert busy(pids) - before < 0.5, "what nobody waits for any more goes on"
    with own.client() as http:
        honest = http.post(f"{RECORDINGS}honest.log.gz", content=SAMPLE.read_bytes())
    assert honest.status_code == 201


def test_honest_upload_is_answered_while_hostile_ones_of_the_same_address_wait(own: Server) -> None:
    with senders(own, 2), own.client() as http:
        honest = http.post(f"{RECORDINGS}honest.log.gz", content=SAMPLE.read_bytes(), timeout=110)

    assert honest.status_code == 201


def test_hostile_file_is_refused_with_the_limit_and_listed_nowhere(own: Server) -> None:
    with own.client() as http:
        before = http.get("/api/v1/sessions").json()
        answer = http.post(f"{RECORDINGS}a.log", content=hostile(), timeout=110)
        after = http.get("/api/v1/sessions").json()

    assert answer.status_code == 413
    assert "more than 5,000,000 lines" in answer.json()["detail"]
    assert [each["id"] for each in after] == [each["id"] for each in before]


def test_server_ends_after_a_signal_with_uploads_comparisons_and_viewers_under_way(own: Server) -> None:
    with own.client() as http, ExitStack() as there:
        session = http.get("/api/v1/sessions").json()[0]["id"]
        viewers = [there.enter_context(viewer(own, session)) for _ in range(20)]
        there.enter_context(senders(own, 6))
        threading.Thread(target=_ask, args=(own, "/compare.json"), daemon=True).start()
        time.sleep(2)
        pids = at_work(own)
        assert pids
        own.process.send_signal(signal.SIGTERM)

        assert own.process.wait(30) == 0
        assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        assert [closed_with(each) for each in viewers] == [1012] * 20


def viewer(server: Server, session: str) -> ClientConnection:
    return connect(server.stream(session), subprotocols=[Subprotocol("apicscope.v1")], proxy=None)


def closed_with(viewer: ClientConnection) -> int:
    """The code with which the server has closed the stream, once all that came before it has been read."""
    with suppress(ConnectionClosed):
        deque(viewer, maxlen=0)
    assert viewer.close_code is not None
    return viewer.close_code


def _ask(server: Server, path: str) -> None:
    with suppress(httpx2.HTTPError), server.client() as http:
        http.get(path)


def test_killed_server_leaves_no_process_behind(own: Server) -> None:
    with senders(own, 1):
        time.sleep(1.5)
        pids = at_work(own)
        assert pids

        own.process.kill()
        own.process.wait(10)

    for _ in range(100):
        if not [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
            break
        time.sleep(0.05)
    else:
        pytest.fail("a process goes on without its server")


def test_one_file_by_eight_sheets_does_not_close_the_queue_for_another_address(own: Server) -> None:
    long = gzip.compress(gzip.decompress(SAMPLE.read_bytes()) * 20)
    ordinary = "/compare.json?work=function&function=smp_send_reschedule&targets=3&backend=vmi&sheet=2007"
    with own.client() as http, ThreadPoolExecutor(8) as askers:
        sent = http.post(
            "/compare/recordings", files={"log": ("long.log.gz", long)}, follow_redirects=False, timeout=110
        )
        assert sent.status_code == 303
        where = sent.headers["location"].replace("/compare?", "/compare.json?")
        asked = [where.replace("sheet=sapphire-rapids", f"sheet=2007%3Fvm_exit%3D{900 + i}") for i in range(8)]
        under_way = [askers.submit(lambda path: http.get(path, timeout=110).status_code, path) for path in asked]
        time.sleep(0.5)
        with httpx2.Client(
            base_url=own.address, trust_env=False, timeout=60, transport=httpx2.HTTPTransport(local_address="127.0.0.2")
        ) as other:
            begun = time.monotonic()
            assert other.get(ordinary).status_code == 200
            assert time.monotonic() - begun < 30
        assert [each.result() for each in under_way] == [200] * 8
