"""A session's cost sheet by the JSON interface: asked for, changed, refused."""

from typing import Any

import httpx2
import pytest

from tests.web.serving import Api

SESSIONS = "/api/v1/sessions"


@pytest.mark.parametrize(
    ("wish", "sheet"),
    [
        ({}, "2007"),
        ({"generation": "linux-6"}, "sapphire-rapids"),
        ({"backend": "kvm-pv", "cost_sheet": "amd-zen3"}, "amd-zen3"),
        ({"cost_sheet": "/costs/skylake-sp?vm_exit=900&decode=0"}, "skylake-sp?vm_exit=900&decode=0"),
    ],
    ids=str,
)
def test_session_is_priced_by_the_sheet_that_was_asked_for_or_that_of_its_kernel_s_time(
    http: httpx2.Client, wish: dict[str, Any], sheet: str
) -> None:
    made = http.post(SESSIONS, json=wish).json()

    assert made["cost_sheet"] == sheet
    assert http.get(made["links"]["state"]).json()["cost_sheet"] == sheet
    Api(http, made["id"], made["key"]).end()


def test_error_of_a_sheet_names_the_entry(http: httpx2.Client) -> None:
    (error,) = http.post(SESSIONS, json={"cost_sheet": "2007?vm_exit=fast"}).json()["errors"]

    assert "vm_exit must be a number such as 900 or 12.5" in error["message"]


def test_other_sheet_begins_the_count_anew_and_says_so(session: Api) -> None:
    session.command("send_ipi", cpu=0, vector="0x51", destination=2)
    session.command("run_until_idle")
    assert session.state()["counters"]["cycles"] > 0

    answer = session.command("set_cost_sheet", cost_sheet="skylake-sp?decode=0")

    assert answer["text"].endswith("priced by skylake-sp?decode=0. The counters begin anew.")
    state = session.state()
    assert (state["cost_sheet"], state["counters"]["cycles"]) == ("skylake-sp?decode=0", 0)


def test_state_says_which_back_ends_are_refused_and_why_and_so_does_the_refusal(http: httpx2.Client) -> None:
    made = http.post(SESSIONS, json={"generation": "linux-6", "cost_sheet": "2007", "paused": True}).json()
    session = Api(http, made["id"], made["key"])

    refused = session.state()["backends_refused"]
    answer = http.post(f"{session.path}/commands", json={"type": "set_backend", "backend": "apicv"})

    assert refused.keys() == {"native-x2apic", "kvm-pv", "hyperv", "vmi", "apicv"}
    assert refused["native-x2apic"] == (
        "2007 has no figure for msr_read: There is no x2APIC mode before Nehalem (2008)."
    )
    assert answer.status_code == 409
    assert refused["apicv"] in answer.json()["detail"]
    session.command("set_cost_sheet", cost_sheet="sapphire-rapids")
    assert session.state()["backends_refused"].keys() == {"vmi"}
    session.command("set_backend", backend="apicv")
    refusal = http.post(f"{session.path}/commands", json={"type": "set_cost_sheet", "cost_sheet": "2007"})
    assert refusal.status_code == 409
    session.end()


def test_sheet_takes_a_control_away_and_the_answers_and_the_state_say_so(http: httpx2.Client) -> None:
    made = http.post(SESSIONS, json={"backend": "apicv", "paused": True}).json()
    session = Api(http, made["id"], made["key"])
    assert session.state()["backend_remark"] == ""

    answer = session.command("set_cost_sheet", cost_sheet="skylake-sp")

    remark = "without IPI virtualisation: skylake-sp has none"
    assert answer["text"].endswith(f"The back end begins everything {remark}. The counters begin anew.")
    state = session.state()
    assert (state["backend"], state["backend_remark"]) == ("apicv", remark)
    assert state["backends_refused"].keys() == {"vmi"}
    assert remark in session.command("set_backend", backend="apicv")["text"]
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    assert session.state()["counters"]["exits"] > 0
    session.end()


def test_sheets_page_says_what_it_leaves_out_of_a_back_end(http: httpx2.Client) -> None:
    page = http.get("/costs/skylake-sp", headers={"Accept": "text/html"}).text

    assert "<option disabled" not in page
    assert "<code>apicv</code> runs without IPI virtualisation: skylake-sp has none" in page
