"""The A/B page in a real browser: two machines are asked once; what differs is seen, read and reached by keyboard."""

import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.test_page import serious
from tests.e2e.test_profiles import tab_to
from tests.web.serving import Api, Server, bearer

pytestmark = pytest.mark.e2e


@pytest.fixture
def made_pair(server: Server) -> Iterator[dict[str, Any]]:
    """A pair of native-xapic and vmi."""
    with server.client() as http:
        body: dict[str, Any] = {"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}}
        made = http.post("/api/v1/pairs", json=body).json()
        yield made
        http.delete(f"/api/v1/pairs/{made['id']}", headers=bearer(made["key"]))


@pytest.fixture
def pair(made_pair: dict[str, Any]) -> str:
    """Its page."""
    page: str = made_pair["links"]["page"]
    return page


def test_keyboard_alone_makes_a_pair_and_sees_no_exit_against_three(open_page: Open) -> None:
    page = open_page("/ab", live=False)
    keys = page.keyboard

    tab_to(page, page.get_by_role("button", name="Put side by side"))
    keys.press("Enter")
    page.locator("#link[data-link=live]").wait_for()
    tab_to(page, page.get_by_role("button", name="Send IPI"))
    keys.press("Enter")

    rows = page.locator(".ab-table tbody tr")
    expect(rows.nth(0)).not_to_contain_text("sending")
    expect(rows.nth(1)).to_contain_text("3 sending, 1 receiving")
    expect(page.locator(".ab-differs")).to_contain_text("B: 4 hypercalls instead of no exit")
    expect(page.get_by_role("status").filter(has_text="4 hypercalls")).to_be_visible()


def test_stimulus_of_one_viewer_is_seen_by_all(open_page: Open, pair: str) -> None:
    lecturer, student = open_page(pair), open_page(pair)

    lecturer.get_by_role("button", name="Call").click()

    expect(student.locator(".ab-table")).to_contain_text("CPU 0 calls smp_call_function(")


def test_row_opens_its_steps_and_marks_what_only_one_side_has(open_page: Open, pair: str) -> None:
    page = open_page(pair)
    page.get_by_role("button", name="Send IPI").click()
    page.get_by_role("button", name="Pulse").click()
    expect(page.locator("#steps-title")).to_contain_text("Stimulus 2")

    page.get_by_role("link", name="1 CPU 0 sends").click()

    expect(page.locator("#steps-title")).to_contain_text("Stimulus 1")
    expect(page.locator(".ab-steps li.differs", has_text="APICWrite ICR HIGH")).to_contain_text("only B")


def test_sample_recording_is_walked_and_run_by_key(open_page: Open) -> None:
    page = open_page("/ab", live=False)
    page.get_by_label("from the recording: Linux 6.1").check()
    page.get_by_role("button", name="Put side by side").click()
    expect(page.locator("#totals-title")).to_contain_text(re.compile(r"[\d,]+ wait"))

    page.locator("#link[data-link=live]").wait_for()  # the keys are listened to from here on
    page.keyboard.press("PageDown")
    expect(page.locator("#totals-title")).to_contain_text("1 stimulus")
    page.keyboard.press(" ")

    expect(page.locator("#totals-title")).not_to_contain_text("wait", timeout=60_000)
    exits = page.locator(".ab-totals tbody tr").first
    expect(exits.locator("td").nth(0)).to_have_text("0")


def test_step_back_takes_the_table_back_and_the_next_step_brings_it_again(open_page: Open, pair: str) -> None:
    page = open_page(pair)
    page.get_by_role("button", name="Send IPI").click()
    page.get_by_role("button", name="Pulse").click()
    title, rows = page.locator("#totals-title"), page.locator(".ab-table")
    expect(rows).to_contain_text("a device pulses pin 18")

    page.get_by_role("button", name="Back one stimulus").click()
    expect(title).to_contain_text("1 stimulus")
    expect(rows).not_to_contain_text("a device pulses pin 18")
    page.get_by_role("button", name="Back one interrupt").click()
    expect(page.locator("#ab-answer")).to_contain_text("Both are back within stimulus 1. 1 stimulus waits")
    page.keyboard.press("ArrowLeft")
    expect(rows).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")

    expect(rows).to_contain_text("a device pulses pin 18")


def test_session_leads_to_a_pair_of_what_was_done_in_it(open_page: Open, session: Api) -> None:
    session.command("send_ipi", cpu=0, vector="0x51", destination=1)
    page = open_page(f"/s/{session.id}")

    page.get_by_role("link", name="Compare A/B from here").click()
    page.get_by_role("button", name="Put side by side").click()
    page.get_by_role("button", name="Next stimulus").click()

    expect(page.locator(".ab-table")).to_contain_text("CPU 0 sends 0x51")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["form", "pair"])
