"""The profiles' page, and what acts inside one CPU, in a real browser."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.test_page import serious
from tests.web.serving import Api

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious(open_page: Open, scheme: Literal["light", "dark"], width: int) -> None:
    page = open_page("/profiles", color_scheme=scheme, live=False, viewport={"width": width, "height": 800})

    results = Axe().run(page)

    assert serious(results.response["violations"]) == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_page_is_no_wider_than_the_screen(open_page: Open, width: int) -> None:
    page = open_page("/profiles", live=False, viewport={"width": width, "height": 844})

    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert too_wide <= 0


def test_thermal_sensor_is_set_up_and_fired_by_keyboard_alone(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    summary = page.locator("#local-section summary")
    summary.focus()
    page.keyboard.press("Enter")
    form = page.locator("#local-form")

    form.locator("#local-register").focus()
    form.locator("#local-register").select_option("LVT_THERMAL")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("0x55")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(form.locator("#local-answer")).to_contain_text("LVT THERMAL")
    form.locator("#local-source").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(form.locator("#local-answer")).to_contain_text("has fired")
    expect(page.locator("#log-lines")).to_contain_text("CPU 0 accepts 0x55: IRR bit set.")
