"""Back ends on the page: the list that unfolds, at every width; a guest without an APIC; the cost sheet."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

WIDE, LAPTOP, PHONE = (
    {"width": 1920, "height": 1080},
    {"width": 1280, "height": 720},
    {"width": 390, "height": 844},
)


def overflows(page: Page) -> bool:
    wider: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wider


@pytest.mark.parametrize("size", [LAPTOP, PHONE, {"width": 1024, "height": 768}], ids=lambda size: str(size["width"]))
@pytest.mark.parametrize("theme", ["dark", "projector"])
def test_eight_back_ends_unfold_within_the_page(
    open_page: Open, session: Api, size: dict[str, int], theme: str
) -> None:
    page = open_page(f"/s/{session.id}", viewport=size)
    if size == PHONE:
        page.locator("#topbar-more").click()
    page.locator(f"#themes input[value='{theme}']").check(force=True)

    page.locator(".backend-open").click()

    expect(page.locator("#backend label, #backend .backend-others button")).to_have_count(8)
    box = page.locator("#backend-list").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"]
    assert not overflows(page)


def test_wide_screen_has_them_side_by_side_on_one_line(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport=WIDE)

    expect(page.locator(".backend-open")).to_be_hidden()
    boxes = [label.bounding_box() for label in page.locator("#backend label").all()]
    assert len({round(box["y"]) for box in boxes if box}) == 1
    assert not overflows(page)
    page.locator("#backend label[data-backend='vmi']").click()
    expect(page.locator("#backend input[value='vmi']")).to_be_checked()


def test_arrows_walk_past_what_is_refused_and_enter_chooses(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport=LAPTOP)
    page.locator(".backend-open").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#backend-list")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.locator("#backend input[value='native-xapic']")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.locator("#backend input[value='xen-evtchn']")).to_be_focused()
    expect(page.locator("#backend input[value='xen-evtchn']")).to_be_checked()
    assert session.state()["backend"] == "native-xapic"
    page.keyboard.press("Enter")

    expect(page.locator("#backend-now")).to_have_text("xen-evtchn")
    expect(page.locator("#backend-list")).to_be_hidden()
    expect(page.locator(".backend-open")).to_be_focused()
    changes = [entry for entry in page.locator("#log li").all_inner_texts() if "trap-emulate" in entry]
    assert changes == []


def test_space_chooses_too(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport=LAPTOP)
    page.keyboard.press("o")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")

    expect(page.locator("#backend-now")).to_have_text("trap-emulate")
    expect(page.locator("#backend-list")).to_be_hidden()


@pytest.mark.parametrize("size", [WIDE, LAPTOP], ids=lambda size: str(size["width"]))
def test_escape_changes_nothing_and_gives_the_focus_back(open_page: Open, session: Api, size: dict[str, int]) -> None:
    page = open_page(f"/s/{session.id}", viewport=size)
    page.locator("#step-forward").focus()
    page.keyboard.press("o")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#backend input[value='trap-emulate']")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator("#step-forward")).to_be_focused()
    expect(page.locator("#backend input[value='native-xapic']")).to_be_checked()
    assert session.state()["backend"] == "native-xapic"


def test_list_says_why_a_back_end_is_not_here_and_the_reasons_follow_the_sheet(
    open_page: Open, make_session: MakeSession
) -> None:
    session = make_session(generation="linux-6", cost_sheet="2007")
    page = open_page(f"/s/{session.id}", viewport=LAPTOP)
    page.locator(".backend-open").click()
    apicv = page.locator("#backend label[data-backend='apicv']")
    expect(apicv).to_contain_text("2007 has no figure for virtual_apic_access")
    expect(apicv.locator("input")).to_be_disabled()
    expect(page.locator(".backend-others")).to_contain_text("VMI left the kernel")

    session.command("set_cost_sheet", cost_sheet="sapphire-rapids")

    expect(apicv.locator("input")).to_be_enabled()
    expect(apicv).not_to_contain_text("virtual_apic_access")


def test_guest_without_an_apic_shows_ports_and_shared_words_until_it_has_one_again(
    open_page: Open, session: Api
) -> None:
    session.command("set_backend", backend="xen-evtchn")
    session.command("set_interrupt_flag", cpu=1, enabled=False)
    session.command("call_guest", cpu=0, function="smp_send_reschedule", arguments={"cpu": 1})
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}")
    well = page.locator("#machine [data-cpu='1']")
    well.locator(".well-select").click()

    expect(page.locator("#cell-252")).to_have_attribute("aria-label", "port 0xfc reschedule pending")
    expect(well.locator("[data-vector='252'][data-kind='requested']")).to_be_visible()
    expect(well.locator(".well-words")).to_contain_text("selector")
    expect(well.locator(".water")).to_be_hidden()
    expect(well.get_by_role("grid", name="Shelves of ports of CPU 1")).to_be_visible()
    expect(page.locator("#inspector")).to_contain_text("evtchn_pending_sel")
    expect(page.locator("#inspector .icr")).to_be_hidden()
    expect(page.locator("#reasons")).to_contain_text(
        "Port 0xfc waits: interrupts are held off by hand, though evtchn_upcall_mask is 0."
    )
    expect(page.locator("#log")).to_contain_text("the pending bit of port 0xfc (reschedule) is set")
    for place in (well, page.locator("#inspector"), page.locator("#log")):
        assert not re.search(r"\b(IRR|ISR|TPR|PPR|EOI)\b", place.inner_text())

    session.command("set_interrupt_flag", cpu=1, enabled=True)
    session.command("run_until_idle")
    session.command("set_backend", backend="native-xapic")
    expect(well.locator(".well-words")).to_be_hidden()
    expect(page.locator("#register-list")).to_contain_text("PPR")
    expect(page.locator("#inspector .icr")).to_be_visible()


def test_cost_sheet_is_shown_changed_and_refused_on_the_page(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", expects_refusals=True)
    expect(page.locator("#pricing-sheet")).to_have_text("2007")
    expect(page.locator("#pricing-changed")).to_be_hidden()

    page.locator("#pricing-open").click()
    page.locator("#pricing-reference").fill("2007?vm_exti=900")
    page.locator("#pricing-form button").click()
    expect(page.locator("#pricing-answer")).to_contain_text("vm_exti")
    page.locator("#pricing-reference").fill("skylake-sp?vm_exit=900")
    page.locator("#pricing-form button").click()

    expect(page.locator("#pricing-answer")).to_contain_text("The counters begin anew.")
    expect(page.locator("#pricing-sheet")).to_have_text("skylake-sp")
    expect(page.locator("#pricing-sheet")).to_have_attribute("href", "/costs/skylake-sp?vm_exit=900")
    expect(page.locator("#pricing-changed")).to_be_visible()


def test_copy_of_a_sheet_leads_to_a_session_priced_by_it(open_page: Open) -> None:
    page = open_page("/costs/sapphire-rapids?vm_exit=900", live=False)

    page.get_by_label("back end").select_option("kvm-pv")
    page.locator("#new-session button").click()

    expect(page.locator("#pricing")).to_contain_text("priced by sapphire-rapids, changed by hand")
    expect(page.locator("#backend-now")).to_have_text("kvm-pv")
