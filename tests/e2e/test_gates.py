"""The gate ladder on the page: the gates of what waits on the selected CPU, and which one holds."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e


@pytest.fixture
def held(session: Api) -> Api:
    """A session whose CPU 2 has 0x61 requested while somebody holds its interrupts off."""
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("run_until_idle")
    return session


def select(page: Page, cpu: int) -> None:
    for _ in range(cpu):
        page.keyboard.press("j")


def states(page: Page) -> dict[str, str]:
    return {
        gate.get_attribute("data-gate") or "": gate.get_attribute("data-state") or ""
        for gate in page.locator("#gates > li:visible").all()
    }


def test_gates_of_what_waits_stand_in_their_order_with_the_one_that_holds(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}")
    select(page, 2)

    expect(page.locator("#gates-title")).to_have_text("0x61 on CPU 2")
    shown = states(page)
    assert list(shown)[-4:] == ["flag", "shadow", "first", "taken"]
    assert [gate for gate, state in shown.items() if state == "barred"] == ["flag"]
    expect(page.locator("#gates [data-state=barred] .gate-words")).to_have_text(
        "Interrupts are held off by hand, though IF is 1."
    )
    said = page.locator("#gates [data-gate=priority]").inner_text()  # what is not displayed is not said
    assert "passed" in said
    assert "closed" not in said


def test_ladder_follows_the_machine(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}")
    select(page, 2)
    expect(page.locator("#gates [data-gate=flag]")).to_have_attribute("data-state", "barred")

    held.command("write_cr8", cpu=2, value=7)
    expect(page.locator("#gates [data-gate=priority]")).to_have_attribute("data-state", "barred")
    expect(page.locator("#gates [data-gate=flag]")).to_have_attribute("data-state", "not_reached")
    held.command("write_cr8", cpu=2, value=0)
    held.command("set_interrupt_flag", cpu=2, enabled=True)
    held.command("run_until_idle")

    expect(page.locator("#ladder")).to_be_hidden()


def test_rule_of_a_gate_is_one_press_away(open_page: Open, held: Api) -> None:
    page = open_page(f"/s/{held.id}")
    select(page, 2)

    page.locator("#gates [data-gate=priority] a").click()

    expect(page.locator("article#PPR")).to_be_visible()


def test_chain_of_code_that_waits_is_told_with_the_gates_at_its_end(open_page: Open, session: Api) -> None:
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")

    page = open_page(f"/s/{session.id}")

    expect(page.locator("#gates-title")).to_have_text("Code of CPU 0")
    expect(page.locator("#gates-chain > li:visible")).to_have_count(2)
    expect(page.locator("#gates [data-state=barred]")).to_have_attribute("data-gate", "flag")


def test_edge_that_was_lost_is_told_at_its_pin(open_page: Open, session: Api) -> None:
    session.command("configure_pin", pin=5, entry="0x10061")
    session.command("raise_pin", pin=5)

    page = open_page(f"/s/{session.id}")

    expect(page.locator("#gates-title")).to_have_text("Pin 5")
    expect(page.locator("#gates [data-state=barred]")).to_have_attribute("data-gate", "unmasked")
    expect(page.locator("#gates-words")).to_be_hidden()  # the gate says it


def test_message_on_its_way_is_told_with_what_awaits_it(open_page: Open, session: Api) -> None:
    session.command("pause")
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("step", count=5)

    page = open_page(f"/s/{session.id}")
    select(page, 2)

    expect(page.locator("#gates-words")).to_have_text(
        "0x61 is on its way to CPU 2. There it would not come in yet: interrupts are held off by hand, though IF is 1."
    )


def test_linked_moment_keeps_its_ladder_whatever_comes_after(open_page: Open, held: Api) -> None:
    moment = held.http.post(f"{held.path}/moments", json={}).json()
    held.command("set_interrupt_flag", cpu=2, enabled=True)
    held.command("run_until_idle")

    page = open_page(f"/m/{moment['id']}", live=False)
    page.get_by_role("button", name="CPU 2", exact=True).click()

    expect(page.locator("#gates-title")).to_have_text("0x61 on CPU 2")
    expect(page.locator("#gates [data-state=barred]")).to_have_attribute("data-gate", "flag")
