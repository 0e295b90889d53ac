"""Conditions on the page: by keyboard to a hit and back, errors at the field, and running that stops by itself."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.e2e.conftest import MakeSession, Open
from tests.e2e.test_page import RULES
from tests.web.serving import Api

pytestmark = pytest.mark.e2e


@pytest.fixture
def lived(make_session: MakeSession) -> Api:
    """A session in which CPU 1 has taken an IPI."""
    session = make_session()
    session.command("send_ipi", cpu=0, vector="0x51", destination=1)
    session.command("run_until_idle")
    return session


def test_keyboard_alone_goes_back_to_where_a_condition_came_true(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    page.keyboard.press("g")
    expect(page.locator("#breakpoint-condition")).to_be_focused()
    page.keyboard.type("taken(0x51) on 1")
    page.locator("#breakpoint-back").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#breakpoint-answer")).to_contain_text("CPU 1 takes 0x51: IRR to ISR.")
    hit = lived.state()["breakpoints"]["hit"]
    assert lived.state()["tick"] == hit["tick"]
    expect(page.locator("#breakpoint-answer")).to_contain_text(hit["words"])


def test_what_is_wrong_stands_at_the_field(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}", expects_refusals=True)
    page.keyboard.press("g")
    page.keyboard.type("tken > 3")
    page.keyboard.press("Enter")

    field = page.locator("#breakpoint-condition")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("tken > 3")
    expect(field).to_have_accessible_description("Column 1: there is no word 'tken'; taken?.")
    results = Axe().run(page, options=RULES)
    assert [(item["id"], node["target"]) for item in results.response["violations"] for node in item["nodes"]] == []


def test_everybody_sees_the_breakpoints_and_where_running_stopped(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    lived.command("break_at", condition="taken on 1")
    expect(page.locator("#breakpoint-count")).to_have_text("1")

    lived.command("demonstrate", enabled=True)
    lived.command("run")

    expect(page.locator("#told")).to_contain_text("CPU 1 takes")
    assert lived.state()["paused"] is True
    page.keyboard.press("g")
    page.get_by_role("button", name="Do not stop at taken on 1").click()
    expect(page.locator("#breakpoint-count")).to_have_text("0")


def test_hit_is_told_once_and_its_cpu_is_selected(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    expect(page.locator("#inspected")).to_have_text("0")
    page.keyboard.press("g")
    page.keyboard.type("taken(0x51)")
    page.locator("#breakpoint-back").press("Enter")
    expect(page.locator("#breakpoint-answer")).to_contain_text("CPU 1 takes 0x51")

    expect(page.locator("#inspected")).to_have_text("1")
    expect(page.locator("#told")).to_be_empty()


def test_what_is_held_always_is_confirmed_and_stays_written(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    page.keyboard.press("g")
    page.keyboard.type("nmi on 1")
    with page.expect_response(lambda answer: answer.request.method == "GET" and "/breakpoint" in answer.url):
        page.locator("#breakpoint-hold").press("Enter")

    expect(page.locator("#breakpoint-count")).to_have_text("1")
    expect(page.locator("#breakpoint-answer")).to_have_text("Breakpoint 1: running stops at nmi on 1.")
    expect(page.locator("#breakpoint-condition")).to_have_value("nmi on 1")


@pytest.mark.parametrize(("key", "opener"), [("g", "#breakpoint-open"), ("f", "#flags-open")])
def test_escape_gives_the_focus_to_the_button(open_page: Open, lived: Api, key: str, opener: str) -> None:
    page = open_page(f"/s/{lived.id}")
    page.keyboard.press(key)
    expect(page.locator(":popover-open input").first).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.locator(opener)).to_be_focused()


def test_told_hit_hides_nothing_of_what_happens(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    lived.command("break_at", condition="taken on 1")
    lived.command("demonstrate", enabled=True)
    lived.command("run")
    told = page.locator("#told")
    expect(told).to_contain_text("CPU 1 takes")

    box, score = told.bounding_box(), page.locator("#score").bounding_box()

    assert box is not None
    assert score is not None
    assert box["y"] + box["height"] <= score["y"]
    assert told.evaluate("told => getComputedStyle(told).position") == "absolute"
