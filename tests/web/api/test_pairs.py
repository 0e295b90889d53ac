"""Pairs over HTTP: made, told, read, refused."""

from typing import Any

import httpx2
import pytest

from tests.web.serving import bearer

NATIVE_AND_VMI = {"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}}


def made(http: httpx2.Client, **more: Any) -> dict[str, Any]:
    answer = http.post("/api/v1/pairs", json=NATIVE_AND_VMI | more)
    assert answer.status_code == 201, answer.text
    pair: dict[str, Any] = answer.json()
    return pair


def test_pair_is_told_once_and_both_do_it(http: httpx2.Client) -> None:
    pair = made(http)

    told = http.post(pair["links"]["commands"], json={"type": "send_ipi", "cpu": 0, "vector": "0xfc", "destination": 2})

    assert told.json()["stimuli"] == 1
    (stimulus,) = http.get(pair["links"]["stimuli"]).json()
    (row,) = stimulus["interrupts"]
    assert (row["a"]["sending"]["exits"], row["b"]["sending"]["hypercalls"]) == (0, 3)
    assert row["differences"] == ["B: 4 hypercalls instead of no exit"]
    after = http.get(f"/api/v1/pairs/{pair['id']}").json()
    assert after["b"]["total"]["exits"] == http.get(pair["b"]["links"]["state"]).json()["counters"]["exits"]


def test_list_of_commands_is_one_stimulus(http: httpx2.Client) -> None:
    pair = made(http)
    pulse = [{"type": "raise_pin", "pin": 18}, {"type": "lower_pin", "pin": 18}]

    http.post(pair["links"]["commands"], json=pulse)

    (stimulus,) = http.get(pair["links"]["stimuli"]).json()
    assert stimulus["stimulus"] == "a device pulses pin 18"
    assert stimulus["interrupts"][0]["a"]["origin"] == "io_apic"


def test_line_that_stays_up_fills_neither_the_page_nor_the_answer(http: httpx2.Client) -> None:
    pair = made(http, cpus=2)
    for _ in range(4):
        http.post(pair["links"]["commands"], json={"type": "raise_pin", "pin": 18})
        while not http.get(f"/api/v1/pairs/{pair['id']}").json()["at_rest"]:
            pass

    stimuli = http.get(pair["links"]["stimuli"]).json()
    page = http.get(f"/ab/{pair['id']}").text

    assert sum(len(stimulus["interrupts"]) for stimulus in stimuli[:-1]) < 2000
    assert len(stimuli) < 4
    assert "interrupts, of which these are the first 300" in page
    assert page.count("<tr") < 1000


def test_sheet_is_that_of_the_newer_kernel(http: httpx2.Client) -> None:
    pair = made(http, b={"backend": "kvm-pv"})

    assert (pair["cost_sheet"], pair["b"]["generation"]) == ("sapphire-rapids", "linux-6")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"a": {"backend": "abacus"}}, "a.backend"),
        ({"b": {"backend": "vmi", "generation": "linux-6"}}, "b.generation"),
        ({"b": {"backend": "kvm-pv"}, "cost_sheet": "2007"}, "cost_sheet"),
        ({"cost_sheet": "1999"}, "cost_sheet"),
        ({"cpus": 0}, "cpus"),
        ({"session": "X", "sample": "Y"}, "sample"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(http: httpx2.Client, body: dict[str, Any], field: str) -> None:
    answer = http.post("/api/v1/pairs", json=NATIVE_AND_VMI | body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    "command",
    [
        {"type": "set_backend", "backend": "vmi"},
        {"type": "set_speed", "speed": 5},
        {"type": "demonstrate", "enabled": True},
    ],
)
def test_what_a_pair_does_not_take_is_refused(http: httpx2.Client, command: dict[str, Any]) -> None:
    pair = made(http)

    answer = http.post(pair["links"]["commands"], json=command)

    assert answer.status_code == 409
    assert "A pair takes stimuli" in answer.json()["detail"]


def test_ended_pair_is_gone(http: httpx2.Client) -> None:
    pair = made(http)

    assert http.delete(f"/api/v1/pairs/{pair['id']}", headers=bearer(pair["key"])).status_code == 204

    assert http.get(f"/ab/{pair['id']}").status_code == 404


def test_pages_work_without_scripts(http: httpx2.Client) -> None:
    answer = http.post("/ab", data={"a": "native-xapic", "b": "vmi", "start": "empty", "cpus": "2"})
    assert answer.status_code == 303
    page = answer.headers["location"]

    told = http.post(f"{page}/stimuli", data={"type": "pulse_pin", "pin": "18"})

    assert told.headers["location"] == page
    assert "a device pulses pin 18" in http.get(page).text


def test_step_without_a_stimulus_says_what_the_next_one_will_wait_for(http: httpx2.Client) -> None:
    page = made(http)["links"]["page"]
    asked = {"HX-Request": "true"}

    told = http.post(f"{page}/go", data={"go": "next"}, headers=asked).text
    caused = http.post(f"{page}/stimuli", data={"type": "pulse_pin", "pin": "18"}, headers=asked).text

    assert "No stimulus waits." in told
    assert "it waits for Next stimulus or Run" in caused


def test_upload_that_is_no_log_is_refused(http: httpx2.Client) -> None:
    answer = http.post(
        "/ab", data={"a": "native-xapic", "b": "vmi", "start": "upload"}, files={"recording": ("x.log", b"\xff\x00")}
    )

    assert answer.status_code == 415


def test_machine_without_an_apic_says_why_it_did_nothing_and_gets_no_ratio(http: httpx2.Client) -> None:
    pair = made(http, b={"backend": "xen-evtchn"})
    ipi = {"type": "send_ipi", "cpu": 0, "vector": "0xfc", "destination": 2}
    words = "xen-evtchn has no APIC: it sends by event channels only"

    http.post(pair["links"]["commands"], json=ipi)
    (stimulus,) = http.get(pair["links"]["stimuli"]).json()
    page = http.get(pair["links"]["page"]).text

    assert stimulus["reasons"] == {"a": None, "b": words}
    assert stimulus["interrupts"][0]["b"] is None
    assert f"did not happen here: {words}" in page
    assert "1 of these did not happen on B" in page
    assert "×" not in page


def test_machine_that_does_what_the_other_cannot_is_told_beside_it(http: httpx2.Client) -> None:
    pair = made(http, a={"backend": "xen-evtchn"}, b={"backend": "xen-evtchn"})

    http.post(pair["links"]["commands"], json={"type": "call_guest", "cpu": 0, "function": "do_boot_cpu"})

    assert http.get(pair["links"]["page"]).text.count("did not happen here: xen-evtchn has no APIC") == 2


def test_pair_is_ended_from_its_page_and_leads_back(http: httpx2.Client) -> None:
    page = http.post("/ab", data={"a": "native-xapic", "b": "vmi"}).headers["location"]

    answer = http.post(f"{page}/end")

    assert (answer.status_code, answer.headers["location"]) == (303, "/ab")
    assert http.get(page).status_code == 404


@pytest.mark.parametrize("path", ["/ab/NOSUCH", "/api/v1/pairs/NOSUCH"])
def test_unknown_pair_is_called_a_pair_and_leads_to_the_pairs(http: httpx2.Client, path: str) -> None:
    answer = http.get(path, headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "No pair is called NOSUCH" in answer.text
    assert "/ab" in answer.text
    assert "session" not in answer.text.split("<main")[-1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (NATIVE_AND_VMI | {"paused": 1}, "paused"),
        (NATIVE_AND_VMI | {"cpus": "4"}, "cpus"),
        (NATIVE_AND_VMI | {"b": {"backend": "vmi", "kernel": "linux-6"}}, "b.kernel"),
        (NATIVE_AND_VMI | {"sampel": "x"}, "sampel"),
    ],
)
def test_new_pair_takes_each_field_as_what_it_is(http: httpx2.Client, body: dict[str, Any], field: str) -> None:
    answer = http.post("/api/v1/pairs", json=body)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("command", "field"),
    [
        ({"type": "run", "count": -1}, "count"),
        ({"type": "next", "count": -2}, "count"),
        ({"type": "step", "count": 0}, "count"),
        ({"type": "step", "count": True}, "count"),
        ({"type": "step", "count": "-1"}, "count"),
        ({"type": "next", "counts": -1}, "counts"),
        ({"type": "raise_pin", "pin": 1, "pim": 2}, "pim"),
        ([{"type": "raise_pin", "pin": 1}, {"type": "lower_pin", "pin": 1, "level": 0}], "level"),
    ],
)
def test_pair_s_command_with_an_unknown_field_is_refused_by_it(http: httpx2.Client, command: Any, field: str) -> None:
    pair = made(http)

    answer = http.post(pair["links"]["commands"], json=command)

    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert http.get(f"/api/v1/pairs/{pair['id']}").json()["stimuli"] == 0


