"""The list of flags is the server's: as a part of the page, as a fragment, and by forms without scripts."""

from collections.abc import Iterator

import pytest

from tests.web.serving import Api, Server, new_session

HTMX = {"HX-Request": "true"}


@pytest.fixture
def session(server: Server) -> Iterator[Api]:
    with server.client() as http:
        made = new_session(http)
        made.command("call_guest", cpu=0, function="smp_call_function")
        made.command("step", count=5)
        yield made
        made.end()


def test_page_and_fragment_list_flags_with_the_ways_to_them(session: Api) -> None:
    link = session.http.post(f"{session.path}/flags", json={"word": "<b>here</b>"}).json()["link"]
    tick = session.state()["tick"]

    page = session.http.get(f"/s/{session.id}").text
    fragment = session.http.get(f"/s/{session.id}/flags", headers=HTMX).text

    for text in (page, fragment):
        assert "&lt;b&gt;here&lt;/b&gt;" in text
        assert f"tick {tick:,} of main" in text
        assert f'value="{link}"' in text
    assert 'id="flag-count">1</span>' in page


def test_form_puts_a_flag_at_what_is_shown_and_answers_with_the_list(session: Api) -> None:
    answer = session.http.post(f"/s/{session.id}/flags", data={"word": " first "}, headers=HTMX)

    tick = session.state()["tick"]
    assert f"“first” stands at tick {tick}." in answer.text
    assert [flag["tick"] for flag in session.http.get(f"{session.path}/flags").json()] == [tick]


def test_form_takes_a_flag_away_without_scripts(session: Api) -> None:
    number = session.http.post(f"{session.path}/flags", json={"word": "w"}).json()["flag"]

    answer = session.http.post(f"/s/{session.id}/flags/remove", data={"flag": str(number)})

    assert (answer.status_code, answer.headers["location"]) == (303, f"/s/{session.id}")
    assert "No flag stands yet." in session.http.get(f"/s/{session.id}").text


@pytest.mark.parametrize(
    ("address", "fields", "status"),
    [
        ("flags", {"word": "  "}, 422),
        ("flags", {"word": "x" * 61}, 422),
        ("flags/remove", {"flag": "7"}, 404),
        ("flags/remove", {}, 404),
    ],
    ids=["no word", "a long one", "no such flag", "no number"],
)
def test_what_the_list_cannot_do_is_refused(session: Api, address: str, fields: dict[str, str], status: int) -> None:
    answer = session.http.post(f"/s/{session.id}/{address}", data=fields, headers=HTMX)

    assert answer.status_code == status
    assert 'class="problem' in answer.text
