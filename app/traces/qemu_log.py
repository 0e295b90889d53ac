"""Reads a QEMU log into a recording; what a line says is in ``qemu_lines``.

Other things that people have at hand are recognised, so that the answer can say what they are instead.
"""

import io
import re
from collections.abc import Callable
from typing import BinaryIO

from app.traces.errors import OtherFormat, TooLargeRecording
from app.traces.operations import Recording
from app.traces.qemu_lines import QemuLines
from app.traces.text import UPLOAD_LIMITS, Limits, RecordedText

#: Lines from the beginning that are looked at to tell another format.
_PROBED_LINES = 30

#: How lines begin of formats that are something else.
_OTHER_FORMATS = (
    (
        re.compile(r"# tracer:|cpus=\d+$|.{1,16}-\d+\s+(\(.{7}\)\s+)?\[\d{3}\]\s"),
        "ftrace text, which replay does not read yet",
    ),
    (re.compile(r'\{.*"format":\s*"apic-conformance/'), "a conformance set; `apicscope conformance` runs it"),
    (re.compile(r"\[ *\d+\.\d{6}\] "), "a kernel log (dmesg), not QEMU's own log"),
    (re.compile(r"\s+CPU0\s"), "a copy of /proc/interrupts, not a log"),
    (re.compile(r"\s*[\[{<]"), "JSON or markup, not a log"),
)


def read_recording(name: str, data: bytes, limits: Limits = UPLOAD_LIMITS) -> Recording:
    """The recording called *name* whose file is *data*: a QEMU log, plain or gzip-compressed.

    UnusableRecording says what is wrong with it, and in which line.
    """
    return read_recording_from(name, io.BytesIO(data), limits)


def read_recording_from(
    name: str,
    source: BinaryIO,
    limits: Limits = UPLOAD_LIMITS,
    on_progress: Callable[[int], None] | None = None,
) -> Recording:
    """The same from an open file. ``on_progress`` hears how many bytes of *source* have been read."""
    text = RecordedText(source, limits)
    log = QemuLines()
    beginning: list[str] = []
    for lines in text.blocks():
        beginning = beginning or lines[:_PROBED_LINES]
        log.feed(lines)
        if log.understood > limits.operations:
            most = f"{limits.operations:,} operations, the most that are taken"
            raise TooLargeRecording(f"it holds more than {most}; take a part of it")
        if on_progress is not None:
            on_progress(text.consumed)
    if not log.understood:
        _say_what_it_is(beginning)
    return log.recording(name)


def _say_what_it_is(lines: list[str]) -> None:
    for number, line in enumerate(lines, 1):
        for pattern, meaning in _OTHER_FORMATS:
            if pattern.match(line):
                raise OtherFormat(f"this is {meaning}", number)
