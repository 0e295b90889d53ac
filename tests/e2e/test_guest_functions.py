"""The page of guest functions in a real browser."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from tests.e2e.conftest import Open
from tests.e2e.test_page import serious

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious(open_page: Open, scheme: Literal["light", "dark"], width: int) -> None:
    page = open_page("/guest-functions", color_scheme=scheme, live=False, viewport={"width": width, "height": 720})

    results = Axe().run(page)

    assert serious(results.response["violations"]) == []


@pytest.mark.parametrize("width", [320, 390, 1280, 1920])
def test_page_is_no_wider_than_the_screen(open_page: Open, width: int) -> None:
    page = open_page("/guest-functions", live=False, viewport={"width": width, "height": 844})

    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert too_wide <= 0


def test_steps_are_numbered(open_page: Open) -> None:
    page = open_page("/guest-functions", live=False)

    assert page.locator(".guest-list ol").first.evaluate("list => getComputedStyle(list).listStyleType") == "decimal"
