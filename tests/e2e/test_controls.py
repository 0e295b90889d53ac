"""Whatever the interface can do with devices and registers can be done on the page, by fields that the server's layouts
name."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from app.commands.table import COMMAND_KINDS
from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api, Server, bearer

pytestmark = pytest.mark.e2e


def editor(page: Page) -> Locator:
    return page.locator("#word-editor")


def written(page: Page, said: str) -> None:
    """Presses the editor's button, and waits for what it says then."""
    editor(page).locator("#word-write").click()
    expect(editor(page).locator(".answer")).to_contain_text(said)


def entry_of(session: Api, pin: int) -> int:
    return int(session.state()["ioapic"]["pins"][pin]["redirection"], 16)


def inside(page: Page) -> None:
    """Unfolds what is inside one CPU."""
    page.locator("#local-section summary").click()


def test_every_command_has_a_control(open_page: Open, session: Api) -> None:
    session.command("break_at", condition="taken(0x61)")
    page = open_page(f"/s/{session.id}")
    inside(page)  # what is folded is not in the document
    expect(page.locator("#local-form")).to_be_visible()

    named = page.evaluate(
        """() => [...document.querySelectorAll("[name=type]"), ...document.querySelectorAll("[data-command]")]
            .flatMap(one => (one.dataset.command ?? one.value ?? "").split(" "))"""
    )

    assert set(COMMAND_KINDS) - set(named) == set()


