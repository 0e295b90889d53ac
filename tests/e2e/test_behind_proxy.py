"""A browser in front of a proxy that has put the program below a path."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import Open, open_pages
from tests.web.proxying import Proxy, running_proxy
from tests.web.serving import running_server

pytestmark = pytest.mark.e2e

PREFIX = "/apicscope"


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    with (
        running_server("--root-path", PREFIX) as server,
        running_proxy(Proxy(server.address.removesuffix(PREFIX), PREFIX)) as running,
    ):
        yield running


@pytest.fixture
def open_page(browser: Browser, proxy: Proxy) -> Iterator[Open]:
    with open_pages(browser, f"{proxy.address}/") as open_one:
        yield open_one


def test_machine_is_live_driven_and_led_from(open_page: Open) -> None:
    page = open_page("./")
    page.locator("#inspector a.to-reference").wait_for()

    expect(page.locator("#pricing-sheet")).to_have_attribute("href", f"{PREFIX}/costs/2007")
    expect(page.locator("#inspector dt a").first).to_have_attribute("href", f"{PREFIX}/registers#TPR")
    page.keyboard.press("Space")
    expect(page.locator("#machine")).to_be_visible()


def test_pair_is_made_and_live(open_page: Open) -> None:
    page = open_page("./ab", live=False)
    page.get_by_role("button", name="Put side by side").click()
    page.locator("#link[data-link=live]").wait_for()

    assert page.url.split("?")[0].startswith(page.url.split(PREFIX)[0] + f"{PREFIX}/ab/")
