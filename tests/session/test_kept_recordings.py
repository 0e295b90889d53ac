"""Recordings that are kept have a budget of bytes: what nobody watches goes first, and what does not fit is refused."""

import tracemalloc
from collections.abc import AsyncIterator
from importlib import resources

import pytest

from app.session.owner import Room
from app.session.recorded import RecordedDrive, recorded_timeline
from app.session.registry import SAMPLES, File, Registry, TooManySessions, sample_file
from app.session.session import Session
from app.session.workshop import Workshop
from app.trace.readers.registry import read_recording
from tests.session.waiting import Waiting

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SAMPLE = sample_file(SAMPLES[0][0], "somebody")


def weight() -> int:
    return RecordedDrive(SAMPLE.name, recorded_timeline(read_recording(SAMPLE.name, SAMPLE.data)), SAMPLE.data).weight


@pytest.fixture
async def registry(workshop: Workshop) -> AsyncIterator[Registry]:
    """There is room for the first session and two of the sample."""
    made = Registry(workshop=workshop)
    await made.start()
    first = made.default().weight
    await made.stop(1000)
    made = Registry(Room(100, first + 2 * weight() + weight() // 2))
    await made.start()
    yield made
    await made.stop(1000)


async def opened(registry: Registry, name: str) -> Session:
    return await registry.open_recording(File(name, SAMPLE.data, "somebody"))


async def test_recording_that_nobody_has_touched_for_longest_makes_room(registry: Registry) -> None:
    first, second = [await opened(registry, name) for name in "ab"]
    first.touch()

    third = await opened(registry, "c")

    assert second.over
    assert [session.title for session in registry.all()[1:]] == ["a", "c"]
    assert not first.over
    assert not third.over


async def test_watched_recordings_stay_and_one_more_is_refused_in_words(registry: Registry) -> None:
    watched = [await opened(registry, name) for name in "ab"]

    refused = pytest.raises(
        TooManySessions, match=r"more memory than the .* MiB for all sessions that the others leave"
    )
    with watched[0].hub.viewing(Waiting()), watched[1].hub.viewing(Waiting()), refused:
        await opened(registry, "c")

    assert [session.title for session in registry.all()[1:]] == ["a", "b"]


def test_weight_is_near_what_a_recording_takes() -> None:
    data = (resources.files("app.trace") / "samples" / f"{SAMPLES[0][0]}.qemu.log.gz").read_bytes()
    read_recording("warm", data)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = read_recording("measured", data)
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    drive = RecordedDrive("measured", recorded_timeline(kept), data)
    less = RecordedDrive("less", recorded_timeline(kept._replace(operations=kept.operations[:100])), data)
    assert 0.7 < (drive.weight - less.weight) / taken < 1.5
    assert drive.weight - RecordedDrive("no data", drive.timeline).weight == len(data)