def test_redirection_entry_is_written_by_its_fields(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    row = page.locator("#lines-up .line", has=page.locator("[data-line='16']"))

    row.locator(".line-entry").click()
    editor(page).get_by_label("vector").fill("0x61")
    editor(page).get_by_label("delivery mode").select_option("fixed")
    editor(page).get_by_label("destination mode").select_option("physical")
    editor(page).get_by_label("destination 63").fill("3")
    editor(page).get_by_label("trigger mode").select_option("edge")
    editor(page).get_by_label("polarity").select_option("active high")
    expect(editor(page).get_by_label("word")).to_have_value("0x0300000000000061")
    written(page, "Pin 16 has a new redirection entry.")

    assert entry_of(session, 16) == 0x0300_0000_0000_0061
    expect(row.locator(".line-entry")).to_contain_text("61 → 03")


def test_word_sets_the_fields_and_what_does_not_fit_is_not_written(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    before = entry_of(session, 18)
    page.locator("#pin-entry").click()

    editor(page).get_by_label("word").fill("0x02000000000180b1")
    expect(editor(page).get_by_label("vector")).to_have_value("0xb1")
    expect(editor(page).get_by_label("mask")).to_have_value("1")
    expect(editor(page).get_by_label("trigger mode")).to_have_value("1")
    expect(editor(page).get_by_label("destination 63")).to_have_value("0x02")
    editor(page).get_by_label("vector").fill("0x100")
    editor(page).locator("#word-write").click()

    assert editor(page).get_by_label("vector").evaluate("one => one.validationMessage") == (
        "The field has bits 7:0: 0 to 0xff"
    )
    assert entry_of(session, 18) == before


def test_masked_entry_says_so_at_the_line_and_the_editor_closes_by_escape(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    entry = page.locator("#lines-up .line", has=page.locator("[data-line='12']")).locator(".line-entry")
    entry.focus()
    page.keyboard.press("Enter")

    editor(page).get_by_label("mask").select_option("masked")
    written(page, "Pin 12 has")
    page.keyboard.press("Escape")

    expect(editor(page)).to_be_hidden()
    expect(entry).to_be_focused()
    expect(entry).to_contain_text("masked")
    expect(entry).to_have_attribute("aria-expanded", "false")


def test_editor_follows_the_machine_until_somebody_changes_a_field(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    page.locator("#pin-entry").click()

    session.command("configure_pin", pin=18, entry="0x51")
    expect(editor(page).get_by_label("vector")).to_have_value("0x51")
    editor(page).get_by_label("vector").fill("0x71")
    session.command("configure_pin", pin=18, entry="0x10052")
    expect(page.locator("#lines-up .line", has=page.locator("[data-line='18']"))).to_contain_text("masked")

    expect(editor(page).get_by_label("vector")).to_have_value("0x71")
    expect(editor(page).get_by_label("mask")).to_have_value("0")


def test_editor_never_stands_over_the_machine(open_page: Open, session: Api) -> None:
    for size in ({"width": 1280, "height": 720}, {"width": 1600, "height": 1000}):
        page = open_page(f"/s/{session.id}", viewport=size)
        page.locator("#pin-entry").click()
        box, stage = editor(page).bounding_box(), page.locator("#stage").bounding_box()
        assert box is not None
        assert stage is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= stage["x"] + 1
        assert box["y"] + box["height"] <= size["height"]


def test_device_s_message_is_sent_by_its_fields(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")

    page.locator("#message-open").click()
    editor(page).get_by_label("destination 19").fill("1")
    editor(page).get_by_label("vector").fill("0x72")
    written(page, "The device has written its message.")

    [flight] = session.state()["in_flight"]
    assert (flight["kind"], flight["vector"], flight["targets"]) == ("msi", 0x72, [1])


def test_line_of_the_8259_goes_up_and_down(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    page.get_by_role("button", name="8259").click()
    line = page.locator("[data-legacy-line='4']")

    line.click()
    expect(line).to_have_attribute("aria-pressed", "true")
    assert session.state()["pic"]["up"] == [4]
    line.click()
    expect(line).to_have_attribute("aria-pressed", "false")

    assert session.state()["pic"] == {"up": [], "requested": [], "output": 0}


def test_local_entry_is_written_and_its_source_fires(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    inside(page)
    page.locator("#local-cpu").select_option("2")
    line = page.locator("#local-table .line", has=page.locator("[data-entry='thermal']"))

    line.locator(".line-entry").click()
    expect(editor(page).locator("h3")).to_have_text("CPU 2")
    editor(page).get_by_label("vector").fill("0x55")
    editor(page).get_by_label("mask").select_option("open")
    written(page, "LVT THERMAL (0x330) was written: 0x55")
    page.keyboard.press("Escape")
    line.locator(".line-row").click()

    expect(page.locator("#log-lines")).to_contain_text("CPU 2 accepts 0x55: IRR bit set.")


def test_pin_of_a_cpu_is_raised_by_its_line(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    inside(page)
    line = page.locator("#local-table [data-entry='lint1']")

    line.click()

    expect(line).to_have_attribute("aria-pressed", "true")
    assert session.state()["cpus"][0]["lint"] == [0, 1]


def test_timer_is_started_by_entry_divisor_and_count(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    inside(page)

    page.locator("#timer-open").click()
    editor(page).get_by_label("mask").select_option("open")
    editor(page).get_by_label("timer mode").select_option("periodic")
    editor(page).get_by_label("divide by").select_option("16")
    editor(page).get_by_label("count").fill("500")
    written(page, "TIMER INITIAL COUNT (0x380) was written: 0x1f4")

    timer = session.state()["cpus"][0]["timer"]
    assert (timer["mode"], timer["divide"], timer["initial_count"]) == ("periodic", 16, 500)


def test_apic_goes_into_x2apic_mode_and_off(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    inside(page)
    page.locator("#local-cpu").select_option("3")

    page.locator("#base-open").click()
    for mode, name in (("x2APIC", "x2apic"), ("off", "disabled")):
        editor(page).get_by_label("mode").select_option(mode)
        written(page, "MSR 0x1b was written")
        assert session.state()["cpus"][3]["apic_mode"] == name


def test_registers_msrs_and_cr8_are_read_and_written(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    inside(page)
    page.locator("#local-cpu").select_option("1")

    page.locator("#local-register").select_option("SVR")
    page.locator("#local-form").get_by_role("button", name="Read").click()
    expect(page.locator("#local-answer")).to_have_text(re.compile(r"It reads 0x000001[0-9a-f]{2}\."))
    page.locator("#cr8-value").fill("6")
    page.locator("#cr8-form").get_by_role("button", name="Write").click()
    expect(page.locator("#cr8-answer")).to_have_text("CPU 1: CR8 was written: 0x6.")
    assert session.state()["cpus"][1]["tpr"] == "0x60"
    page.locator("#msr-form").get_by_role("button", name="Read").click()
    expect(page.locator("#msr-answer")).to_have_text("It reads 0xfee00800.")


# The composer's word


def test_word_of_the_command_sets_the_fields_and_follows_them(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    form, word = page.locator("#send-form"), page.locator("#send-word")
    expect(word).to_have_value("0x02000000_000040fc")

    word.fill("0x03000000_00004861")
    expect(page.locator("#composed .foreseen")).to_have_text("Will reach CPU 0, 1.")
    expect(form.locator("#send-vector")).to_have_value("0x61")
    expect(form.locator("#send-destination")).to_have_value("0x03")
    expect(form.get_by_label("logical")).to_be_checked()
    form.locator("#send-mode").focus()
    form.locator("#send-mode").select_option("nmi")
    expect(word).to_have_value("0x03000000_00004c61")

    word.fill("0x00000000_00004361")
    assert word.evaluate("one => one.validationMessage") == "No command has delivery mode reserved"


def test_word_of_the_command_has_the_destination_of_x2apic_mode(open_page: Open, make_session: MakeSession) -> None:
    session = make_session(backend="native-x2apic", generation="linux-6")
    page = open_page(f"/s/{session.id}")
    word = page.locator("#send-word")
    expect(word).to_have_value(re.compile("^0x00000002_000040"))

    word.fill("0x0000000300004061")
    expect(page.locator("#composed .foreseen")).to_have_text("Will reach CPU 3.")
    page.locator("#send-button").click()
    expect(page.locator("#send-answer")).to_contain_text("CPU 0 has been told to send 0x61")


# The guest's functions, the back ends


def test_fields_that_a_function_ignores_are_off_while_it_is_meant(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    target, vector = page.locator("#guest-target"), page.locator("#guest-vector")

    page.locator(".function[value=smp_call_function]").hover()
    expect(target).to_be_disabled()
    expect(vector).to_be_disabled()
    page.locator(".function[value=smp_send_reschedule]").hover()
    expect(target).to_be_enabled()
    expect(vector).to_be_disabled()
    page.locator("#machine").hover()
    expect(vector).to_be_enabled()


def test_fields_that_a_function_ignores_are_off_for_a_pair(open_page: Open, server: Server) -> None:
    with server.client() as http:
        made = http.post("/api/v1/pairs", json={"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}}).json()
        page = open_page(made["links"]["page"], live=False)
        chosen = page.locator("#call-function")
        chosen.select_option("smp_call_function")
        expect(page.locator("#call-target")).to_be_disabled()
        chosen.select_option("smp_send_reschedule")
        expect(page.locator("#call-target")).to_be_enabled()
        expect(page.locator("#call-vector")).to_be_disabled()
        page.close()
        http.delete(f"/api/v1/pairs/{made['id']}", headers=bearer(made["key"]))


def test_back_end_of_another_kernel_is_one_press_away(open_page: Open, make_session: MakeSession) -> None:
    session = make_session(cpus=3)
    page = open_page(f"/s/{session.id}")

    page.locator(".backend-open").click()
    others = page.locator(".backend-others")
    expect(others).to_contain_text("with linux-6")
    expect(page.locator("[data-backend=native-x2apic]")).to_have_count(0)
    others.get_by_role("button", name="native-x2apic").click()
    page.locator("#link[data-link=live]").wait_for()

    assert page.locator("body").get_attribute("data-session") != session.id
    expect(page.locator("#backend-now")).to_have_text("native-x2apic")
    expect(page.locator("body")).to_have_attribute("data-cpus", "3")
    expect(page.locator("body")).to_have_attribute("data-generation", "linux-6")


def test_path_has_a_boundary_where_a_handler_interrupts(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}")
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("step", count=80)
    session.command("send_msi", address="0xfee00000", data="0x4061")
    for _ in range(20):
        if any(call["interrupts"] for call in session.state()["cpus"][0]["call_stack"]):
            break
        session.command("step", count=1)

    above, below = page.locator("#path li:has(+ .boundary)"), page.locator("#path .boundary + li")
    expect(page.locator("#path .boundary")).to_have_text("interrupted by 0x61")
    expect(above).to_contain_text("smp_call_function")
    expect(below).to_contain_text("do_irq")


def test_axe_finds_nothing_in_the_editor_nor_in_the_lists_beside_it(open_page: Open, session: Api) -> None:
    page = open_page(f"/s/{session.id}", viewport={"width": 1280, "height": 720})
    inside(page)
    for opener in ("#timer-open", "#base-open", "#pin-entry", "#message-open", "[popovertarget=legacy-box]"):
        page.locator(opener).click()
        found = Axe().run(page, context={"exclude": [["#lens"]]}).response["violations"]
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == [], opener
        page.keyboard.press("Escape")
