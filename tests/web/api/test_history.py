"""A session's history over a real socket: branches, what happened, any moment's state, the journal out and in."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.web.api.test_sessions import fields, problem
from tests.web.serving import Api

WIRE = Path(__file__).parents[2] / "trace" / "cases" / "lint0-fixed-virtual-wire.qemu.log"
OF_THE_MACHINE = ("hash", "time", "tick", "head", "counters", "cpus", "ioapic", "in_flight", "backend")


def machine(state: dict[str, Any]) -> dict[str, Any]:
    return {key: state[key] for key in OF_THE_MACHINE}


def get(session: Api, what: str, **query: Any) -> Any:
    answer = session.http.get(f"{session.path}/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def stirred(session: Api) -> Api:
    """A session with an IPI and a function call behind it."""
    session.command("send_ipi", cpu=0, vector="0x51", destination=1)
    session.command("call_guest", cpu=1, function="smp_call_function")
    session.command("run_until_idle")
    return session


def test_history_begins_with_one_branch(session: Api) -> None:
    assert get(session, "history") == {
        "branch": 0,
        "tick": 0,
        "branches": [{"branch": 0, "name": "main", "parent": None, "from": 0, "head": 0, "time": 0}],
    }


def test_stimulus_in_the_past_is_a_branch_of_the_history(stirred: Api) -> None:
    head = stirred.state()["tick"]
    stirred.command("seek", tick=6)
    answer = stirred.command("send_ipi", cpu=2, vector="0x61", destination=8)
    stirred.command("name_branch", branch=1, name="what if")

    history = get(stirred, "history")

    assert answer["branch"] == 1
    assert history["branch"] == 1
    assert [(each["parent"], each["from"], each["name"]) for each in history["branches"]] == [
        (None, 0, "main"),
        (0, 6, "what if"),
    ]
    assert history["branches"][0]["head"] == head


def test_state_of_a_moment_is_what_was_shown_then_and_moves_nobody(session: Api) -> None:
    session.command("send_ipi", cpu=0, vector="0x51", destination=2)
    session.command("step", count=5)
    then = session.state()
    session.command("run_until_idle")
    now = session.state()

    looked_up = get(session, "state", tick=then["tick"])

    assert machine(looked_up) == machine(then) | {"head": now["head"]}
    assert looked_up["live"] is False
    assert machine(session.state()) == machine(now)


@pytest.mark.parametrize("query", [{"tick": 10**9}, {"branch": 5}, {"branch": 5, "tick": 0}])
def test_moment_that_there_is_not_is_refused(stirred: Api, query: dict[str, int]) -> None:
    assert "there is no" in problem(stirred.http.get(f"{stirred.path}/state", params=query), 409)["detail"].lower()


def test_records_are_all_that_happened_tick_by_tick(stirred: Api) -> None:
    records = get(stirred, "records")

    assert records["next"] is None
    ticks = [record["tick"] for record in records["records"]]
    assert ticks == sorted(ticks)
    assert {"sent", "accepted"} <= {record["kind"] for record in records["records"]}
    assert all(record["text"] for record in records["records"])


def test_records_asked_for_in_parts_are_the_same(stirred: Api) -> None:
    whole = get(stirred, "records")["records"]

    parts: list[Any] = []
    tick: int | None = 0
    while tick is not None:
        part = get(stirred, "records", **{"from": tick, "limit": 7})
        parts += part["records"]
        tick = part["next"]

    assert parts == whole


def test_columns_and_bins_tell_of_the_same_records(stirred: Api) -> None:
    whole = get(stirred, "records")["records"]

    columns = get(stirred, "records", form="columns")["records"]
    bins = get(stirred, "records", bins=10)

    assert columns["tick"] == [record["tick"] for record in whole]
    assert columns["kind"] == [record["kind"] for record in whole]
    assert "text" not in columns
    assert sum(bins["bins"]) == len(whole)
    assert len(bins["bins"]) == 10


def test_journal_out_and_in_again_leads_to_the_same_machine(stirred: Api, http: httpx2.Client) -> None:
    text = stirred.http.get(f"{stirred.path}/journal")
    assert text.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in text.text.splitlines()]
    assert lines[0]["cpus"] == 4
    assert [line["command"]["type"] for line in lines[1:-1]][:2] == ["send_ipi", "call_guest"]

    answer = http.post("/api/v1/sessions", json={"journal": text.text})

    assert answer.status_code == 201, answer.text
    again = Api(http, answer.json()["id"], answer.json()["key"])
    assert machine(again.state()) == machine(stirred.state())
    again.end()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Line 1: there is nothing here"),
        ("{}", "Line 1: apicscope is missing"),
        ("no json\n{}", "Line 1: is no JSON"),
    ],
)
def test_text_that_is_no_journal_is_refused_by_its_line(http: httpx2.Client, text: str, said: str) -> None:
    answer = http.post("/api/v1/sessions", json={"journal": text})

    assert fields(answer) == ["journal"]
    assert said in answer.json()["detail"]


def test_journal_says_what_the_machine_is_and_nobody_else_does(http: httpx2.Client) -> None:
    assert fields(http.post("/api/v1/sessions", json={"journal": "x", "cpus": 2})) == ["cpus"]


def test_journal_that_leads_elsewhere_is_refused_and_leaves_no_session(stirred: Api, http: httpx2.Client) -> None:
    lines = stirred.http.get(f"{stirred.path}/journal").text.splitlines()
    head = json.loads(lines[-1])
    head["head"]["tick"] += 1_000_000
    before = http.get("/api/v1/sessions").json()

    answer = http.post("/api/v1/sessions", json={"journal": "\n".join([*lines[:-1], json.dumps(head)])})

    problem(answer, 409)
    assert len(http.get("/api/v1/sessions").json()) == len(before)


def test_recording_has_one_branch_and_any_of_its_moments(http: httpx2.Client) -> None:
    made = http.post("/api/v1/recordings", params={"name": WIRE.name}, content=WIRE.read_bytes())
    session = Api(http, made.json()["session"], made.json()["key"])

    history = get(session, "history")

    assert [branch["branch"] for branch in history["branches"]] == [0]
    assert get(session, "state", tick=1)["recording"]["position"] == 1
    problem(session.http.get(f"{session.path}/journal"), 409)
    session.end()
