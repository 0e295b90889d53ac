"""On a phone: the caption, the selected CPU and what causes something are on one screen, for fingers and for keys."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

SIZES = [(320, 568), (360, 640), (390, 844)]
#: The smallest side of what a finger presses (CSS pixels).
FINGER = 44


def phone(size: tuple[int, int]) -> dict[str, Any]:
    """The settings of a browser on one."""
    return {"viewport": {"width": size[0], "height": size[1]}, "has_touch": True}


def span_of(page: Page, selector: str) -> tuple[float, float]:
    """The top and the bottom of the first that is seen."""
    box = page.locator(f"{selector}:visible").first.bounding_box()
    assert box is not None
    return box["y"], box["y"] + box["height"]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_cause_and_effect_are_on_one_screen(open_page: Open, session: Api, size: tuple[int, int]) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    page = open_page(f"/s/{session.id}", **phone(size))

    page.get_by_role("button", name="IPI", exact=True).tap()
    page.locator("#send-vector").fill("0x61")
    page.get_by_role("group", name="Aim at").get_by_role("button", name="CPU 2").tap()
    expect(page.locator(".well.selected[data-cpu='2']")).to_be_visible()  # what it is aimed at comes into sight
    page.get_by_role("button", name="Send", exact=True).tap()
    session.command("run_until_idle")

    chip = page.locator(".well.selected .chip-on-shelf")
    expect(chip.first).to_be_visible()
    expect(page.locator("[data-part=caption]")).to_contain_text("0x61")
    parts = ["[data-part=caption]", "#cpu-tabs", ".well.selected .chip-on-shelf", ".well.selected", "#sheet-bar"]
    spans = [span_of(page, part) for part in parts]
    assert spans[0][0] >= 0
    assert spans[0][1] <= spans[1][0] + 1, "the tabs are below the caption"
    assert spans[2][1] <= spans[4][0], "the chip is above the sheet"
    assert spans[3][1] <= spans[4][0] + 1, "the whole well is above the sheet"
    assert span_of(page, "#send-button")[1] <= span_of(page, "#transport")[0] + 1
    assert span_of(page, "#transport")[1] <= size[1] + 1


#: What is smaller than a finger, among what is seen.
SMALL = """least => [...document.querySelectorAll(
        '.topbar :is(a, button), .stage button, .causes :is(button, select, summary), '
        + '.causes input:not([type=radio], [type=checkbox], [type=hidden]), .transport :is(button, select)')]
    .filter(one => one.checkVisibility() && !one.closest('[popover], .unseen'))
    .map(one => [one, one.getBoundingClientRect()])
    .filter(([one, box]) => Math.min(box.width, box.height) < least - 0.5)
    .map(([one, box]) => `${one.id || one.className} ${Math.round(box.width)}×${Math.round(box.height)}`)"""


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_everything_is_large_enough_for_a_finger(open_page: Open, session: Api, size: tuple[int, int]) -> None:
    session.command("send_ipi", cpu=0, vector="0x62", destination="0x70")
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}", **phone(size))
    expect(page.locator("#tray li").first).to_be_visible()
    small = set(page.evaluate(SMALL, FINGER))

    for kind in ("ipi", "guest", "pins", "local", "more"):
        page.locator(f"[data-shows={kind}]").tap()
        small |= set(page.evaluate(SMALL, FINGER))
    for more in ("#topbar-more", "#transport-more"):
        page.locator(more).tap()
        small |= set(page.evaluate(SMALL, FINGER))

    assert sorted(small) == []


def test_sheet_obeys_keys_and_gives_the_focus_back(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 390, "height": 844})
    guest = page.get_by_role("button", name="Guest", exact=True)
    expect(page.locator("#guest-form")).to_be_hidden()

    guest.press("Enter")
    expect(guest).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#guest-form")).to_be_visible()
    page.locator("#guest-vector").focus()
    session.command("raise_pin", pin=16)  # a new state takes nobody's focus away
    session.command("step", count=5)
    expect(page.locator("#guest-vector")).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator("#guest-form")).to_be_hidden()
    expect(guest).to_have_attribute("aria-expanded", "false")
    expect(guest).to_be_focused()
    page.keyboard.press("s")
    expect(page.locator("#send-vector")).to_be_focused()
    expect(page.locator("#guest-form")).to_be_hidden()


def test_tabs_choose_the_well_and_say_who_waits(open_page: Open, session: Api) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}", **phone((390, 844)))
    tabs = page.get_by_role("group", name="Which CPU is shown").get_by_role("button")

    expect(tabs).to_have_count(4)
    expect(tabs.nth(2).locator(".waits")).to_be_attached()
    expect(page.locator(".well:visible")).to_have_count(1)
    tabs.nth(3).tap()

    expect(tabs.nth(3)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".well[data-cpu='3']")).to_be_visible()
    expect(page.locator(".well:visible")).to_have_count(1)


def test_bars_unfold_what_is_seldom_needed(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", **phone((360, 640)))
    expect(page.locator("#speed")).to_be_hidden()
    play = page.locator("#play").bounding_box()

    page.locator("#transport-more").tap()

    expect(page.locator("#speed")).to_be_in_viewport()
    expect(page.locator("#branches-open")).to_be_in_viewport()
    assert page.locator("#play").bounding_box() == play
    page.keyboard.press("Escape")
    expect(page.locator("#speed")).to_be_hidden()
    page.locator("#topbar-more").tap()
    expect(page.get_by_role("group", name="Theme")).to_be_in_viewport()


def test_score_is_one_swipe_below(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", **phone((390, 844)))

    assert span_of(page, "#score")[0] == pytest.approx(
        844
        - page.evaluate(
            "document.querySelector('#transport').offsetHeight + document.querySelector('#causes').offsetHeight"
        ),
        abs=3,
    )
    page.evaluate("scrollBy(0, 420)")
    top, bottom = span_of(page, "#score")

    assert top >= 0
    assert bottom <= 844 - FINGER * 2


@pytest.mark.parametrize("cpus", [16, 64])
def test_many_cpus_and_the_selected_one_are_on_one_screen(
    open_page: Open, make_session: MakeSession, cpus: int
) -> None:
    session = make_session(cpus=cpus)
    page = open_page(f"/s/{session.id}", **phone((360, 640)))

    top = page.locator(".mosaic-box canvas").bounding_box()
    well = page.locator(".well.selected").bounding_box()

    assert top is not None
    assert well is not None
    assert top["height"] >= 60
    assert well["height"] >= 90
    assert well["y"] + well["height"] <= span_of(page, "#causes")[0] + 1


def test_command_in_one_line_is_a_press_away(open_page: Open, session: Api) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    page = open_page(f"/s/{session.id}", **phone((320, 568)))
    expect(page.locator("#palette-line")).not_to_be_in_viewport()

    page.get_by_role("button", name="Command in one line").tap()

    expect(page.locator("#palette-line")).to_be_focused()
    expect(page.locator("#palette-line")).to_be_in_viewport()
    page.keyboard.type("ipi 0 2 61")
    page.keyboard.press("Enter")
    expect(page.locator("#palette-said")).not_to_be_empty()
    session.command("run_until_idle")
    expect(page.locator("#caption")).to_contain_text("0x61 waits on CPU 2")


def test_cpus_are_found_among_many(open_page: Open, make_session: MakeSession) -> None:
    session = make_session(cpus=255)
    session.command("set_interrupt_flag", cpu=200, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=200)
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}", **phone((390, 844)))
    field = page.get_by_label("Find CPUs")
    box = field.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= FINGER - 0.5

    field.fill("waits")
    field.press("Enter")

    expect(page.locator("#found-cpus")).to_contain_text("1")
    expect(page.locator(".well.selected .well-number")).to_have_text("200")


def test_sentence_that_is_cut_is_shown_whole_by_a_press(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", **phone((390, 844)))
    all_of_it = page.get_by_role("button", name="The whole sentence")
    expect(all_of_it).to_be_hidden()
    words = " ".join(["A sentence of many words."] * 12)
    page.locator("#caption").evaluate("(caption, words) => { caption.textContent = words; }", words)
    page.set_viewport_size({"width": 380, "height": 844})

    all_of_it.tap()

    whole = page.locator("#caption-whole")
    expect(whole).to_have_text(words)
    assert whole.evaluate("one => one.scrollHeight <= one.clientHeight + 1")
    expect(whole).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(whole).to_be_hidden()
