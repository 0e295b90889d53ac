"""The score without a pointer: every act by keyboard alone, and what a screen reader is told of it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.e2e.test_page import RULES
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

WIDE = {"width": 1600, "height": 1000}


@pytest.fixture
def lived(make_session: MakeSession) -> Api:
    """A session in which a function was called on all CPUs, to its end."""
    session = make_session()
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    return session


@pytest.fixture
def page(open_page: Open, lived: Api) -> Page:
    """Its page, wide enough for all tools; the score is there."""
    page = open_page(f"/s/{lived.id}", viewport=WIDE)
    to_score(page)
    return page


def to_score(page: Page) -> None:
    """Goes to the score's grid, again until the spans have come."""
    page.wait_for_function(
        """() => {
            document.querySelector('#score-mirror').blur();
            document.querySelector('#score-mirror').focus();
            return document.querySelector('#score-mirror [role=gridcell]');
        }"""
    )
    page.locator("#score-mirror").blur()
    page.keyboard.press("m")
    expect(page.locator("#score-mirror")).to_be_focused()
    expect(page.locator("#score-mirror-words")).not_to_be_empty()


def current(page: Page) -> str:
    """What is read of the cell that one is on."""
    name = page.locator("#score-mirror").get_attribute("aria-activedescendant")
    assert name is not None
    cell = page.locator(f"#{name}")
    expect(cell).to_have_attribute("role", "gridcell")
    return cell.text_content() or ""


def cells(page: Page) -> list[str]:
    return page.locator("#score-mirror [role=gridcell]").all_text_contents()


