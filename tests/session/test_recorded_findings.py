"""What a session that follows a recording tells of it: limits, differences line by line, and the way to each moment."""

from pathlib import Path

from app.session.recorded import RecordedDrive, recorded_timeline
from app.session.recorded_findings import MOST_TOLD, difference_records, limit_records, position_of
from app.trace.check import deviations
from app.trace.check.replay import Replay
from app.trace.readers.registry import read_recording
from tests.there import there
from tests.trace.log_lines import SVR, LogLines, finished

CASES = Path(__file__).parents[1] / "trace" / "cases"


def played(name: str) -> RecordedDrive:
    drive = RecordedDrive(name, recorded_timeline(read_recording(name, (CASES / name).read_bytes())))
    drive.run()
    return drive


def test_every_difference_is_told_with_line_cpu_both_sides_and_reason() -> None:
    first = played("lint0-fixed-virtual-wire.qemu.log").state()["differences"][0]

    assert first == {
        "line": 8,
        "position": 6,
        "time": 30_000,
        "cpu": 0,
        "recorded": "0x30",
        "model": None,
        "why": "nothing has requested it",
        "known_deviation": deviations.LINT0_ANY_MODE,
        "text": "CPU 0 takes 0x30, the model nothing (nothing has requested it)",
    }


def test_a_log_without_time_stamps_says_where_its_score_stands() -> None:
    bare = LogLines().started(1).read(0, SVR, 0x1FF).recording()
    at_no_time = bare._replace(operations=[operation._replace(time=0) for operation in bare.operations])

    told = [[limit["says"] for limit in limit_records(Replay(one))] for one in (bare, at_no_time)]

    assert told[1] == [*told[0], "the log has no time stamps, so all of its score stands at time 0"]


def test_a_read_that_differs_is_told_by_its_register() -> None:
    replay = finished(LogLines().started(1).read(0, SVR, 0x1EF).recording())

    (record,) = difference_records(replay)

    assert (record["line"], record["recorded"], record["model"]) == (3, "0x000001ef", "0x000001ff")
    assert record["known_deviation"] is None
    assert "SVR" in record["text"]


def test_differences_without_a_reason_are_told_whatever_others_there_are() -> None:
    log = LogLines().started(1)
    for _ in range(MOST_TOLD + 5):
        log.io_apic_read(1, 0x17_0020)
    replay = finished(log.read(0, SVR, 0x1EF).recording())

    records = difference_records(replay)

    assert [record["known_deviation"] is None for record in records] == [False] * MOST_TOLD + [True]


def test_the_list_is_the_same_object_until_something_new_is_found() -> None:
    drive = played("lint0-fixed-virtual-wire.qemu.log")

    assert drive.state()["differences"] is drive.state()["differences"]


def test_what_the_file_cannot_show_is_in_the_state() -> None:
    recording = there(played("x2apic-guest-qemu-10.log").state()["recording"])

    assert [limit["line"] for limit in recording["limits"]] == [2]
    assert "x2APIC" in recording["limits"][0]["says"]
    assert recording["unseen"] == 4


def test_vectors_of_the_8259_are_in_the_log() -> None:
    drive = RecordedDrive(
        "case", recorded_timeline(read_recording("case", (CASES / "eoi-after-extint.log").read_bytes()))
    )
    drive.run()

    assert "ExternalAcknowledged" in {type(event).__name__ for _, event in drive.take_log()}


def test_a_line_is_reached_when_all_of_it_is_done() -> None:
    replay = Replay(LogLines().write(0, SVR, 0x1FF).line("other").io_apic_read(1, 0x17_0011).recording())

    assert [position_of(replay, line) for line in range(6)] == [0, 1, 1, 2, 3, 3]
