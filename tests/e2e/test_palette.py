"""The command in one line on the page: written, completed, foreseen, done, found again."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from app.commands.line_reading import WAYS
from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e


def opened(page: Page) -> Locator:
    """The line, with the focus, by its key."""
    page.keyboard.press("/")
    line = page.get_by_role("combobox", name="Command in one line")
    expect(line).to_be_focused()
    return line


def says(page: Page) -> Locator:
    return page.locator("#palette-says")


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="What may come next").get_by_role("option")


def test_line_says_what_it_would_come_to_and_enter_does_it(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    line = opened(page)

    line.press_sequentially("ipi 0 2 61")
    expect(says(page)).to_have_text("Will reach CPU 2.")
    page.keyboard.press("Enter")

    expect(says(page)).to_contain_text("CPU 0 has been told to send 0x61.")
    expect(line).to_have_value("")
    expect(line).to_be_focused()
    session.command("run_until_idle")
    assert session.state()["counters"]["ipis_sent"] == 1


def test_foresight_follows_the_machine_while_the_line_stands(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    opened(page).press_sequentially("ipi 0 2 61")
    expect(says(page)).to_have_text("Will reach CPU 2.")

    session.command("set_interrupt_flag", cpu=2, enabled=False)
    expect(says(page)).to_contain_text("On CPU 2 it will wait: interrupts are held off by hand, though IF is 1.")
    session.command("send_ipi", cpu=1, vector=0x61, destination=2)
    session.command("run_until_idle")
    expect(says(page)).to_contain_text("On CPU 2 it will merge: 0x61 is already requested there.")


def test_what_is_wrong_is_told_and_nothing_is_done(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    line = opened(page)

    line.press_sequentially("ipi 9 2 61")
    expect(says(page)).to_have_text("there is no CPU 9; this machine has 0 to 3")
    expect(line).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".palette-under mark")).to_have_text("9")
    line.fill("pin 16")
    page.keyboard.press("Enter")

    expect(page.locator("#palette-said")).to_have_text("one of up, down is missing")
    expect(line).to_have_value("pin 16")
    assert session.state()["tick"] == 0


def test_tab_completes_what_is_begun_and_arrows_choose(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    line = opened(page)

    line.press_sequentially("bac")
    expect(options(page)).to_have_count(2)
    page.keyboard.press("Tab")
    expect(line).to_have_value("back")
    line.press_sequentially("e")
    page.keyboard.press("Tab")
    expect(line).to_have_value("backend ")
    expect(options(page).first).to_contain_text("native-xapic")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#palette-list [aria-selected=true] .choice")
    expect(line).to_have_attribute("aria-activedescendant", re.compile("palette-list-1"))
    name = chosen.inner_text()
    page.keyboard.press("Enter")
    expect(line).to_have_value(f"backend {name} ")
    page.keyboard.press("Enter")
    expect(line).to_have_value("")
    expect(says(page)).to_contain_text(name)
    assert session.state()["backend"] == name


def test_pointer_chooses_and_the_line_keeps_the_focus(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    line = opened(page)

    line.press_sequentially("if 2 ")
    options(page).filter(has_text="holds interrupts off").click()

    expect(line).to_have_value("if 2 off ")
    expect(line).to_be_focused()


def test_lines_are_found_again_also_after_a_reload(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    line = opened(page)
    for text in ("if 1 off", "if 2 off"):
        line.fill(text)
        page.keyboard.press("Enter")
        expect(line).to_have_value("")

    page.reload()
    page.locator("#link[data-link=live]").wait_for()
    line = opened(page)
    line.press_sequentially("pa")
    for expected in ("if 2 off", "if 1 off", "if 1 off"):
        page.keyboard.press("ArrowUp")
        expect(line).to_have_value(expected)
    for expected in ("if 2 off", "pa"):
        page.keyboard.press("ArrowDown")
        expect(line).to_have_value(expected)


def test_escape_leaves_and_tab_is_no_trap(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    line = opened(page)
    line.press_sequentially("ip")
    expect(options(page)).to_have_count(1)

    page.keyboard.press("Escape")
    expect(page.locator("#machine")).to_be_focused()
    expect(page.locator("#palette-list")).to_be_hidden()
    page.keyboard.press("/")
    line.fill("")
    page.keyboard.press("Tab")
    expect(line).not_to_be_focused()


def test_list_stays_shut_after_enter_until_an_arrow_asks(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    line = opened(page)
    line.press_sequentially("if 2 off")
    page.keyboard.press("Enter")
    expect(line).to_have_value("")
    done = says(page).inner_text()
    session.command("set_interrupt_flag", cpu=1, enabled=False)
    page.keyboard.press("Home")
    page.wait_for_timeout(300)

    expect(page.locator("#palette-list")).to_be_hidden()
    expect(says(page)).to_have_text(done)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#palette-list")).to_be_visible()


def test_tab_leads_on_from_the_line_to_what_follows_it(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    opened(page)
    expect(page.locator("#palette-list")).to_be_visible()
    page.keyboard.press("Tab")

    follows = "document.activeElement !== document.body && !document.activeElement.closest('#palette, #palette-list')"
    assert page.evaluate(follows)
    expect(page.locator("#palette-list")).to_be_hidden()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("combobox", name="Command in one line")).to_be_focused()


def test_list_of_a_lecture_covers_no_caption(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1280, "height": 720})
    page.get_by_role("radio", name="Lecture").check(force=True)
    opened(page).press_sequentially("ipi 0 ")
    expect(options(page).filter(has_text="by shorthand")).to_have_count(3)

    listed, line = page.locator("#palette-list").bounding_box(), page.locator("#palette").bounding_box()
    assert listed is not None
    assert line is not None
    assert listed["y"] + listed["height"] <= line["y"]
    assert listed["y"] >= 0


def test_words_never_change_the_height_of_the_line(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    heights = set()
    line = opened(page)
    for text in ("", "ipi 0 ", "ipi 0 2 6", "ipi 0 all fe lowest", "nonsense"):
        line.fill(text)
        page.wait_for_timeout(150)
        box = page.locator("#palette").bounding_box()
        assert box is not None
        heights.add(box["height"])

    assert len(heights) == 1


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_list_lies_over_no_head_of_a_well_and_not_over_the_line(
    open_page: Open, session: Api, size: tuple[int, int]
) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": size[0], "height": size[1]})
    opened(page).press_sequentially("ipi 0 ")
    expect(options(page).filter(has_text="by shorthand")).to_have_count(3)
    listed = page.locator("#palette-list").bounding_box()
    line = page.locator("#palette").bounding_box()
    assert listed is not None
    assert line is not None

    assert listed["y"] >= line["y"] + line["height"] or listed["y"] + listed["height"] <= line["y"]
    assert listed["y"] + listed["height"] <= size[1]
    if size[0] > 720:
        bottom = page.evaluate("document.querySelector('.wells').getBoundingClientRect().bottom")
        assert listed["y"] >= bottom


def test_lecture_shows_the_line_while_somebody_writes_in_it(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1280, "height": 720})
    page.get_by_role("radio", name="Lecture").check(force=True)
    before = page.locator(".wells").bounding_box()
    box = page.locator("#palette").bounding_box()
    assert box is not None
    assert box["width"] <= 1

    opened(page).press_sequentially("ipi 0 2 61")
    expect(says(page)).to_have_text("Will reach CPU 2.")

    box = page.locator("#palette").bounding_box()
    assert box is not None
    assert box["height"] > 720 / 36
    assert page.locator(".wells").bounding_box() == before


def test_help_has_a_row_for_every_line(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    page.keyboard.press("?")

    rows = page.locator(".lines-table tbody tr")
    expect(rows).to_have_count(len(WAYS))
    expect(rows.first).to_contain_text("ipi 0 2 61")


@pytest.mark.parametrize("theme", ["light", "dark", "projector"])
def test_axe_finds_nothing_in_an_open_list(open_page: Open, session: Api, theme: str) -> None:
    page = open_page(f"/s/{session.id}")
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    opened(page).press_sequentially("ipi 0 ")
    expect(options(page).filter(has_text="by shorthand")).to_have_count(3)
    page.keyboard.press("ArrowDown")

    found = Axe().run(page).response["violations"]

    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_sixty_four_cpus_are_said_by_their_runs(open_page: Open, make_session: MakeSession) -> None:
    page = open_page(f"/s/{make_session(cpus=64).id}")
    opened(page).press_sequentially("ipi 0 others 61")

    expect(says(page)).to_have_text("Will reach CPU 1 to 63.")
