"""The page says how its session fares: what takes long, that it slept, that it is held up, that nothing is heard."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import Open, open_pages
from tests.web.serving import Api, Server, running_server

pytestmark = pytest.mark.e2e

SIZES = ({"width": 1280, "height": 720}, {"width": 390, "height": 844})


@contextmanager
def running_until_idle(session: Api) -> Iterator[None]:
    """A run without end, asked for by somebody else."""
    session.command("raise_pin", pin=16)
    with ThreadPoolExecutor(1) as pool, session.http.__class__(base_url=session.http.base_url, timeout=60) as other:
        pool.submit(Api(other, session.id).post, "run_until_idle", limit=100_000_000)
        yield
        session.post("pause")


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_what_takes_long_is_said_and_anybody_can_end_it(open_page: Open, session: Api, size: dict[str, int]) -> None:
    page = open_page(f"/s/{session.id}", viewport=size)
    strip = page.locator("#condition")
    expect(strip).to_be_hidden()

    with running_until_idle(session):
        expect(strip).to_contain_text("Runs until idle:")
        expect(page.locator("#condition-said")).to_contain_text("Runs until idle:")
        _photograph(page, f"under-way-{size['width']}")
        page.get_by_role("button", name="End it").click()
        expect(strip).to_be_hidden()

    assert session.state()["under_way"] is None
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_session_that_is_held_up_says_so(open_page: Open, session: Api, size: dict[str, int]) -> None:
    session.command("raise_pin", pin=16)
    session.command("set_speed", speed=1e12)
    session.command("run")

    page = open_page(f"/s/{session.id}", viewport=size)

    expect(page.locator("#condition")).to_contain_text("Throttled: more happens than can be computed at this pace")
    _photograph(page, f"throttled-{size['width']}")
    session.command("pause")
    expect(page.locator("#condition")).to_be_hidden()


@pytest.fixture
def drowsy() -> Iterator[Server]:
    """A server whose sessions sleep after a second."""
    with running_server("--sleep-after", "1") as running:
        yield running


def test_who_comes_back_is_told_that_the_session_slept(browser: Browser, drowsy: Server) -> None:
    with open_pages(browser, drowsy.address) as open_one, drowsy.client() as http:
        address = http.get("/").headers["location"]
        while not http.get("/api/v1/sessions").json()[0]["asleep"]:
            pass

        page = open_one(address, viewport=SIZES[0])

        expect(page.locator("#condition")).to_contain_text("It slept for")
        _photograph(page, "slept")
        before = page.locator("#time").inner_text()
        expect(page.locator("#time")).not_to_have_text(before)
        page.locator("#play").click()
        expect(page.locator("#condition")).to_be_hidden()


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_server_that_stands_still_is_not_called_live(browser: Browser, drowsy: Server, size: dict[str, int]) -> None:
    with open_pages(browser, drowsy.address) as open_one:
        page = open_one("/", viewport=size)
        expect(page.locator("#link")).to_contain_text("live")

        os.kill(drowsy.process.pid, signal.SIGSTOP)
        try:
            expect(page.locator("#link")).to_contain_text("nothing heard for 5 s", timeout=8000)
            _photograph(page, f"silent-{size['width']}")
        finally:
            os.kill(drowsy.process.pid, signal.SIGCONT)

        expect(page.locator("#link")).to_contain_text("live")


def test_killed_server_is_stale_at_once_and_its_successor_is_found_by_itself(browser: Browser) -> None:
    """Number 16 of the faults in tests/web/README.md. The session itself goes with the process."""
    with running_server() as first, open_pages(browser, first.address) as open_one:
        page = open_one("/", live=False)
        expect(page.locator("#link")).to_contain_text("live")

        first.process.kill()
        first.process.wait()

        expect(page.locator("#link")).to_contain_text("stale since", timeout=3000)
        with running_server("--port", str(first.port)):
            expect(page.locator("#notice")).to_contain_text("no such session", timeout=30_000)
            page.get_by_role("link", name="Open the machine that is always open").click()
            expect(page.locator("#link")).to_contain_text("live")


def test_only_who_made_a_session_has_the_button_that_ends_it(open_page: Open, browser: Browser, server: Server) -> None:
    page = open_page("/", viewport=SIZES[0])
    expect(page.get_by_role("button", name="End this session")).to_have_count(0)
    page.locator("#new-section summary").click()
    first = page.url
    page.locator("#new-form button").click()
    page.wait_for_url(lambda url: url != first)
    button = page.get_by_role("button", name="End this session")
    expect(button).to_be_visible()
    mine = page.url.removeprefix(server.address)
    button.scroll_into_view_if_needed()
    _photograph(page, "end")
    with open_pages(browser, server.address) as open_another:
        other = open_another(mine)
        expect(other.get_by_role("button", name="End this session")).to_have_count(0)

        button.click()

        page.wait_for_url(lambda url: not url.endswith(mine))
        expect(other.locator("#notice")).to_contain_text("the session is over")


def _photograph(page: object, name: str) -> None:
    """Keeps a picture where somebody wants one."""
    folder = os.environ.get("APICSCOPE_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")  # type: ignore[attr-defined]
