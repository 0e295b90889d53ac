"""How a page lies in its window, looked at by `layout.js` in one go over the whole page."""

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

_SCRIPT = Path(__file__).with_suffix(".js").read_text()


def script(look: Literal["flaws", "stays", "strobing", "noteControls", "watchShifts"]) -> str:
    """What a page runs to call the function *look* of `layout.js`."""
    return f"(() => {{ {_SCRIPT}\nreturn {look}(); }})()"


def looked(page: Page, look: Literal["flaws", "stays", "strobing", "noteControls"]) -> Any:
    """What the function *look* finds on *page*."""
    return page.evaluate(script(look))


def moved_by_hover(page: Page) -> list[str]:
    """What of *page* is elsewhere once the pointer is over it: its words."""
    moved = []
    for at in range(looked(page, "noteControls")):
        page.evaluate("at => window.controls[at].scrollIntoView({block: 'nearest'})", at)
        before = page.evaluate(_PLACE, at)
        page.mouse.move(before[0] + before[2] / 2, before[1] + before[3] / 2)
        if page.evaluate(_PLACE_DRAWN, at) != before:
            moved.append(page.evaluate("at => window.controls[at].outerHTML.slice(0, 120)", at))
    return moved


_PLACE = """at => {
    const {x, y, width, height} = window.controls[at].getBoundingClientRect();
    return [x, y, width, height];
}"""
_PLACE_DRAWN = (
    f"at => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(({_PLACE})(at)))))"
)
