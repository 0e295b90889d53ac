"""A machine's page stays light, however many CPUs it has and whatever they do."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

MOST = 2_000
PERIODIC, VECTOR = 1 << 17, 0xEF


def nodes(page: Page) -> int:
    count: int = page.evaluate("document.querySelectorAll('*').length")
    return count


def begin_storm(session: Api, cpus: int) -> None:
    """Every timer fires again and again, and each CPU of the first few sends to all others."""
    for cpu in range(cpus):
        session.command("write_register", cpu=cpu, register="LVT_TIMER", value=PERIODIC | VECTOR)
        session.command("write_register", cpu=cpu, register="TIMER_INITIAL_COUNT", value=200 + cpu)
    for cpu in range(min(cpus, 4) if cpus > 1 else 0):
        session.command("call_guest", cpu=cpu, function="smp_call_function")
    session.command("set_speed", speed=None)
    session.command("run")


@pytest.mark.parametrize("cpus", [1, 4, 8, 16, 32, 64, 255])
def test_page_keeps_to_the_budget_of_nodes_when_idle_and_in_a_storm(
    open_page: Open, make_session: MakeSession, cpus: int
) -> None:
    session = make_session(cpus=cpus)
    page = open_page(f"/s/{session.id}", viewport={"width": 1600, "height": 1000})
    expect(page.locator(".wells .well.selected")).to_have_count(1)
    assert nodes(page) <= MOST

    begin_storm(session, cpus)

    page.keyboard.press("v")  # lines are written where they are seen, and stay
    expect(page.locator("#log-lines li")).to_have_count(40)
    page.keyboard.press("v")
    most = 0
    for _ in range(10):
        page.wait_for_timeout(100)
        most = max(most, nodes(page))
    assert most <= MOST
