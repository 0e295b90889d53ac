"""``apicscope bench page``, in a small way: it measures what it says, in a real browser."""

import asyncio

import pytest

from app.bench.browser import browser
from app.bench.page import measured_in
from app.bench.served import served
from app.bench.stage import Presses, Storm, presses_seen, storm_seen
from tests.e2e.conftest import path_of_chromium

pytestmark = pytest.mark.e2e


def test_frames_of_scores_and_of_an_empty_canvas_are_measured_in_the_same_browser() -> None:
    measured = measured_in(path_of_chromium(), (2_000, 30_000), rounds=1)

    assert measured is not None
    assert "error" not in measured
    cases = measured["cases"]
    assert [(case["spans"], case["sight"]) for case in cases] == [
        (spans, sight) for spans in (2_000, 30_000) for sight in ("all", "tenth", "close")
    ]
    assert all(0 < case["median"] <= case["p95"] for case in [measured["empty"], *cases])


async def seen() -> tuple[Storm, Presses]:
    async with served() as client, browser(path_of_chromium(), 1280, 720) as page:
        storm = await storm_seen(client, page, 12, rounds=1, frames=20)
        return storm, await presses_seen(client, page, 4, presses=2)


def test_frames_of_a_storm_and_presses_are_measured_beside_an_empty_page_and_a_bare_request() -> None:
    storm, presses = asyncio.run(seen())

    assert len(storm.frames) == len(storm.empty) == 20
    assert min(*storm.frames, *storm.empty) > 0
    assert storm.nodes > 500
    assert len(presses.seen) == len(presses.bare) == 2
    assert min(*presses.seen, *presses.bare) > 0
