"""A recording's score is made in the background when it is opened, all of it, wherever the recording is shown."""

import gzip
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from app.commands.transport import Seek
from app.score.course import Span
from app.session.recorded import RecordedDrive, recorded_timeline
from app.session.recorded_score import RecordedScore
from app.session.session import Session
from app.trace.operations import Recording
from app.trace.readers.registry import read_recording
from tests.session.living import until

RECORDINGS = Path(__file__).parents[1] / "trace" / "recordings"

pytestmark = pytest.mark.anyio


def recording() -> Recording:
    file = RECORDINGS / "system-reset-1cpu.qemu.log.gz"
    return read_recording(file.name, gzip.decompress(file.read_bytes()))


def drive() -> RecordedDrive:
    return RecordedDrive("a recording", recorded_timeline(recording()))


def spans_of(score: RecordedScore) -> list[Span]:
    return list(score.line(0).spans())


def fill(score: RecordedScore) -> None:
    """Makes all of it."""
    for _ in score.filler() or ():
        pass
    assert score.filler() is None


@pytest.fixture
async def paused() -> AsyncIterator[Session]:
    """A recording that stands at its beginning."""
    made = Session("TEST", "a recording", drive(), paused=True, speed=None)
    yield made
    await made.close()


async def test_all_of_it_is_there_while_the_recording_stands_at_its_beginning(paused: Session) -> None:
    score = paused.score()
    await until(paused, lambda state: score.filling(0) is None)

    assert paused.drive.time == 0
    assert score.covered(0) == (0, recording().operations[-1].time)
    assert sum(span.kind == "line" for span in score.line(0).spans()) == 90


async def test_it_stays_as_it_is_wherever_the_recording_is_shown(paused: Session) -> None:
    score = paused.score()
    await until(paused, lambda state: score.filling(0) is None)
    before, position = list(score.line(0).spans()), score.position

    await paused.submit(Seek(tick=300))
    await paused.submit(Seek(tick=20))

    assert paused.state()["tick"] == 20
    assert paused.score() is score
    assert (list(score.line(0).spans()), score.position) == (before, position)


async def test_until_it_is_made_it_says_how_far_it_is_and_for_which_times_it_knows_all() -> None:
    whole = RecordedScore(recording())
    fill(whole)
    score = RecordedScore(recording())
    told = []
    for _ in score.filler() or ():
        filling, covered = score.filling(0), score.covered(0)
        if filling is not None:
            told.append(filling.done)
            assert filling.words == f"The recording is being read: {filling.done} of 593 operations."
            known = whole.line(0).between(0, covered.end).columns["id"]
            assert score.line(0).between(0, covered.end).columns["id"] == known

    assert told
    assert all(before < after for before, after in pairwise(told))
    assert score.filling(0) is None
    assert spans_of(score) == spans_of(whole)


async def test_room_is_made_for_it_before_it_is_there() -> None:
    opened = drive()
    without = opened.weight - opened.score.size

    fill(opened.score)

    assert opened.weight - without == opened.score.size > 0


async def test_one_that_is_too_large_ends_where_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.session.recorded_score.MOST_SPANS", 100)
    score = RecordedScore(recording())

    fill(score)

    assert 100 <= len(spans_of(score)) < 215
    assert score.covered(0).end < recording().operations[-1].time
    assert score.filling(0) is None


async def test_a_recording_has_one_branch() -> None:
    with pytest.raises(LookupError, match="there is no branch 1"):
        drive().score.line(1)


async def test_records_are_counted_as_they_are_listed() -> None:
    opened = drive()
    ticks = [record.tick for records in opened.recorder(0, 1, 593) for record in records]
    edges = [1, 40, 41, 300, 594]
    assert opened.score.event_counts(0, edges) is None  # not all of them are known yet

    fill(opened.score)

    expected = [sum(first <= tick < last for tick in ticks) for first, last in pairwise(edges)]
    assert opened.score.event_counts(0, edges) == expected
