"""A replayed recording in a real browser: what it cannot show, what differs line by line, the way to each moment."""

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.test_page import serious
from tests.web.serving import Server

pytestmark = pytest.mark.e2e

CASES = Path(__file__).parents[1] / "trace" / "cases"


def opened(server: Server, open_page: Open, name: str, **context: object) -> Page:
    with server.client() as http:
        answer = http.post(f"/api/v1/recordings?name={name}", content=(CASES / name).read_bytes())
    return open_page(f"/s/{answer.json()['session']}", **context)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_differences_are_listed_and_axe_finds_nothing_serious(
    server: Server, open_page: Open, scheme: Literal["light", "dark"], width: int
) -> None:
    page = opened(
        server,
        open_page,
        "lint0-fixed-virtual-wire.qemu.log",
        color_scheme=scheme,
        viewport={"width": width, "height": 720},
    )

    rows = page.locator("#differences li")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("CPU 0 takes 0x30, the model nothing (nothing has requested it)")
    expect(rows.first).to_contain_text("an unmasked LINT0 lets the 8259 through in any delivery mode")
    expect(page.locator("#differences-words")).to_contain_text("0 unexplained, 3 with a known deviation")
    assert serious(Axe().run(page).response["violations"]) == []


def test_a_lines_button_plays_the_recording_up_to_it(server: Server, open_page: Open) -> None:
    page = opened(server, open_page, "lint0-fixed-virtual-wire.qemu.log", viewport={"width": 1280, "height": 720})

    page.get_by_role("button", name="Play up to line 17").click()

    expect(page.locator("#recording-position")).to_contain_text("line 17 of the file")
    expect(page.locator("#differences li")).to_have_count(2)
    expect(page.locator("#log")).to_contain_text("8259")


def test_what_a_file_cannot_show_is_said(server: Server, open_page: Open) -> None:
    page = opened(server, open_page, "x2apic-guest-qemu-10.log", viewport={"width": 1280, "height": 720})

    expect(page.locator("#recording-limits")).to_contain_text("From line 2: CPU 0 switches to x2APIC mode")
    expect(page.locator("#recording-unseen")).to_have_text("4")
