"""Many CPUs on the page: tiles that pointer and keys select, counts that lead to those that wait, wells beside them."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e


@pytest.fixture
def many(make_session: MakeSession) -> Api:
    """64 CPUs: on CPU 40 a vector waits for IF, on CPU 41 another for PPR."""
    session = make_session(cpus=64)
    session.command("set_interrupt_flag", cpu=40, enabled=False)
    session.command("write_cr8", cpu=41, value=7)
    for cpu in (40, 41):
        session.command("send_ipi", cpu=0, vector="0x61", destination=cpu)
    session.command("run_until_idle")
    return session


def group(page: Page, kind: str, gate: str = "") -> str:
    return page.locator(f".census [data-kind='{kind}'][data-gate='{gate}'] b").inner_text()


def test_counts_say_how_many_wait_and_where_and_lead_to_them(open_page: Open, many: Api) -> None:
    page = open_page(f"/s/{many.id}")
    expect(page.locator(".census [data-kind='waits'][data-gate=''] b")).to_have_text("2")
    assert (group(page, "waits", "flag"), group(page, "waits", "priority")) == ("1", "1")
    assert group(page, "idle") == "62"

    page.locator(".census [data-gate='priority'] button").click()

    expect(page.locator("#inspected")).to_have_text("41")
    expect(page.locator(".wells [data-cpu='41'] .shelf-gate").first).to_have_text("PPR")


def test_tiles_are_walked_by_keys_and_enter_keeps_a_well_open(open_page: Open, many: Api) -> None:
    page = open_page(f"/s/{many.id}")
    grid = page.locator(".mosaic-grid")
    grid.focus()

    for key in ("ArrowDown", "ArrowDown", *["ArrowRight"] * 8):
        page.keyboard.press(key)
    expect(page.locator("#inspected")).to_have_text("40")
    expect(page.locator("#mosaic-cell")).to_have_attribute(
        "aria-label", "CPU 40: 0x61 waits: interrupts are held off by hand, though IF is 1."
    )
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")

    expect(page.locator(".wells .well")).to_have_count(2)
    expect(page.locator(".wells [data-cpu='40']")).to_be_visible()
    expect(page.locator(".wells [data-cpu='41']")).to_be_visible()


def test_press_on_a_tile_selects_its_cpu(open_page: Open, many: Api) -> None:
    page = open_page(f"/s/{many.id}", viewport={"width": 1280, "height": 720})
    box = page.locator(".mosaic-grid").bounding_box()
    assert box is not None

    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    expect(page.locator("#inspected")).not_to_have_text("0")
    expect(page.locator(".wells .well.selected")).to_have_count(1)


@pytest.mark.parametrize("cpus", [64, 255])
def test_page_of_many_cpus_keeps_to_the_budget_of_nodes(open_page: Open, make_session: MakeSession, cpus: int) -> None:
    page = open_page(f"/s/{make_session(cpus=cpus).id}", viewport={"width": 1280, "height": 720})
    expect(page.locator(".wells .well")).to_have_count(1)

    assert page.evaluate("document.querySelectorAll('*').length") <= 2000