def test_axe_finds_nothing_serious(open_page: Open, pair: str, scheme: Literal["light", "dark"], path: str) -> None:
    page = open_page(pair if path == "pair" else "/ab", live=path == "pair", color_scheme=scheme)
    if path == "pair":
        page.get_by_role("button", name="Send IPI").click()
        page.locator(".ab-table tbody").wait_for()

    assert serious(Axe().run(page).response["violations"]) == []


@pytest.mark.parametrize("width", [320, 390, 1280, 1920])
def test_page_is_no_wider_than_the_screen(open_page: Open, pair: str, width: int) -> None:
    page = open_page(pair, viewport={"width": width, "height": 844})
    page.get_by_role("button", name="Send IPI").click()
    page.locator(".ab-table tbody").wait_for()

    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_pair_is_ended_by_keyboard_by_its_maker_alone_and_leads_to_another(open_page: Open, server: Server) -> None:
    page = open_page("/ab", live=False)
    page.get_by_role("button", name="Put side by side").click()
    page.locator("#link[data-link=live]").wait_for()
    path = urlsplit(page.url).path
    other = open_page(path)
    expect(other.get_by_role("button", name="Send IPI")).to_be_visible()
    expect(other.get_by_role("button", name="End this pair")).to_have_count(0)

    tab_to(page, page.get_by_role("button", name="End this pair"))
    page.keyboard.press("Enter")

    page.wait_for_url("**/ab")
    expect(other.locator("#over")).to_contain_text("The pair is over.")
    with server.client() as http:
        assert http.get(path).status_code == 404


def test_pair_that_was_ended_elsewhere_says_so_and_its_controls_do_nothing(
    open_page: Open, pair: str, made_pair: dict[str, Any], server: Server
) -> None:
    page = open_page(pair)
    page.get_by_role("button", name="Send IPI").click()
    page.get_by_role("link", name="1 CPU 0 sends").wait_for()

    with server.client() as http:
        http.delete(f"/api/v1/pairs/{made_pair['id']}", headers=bearer(made_pair["key"]))

    expect(page.locator("#over")).to_contain_text("The pair is over. What stands here stays as it was.")
    for name in ("Send IPI", "Call", "Next stimulus"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    expect(page.locator("#result a[href^='/ab/']")).to_have_count(0)


def test_what_does_not_go_together_is_said_in_the_form_with_its_choices(open_page: Open) -> None:
    page = open_page("/ab", live=False, expects_refusals=True)
    page.get_by_label("back end").nth(1).select_option("vmi")
    page.get_by_label("kernel").nth(1).select_option("linux-6")
    page.get_by_role("button", name="Put side by side").click()

    expect(page.locator("#b_generation-wrong")).to_be_visible()
    expect(page.get_by_label("kernel").nth(1)).to_have_value("linux-6")


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_letters_of_the_time_line_are_readable(open_page: Open, pair: str, width: int) -> None:
    page = open_page(pair, viewport={"width": width, "height": 844})
    page.get_by_role("button", name="Send IPI").click()
    page.locator(".ab-lanes").first.wait_for()

    heights = page.locator(".ab-lanes text").evaluate_all(
        """texts => texts.map(text => {
             const size = parseFloat(getComputedStyle(text).fontSize);
             return size * text.ownerSVGElement.getScreenCTM().a;
           })"""
    )

    assert min(heights) >= 9
