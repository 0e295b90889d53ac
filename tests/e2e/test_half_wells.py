"""Nine to 32 CPUs on the page: one drawing of half-wells in which pointer and keys select, open wells beside it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e


@pytest.fixture
def sixteen(make_session: MakeSession) -> Api:
    """On CPU 2 a vector waits for IF that was asked for three times, on CPU 9 another for PPR."""
    session = make_session(cpus=16)
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("write_cr8", cpu=9, value=7)
    for cpu in (2, 2, 2, 9):
        session.command("send_ipi", cpu=0, vector="0x61", destination=cpu)
    session.command("run_until_idle")
    return session


@pytest.fixture
def page(open_page: Open, sixteen: Api) -> Page:
    page = open_page(f"/s/{sixteen.id}", viewport={"width": 1600, "height": 1000})
    expect(page.locator(".wells .well")).to_have_count(1)
    return page


def place(page: Page, cpu: int) -> tuple[float, float]:
    """The middle of a half-well: there are four in a row here."""
    box = page.locator(".mosaic-grid").bounding_box()
    assert box is not None
    return box["x"] + (cpu % 4 + 0.5) * box["width"] / 4, box["y"] + (cpu // 4 + 0.5) * box["height"] / 4


def kept(page: Page) -> Callable[[int], Locator]:
    return lambda cpu: page.locator(f".wells [data-cpu='{cpu}'] .well-pin")


def test_press_selects_a_half_well_and_its_well_opens_beside_them(page: Page) -> None:
    page.mouse.click(*place(page, 9))

    expect(page.locator("#inspected")).to_have_text("9")
    expect(page.locator(".wells [data-cpu='9'] .shelf-gate").first).to_have_text("PPR")


def test_arrows_go_along_a_row_and_down_a_column_and_the_cell_says_why(page: Page) -> None:
    page.locator(".mosaic-grid").focus()

    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)

    expect(page.locator("#inspected")).to_have_text("9")
    expect(page.locator(".mosaic-grid [role=row]")).to_have_attribute("aria-rowindex", "3")
    expect(page.locator("#mosaic-cell")).to_have_attribute("aria-colindex", "2")
    expect(page.locator("#mosaic-cell")).to_have_attribute(
        "aria-label", "CPU 9: 0x61 waits: class 6 is not above PPR 0x70, because TPR is 0x70."
    )


def test_requests_that_became_one_are_a_number(page: Page) -> None:
    page.mouse.click(*place(page, 2))

    expect(page.locator(".wells [data-cpu='2'] .chip-pip").first).to_have_text("×3")
    expect(page.locator(".wells [data-cpu='2'] [data-vector='97']")).to_have_attribute(
        "aria-label", "0x61 waits: interrupts are held off by hand, though IF is 1."
    )


def test_pin_keeps_a_well_open_and_lets_it_go(page: Page) -> None:
    pin = kept(page)
    page.mouse.click(*place(page, 2))
    pin(2).click()
    page.mouse.click(*place(page, 9))
    expect(page.locator(".wells .well")).to_have_count(2)
    expect(pin(2)).to_have_attribute("aria-pressed", "true")
    expect(pin(9)).to_have_attribute("aria-pressed", "false")

    pin(2).click()

    expect(page.locator(".wells .well")).to_have_count(1)
    expect(page.locator("#inspected")).to_have_text("9")


def test_field_finds_cpus_and_enter_goes_from_one_to_the_next(page: Page) -> None:
    field = page.get_by_label("Find CPUs")
    field.fill("waits")
    expect(page.locator("#found-cpus")).to_have_text("2 found")

    field.press("Enter")
    expect(page.locator("#inspected")).to_have_text("2")
    field.press("Enter")
    expect(page.locator("#inspected")).to_have_text("9")
    field.press("Shift+Enter")
    expect(page.locator("#inspected")).to_have_text("2")

    page.locator(".mosaic-grid").focus()
    page.keyboard.press("n")
    expect(page.locator("#inspected")).to_have_text("9")
    field.fill("waits if=1")
    expect(page.locator("#found-cpus")).to_have_text("1 found")
    field.fill("wait")
    expect(page.locator("#found-cpus")).to_have_text("what is wait?")


def test_every_term_that_the_field_offers_is_one(page: Page) -> None:
    field = page.get_by_label("Find CPUs")
    terms = page.locator("#cpu-finds option").evaluate_all("options => options.map(option => option.value)")
    assert len(terms) > 10

    for term in terms:
        field.fill(term)
        expect(page.locator("#found-cpus")).to_contain_text("found")
