"""A link to a moment, made in one browser, opens in another, before and after the server was killed."""

import signal
from collections.abc import Callable

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import open_pages
from tests.web.serving import Api, data_directory, new_session, running_server

pytestmark = pytest.mark.e2e

#: Chromium paints anew only where something has changed, and blends the edge of a round corner otherwise there than
#: when it paints all of it: by a 255th or two. So the stage leaves the page and comes back before it is looked at.
PAINTED_WHOLE = """() => new Promise((resume) => {
  const stage = document.querySelector("[data-part=stage]");
  stage.style.display = "none";
  stage.getBoundingClientRect();
  stage.style.display = "";
  requestAnimationFrame(() => requestAnimationFrame(resume));
})"""


def before_an_interrupt(http: httpx2.Client) -> Api:
    """A session that stands at a past moment, before an interrupt is taken."""
    session = new_session(http, cpus=2)
    session.command("send_ipi", cpu=0, vector="0x51", destination=1)
    session.command("run_until_idle")
    session.command("step", unit="interrupt", count=-1)
    return session


def while_one_waits(http: httpx2.Client) -> Api:
    """A session at its newest moment: an interrupt waits, a message is on its way, and one was refused."""
    session = new_session(http)
    session.command("set_interrupt_flag", cpu=1, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x51", destination=1)
    session.command("run_until_idle")
    session.command("send_ipi", cpu=2, vector="0x61", destination=9)
    session.command("run_until_idle")
    session.command("send_ipi", cpu=3, vector="0x71", destination=2)
    session.command("step", count=3)
    return session


def many(http: httpx2.Client) -> Api:
    """A session of CPUs enough to be drawn in rows, at a past moment."""
    session = new_session(http, cpus=20)
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("step", count=300)
    session.command("step", count=-40)
    return session


def stage_of(page: Page) -> bytes:
    """Its pixels, painted whole, with nothing under the pointer, without what only somebody who may act has there."""
    page.mouse.move(0, 0)
    acting = "[data-part=palette], .wells [role=slider]"
    page.evaluate("(acting) => document.querySelectorAll(acting).forEach((one) => one.style.display = 'none')", acting)
    page.wait_for_timeout(3000)  # shelves that nobody uses have shrunk, and what moved has come to rest
    page.wait_for_function("document.fonts.ready")
    page.evaluate(PAINTED_WHOLE)
    return page.locator("[data-part=stage]").screenshot(animations="disabled", caret="hide")


def select(page: Page, cpu: int) -> None:
    """By keys, whether it is a well or part of a drawing."""
    for _ in range(64):
        if page.locator(".well.selected .well-number").inner_text() == str(cpu):
            return
        page.keyboard.press("j")
        page.wait_for_timeout(100)


def linked_from(page: Page, note: str) -> str:
    """Makes a link by keyboard; its path."""
    page.keyboard.press("Shift+L")
    page.get_by_label("Note, if you like").fill(note)
    page.get_by_role("button", name="Make a link").click()
    address = page.locator("#linked-address").input_value()
    page.keyboard.press("Escape")
    expect(page.locator("#linking")).to_be_hidden()
    return address[address.index("/m/") :]


@pytest.mark.parametrize("prepare", [before_an_interrupt, while_one_waits, many], ids=lambda each: str(each.__name__))
def test_another_browser_sees_the_same_pixels_of_the_stage_after_kill_9(
    browser: Browser, prepare: Callable[[httpx2.Client], Api]
) -> None:
    with data_directory() as directory:
        arguments = ("--data-dir", str(directory))
        with running_server(*arguments) as first:
            with first.client() as http:
                session = prepare(http)
                there = session.state()
            with open_pages(browser, first.address) as open_page:
                page = open_page(f"/s/{session.id}")
                page.locator("#invite-close").click()
                page.locator("h1").click()  # the focus is nowhere
                select(page, 1)
                link = linked_from(page, "before it is taken")
                seen = stage_of(page)
                other = open_page(link, live=False)
                expect(other.locator(".well.selected .well-number")).to_have_text("1")
                assert stage_of(other) == seen
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
        with running_server(*arguments) as second, open_pages(browser, second.address) as open_page:
            page = open_page(link, live=False)
            expect(page.locator(".well.selected .well-number")).to_have_text("1")
            assert stage_of(page) == seen

            expect(page.locator("h1")).to_have_text("before it is taken")
            expect(page.locator("#causes")).to_contain_text(str(there["hash"]))
            page.get_by_role("button", name="Go on from here in a session of your own").click()
            page.locator("#link[data-link=live]").wait_for()
            with second.client() as http:
                own = Api(http, page.url.rpartition("/")[2])
                assert own.state()["hash"] == there["hash"]


def test_score_of_a_linked_moment_has_its_playhead_and_what_was_selected(browser: Browser) -> None:
    with data_directory() as directory, running_server("--data-dir", str(directory)) as server:
        with server.client() as http:
            session = before_an_interrupt(http)
            state = session.state()
        with open_pages(browser, server.address) as open_page:
            page = open_page(f"/s/{session.id}", expects_refusals=True)
            page.locator("#score-canvas").wait_for()
            for _ in range(30):  # until the score has come
                page.keyboard.press("n")
                page.wait_for_timeout(200)
                if page.locator("#selection").is_visible():
                    break
            expect(page.locator("#selection-words")).not_to_be_empty()
            said = page.locator("#selection-words").inner_text()
            link = linked_from(page, "")
            other = open_page(link, live=False)

            expect(other.locator("#selection-words")).to_have_text(said)
            expect(other.locator("#score-canvas")).to_be_visible()
            assert other.locator("#time").inner_text().replace("\u202f", "").replace(" ", "") == str(state["time"])
            other.get_by_role("switch", name="Interrupts on CPU 0").press("Enter")
            expect(other.locator("#notice")).to_contain_text("Nobody can change a linked moment.")
            with server.client() as http:
                assert Api(http, session.id).state()["hash"] == state["hash"]
