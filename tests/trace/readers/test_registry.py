import gzip
import io

import pytest

from app.trace.errors import UnusableRecording
from app.trace.readers.registry import read_recording, read_recording_from
from app.trace.readers.text import Limits
from tests.trace.log_lines import SVR, LogLines


def refusal(text: str) -> str:
    with pytest.raises(UnusableRecording) as caught:
        read_recording("upload", text.encode())
    return str(caught.value)


def test_a_compressed_log_is_the_same_recording() -> None:
    data = LogLines().started(3).handled(1, 0x41).text().encode()

    assert read_recording("a", gzip.compress(data)) == read_recording("a", data)


def test_progress_is_told_in_bytes_of_the_file() -> None:
    data = LogLines().started(3).text().encode() * 5000
    told: list[int] = []

    read_recording_from("a", io.BytesIO(data), Limits(1 << 24, 1 << 24), told.append)

    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == len(data)


def test_an_upload_over_the_limit_is_refused() -> None:
    with pytest.raises(UnusableRecording, match="larger than 1 MiB"):
        read_recording("a", LogLines().started(3).text().encode() * 5000, Limits(1 << 20, 1 << 24))


def test_an_upload_with_too_many_operations_is_refused() -> None:
    with pytest.raises(UnusableRecording, match="more than 1,000 operations"):
        read_recording("a", LogLines().started(3).text().encode() * 200, Limits(1 << 24, 1 << 24, 1000))


def test_text_of_any_other_kind_is_no_qemu_log() -> None:
    assert "none of its 2 lines is a line of a QEMU log" in refusal("hello\nworld\n")


def test_a_qemu_log_of_other_devices_is_not_enough() -> None:
    assert "none of its 1 lines" in refusal(LogLines().event("serial_write write addr 0x01 val 0x02").text())


def test_vectors_without_trace_events_are_not_enough() -> None:
    text = LogLines().taken(0, 0x41).text()

    assert "trace events of the APICs are missing" in refusal(text)
    mute = read_recording_from("upload", io.BytesIO(text.encode()), even_if_mute=True)
    assert [limit.line for limit in mute.limits] == [1]


def test_what_the_listener_raises_ends_the_reading() -> None:
    def listen(_: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_recording_from("a", io.BytesIO(LogLines().started(3).text().encode()), on_progress=listen)


def test_a_plain_file_that_is_too_large_is_told_of_gzip() -> None:
    data = LogLines().started(3).text().encode() * 5000

    with pytest.raises(UnusableRecording, match=r"larger than 1 MiB.*; pack it with gzip"):
        read_recording("a", data, Limits(1 << 20, 1 << 24))
    with pytest.raises(UnusableRecording) as caught:
        read_recording("a", gzip.compress(data), Limits(1 << 10, 1 << 24))
    assert "gzip" not in str(caught.value)


def test_a_log_may_begin_with_other_lines() -> None:
    log = LogLines().line("char device redirected to /dev/pts/3 (label serial0)").write(0, SVR, 0x1FF)

    assert len(log.recording().operations) == 1


def test_a_log_among_other_output_is_read() -> None:
    log = LogLines().line("[    0.000000] Linux version 6.1").line("{").write(0, SVR, 0x1FF)

    assert len(log.recording().operations) == 1
