"""Profiles: chosen when a machine is made, and explained on a page of their own."""

from html import unescape

import httpx2
import pytest

from app.hw.profile import DEFAULT_PROFILE, PROFILES
from tests.web.serving import Api, Server, new_session
from tests.web.viewer import Viewer


@pytest.mark.parametrize("profile", PROFILES)
def test_session_is_made_with_a_profile_and_says_so(http: httpx2.Client, profile: str) -> None:
    session = new_session(http, profile=profile)

    assert http.get(session.path).json()["profile"] == profile
    assert session.state()["profile"] == profile
    session.end()


def test_session_has_the_default_profile_unless_it_asks(http: httpx2.Client) -> None:
    made = http.post("/api/v1/sessions", json={"cpus": 1})

    assert made.status_code == 201
    assert made.json()["profile"] == DEFAULT_PROFILE
    Api(http, made.json()["id"], made.json()["key"]).end()


def test_unknown_profile_is_named_with_those_that_exist(http: httpx2.Client) -> None:
    answer = http.post("/api/v1/sessions", json={"profile": "alpha"})

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["profile"]
    assert all(name in answer.json()["detail"] for name in PROFILES)


def test_form_makes_a_machine_with_a_profile_and_refuses_what_is_none(http: httpx2.Client) -> None:
    made = http.post("/s", data={"cpus": "2", "profile": "kvm"}, follow_redirects=True)
    refused = http.post("/s", data={"profile": "alpha"}, headers={"Accept": "text/html"})

    assert "2 CPUs, kvm" in made.text
    Api(http, made.url.path.removeprefix("/s/")).end()
    assert refused.status_code == 422
    assert "there is no profile" in unescape(refused.text)


def test_page_shows_every_option_with_every_choice(http: httpx2.Client) -> None:
    page = unescape(http.get("/profiles").text)

    for profile in PROFILES.values():
        assert profile.title in page
        assert f"{profile.version:#010x}" in page
        for option, choice in profile.choices():
            assert option in page
            assert choice in page


def test_source_that_the_profile_lacks_is_refused_in_words(http: httpx2.Client) -> None:
    session = new_session(http)

    answer = session.post("fire_local_source", cpu=0, source="cmci")

    assert answer.status_code == 409
    assert "no LVT_CMCI entry" in answer.json()["detail"]
    session.end()


def test_msr_is_read_and_written_from_outside(http: httpx2.Client) -> None:
    session = new_session(http, cpus=1, paused=True)

    assert session.command("read_msr", cpu=0, msr="0x1b")["value"] == "0xfee00900"
    session.command("write_msr", cpu=0, msr="0x1b", value="0xfee00d00")
    assert session.state()["cpus"][0]["apic_mode"] == "x2apic"
    assert session.command("read_msr", cpu=0, msr="0x1c")["fault"]
    session.end()


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"type": "raise_lint", "cpu": "1", "pin": "1"}, "CPU 1: LINT1 goes up."),
        ({"type": "lower_lint", "cpu": "1", "pin": "0"}, "CPU 1: LINT0 goes down."),
        ({"type": "fire_local_source", "cpu": "1", "source": "thermal"}, "CPU 1 accepts 0x55: IRR bit set."),
        (
            {"type": "write_register", "cpu": "1", "register": "TPR", "value": "0x40"},
            "CPU 1: TPR (0x080) is written from outside: 0x40.",
        ),
        ({"type": "raise_legacy_line", "line": "4"}, "CPU 0: LINT0 goes up."),
        ({"type": "lower_legacy_line", "line": "4"}, "CPU 0: LINT0 goes down."),
    ],
    ids=str,
)
def test_forms_inside_one_cpu_work_without_scripts(
    server: Server, http: httpx2.Client, session: Api, fields: dict[str, str], event: str
) -> None:
    form = f"/s/{session.id}/commands"
    session.command("write_register", cpu=1, register="LVT_THERMAL", value="0x55")
    if fields["type"].startswith("lower"):
        http.post(form, data=fields | {"type": fields["type"].replace("lower", "raise")})

    answer = http.post(form, data=fields)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/s/{session.id}")
    with Viewer(server.stream(session.id)) as viewer:
        assert event in [said["text"] for said in viewer.next()["events"]]


def test_page_offers_what_acts_inside_one_cpu(http: httpx2.Client) -> None:
    session = new_session(http)

    page = http.get(f"/s/{session.id}").text

    kinds = (
        "raise_lint",
        "lower_lint",
        "fire_local_source",
        "write_register",
        "raise_legacy_line",
        "lower_legacy_line",
    )
    assert all(f'value="{kind}"' in page for kind in kinds)
    session.end()
