"""A link to a moment, made in one browser, opens in another after the server was killed and started again."""

import signal

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import open_pages
from tests.web.serving import Api, data_directory, new_session, running_server

pytestmark = pytest.mark.e2e


def prepared(http: httpx2.Client) -> tuple[Api, dict[str, object]]:
    """A session that stands at a past moment, and its state there."""
    session = new_session(http, cpus=2)
    session.command("send_ipi", cpu=0, vector="0x51", destination=1)
    session.command("run_until_idle")
    session.command("step", unit="interrupt", count=-1)
    return session, session.state()


def test_moment_is_shown_to_another_browser_after_kill_9(browser: Browser) -> None:
    with data_directory() as directory:
        arguments = ("--data-dir", str(directory))
        with running_server(*arguments) as first:
            with first.client() as http:
                session, there = prepared(http)
            with open_pages(browser, first.address) as open_page:
                page = open_page(f"/s/{session.id}")
                page.get_by_role("button", name="Link to this moment").click()
                page.get_by_label("Note, if you like").fill("before it is taken")
                page.get_by_role("button", name="Make a link").click()
                link = page.get_by_label(f"Tick {there['tick']} of main").input_value().removeprefix(first.address)
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
        with running_server(*arguments) as second, open_pages(browser, second.address) as open_page:
            page = open_page(link, live=False)

            expect(page.locator("h1")).to_have_text("before it is taken")
            expect(page.locator("main")).to_contain_text(str(there["hash"]))
            page.get_by_role("button", name="Go on from here in a session of your own").click()
            page.locator("#link[data-link=live]").wait_for()
            with second.client() as http:
                own = Api(http, page.url.rpartition("/")[2])
                assert own.state()["hash"] == there["hash"]
