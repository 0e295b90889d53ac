"""Who has made a session or pair may end it, and nobody else."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.web.serving import Api, Server, bearer

PAIR = {"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}}


@pytest.fixture(params=[("sessions", {"paused": True}), ("pairs", PAIR)], ids=["session", "pair"])
def made(request: pytest.FixtureRequest, http: httpx2.Client) -> Iterator[tuple[str, dict[str, Any]]]:
    """The address of something that has been made, and what its maker was answered."""
    kind, body = request.param
    answer = http.post(f"/api/v1/{kind}", json=body)
    assert answer.status_code == 201, answer.text
    path = answer.headers["location"]
    yield path, answer.json()
    http.delete(path, headers=bearer(answer.json()["key"]))


Made = tuple[str, dict[str, Any]]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}])
def test_nobody_ends_it_without_a_key(http: httpx2.Client, made: Made, headers: dict[str, str]) -> None:
    answer = http.delete(made[0], headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "Authorization: Bearer KEY" in answer.json()["detail"]
    assert http.get(made[0]).status_code == 200


def test_another_key_does_not_end_it(http: httpx2.Client, server: Server, made: Made) -> None:
    for key in (server.first_key, made[1]["key"][:-1], made[1]["key"].swapcase(), "x" * 5000):
        assert http.delete(made[0], headers=bearer(key)).status_code == 403

    assert http.get(made[0]).status_code == 200


def test_its_own_key_ends_it(http: httpx2.Client, made: Made) -> None:
    assert http.delete(made[0], headers={"Authorization": f"bearer {made[1]['key']}"}).status_code == 204
    assert http.get(made[0]).status_code == 404


def test_key_is_told_to_its_maker_alone(http: httpx2.Client, made: Made) -> None:
    path, told = made
    for asked in (path, path.rsplit("/", 1)[0], told["links"]["page"], told["links"].get("state", path)):
        assert told["key"] not in http.get(asked).text, asked


def test_key_that_is_printed_at_the_start_ends_the_first_session_which_begins_anew(
    server: Server, http: httpx2.Client
) -> None:
    for _ in range(2):
        first = http.get("/").headers["location"].removeprefix("/s/")

        assert http.delete(f"/api/v1/sessions/{first}", headers=bearer(server.first_key)).status_code == 204

        assert http.get("/").headers["location"] != f"/s/{first}"


@pytest.mark.parametrize(
    ("form", "fields", "words"),
    [
        ("/s", {"cpus": "2"}, "End this session"),
        ("/ab", {"a": "native-xapic", "b": "vmi"}, "End this pair"),
    ],
)
def test_page_that_made_it_has_a_button_that_ends_it_and_others_have_none(
    server: Server, http: httpx2.Client, form: str, fields: dict[str, str], words: str
) -> None:
    answer = http.post(form, data=fields)
    page = answer.headers["location"]
    cookie = answer.headers["set-cookie"]

    with server.client() as other:
        assert words not in other.get(page).text
        assert other.post(f"{page}/end").status_code == 403
    assert words in http.get(page).text
    assert re.search(rf"; HttpOnly; Path={page}; SameSite=strict", cookie), cookie
    assert http.post(f"{page}/end").status_code == 303
    assert http.get(page).status_code == 404


def test_page_of_another_s_session_has_no_button_for_one_s_own_key(http: httpx2.Client, session: Api) -> None:
    mine = http.post("/s", data={"cpus": "2"}).headers["location"]

    assert "End this session" not in http.get(f"/s/{session.id}").text
    assert http.post(f"/s/{session.id}/end").status_code == 403
    http.post(f"{mine}/end")
