"""What the page says follows the machine, stands where it belongs, and does not move what one is about to press."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e


def well(page: Page, cpu: int) -> Locator:
    return page.locator(f"#machine [data-cpu='{cpu}']")


def in_tray(page: Page, kind: str) -> Locator:
    return page.locator(f"#tray .tray-item[data-kind='{kind}']")


def interrupts(page: Page, cpu: int) -> Locator:
    return page.get_by_role("switch", name=f"Interrupts on CPU {cpu}")


# Previews


def test_preview_follows_the_state_that_it_speaks_of_with_nobody_near_the_form(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    said = page.locator("#composed .foreseen")
    expect(said).to_have_text("Will reach CPU 2.")

    session.command("set_interrupt_flag", cpu=2, enabled=False)
    expect(said).to_contain_text("it will wait: interrupts are held off")
    session.command("send_ipi", cpu=0, vector="0xfc", destination=2)
    session.command("run_until_idle")
    expect(said).to_contain_text("it will merge")
    session.command("write_register", cpu=2, register="SVR", value="0xff")
    expect(said).to_contain_text("the APIC is software-disabled")
    session.command("write_msr", cpu=2, msr="0x1b", value="0xfee00000")
    expect(said).to_contain_text("Nobody has APIC ID 0x02")
    expect(said).to_contain_text("CPU 2 is meant")
    session.command("write_msr", cpu=0, msr="0x1b", value="0xfee10800")
    expect(said).to_contain_text("its APIC page was moved")
    expect(page.locator("#composed")).not_to_have_class("composed old")


def test_preview_of_a_stream_that_is_lost_is_shown_as_old(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", expects_refusals=True)
    expect(page.locator("#composed")).not_to_have_class("composed old")

    session.end()

    expect(page.locator("#composed")).to_have_class("composed old")


# Pins


def test_pin_stays_under_the_pointer_and_goes_up(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1280, "height": 720})
    page.mouse.move(120, 400)
    page.mouse.wheel(0, 3000)
    pin = page.locator("#pins [data-pin='1']")
    pin.scroll_into_view_if_needed()
    box = pin.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    heights = page.evaluate(
        """() => new Promise(done => {
            const seen = [];
            const look = () => {
                seen.push(document.querySelector("#pins [data-pin='1']").getBoundingClientRect().y);
                seen.length < 40 ? requestAnimationFrame(look) : done(seen);
            };
            look();
        })"""
    )
    assert set(heights) == {box["y"]}

    page.mouse.down()
    page.mouse.up()
    expect(pin).to_have_attribute("aria-pressed", "true")
    assert session.state()["ioapic"]["pins"][1]["line"] == 1


WHERE = """() => Object.fromEntries(
    [...document.querySelectorAll(`.causes :is(button:not(.line-row, .line-entry), select, input, summary),
                                   button.barrier,
                                   .well-select,
                                   .transport button, #speed`)]
    .filter(one => one.checkVisibility())
    .map((one, at) => [`${at} ${one.id || one.name || one.tagName}`, (({x, y, width, height}) =>
        [x, y, width, height].map(Math.round).join())(one.getBoundingClientRect())]))"""


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)], ids=str)
@pytest.mark.parametrize("theme", ["light", "projector"])
def test_nothing_that_can_be_pressed_moves_by_itself(
    open_page: Open, session: Api, size: tuple[int, int], theme: str
) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": size[0], "height": size[1]})
    page.evaluate(f"localStorage.setItem('apicscope.theme', '{theme}')")
    page.reload()
    page.locator("#link[data-link=live]").wait_for()
    expect(page.locator("#composed .foreseen")).to_have_text("Will reach CPU 2.")
    before = page.evaluate(WHERE)
    assert len(before) > 10

    scenes: list[list[dict[str, Any]]] = [
        [{"type": "set_interrupt_flag", "cpu": 2, "enabled": False}],
        [{"type": "call_guest", "cpu": 0, "function": "smp_call_function"}, {"type": "run_until_idle"}],
        [{"type": "send_ipi", "cpu": 1, "vector": "0xfc", "destination": 2}, {"type": "run_until_idle"}],
        [{"type": "raise_pin", "pin": 0}, {"type": "raise_pin", "pin": 16}, {"type": "run_until_idle"}],
        [{"type": "write_register", "cpu": 3, "register": "SVR", "value": "0xff"}],
        [{"type": "send_ipi", "cpu": 1, "vector": "0x61", "destination": 3}, {"type": "run_until_idle"}],
        [{"type": "send_ipi", "cpu": 1, "vector": "0x61", "destination": 0x77}, {"type": "run_until_idle"}],
        [{"type": "write_msr", "cpu": 0, "msr": "0x1b", "value": "0xfee10800"}],
        [{"type": "set_interrupt_flag", "cpu": 2, "enabled": True}, {"type": "step", "count": 30}],
    ]
    for scene in scenes:
        for command in scene:
            session.command(command["type"], **{key: value for key, value in command.items() if key != "type"})
        page.wait_for_timeout(250)
        after = page.evaluate(WHERE)
        moved = {name: (place, after.get(name)) for name, place in before.items() if after.get(name) != place}
        assert moved == {}, scene


def test_level_line_shows_its_wave_and_remote_irr_until_it_falls(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    line = page.locator("#lines-up .line", has=page.locator("[data-line='16']"))
    row, mark = line.locator(".line-row"), line.locator(".line-entry i")
    expect(mark).to_be_empty()

    session.command("raise_pin", pin=16)
    session.command("step", unit="interrupt", count=1)
    expect(mark).to_have_text("R")
    expect(row).to_have_attribute("aria-pressed", "true")
    row.click()

    expect(row).to_have_attribute("aria-pressed", "false")
    session.command("run_until_idle")
    expect(mark).to_be_empty()


def test_pin_that_tells_something_gets_a_row_and_moves_no_other(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    shown = """() => [...document.querySelectorAll("#lines-up > li")].filter(one => !one.hidden)
        .map(one => one.querySelector("[data-line]").dataset.line)"""
    before = page.evaluate(shown)

    session.command("raise_pin", pin=9)
    expect(page.locator("#lines-up [data-line='9']")).to_be_visible()

    assert page.evaluate(shown) == [*before, "9"]


# The interrupt window


def test_switch_tells_who_keeps_interrupts_out(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    switch = interrupts(page, 2)
    expect(switch).to_have_attribute("data-window", "open")

    session.command("send_ipi", cpu=0, vector="0xfc", destination=2)
    session.command("step", unit="interrupt", count=1)
    expect(switch).to_have_attribute("data-window", "gate")
    expect(switch).to_have_attribute("aria-checked", "true")  # nobody holds them off
    expect(switch.locator(".barrier-flag")).to_have_text("IF 0")

    switch.click()
    expect(switch).to_have_attribute("data-window", "held")
    expect(switch).to_have_attribute("aria-checked", "false")
    page.locator("#until-idle").click()
    expect(switch).to_have_attribute("data-window", "held")  # IRET does not open what a person holds
    assert session.state()["cpus"][2]["held_off"]

    switch.click()
    expect(switch).to_have_attribute("data-window", "open")
    expect(switch.locator(".barrier-flag")).to_have_text("IF 1")


# Waits and endings


def test_cpu_that_spins_says_on_whom_and_why(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1280, "height": 720})
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")

    expect(page.locator("#reasons")).to_contain_text("CPU 0 spins on call_data.started until CPU 2 answers.")
    expect(well(page, 0).locator(".well-now")).to_have_text("spins on call_data.started until CPU 2 answers")
    expect(page.locator("#reasons")).to_contain_text(
        "CPU 2: 0xfb waits, interrupts are held off by hand, though IF is 1."
    )
    expect(page.locator("#reasons")).to_be_visible()
    waits = well(page, 2).locator("[data-vector='251'][data-kind='requested']")
    expect(waits).to_have_attribute("aria-label", "0xfb waits: interrupts are held off by hand, though IF is 1.")
    expect(waits).to_be_visible()
    expect(page.locator("#reasons-empty")).to_be_hidden()
    expect(page.locator("#mode")).to_contain_text("something waits")


def test_cpu_that_polls_a_page_that_is_gone_says_so(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    session.command("write_msr", cpu=0, msr="0x1b", value="0xfee00000")
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("step", count=40)

    expect(page.locator("#reasons")).to_contain_text("polls delivery status (ICR bit 12) for ever: it reads all ones")
    expect(page.locator("#reasons")).to_contain_text("its APIC is disabled in IA32_APIC_BASE")
    expect(page.locator("#mode")).to_contain_text("CPU 0 polls for ever")


def test_what_is_refused_or_lost_stays_where_it_happened(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    session.command("write_register", cpu=3, register="SVR", value="0xff")
    session.command("send_ipi", cpu=1, vector="0x61", destination=3)
    session.command("send_ipi", cpu=1, vector="0x61", destination=0x77)
    session.command("run_until_idle")
    session.command("raise_pin", pin=0)

    dropped = in_tray(page, "refused")
    expect(dropped).to_contain_text("CPU 3 drops 0x61: the APIC is software-disabled (SVR bit 8 is 0).")
    expect(in_tray(page, "no_target")).to_contain_text("0x61 reaches nobody")
    expect(in_tray(page, "pin_silent")).to_contain_text("the pin is masked, so the edge is lost")
    expect(page.locator("#pin-words")).to_contain_text("the pin is masked, so the edge is lost")
    expect(page.locator("#pins [data-pin='0']")).to_have_class("pin masked ended")

    session.command("lower_pin", pin=0)  # what is said of the pin is of now; the tray keeps what was
    expect(page.locator("#pins [data-pin='0']")).to_have_class("pin masked")
    expect(page.locator("#pin-words")).not_to_contain_text("the edge is lost")
    expect(in_tray(page, "pin_silent")).to_be_visible()

    for _ in range(40):  # the log scrolls, the tray keeps it
        session.command("send_ipi", cpu=0, vector="0x51", shorthand="self")
    session.command("run_until_idle")
    expect(dropped).to_be_visible()
    dropped.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#tray .tray-item[data-kind='refused']:visible")).to_have_count(0)
    expect(in_tray(page, "no_target")).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.locator("#tray .tray-item:visible")).to_have_count(0)


def test_late_viewer_sees_what_was_lost(open_page: Open, session: Api) -> None:
    session.command("write_register", cpu=3, register="SVR", value="0xff")
    session.command("send_ipi", cpu=1, vector="0x61", destination=3)
    session.command("run_until_idle")

    page = open_page(f"/s/{session.id}")

    expect(in_tray(page, "refused")).to_contain_text("CPU 3 drops 0x61")


def test_tray_forgets_what_has_not_happened_at_an_earlier_moment(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    session.command("send_ipi", cpu=1, vector="0x61", destination=0x77)
    session.command("run_until_idle")
    expect(in_tray(page, "no_target")).to_be_visible()

    page.locator("#to-beginning").click()

    expect(page.locator("#tray .tray-item:visible")).to_have_count(0)


def test_what_ended_leads_to_its_vector(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    session.command("write_register", cpu=3, register="SVR", value="0xff")
    session.command("send_ipi", cpu=1, vector="0x61", destination=3)
    session.command("run_until_idle")

    in_tray(page, "refused").get_by_role("button", name="CPU 3 drops").click()

    expect(page.locator("#inspected")).to_have_text("3")


def test_many_cpus_tell_it_in_the_tray(open_page: Open, make_session: MakeSession) -> None:
    session = make_session(cpus=16)
    page = open_page(f"/s/{session.id}")
    session.command("write_register", cpu=9, register="SVR", value="0xff")
    session.command("send_ipi", cpu=1, vector="0x61", destination=9)
    session.command("run_until_idle")

    expect(in_tray(page, "refused")).to_contain_text("CPU 9 drops 0x61")


# Keys


def test_typing_after_s_replaces_the_vector(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")

    page.keyboard.press("s")
    page.keyboard.type("0x61")

    expect(page.locator("#send-vector")).to_have_value("0x61")


def test_enter_in_a_select_sends(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")

    page.locator("#send-mode").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#send-answer")).not_to_be_empty()
    session.command("run_until_idle")
    assert session.state()["counters"]["ipis_sent"] == 1


def test_demonstration_from_start_to_end_by_keyboard_alone(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1280, "height": 720})
    keys = page.keyboard

    for key in ("d", "ArrowDown", "ArrowDown"):  # a device pin: level-triggered, held up
        keys.press(key)
    expect(page.locator("#pins [data-pin='16']")).to_be_focused()
    keys.press(" ")
    expect(page.locator("#pins [data-pin='16']")).to_have_attribute("aria-pressed", "true")
    keys.press("PageDown")
    expect(page.locator("#log")).to_contain_text("pin 16 sends")
    keys.press("PageUp")
    expect(page.locator("#log")).to_contain_text("takes")
    assert session.state()["counters"]["interrupts_taken"] == 1
    keys.press(" ")
    expect(page.locator("#pins [data-pin='16']")).to_have_attribute("aria-pressed", "false")
    keys.press("u")
    expect(page.locator("#mode")).to_contain_text("nothing left to do")

    keys.press("o")  # another back end
    expect(page.locator("#backend input:checked")).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator("#backend-now")).to_have_text("trap-emulate")
    expect(page.locator("#backend-list")).to_be_hidden()

    keys.press("x")  # the IPI as it stands in the form
    keys.press("u")
    expect(page.locator("#log")).to_contain_text("CPU 2 accepts 0xfc")
    assert session.state()["counters"]["exits"] > 0

    before = page.locator("#speed").input_value()
    keys.press("-")
    expect(page.locator("#speed")).not_to_have_value(before)
    keys.press("a")
    expect(page.locator("#demonstration")).to_have_attribute("aria-checked", "true")
    keys.press("a")
    keys.press("?")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("#help .keys").first).to_contain_text("Page Down")


def test_pins_are_one_stop_for_tab(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")

    stops = page.locator("#pins button[tabindex='0']")

    expect(stops).to_have_count(1)
    expect(page.locator("#pins button")).to_have_count(24)
