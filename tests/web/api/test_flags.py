"""Flags by the JSON interface: words at moments of a session, seen by all who watch it."""

from pathlib import Path

import httpx2
import pytest

from tests.web.serving import Api, new_session

WIRE = Path(__file__).parents[2] / "trace" / "cases" / "lint0-fixed-virtual-wire.qemu.log"


@pytest.fixture
def stirred(http: httpx2.Client) -> Api:
    """A session in which something has happened; it stands at a past moment."""
    session = new_session(http, cpus=2)
    session.command("send_ipi", cpu=0, vector=0x51, destination=1)
    session.command("run_until_idle")
    session.command("seek", tick=6)
    return session


def flags_of(session: Api) -> list[dict[str, object]]:
    found: list[dict[str, object]] = session.http.get(f"{session.path}/flags").json()
    return found


@pytest.mark.parametrize("word", [" ", "a\nb", "a\u0007", "\u202e"])
def test_word_that_nobody_can_read_in_one_line_is_refused(stirred: Api, word: str) -> None:
    accepted = {"accept": "application/json"}
    by_program = stirred.http.post(f"{stirred.path}/flags", json={"word": word})
    by_form = stirred.http.post(f"/s/{stirred.id}/flags", data={"word": word}, headers=accepted)

    for answer in (by_program, by_form):
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["word"]
    assert flags_of(stirred) == []


def test_flag_stands_at_what_is_shown_and_has_a_link_that_leads_there(stirred: Api) -> None:
    there = stirred.state()

    answer = stirred.http.post(f"{stirred.path}/flags", json={"word": "about to be taken"})

    assert answer.status_code == 201
    (flag,) = flags_of(stirred)
    assert answer.json() == {"flag": flag["flag"], "link": flag["link"]}
    assert answer.headers["location"] == f"{stirred.path}/flags/{flag['flag']}"
    assert (flag["branch"], flag["tick"], flag["time"]) == (there["branch"], there["tick"], there["time"])
    assert (flag["word"], flag["who"]) == ("about to be taken", "")
    moment = stirred.http.get(f"/api/v1/moments/{str(flag['link']).removeprefix('/m/')}").json()
    assert moment["state"]["hash"] == there["hash"]


def test_flags_are_listed_by_branch_and_moment_not_by_age(stirred: Api) -> None:
    stirred.command("set_interrupt_flag", cpu=1, enabled=False)  # branch 1
    for tick, branch in ((7, 1), (9, 0), (2, 0)):
        answer = stirred.http.post(f"{stirred.path}/flags", json={"word": "w", "tick": tick, "branch": branch})
        assert answer.status_code == 201, answer.text

    assert [(flag["branch"], flag["tick"]) for flag in flags_of(stirred)] == [(0, 2), (0, 9), (1, 7)]


def test_flags_of_a_course_are_those_of_its_whole_past_and_no_other_future_s(stirred: Api) -> None:
    stirred.command("set_interrupt_flag", cpu=1, enabled=False)  # branch 1 leaves main at tick 6
    put = [(0, 2, "shared"), (1, 3, "shared too"), (0, 9, "of main"), (1, 7, "of the branch")]
    for branch, tick, word in put:
        stirred.http.post(f"{stirred.path}/flags", json={"word": word, "tick": tick, "branch": branch})

    words = [
        {flag["word"] for flag in stirred.http.get(f"{stirred.path}/flags", params={"branch": branch}).json()}
        for branch in (0, 1)
    ]

    assert words == [{"shared", "shared too", "of main"}, {"shared", "shared too", "of the branch"}]
    assert stirred.http.get(f"{stirred.path}/flags", params={"branch": 2}).status_code == 409


def test_state_counts_how_often_flags_changed_and_nobody_is_moved(stirred: Api) -> None:
    before = stirred.state()
    assert before["score"]["flags"] == 0

    number = stirred.http.post(f"{stirred.path}/flags", json={"word": "w", "tick": 2, "branch": 0}).json()["flag"]
    assert stirred.state()["score"]["flags"] == 1
    assert stirred.http.delete(f"{stirred.path}/flags/{number}").status_code == 204

    after = stirred.state()
    assert after["score"]["flags"] == 2
    assert (after["tick"], after["branch"], after["hash"]) == (before["tick"], before["branch"], before["hash"])


def test_link_of_a_flag_that_was_taken_away_goes_on_leading_to_its_moment(stirred: Api) -> None:
    put = stirred.http.post(f"{stirred.path}/flags", json={"word": "soon gone"}).json()

    stirred.http.delete(f"{stirred.path}/flags/{put['flag']}")

    assert flags_of(stirred) == []
    assert stirred.http.get(f"/api/v1{put['link'].replace('/m/', '/moments/')}").json()["note"] == "soon gone"
    for method in ("GET", "DELETE"):
        gone = stirred.http.request(method, f"{stirred.path}/flags/{put['flag']}")
        assert gone.status_code == 404
        assert gone.json()["title"] == "No such flag"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422),
        ({"word": ""}, 422),
        ({"word": "x" * 61}, 422),
        ({"word": "w", "tock": 1}, 422),
        ({"word": "w", "tick": 10**6}, 409),
        ({"word": "w", "branch": 7}, 409),
    ],
    ids=["no word", "empty", "too long", "unknown field", "no such tick", "no such branch"],
)
def test_flag_that_cannot_stand_is_refused(stirred: Api, fields: dict[str, object], status: int) -> None:
    assert stirred.http.post(f"{stirred.path}/flags", json=fields).status_code == status

    assert flags_of(stirred) == []
    assert stirred.state()["score"]["flags"] == 0


def test_flag_of_a_recording_has_no_link(http: httpx2.Client) -> None:
    made = http.post("/api/v1/recordings", params={"name": WIRE.name}, content=WIRE.read_bytes())
    session = Api(http, made.json()["session"], made.json()["key"])

    answer = http.post(f"{session.path}/flags", json={"word": "here", "tick": 1})

    assert answer.status_code == 201
    assert answer.json()["link"] is None
    (flag,) = flags_of(session)
    assert flag["tick"] == 1
    assert session.http.get(f"{session.path}/state", params={"tick": 1}).json()["time"] == flag["time"]
    session.end()
