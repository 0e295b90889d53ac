"""The form for conditions: as a part of the page, as a fragment with errors at the field, and without scripts."""

from collections.abc import Iterator
from html import unescape

import pytest

from tests.web.serving import Api, Server, new_session

HTMX = {"HX-Request": "true"}


@pytest.fixture
def session(server: Server) -> Iterator[Api]:
    with server.client() as http:
        made = new_session(http)
        made.command("send_ipi", cpu=0, vector="0x51", destination=1)
        yield made
        made.end()


def test_page_has_the_form_with_every_word_of_a_condition(session: Api) -> None:
    page = unescape(session.http.get(f"/s/{session.id}").text)

    for word in session.http.get("/api/v1/vocabulary").json()["breakpoints"].values():
        assert f'<option value="{word["example"]}">{word["words"]}</option>' in page
    assert 'id="breakpoint-answer" role="status"' in page


def test_form_runs_to_a_condition_and_goes_back_to_it(session: Api) -> None:
    on = session.http.post(f"/s/{session.id}/breakpoint", data={"condition": "taken(0x51)", "act": "on"}, headers=HTMX)
    hit = session.state()["breakpoints"]["hit"]
    session.command("run_until_idle")
    back = session.http.post(
        f"/s/{session.id}/breakpoint", data={"condition": "taken(0x51)", "act": "back"}, headers=HTMX
    )

    for answer in (on, back):
        assert hit["words"] in answer.text
        assert 'value="taken(0x51)"' in answer.text
    assert session.state()["tick"] == hit["tick"]


def test_what_is_wrong_stands_at_the_field_with_what_was_written(session: Api) -> None:
    answer = session.http.post(f"/s/{session.id}/breakpoint", data={"condition": "tken <3"}, headers=HTMX)

    assert answer.status_code == 422
    assert 'value="tken &lt;3"' in answer.text
    assert 'aria-invalid="true" aria-describedby="breakpoint-problem"' in answer.text
    assert "Column 1: there is no word 'tken'; taken?." in unescape(answer.text)


def test_breakpoints_are_held_listed_and_removed_without_scripts(session: Api) -> None:
    held = session.http.post(f"/s/{session.id}/breakpoint", data={"condition": "nmi on 1", "act": "hold"})
    listed = session.http.get(f"/s/{session.id}").text
    session.http.post(f"/s/{session.id}/breakpoint", data={"breakpoint": "1", "act": "remove"})

    assert (held.status_code, held.headers["location"]) == (303, f"/s/{session.id}")
    assert "<code>nmi on 1</code>" in listed
    assert "Running stops at</h3>" not in session.http.get(f"/s/{session.id}/breakpoint", headers=HTMX).text


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, 422), ({"condition": "nmi", "act": "jump"}, 422), ({"breakpoint": "7", "act": "remove"}, 409)],
    ids=["no condition", "no such act", "no such breakpoint"],
)
def test_what_cannot_be_done_is_answered_with_its_status(session: Api, fields: dict[str, str], status: int) -> None:
    assert session.http.post(f"/s/{session.id}/breakpoint", data=fields).status_code == status
