"""Looking at what a page has drawn, until it is as it must be."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

#: Looks, fifty milliseconds apart.
_MOST_LOOKS = 400


def awaited(
    page: Page, look: Callable[[], dict[str, Any]], condition: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """What *look* finds on *page* as soon as it meets *condition*. Playwright takes any promise of a script
    for what it waits for."""
    found: dict[str, Any] = {}
    for _ in range(_MOST_LOOKS):
        found = look()
        if condition(found):
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"it never came; at last there was {str(found)[:2_000]}")
