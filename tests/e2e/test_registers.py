"""The register reference in a real browser: for everybody, on any screen, by keyboard, and with scripts off."""

import re
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
    page = open_page("/registers", color_scheme=scheme, live=False, viewport={"width": width, "height": 800})

    results = Axe().run(page)

    assert serious(results.response["violations"]) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_page_is_no_wider_than_the_screen(open_page: Open, width: int) -> None:
    page = open_page("/registers", live=False, viewport={"width": width, "height": 844})

    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert too_wide <= 0


def test_keyboard_alone_jumps_to_a_register(open_page: Open) -> None:
    page = open_page("/registers", live=False, viewport={"width": 1280, "height": 720})
    keys = page.keyboard
    article = page.locator("article#IOREDTBL")
    expect(article).not_to_be_in_viewport()

    keys.press("Tab")
    expect(page.locator(".skips a").first).to_be_in_viewport()
    link = page.get_by_role("navigation", name="Registers by subject").get_by_role("link", name="IOREDTBL", exact=True)
    for _ in range(80):
        if link.evaluate("link => link === document.activeElement"):
            break
        keys.press("Tab")
    expect(link).to_be_focused()
    keys.press("Enter")

    expect(page).to_have_url(re.compile(r"/registers#IOREDTBL$"))
    expect(article.get_by_role("heading", name="IOREDTBL")).to_be_in_viewport()
    expect(article).to_be_focused()
    keys.press("Tab")
    expect(article.get_by_role("link", name="IOREDTBL")).to_be_focused()


def test_filter_works_without_scripts(open_page: Open) -> None:
    page = open_page("/registers", live=False, java_script_enabled=False)

    page.get_by_role("searchbox", name="Filter").fill("remote IRR")
    page.keyboard.press("Enter")

    expect(page.locator("article#IOREDTBL")).to_have_count(1)
    expect(page.locator("article#TPR")).to_have_count(0)
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("article#TPR")).to_have_count(1)


@pytest.mark.parametrize(("name", "anchor"), [("SVR", "SVR"), ("ICR", "ICR_LOW"), ("lint0", "LVT_LINT0")])
def test_inspector_leads_to_the_register(open_page: Open, session: Api, name: str, anchor: str) -> None:
    page = open_page(f"/s/{session.id}")
    page.locator("details.lvt summary").click()

    page.locator("#inspector").get_by_role("link", name=name, exact=True).click()

    expect(page.locator(f"article#{anchor}")).to_be_in_viewport()
    expect(page.locator(f"article#{anchor}")).to_be_focused()
