"""The page's bands: their proportions, that nothing overlaps or is cut, the score's height, and what is said aloud."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

BANDS = {"bar": ".topbar", "stage": "#stage", "caption": ".caption", "score": "#score", "transport": "#transport"}


def heights(page: Page) -> dict[str, float]:
    """How high each band is, in CSS pixels."""
    return {
        name: page.locator(place).evaluate("band => band.getBoundingClientRect().height")
        for name, place in BANDS.items()
    }


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1600, 1000), (48, 562, 54, 284, 52)), ((1280, 720), (42, 390, 40, 190, 52))],
    ids=str,
)
def test_bands_have_their_proportions(
    open_page: Open, session: Api, size: tuple[int, int], expected: tuple[int, ...]
) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": size[0], "height": size[1]})

    found = heights(page)

    assert [round(height) for height in found.values()] == pytest.approx(expected, abs=12)
    assert sum(found.values()) == pytest.approx(size[1], abs=1)


def test_page_has_no_more_nodes_than_a_budget(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1920, "height": 1080})

    assert page.evaluate("document.querySelectorAll('*').length") <= 2000


#: What is wrong with controls that are seen: they leave the window, their words do not fit, another lies on them.
FLAWS = """() => {
    const shown = [...document.querySelectorAll(
        '.topbar :is(a, button, .segmented span, p), #stage :is(.well, .barrier, .well-select),'
        + ' .caption :is(p, button), .score-toolbar :is(button, .segmented span, input),'
        + ' .transport :is(button, select, input, p)')]
        .filter(one => one.checkVisibility({visibilityProperty: true}))
        .filter(one => !one.matches('[type=radio], .unseen, .unseen *'))
        .filter(one => !one.closest('[popover]') || getComputedStyle(one.closest('[popover]')).position === 'static')
        .filter(one => getComputedStyle(one).clipPath === 'none');
    const boxes = shown.map(one => one.getBoundingClientRect());
    const name = one => one.id || `${one.className} ${one.textContent.trim().slice(0, 20)}`;
    const found = [];
    shown.forEach((one, at) => {
        const box = boxes[at];
        if (box.left < -1 || box.right > innerWidth + 1) found.push(`${name(one)} leaves the window`);
        if (one.matches('button, .segmented span') && !one.matches('.branch-open, .backend-open')
            && one.scrollWidth > one.clientWidth + 1) found.push(`${name(one)} is cut`);
        shown.slice(at + 1).forEach((other, beyond) => {
            const beside = boxes[at + 1 + beyond];
            if (one.contains(other) || other.contains(one)) return;
            if (one.closest('.transport') !== other.closest('.transport')) return;  // it lies over what scrolls
            const across = Math.min(box.right, beside.right) - Math.max(box.left, beside.left);
            const down = Math.min(box.bottom, beside.bottom) - Math.max(box.top, beside.top);
            if (across > 2 && down > 2) found.push(`${name(one)} and ${name(other)} overlap`);
        });
    });
    return found;
}"""


@pytest.mark.parametrize("theme", ["dark", "projector"])
@pytest.mark.parametrize("width", [320, 360, 390, 640, 768, 900, 1024, 1100, 1280, 1440, 1680, 1920, 3840])
def test_nothing_overlaps_or_is_cut(open_page: Open, session: Api, width: int, theme: str) -> None:
    """640 is 1280 at a zoom of 200 %."""
    height = {320: 568, 360: 740, 390: 844, 640: 360, 1280: 720, 3840: 2160}.get(width, 900)
    page = open_page(f"/s/{session.id}", viewport={"width": width, "height": height})
    page.evaluate(f"localStorage.setItem('apicscope.theme', '{theme}')")
    page.reload()
    page.locator("#link[data-link=live]").wait_for()
    expect(page.locator("#machine [data-cpu]")).to_have_count(4)

    assert page.evaluate(FLAWS) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    for place in ("#machine", "#score", ".caption"):
        box = page.locator(place).bounding_box()
        assert box is not None
        assert box["height"] >= 30, place


def test_machine_keeps_its_picture_where_the_window_is_low(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1280, "height": 720})

    pictures = page.locator("#machine .shelves").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().width)"
    )

    assert len(pictures) == 4
    assert min(pictures) >= 120
    chips = [one["height"] for one in (shelf.bounding_box() for shelf in page.locator("#machine .shelf").all()) if one]
    assert min(chips) >= 5


SHIFTS = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; })
        .observe({type: 'layout-shift', buffered: true});
    setTimeout(() => done(sum), 500);
})"""


def test_height_is_chosen_by_keys_and_remembered_without_any_shift(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1600, "height": 1000})
    separator = page.get_by_role("separator", name="Height of the score")
    before = heights(page)
    separator.focus()

    for _ in range(3):
        page.keyboard.press("ArrowUp")

    higher = heights(page)
    assert higher["score"] - before["score"] == pytest.approx(120, abs=3)
    assert before["stage"] - higher["stage"] == pytest.approx(120, abs=3)
    assert int(separator.get_attribute("aria-valuenow") or 0) == round(higher["score"] / 10)
    page.keyboard.press("End")
    expect(separator).to_have_attribute("aria-valuenow", separator.get_attribute("aria-valuemax") or "")
    chosen = heights(page)

    page.reload()
    page.locator("#link[data-link=live]").wait_for()

    assert heights(page) == chosen
    assert page.evaluate(SHIFTS) == pytest.approx(0, abs=0.001)