def drawn(page: Page) -> None:
    """Waits until the page has been drawn with all that was done before."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def panel(page: Page) -> Locator:
    return page.locator("#selection")


def test_arrows_go_along_a_lane_and_to_another(page: Page) -> None:
    page.keyboard.press("Home")
    expect(page.locator("#score-mirror-words")).to_have_text(cells(page)[0])
    first = current(page)
    assert "CPU 0" in first
    page.keyboard.press("ArrowRight")
    second = current(page)
    assert second != first
    page.keyboard.press("ArrowLeft")
    assert current(page) == first
    page.keyboard.press("End")
    assert current(page) == cells(page)[-1]

    page.keyboard.press("ArrowDown")

    expect(page.locator("#inspected")).to_have_text("1")
    assert "CPU 1" in current(page)
    assert page.locator("#score-mirror [role=rowheader]").all_text_contents() == ["CPU 0", "CPU 1", "CPU 2", "CPU 3"]
    page.keyboard.press("ArrowUp")
    expect(page.locator("#inspected")).to_have_text("0")


def test_enter_selects_and_a_key_lets_go(page: Page) -> None:
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    words = current(page)

    page.keyboard.press("Enter")

    expect(panel(page)).to_be_visible()
    expect(page.locator("#inspector")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"[?&]span=\d+"))
    assert words
    page.keyboard.press("c")
    expect(panel(page)).to_be_hidden()
    expect(page.locator("#inspector")).to_be_visible()
    expect(page).not_to_have_url(re.compile(r"span="))


def test_next_and_previous_stay_on_the_lane(page: Page) -> None:
    page.keyboard.press("n")
    expect(panel(page)).to_be_visible()
    first = page.url
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(first)
    last = page.url

    page.keyboard.press("Shift+N")
    page.keyboard.press("n")

    expect(page).to_have_url(last)


def test_address_of_a_span_selects_it_for_whoever_opens_it(open_page: Open, lived: Api, page: Page) -> None:
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"span="))
    words = page.locator("#selection-words")
    expect(words).not_to_be_empty()

    other = open_page(page.url, viewport=WIDE)

    expect(other.locator("#selection-words")).to_have_text(words.text_content() or "")
    assert lived.state()["live"]  # nobody else is taken to another moment


def test_zoom_and_pan_by_keys_change_what_is_in_sight(page: Page) -> None:
    page.keyboard.press("0")
    page.keyboard.press("Home")
    everything = cells(page)

    for _ in range(3):
        page.keyboard.press("]")
    drawn(page)
    page.keyboard.press("End")
    close = cells(page)
    assert len(close) < len(everything)
    for _ in range(12):
        page.keyboard.press("<")
    drawn(page)
    page.keyboard.press("Home")
    assert cells(page) != close
    for _ in range(8):
        page.keyboard.press("[")
    page.keyboard.press("0")
    drawn(page)
    page.keyboard.press("Home")

    assert cells(page) == everything


def test_follow_is_a_switch(page: Page) -> None:
    follow = page.get_by_role("button", name="Follow the time that is shown")
    before = follow.get_attribute("aria-pressed")

    page.keyboard.press("e")

    expect(follow).to_have_attribute("aria-pressed", "false" if before == "true" else "true")


def test_two_markers_say_how_far_they_are_apart(page: Page, lived: Api) -> None:
    later = round(lived.state()["time"])
    said = page.locator("#score-difference")
    page.keyboard.press("2")
    expect(said).to_have_text(re.compile(r"^B at "))
    page.keyboard.press("Home")
    page.locator("#score-mirror").blur()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator("body")).to_have_class(re.compile(r"\bpast\b"))
    earlier = round(lived.state()["time"])

    page.keyboard.press("1")

    apart = f"{later - earlier:,}".replace(",", "\u202f")
    expect(said).to_have_text(f"B is {apart} cycles after A")
    page.get_by_role("button", name="Take the markers away").press("Enter")
    expect(said).to_be_empty()


def test_search_finds_and_goes_on(page: Page) -> None:
    page.keyboard.press("0")
    page.keyboard.press("Shift+S")
    field = page.get_by_role("searchbox", name="Search the score")
    expect(field).to_be_focused()

    page.keyboard.type("0xfb cpu 2")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"span="))
    expect(page.locator("#inspected")).to_have_text("2")
    first = page.url
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(first)
    page.keyboard.press("Escape")
    expect(page.locator("#machine")).to_be_focused()
    expect(field).to_have_value("0xfb cpu 2")
    page.keyboard.press("c")
    expect(panel(page)).to_be_hidden()


def test_filter_hides_a_kind_in_both_forms(page: Page) -> None:
    page.keyboard.press("v")
    lines = page.locator("#log-lines li[data-kind=accepted]")
    expect(lines.first).to_be_visible()

    page.keyboard.press("Shift+F")
    expect(page.locator("#score-filter input").first).to_be_focused()
    page.keyboard.press(" ")  # the first kind is "requested"

    expect(lines.first).to_be_hidden()
    expect(page.locator("#log-lines li[data-kind=acknowledged]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#score-filter")).to_be_hidden()
    drawn(page)  # what is not shown loses the focus then
    page.keyboard.press("v")
    expect(page.locator("#score-canvas")).to_be_visible()
    to_score(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    assert not any("before it is taken" in words for words in cells(page))


def test_line_and_span_are_one_selection(page: Page) -> None:
    page.keyboard.press("v")
    page.keyboard.press("m")
    lines = page.locator("#log-lines")
    expect(lines).to_be_focused()
    line = page.locator("#log-lines li", has_text="CPU 3 accepts 0xfb").last
    for _ in range(60):
        page.keyboard.press("ArrowUp")
        if lines.get_attribute("aria-activedescendant") == line.get_attribute("id"):
            break

    page.keyboard.press("Enter")

    expect(panel(page)).to_be_visible()
    expect(line).to_have_attribute("aria-selected", "true")
    expect(page.locator("#selection-words")).to_contain_text("0xfb")
    expect(page.locator("#inspected")).to_have_text("3")
    page.keyboard.press("v")
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")  # another span of the same lane
    page.keyboard.press("v")
    expect(line).to_have_attribute("aria-selected", "false")
    expect(page.locator("#log-lines [aria-selected=true]").first).to_be_attached()


def test_selected_request_tells_its_whole_way_and_where_it_waited(open_page: Open, make_session: MakeSession) -> None:
    session = make_session()
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0xfc", destination=2)
    session.command("run_until_idle")
    session.command("send_ipi", cpu=0, vector="0x61", destination=3)  # meanwhile time goes on
    session.command("run_until_idle")
    session.command("set_interrupt_flag", cpu=2, enabled=True)
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}", viewport=WIDE)
    to_score(page)
    page.keyboard.press("0")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    for _ in range(10):
        if "0xfc waits" in current(page):
            break
        page.keyboard.press("ArrowRight")

    page.keyboard.press("Enter")

    expect(page.locator("#selection-waits")).to_contain_text("held off by hand")
    steps = page.locator("#selection-steps li")
    expect(steps.nth(3)).to_be_visible()
    expect(page.locator("#selection-steps")).to_contain_text("0xfc")
    steps.first.get_by_role("button").press("Enter")
    expect(page.locator("body")).to_have_class(re.compile(r"\bpast\b"))
    assert session.state()["tick"] < session.state()["head"]
    expect(panel(page)).to_be_visible()


def test_explanation_follows_what_happens_and_the_moment_that_is_shown(
    open_page: Open, make_session: MakeSession
) -> None:
    session = make_session()
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}", viewport=WIDE)
    to_score(page)
    page.keyboard.press("0")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    for _ in range(10):
        if "0x61 waits" in current(page):
            break
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    words, steps = page.locator("#selection-words"), page.locator("#selection-steps li:visible")
    expect(steps.first).to_be_visible()
    before, known = words.text_content() or "", steps.count()

    session.command("set_interrupt_flag", cpu=2, enabled=True)
    session.command("run_until_idle")

    expect(words).not_to_have_text(before)
    expect(steps.nth(known)).to_be_visible()
    asked = f"/score/spans/{page.url.partition('span=')[2]}"
    with page.expect_response(lambda answer: asked in answer.url):
        session.command("seek", tick=3)
    with page.expect_response(lambda answer: asked in answer.url):
        session.command("switch_branch", branch=session.state()["branch"])


@pytest.mark.parametrize("named", ["999999", "abc"])
def test_span_that_is_not_there_is_said_and_dropped(open_page: Open, lived: Api, named: str) -> None:
    page = open_page(f"/s/{lived.id}?span={named}", viewport=WIDE, expects_refusals=True)

    expect(page.locator("#notice")).to_contain_text(f"There is no span {named} here")
    expect(page).not_to_have_url(re.compile(r"span="))
    expect(panel(page)).to_be_hidden()


def test_sent_by_enter_the_ipi_leaves_the_keys_to_the_machine(open_page: Open, make_session: MakeSession) -> None:
    session = make_session()
    page = open_page(f"/s/{session.id}", viewport=WIDE)
    page.keyboard.press("s")
    page.keyboard.type("0x61")

    page.keyboard.press("Enter")
    page.keyboard.press("u")

    expect(page.locator("#machine")).to_be_focused()
    expect(page.locator("#send-vector")).to_have_value("0x61")
    expect(page.locator("#log-lines li", has_text="takes 0x61").first).to_be_attached()
    page.locator("#send-mode").focus()
    page.keyboard.press("Escape")
    expect(page.locator("#machine")).to_be_focused()


def test_findings_lead_to_the_first_cause(open_page: Open, make_session: MakeSession) -> None:
    session = make_session()
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("call_guest", cpu=1, function="smp_call_function")
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}", viewport=WIDE)
    to_score(page)
    page.locator("#score-mirror").blur()

    page.keyboard.press("w")

    finding = page.locator("#score-findings-list button").first
    expect(finding).to_be_focused()
    expect(finding).to_contain_text("call_data.started")
    page.keyboard.press("Enter")
    expect(page.locator("#score-findings")).to_be_hidden()
    expect(page.locator("#score-findings-open")).to_be_focused()
    expect(panel(page)).to_be_visible()
    expect(page).to_have_url(re.compile(r"span="))


@pytest.mark.parametrize("form", ["drawing", "list"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_either_form_with_something_selected(
    open_page: Open, lived: Api, form: str, scheme: str
) -> None:
    page = open_page(f"/s/{lived.id}", viewport=WIDE, color_scheme=scheme)
    to_score(page)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(panel(page)).to_be_visible()
    if form == "list":
        page.keyboard.press("v")
    expect(page.locator("#composed.old")).to_have_count(0)

    results = Axe().run(page, options=RULES)

    assert [(item["id"], node["target"]) for item in results.response["violations"] for node in item["nodes"]] == []


def test_every_tool_can_be_reached_where_they_are_folded(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}", viewport={"width": 390, "height": 844})

    page.get_by_role("button", name="Tools").press("Enter")

    for name in ("The next one, on the same lane", "Filter", "Findings"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport()
    expect(page.get_by_role("searchbox", name="Search the score")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_findings_say_that_the_server_did_not_answer(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}", viewport=WIDE, expects_refusals=True)
    page.route("**/score/findings?*", lambda route: route.fulfill(status=404))
    to_score(page)

    page.keyboard.press("w")

    expect(page.locator("#score-findings-words")).to_contain_text("did not answer")
    expect(page.locator("#score-findings-list li")).to_have_count(0)
