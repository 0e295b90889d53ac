"""The form of the A/B page: it starts as the session is, and keeps its choices when something is wrong."""

from typing import Any

import httpx2
import pytest

FORM = {"a": "native-xapic", "b": "trap-emulate", "cpus": "3", "cost_sheet": "skylake-sp", "start": "empty"}


def session_of(http: httpx2.Client, **wanted: Any) -> str:
    made: dict[str, str] = http.post("/api/v1/sessions", json=wanted).json()
    return made["id"]


def chosen(page: str, name: str) -> str:
    """What the select *name* of *page* has selected."""
    select = page.split(f'name="{name}"')[1].split("</select>")[0]
    return select.split(" selected>")[1].split("<")[0]


def test_form_is_filled_in_as_the_session_is(http: httpx2.Client) -> None:
    session = session_of(http, backend="native-xapic", generation="linux-6", cost_sheet="skylake-sp?vm_exit=900")

    page = http.get(f"/ab?session={session}").text

    names = ("a", "a_generation", "b", "b_generation", "cost_sheet")
    expected = ["native-xapic", "linux-6", "kvm-pv", "linux-6", "skylake-sp?vm_exit=900"]
    assert [chosen(page, name) for name in names] == expected


def test_pair_from_a_session_has_its_kernel_and_its_prices_unless_others_are_asked_for(http: httpx2.Client) -> None:
    session = session_of(http, backend="native-xapic", generation="linux-2.6.22", cost_sheet="skylake-sp?vm_exit=900")
    body = {"a": {"backend": "native-xapic"}, "b": {"backend": "trap-emulate"}, "session": session}

    usual = http.post("/api/v1/pairs", json=body).json()
    other = http.post("/api/v1/pairs", json=body | {"cost_sheet": "sapphire-rapids"}).json()

    assert usual["a"]["generation"] == usual["b"]["generation"] == "linux-2.6.22"
    assert usual["cost_sheet"].startswith("skylake-sp")
    assert other["cost_sheet"] == "sapphire-rapids"


@pytest.mark.parametrize(
    ("a", "b", "kernels"),
    [
        ("native-xapic", "trap-emulate", ["linux-6", "linux-6"]),
        ("native-xapic", "vmi", ["linux-2.6.22", "linux-2.6.22"]),
        ("vmi", "kvm-pv", ["linux-2.6.22", "linux-6"]),
    ],
)
def test_both_get_the_newest_kernel_that_goes_with_both(
    http: httpx2.Client, a: str, b: str, kernels: list[str]
) -> None:
    body = {"a": {"backend": a}, "b": {"backend": b}, "cost_sheet": "sapphire-rapids"}

    pair = http.post("/api/v1/pairs", json=body).json()
    page = http.get(pair["links"]["page"]).text

    assert [pair[side]["generation"] for side in "ab"] == kernels
    assert ("part of the difference is the kernel’s" in page) == (kernels[0] != kernels[1])


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"b": "vmi", "b_generation": "linux-6"}, "b_generation", "vmi: "),
        ({"a": "native-x2apic", "a_generation": "linux-2.6.22"}, "a_generation", "knows no x2APIC mode"),
        ({"a": "abacus"}, "a", "there is no back end called"),
        ({"cpus": "900"}, "cpus", "must be a whole number"),
        ({"cpus": "\u0664"}, "cpus", "must be a whole number"),
        ({"cost_sheet": "1999"}, "cost_sheet", "1999"),
        ({"start": "upload"}, "recording", "choose a file first"),
        ({"start": "nowhere"}, "start", "there is no start called"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field_and_the_choices_stay(
    http: httpx2.Client, change: dict[str, str], field: str, words: str
) -> None:
    answer = http.post("/ab", data=FORM | change)

    assert answer.status_code == 422
    said = answer.text.split(f'id="{field}-wrong">')[1].split("</p>")[0]
    assert words in said
    assert f'aria-describedby="{field}-wrong"' in answer.text
    assert chosen(answer.text, "b") == (FORM | change)["b"]
    assert f'value="{(FORM | change)["cpus"]}"' in answer.text


def test_upload_that_is_no_log_keeps_the_form(http: httpx2.Client) -> None:
    answer = http.post("/ab", data=FORM | {"start": "upload"}, files={"recording": ("x.log", b"\xff\x00")})

    assert answer.status_code == 415
    assert 'id="recording-wrong"' in answer.text
    assert 'value="upload" checked' in answer.text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("foo=1", "<code>foo</code>: there is no such field"),
        ("a=foo", 'id="a-wrong">there is no back end called'),
        ("session=NOSUCH", 'id="start-wrong">No session is called NOSUCH'),
    ],
)
def test_address_that_nobody_could_mean_is_refused(http: httpx2.Client, query: str, words: str) -> None:
    answer = http.get(f"/ab?{query}")

    assert answer.status_code == 422
    assert words in answer.text


def test_address_may_hold_the_choices(http: httpx2.Client) -> None:
    page = http.get("/ab?a=hyperv&b=apicv&cpus=2").text

    assert (chosen(page, "a"), chosen(page, "b")) == ("hyperv", "apicv")
