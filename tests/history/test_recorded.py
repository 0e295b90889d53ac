"""Any moment of a recording is what the recording makes of the model up to there, and steps back undo steps."""

from pathlib import Path
from random import Random

import pytest

from app.engine.journal import moment_at
from app.history.keyframes import Keyframes
from app.history.recorded import RECORDED_UNITS, Playback, RecordedTimeline, recorded_pack
from app.trace.check.replay import Replay
from app.trace.operations import Recording, RegisterRead, RegisterWrite, VectorTaken
from app.trace.readers.registry import read_recording
from tests.engine.whole_state import everything, first_difference

pytestmark = pytest.mark.slow

TRACES = Path(__file__).parents[1] / "trace"
SMALL = [
    "recordings/system-reset-1cpu.qemu.log.gz",
    "cases/lint0-fixed-virtual-wire.qemu.log",
    "cases/control-qemu-7.2.log",
    "cases/x2apic-guest-qemu-10.log",
]
LARGE = "recordings/linux-6.1-ipi-storm-4cpu.qemu.log.gz"
every_small_recording = pytest.mark.parametrize("name", SMALL)


def recording(name: str) -> Recording:
    return read_recording(Path(name).name, (TRACES / name).read_bytes())


def whole(playback: Playback) -> list[str]:
    """One line for each value that the replay is made of, and for each counter."""
    playback.count()
    return everything((playback.replay, playback.counters, playback.happened))


def reference(played: Recording, tick: int) -> Playback:
    """The same moment, one operation after the other from the beginning."""
    playback = Playback(Replay(played))
    for _ in range(tick):
        playback.run(operations=1)
    return playback


def timelines(played: Recording) -> list[RecordedTimeline]:
    keyframes = Keyframes(recorded_pack(played), lambda: 0.0)
    return [RecordedTimeline(played), RecordedTimeline(played, keyframes=keyframes)]


@every_small_recording
def test_a_moment_is_what_the_recording_makes_of_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.history.keyframes.LEAST_SPACING", 20)
    played, chance = recording(name), Random(name)
    for timeline in timelines(played):
        for _ in range(6):
            tick = chance.randint(0, timeline.head.tick)
            assert timeline.seek(tick).tick == tick
            assert first_difference(whole(reference(played, tick)), whole(timeline.playback)) == ""
            timeline.run(operations=chance.randint(1, 40))
            expected = reference(played, timeline.moment.tick)
            assert first_difference(whole(expected), whole(timeline.playback)) == ""


@every_small_recording
def test_a_step_back_undoes_a_step_and_a_step_undoes_a_step_back(name: str) -> None:
    played, chance = recording(name), Random(name)
    for timeline in timelines(played):
        for unit in [*RECORDED_UNITS] * 4:
            there = timeline.seek(chance.randint(0, timeline.head.tick))
            count = chance.choice([1, 1, 3])
            if timeline.step(unit, count) == count:
                assert timeline.step_back(unit, count) == count
                assert timeline.moment == there

            timeline.seek(there.tick)
            back = timeline.step_back(unit, count)
            assert back == count or timeline.moment == moment_at(0, 0)
            assert timeline.step(unit, back) == back
            assert timeline.moment == there


@pytest.mark.parametrize(
    ("unit", "kinds"), [("access", (RegisterRead, RegisterWrite)), ("interrupt", (VectorTaken,))], ids=lambda word: word
)
def test_a_step_ends_with_the_operation_that_counts(unit: str, kinds: tuple[type, ...]) -> None:
    timeline = RecordedTimeline(recording(LARGE))
    ends = [tick for tick, done in enumerate(timeline.recording.operations, 1) if isinstance(done, kinds)]

    for end in ends[:20]:
        assert timeline.step(unit) == 1
        assert timeline.moment.tick == end


def test_at_the_end_a_step_does_nothing_and_says_so() -> None:
    timeline = RecordedTimeline(recording(SMALL[1]))
    assert timeline.seek() == timeline.head
    assert timeline.live
    assert timeline.next_time() is None
    assert timeline.step("operation") == 0
    assert timeline.step_back("operation", 10_000) == timeline.head.tick
    assert timeline.moment.tick == 0
    assert timeline.step_back("operation") == 0


def test_the_last_operation_at_a_time_is_found() -> None:
    timeline = RecordedTimeline(recording(LARGE))
    times = [operation.time for operation in timeline.recording.operations]
    for time in (0, times[0], times[500] - 1, times[500], times[-1] + 1):
        tick, shown = timeline.seek(time=time)
        assert times[:tick] == [when for when in times if when <= time]
        assert shown == (times[tick - 1] if tick else 0)


@every_small_recording
def test_what_the_model_reports_is_told_with_its_tick(name: str) -> None:
    played = recording(name)
    timeline = RecordedTimeline(played)
    playback, expected = Playback(Replay(played)), []
    for tick in range(1, played_length(timeline) + 1):
        playback.run(operations=1)
        expected += [(tick, time, event) for time, event in playback.take_log()]

    assert [tuple(record) for record in timeline.records(0, 1 << 40)] == expected
    middle = timeline.head.tick // 2
    assert [tuple(record) for record in timeline.records(middle, middle + 5)] == [
        record for record in expected if middle <= record[0] <= middle + 5
    ]
    assert timeline.moment == moment_at(0, 0)


def played_length(timeline: RecordedTimeline) -> int:
    return len(timeline.recording.operations)


@pytest.mark.slow
def test_a_way_in_a_long_recording_is_short_from_keyframes() -> None:
    played = recording(LARGE)
    keyframes = Keyframes(recorded_pack(played), lambda: 0.0)
    timeline = RecordedTimeline(played, keyframes=keyframes)
    timeline.run()
    assert keyframes.kept
    assert keyframes.size < 200_000


@pytest.mark.parametrize("tick", [-1, 1 << 40])
def test_a_tick_that_a_recording_has_not_is_refused(tick: int) -> None:
    timeline = RecordedTimeline(recording(SMALL[1]))

    with pytest.raises(ValueError, match=f"there is no tick {tick:,}: the recording has"):
        timeline.seek(tick)


def test_a_step_by_function_is_refused() -> None:
    timeline = RecordedTimeline(recording(SMALL[1]))

    with pytest.raises(KeyError, match="a recording has no step by function: there are operation, access, interrupt"):
        timeline.step_back("function")
