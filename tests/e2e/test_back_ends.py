"""The page of back ends in a real browser."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.test_page import serious

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious(open_page: Open, scheme: Literal["light", "dark"], width: int) -> None:
    page = open_page("/back-ends", color_scheme=scheme, live=False, viewport={"width": width, "height": 800})

    results = Axe().run(page)

    assert serious(results.response["violations"]) == []


@pytest.mark.parametrize("width", [320, 390, 1280, 1920])
def test_page_is_no_wider_than_the_screen(open_page: Open, width: int) -> None:
    page = open_page("/back-ends", live=False, viewport={"width": width, "height": 844})

    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert too_wide <= 0


@pytest.mark.parametrize("colors", ["active", "none"])
def test_what_is_replaced_has_another_shape_than_what_is_not(
    open_page: Open, colors: Literal["active", "none"]
) -> None:
    page = open_page("/back-ends", live=False, forced_colors=colors)
    style = "mark => [getComputedStyle(mark).borderRadius, getComputedStyle(mark).borderTopWidth]"

    own = page.locator("td .mark.own").first.evaluate(style)
    replaced = page.locator("td .mark.replaced").first.evaluate(style)

    assert own[0] == "50%"
    assert replaced[0] == "0px"
    assert float(replaced[1].removesuffix("px")) > float(own[1].removesuffix("px"))


def test_table_scrolls_by_keyboard_on_a_small_screen(open_page: Open) -> None:
    page = open_page("/back-ends", live=False, viewport={"width": 390, "height": 844})
    table = page.get_by_role("region", name="Overrides in linux-6")

    table.focus()
    page.keyboard.press("ArrowRight")

    expect(table).to_be_focused()
    page.wait_for_function("region => region.scrollLeft > 0", arg=table.element_handle())
