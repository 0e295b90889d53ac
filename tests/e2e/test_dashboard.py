"""What a visitor does, in a real browser: cause an interrupt, watch it wait, let it in, see it end."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

VECTOR = 0x51


def well(page: Page, cpu: int) -> Locator:
    """A CPU's well."""
    return page.locator(f"#machine [data-cpu='{cpu}']")


def cell(page: Page, cpu: int, vector: int = VECTOR) -> Locator:
    """A cell of the bits of a CPU; the CPU is selected for it."""
    well(page, cpu).get_by_role("button", name=f"CPU {cpu}").click()
    return page.locator(f"#cell-{vector}")


def chip(page: Page, cpu: int, kind: str, vector: int = VECTOR) -> Locator:
    """What lies of a vector on a CPU's shelves: in service, requested, or coming."""
    return well(page, cpu).locator(f".chip-on-shelf[data-vector='{vector}'][data-kind='{kind}']:not(.leaving)")


def interrupts(page: Page, cpu: int) -> Locator:
    return page.get_by_role("switch", name=f"Interrupts on CPU {cpu}")


def send(page: Page, vector: int, destination: int) -> None:
    """Fills in the form "Send an IPI" and sends it."""
    page.get_by_label("vector", exact=True).first.fill(f"{vector:#04x}")
    page.locator("#send-destination").fill(f"{destination:#04x}")
    page.locator("#send-button").click()
    expect(page.locator("#send-answer")).not_to_be_empty()


def choose(page: Page, backend: str) -> None:
    """Takes a back end from the list that unfolds."""
    page.locator(".backend-open").click()
    page.locator(f"#backend label[data-backend='{backend}']").click()
    expect(page.locator("#backend-now")).to_have_text(backend)
    expect(page.locator(f"#backend input[value='{backend}']")).to_be_checked()
    expect(page.locator("#backend-list")).to_be_hidden()


def counter(page: Page, name: str) -> Locator:
    return page.locator(f"[data-counter='{name}'] dd")


def test_front_page_opens_on_a_machine_that_lives_and_can_be_paused(open_page: Open) -> None:
    page = open_page("/")

    expect(page.locator("#machine [data-cpu]")).to_have_count(4)
    page.locator("#play", has_text="Pause").click()
    expect(page.locator("#play-words")).to_have_text("Run")
    page.locator("#play").click()
    expect(page.locator("#play-words")).to_have_text("Pause")


@pytest.mark.parametrize("backend", ["native-xapic", "vmi"])
def test_ipi_waits_in_irr_is_served_and_ends(open_page: Open, session: Api, backend: str) -> None:
    page = open_page(f"/s/{session.id}")
    choose(page, backend)
    interrupts(page, 2).click()
    expect(interrupts(page, 2)).to_have_attribute("aria-checked", "false")

    send(page, VECTOR, 2)
    page.locator("#until-idle").click()
    expect(cell(page, 2)).to_have_attribute("aria-label", f"{VECTOR:#04x} requested, waits")
    expect(chip(page, 2, "requested")).to_have_attribute("aria-label", re.compile("interrupts are held off by hand"))
    expect(well(page, 2).locator("[data-shelf='5'] .shelf-gate")).to_have_text("IF")

    interrupts(page, 2).click()
    expect(interrupts(page, 2)).to_have_attribute("aria-checked", "true")
    page.locator("#step-interrupt").click()
    expect(cell(page, 2)).to_have_attribute("aria-label", f"{VECTOR:#04x} in service")
    expect(chip(page, 2, "service")).to_be_visible()
    expect(chip(page, 2, "requested")).to_have_count(0)

    page.locator("#until-idle").click()
    expect(cell(page, 2)).to_have_attribute("aria-label", f"{VECTOR:#04x} not requested")
    expect(counter(page, "ipis_sent")).to_have_text("1")
    crossings = session.state()["counters"]["exits"] + session.state()["counters"]["hypercalls"]
    assert (crossings > 0) == (backend == "vmi")
    expect(counter(page, "exits")).to_have_text(str(session.state()["counters"]["exits"]))
    expect(counter(page, "hypercalls")).to_have_text(str(session.state()["counters"]["hypercalls"]))


