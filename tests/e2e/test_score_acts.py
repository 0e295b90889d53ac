"""What people do with the score by pointer and wheel, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.e2e.test_score import WIDE, act, drawn, x_of
from tests.web.serving import Api

pytestmark = pytest.mark.e2e


@pytest.fixture
def busy(make_session: MakeSession) -> Api:
    """A session in which functions were called on all CPUs, one of them to its end."""
    session = make_session(backend="vmi")
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    session.command("call_guest", cpu=1, function="smp_call_function")
    session.command("step", unit="operation", count=60)
    return session


def opened(open_page: Open, session: Api) -> Page:
    """Its page, with all of the score in sight."""
    page = open_page(f"/s/{session.id}", viewport=WIDE)
    page.locator("#score-forms label", has_text="Drawing").click()
    page.locator("#score-canvas").wait_for()
    for _ in range(50):
        page.wait_for_timeout(100)
        if len(drawn(page)["shapes"]) > 10:
            break
    act(page, "fit")
    return page


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """A point of the canvas as one of the page."""
    box = page.locator("#score-canvas").bounding_box()
    assert box is not None
    return box["x"] + x, box["y"] + y


def shape_of(scene: dict[str, Any], style: str) -> dict[str, Any]:
    shapes: list[dict[str, Any]] = [shape for shape in scene["shapes"] if shape["style"] == style]
    return max(shapes, key=lambda shape: shape["width"])


def test_dragging_on_the_axis_goes_to_the_moment_under_the_pointer_and_back(open_page: Open, busy: Api) -> None:
    page = opened(open_page, busy)
    scene = drawn(page)
    head = busy.state()
    middle = x_of(scene, scene["newest"] / 2)

    page.mouse.move(*place(page, x_of(scene, scene["newest"]), 10))
    page.mouse.down()
    page.mouse.move(*place(page, middle + 60, 10), steps=4)
    page.mouse.move(*place(page, middle, 10), steps=4)
    page.mouse.up()
    expect(page.locator("#back-to-live")).to_be_visible()
    page.wait_for_timeout(600)

    there = busy.state()
    assert there["tick"] < head["tick"]
    assert abs(x_of(drawn(page), there["time"]) - middle) < 80
    assert drawn(page)["scale"] == scene["scale"], "the score stays where it is"
    assert drawn(page)["newest"] == scene["newest"], "what is to come stays in sight"

    page.mouse.move(*place(page, middle, 10))
    page.mouse.down()
    page.mouse.move(*place(page, 1590, 10), steps=4)
    page.mouse.up()
    page.wait_for_timeout(600)
    assert busy.state()["tick"] == head["tick"]


def test_the_wheel_with_ctrl_zooms_where_the_pointer_is_and_a_drag_pans(open_page: Open, busy: Api) -> None:
    page = opened(open_page, busy)
    before = drawn(page)["scale"]
    x, y = 700, 150
    under = before["from"] + (x - before["left"]) / before["width"] * (before["to"] - before["from"])

    page.mouse.move(*place(page, x, y))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_timeout(200)
    scene = drawn(page)
    closer = scene["scale"]
    assert closer["to"] - closer["from"] < 0.7 * (before["to"] - before["from"])
    assert abs(x_of(scene, under) - x) < 1

    page.mouse.down()
    page.mouse.move(*place(page, x + 200, y), steps=5)
    page.mouse.up()
    page.wait_for_timeout(200)
    assert abs(x_of(drawn(page), under) - x - 200) < 2


def test_the_pointer_on_a_span_says_it_in_words_and_dims_what_is_not_its_interrupt(open_page: Open, busy: Api) -> None:
    page = opened(open_page, busy)
    shape = shape_of(drawn(page), "bar")

    page.mouse.move(*place(page, shape["x"] + shape["width"] / 2, shape["y"] + shape["height"] / 2))
    tip = page.locator(".score-tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text(f"CPU {shape['lane']}: {shape['value']:#x} is in service for")

    page.mouse.move(*place(page, shape["x"], 5))
    expect(tip).to_be_hidden()


def test_a_click_selects_the_span_and_its_cpu(open_page: Open, busy: Api) -> None:
    page = opened(open_page, busy)
    shapes = [shape for shape in drawn(page)["shapes"] if shape["style"] == "bar" and shape["lane"] == 3]
    shape = max(shapes, key=lambda one: one["width"])

    page.mouse.click(*place(page, shape["x"] + shape["width"] / 2, shape["y"] + shape["height"] / 2))
    page.wait_for_timeout(200)

    lanes = [lane for lane in drawn(page)["lanes"] if lane["selected"]]
    assert [lane["cpus"] for lane in lanes] == [[3]]
    assert page.evaluate("new URLSearchParams(location.search).get('span')") in (None, str(shape["id"]))


def test_the_newest_time_stays_in_sight_until_somebody_looks_elsewhere(open_page: Open, busy: Api) -> None:
    page = opened(open_page, busy)
    act(page, "zoomIn", 3)
    busy.command("run_until_idle")
    page.wait_for_timeout(900)
    scene = drawn(page)
    assert scene["scale"]["from"] < scene["newest"] < scene["scale"]["to"]

    act(page, "panLeft", 2)
    there = drawn(page)["scale"]
    busy.command("call_guest", cpu=2, function="smp_call_function")
    busy.command("run_until_idle")
    page.wait_for_timeout(900)
    assert drawn(page)["scale"] == there
    assert drawn(page)["newest"] > scene["newest"]


def test_who_acts_in_the_past_sees_the_future_that_was_left_as_a_ghost(open_page: Open, busy: Api) -> None:
    page = opened(open_page, busy)
    newest = drawn(page)["newest"]
    busy.command("seek", time=newest // 2)
    page.wait_for_timeout(700)
    assert drawn(page)["newest"] == newest
    busy.command("call_guest", cpu=2, function="smp_call_function")
    busy.command("step", unit="operation", count=3)
    page.wait_for_timeout(1200)

    scene = drawn(page)
    assert scene["newest"] < newest
    assert scene["ghost"] > newest // 2

    page.reload()
    page.wait_for_timeout(2500)
    assert drawn(page)["ghost"] == scene["ghost"], "who comes later sees it, too"
