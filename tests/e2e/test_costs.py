"""The cost sheets in a real browser: for everybody, on any screen, by keyboard, with scripts on and off."""

import re
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from app.costs.sheet import load_cost_sheet, parse_cost_sheet
from tests.e2e.conftest import Open
from tests.e2e.test_page import serious

pytestmark = pytest.mark.e2e

PAGES = ["/costs", "/costs/2007", "/costs/skylake-sp?vm_exit=900&ipi_virtualization=5", "/costs/amd-zen3?fence=much"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(open_page: Open, scheme: Literal["light", "dark"], path: str) -> None:
    page = open_page(path, color_scheme=scheme, live=False, viewport={"width": 1280, "height": 720})

    results = Axe().run(page)

    assert serious(results.response["violations"]) == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
@pytest.mark.parametrize("path", PAGES)
def test_page_is_no_wider_than_the_screen(open_page: Open, path: str, width: int) -> None:
    page = open_page(path, live=False, viewport={"width": width, "height": 844})

    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert too_wide <= 0


@pytest.mark.parametrize("scripts", [True, False])
def test_keyboard_alone_makes_a_copy_whose_address_opens_again(open_page: Open, scripts: bool) -> None:
    page = open_page("/costs/skylake-sp", live=False, java_script_enabled=scripts)
    field = page.get_by_role("textbox", name="vm_exit", exact=True)

    field.focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("900")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/costs/skylake-sp\?vm_exit=900$"))
    expect(page.locator("#vm_exit .badge")).to_have_text("yours")
    address = page.get_by_role("textbox", name="Address of this copy").input_value()
    another = open_page(address, live=False)
    expect(another.get_by_role("textbox", name="vm_exit", exact=True)).to_have_value("900")
    expect(another.get_by_role("textbox", name="vm_entry", exact=True)).to_have_value("675")


@pytest.mark.parametrize("scripts", [True, False])
def test_wrong_figure_is_said_at_its_field_and_can_be_mended(open_page: Open, scripts: bool) -> None:
    page = open_page("/costs/skylake-sp", live=False, java_script_enabled=scripts, expects_refusals=True)
    field = page.get_by_role("textbox", name="decode", exact=True)

    field.fill("much")
    page.get_by_role("button", name="Make a copy").click()

    expect(page.get_by_role("alert")).to_contain_text("decode must be a number such as 900")
    expect(field).to_have_value("much")
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_role("alert").get_by_role("link", name="decode").click()
    expect(field).to_be_in_viewport()
    field.fill("700")
    page.get_by_role("button", name="Make a copy").click()
    expect(page).to_have_url(re.compile(r"\?decode=700$"))


def test_focused_field_is_not_hidden_by_the_buttons(open_page: Open) -> None:
    page = open_page("/costs/skylake-sp", live=False, viewport={"width": 390, "height": 700})
    fields = page.locator(".cost-field input")
    fields.first.focus()

    for _ in range(fields.count() - 1):
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            "document.activeElement.getBoundingClientRect().bottom >"
            " document.querySelector('.cost-actions').getBoundingClientRect().top"
        )
        assert not hidden


def test_copy_is_downloaded_as_a_file_that_reads_back(open_page: Open) -> None:
    page = open_page("/costs/skylake-sp?vm_exit=900", live=False)

    with page.expect_download() as downloading:
        page.get_by_role("link", name="Copy as TOML").click()

    assert downloading.value.suggested_filename == "skylake-sp-changed.toml"
    text = Path(downloading.value.path()).read_text(encoding="utf-8")
    assert parse_cost_sheet("skylake-sp-changed", text) == load_cost_sheet("skylake-sp").with_values({"vm_exit": 900})


def test_help_leads_here(open_page: Open) -> None:
    page = open_page("/")
    page.keyboard.press("?")

    page.get_by_role("link", name="Every price").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Cost sheets")
