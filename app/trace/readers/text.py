"""The lines of a recorded file, plain or gzip-compressed (told by its first bytes, not by its name), in bounded memory.

Whatever cannot be a recording is turned away here with a sentence that says what it is instead.
"""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from app.trace.errors import OtherFormat, TooLargeRecording, UnusableRecording
from app.trace.readers.other_formats import MAGICS

_BLOCK = 1 << 18
_LONGEST_LINE = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
#: zlib's name for "expect a gzip header and check the trailer".
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


class Limits(NamedTuple):
    """The most that is taken: bytes as they come, bytes unpacked, operations kept in memory, lines looked at."""

    compressed: int
    unpacked: int
    operations: int = 1_000_000
    #: A log of a million operations has two to five million lines.
    lines: int = 5_000_000


#: For what strangers send to a server.
UPLOAD_LIMITS = Limits(16 << 20, 128 << 20)
#: For what the owner of the machine names on the command line: only a guard against a gzip bomb.
COMMAND_LINE_LIMITS = Limits(4 << 30, 16 << 30, 100_000_000, 1_000_000_000)


class RecordedText:
    """The text behind *source*."""

    def __init__(self, source: BinaryIO, limits: Limits = UPLOAD_LIMITS) -> None:
        self._source = source
        self._limits = limits
        self._came = 0
        #: Of the bytes that came, those that are still to be unpacked.
        self._packed_bytes = 0
        self._packed = False
        self._unpacked = 0
        #: Whether the file has ended within a line.
        self.cut = False
        self._lines = 0

    @property
    def consumed(self) -> int:
        """How many bytes of the source have been read and unpacked, for a progress bar."""
        return self._came - self._packed_bytes

    def blocks(self) -> Iterator[list[str]]:
        """The lines, many at a time and without their line ends. UnusableRecording where it stops being text."""
        unfinished = b""
        for block in self._unpacked_blocks():
            whole, newline, rest = block.rpartition(b"\n")
            if newline:
                yield self._decoded(unfinished + whole)
                unfinished = rest
            else:
                unfinished += block
            if len(unfinished) > _LONGEST_LINE:
                raise UnusableRecording("longer than any line of a log", self._lines + 1)
        if unfinished:
            self.cut = True
            yield self._decoded(unfinished)

    def _decoded(self, raw: bytes) -> list[str]:
        if b"\0" in raw:
            raise self._binary(raw.index(b"\0"), raw)
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise self._binary(error.start, raw) from None
        lines = text.split("\n")
        self._lines += len(lines)
        if self._lines > self._limits.lines:
            raise TooLargeRecording(
                f"the file has more than {self._limits.lines:,} lines, the most that are taken; take a part of it"
            )
        return lines

    def _binary(self, position: int, raw: bytes) -> OtherFormat:
        line = self._lines + raw.count(b"\n", 0, position) + 1
        return OtherFormat("this is not text, so the file is binary or damaged", line)

    # Bytes

    def _read(self) -> bytes:
        data = self._source.read(_BLOCK)
        self._packed = self._packed or (not self._came and data.startswith(_GZIP_MAGIC))
        self._came += len(data)
        if self._came > self._limits.compressed:
            most = _size(self._limits.compressed)
            hint = "take a part of it" if self._packed else "pack it with gzip, which makes a log twenty times smaller"
            raise TooLargeRecording(f"the file is larger than {most}, the most that is taken; {hint}")
        return data

    def _unpacked_blocks(self) -> Iterator[bytes]:
        first = self._read()
        if not first:
            raise UnusableRecording("the file is empty")
        blocks = self._gunzipped(first) if self._packed else self._plain(first)
        for block in blocks:
            if not self._unpacked:
                _refuse_other_formats(block)
            self._unpacked += len(block)
            if self._unpacked > self._limits.unpacked:
                most = _size(self._limits.unpacked)
                what = "unpacks to more than" if self._packed else "is larger than"
                raise TooLargeRecording(f"the file {what} {most}, the most that is taken; take a part of it")
            yield block
        if not self._unpacked:
            raise UnusableRecording("the file is empty inside its gzip wrapping")

    def _plain(self, block: bytes) -> Iterator[bytes]:
        while block:
            yield block
            block = self._read()

    def _gunzipped(self, data: bytes) -> Iterator[bytes]:
        """Never more than one block at a time, however much a few bytes unpack to."""
        unpacker = zlib.decompressobj(_GZIP_WINDOW)
        while True:
            try:
                block = unpacker.decompress(data, _BLOCK)
            except zlib.error:
                raise UnusableRecording(f"the gzip data is damaged{self._where()}") from None
            self._packed_bytes = len(unpacker.unconsumed_tail)
            if block:
                yield block
            if unpacker.eof:
                # A gzip file may be several, one behind the other.
                data = unpacker.unused_data
                if len(data) < len(_GZIP_MAGIC):
                    data += self._read()
                if not data.startswith(_GZIP_MAGIC):
                    return
                unpacker = zlib.decompressobj(_GZIP_WINDOW)
                continue
            data = unpacker.unconsumed_tail or self._read()
            if not data and not block:
                raise UnusableRecording(f"the gzip data is cut off{self._where()}: the file is not complete")

    def _where(self) -> str:
        return f" after line {self._lines}" if self._lines else ""


def _refuse_other_formats(beginning: bytes) -> None:
    for magic, meaning in MAGICS:
        if beginning.startswith(magic):
            raise OtherFormat(f"the file is {meaning}")


def _size(count: int) -> str:
    return f"{count >> 30} GiB" if count >= 1 << 30 else f"{count >> 20} MiB"
