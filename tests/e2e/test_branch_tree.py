"""The tree of branches and what leads from it: another branch, a name, both courses at one time; by keyboard too."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.e2e.test_page import RULES
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def branched(make_session: MakeSession) -> Api:
    """A session whose branch 1 left main at tick 9; it shows branch 1."""
    session = make_session()
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    session.command("seek", tick=9)
    session.command("set_interrupt_flag", cpu=1, enabled=False)
    session.command("run_until_idle")
    return session


def unfold(page: Page) -> None:
    """Unfolds the tree, which is fetched anew then."""
    with page.expect_response(re.compile(r"/branches$")) as fetched:
        page.locator("#branches-open").press("Enter")
    fetched.value.finished()
    page.wait_for_timeout(250)  # and takes the place of what stood there


def test_fork_of_the_tree_meets_the_line_that_it_leaves(open_page: Open, branched: Api) -> None:
    page = open_page(f"/s/{branched.id}")
    unfold(page)
    expect(page.locator(".branch-tree")).to_have_count(2)

    main, other = (
        page.locator(".branch-tree")
        .nth(row)
        .evaluate(
            """tree => ['.tree-course', '.tree-fork'].map(part => {
                const { left, right, top, bottom } = tree.querySelector(part).getBoundingClientRect();
                return { left, right, top, bottom };
            })"""
        )
        for row in range(2)
    )

    (main_course, main_fork), (course, fork) = main, other
    assert main_fork["left"] == pytest.approx(fork["left"], abs=1)
    assert main_fork["bottom"] == pytest.approx(fork["top"], abs=2)  # a hairline stands between the rows
    assert course["left"] == pytest.approx(fork["left"], abs=2)
    assert main_course["left"] <= fork["left"] <= main_course["right"]


def test_both_courses_are_reached_from_the_tree_and_compared_by_keyboard(open_page: Open, branched: Api) -> None:
    page = open_page(f"/s/{branched.id}")
    unfold(page)
    page.get_by_role("link", name="Compare main with branch 1").press("Enter")
    expect(page.locator("h1")).to_have_text("Two branches at one time")
    expect(page.locator("#compared")).to_contain_text("Until tick 9, at cycle")
    slider = page.get_by_role("slider", name="Time")

    slider.press("Home")
    expect(page.locator("#compared")).to_contain_text("At cycle 0 this is one moment of both.")
    expect(page.locator(".differing tbody")).to_have_text(re.compile("Nothing differs"))
    slider.press("End")

    expect(page.locator("#compared")).to_contain_text(re.compile(r"things? differ"))
    expect(page.locator(".differing tbody")).to_contain_text("held off by hand")
    assert f"time={page.get_by_label('at cycle').input_value()}" in page.url
    page.get_by_role("button", name=re.compile("Show tick .* of main")).click()
    page.locator("#link[data-link=live]").wait_for()
    assert branched.state()["branch"] == 0


def test_time_can_be_asked_for_without_scripts(open_page: Open, branched: Api) -> None:
    page = open_page(f"/s/{branched.id}/branches/compare?a=0&b=1", live=False, java_script_enabled=False)

    page.get_by_label("at cycle").fill("0")
    page.get_by_role("button", name="Compare", exact=True).click()

    expect(page.locator("#compared")).to_contain_text("At cycle 0 this is one moment of both.")


def test_branch_that_was_left_is_drawn_faintly_and_the_tree_chooses_another_or_none(
    open_page: Open, branched: Api
) -> None:
    page = open_page(f"/s/{branched.id}")
    unfold(page)
    ghost = page.get_by_role("button", name="Draw main faintly in the score")
    canvas = page.locator("#score-canvas")
    expect(ghost).to_have_attribute("aria-pressed", "true")  # what this branch leaves
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    with_ghost = canvas.screenshot()

    unfold(page)
    ghost.click()
    expect(ghost).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(page.locator("#branches")).to_be_hidden()

    assert canvas.screenshot() != with_ghost
    unfold(page)
    page.get_by_role("button", name="Show main").click()
    expect(page.locator("#branch-now")).to_have_text("main")
    left = page.get_by_role("button", name="Draw branch 1 faintly in the score")
    expect(left).to_have_attribute("aria-pressed", "true")  # the one that was left last


def test_both_scores_show_one_time_and_move_together(open_page: Open, branched: Api) -> None:
    page = open_page(f"/s/{branched.id}/branches/compare?a=0&b=1", live=False)
    boxes = page.locator(".branches-score-box")
    page.wait_for_timeout(800)
    before = [boxes.nth(side).screenshot() for side in (0, 1)]

    page.get_by_role("button", name="Closer").click()
    page.wait_for_timeout(300)

    after = [boxes.nth(side).screenshot() for side in (0, 1)]
    assert all(one != other for one, other in zip(before, after, strict=True))
    axis = boxes.first.bounding_box()
    assert axis is not None
    page.mouse.click(axis["x"] + axis["width"] / 2, axis["y"] + 8)  # the axis: go to that time
    expect(page.locator("#compared")).not_to_have_attribute("data-time", "2699")
    slider = page.locator("#time-slider")
    notch = int(slider.get_attribute("step") or 0)
    assert abs(int(slider.input_value()) - int(page.get_by_label("at cycle").input_value())) < notch


def test_scores_begin_a_little_before_the_fork_and_say_where_a_branch_ends(open_page: Open, branched: Api) -> None:
    page = open_page(f"/s/{branched.id}/branches/compare?a=0&b=1", live=False)
    compared = page.locator("#compared")
    fork, last = (int(compared.get_attribute(f"data-{name}") or 0) for name in ("fork", "last"))

    desk = "scoreOn(document.querySelector('.branches-score-box canvas')).desk"
    at = page.evaluate(
        f"async (module) => {{ const {{ scoreOn }} = await import(module); const desk = {desk};"
        " return [desk.scale.from, desk.scale.to, desk.whole]; }",
        page.evaluate(
            "[...performance.getEntriesByType('resource')].find((e) => e.name.endsWith('views/score.js')).name"
        ),
    )

    assert 0 <= at[0] <= fork < last < at[1]
    assert fork - at[0] <= (last - fork) * 0.2
    assert at[2] is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_comparison(open_page: Open, branched: Api, scheme: str) -> None:
    page = open_page(f"/s/{branched.id}/branches/compare?a=0&b=1", live=False, color_scheme=scheme)

    results = Axe().run(page, options=RULES)

    assert [(item["id"], node["target"]) for item in results.response["violations"] for node in item["nodes"]] == []


def test_tree_and_comparison_fit_a_phone(open_page: Open, branched: Api) -> None:
    page = open_page(f"/s/{branched.id}", viewport=PHONE, has_touch=True)
    page.locator("#transport-more").tap()
    page.locator("#branches-open").tap()
    expect(page.get_by_role("link", name="Compare main with branch 1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    page.get_by_role("link", name="Compare main with branch 1").tap()

    expect(page.locator("h1")).to_have_text("Two branches at one time")
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