def test_score_s_height_follows_the_pointer(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1600, "height": 1000})
    separator = page.get_by_role("separator", name="Height of the score").bounding_box()
    assert separator is not None
    before = heights(page)["score"]

    x, y = separator["x"] + separator["width"] / 2, separator["y"] + separator["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 100, steps=4)
    page.mouse.up()

    assert heights(page)["score"] == pytest.approx(before + 100, abs=8)


def test_score_folds_by_key_and_gives_its_room_to_the_stage(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1280, "height": 720})
    fold = page.get_by_role("button", name="Score", exact=True)
    before = heights(page)["stage"]

    page.keyboard.press("h")

    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#score-pane")).to_be_hidden()
    assert heights(page)["stage"] > before + 100
    page.reload()
    expect(page.locator("#score-pane")).to_be_hidden()
    page.keyboard.press("h")
    expect(page.locator("#score-pane")).to_be_visible()


def test_drawing_and_list_are_one_key_apart_and_remembered(open_page: Open, session: Api) -> None:
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}")
    expect(page.locator("#score-canvas")).to_be_visible()
    expect(page.locator("#log")).to_be_hidden()

    page.keyboard.press("v")

    expect(page.locator("#log-lines li").last).to_be_in_viewport()
    expect(page.get_by_role("radio", name="List")).to_be_checked()
    page.reload()
    expect(page.locator("#log-lines li").last).to_be_in_viewport()
    page.get_by_role("radio", name="List").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#score-canvas")).to_be_visible()


def test_caption_says_what_bars_the_way_and_keeps_its_height(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1280, "height": 720})
    caption = page.locator("[data-part=caption]")
    expect(caption).to_have_text("Nothing waits, and nothing is under way.")
    before = heights(page)

    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0xfc", destination=2)
    session.command("run_until_idle")

    expect(caption).to_contain_text("0xfc")
    expect(caption).to_contain_text("CPU 2")
    assert caption.text_content() == session.state()["caption"]["words"]
    expect(caption).to_have_attribute("role", "status")
    assert heights(page) == before


def test_caption_is_there_without_scripts(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", live=False, java_script_enabled=False)

    expect(page.locator("[data-part=caption]")).to_have_text(session.state()["caption"]["words"])


#: How often each live region that is not switched off says something, in four seconds.
SAID = """() => new Promise(done => {
    const said = {};
    for (const region of document.querySelectorAll('[role=status], [role=alert], [role=log], [aria-live]')) {
        new MutationObserver(() => {
            if (region.getAttribute('aria-live') === 'off' || !region.checkVisibility()) return;
            said[region.id] = (said[region.id] ?? 0) + 1;
        }).observe(region, {childList: true, characterData: true, subtree: true});
    }
    setTimeout(() => done(said), 4000);
})"""


def test_storm_does_not_flood_who_listens(open_page: Open, make_session: MakeSession) -> None:
    session = make_session(cpus=8)
    page = open_page(f"/s/{session.id}")
    session.command("raise_pin", pin=16)  # a level-triggered line that nobody lowers
    session.command("set_speed", speed=5_000_000)
    session.command("run")
    expect(page.locator("#play-words")).to_have_text("Pause")

    said: dict[str, Any] = page.evaluate(SAID)

    session.command("pause")
    assert session.state()["counters"]["interrupts_taken"] > 500
    assert sum(said.values()) <= 5, said


def test_beginning_is_one_press_away(open_page: Open, session: Api) -> None:
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}")

    page.get_by_role("button", name="To the beginning").click()

    expect(page.locator("#moment-slider")).to_have_value("0")
    page.keyboard.press("l")
    expect(page.locator("#moment-slider")).not_to_have_value("0")
    page.keyboard.press("Home")
    expect(page.locator("#moment-slider")).to_have_value("0")
    assert session.state()["tick"] == 0


def test_beginning_needs_no_scripts(open_page: Open, session: Api) -> None:
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}", live=False, java_script_enabled=False)

    page.get_by_role("button", name="To the beginning").click()

    assert session.state()["tick"] == 0


@pytest.mark.parametrize("theme", ["light", "projector"])
def test_small_window_leaves_most_of_it_to_the_picture(open_page: Open, session: Api, theme: str) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 320, "height": 640})
    if theme == "projector":
        page.keyboard.press("p")
        expect(page.locator("html")).to_have_attribute("data-theme", "projector")

    high = page.evaluate(
        "['.topbar', '.caption', '.transport'].map(part => document.querySelector(part).getBoundingClientRect().height)"
    )

    assert sum(high) <= 640 * (0.45 if theme == "light" else 0.55)
    assert page.evaluate("document.querySelector('.transport').scrollWidth") <= 320


@pytest.mark.parametrize("width", [320, 390, 1280, 1920])
@pytest.mark.parametrize("theme", ["light", "projector"])
def test_what_the_machine_is_about_is_not_cut(open_page: Open, session: Api, width: int, theme: str) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}", viewport={"width": width, "height": 720})
    if theme == "projector":
        page.keyboard.press("p")
        expect(page.locator("html")).to_have_attribute("data-theme", "projector")
    expect(page.locator("#mode")).to_have_text("paused; something waits")

    cut = page.locator("#mode").evaluate(
        "mode => [mode.scrollWidth - mode.clientWidth, mode.scrollHeight - mode.clientHeight]"
    )

    assert max(cut) <= 1


def test_chip_of_an_ipi_is_not_named_after_a_pin(open_page: Open, session: Api) -> None:
    pin = next(pin for pin in session.state()["ioapic"]["pins"] if not pin["masked"])
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector=pin["vector"], destination=2)
    session.command("run_until_idle")

    page = open_page(f"/s/{session.id}")

    chips = page.locator(".well .chip-on-shelf", has_text=f"{int(str(pin['vector']), 0):02x}")
    expect(chips.first).to_be_visible()
    expect(chips.first).not_to_contain_text("pin")
