"""Acting on the thing itself: vectors and task priority are dragged, and every part has a menu of its acts."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from app.state.acts import ACTS
from tests.e2e.conftest import MakeSession, Open
from tests.e2e.test_page import RULES
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

WIDE = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def held(session: Api) -> Api:
    """0x61 waits on CPU 2, whose interrupts somebody holds off; nothing else goes on."""
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("run_until_idle")
    return session


def well(page: Page, cpu: int) -> Locator:
    return page.locator(f".well[data-cpu='{cpu}']")


def middle(thing: Locator) -> tuple[float, float]:
    box = thing.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@contextmanager
def carried(page: Page, source: Locator, *way: Locator) -> Iterator[None]:
    """The button goes down on *source* and the pointer along *way*; at the end of the block it is let go."""
    page.mouse.move(*middle(source))
    page.mouse.down()
    for thing in way:
        page.mouse.move(*middle(thing), steps=4)
    yield
    page.mouse.up()


@contextmanager
def done(page: Page) -> Iterator[list[dict[str, Any]]]:
    """The one command that is sent within the block."""
    sent: list[dict[str, Any]] = []
    with page.expect_request(lambda request: request.url.endswith("/commands")) as request:
        yield sent
    sent.append(dict(request.value.post_data_json or {}))


def read(session: Api, line: str) -> dict[str, Any]:
    """The command that the server reads a line as."""
    answer: dict[str, Any] = session.http.post(f"{session.path}/line", json={"text": line}).json()["command"]
    return answer


def test_chip_dragged_to_a_cpu_shows_whom_it_reaches_and_sends_when_it_is_let_go(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    chip = well(page, 2).locator(".chip-on-shelf")

    with done(page) as sent, carried(page, chip, well(page, 1).locator(".shelves")):
        expect(page.locator(".halo")).to_have_count(1)
        expect(page.locator(".carried-line")).to_have_text("ipi 2 1 61")
        expect(page.locator(".carried-says")).to_have_text("Will reach CPU 1.")
        assert held.state()["counters"]["ipis_sent"] == 1

    assert sent == [read(held, "ipi 2 1 61")]
    expect(page.locator(".halo")).to_have_count(0)
    expect(page.locator("#carried-words")).to_be_hidden()


def test_merge_is_shown_before_it_happens(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    shelf = well(page, 0).locator(".shelf[data-shelf='6']")

    with carried(page, shelf, well(page, 2).locator(".shelves")):
        expect(page.locator(".halo.merging")).to_have_count(1)
        expect(page.locator(".carried-says")).to_contain_text("0x61 is already requested there")
        held.command("set_interrupt_flag", cpu=2, enabled=True)
        held.command("run_until_idle")
        expect(page.locator(".halo.merging")).to_have_count(0)  # it is taken meanwhile
        page.keyboard.press("Escape")


def test_bus_is_all_others(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)

    with done(page) as sent, carried(page, well(page, 0).locator(".shelf[data-shelf='4']"), page.locator("#bus")):
        expect(page.locator(".carried-line")).to_have_text("ipi 0 others 41")
        expect(page.locator(".halo")).to_have_count(3)

    assert sent == [read(held, "ipi 0 others 41")]


def test_escape_click_or_nowhere_sends_nothing(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    commands: list[str] = []
    page.on("request", lambda request: commands.append(request.url) if request.url.endswith("/commands") else None)
    chip = well(page, 2).locator(".chip-on-shelf")

    with carried(page, chip, well(page, 1).locator(".shelves")):
        page.keyboard.press("Escape")
        expect(page.locator("#carried-words")).to_be_hidden()
    with carried(page, chip, well(page, 1).locator(".shelves"), page.locator("#caption")):
        expect(page.locator(".carried-line")).to_be_empty()
    chip.click()

    expect(page.locator("#inspected")).to_have_text("2")
    expect(chip).to_have_attribute("aria-selected", "true")
    assert commands == []


def test_task_priority_is_dragged_from_class_to_class(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    slider = well(page, 2).get_by_role("slider")
    row = well(page, 2).locator(".shelf[data-shelf='6']").bounding_box()
    assert row is not None

    with done(page) as sent, carried(page, slider):
        page.mouse.move(middle(slider)[0], row["y"] + 1, steps=4)
        expect(page.locator(".carried-from")).to_have_text("TPR 60")
        expect(page.locator(".carried-says")).not_to_be_empty()
        assert held.state()["cpus"][2]["tpr"] == "0x00"

    assert sent == [read(held, "tpr 2 60")]
    expect(slider).to_have_attribute("aria-valuenow", "6")
    assert held.state()["cpus"][2]["tpr"] == "0x60"


def test_line_itself_is_dragged_and_escape_leaves_it(open_page: Open, held: Api) -> None:
    held.command("write_cr8", cpu=1, value=9)
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    line = well(page, 1).locator(".water").bounding_box()
    assert line is not None

    page.mouse.move(line["x"] + 60, line["y"] + 1)
    page.mouse.down()
    page.mouse.move(line["x"] + 60, line["y"] + 40, steps=4)
    expect(page.locator(".carried-from")).not_to_have_text("TPR 90")
    page.keyboard.press("Escape")
    page.mouse.up()

    expect(well(page, 1).get_by_role("slider")).to_have_attribute("aria-valuenow", "9")
    assert held.state()["cpus"][1]["tpr"] == "0x90"


def test_line_of_the_processor_s_priority_alone_is_no_handle(open_page: Open, held: Api) -> None:
    held.command("send_ipi", cpu=0, vector="0x61", destination=1)
    while held.state()["cpus"][1]["ppr"] != "0x60":
        held.command("step", count=1, unit="operation")
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    line = well(page, 1).locator(".water").bounding_box()
    assert line is not None

    page.mouse.move(line["x"] + 60, line["y"] + 1)
    page.mouse.down()
    page.mouse.move(line["x"] + 60, line["y"] + 40, steps=4)
    page.mouse.up()

    expect(page.locator(".carried-from")).to_be_hidden()
    expect(well(page, 1).get_by_role("slider")).to_have_attribute("aria-valuenow", "0")


def test_task_priority_goes_by_keys(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    slider = well(page, 0).get_by_role("slider")
    slider.focus()

    for key in ("PageUp", "ArrowUp", "ArrowUp", "ArrowDown"):
        page.keyboard.press(key)

    expect(slider).to_have_attribute("aria-valuenow", "5")
    expect(slider).to_have_attribute("aria-valuetext", "TPR 50")
    expect(page.locator("#inspected")).to_have_text("0")  # the page's own arrows keep still
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    page.wait_for_function("fetch(location.origin).then(() => true)")
    assert held.state()["cpus"][0]["tpr"] == "0x00"


def test_chip_s_menu_is_walked_by_keys_and_asks_to_whom(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    grid = well(page, 2).get_by_role("grid")
    well(page, 2).locator(".well-select").click()
    grid.focus()
    page.keyboard.press("PageDown")

    page.keyboard.press("Enter")
    menu = page.get_by_role("menu")
    expect(menu).to_have_accessible_name("0x61 on CPU 2")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    asked = page.get_by_role("dialog", name="Send 0x61 to …")
    page.keyboard.type("3")
    expect(asked.get_by_role("status")).to_have_text("Will reach CPU 3.")
    expect(page.locator(".halo")).to_have_count(1)
    with done(page) as sent:
        page.keyboard.press("Enter")

    assert sent == [read(held, "ipi 2 3 61")]
    expect(asked).to_be_hidden()
    expect(grid).to_be_focused()


def test_what_nobody_has_is_said_and_asked_again(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    well(page, 2).locator(".chip-on-shelf").click(button="right")
    page.locator("[data-act=ask]").click()

    page.keyboard.type("9")
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_contain_text("9")
    expect(page.locator("#act-ask")).to_be_visible()


def test_menu_key_opens_the_menu_of_a_head_and_escape_gives_the_focus_back(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    head = well(page, 1).locator(".well-select")
    head.focus()

    page.keyboard.press("Shift+F10")
    menu = page.get_by_role("menu", name="CPU 1")
    expect(menu.get_by_role("menuitem", name="Hold interrupts of CPU 1 off")).to_be_visible()
    page.keyboard.press("n")
    expect(menu.get_by_role("menuitem", name="NMI from CPU 0")).to_be_focused()
    expect(page.locator("#acts .acts-foreseen")).to_contain_text("neither IF nor priorities")
    page.keyboard.press("Escape")

    expect(menu).to_be_hidden()
    expect(head).to_be_focused()
    expect(page.locator(".halo")).to_have_count(0)


#: The thing whose menu has an act, and what makes the act fit there.
OPENERS = {
    "chip": ".well[data-cpu='2'] .chip-on-shelf",
    "shelf": ".well[data-cpu='1'] .shelf[data-shelf='4']",
    "cpu": ".well[data-cpu='1'] .well-second",
    "pin": "#pins [data-pin='16']",
    "bus": "#bus",
}
#: What is pressed by the page itself, asked for first, or is on the menu of tiles or of none.
MENU_ACTS = [act for act in ACTS if act.line and not act.does and set(act.places) & OPENERS.keys()]


def test_every_act_of_the_menus_does_what_its_line_says(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport={"width": 1280, "height": 1400})
    seen: set[str] = set()
    for _ in range(3):  # acts that stand by turns come when the others have been done; time stands still
        for opener in OPENERS.values():
            for name in open_menu(page, opener):
                if name in seen or next(act for act in ACTS if act.name == name).does:
                    continue
                if name not in open_menu(page, opener):
                    continue
                item = page.locator(f"#acts [data-act={name}]")
                command = read(held, item.locator(".act-line").inner_text())
                with done(page) as sent:
                    item.click()
                assert sent == [command], name
                seen.add(name)
    page.keyboard.press("Escape")

    assert {act.name for act in MENU_ACTS if not act.name.endswith("_cr8")} - seen == set()


def open_menu(page: Page, opener: str) -> list[str]:
    """Opens it, and says what it offers."""
    page.keyboard.press("Escape")
    page.locator(opener).first.click(button="right", position={"x": 70, "y": 3} if "shelf[" in opener else None)
    expect(page.locator("#acts")).to_be_visible()
    return list(page.locator("#acts .act").evaluate_all("items => items.map(item => item.dataset.act)"))


def test_what_the_page_does_by_itself_leads_there(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)

    open_menu(page, OPENERS["cpu"])
    page.locator("[data-act=select]").click()
    expect(page.locator("#inspected")).to_have_text("1")
    open_menu(page, OPENERS["chip"])
    page.locator("[data-act=gates]").click()
    expect(page.locator("#gates-title")).to_have_text("0x61 on CPU 2")
    for opener, name, editor in (("pin", "edit", "16"), ("cpu", "timer", "CPU 1"), ("cpu", "base", "CPU 1")):
        open_menu(page, OPENERS[opener])
        page.locator(f"[data-act={name}]").click()
        expect(page.locator("#word-editor h3")).to_contain_text(editor)
        page.keyboard.press("Escape")


def test_finger_that_rests_opens_the_menu_and_one_that_lifts_does_not(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport={"width": 1024, "height": 768}, has_touch=True)
    chip = well(page, 2).locator(".chip-on-shelf")
    chip.tap()
    expect(page.locator("#acts")).to_be_hidden()
    x, y = middle(chip)
    touch = page.context.new_cdp_session(page)

    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    expect(page.get_by_role("menu", name="0x61 on CPU 2")).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    page.wait_for_timeout(100)
    expect(page.get_by_role("menu", name="0x61 on CPU 2")).to_be_visible()


def dragged_by_finger(page: Page, source: Locator, target: Locator, seen: str) -> None:
    """A finger takes *source* to *target*, and lifts once *seen* is there."""
    (x, y), (to_x, to_y) = middle(source), middle(target)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for share in (0.2, 0.6, 1):
        point = {"x": x + (to_x - x) * share, "y": y + (to_y - y) * share}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    expect(page.locator(seen)).to_have_count(1)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_finger_drags_a_chip(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport={"width": 1024, "height": 768}, has_touch=True)

    with done(page) as sent:
        dragged_by_finger(page, well(page, 2).locator(".chip-on-shelf"), well(page, 3).locator(".shelves"), ".halo")

    assert sent == [read(held, "ipi 2 3 61")]


def test_finger_drags_a_chip_to_the_tab_of_a_cpu_on_a_phone(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=PHONE, has_touch=True)
    page.locator(".cpu-tab[data-tab='2']").tap()

    with done(page) as sent:
        chip = well(page, 2).locator(".chip-on-shelf")
        dragged_by_finger(page, chip, page.locator(".cpu-tab[data-tab='3']"), ".cpu-tab.aimed[data-tab='3']")

    assert sent == [read(held, "ipi 2 3 61")]


def test_receivers_of_the_form_are_framed_while_somebody_is_in_it(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    expect(page.locator(".halo")).to_have_count(0)

    page.locator("#send-shorthand").select_option("all_excluding_self")
    page.locator("#send-shorthand").focus()
    expect(page.locator(".halo")).to_have_count(3)
    page.locator("#machine").focus()

    expect(page.locator(".halo")).to_have_count(0)


def test_box_over_tiles_is_a_set_of_receivers(open_page: Open, make_session: MakeSession) -> None:
    session = make_session(cpus=64)
    page = open_page(f"/s/{session.id}", viewport=WIDE)
    box = page.locator(".mosaic-grid").bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.6, steps=4)
    expect(page.locator(".halo")).not_to_have_count(0)
    page.mouse.up()

    menu = page.get_by_role("menu")
    line = menu.locator("[data-act=set_send] .act-line").inner_text()
    expect(page.locator(".halo")).not_to_have_count(0)  # they are framed while somebody chooses
    with done(page) as sent:
        menu.locator("[data-act=set_send]").click()

    assert sent == [read(session, line)]
    assert len(sent[0]["arguments"]["mask"]) > 2
    expect(page.locator(".halo")).to_have_count(0)


def test_set_of_tiles_is_chosen_by_keys(open_page: Open, make_session: MakeSession) -> None:
    session = make_session(cpus=64)
    page = open_page(f"/s/{session.id}", viewport=WIDE)
    page.locator(".mosaic-grid").focus()

    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator(".halo")).to_have_count(1)  # one frame for two rows
    page.keyboard.press("Shift+F10")

    expect(page.get_by_role("menu", name="6 CPUs: 0-2,16-18")).to_be_visible()


def test_tile_s_menu_keeps_its_well_open(open_page: Open, make_session: MakeSession) -> None:
    page = open_page(f"/s/{make_session(cpus=64).id}", viewport=WIDE)
    page.locator(".mosaic-grid").focus()
    page.keyboard.press("ArrowRight")

    page.keyboard.press("Shift+F10")
    page.locator("[data-act=keep]").click()
    page.keyboard.press("ArrowRight")

    expect(page.locator(".wells .well")).to_have_count(2)
    expect(well(page, 1)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark", "projector"])
def test_axe_finds_nothing_in_an_open_menu(open_page: Open, held: Api, theme: str) -> None:
    page = open_page(f"/s/{held.id}", viewport=WIDE)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    open_menu(page, OPENERS["chip"])

    results = Axe().run(page, options=RULES)

    assert [(item["id"], node["target"]) for item in results.response["violations"] for node in item["nodes"]] == []


def test_guest_without_an_apic_sends_by_its_own_function_and_has_no_task_priority(
    open_page: Open, make_session: MakeSession
) -> None:
    session = make_session(backend="xen-evtchn")
    page = open_page(f"/s/{session.id}", viewport=WIDE)

    expect(well(page, 0).get_by_role("slider")).to_have_count(0)  # without an APIC there is no TPR
    with (
        done(page) as sent,
        carried(page, well(page, 0).locator(".shelf[data-shelf='4']"), well(page, 1).locator(".shelves")),
    ):
        expect(page.locator(".carried-line")).to_have_text("call 0 send_ipi 1 41")

    assert sent == [read(session, "call 0 send_ipi 1 41")]
