"""A real Chromium before a real server. Every page must stay free of errors in its console."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.web.serving import Api, Server, new_session, running_server

#: What Chromium says of an answer that is a refusal, or of none.
REFUSED = re.compile(r"^Failed to load resource: the server responded with a status of 4")
#: What a browser and htmx say when a server goes away in the middle of a request, or is not there for the next one.
GONE = re.compile(r"net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)$|^htmx: htmx:error: Failed to fetch")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

#: Opens a path in a browser context of its own.
Open = Callable[..., Page]
#: Makes a session with the fields that it is given.
MakeSession = Callable[..., Api]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The program, running."""
    with running_server() as running:
        yield running


def path_of_chromium() -> str:
    """Where it is. Without one the test does not run, and says so; in CI it fails."""
    if CHROMIUM is None:
        missing = "no Chromium here; install it or name it in $CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return CHROMIUM


@pytest.fixture(scope="module")  # as long as Playwright lives, nobody else in this thread can have an event loop
def browser() -> Iterator[Browser]:
    """Chromium, or a word on why there is none."""
    path = path_of_chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture
def make_session(server: Server) -> Iterator[MakeSession]:
    """Makes sessions, paused and of four CPUs unless told otherwise. They end when no page looks at them any more: what
    a page has just asked would find nothing, and be a complaint."""
    made: list[Api] = []
    with server.client() as http:

        def make(**fields: Any) -> Api:
            made.append(new_session(http, **fields))
            return made[-1]

        yield make
        for session in made:
            session.end()


@pytest.fixture
def session(make_session: MakeSession) -> Api:
    """A session for the test to look behind the page."""
    return make_session()


@pytest.fixture
def open_page(browser: Browser, server: Server, make_session: MakeSession) -> Iterator[Open]:
    """Opens pages; afterwards none of them may have complained. They close before sessions of *make_session* end."""
    with open_pages(browser, server.address) as open_one:
        yield open_one


@contextmanager
def open_pages(browser: Browser, address: str) -> Iterator[Open]:
    """Opens pages of the server at *address* for as long as the block lasts; then none of them may have complained."""
    complaints: list[str] = []
    contexts = []

    def open_one(path: str, *, live: bool = True, expects_refusals: bool = False, **settings: Any) -> Page:
        context = browser.new_context(base_url=address, **{"reduced_motion": "reduce", **settings})
        contexts.append(context)
        page = context.new_page()

        def hear(said: ConsoleMessage) -> None:
            expected = (expects_refusals or not live) and (REFUSED.search(said.text) or GONE.search(said.text))
            if said.type in ("error", "warning") and not expected:
                complaints.append(said.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        if live:
            page.locator("#link[data-link=live]").wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []
