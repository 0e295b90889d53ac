"""The page of a linked moment: the machine's page, on which nobody can act, and which says why."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.web.serving import Api, Server, new_session


@pytest.fixture
def session(server: Server) -> Iterator[Api]:
    """A session that stands at a past moment."""
    with server.client() as http:
        made = new_session(http)
        made.command("call_guest", cpu=0, function="smp_call_function")
        made.command("run_until_idle")
        made.command("seek", tick=9)
        yield made
        made.end()


def page_of(session: Api, **fields: str) -> str:
    """The page of a link that the form makes."""
    made = session.http.post(f"/s/{session.id}/link", data=fields)
    assert made.status_code == 303, made.text
    return session.http.get(made.headers["location"], headers={"Accept": "text/html"}).text


def link_of(page: str) -> str:
    """The link of the moment that a page shows."""
    found = re.search(r'data-moment="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_page_has_every_part_of_the_machine_s_and_no_form_but_the_one_to_go_on(session: Api) -> None:
    page = page_of(session, note="<look>")

    for part in ("stage", "caption", "score", "transport"):
        assert f'data-part="{part}"' in page
    forms = re.findall(r'<form[^>]*action="([^"]*)"', page)
    assert [form.partition("/begin")[0][:3] for form in forms] == ["/m/"]
    assert "Nobody can change a linked moment." in page
    assert "&lt;look&gt;" in page
    assert "hx-post" not in page


def test_page_tells_the_moment_in_words_without_scripts(session: Api) -> None:
    state = session.state()

    page = page_of(session)

    assert '<table class="still">' in page
    assert f"tick 9 of main in session {session.id}, at cycle {state['time']:,}" in page
    assert state["hash"] in page
    assert f'href="/s/{session.id}"' in page  # it lives


def test_page_says_without_scripts_what_the_drawings_show(session: Api) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("raise_pin", pin=18)
    session.command("run_until_idle", limit=200)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("send_ipi", cpu=0, vector="0x71", destination=9)
    session.command("run_until_idle", limit=200)
    state = session.state()

    pages = [page_of(session), session.http.get(f"/s/{session.id}", headers={"Accept": "text/html"}).text]
    session.end()
    pages.append(session.http.get(f"/m/{link_of(pages[0])}", headers={"Accept": "text/html"}).text)

    for page in pages:
        assert state["caption"]["words"] in page
        for cpu in state["cpus"]:
            assert all(waiting["text"] in page for waiting in cpu["why"])
        assert state["endings"]
        assert all(ending["text"] in page for ending in state["endings"])
        assert "<li>Pin 18: its line is up, level-triggered" in page
        assert "0xb9" in page.partition('<ol class="spans"')[2].partition("</ol>")[0]


def test_what_the_page_showed_comes_back_with_the_moment(session: Api) -> None:
    view = {"cpu": 2, "span": None, "form": "list", "times": [10, 900], "live": False}

    made = session.http.post(f"/s/{session.id}/link", data={"view": json.dumps(view)})

    moment = session.http.get(f"/api/v1{made.headers['location'].replace('/m/', '/moments/')}").json()
    assert moment["view"] == view


@pytest.mark.parametrize("view", ["[1]", "{", '"text"', json.dumps({"text": "x" * 9_000})], ids=len)
def test_view_that_is_no_object_or_too_large_is_refused(session: Api, view: str) -> None:
    assert session.http.post(f"/s/{session.id}/link", data={"view": view}).status_code == 422


@pytest.mark.parametrize(("view", "past"), [({}, True), ({"live": False}, True), ({"live": True}, False)], ids=str)
def test_moment_looks_past_as_it_did_when_the_link_was_made(session: Api, view: dict[str, bool], past: bool) -> None:
    page = page_of(session, view=json.dumps(view))

    classes = re.search(r'<body class="([^"]*)"', page)
    assert classes is not None
    assert ("past" in classes[1].split()) == past


def test_moment_tells_what_happened_before_it_and_nothing_of_what_came_after(session: Api) -> None:
    link = session.http.post(f"{session.path}/moments").json()["id"]
    told = session.http.get(f"/api/v1/moments/{link}").json()
    records = session.http.get(f"{session.path}/records", params={"to": 9}).json()["records"]

    assert [(event["time"], event["text"]) for event in told["events"]] == [
        (record["time"], record["text"]) for record in records
    ]
    numbers = [event["n"] for event in told["events"]]
    assert numbers == list(range(1, len(numbers) + 1))


def test_page_of_a_session_that_is_over_leads_to_no_session(server: Server) -> None:
    with server.client() as http:
        session = new_session(http)
        session.command("step", count=3)
        link = http.post(f"{session.path}/moments").json()["link"]
        session.end()

        page = http.get(link, headers={"Accept": "text/html"})

        assert page.status_code == 200
        assert f'href="/s/{session.id}"' not in page.text


def test_score_of_a_moment_is_that_of_its_session_also_when_that_is_over(session: Api) -> None:
    link = session.http.post(f"{session.path}/moments").json()["id"]
    before = session.http.get(f"{session.path}/score", params={"branch": 0}).json()
    assert before["spans"]["id"]
    session.end()

    after = session.http.get(f"/api/v1/moments/{link}/score").json()

    assert (after["branch"], after["filling"]) == (0, None)
    assert [after["spans"][field] for field in ("kind", "lane", "value", "start", "end")] == [
        before["spans"][field] for field in ("kind", "lane", "value", "start", "end")
    ]
    assert session.http.get("/api/v1/moments/NOSUCH/score").status_code == 404
