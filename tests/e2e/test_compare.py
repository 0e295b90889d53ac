"""The compare page in a real browser: on any screen, by keyboard, with scripts on and off, on paper."""

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.test_page import serious

pytestmark = pytest.mark.e2e

QUICK = "work=function&function=smp_call_function&targets=3&backend=native-x2apic&backend=vmi&backend=kvm-pv"
PAGES = [
    f"/compare?{QUICK}",
    "/compare?work=scenario&scenario=reschedule&generation=linux-2.6.22",
    f"/compare/report?{QUICK}",
    "/compare?targets=900",
]


def opened(open_page: Open, path: str, **settings: object) -> Page:
    """The page once its answer is there."""
    page = open_page(path, live=False, **settings)
    expect(page.locator("#finding, #result .problem")).to_be_visible(timeout=60_000)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(open_page: Open, scheme: Literal["light", "dark"], path: str) -> None:
    page = opened(open_page, path, color_scheme=scheme, viewport={"width": 1280, "height": 720})

    results = Axe().run(page)

    assert serious(results.response["violations"]) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
@pytest.mark.parametrize("path", PAGES)
def test_page_is_no_wider_than_the_screen(open_page: Open, path: str, width: int) -> None:
    page = opened(open_page, path, viewport={"width": width, "height": 844})

    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert too_wide <= 0


@pytest.mark.parametrize("scripts", [True, False])
def test_keyboard_alone_asks_and_the_address_opens_again(open_page: Open, scripts: bool) -> None:
    page = opened(open_page, f"/compare?{QUICK}", java_script_enabled=scripts)

    page.get_by_label("Targets, 1 to 255").focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("5")
    page.keyboard.press("Enter")

    expect(page.locator(".sentence")).to_contain_text("smp_call_function to 5 CPUs: 5 IPIs sent", timeout=60_000)
    expect(page).to_have_url(re.compile(r"targets=5"))
    another = opened(open_page, page.url)
    expect(another.get_by_label("Targets, 1 to 255")).to_have_value("5")
    expect(another.locator(".sentence")).to_contain_text("smp_call_function to 5 CPUs")


def test_way_back_leads_to_the_question_before(open_page: Open) -> None:
    page = opened(open_page, f"/compare?{QUICK}")
    page.get_by_label("Targets, 1 to 255").fill("5")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".sentence")).to_contain_text("to 5 CPUs", timeout=60_000)

    page.go_back()

    expect(page.locator(".sentence")).to_contain_text("to 3 CPUs", timeout=60_000)
    expect(page.get_by_label("Targets, 1 to 255")).to_have_value("3")


def test_new_result_is_said(open_page: Open) -> None:
    page = opened(open_page, f"/compare?{QUICK}")

    page.get_by_label("Targets, 1 to 255").fill("4")
    page.get_by_role("button", name="Compare", exact=True).click()

    expect(page.locator("#said")).to_contain_text("smp_call_function to 4 CPUs: 4 IPIs sent", timeout=60_000)
    expect(page).to_have_title("smp_call_function to 4 CPUs · Compare · apicscope")


def test_only_the_fields_of_the_chosen_workload_are_there(open_page: Open) -> None:
    page = opened(open_page, f"/compare?{QUICK}")
    expect(page.get_by_label("Targets, 1 to 255")).to_be_visible()

    page.get_by_label("Scenario", exact=True).first.check()

    expect(page.get_by_label("Targets, 1 to 255")).to_be_hidden()
    expect(page.get_by_role("combobox", name="Scenario")).to_be_visible()


def test_arrow_keys_walk_along_the_steps_of_an_ipi(open_page: Open) -> None:
    page = opened(open_page, f"/compare?{QUICK}")
    steps = page.locator(".chart-waterfall .step")
    assert page.locator(".chart-waterfall [tabindex='0']").count() == 1

    steps.first.focus()
    expect(page.locator("#step-said")).to_contain_text("native-x2apic: 0 + ")
    page.keyboard.press("ArrowRight")
    expect(steps.nth(1)).to_be_focused()
    expect(page.locator("#step-said")).to_have_text(steps.nth(1).locator("title").text_content() or "")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#step-said")).to_contain_text("vmi: 0 + ")
    page.keyboard.press("End")
    expect(steps.last).to_be_focused()


