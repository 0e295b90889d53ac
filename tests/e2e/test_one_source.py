"""The word in the preview, the ruler beside it and the live ruler are the register that is really written."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open

pytestmark = pytest.mark.e2e

#: Destinations that a guest can write, by the mode that its back end has its APIC in.
DESTINATIONS = {
    "native-xapic": st.integers(0, 0xFF),
    "native-x2apic": st.sampled_from([0, 1, 0xFF, 0x0001_0001, 0x000F_FFFF, 0xFFFF_FFFF]) | st.integers(0, 0xFFFF_FFFF),
}
#: What else the form can say: delivery mode, vector, shorthand, level, trigger mode, destination mode.
COMMANDS = (
    st.sampled_from(["fixed", "lowest_priority", "smi", "nmi", "init", "startup"]),
    st.integers(0, 255),
    st.sampled_from(["none", "none", "self", "all_including_self", "all_excluding_self"]),
    st.sampled_from(["1", "0"]),
    st.sampled_from(["edge", "level"]),
    st.sampled_from(["physical", "logical"]),
)
READ_RULER = """selector => [...document.querySelectorAll(`${selector} > div:not([hidden])`)].map(
  cell => [cell.querySelector('.bits').textContent, cell.querySelector('dd').firstChild.textContent])"""


def compose(page: Page, command: tuple[str, int, str, str, str, str, int]) -> None:
    """Fills the form in, and waits for the preview of just that."""
    mode, vector, shorthand, level, trigger, destination_mode, destination = command
    with page.expect_response(lambda answer: answer.url.endswith("/compose")):
        page.evaluate(
            """fields => {
                for (const [name, value] of Object.entries(fields)) {
                    const radio = document.querySelector(`#send-form [type=radio][name=${name}][value='${value}']`);
                    if (radio) radio.checked = true;
                    else document.querySelector(`#send-form [name=${name}]`).value = value;
                }
                document.querySelector('#send-vector').dispatchEvent(new Event('input', { bubbles: true }));
            }""",
            {
                "delivery_mode": mode,
                "vector": f"{vector:#04x}",
                "shorthand": shorthand,
                "level": level,
                "trigger_mode": trigger,
                "destination_mode": destination_mode,
                "destination": f"{destination:#04x}",
                "cpu": "1",
            },
        )
    low = vector | {"fixed": 0, "lowest_priority": 1, "smi": 2, "nmi": 4, "init": 5, "startup": 6}[mode] << 8
    expect(page.locator("#composed [data-field=vector] dd")).to_contain_text(f"{low & 0xFF:02x}")
    page.wait_for_function(
        "digits => document.querySelector('#composed .icr-value')?.textContent.endsWith(digits)",
        arg=f"{low & 0x7FF:03x}"[1:],
    )


def ruled(cells: list[list[str]]) -> int:
    """The word that a ruler's digits add up to."""
    word = 0
    for bits, digits in cells:
        high, _, low = bits.partition(":")
        width = int(high) - int(low or high) + 1
        word |= int(digits, 2 if width < 4 else 16) << int(low or high)
    return word


@pytest.mark.parametrize("backend", DESTINATIONS)
def test_preview_and_ruler_are_the_word_that_is_written(
    open_page: Open, make_session: MakeSession, backend: str
) -> None:
    session = make_session(backend=backend)
    page = open_page(f"/s/{session.id}")
    page.locator("#machine [data-cpu='1'] .well-select").click()

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(st.tuples(*COMMANDS, DESTINATIONS[backend]))
    def check(command: Any) -> None:
        compose(page, command)
        shown = int(page.locator("#composed .icr-value").inner_text().split()[-1].replace("_", ""), 16)
        assert ruled(page.evaluate(READ_RULER, "#composed .ruler")) == shown
        if session.state()["cpus"][1]["run_state"] == "wait_for_sipi":
            return  # it has reset itself: nothing is written until it is started
        seen: list[int] = []
        page.locator("#send-button").click()
        expect(page.locator("#send-answer")).not_to_be_empty()
        for _ in range(60):
            session.command("step", unit="operation", count=1)
            seen.append(int(session.state()["cpus"][1]["icr"], 16) & ~(1 << 12))
            if seen[-1] == shown and len(seen) > 1:
                break
        assert shown in seen
        page.wait_for_function(
            "word => document.querySelector('#icr-value').textContent.replace('_', '').slice(-8) === word",
            arg=f"{session.state()['cpus'][1]['icr'][-8:]}",
        )
        live = ruled(page.evaluate(READ_RULER, "#icr-ruler"))
        assert live == int(session.state()["cpus"][1]["icr"], 16)
        session.command("run_until_idle")

    check()


def test_destination_wider_than_the_guest_s_is_refused_by_its_field_before_and_when_it_is_sent(
    open_page: Open, make_session: MakeSession
) -> None:
    session = make_session(backend="native-xapic")
    page = open_page(f"/s/{session.id}", expects_refusals=True)

    page.locator("#send-destination").fill("0x10001")

    expect(page.locator("#composed .problem")).to_contain_text("destination 0x10001 does not fit")
    destination = page.locator("#send-destination")
    for text in ("-1", "zz"):
        destination.fill(text)
        expect(page.locator("#composed .problem li")).to_contain_text(text)
        expect(destination).to_have_attribute("aria-invalid", "true")
        expect(destination).to_have_accessible_description(re.compile(text))
        expect(page.locator("#composed .problem > :first-child")).to_contain_text(text)
    destination.fill("2")
    expect(destination).not_to_have_attribute("aria-invalid", "true")
    destination.fill("0x10001")
    expect(destination).to_have_attribute("aria-invalid", "true")
    page.locator("#send-button").click()
    expect(page.locator("#send-answer")).to_contain_text("where a destination has 8 bits (63:56)")
    assert session.state()["cpus"][0]["queued"] == []