def test_second_browser_sees_and_drives_the_same_machine(open_page: Open, session: Api) -> None:
    one, other = open_page(f"/s/{session.id}"), open_page(f"/s/{session.id}")
    expect(one.locator("#viewers")).to_have_text("2")

    interrupts(one, 2).click()
    expect(interrupts(other, 2)).to_have_attribute("aria-checked", "false")
    send(one, VECTOR, 2)
    other.locator("#until-idle").click()

    for page in (one, other):
        expect(cell(page, 2)).to_have_attribute("aria-label", f"{VECTOR:#04x} requested, waits")
        expect(page.locator("#log")).to_contain_text("CPU 2 accepts 0x51")
    expect(other.locator("#time")).to_have_text(one.locator("#time").inner_text())


def test_what_cannot_be_done_is_said_beside_the_form(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", expects_refusals=True)

    send(page, 0x1FF, 2)

    expect(page.locator("#send-answer")).to_contain_text("vector")
    expect(page.locator("#send-answer")).to_contain_text("0x1ff")


def test_keyboard_alone_drives_it_from_start_to_end(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    keys = page.keyboard

    keys.press("j")
    keys.press("j")
    expect(page.locator("#inspected")).to_have_text("2")
    keys.press("i")
    expect(interrupts(page, 2)).to_have_attribute("aria-checked", "false")

    keys.press("s")
    expect(page.locator("#send-vector")).to_be_focused()
    keys.press("Control+a")
    keys.type("0x51")
    keys.press("Enter")  # the destination is CPU 2 already
    expect(page.locator("#send-answer")).not_to_be_empty()
    page.locator("#send-vector").blur()

    for _ in range(12):
        keys.press("ArrowRight")
    expect(page.locator("#log")).to_contain_text("CPU 2 accepts 0x51")
    expect(page.locator("#reasons")).to_contain_text("interrupts are held off by hand")
    keys.press("i")
    expect(interrupts(page, 2)).to_have_attribute("aria-checked", "true")
    keys.press("Shift+ArrowRight")
    expect(chip(page, 2, "service")).to_be_visible()
    keys.press(" ")
    expect(page.locator("#play-words")).to_have_text("Pause")
    expect(well(page, 2).locator(".chip-on-shelf")).to_have_count(0)
    expect(page.locator("#mode")).to_contain_text("nothing left to do")


def test_every_control_can_be_reached_by_tab(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    reached = set()
    for _ in range(180):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))

    transport = {"moment-slider", "play", "step-forward", "step-back", "unit", "until-idle"}
    assert reached >= {"send-cpu", "send-vector", "send-button", "vector-grid"} | transport


def test_grid_tells_a_cell_in_words_by_arrow_keys(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    cell(page, 1)
    grid = page.get_by_role("grid", name="Vectors of CPU 1")

    grid.focus()
    page.keyboard.press("Control+Home")

    expect(grid).to_have_attribute("aria-activedescendant", "cell-240")


def test_wells_are_walked_by_arrow_keys_and_enter_selects_a_vector(open_page: Open, session: Api) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector=f"{VECTOR:#04x}", destination=2)
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}")
    first = well(page, 0).get_by_role("grid", name="Shelves of CPU 0")
    third = well(page, 2).get_by_role("grid", name="Shelves of CPU 2")

    first.focus()
    for key in ("PageDown", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp"):  # the lowest class, and up to 5
        page.keyboard.press(key)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(third).to_be_focused()
    expect(page.locator("#inspected")).to_have_text("2")
    expect(third).to_have_attribute("aria-activedescendant", f"chip-2-{VECTOR}-0")

    page.keyboard.press("Enter")
    expect(chip(page, 2, "requested")).to_have_attribute("aria-selected", "true")


def test_shelves_of_all_wells_lie_level_and_used_ones_are_tall(open_page: Open, session: Api) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector=f"{VECTOR:#04x}", destination=2)
    session.command("run_until_idle")
    page = open_page(f"/s/{session.id}")
    expect(chip(page, 2, "requested")).to_be_visible()

    boxes = [well(page, cpu).locator("[data-shelf='5']").bounding_box() for cpu in range(4)]
    thin = well(page, 0).locator("[data-shelf='7']").bounding_box()

    assert thin is not None
    assert len({(box["y"], box["height"]) for box in boxes if box}) == 1
    assert boxes[0] is not None
    assert boxes[0]["height"] > 1.5 * thin["height"]


def test_key_shows_every_cpu_bit_by_bit_and_shelves_again(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")

    page.keyboard.press("b")
    expect(page.locator("#machine .well-bits:visible svg")).to_have_count(4)
    expect(page.locator("#machine .shelves:visible")).to_have_count(0)
    page.keyboard.press("b")
    expect(page.locator("#machine .shelves:visible")).to_have_count(4)