@pytest.mark.parametrize("step", ["next", "step"])
def test_step_back_undoes_a_step_of_both(http: httpx2.Client, step: str) -> None:
    pair = made(http, paused=True)
    commands = pair["links"]["commands"]
    for _ in range(2):
        http.post(commands, json={"type": "send_ipi", "cpu": 0, "vector": "0xfc", "destination": 2})
    http.post(commands, json={"type": step, "count": 1})
    before = http.get(f"/api/v1/pairs/{pair['id']}").json()
    http.post(commands, json={"type": step})

    back = http.post(commands, json={"type": step, "count": -1})

    assert back.json() == {"stimuli": 1, "waiting": 1, "paused": True, "at_rest": before["at_rest"]}
    assert http.get(f"/api/v1/pairs/{pair['id']}").json() == before
    assert len(http.get(pair["links"]["stimuli"]).json()) == 1


def test_page_goes_back_and_says_where_it_is(http: httpx2.Client) -> None:
    page = made(http)["links"]["page"]
    asked = {"HX-Request": "true"}
    http.post(f"{page}/stimuli", data={"type": "pulse_pin", "pin": "18"})

    said = [http.post(f"{page}/go", data={"back": "stimulus"}, headers=asked).text for _ in range(2)]

    assert "Both are back at the beginning. 1 stimulus waits; what you cause now comes last." in said[0]
    assert "This is the beginning: there is nothing to undo." in said[1]
    assert http.post(f"{page}/go", data={"back": "cycle"}).status_code == 409
