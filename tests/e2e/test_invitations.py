"""The first visit: something to look at, and one invitation at a time, each until it was followed."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.conftest import MakeSession, Open, open_pages
from tests.web.serving import Api, running_server

pytestmark = pytest.mark.e2e


def invitation(page: Page) -> Locator:
    return page.locator("#invite [data-invitation]:visible")


def height_of(page: Page) -> float:
    box = page.locator("#invite").bounding_box()
    assert box is not None
    return box["height"]


def act(page: Page, session: Api, backend: str) -> None:
    """What the first two invitations ask for."""
    if backend == "xen-evtchn":
        page.locator("button.function[value='smp_send_reschedule']").click()
    else:
        page.locator("#send-button").click()
    expect(page.locator(".answer:not(:empty)").first).to_be_visible()
    session.command("run_until_idle")


@pytest.mark.parametrize("backend", ["native-xapic", "vmi", "xen-evtchn"])
def test_each_invitation_goes_when_it_was_followed_and_the_next_comes(
    open_page: Open, make_session: MakeSession, backend: str
) -> None:
    session = make_session(backend=backend)
    page = open_page(f"/s/{session.id}")
    expect(invitation(page)).to_contain_text(re.compile("to CPU 2. Then Run.$"))
    height = height_of(page)

    act(page, session, backend)
    expect(invitation(page)).to_contain_text("to hold its ")
    expect(page.locator("[data-invited]")).to_have_attribute("aria-label", "Interrupts on CPU 2")

    page.locator("[data-invited]").click()
    expect(page.locator("[data-invited]")).to_have_attribute("aria-checked", "false")
    act(page, session, backend)
    expect(page.locator("[data-part=caption]")).to_contain_text(
        "waits on CPU 2: interrupts are held off by hand, though "
    )
    expect(invitation(page)).to_have_text(
        "Go back to the interrupt before: press the button left of Back. Key: Shift ←.", use_inner_text=True
    )
    before = page.locator("#time").inner_text()

    page.locator("[data-invited]").click()
    expect(invitation(page)).to_contain_text("Go on as you like")
    expect(page.locator("#time")).not_to_have_text(before)
    assert height_of(page) == height  # what stands below it has not moved under anybody's pointer

    page.reload()
    page.locator("#link[data-link=live]").wait_for()
    expect(page.locator("#invite")).to_be_hidden()
    expect(page.locator("[data-invited]")).to_have_count(0)


def test_on_a_phone_they_lead_into_what_is_folded_and_speak_of_no_keys(open_page: Open, session: Api) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = open_page(f"/s/{session.id}", **phone)

    expect(invitation(page)).to_have_text(re.compile("^Open IPI and press Send: "), use_inner_text=True)
    tab = page.get_by_role("button", name="IPI", exact=True)
    expect(tab).to_have_css("outline-style", "dashed")
    tab.tap()
    page.locator("#send-button").tap()
    tab.tap()
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x62", destination=2)
    session.command("run_until_idle")

    expect(invitation(page)).to_have_text(re.compile("open the menu"), use_inner_text=True)
    expect(invitation(page)).not_to_have_text(re.compile("Key"), use_inner_text=True)
    page.get_by_role("button", name="More: speed").tap()
    page.locator("[data-invited]").tap()
    expect(invitation(page)).to_have_text("Go on as you like: act here and another branch begins.", use_inner_text=True)
    expect(page.locator("#lens")).to_be_hidden()


def test_invitation_that_was_followed_does_not_come_again(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    act(page, session, "native-xapic")
    expect(invitation(page)).to_contain_text("Press IF of CPU 2")

    page.reload()
    page.locator("#link[data-link=live]").wait_for()

    expect(invitation(page)).to_contain_text("Press IF of CPU 2")


def test_nobody_is_invited_after_having_said_no(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")

    page.get_by_role("button", name="No more hints").click()
    expect(page.locator("#invite")).to_be_hidden()
    act(page, session, "native-xapic")
    page.reload()
    page.locator("#link[data-link=live]").wait_for()

    expect(page.locator("#invite")).to_be_hidden()
    expect(page.locator("[data-invited]")).to_have_count(0)


def test_what_another_cpu_receives_follows_no_invitation(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")

    session.command("send_ipi", cpu=0, vector="0x61", destination=1)
    session.command("run_until_idle")

    expect(page.locator(".well[data-cpu='1'] .well-number")).to_be_visible()
    expect(page.locator("#log")).to_contain_text("CPU 1 accepts 0x61")
    expect(invitation(page)).to_contain_text("Press Send")


def test_first_visitor_finds_a_machine_that_does_something_with_one_cpu_explained(browser: Browser) -> None:
    with running_server() as server, open_pages(browser, server.address) as open_page:
        page = open_page("/")
        before = page.locator("#time").inner_text()

        expect(page.locator(".well.selected .well-number")).to_have_text("2")
        page.keyboard.press("v")  # the list; while time runs, it is written only where it is seen
        expect(page.locator("#log")).to_contain_text("CPU 2 accepts 0x51")
        expect(invitation(page)).to_have_text("Press Send: CPU 0 sends an interrupt to CPU 2.", use_inner_text=True)
        expect(page.locator("#time")).not_to_have_text(before)
