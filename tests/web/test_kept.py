"""What was answered is there after kill -9 and a restart on the same data directory."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.sync.client import connect

from app.history.store import Store
from app.web.application import create_application
from tests.history.recorded_disk import RecordedDisk
from tests.web.serving import Api, Server, bearer, data_directory, new_session, running_server

pytestmark = pytest.mark.slow

#: How often a server is killed; APICSCOPE_KILLS says more.
KILLS = int(os.environ.get("APICSCOPE_KILLS", "10"))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def directory() -> Iterator[Path]:
    with data_directory() as empty:
        yield empty


def running(directory: Path, *arguments: str) -> Any:
    return running_server("--data-dir", str(directory), *arguments)


def kill(server: Server) -> None:
    """As the kernel does it: nothing of the program runs any more."""
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()


def shown(state: dict[str, Any]) -> dict[str, Any]:
    """A state without what belongs to the process that shows it."""
    own = ("seq", "viewers", "sleep", "throttled", "kept", "speed", "paused", "under_way")
    return {key: value for key, value in state.items() if key not in own}


def head_on_disk(directory: Path, session: Api) -> int:
    """Up to which tick the session's newest branch is kept; 0 when it is not."""
    with closing(sqlite3.connect(directory / "history/history.sqlite")) as connection:
        kept = connection.execute(
            "SELECT max(head) FROM branch WHERE session = ?1 UNION SELECT max(tick) FROM keyframe WHERE session = ?1",
            (session.id,),
        ).fetchall()
    return max(int(tick or 0) for (tick,) in kept)


def at(http: httpx2.Client, session: Api) -> Api:
    """The same session, on the server that *http* calls."""
    return Api(http, session.id, session.key)


def test_what_was_answered_survives_kill_9(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http, cpus=2, backend="vmi")
        session.command("send_ipi", cpu=0, vector=0x51, destination=1)
        session.command("step", count=20)
        session.command("call_guest", cpu=1, function="smp_send_reschedule", arguments={"cpu": 0})
        before = session.state()
        kill(server)

    with running(directory) as server, server.client() as http:
        assert http.get("/", follow_redirects=False).headers["location"] == f"/s/{session.id}"
        after = at(http, session)
        assert shown(after.state()) == shown(before)
        assert after.state()["paused"] is True
        after.command("step", count=5)