def test_step_that_is_pointed_at_is_said(open_page: Open) -> None:
    page = opened(open_page, f"/compare?{QUICK}")

    page.locator(".step-hypervisor rect").first.hover()

    expect(page.locator("#step-said")).to_contain_text("hypervisor, CPU")


def test_wrong_question_is_said_and_can_be_mended(open_page: Open) -> None:
    page = opened(open_page, f"/compare?{QUICK}", expects_refusals=True)

    page.get_by_label("Cost sheet").fill("1995")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("'1995' is no cost sheet")
    page.get_by_label("Cost sheet").fill("amd-zen3")
    page.get_by_role("button", name="Compare", exact=True).click()

    expect(page.locator(".priced")).to_contain_text("Zen 3", timeout=60_000)


@pytest.mark.parametrize("scripts", [True, False])
def test_bad_log_is_answered_with_its_line(open_page: Open, scripts: bool) -> None:
    page = opened(open_page, f"/compare?{QUICK}", java_script_enabled=scripts, expects_refusals=True)

    page.get_by_label("Your own log").set_input_files(
        {"name": "my.log", "mimeType": "text/plain", "buffer": b"one\ntwo\n\0\n"}
    )
    page.get_by_role("button", name="Upload and compare").click()

    said = page.locator("#upload-answer" if scripts else "main")
    expect(said).to_contain_text("Line 3: this is not text", timeout=60_000)
    if scripts:
        expect(page.locator(".sentence")).to_be_visible()  # what was there stays


def test_chart_is_downloaded_as_a_file(open_page: Open) -> None:
    page = opened(open_page, f"/compare?{QUICK}")

    with page.expect_download() as downloading:
        page.get_by_role("link", name="SVG of the curves").click()

    assert downloading.value.suggested_filename == "curve.svg"


def test_charts_keep_the_contrast_of_the_theme(open_page: Open) -> None:
    page = opened(open_page, f"/compare?{QUICK}", color_scheme="dark")

    fill = page.locator(".chart-curve .c-ink-line").first.evaluate("e => getComputedStyle(e).stroke")

    assert fill == "rgb(232, 238, 242)"


def test_report_prints_everything_and_nothing_to_click(open_page: Open) -> None:
    page = opened(open_page, f"/compare/report?{QUICK}", color_scheme="dark")

    page.emulate_media(media="print")

    for chart in ("curve", "waterfall", "shares"):
        expect(page.locator(f".chart-{chart}")).to_be_visible()
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("button:visible, input:visible, select:visible").count() == 0
    ink = page.locator(".sentence").evaluate("e => getComputedStyle(e).color")
    assert ink == "rgb(20, 32, 43)"
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_help_leads_here(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press("?")

    page.get_by_role("link", name="Compare the back ends").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Compare")


def test_first_look_on_a_phone_is_the_answer_and_the_question_unfolds_by_key(open_page: Open) -> None:
    page = opened(open_page, "/compare", viewport={"width": 390, "height": 844})

    assert page.locator(".sentence").evaluate("element => element.getBoundingClientRect().top") < 422
    expect(page.get_by_label("Targets, 1 to 255")).to_be_hidden()
    page.get_by_text("Ask something else").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Targets, 1 to 255")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_question_stands_unfolded_beside_the_answer(open_page: Open, scripts: bool) -> None:
    page = opened(open_page, f"/compare?{QUICK}", java_script_enabled=scripts)

    expect(page.get_by_label("Targets, 1 to 255")).to_be_visible()
    expect(page.get_by_text("Ask something else")).to_be_hidden()


def test_curves_take_their_place_in_an_answer_that_is_there_and_stays_as_it_is(open_page: Open) -> None:
    page = opened(open_page, "/compare?work=function&function=flush_tlb_others&sheet=sapphire-rapids")
    sentence = page.locator(".sentence").element_handle()
    page.locator("summary", has_text="The same as a table").first.click()

    expect(page.locator("figure#curves svg[role]")).to_be_visible(timeout=60_000)

    assert sentence is not None
    assert sentence.evaluate("element => element.isConnected")
    expect(page.get_by_role("table", name="Cycles of all CPUs by what they went to")).to_be_visible()
