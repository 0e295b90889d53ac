"""Densities: a lecture for the last row, a review with everything at once; apart from themes, open to everybody."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.e2e.test_layout import COMPARED
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

LAPTOP = {"width": 1280, "height": 720}

#: Every text that somebody can see, with the element that it stands in.
SEEN = """
const seen = () => {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode, one = text.parentElement;
        if (!text.data.trim() || !one.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
        if (one.closest('option, noscript, script, style')) continue;
        let clipped = false;
        for (let at = one; at; at = at.parentElement) clipped ||= getComputedStyle(at).clipPath !== 'none';
        const range = document.createRange();
        range.selectNodeContents(text);
        const box = range.getBoundingClientRect();
        if (!clipped && box.width > 1 && box.height > 1) found.push([text, one]);
    }
    return found;
};
"""
SMALLER_THAN = (
    "least => {"
    + SEEN
    + """
    return seen().filter(([, one]) => parseFloat(getComputedStyle(one).fontSize) < least - 0.01)
        .map(([text, one]) => `${one.className} ${one.id}: ${text.data.trim()} ${getComputedStyle(one).fontSize}`);
}"""
)
#: Names of functions, registers and numbers that go on in another line.
BROKEN = (
    "() => {"
    + SEEN
    + r"""
    const broken = [];
    for (const [text, one] of seen()) {
        for (const name of text.data.matchAll(/\w*(?:_\w+|0x[\da-f]+)\w*/g)) {
            const range = document.createRange();
            range.setStart(text, name.index);
            range.setEnd(text, name.index + name[0].length);
            const parts = [...range.getClientRects()].filter(({width}) => width > 0.5);
            const lines = new Set(parts.map(({top}) => Math.round(top)));
            if (lines.size > 1) broken.push(`${one.className} ${one.id}: ${name[0]}`);
        }
    }
    return broken;
}"""
)
WORDS = "() => {" + SEEN + "return seen().map(([text]) => text.data.trim()).join(' | '); }"


def in_density(open_page: Open, session: Api, density: str, size: dict[str, int]) -> Page:
    page = open_page(f"/s/{session.id}", viewport=size)
    page.locator(f"#densities input[value='{density}']").check(force=True)
    expect(page.locator("html")).to_have_attribute("data-density", density)
    page.keyboard.press("Escape")  # nothing is said of what the pointer is on
    expect(page.locator("#lens")).to_be_hidden()
    return page


@pytest.fixture
def held(session: Api) -> Api:
    """Three requests for one vector wait on CPU 2, and CPU 0 is on its way down to a register."""
    session.command("set_backend", backend="vmi")
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    for _ in range(3):
        session.command("call_guest", cpu=0, function="smp_send_reschedule", arguments={"cpu": 2})
    session.command("run_until_idle")
    session.command("send_ipi", cpu=3, vector="0x61", destination=0x77)
    session.command("run_until_idle")
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("step", count=6)
    return session


@pytest.mark.parametrize("size", [(1280, 720), (1280, 800), (1920, 1080)], ids=str)
def test_last_row_can_read_every_text(open_page: Open, held: Api, size: tuple[int, int]) -> None:
    width, height = size
    page = in_density(open_page, held, "lecture", {"width": width, "height": height})
    expect(page.locator("#caption")).to_contain_text("waits on CPU 2")

    assert page.evaluate(SMALLER_THAN, height / 36) == []
    for large in ("#caption", ".chip-on-shelf b"):
        letters = page.locator(large).first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
        assert letters >= height * 0.0395, large

    page.locator("#causes-toggle").click()
    page.evaluate("for (const part of document.querySelectorAll('#causes details')) part.open = true")
    assert page.evaluate(SMALLER_THAN, height / 36) == []
    assert page.evaluate(BROKEN) == []


@pytest.mark.parametrize("cpus", [16, 64])
def test_last_row_can_read_many_cpus(open_page: Open, make_session: MakeSession, cpus: int) -> None:
    page = in_density(open_page, make_session(cpus=cpus), "lecture", LAPTOP)
    expect(page.locator("#machine .well").first).to_be_visible()

    assert page.evaluate(SMALLER_THAN, 20) == []


def test_lecture_says_each_fact_once_and_breaks_no_name(open_page: Open, held: Api) -> None:
    page = in_density(open_page, held, "lecture", LAPTOP)
    state = held.state()
    (function,) = {state["cpus"][0]["call_stack"][-1]["function"]}
    step = state["cpus"][0]["step"]["words"]
    expect(page.locator("#path")).to_contain_text(step)

    running = page.evaluate(WORDS)
    assert running.count(step) == 1
    assert page.locator(".long-name:visible", has_text=f"{function}()").count() == 1
    assert page.evaluate(BROKEN) == []

    page.locator("#machine [data-cpu='2'] .well-select").click()
    expect(page.locator("#gates-title")).to_contain_text("CPU 2")
    expect(page.locator("#ladder.of-caption [data-state=barred]")).to_be_visible()
    waiting = page.evaluate(WORDS).lower()
    assert waiting.count("interrupts are held off") == 1
    assert waiting.count("paused") == 0  # the button says Run
    assert page.evaluate(BROKEN) == []


def test_lecture_explains_what_the_caption_speaks_of_where_the_selected_cpu_is_idle(
    open_page: Open, session: Api
) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("run_until_idle")
    page = in_density(open_page, session, "lecture", LAPTOP)

    expect(page.locator("#gates-title")).to_have_text("0x61 on CPU 2")
    expect(page.locator("#ladder.of-caption [data-state=barred]")).to_be_visible()
    assert page.evaluate(WORDS).lower().count("interrupts are held off") == 1
    page.keyboard.press("y")
    page.keyboard.press("y")
    expect(page.locator("html")).to_have_attribute("data-density", "explore")
    expect(page.locator("#ladder")).to_be_hidden()


def test_name_without_room_loses_its_middle_and_keeps_its_end(open_page: Open, held: Api) -> None:
    page = in_density(open_page, held, "lecture", LAPTOP)
    name = page.locator("#path .long-name:visible").first
    expect(name).to_be_visible()

    ends = name.evaluate(
        """one => {
            one.firstElementChild.textContent = 'a_function_with_a_very_long_name_that_nobody_';
            const [start, end] = one.children;
            const box = one.closest('li').getBoundingClientRect();
            return [start.scrollWidth > start.clientWidth, end.scrollWidth <= end.clientWidth + 1,
                    end.getBoundingClientRect().right <= box.right + 1];
        }"""
    )

    assert ends == [True, True, True]


def test_causes_cover_neither_sender_nor_target(open_page: Open, held: Api) -> None:
    page = in_density(open_page, held, "lecture", LAPTOP)
    places = """() => ['#machine [data-cpu="0"]', '#machine [data-cpu="2"]', '#caption', '#score']
        .map(part => Object.values(document.querySelector(part).getBoundingClientRect().toJSON()).map(Math.round))"""
    before = page.evaluate(places)

    page.keyboard.press("s")
    expect(page.locator("#send-vector")).to_be_focused()

    assert page.evaluate(places) == before
    causes = page.locator("#causes").bounding_box()
    assert causes is not None
    assert all(causes["x"] >= x + width for x, _, width, *_ in before[:2])
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#causes")).to_be_hidden()
    expect(page.locator("#explains")).to_be_visible()


def test_machine_that_acts_by_itself_says_so_in_a_lecture(open_page: Open, session: Api) -> None:
    page = in_density(open_page, session, "lecture", LAPTOP)
    expect(page.locator("#mode")).to_be_visible()

    session.command("demonstrate", enabled=True)

    expect(page.locator("#mode")).to_contain_text("acts by itself")


def test_density_follows_the_projector_until_it_is_chosen_and_is_remembered(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport=LAPTOP)
    html = page.locator("html")
    expect(html).to_have_attribute("data-density", "explore")

    page.keyboard.press("p")
    expect(html).to_have_attribute("data-theme", "projector")
    expect(html).to_have_attribute("data-density", "lecture")
    page.keyboard.press("p")
    expect(html).to_have_attribute("data-density", "explore")

    page.keyboard.press("y")
    page.keyboard.press("y")
    expect(html).to_have_attribute("data-density", "review")
    page.locator("#themes input[value='projector']").check(force=True)
    expect(html).to_have_attribute("data-theme", "projector")
    expect(html).to_have_attribute("data-density", "review")
    page.reload()
    expect(html).to_have_attribute("data-density", "review")
    expect(page.locator("#densities input[value='review']")).to_be_checked()
    page.keyboard.press("p")
    expect(html).to_have_attribute("data-density", "review")
    page.keyboard.press("p")
    expect(html).to_have_attribute("data-density", "lecture")
    page.keyboard.press("p")
    expect(html).to_have_attribute("data-density", "review")


def test_review_shows_registers_costs_gates_and_path_without_scrolling(open_page: Open, held: Api) -> None:
    page = in_density(open_page, held, "review", {"width": 1600, "height": 1000})
    page.locator("#machine [data-cpu='2'] .well-select").click()
    expect(page.locator("#ladder")).to_be_visible()

    cut = page.evaluate(
        """() => ['#counters', '#pricing-sheet', '#gates', '#register-list', '#lvt-list', '#icr-ruler'].filter(part => {
            const one = document.querySelector(part), box = one.getBoundingClientRect();
            if (!one.checkVisibility({contentVisibilityAuto: true}) || box.height < 10) return true;
            for (let at = one.parentElement; at; at = at.parentElement) {
                const around = at.getBoundingClientRect();
                if (getComputedStyle(at).overflowY !== 'visible' && at !== document.body
                    && (box.bottom > around.bottom + 1 || box.right > around.right + 1)) return true;
            }
            return false;
        })"""
    )
    assert cut == []
    gates, path = (page.locator(part).bounding_box() for part in ("#gates", "#path-title"))
    assert gates is not None
    assert path is not None
    assert gates["x"] + gates["width"] <= path["x"]
    assert gates["y"] <= path["y"] + path["height"] <= gates["y"] + gates["height"]


def test_text_grows_with_a_large_screen(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1920, "height": 1080})
    size = "parseFloat(getComputedStyle(document.body).fontSize)"
    on_a_desk = page.evaluate(size)

    page.set_viewport_size({"width": 3840, "height": 2160})

    assert page.evaluate(size) >= 1.6 * on_a_desk


AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
#: What another theme can break that the first has not.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SET = """([theme, density]) => {
    const {dataset} = document.documentElement;
    dataset.theme = theme;
    dataset.density = density;
}"""


def violations(page: Page, theme: str, density: str) -> list[str]:
    page.evaluate(SET, [theme, density])
    results = Axe().run(page, options=AXE if theme == "light" else COLOURS)
    found: list[dict[str, Any]] = results.response["violations"]
    return [
        f"{theme} {density}: {item['id']} {node['target']} {node['failureSummary']}"
        for item in found
        for node in item["nodes"]
    ]


@pytest.mark.parametrize("density", ["explore", "lecture", "review"])
def test_axe_finds_nothing_on_the_machine_in_any_theme(open_page: Open, held: Api, density: str) -> None:
    page = in_density(open_page, held, density, LAPTOP)
    expect(page.locator("#composed.old")).to_have_count(0)  # what is about to be replaced is pale

    found = [one for theme in ("light", "dark", "projector") for one in violations(page, theme, density)]

    assert found == []


@pytest.mark.parametrize(
    "path",
    ["/back-ends", "/guest-functions", "/costs", "/costs/2007", "/registers", "/profiles", "/kept", "/docs", "/ab"],
)
def test_axe_finds_nothing_on_other_pages_in_any_theme(open_page: Open, path: str) -> None:
    page = open_page(path, live=False)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")  # where no bar lies over anything

    found = [one for theme in ("light", "dark", "projector") for one in violations(page, theme, "explore")]

    assert found == []


@pytest.mark.parametrize("density", ["explore", "lecture", "review"])
@pytest.mark.parametrize(
    ("path", "whole"), [(COMPARED, "#finding"), ("/verdict", ".summary")], ids=["compare", "verdict"]
)
def test_axe_finds_nothing_on_what_is_worked_out_in_any_density(
    open_page: Open, path: str, whole: str, density: str
) -> None:
    page = open_page(path, live=False, viewport=LAPTOP)
    page.locator(whole).first.wait_for(timeout=60_000)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")  # where no bar lies over anything

    found = [one for theme in ("light", "dark", "projector") for one in violations(page, theme, density)]

    assert found == []
