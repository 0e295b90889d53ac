"""The verdict in a real browser: for everybody, on any screen, by keyboard, with scripts on and off."""

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.test_page import serious

pytestmark = pytest.mark.e2e
LONG_ENOUGH = 30_000


def judged(open_page: Open, path: str = "/verdict", **settings: object) -> Page:
    """The page with its verdict."""
    page = open_page(path, live=False, **settings)
    page.locator(".summary").wait_for(timeout=LONG_ENOUGH)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/verdict", "/verdict?sheet=sapphire-rapids"])
def test_axe_finds_nothing_serious(open_page: Open, scheme: Literal["light", "dark"], path: str) -> None:
    page = judged(open_page, path, color_scheme=scheme, viewport={"width": 1280, "height": 720})

    results = Axe().run(page)

    assert serious(results.response["violations"]) == []


def test_axe_finds_nothing_serious_while_it_is_under_way(open_page: Open) -> None:
    page = open_page("/verdict?sheet=amd-zen3%3Fvm_exit%3D901", live=False, java_script_enabled=True)

    assert serious(Axe().run(page).response["violations"]) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_page_is_no_wider_than_the_screen(open_page: Open, width: int) -> None:
    page = judged(open_page, viewport={"width": width, "height": 844})

    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@pytest.mark.parametrize("scripts", [True, False])
def test_keyboard_alone_chooses_another_sheet(open_page: Open, scripts: bool) -> None:
    page = judged(open_page, java_script_enabled=scripts)

    page.get_by_label("By the prices of").focus()
    page.keyboard.type("Sapphire")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/verdict\?sheet=sapphire-rapids$"))
    expect(page.get_by_role("heading", name="In short, by Sapphire Rapids")).to_be_visible(timeout=LONG_ENOUGH)
    expect(page.locator("#since .judged")).to_contain_text("against")


def test_summary_leads_to_each_claim(open_page: Open) -> None:
    page = judged(open_page)

    page.get_by_role("link", name=re.compile("A small and sane replacement")).click()

    expect(page.get_by_role("heading", name="A small and sane replacement")).to_be_in_viewport()


def test_source_of_a_measured_figure_opens_by_keyboard(open_page: Open) -> None:
    page = judged(open_page)
    figure = page.locator("#validation summary").first

    figure.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#validation details").first).to_contain_text("Linux commit 4180bf1b655a")


def test_marks_are_told_apart_by_shape(open_page: Open) -> None:
    page = judged(open_page, forced_colors="active")

    assert page.locator(".findings .for .stand.full").count() > 0
    assert page.locator(".findings .against .stand.hollow").count() > 0
