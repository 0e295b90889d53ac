"""The list of branches is the server's: as a part of the page, as a fragment, and by forms without scripts."""

from collections.abc import Iterator

import pytest

from tests.web.serving import Api, Server, new_session

HTMX = {"HX-Request": "true"}


@pytest.fixture
def branched(server: Server) -> Iterator[Api]:
    """A session that was acted on in its past: branch 1 is shown."""
    with server.client() as http:
        session = new_session(http)
        session.command("call_guest", cpu=0, function="smp_call_function")
        session.command("run_until_idle")
        session.command("step", count=-10)
        session.command("set_interrupt_flag", cpu=1, enabled=False)
        yield session
        session.end()


def test_page_and_fragment_list_all_branches_and_which_one_is_shown(branched: Api) -> None:
    history = branched.http.get(f"{branched.path}/history").json()
    main, other = history["branches"]

    page = branched.http.get(f"/s/{branched.id}").text
    fragment = branched.http.get(f"/s/{branched.id}/branches", headers=HTMX).text

    for text in (page, fragment):
        assert f"comes to tick {main['head']:,}" in text
        assert f"leaves main after tick {other['from']:,}, comes to tick {other['head']:,}" in text
        assert text.count('aria-current="true"') == 1
    assert f'id="branch-now">{other["name"]}</span>' in page
    assert f'hx-swap-oob="outerHTML settle:0">{other["name"]}</span>' in fragment
    assert "hx-swap-oob" not in page


def test_list_that_is_opened_by_itself_leads_to_the_session_that_it_is_a_part_of(branched: Api) -> None:
    answer = branched.http.get(f"/s/{branched.id}/branches")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/s/{branched.id}")


def test_form_shows_another_branch_and_answers_with_the_list(branched: Api) -> None:
    answer = branched.http.post(
        f"/s/{branched.id}/branches", data={"type": "switch_branch", "branch": "0"}, headers=HTMX
    )

    assert "This is tick" in answer.text
    assert 'hx-swap-oob="outerHTML settle:0">main</span>' in answer.text
    assert branched.state()["branch"] == 0


def test_form_gives_a_name_and_the_list_shows_it_as_text(branched: Api) -> None:
    answer = branched.http.post(
        f"/s/{branched.id}/branches", data={"type": "name_branch", "branch": "1", "name": "<b>held</b>"}
    )

    assert answer.status_code == 303
    page = branched.http.get(f"/s/{branched.id}").text
    assert "&lt;b&gt;held&lt;/b&gt;" in page
    assert "<b>held</b>" not in page


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"type": "switch_branch", "branch": "7"}, 409),
        ({"type": "name_branch", "branch": "0"}, 422),
        ({"type": "pause"}, 422),
    ],
    ids=["no such branch", "no name", "no command of branches"],
)
def test_what_the_list_cannot_do_is_refused(branched: Api, fields: dict[str, str], status: int) -> None:
    answer = branched.http.post(f"/s/{branched.id}/branches", data=fields, headers=HTMX)

    assert answer.status_code == status
    assert 'class="problem' in answer.text


def test_form_links_the_moment_that_is_shown(branched: Api) -> None:
    shown = branched.state()

    answer = branched.http.post(f"/s/{branched.id}/link", data={"note": "look here"})

    assert answer.status_code == 303
    moment = branched.http.get(f"/api/v1/moments/{answer.headers['location'].removeprefix('/m/')}").json()
    assert (moment["branch"], moment["tick"], moment["note"]) == (shown["branch"], shown["tick"], "look here")


def test_note_that_is_too_long_is_refused(branched: Api) -> None:
    answer = branched.http.post(f"/s/{branched.id}/link", data={"note": "x" * 1_001}, headers=HTMX)

    assert answer.status_code == 422
    assert "1,000 characters at most" in answer.text
