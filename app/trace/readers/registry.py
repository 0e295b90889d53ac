"""The formats that can be read: one row each. A row says by which lines it knows its format, and makes a parser.

A parser is fed the lines and gives a ``Recording``: operations, and the facts that the file can show. Whatever uses a
recording branches on those facts, never on the format's name.
"""

import io
from collections.abc import Callable, Sequence
from typing import BinaryIO, Protocol

from app.trace.errors import TooLargeRecording, UnusableRecording
from app.trace.operations import Recording, VectorTaken
from app.trace.readers.other_formats import Named, named
from app.trace.readers.qemu_log import QemuLog
from app.trace.readers.text import UPLOAD_LIMITS, Limits, RecordedText

#: Lines from the beginning by which a format is known.
_HEAD = 30


class Parser(Protocol):
    """Reads one file."""

    @property
    def understood(self) -> int:
        """How many lines so far say that something was done."""

    def feed(self, lines: list[str]) -> None:
        """The next lines, in order. UnusableRecording names one that is damaged."""

    def recording(self, name: str, *, cut: bool) -> Recording:
        """What the lines say; *cut*: the file ended within the last. UnusableRecording when they say nothing."""


class Reader(Protocol):
    """One format."""

    name: str

    def matches(self, head: Sequence[str]) -> bool:
        """Whether the first lines of a file are this format's."""

    def parser(self) -> Parser:
        """A parser for one file."""


#: The last one also gets what no row knows by its first lines, since its own may come late, among other output.
READERS: tuple[Reader, ...] = (QemuLog(),)


def read_recording(name: str, data: bytes, limits: Limits = UPLOAD_LIMITS) -> Recording:
    """The recording called *name* whose file is *data*, plain or gzip-compressed.

    UnusableRecording says what is wrong with it, and in which line.
    """
    return read_recording_from(name, io.BytesIO(data), limits)


def read_recording_from(
    name: str,
    source: BinaryIO,
    limits: Limits = UPLOAD_LIMITS,
    on_progress: Callable[[int], None] | None = None,
    *,
    even_if_mute: bool = False,
) -> Recording:
    """The same from an open file. ``on_progress`` hears how many bytes of *source* have been read, every 256 KiB at
    most; what it raises ends the reading. *even_if_mute*: a recording that says nothing a machine could be given is
    returned, too, for the sake of its limits.
    """
    text = RecordedText(source, limits)
    head: list[str] = []
    parser: Parser | None = None
    other: Named | None = None
    for lines in text.blocks():
        if parser is None:
            head = lines[:_HEAD]
            reader = next((reader for reader in READERS if reader.matches(head)), None)
            other = named(head) if reader is None else None
            parser = (reader or READERS[-1]).parser()
        _feed(parser, lines, other)
        if parser.understood > limits.operations:
            most = f"{limits.operations:,} operations, the most that are taken"
            raise TooLargeRecording(f"it holds more than {most}; take a part of it")
        if on_progress is not None:
            on_progress(text.consumed)
    assert parser is not None, "an empty file is refused before"
    if not parser.understood and other is not None:
        raise other.refusal
    recording = parser.recording(name, cut=text.cut)
    if not even_if_mute and all(isinstance(operation, VectorTaken) for operation in recording.operations):
        raise UnusableRecording("; ".join(limit.says for limit in recording.limits))
    return recording


def _feed(parser: Parser, lines: list[str], other: Named | None) -> None:
    try:
        parser.feed(lines)
    except UnusableRecording as damage:
        if other is not None and not parser.understood:
            raise other.refusal from damage
        raise
