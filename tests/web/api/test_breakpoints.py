"""Conditions over a real socket: run to one and back, hold one, and read the words that there are."""

from typing import Any

import pytest

from tests.web.api.test_sessions import fields
from tests.web.serving import Api


@pytest.fixture
def stirred(session: Api) -> Api:
    """A session with an IPI behind it."""
    session.command("send_ipi", cpu=0, vector="0x51", destination=1)
    session.command("run_until_idle")
    return session


def test_hit_is_answered_with_its_moment_and_reason(stirred: Api) -> None:
    back = stirred.command("run_to", condition="taken(0x51) on 1", backwards=True)
    shown = stirred.state()["breakpoints"]

    assert back["hit"]["why"] == "CPU 1 takes 0x51: IRR to ISR"
    assert back["text"] == back["hit"]["words"]
    assert stirred.state()["tick"] == back["hit"]["tick"]
    assert shown == {"held": [], "hit": back["hit"] | {"condition": "taken(0x51) on 1"}}


def test_no_hit_is_null_with_where_it_was_looked_for(stirred: Api) -> None:
    head = stirred.state()["tick"]
    answer = stirred.command("run_to", condition="error", backwards=True)

    assert (answer["hit"], answer["looked"]) == (None, {"ticks": head - 1, "from": 1, "to": head - 1})


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ({"type": "run_to", "condition": "tken"}, "column 1: there is no word 'tken'; taken?"),
        ({"type": "run_to", "condition": "taken on 99"}, "there is no CPU 99"),
        ({"type": "break_at"}, "is missing"),
    ],
    ids=["unreadable", "no such CPU", "missing"],
)
def test_what_is_wrong_is_said_at_the_field(session: Api, command: dict[str, Any], message: str) -> None:
    answer = session.http.post(f"{session.path}/commands", json=command)

    assert fields(answer) == ["condition"]
    assert message in answer.text


def test_running_stops_at_a_breakpoint_until_it_is_removed(session: Api) -> None:
    session.command("break_at", condition="taken(0x51)")
    session.command("send_ipi", cpu=0, vector="0x51", destination=1)
    session.command("run_to", condition="taken(0x51)")
    held = session.state()["breakpoints"]["held"]
    session.command("remove_breakpoint", breakpoint=held[0]["breakpoint"])

    assert held == [{"breakpoint": 1, "condition": "taken(0x51)"}]
    assert session.state()["breakpoints"]["held"] == []


def test_vocabulary_has_every_word_with_an_example_that_can_be_asked_for(session: Api) -> None:
    words = session.http.get("/api/v1/vocabulary").json()["breakpoints"]

    assert {"taken", "latency", "written", "cpu"} <= set(words)
    for word in words.values():
        if "on 2" not in word["example"] and "on 3" not in word["example"] and "(2)" not in word["example"]:
            session.command("run_to", condition=word["example"], limit=1)
