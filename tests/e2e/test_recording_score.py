"""The score of a recording in a real browser: all of its length at once, panned, zoomed, and sought by its playhead."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.looking import awaited
from tests.web.serving import ROOT, Server

pytestmark = pytest.mark.e2e

STORM = ROOT / "tests" / "trace" / "recordings" / "linux-6.1-ipi-storm-4cpu.qemu.log.gz"
#: What the page knows and shows: how many spans, which stretch of time, where the playhead is, what is drawn.
READ = """async () => {
  const script = document.querySelector('script[src*="/main.js"]').src;
  const { scoreOn } = await import(new URL("./views/score.js", script).href);
  const { desk } = scoreOn(document.querySelector("#score-canvas"));
  const { scale, feed, now, newest, scene } = desk;
  const shapes = [...(scene?.shapes.values() ?? [])].flat();
  return { known: feed.columns.count, scale, now, newest, shapes, strips: scene?.strips.length ?? 0 };
}"""


@pytest.fixture
def storm(server: Server) -> str:
    """The storm of IPIs, opened and paused."""
    with server.client() as http:
        opened = http.post("/api/v1/recordings?name=storm.qemu.log.gz", content=STORM.read_bytes()).json()
        session = str(opened["session"])
        http.post(f"/api/v1/sessions/{session}/commands", json={"type": "pause"})
        return session


def whole(server: Server, session: str) -> dict[str, Any]:
    """All that the server has of its score, when all is there."""
    with server.client() as http:
        while True:
            answer: dict[str, Any] = http.get(f"/api/v1/sessions/{session}/score?limit=20000").json()
            if answer["filling"] is None:
                assert answer["next"] is None
                return answer


def seen(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(READ)
    return found


def wait(page: Page, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What is seen as soon as it meets *condition*."""
    return awaited(page, lambda: seen(page), condition)


def opened(open_page: Open, server: Server, session: str, **settings: Any) -> tuple[Page, dict[str, Any]]:
    """The page, when it knows all of the score, and what the server has of it."""
    score = whole(server, session)
    page = open_page(f"/s/{session}", **settings)
    count, end = len(score["spans"]["id"]), score["covered"]["to"]
    wait(page, lambda shown: shown["known"] == count and shown["scale"]["to"] >= end)
    return page, score


def x_of(scale: dict[str, float], time: float) -> float:
    return scale["left"] + (time - scale["from"]) / (scale["to"] - scale["from"]) * scale["width"]


def test_the_whole_length_is_on_the_page_with_the_playhead_near_its_beginning(
    open_page: Open, server: Server, storm: str
) -> None:
    page, score = opened(open_page, server, storm)

    shown = seen(page)
    assert shown["scale"]["from"] <= 0
    assert shown["scale"]["to"] >= score["covered"]["to"] == shown["newest"]
    assert shown["now"] < score["covered"]["to"] / 4
    assert shown["strips"] > 0
    expect(page.locator("#recording-untold")).to_contain_text("no recording tells")


def test_playhead_is_dragged_along_the_axis_and_nothing_else_changes(
    open_page: Open, server: Server, storm: str
) -> None:
    page, score = opened(open_page, server, storm, viewport={"width": 1280, "height": 800})
    known = seen(page)["known"]
    canvas = page.locator("#score-canvas")
    box = canvas.bounding_box()
    assert box is not None
    scale = seen(page)["scale"]
    there = score["covered"]["to"] * 0.7

    page.mouse.move(box["x"] + scale["left"] + 40, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + x_of(scale, there), box["y"] + 10, steps=8)
    page.mouse.up()

    cycles = (scale["to"] - scale["from"]) / scale["width"]
    after = wait(page, lambda shown: abs(shown["now"] - there) < cycles * 3)
    assert (after["known"], after["scale"]) == (known, scale)
    with server.client() as http:
        state = http.get(f"/api/v1/sessions/{storm}/state").json()
    assert state["time"] == after["now"]
    expect(page.locator("#recording-position")).to_contain_text(f"Entry {state['tick']:,}".replace(",", "\u202f"))


def test_zoom_and_pan_show_single_spans_where_the_server_has_them(open_page: Open, server: Server, storm: str) -> None:
    page, score = opened(open_page, server, storm)
    spans = score["spans"]
    wide = seen(page)["scale"]

    for _ in range(22):
        page.locator("#score-zoom-in").click()

    near = wait(page, lambda shown: shown["strips"] == 0)
    assert near["scale"]["to"] - near["scale"]["from"] < (wide["to"] - wide["from"]) / 1000
    page.locator("#score-box").hover()
    page.mouse.wheel(400, 0)
    panned = wait(page, lambda shown: shown["scale"]["from"] > near["scale"]["from"])
    rows = {number: row for row, number in enumerate(spans["id"])}
    for shape in panned["shapes"]:
        row = rows[shape["id"]]
        if shape["begins"] and shape["style"] in ("outline", "bar"):
            assert abs(shape["x"] - x_of(panned["scale"], spans["start"][row])) < 1.5

    page.locator("#score-fit").click()
    wait(page, lambda shown: shown["scale"]["to"] >= score["covered"]["to"])


def test_a_recording_that_plays_on_keeps_its_whole_length_in_sight(open_page: Open, server: Server, storm: str) -> None:
    page, score = opened(open_page, server, storm)
    scale = seen(page)["scale"]

    def play(http: httpx2.Client) -> None:
        for command in ({"type": "set_speed", "speed": None}, {"type": "run"}):
            assert http.post(f"/api/v1/sessions/{storm}/commands", json=command).status_code == 200

    with server.client() as http:
        play(http)

    after = wait(page, lambda shown: shown["now"] == score["covered"]["to"])
    assert after["scale"] == scale
    assert after["known"] == len(score["spans"]["id"])


def test_a_search_goes_through_what_is_drawn_as_strips(open_page: Open, server: Server, storm: str) -> None:
    page, score = opened(open_page, server, storm, viewport={"width": 1920, "height": 1080})
    of_vector = score["spans"]["value"].count(0xFB)
    count = f"{of_vector:,}".replace(",", "\u202f")
    field = page.get_by_role("searchbox", name="Search the score")
    said = page.locator("#score-found")

    field.fill("0xfb")
    expect(said).to_have_text(f"{count} found")
    field.press("Enter")

    expect(said).to_have_text(f"{count} found, 1 of {count}")
    expect(page.locator("#selection")).to_be_visible()
    selected = int(page.url.split("span=")[1].split("&")[0])
    shown = wait(page, lambda now: any(shape["id"] == selected for shape in now["shapes"]))
    assert shown["scale"]["to"] - shown["scale"]["from"] < score["covered"]["to"] / 10
    field.press("Enter")
    expect(said).to_have_text(f"{count} found, 2 of {count}")
    field.press("Shift+Enter")
    field.press("Shift+Enter")
    expect(said).to_have_text(f"{count} found, {count} of {count}")
    field.fill("0xfb nonsense")
    expect(said).to_have_text("none found")
    field.fill("")
    expect(said).to_be_empty()
