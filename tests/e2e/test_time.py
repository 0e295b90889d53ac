"""Going back in time on the page of a machine: by steps, by the slider, to another branch, and back to live."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.e2e.test_page import RULES
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def lived(make_session: MakeSession) -> Api:
    """A session in which a function was called on all CPUs, to its end."""
    session = make_session()
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    return session


def strip(page: Page) -> Locator:
    """The words of the past."""
    return page.locator(".moment-words .when-past")


def tick(page: Page) -> int:
    """The tick on which the slider stands."""
    return int(page.locator("#moment-slider").input_value())


def wait_for_tick(page: Page, expected: int) -> None:
    expect(page.locator("#moment-slider")).to_have_value(str(expected))


@pytest.mark.parametrize("unit", ["operation", "access", "interrupt", "function"])
def test_step_back_by_each_unit_is_undone_by_a_step_on(open_page: Open, lived: Api, unit: str) -> None:
    page = open_page(f"/s/{lived.id}")
    expect(strip(page)).to_be_hidden()
    page.locator("#unit").select_option(unit)

    page.get_by_role("button", name="Step back", exact=True).click()
    expect(strip(page)).to_be_visible()
    there = lived.state()
    assert there["tick"] < there["head"]
    wait_for_tick(page, there["tick"])
    page.get_by_role("button", name="Step back", exact=True).click()
    expect(page.locator("#moment-slider")).not_to_have_value(str(there["tick"]))
    page.locator("#step-forward").click()

    wait_for_tick(page, there["tick"])
    assert lived.state() == there


def test_arrow_keys_step_back_and_on_and_l_goes_back_to_live(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    head = lived.state()["head"]
    log = page.locator("#log-lines")
    expect(log).to_contain_text("CPU 3 accepts 0xfb")

    page.keyboard.press("ArrowLeft")
    expect(strip(page)).to_be_visible()
    for _ in range(3):
        before = tick(page)
        page.keyboard.press("Shift+ArrowLeft")
        expect(page.locator("#moment-slider")).not_to_have_value(str(before))
    expect(strip(page)).to_have_text(
        re.compile(rf"You look at tick \d+ of {head}\. Whoever acts here begins another branch\.")
    )
    expect(page.locator("#moment-said")).to_contain_text("Back by 1 interrupt, to tick")
    expect(log).not_to_contain_text("end of interrupt")
    expect(log.locator("li").last).to_contain_text("smp_call_function_interrupt")

    page.keyboard.press("l")
    wait_for_tick(page, head)
    expect(strip(page)).to_be_hidden()
    assert lived.state()["live"]


def test_who_steps_back_from_the_beginning_is_told_so(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")

    page.keyboard.press("Shift+ArrowLeft")

    expect(page.locator("#moment-said")).to_contain_text("This is the beginning.")


def test_act_in_the_past_begins_a_branch_and_the_list_leads_back(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    head = lived.state()["head"]
    page.keyboard.press("Shift+ArrowLeft")
    expect(strip(page)).to_be_visible()

    page.get_by_role("switch", name="Interrupts on CPU 2").click()

    expect(page.locator("#told")).to_contain_text("This begins branch 1; the old one stays.")
    expect(page.locator("#branch-now")).not_to_have_text("main")
    expect(strip(page)).to_be_hidden()
    assert lived.state()["branch"] == 1

    page.locator("#branches-open").click()
    page.get_by_role("button", name="Show main").click()
    expect(page.locator("#branch-now")).to_have_text("main")
    wait_for_tick(page, head)
    assert (lived.state()["branch"], lived.state()["live"]) == (0, True)
    expect(page.locator("#branches")).to_contain_text("leaves main after tick")


def test_form_that_acts_in_the_past_says_that_a_branch_began(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    page.keyboard.press("ArrowLeft")
    expect(strip(page)).to_be_visible()

    page.locator("#send-button").click()

    expect(page.locator("#send-answer")).to_contain_text("This begins branch 1")


def settled(page: Page) -> None:
    """htmx is done with whatever it was doing."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)


