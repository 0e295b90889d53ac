"""A whole lecture without a pointer: from a new session to the verdict, by keys and by the command in one line."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.test_profiles import tab_to
from tests.web.serving import Api, Server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


class Lecturer:
    """Somebody at the page of a machine who has nothing but a keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = page.keyboard

    def does(self, *lines: str) -> None:
        """Gives each command in one line, and leaves it, so that keys act again."""
        self.keys.press("/")
        line = self.page.get_by_role("combobox", name="Command in one line")
        expect(line).to_be_focused()
        for command in lines:
            self.keys.type(command)
            self.keys.press("Enter")
            expect(line).to_have_value("")
        self.keys.press("Escape")
        expect(line).not_to_be_focused()

    def waits_until_idle(self) -> None:
        self.keys.press("u")

    def shows(self, caption: str) -> None:
        """The sentence that the class reads."""
        expect(self.page.locator("[data-part=caption]")).to_have_text(re.compile(caption))

    def begins_a_session(self) -> None:
        tab_to(self.page, self.page.locator("#new-section summary"))
        self.keys.press("Enter")
        before = self.page.url
        tab_to(self.page, self.page.locator("#new-form button"))
        self.keys.press("Enter")
        self.page.wait_for_url(lambda url: url != before)
        self.page.locator("#link[data-link=live]").wait_for()
        expect(self.page.locator("#play-words")).to_have_text("Pause")
        self.keys.press("Space")
        expect(self.page.locator("#play-words")).to_have_text("Run")

    def goes_to(self, name: str) -> None:
        """Another page, by its link in the bar."""
        tab_to(self.page, self.page.get_by_role("link", name=name, exact=True).first)
        self.keys.press("Enter")


def test_whole_lecture_by_keyboard(open_page: Open, server: Server) -> None:
    page = open_page("/")
    lecturer, keys = Lecturer(page), page.keyboard
    lecturer.begins_a_session()
    with server.client() as http:
        session = Api(http, page.url.rpartition("/s/")[2])
        _interrupts(lecturer)
        _what_waits(lecturer)
        _levels_and_losses(lecturer)

        lecturer.does("backend vmi")
        lecturer.waits_until_idle()
        expect(page.locator("#backend-now")).to_have_text("vmi")

        head = session.state()["head"]
        keys.press("Shift+ArrowLeft")
        expect(page.locator("body")).to_have_class(re.compile(r"\bpast\b"))
        lecturer.does("ipi 0 1 51")
        lecturer.waits_until_idle()
        expect(page.locator("body")).not_to_have_class(re.compile(r"\bpast\b"))
        branches = http.get(f"{session.path}/history").json()["branches"]
        assert [branch["parent"] for branch in branches] == [None, 0]
        assert branches[0]["head"] == head  # what was left stays whole

        _flag_and_link(lecturer)
        _other_pages(lecturer)


def _interrupts(lecturer: Lecturer) -> None:
    """An IPI to its end, a device step by step, and one interrupt inside another."""
    page, keys = lecturer.page, lecturer.keys
    lecturer.does("ipi 0 2 61")
    lecturer.waits_until_idle()
    expect(page.locator("[data-counter=ipis_sent] dd")).to_have_text("1")

    lecturer.does("pin 18 up")
    keys.press("ArrowRight")
    lecturer.shows("0xb9")
    lecturer.does("pin 18 down")
    lecturer.waits_until_idle()
    lecturer.shows("^Nothing waits")

    lecturer.does("ipi 0 2 41", "ipi 1 2 f1")
    for _ in range(2):
        keys.press("Shift+ArrowRight")
    for _ in range(2):
        keys.press("j")  # CPU 2
    expect(page.locator(".well.selected .well-number")).to_have_text("2")
    expect(page.locator(".well.selected [role=gridcell]:is([data-kind=service], [data-kind=ended])")).to_have_count(2)
    lecturer.waits_until_idle()


def _what_waits(lecturer: Lecturer) -> None:
    """Task priority, and two requests that are one."""
    lecturer.does("tpr 2 70", "ipi 0 2 61")
    lecturer.waits_until_idle()
    lecturer.shows("^0x61 waits on CPU 2: class 6 is not above PPR 0x70, because TPR is 0x70")
    lecturer.does("ipi 0 2 61")
    lecturer.waits_until_idle()
    lecturer.shows("asked for")
    expect(lecturer.page.locator(".well.selected [role=gridcell][data-kind=requested] .chip-pip")).to_have_text("×2")
    lecturer.does("tpr 2 0")
    lecturer.waits_until_idle()


def _levels_and_losses(lecturer: Lecturer) -> None:
    """A level line that waits for its EOI, and a message that reaches nobody."""
    keys = lecturer.keys
    lecturer.does("entry 5 200000000008061", "if 2 off", "pin 5 up")
    lecturer.waits_until_idle()
    lecturer.shows("^0x61 waits on CPU 2: interrupts are held off by hand, though IF is 1")
    lecturer.does("pin 5 down", "pin 5 up")
    lecturer.shows("^Pin 5 goes up; nothing is sent: remote IRR is 1: it waits for the EOI")
    lecturer.does("pin 5 down", "if 2 on")
    lecturer.waits_until_idle()
    lecturer.does("ipi 0 l:40 61")
    lecturer.waits_until_idle()
    lecturer.shows("^0x61 reaches nobody: no APIC has this destination. It is lost.")
    expect(lecturer.page.locator("#tray li").last).to_be_visible()
    keys.press("Escape")
    expect(lecturer.page.locator("#tray li:visible")).to_have_count(0)


def _flag_and_link(lecturer: Lecturer) -> None:
    page, keys = lecturer.page, lecturer.keys
    keys.press("f")
    expect(page.get_by_label("A word for the moment that is shown")).to_be_focused()
    keys.type("look here")
    keys.press("Enter")
    expect(page.locator("#flag-count")).to_have_text("1")
    keys.press("Escape")
    keys.press("Shift+L")
    expect(page.get_by_label("Note, if you like")).to_be_focused()
    keys.type("from the lecture")
    keys.press("Enter")
    expect(page.locator("#linked-address")).to_have_value(re.compile("/m/"))
    keys.press("Escape")


def _other_pages(lecturer: Lecturer) -> None:
    """The same stimulus under two back ends, the comparison, and the verdict."""
    page, keys = lecturer.page, lecturer.keys
    lecturer.goes_to("A/B")
    tab_to(page, page.get_by_role("button", name="Put side by side"))
    keys.press("Enter")
    page.locator("#link[data-link=live]").wait_for()
    keys.press("ArrowRight")  # the first of what the session was given
    expect(page.locator(".ab-table")).to_contain_text("CPU 0 sends 0x61")
    lecturer.goes_to("Compare")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    lecturer.goes_to("Verdict")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
