"""Two branches at one time: the page says until when they are the same, and what differs then."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.serving import Api, Server, new_session

HTMX = {"HX-Request": "true"}


@pytest.fixture
def branched(server: Server) -> Iterator[Api]:
    """A session whose branch 1 held CPU 1's interrupts off at tick 5, before an IPI came; both went on to the end."""
    with server.client() as http:
        session = new_session(http, cpus=2)
        session.command("send_ipi", cpu=0, vector=0x51, destination=1)
        session.command("run_until_idle")
        session.command("seek", tick=5)
        session.command("set_interrupt_flag", cpu=1, enabled=False)
        session.command("run_until_idle")
        yield session
        session.end()


def history(session: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session.http.get(f"{session.path}/history").json()["branches"]
    return found


def state_at(session: Api, branch: int, tick: int) -> dict[str, Any]:
    found: dict[str, Any] = session.http.get(f"{session.path}/state", params={"branch": branch, "tick": tick}).json()
    return found


def rows(text: str) -> dict[tuple[str, str], tuple[str, str]]:
    """The table: where and what, with both values."""
    cell = r"<t[hd][^>]*>(.*?)</t[hd]>"
    found = re.findall(rf"<tr>{cell}{cell}{cell}{cell}</tr>", text.partition("<tbody>")[2].partition("</tbody>")[0])
    return {(where, what): (a, b) for where, what, a, b in found}


def compared(session: Api, **asked: int) -> str:
    answer = session.http.get(f"/s/{session.id}/branches/compare", params=asked, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_question_that_the_page_does_not_know_is_refused(branched: Api) -> None:
    answer = branched.http.get(f"/s/{branched.id}/branches/compare", params={"at": -5})
    negative = branched.http.get(f"/s/{branched.id}/branches/compare", params={"time": -5})

    assert answer.status_code == negative.status_code == 422
    assert answer.json()["errors"] == [{"field": "at", "message": "is not known here; known: a, b, time, tick"}]
    assert negative.json()["title"] == "The query does not fit"


def test_page_says_until_when_both_are_the_same_and_what_was_done_then(branched: Api) -> None:
    page = branched.http.get(f"/s/{branched.id}/branches/compare", params={"a": 0, "b": 1}).text

    fork = state_at(branched, 0, 5)
    assert f"Until tick 5, at cycle {fork['time']:,}, they are the same." in page
    assert "<b>main</b> went on as it was." in page
    assert "Then, in <b>branch 1</b>: interrupts of CPU 1 are held off by hand." in page


def test_table_has_what_differs_as_both_states_have_it(branched: Api) -> None:
    main, other = history(branched)
    last = max(main["time"], other["time"])

    table = rows(compared(branched, a=0, b=1, time=last))

    a, b = state_at(branched, 0, main["head"]), state_at(branched, 1, other["head"])
    assert a["counters"]["cycles"] != b["counters"]["cycles"]
    assert table["machine", "work cycles"] == (f"{a['counters']['cycles']:,}", f"{b['counters']['cycles']:,}")
    assert table["CPU 1", "IRR"] == ("none", "0x51")
    assert table["CPU 1", "IF"][1].endswith("held off by hand")
    assert not any(where == "CPU 0" and what in ("IRR", "ISR", "PPR") for where, what in table)


def test_sides_change_places_with_their_columns(branched: Api) -> None:
    last = max(branch["time"] for branch in history(branched))

    one, other = rows(compared(branched, a=0, b=1, time=last)), rows(compared(branched, a=1, b=0, time=last))

    assert one
    assert {key: (b, a) for key, (a, b) in other.items()} == one


@pytest.mark.parametrize("asked", [{"time": 0}, {"tick": 3}, {"tick": 5}], ids=str)
def test_before_the_fork_it_is_one_moment_of_both(branched: Api, asked: dict[str, int]) -> None:
    text = compared(branched, a=0, b=1, **asked)

    assert "this is one moment of both" in text
    assert rows(text) == {}


def test_branch_that_has_not_come_so_far_is_shown_at_its_head_and_says_so(branched: Api) -> None:
    branched.command("step", count=200)
    branched.command("send_ipi", cpu=0, vector=0x61, destination=0)
    branched.command("run_until_idle")
    main, other = history(branched)
    assert other["time"] > main["time"]

    text = compared(branched, a=0, b=1, time=other["time"])

    assert f"main has come to cycle {main['time']:,} only" in text


def test_without_a_word_the_branch_that_is_shown_is_compared_with_the_one_it_leaves(branched: Api) -> None:
    text = compared(branched)

    assert 'data-a="1" data-b="0"' in text


def test_moment_of_either_branch_gets_a_link_and_is_shown_in_the_session(branched: Api) -> None:
    linked = branched.http.post(f"/s/{branched.id}/branches/link", data={"branch": "0", "tick": "7"})

    moment = branched.http.get(f"/api/v1{linked.headers['location'].replace('/m/', '/moments/')}").json()
    assert (moment["branch"], moment["tick"]) == (0, 7)
    text = compared(branched, a=0, b=1, tick=7)
    assert 'name="branch" value="0"><input type="hidden" name="tick" value="7"' in text


def test_fork_of_two_branches_can_be_asked_for(branched: Api) -> None:
    address = f"{branched.path}/history/shared"

    found = branched.http.get(address, params={"a": 1, "b": 0}).json()

    assert found == {"tick": 5, "time": state_at(branched, 0, 5)["time"]}
    assert branched.http.get(address, params={"a": 0, "b": 1}).json() == found
    main = history(branched)[0]
    assert branched.http.get(address, params={"a": 0, "b": 0}).json() == {"tick": main["head"], "time": main["time"]}
    assert branched.http.get(address, params={"a": 0, "b": 7}).status_code == 409


def test_comparing_moves_nobody(branched: Api) -> None:
    before = branched.state()

    compared(branched, a=0, b=1, time=0)

    assert branched.state() == before


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"a": 7}, 409), ({"a": 0, "b": 9}, 409), ({"a": -1}, 422), ({"tick": 10**6}, 409)],
    ids=["no such branch", "nor such", "below 0", "no such tick"],
)
def test_what_is_not_there_cannot_be_compared(branched: Api, asked: dict[str, int], status: int) -> None:
    assert branched.http.get(f"/s/{branched.id}/branches/compare", params=asked).status_code == status


def test_tree_leads_to_the_comparison(branched: Api) -> None:
    page = branched.http.get(f"/s/{branched.id}").text

    assert f'href="/s/{branched.id}/branches/compare?a=1&amp;b=0" aria-label="Compare main with branch 1"' in page