def test_branches_and_their_names_survive(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        session.command("send_ipi", cpu=0, vector=0x51, destination=1)
        session.command("step", count=20)
        session.command("seek", tick=8)
        begun = session.command("send_ipi", cpu=2, vector=0x61, destination=3)
        assert begun["branch"] == 1
        session.command("name_branch", branch=1, name="the other way")
        session.command("step", count=4)
        before = session.state()
        session.command("switch_branch", branch=0)
        first = session.state()
        kill(server)

    with running(directory) as server, server.client() as http:
        after = at(http, session)
        assert shown(after.state()) == shown(first)
        after.command("switch_branch", branch=1)
        assert shown(after.state()) == shown(before)


def test_key_of_a_session_and_of_a_request_survive(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        path, command = f"{session.path}/commands", {"type": "write_register", "cpu": 0, "register": "TPR", "value": 16}
        first = http.post(path, json=command, headers={"Idempotency-Key": "mine"}).json()
        kill(server)

    with running(directory) as server, server.client() as http:
        again = http.post(path, json=command, headers={"Idempotency-Key": "mine"})
        assert again.json() == first
        other = http.post(path, json=command | {"value": 32}, headers={"Idempotency-Key": "mine"})
        assert other.status_code == 422
        assert at(http, session).state()["tick"] == 1
        assert http.delete(session.path, headers=bearer("another")).status_code == 403
        assert http.delete(session.path, headers=bearer(session.key)).status_code == 204
        assert http.get(session.path).status_code == 404
        kill(server)

    assert session.key.encode() not in (directory / "history/history.sqlite").read_bytes()
    with running(directory) as server, server.client() as http:
        assert http.get(session.path).status_code == 404


def test_running_session_is_paused_where_it_was_kept_last(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        session.command("demonstrate", enabled=True)
        session.command("set_speed", speed=2000)
        session.command("run")
        while head_on_disk(directory, session) <= 1:  # it is kept every second
            time.sleep(0.1)
        kill(server)

    with running(directory) as server, server.client() as http:
        after = at(http, session).state()
        assert after["paused"] is True
        assert after["speed"] == 2000
        assert after["live"] is True
        assert after["tick"] > 1


def test_stream_goes_on_with_a_snapshot(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        session.command("read_register", cpu=0, register="TPR")
        seq = session.numbered_state()["seq"]
        kill(server)

    with running(directory) as server:
        address = f"{server.stream(session.id)}?resume={session.id}:{seq}"
        with connect(address, subprotocols=["apicscope.v1"], origin=None, proxy=None) as stream:  # type: ignore[list-item]
            assert '"hello"' in str(stream.recv())
            assert str(stream.recv()).startswith('{"type":"snapshot"')


def test_second_server_says_who_has_the_directory(directory: Path) -> None:
    with running(directory) as server:
        command = [sys.executable, "-m", "app", "serve", "--port", "0", "--data-dir", str(directory)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert f"is held by process {server.process.pid} on " in done.stderr


def test_broken_history_is_set_aside_and_said(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        kill(server)
    (directory / "history/history.sqlite").write_bytes(b"no database at all" * 1000)
    (directory / "history/history.sqlite-wal").unlink()

    with running(directory) as server, server.client() as http:
        assert http.get(session.path).status_code == 404
        page = http.get("/", follow_redirects=True, headers={"Accept": "text/html"}).text
        assert "The history could not be read and lies in" in page


def test_without_a_home_the_server_runs_and_says_that_nothing_outlives_it(directory: Path) -> None:
    homeless = {name: value for name, value in os.environ.items() if name != "XDG_DATA_HOME"} | {"HOME": ""}
    with (directory / "stderr").open("w+") as said:
        with running_server(environment=homeless, stderr=said) as server, server.client() as http:
            page = http.get("/", follow_redirects=True, headers={"Accept": "text/html"}).text
            new_session(http).command("read_register", cpu=0, register="TPR")
        said.seek(0)
        line = said.read()

    assert "Nothing here outlives the server: no home directory is known" in page
    assert line.startswith("apicscope: Nothing here outlives the server: no home directory is known")
    assert line.count("\n") == 1


@pytest.mark.anyio
async def test_full_disk_is_answered_by_507_with_the_reason(directory: Path) -> None:
    with RecordedDisk().in_use() as disk, Store(directory, 1e6) as store:
        application = create_application(store=store)
        transport = httpx2.ASGITransport(application)
        async with (
            application.router.lifespan_context(application),
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
        ):
            made = (await http.post("/api/v1/sessions", json={"paused": True})).json()
            path, command = f"/api/v1/sessions/{made['id']}/commands", {"type": "write_register", "cpu": 0}
            command |= {"register": "TPR", "value": 16}
            disk.refuse["write"] = sqlite3.SQLITE_FULL

            flag = (f"/api/v1/sessions/{made['id']}/flags", {"word": "here"})
            for address, body in ((path, command), (path, command), ("/api/v1/sessions", {}), flag):
                refused = await http.post(address, json=body)
                assert refused.status_code == 507
                assert refused.headers["content-type"] == "application/problem+json"
                assert refused.json()["detail"].startswith("The disk is full (")
            assert (await http.get(flag[0])).json() == []
            page = (await http.get(f"/s/{made['id']}", headers={"Accept": "text/html"})).text
            assert "Nothing can be kept at present: the disk is full" in page

            disk.refuse.clear()
            store.recover().result()
            assert (await http.post(path, json=command)).status_code == 200


@pytest.mark.timeout(60 + 15 * KILLS)
def test_no_answered_command_is_missing_however_often_it_is_killed(directory: Path) -> None:
    chance = random.Random(7)
    session: Api | None = None
    answered: list[int] = []  # the tick behind each command that was answered with 200
    for _ in range(KILLS):
        with running(directory) as server, server.client() as http:
            if session is None:
                session = new_session(http)
            api = at(http, session)
            assert api.state()["tick"] >= max(answered, default=0)
            doomed = threading.Timer(chance.uniform(0.05, 0.6), kill, [server])
            doomed.start()
            with suppress(httpx2.HTTPError):
                while True:
                    api.command("write_register", cpu=chance.randrange(4), register="TPR", value=chance.randrange(256))
                    api.command("step", count=3)
                    answered.append(api.state()["tick"])
            doomed.join()
    assert answered


# Moments


def link_to(http: httpx2.Client, session: Api, **fields: Any) -> str:
    made = http.post(f"{session.path}/moments", json=fields)
    assert made.status_code == 201, made.text
    assert made.json()["link"] == f"/m/{made.json()['id']}"
    return str(made.json()["id"])


def test_link_shows_the_same_moment_whatever_comes_later_and_after_a_kill(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        session.command("send_ipi", cpu=0, vector=0x51, destination=1)
        session.command("step", count=9)
        there = session.state()
        link = link_to(http, session, note="here it is", view={"zoom": 2})
        past = link_to(http, session, tick=4, branch=0)
        first = {name: http.get(f"/api/v1/moments/{name}").json() for name in (link, past)}
        assert first[link]["note"] == "here it is"
        assert first[link]["view"] == {"zoom": 2}
        assert shown(first[link]["state"]) == shown(there)
        assert first[past]["state"]["tick"] == 4
        session.command("step", count=20)
        session.command("seek", tick=4)
        session.command("send_ipi", cpu=2, vector=0x61, destination=3)
        kill(server)

    with running(directory) as server, server.client() as http:
        for name, before in first.items():
            after = http.get(f"/api/v1/moments/{name}").json()
            assert {**after, "state": None} == {**before, "state": None}
            moving = ("head", "live")  # how far the branch has come since
            assert {**shown(after["state"]), **dict.fromkeys(moving)} == {
                **shown(before["state"]),
                **dict.fromkeys(moving),
            }
        page = http.get(f"/m/{link}", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "here it is" in page.text
        assert '<table class="still">' in page.text


def test_session_of_ones_own_begins_at_a_moment(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        session.command("send_ipi", cpu=0, vector=0x51, destination=1)
        session.command("step", count=9)
        link = link_to(http, session)
        there = session.state()
        session.command("step", count=9)

        own = http.post("/api/v1/sessions", json={"from": {"moment": link}})

        assert own.status_code == 201, own.text
        api = Api(http, own.json()["id"], own.json()["key"])
        assert shown(api.state()) == shown(there)
        api.command("write_register", cpu=0, register="TPR", value=16)
        assert session.state()["tick"] > api.state()["tick"]
        assert http.post("/api/v1/sessions", json={"from": {"moment": "NOSUCH"}}).status_code == 404
        assert http.post("/api/v1/sessions", json={"from": {"moment": link}, "cpus": 2}).status_code == 422
        begun = http.post(f"/m/{link}/begin")
        assert begun.headers["location"].startswith("/s/")


def test_link_outlives_the_end_of_its_session(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        session.command("send_ipi", cpu=0, vector=0x51, destination=1)
        link = link_to(http, session)
        before = http.get(f"/api/v1/moments/{link}").json()
        assert http.delete(session.path, headers=bearer(session.key)).status_code == 204

        assert http.get(session.path).status_code == 404
        assert http.get(f"/api/v1/moments/{link}").json() == before


def test_moment_that_there_is_not_gets_no_link(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        assert http.post(f"{session.path}/moments", json={"tick": 99}).status_code == 409
        assert http.post(f"{session.path}/moments", json={"branch": 7}).status_code == 409
        assert http.post(f"{session.path}/moments", json={"tock": 1}).status_code == 422
        assert http.post(f"{session.path}/moments", json={"view": {"text": "x" * 9_000}}).status_code == 422
        assert http.get("/api/v1/moments/NOSUCH").status_code == 404


def test_flags_and_the_number_of_their_changes_survive(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session = new_session(http)
        session.command("send_ipi", cpu=0, vector=0x51, destination=1)
        session.command("step", count=9)
        for word in ("here", "gone", "there"):
            assert http.post(f"{session.path}/flags", json={"word": word, "tick": 4, "branch": 0}).status_code == 201
        assert http.delete(f"{session.path}/flags/1").status_code == 204
        before = http.get(f"{session.path}/flags").json()
        changes = session.state()["score"]
        kill(server)

    with running(directory) as server, server.client() as http:
        after = at(http, session)
        assert http.get(f"{after.path}/flags").json() == before
        assert [flag["word"] for flag in before] == ["here", "there"]
        assert after.state()["score"] == changes
        assert http.get(before[0]["link"], headers={"Accept": "text/html"}).status_code == 200
        assert http.post(f"{after.path}/flags", json={"word": "new"}).json()["flag"] == 3  # no number comes again


# What an owner has


def test_owner_sees_what_is_kept_and_deletes_it_links_only_when_told_so(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        session, other = new_session(http), new_session(http)
        session.command("send_ipi", cpu=0, vector=0x51, destination=1)
        link = link_to(http, session)
        mine = bearer(session.key)

        (listed,) = http.get("/api/v1/kept", headers=mine).json()
        assert (listed["id"], listed["commands"], listed["links"]) == (session.id, 1, [f"/m/{link}"])
        assert listed["bytes"] > 0
        assert http.get("/api/v1/kept").status_code == 401
        assert http.delete(f"/api/v1/kept/{other.id}", headers=mine).status_code == 404
        asked = http.delete(f"/api/v1/kept/{session.id}", headers=mine)
        assert asked.status_code == 409
        assert f"/m/{link}" in asked.json()["detail"]
        assert http.delete(f"/api/v1/kept/{session.id}?links=true", headers=mine).status_code == 204

        assert http.get("/api/v1/kept", headers=mine).json() == []
        assert http.get(session.path).status_code == 404
        assert http.get(f"/api/v1/moments/{link}").status_code == 410
        assert http.get(other.path).status_code == 200


def test_browser_has_a_page_of_all_that_it_has_begun(directory: Path) -> None:
    with running(directory) as server, server.client() as http:
        assert "There are none." in http.get("/kept").text
        made = [http.post("/s", data={"cpus": "2"}).headers["location"].removeprefix("/s/") for _ in range(2)]

        page = http.get("/kept").text
        assert all(f'href="/s/{one}"' in page for one in made)
        assert http.post(f"/kept/{made[0]}/delete").headers["location"] == "/kept"

        assert f'href="/s/{made[0]}"' not in http.get("/kept").text
        with server.client() as stranger:
            assert made[1] not in stranger.get("/kept").text
