"""Both machines' scores on the A/B page, in a real browser: they show what the server says, follow a pair forwards and
back, and mark the interrupt of a row of the table, whoever chooses it where."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.looking import awaited
from tests.e2e.test_page import serious
from tests.e2e.test_profiles import tab_to
from tests.web.serving import Server, bearer

pytestmark = pytest.mark.e2e

SEND = {"type": "send_ipi", "cpu": 0, "vector": "0xfc", "destination": 2}
CALL = {"type": "call_guest", "cpu": 1, "function": "flush_tlb_others"}
#: What the page knows of one machine: its spans by id, those that are marked, and where some of them are drawn.
READ = """async (side) => {
  const script = document.querySelector('script[src*="/ab.js"]').src;
  const { machineOn } = await import(new URL("./views/pair-scores.js", script).href);
  const { feed, desk, marked } = machineOn(document.querySelector(`#ab-score-${side} canvas`));
  const { columns } = feed;
  const kinds = [...columns.rows.values()].map((row) => columns.kinds[columns.kind[row]]);
  const shapes = [...(desk.scene?.shapes.values() ?? [])].flat();
  return { ids: [...columns.rows.keys()], kinds, marked: [...marked], shapes, zero: desk.scale.zero, now: desk.now };
}"""


@pytest.fixture
def pair(server: Server) -> Iterator[tuple[httpx2.Client, dict[str, Any]]]:
    """Native against VMI, with two stimuli that wait."""
    with server.client() as http:
        wanted = {"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}, "paused": True}
        made: dict[str, Any] = http.post("/api/v1/pairs", json=wanted).json()
        for command in (SEND, CALL):
            http.post(made["links"]["commands"], json=command)
        yield http, made
        http.delete(f"/api/v1/pairs/{made['id']}", headers=bearer(made["key"]))


def told(http: httpx2.Client, made: dict[str, Any], side: str) -> list[int]:
    ids: list[int] = http.get(f"/api/v1/pairs/{made['id']}/{side}/score?limit=20000").json()["spans"]["id"]
    return ids


def seen(page: Page, side: str) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(READ, side)
    return found


def wait(page: Page, side: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What is seen of a machine as soon as it meets *condition*."""
    return awaited(page, lambda: seen(page, side), condition)


def wait_for_spans(page: Page, side: str, ids: list[int]) -> None:
    wait(page, side, lambda machine: sorted(machine["ids"]) == ids)


def await_same_spans(page: Page, http: httpx2.Client, made: dict[str, Any]) -> None:
    """Waits until both scores have what the server has, and nothing else."""
    for side in "ab":
        wait_for_spans(page, side, sorted(told(http, made, side)))


def test_both_scores_follow_the_pair_forwards_and_back(
    open_page: Open, pair: tuple[httpx2.Client, dict[str, Any]]
) -> None:
    http, made = pair
    page = open_page(made["links"]["page"])
    title = page.locator("#totals-title")

    for count in (1, 2):
        page.get_by_role("button", name="Next stimulus").click()
        expect(title).to_contain_text(f"{count} stimul")
        await_same_spans(page, http, made)
    assert {"call", "flight", "requested", "in_service", "handler"} <= set(seen(page, "b")["kinds"])
    after = seen(page, "a")["ids"]

    page.get_by_role("button", name="Back one stimulus").click()
    expect(title).to_contain_text("1 stimulus, 1 waits")
    await_same_spans(page, http, made)
    assert not set(after) & set(seen(page, "a")["ids"])

    page.get_by_role("button", name="Next stimulus").click()
    expect(title).to_contain_text("2 stimuli")
    await_same_spans(page, http, made)


def test_a_row_of_the_table_marks_its_interrupt_in_both_by_keyboard(
    open_page: Open, pair: tuple[httpx2.Client, dict[str, Any]]
) -> None:
    http, made = pair
    page = open_page(made["links"]["page"])
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#totals-title")).to_contain_text("2 stimuli")
    await_same_spans(page, http, made)
    button = page.get_by_role("button", name="0xfc (reschedule) CPU 0 → 2")

    tab_to(page, button)
    page.keyboard.press("Enter")

    expect(button).to_have_attribute("aria-pressed", "true")
    words = page.locator("#ab-scores-words")
    expect(words).to_contain_text("A:")
    expect(words).to_contain_text("B:")
    for side in "ab":
        machine = seen(page, side)
        kinds = {kind for kind, span in zip(machine["kinds"], machine["ids"], strict=True) if span in machine["marked"]}
        assert kinds >= {"flight", "requested", "in_service", "handler"}
        assert len(machine["marked"]) < len(machine["ids"])
        drawn = {shape["id"] for shape in machine["shapes"] if shape["style"] == "arrow"}
        assert drawn & set(machine["marked"])
    button.press("Enter")  # the table may have been fetched anew meanwhile
    expect(button).to_have_attribute("aria-pressed", "false")
    assert seen(page, "a")["marked"] == []


def test_a_span_that_is_clicked_chooses_its_row_and_is_marked_on_the_other_machine(
    open_page: Open, pair: tuple[httpx2.Client, dict[str, Any]]
) -> None:
    http, made = pair
    page = open_page(made["links"]["page"], viewport={"width": 1280, "height": 1400})
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#totals-title")).to_contain_text("2 stimuli")
    await_same_spans(page, http, made)
    served = next(shape for shape in seen(page, "b")["shapes"] if shape["style"] == "bar" and shape["begins"])

    page.locator("#ab-score-b canvas").click(
        position={"x": served["x"] + served["width"] / 2, "y": served["y"] + served["height"] / 2}
    )

    chosen = page.locator(".ab-what[aria-pressed=true]")
    expect(chosen).to_have_text("0xfd (invalidate TLB) CPU 1 → 0, 2, 3")
    assert served["id"] in seen(page, "b")["marked"]
    assert seen(page, "a")["marked"]


def test_tools_show_more_and_all_and_follow_again(open_page: Open, pair: tuple[httpx2.Client, dict[str, Any]]) -> None:
    http, made = pair
    page = open_page(made["links"]["page"])
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#totals-title")).to_contain_text("2 stimuli")
    await_same_spans(page, http, made)
    follow = page.get_by_role("button", name="Follow the stimulus that is shown")
    expect(follow).to_have_attribute("aria-pressed", "true")
    near = len(seen(page, "a")["shapes"])

    page.get_by_role("button", name="Show all of both").click()
    expect(follow).to_have_attribute("aria-pressed", "false")
    wait(page, "a", lambda machine: len(machine["shapes"]) > near)
    for name in ("Earlier", "Later", "Show more time", "Show less time, larger"):
        page.get_by_role("button", name=name).click()
    follow.click()

    expect(follow).to_have_attribute("aria-pressed", "true")
    wait(page, "a", lambda machine: len(machine["shapes"]) == near)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious_with_an_interrupt_chosen(
    open_page: Open, pair: tuple[httpx2.Client, dict[str, Any]], scheme: str, width: int
) -> None:
    _, made = pair
    page = open_page(made["links"]["page"], color_scheme=scheme, viewport={"width": width, "height": 800})
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#totals-title")).to_contain_text("2 stimuli")

    page.locator(".ab-what[aria-pressed]").first.click()

    expect(page.locator("#ab-scores-words")).to_contain_text("B:")
    assert serious(Axe().run(page).response["violations"]) == []
