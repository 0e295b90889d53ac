"""Flags in the browser: a word at a moment, seen by all who watch, by keyboard, on a phone and without scripts."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.e2e.test_page import RULES
from tests.web.serving import Api

pytestmark = pytest.mark.e2e

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def lived(make_session: MakeSession) -> Api:
    """A session in which a function was called on all CPUs, to its end; it stands in its past."""
    session = make_session()
    session.command("call_guest", cpu=0, function="smp_call_function")
    session.command("run_until_idle")
    session.command("seek", tick=9)
    return session


def put_by_keyboard(page: Page, word: str) -> None:
    page.keyboard.press("f")
    expect(page.get_by_label("A word for the moment that is shown")).to_be_focused()
    page.keyboard.type(word)
    page.keyboard.press("Enter")


def test_flag_put_by_keyboard_is_seen_by_another_browser_and_leads_there(open_page: Open, lived: Api) -> None:
    page, other = open_page(f"/s/{lived.id}"), open_page(f"/s/{lived.id}")
    other.locator("#flags-open").click()

    put_by_keyboard(page, "look here")

    expect(page.locator("#flag-answer")).to_have_text("“look here” stands at tick 9.")
    expect(page.get_by_label("A word for the moment that is shown")).to_have_value("")
    assert page.locator("#flag-word:user-invalid").count() == 0
    expect(other.locator("#flag-list")).to_contain_text("look here")
    expect(other.locator("#flag-count")).to_have_text("1")
    lived.command("switch_branch", branch=0)
    other.get_by_role("button", name="Go to look here").click()
    expect(page.locator("#moment-slider")).to_have_value("9")
    expect(other.get_by_role("textbox", name="Link to look here")).to_have_value(
        f"{page.url.partition('/s/')[0]}{link_of(lived)}"
    )


def link_of(session: Api) -> str:
    (flag,) = session.http.get(f"{session.path}/flags").json()
    return str(flag["link"])


def test_flag_that_is_taken_away_is_gone_for_all(open_page: Open, lived: Api) -> None:
    lived.http.post(f"{lived.path}/flags", json={"word": "short-lived"})
    page, other = open_page(f"/s/{lived.id}"), open_page(f"/s/{lived.id}")
    other.locator("#flags-open").click()
    page.locator("#flags-open").click()

    page.get_by_role("button", name="Take short-lived away").click()

    for each in (page, other):
        expect(each.locator("#flag-list")).to_contain_text("No flag stands yet.")
        expect(each.locator("#flag-count")).to_have_text("0")


def test_word_that_somebody_types_survives_a_flag_of_another(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}")
    page.keyboard.press("f")
    page.keyboard.type("half a wo")

    lived.http.post(f"{lived.path}/flags", json={"word": "theirs"})

    expect(page.locator("#flag-list")).to_contain_text("theirs")
    expect(page.get_by_label("A word for the moment that is shown")).to_have_value("half a wo")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_list_of_flags(open_page: Open, lived: Api, scheme: str) -> None:
    lived.http.post(f"{lived.path}/flags", json={"word": "here"})
    page = open_page(f"/s/{lived.id}", color_scheme=scheme)
    page.keyboard.press("f")  # nothing lies under the pointer, which would be said beside it
    expect(page.get_by_role("button", name="Go to here")).to_be_visible()

    results = Axe().run(page, options=RULES)

    assert [(item["id"], node["target"]) for item in results.response["violations"] for node in item["nodes"]] == []


def test_flags_fit_a_phone(open_page: Open, lived: Api) -> None:
    lived.http.post(f"{lived.path}/flags", json={"word": "a long word " * 5})
    page = open_page(f"/s/{lived.id}", viewport=PHONE, has_touch=True)
    page.locator("#transport-more").tap()

    page.locator("#flags-open").tap()

    expect(page.get_by_role("button", name="Go to a long word")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_flag_is_put_and_taken_away_without_scripts(open_page: Open, lived: Api) -> None:
    page = open_page(f"/s/{lived.id}", live=False, java_script_enabled=False)
    page.locator("#flags-open").click()
    page.get_by_label("A word for the moment that is shown").fill("plain")
    page.get_by_role("button", name="Put a flag").click()
    expect(page.locator("#flag-count")).to_have_text("1")

    page.locator("#flags-open").click()
    page.get_by_role("button", name="Take plain away").click()

    expect(page.locator("#flag-count")).to_have_text("0")
