"""``apicscope bench page``, in a small way: it measures what it says, in a real browser."""

import pytest

from app.bench.page import measured_in
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