def test_branch_can_be_given_another_name(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    with page.expect_response(re.compile(r"/branches$")) as fetched:  # what unfolds is fetched anew
        page.locator("#branches-open").click()
    fetched.value.finished()
    settled(page)
    name = page.get_by_label("Name of main")

    name.fill("the <first> one")
    name.press("Enter")

    expect(page.locator("#branches .answer")).to_have_text("Branch 0 is called the <first> one.")
    expect(page.locator("#branch-now")).to_have_text("the <first> one")


def test_slider_moves_by_keyboard_and_says_where_it_is(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    head = lived.state()["head"]
    slider = page.get_by_role("slider", name="Moment")
    slider.focus()

    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", f"tick 0 of {head}, time 0")
    assert lived.state()["tick"] == 0
    expect(page.locator("#log-lines li")).to_have_count(0)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(rf"^tick 3 of {head}, time "))
    assert lived.state()["tick"] == 3

    page.keyboard.press("End")
    expect(strip(page)).to_be_hidden()
    assert lived.state()["live"]


def test_back_to_live_is_there_in_the_past_only_and_hands_the_focus_on(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    button = page.get_by_role("button", name="Back to live")
    expect(button).to_have_count(0)
    page.keyboard.press("ArrowLeft")

    button.focus()
    page.keyboard.press("Enter")

    expect(button).to_have_count(0)
    expect(page.locator("#moment-slider")).to_be_focused()
    assert lived.state()["live"]


def test_second_browser_sees_the_same_past(open_page: Open, lived: Api) -> None:
    one, other = open_page(f"/s/{lived.id}"), open_page(f"/s/{lived.id}")

    one.keyboard.press("Shift+ArrowLeft")

    expect(strip(other)).to_be_visible()
    wait_for_tick(other, lived.state()["tick"])


def test_recording_goes_back_too_and_has_one_branch(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    page.locator("#recordings-section summary").click()
    page.locator("button.sample").click()
    page.wait_for_url(lambda address: session.id not in address)
    page.locator("#link[data-link=live]").wait_for()

    assert page.locator("#unit option").all_inner_texts() == ["operation", "access", "interrupt"]
    expect(page.locator("#branches-open")).to_have_count(0)
    page.locator("#step-interrupt").click()
    expect(page.locator("#moment-said")).to_have_text(re.compile(r"\d+ operations? done\."))
    before = tick(page)
    page.keyboard.press("ArrowLeft")
    wait_for_tick(page, before - 1)
    expect(page.locator(".moment-words")).to_have_text(re.compile(r"Operation .+ of .+"))
    expect(page.get_by_role("button", name="Back to live")).to_have_count(0)


def test_past_fits_a_phone(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}", viewport=PHONE, has_touch=True)
    page.locator("#transport-more").tap()

    page.locator("#step-back-interrupt").tap()

    expect(strip(page)).to_be_visible()
    expect(page.get_by_role("button", name="Back to live")).to_be_visible()
    page.locator("#branches-open").tap()
    expect(page.get_by_label("Name of main")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_past_and_in_the_list_of_branches(open_page: Open, lived: Api, scheme: str) -> None:
    page = open_page(f"/s/{lived.id}", color_scheme=scheme)
    page.keyboard.press("Shift+ArrowLeft")
    expect(strip(page)).to_be_visible()
    page.locator("#branches-open").click()
    expect(page.get_by_label("Name of main")).to_be_visible()

    results = Axe().run(page, options=RULES)

    assert [(item["id"], node["target"]) for item in results.response["violations"] for node in item["nodes"]] == []


def test_past_is_told_and_left_without_scripts(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}", live=False, java_script_enabled=False)

    page.locator("#step-back").click()
    expect(strip(page)).to_be_visible()
    assert not lived.state()["live"]
    page.get_by_role("button", name="Back to live").click()

    expect(strip(page)).to_be_hidden()
    assert lived.state()["live"]


def test_link_to_a_moment_shows_it_whatever_comes_later(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    page.keyboard.press("Shift+ArrowLeft")
    expect(strip(page)).to_be_visible()
    there = lived.state()["tick"]

    page.get_by_role("button", name="Link to this moment").click()
    page.get_by_label("Note, if you like").fill("<here>")
    page.get_by_role("button", name="Make a link").click()

    field = page.get_by_label(f"Tick {there} of main")
    address = field.input_value()
    assert address.startswith("http://127.0.0.1:")
    page.get_by_role("button", name="Copy").last.click()
    expect(page.locator("#linked-copied")).to_have_text(re.compile("Copied|Selected"))
    assert Axe().run(page, options=RULES | {"rules": {"region": {"enabled": False}}}).response["violations"] == []
    lived.command("switch_branch", branch=0)
    page.goto(address)
    expect(page.locator("body")).to_contain_text("<here>")
    expect(page.locator("body")).to_contain_text(re.compile(rf"tick {there}\b", re.IGNORECASE))
