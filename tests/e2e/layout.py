"""How a page lies in its window, looked at by `layout.js` in one go over the whole page."""

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

_SCRIPT = Path(__file__).with_suffix(".js").read_text()


def script(look: Literal["flaws", "stays", "strobing", "movedByHover", "watchShifts"]) -> str:
    """What a page runs to call the function *look* of `layout.js`."""
    return f"(() => {{ {_SCRIPT}\nreturn {look}(); }})()"


def looked(page: Page, look: Literal["flaws", "stays", "strobing", "movedByHover"]) -> Any:
    """What the function *look* finds on *page*."""
    return page.evaluate(script(look))
