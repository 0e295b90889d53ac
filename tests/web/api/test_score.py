"""Scores by the JSON interface: any stretch of time, page by page or in bins; of recordings, and of both machines of a
pair, whose score goes back with it."""

import gzip
from typing import Any

import httpx2
import pytest

from tests.web.serving import ROOT

RECORDING = ROOT / "tests" / "trace" / "recordings" / "system-reset-1cpu.qemu.log.gz"
PAIR = {"a": {"backend": "native-xapic"}, "b": {"backend": "vmi"}, "cpus": 2, "paused": True}
CALL = {"type": "call_guest", "cpu": 0, "function": "smp_call_function"}
Json = dict[str, Any]


@pytest.fixture
def recording(http: httpx2.Client) -> str:
    """The address of the score of a recording, when all of it is there."""
    opened = http.post("/api/v1/recordings?name=reset.qemu.log", content=gzip.decompress(RECORDING.read_bytes()))
    score = f"/api/v1/sessions/{opened.json()['session']}/score"
    while ask(http, score, limit=1)["filling"] is not None:
        pass
    return score


def ask(http: httpx2.Client, score: str, **asked: int) -> Json:
    answer = http.get(score, params=asked)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def rows(spans: Json) -> list[tuple[Any, ...]]:
    return list(zip(*spans.values(), strict=True))


def test_spans_come_page_by_page(http: httpx2.Client, recording: str) -> None:
    whole = ask(http, recording, limit=20_000)
    assert whole["next"] is None

    pages: list[tuple[Any, ...]] = []
    after = 0
    while True:
        page = ask(http, recording, limit=50, after=after)
        pages += rows(page["spans"])
        if page["next"] is None:
            break
        after = page["next"]

    assert pages == rows(whole["spans"])
    assert len(pages) == 215


def test_a_stretch_has_what_lies_at_least_partly_in_it(http: httpx2.Client, recording: str) -> None:
    whole = ask(http, recording, limit=20_000)
    begin, end = 2_000_000_000, 3_000_000_000

    found = ask(http, recording, limit=20_000, **{"from": begin, "to": end})

    expected = [
        row
        for row in rows(whole["spans"])
        if row[4] <= end and (row[5] is None or row[5] >= begin)  # start and end
    ]
    assert rows(found["spans"]) == expected
    assert 0 < len(expected) < 215


def test_bins_count_what_begins_in_each_part(http: httpx2.Client, recording: str) -> None:
    whole = ask(http, recording, limit=20_000)
    to = whole["covered"]["to"] + 1

    found = ask(http, recording, bins=7, to=to)

    assert [lane["lane"] for lane in found["lanes"]] == [0, -1]
    starts = [(lane, start) for lane, start in zip(whole["spans"]["lane"], whole["spans"]["start"], strict=True)]
    for lane in found["lanes"]:
        assert len(lane["counts"]) == len(lane["busy"]) == 7
        assert sum(lane["counts"]) == sum(one == lane["lane"] for one, _ in starts)
        first = [start for one, start in starts if one == lane["lane"] and start < to // 7]
        assert lane["counts"][0] == len(first)


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"limit": 20_001}, 422), ({"bins": 0}, 422), ({"from": -1}, 422), ({"page": 2}, 422), ({"branch": 1}, 409)],
    ids=str,
)
def test_what_does_not_fit_is_refused(http: httpx2.Client, recording: str, asked: dict[str, int], status: int) -> None:
    assert http.get(recording, params=asked).status_code == status


@pytest.fixture
def pair(http: httpx2.Client) -> str:
    """The address of a pair for which two stimuli wait."""
    made = http.post("/api/v1/pairs", json=PAIR).json()
    address = f"/api/v1/pairs/{made['id']}"
    for _ in range(2):
        assert http.post(f"{address}/commands", json=CALL).status_code == 200
    return address


def scores_of(http: httpx2.Client, pair: str) -> list[list[tuple[Any, ...]]]:
    """The spans of both machines, but for what numbers them."""
    found = []
    for name in "ab":
        answer = ask(http, f"{pair}/{name}/score", limit=20_000)
        assert answer["filling"] is None
        assert answer["next"] is None
        assert answer["covered"] == {"from": 0, "to": http.get(f"{pair}/{name}/state").json()["time"]}
        first = min(answer["spans"]["id"], default=0)
        spans = answer["spans"]
        spans["id"] = [number - first for number in spans["id"]]
        spans["cause"] = [number if number == -1 else number - first for number in spans["cause"]]
        found.append(rows(spans))
    return found


def test_both_machines_of_a_pair_have_a_score_that_goes_back_with_them(http: httpx2.Client, pair: str) -> None:
    there = [scores_of(http, pair)]
    for _ in range(2):
        assert http.post(f"{pair}/commands", json={"type": "next"}).status_code == 200
        there.append(scores_of(http, pair))
    for a, b in there[1:]:
        for spans in (a, b):
            assert {span[1] for span in spans} >= {"call", "flight", "requested", "in_service", "handler"}

    assert http.post(f"{pair}/commands", json={"type": "next", "count": -1}).status_code == 200

    assert scores_of(http, pair) == there[1]
    assert http.post(f"{pair}/commands", json={"type": "next"}).status_code == 200
    assert scores_of(http, pair) == there[2]
    assert http.get(f"{pair}/a/score", params={"branch": 1}).status_code == 409
    assert http.get(f"{pair}/c/score").status_code == 422
