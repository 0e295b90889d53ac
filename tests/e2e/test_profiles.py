"""The profiles' page, and what acts inside one CPU, in a real browser."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

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


def tab_to(page: Page, control: Locator) -> None:
    """Presses Tab until *control* has the focus."""
    for _ in range(120):
        if control.evaluate("control => control === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(control).to_be_focused()


def test_thermal_sensor_is_set_up_and_fired_by_keyboard_alone(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    form, keys = page.locator("#local-form"), page.keyboard

    tab_to(page, page.locator("#local-section summary"))
    keys.press("Enter")
    tab_to(page, form.locator("#local-cpu"))
    keys.type("CPU 2")
    tab_to(page, form.locator("#local-register"))
    keys.type("LVT_THERMAL")
    tab_to(page, form.locator("#local-value"))
    keys.press("Control+A")
    keys.type("0x55")
    tab_to(page, form.get_by_role("button", name="Write"))
    keys.press("Enter")
    expect(form.locator("#local-answer")).to_have_text("CPU 2: LVT THERMAL (0x330) was written: 0x55.")
    source = form.locator("[data-entry='thermal']")
    for _ in range(20):
        keys.press("Shift+Tab")
        if source.evaluate("one => one === document.activeElement"):
            break
    expect(source).to_have_accessible_name("The source of thermal of CPU 2 fires once")
    keys.press("Enter")

    expect(page.locator("#log-lines")).to_contain_text("CPU 2 accepts 0x55: IRR bit set.")
    assert int(session.state()["cpus"][2]["irr"], 16) == 1 << 0x55


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious_inside_one_cpu(
    open_page: Open, session: Api, scheme: Literal["light", "dark"], width: int
) -> None:
    page = open_page(f"/s/{session.id}", color_scheme=scheme, viewport={"width": width, "height": 800})
    # On a phone the sheet's tab shows the section, unfolded.
    page.locator("#local-section summary:visible, .sheet-tab[data-shows=local]:visible").click()
    expect(page.locator("#local-form")).to_be_visible()

    results = Axe().run(page)

    assert serious(results.response["violations"]) == []
