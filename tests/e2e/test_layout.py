"""Every page at every size and zoom: nothing overlaps, nothing is cut, nothing moves by itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import MakeSession, Open
from tests.e2e.layout import looked, moved_by_hover, script
from tests.web.serving import Api, Server, bearer

pytestmark = pytest.mark.e2e

#: In CSS pixels; the last two are 1280×720 at a zoom of 200 % and of 400 %.
SIZES = (
    *((320, 568), (360, 640), (390, 844), (768, 1024), (1024, 768), (1280, 720), (1920, 1080), (3840, 2160)),
    *((640, 360), (320, 180)),
)
#: How much of the window's height may stay while the rest scrolls.
MOST_THAT_STAYS = 0.4

COMPARED = "/compare?work=function&function=smp_call_function&targets=3&backend=native-x2apic&backend=vmi"
#: The pages that no session is needed for, and what they show when they are whole.
STILL_PAGES = (
    (COMPARED, "#finding"),
    ("/ab", "main"),
    ("/back-ends", "main"),
    ("/guest-functions", "main"),
    ("/costs", "main"),
    ("/costs/skylake-sp", "main"),
    ("/registers", "main"),
    ("/profiles", "main"),
    ("/kept", "main"),
    ("/docs", "main"),
    ("/verdict", ".summary"),
)


def make_busy(session: Api) -> None:
    """One that is served, one that waits, one that is lost, and a line that waits for its EOI."""
    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("send_ipi", cpu=0, vector="0x62", destination="0x70")
    session.command("raise_pin", pin=3)
    session.command("run_until_idle")
    session.command("call_guest", cpu=1, function="smp_call_function")
    session.command("step", count=14)


@pytest.fixture
def busy(make_session: MakeSession) -> Api:
    """A session of four CPUs in which there is something to see."""
    session = make_session()
    make_busy(session)
    return session


@pytest.fixture
def pair(server: Server) -> Iterator[str]:
    """The page of a pair."""
    with server.client() as http:
        body: dict[str, Any] = {"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}}
        made = http.post("/api/v1/pairs", json=body).json()
        yield str(made["links"]["page"])
        http.delete(f"/api/v1/pairs/{made['id']}", headers=bearer(made["key"]))


def flaws_of(page: Page, *, unfolded: bool = False) -> list[str]:
    """What is wrong with *page* in windows of every size, each as a sentence. What somebody has *unfolded* may stay."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(120)  # what measures itself draws anew
        found += [f"{width}×{height}: {flaw}" for flaw in looked(page, "flaws")]
        stays = looked(page, "stays")
        if stays >= MOST_THAT_STAYS and not unfolded:
            found.append(f"{width}×{height}: {stays:.0%} of the height stays")
    return found


def test_script_finds_what_is_wrong(open_page: Open) -> None:
    page = open_page("/ab", live=False, viewport={"width": 400, "height": 300})
    parts = (
        '<div id="bar">stays</div><button>one</button><button id="over">two</button>'
        '<p id="cut">a sentence that nobody can read to its end</p><p id="wide">wide</p>'
    )
    page.evaluate("parts => { document.body.innerHTML = parts; }", parts)
    for selector, looks in {
        "#bar": {"position": "sticky", "top": "0", "height": "150px", "width": "100%"},
        "#over": {"marginLeft": "-30px"},
        "#cut": {"width": "90px", "overflow": "hidden", "whiteSpace": "nowrap"},
        "#wide": {"width": "500px"},
    }.items():
        page.locator(selector).evaluate("(one, looks) => Object.assign(one.style, looks)", looks)

    found = looked(page, "flaws")

    assert [flaw for flaw in found if "wide in 400" in flaw]
    assert [flaw for flaw in found if flaw.startswith("#cut") and "is cut" in flaw]
    assert [flaw for flaw in found if "“one” and #over “two” overlap" in flaw]
    assert looked(page, "stays") == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("cpus", [4, 8, 16, 64])
def test_machine_lies_well_in_any_window(open_page: Open, make_session: MakeSession, cpus: int) -> None:
    session = make_session(cpus=cpus)
    make_busy(session)
    page = open_page(f"/s/{session.id}")
    expect(page.locator("#tray li").first).to_be_attached()

    assert flaws_of(page) == []


@pytest.mark.parametrize("kind", ["ipi", "guest", "pins", "local", "more"])
def test_sheet_of_causes_lies_well_in_any_window(open_page: Open, busy: Api, kind: str) -> None:
    page = open_page(f"/s/{busy.id}", viewport={"width": 390, "height": 844})
    page.locator(f"[data-shows={kind}]").click()

    assert flaws_of(page, unfolded=True) == []


def test_linked_moment_lies_well_in_any_window(open_page: Open, busy: Api) -> None:
    moment = busy.http.post(f"/api/v1/sessions/{busy.id}/moments", json={"note": "a lost one"}).json()
    page = open_page(moment["link"], live=False)
    page.locator("#link[data-link=moment]").wait_for()
    expect(page.locator("#machine .well").first).to_be_attached()

    assert flaws_of(page) == []


def test_pair_lies_well_in_any_window(open_page: Open, pair: str) -> None:
    page = open_page(pair)

    assert flaws_of(page) == []


@pytest.mark.parametrize(("path", "whole"), STILL_PAGES, ids=lambda each: str(each).partition("?")[0])
def test_page_lies_well_in_any_window(open_page: Open, path: str, whole: str) -> None:
    page = open_page(path, live=False)
    page.locator(whole).first.wait_for(timeout=60_000)

    assert flaws_of(page) == []


@pytest.mark.parametrize("size", [(390, 844), (1280, 720), (3840, 2160)], ids=str)
def test_nothing_moves_by_itself(open_page: Open, make_session: MakeSession, size: tuple[int, int]) -> None:
    session = make_session()
    page = open_page(f"/s/{session.id}", viewport={"width": size[0], "height": size[1]})
    page.context.add_init_script(script("watchShifts"))
    page.reload()
    page.locator("#link[data-link=live]").wait_for()
    if size[0] > 1920:  # so large a page may be painted before all of it has come
        page.evaluate("window.movers.length = 0")

    session.command("set_interrupt_flag", cpu=2, enabled=False)
    session.command("send_ipi", cpu=0, vector="0x61", destination=2)
    session.command("send_ipi", cpu=0, vector="0x62", destination="0x70")
    for _ in range(6):
        session.command("step", count=3)
        page.wait_for_timeout(60)
    session.command("raise_pin", pin=16)  # a level-triggered line that nobody lowers
    session.command("run")
    page.wait_for_timeout(1_000)
    session.command("pause")
    page.wait_for_timeout(300)

    assert page.evaluate("window.movers") == []


@pytest.mark.parametrize("size", [(390, 844), (1280, 720)], ids=str)
def test_pointer_moves_nothing_that_it_is_over_and_nothing_strobes(
    open_page: Open, busy: Api, size: tuple[int, int]
) -> None:
    page = open_page(f"/s/{busy.id}", viewport={"width": size[0], "height": size[1]})
    expect(page.locator("#tray li").first).to_be_attached()

    assert looked(page, "strobing") == []
    assert moved_by_hover(page) == []
