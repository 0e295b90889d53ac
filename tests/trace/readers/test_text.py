import gzip
import io

import pytest

from app.trace.errors import UnusableRecording
from app.trace.readers.text import Limits, RecordedText

ROOMY = Limits(1 << 20, 1 << 24)


def lines(data: bytes, limits: Limits = ROOMY) -> list[str]:
    return [line for block in RecordedText(io.BytesIO(data), limits).blocks() for line in block]


def refusal(data: bytes, limits: Limits = ROOMY) -> UnusableRecording:
    with pytest.raises(UnusableRecording) as caught:
        lines(data, limits)
    return caught.value


def many_lines(count: int) -> bytes:
    return b"".join(b"line %d says something that is not too short\n" % number for number in range(count))


def test_plain_text_comes_as_its_lines() -> None:
    assert lines(b"one\ntwo\nthree") == ["one", "two", "three"]


def test_lines_stay_whole_across_blocks() -> None:
    data = many_lines(20_000)

    assert lines(data) == data.decode().splitlines()


def test_gzip_is_told_by_its_bytes() -> None:
    assert lines(gzip.compress(b"one\ntwo\n")) == ["one", "two"]


def test_gzip_files_behind_each_other_are_one_text() -> None:
    assert lines(gzip.compress(b"one\n") + gzip.compress(b"two\n")) == ["one", "two"]


def test_bytes_that_are_still_to_be_unpacked_are_not_consumed() -> None:
    data = gzip.compress(b"a line like any other\n" * 200_000)
    text = RecordedText(io.BytesIO(data), ROOMY)

    consumed = [text.consumed for _ in text.blocks()]

    assert len(consumed) > 10
    assert consumed == sorted(consumed)
    assert consumed[0] < len(data) / 2
    assert consumed[-1] == len(data)


def test_consumed_bytes_are_those_of_the_file() -> None:
    data = gzip.compress(many_lines(1000))
    text = RecordedText(io.BytesIO(data), ROOMY)

    assert sum(len(block) for block in text.blocks()) == 1000
    assert text.consumed == len(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (gzip.compress(b"", mtime=0), "empty inside its gzip wrapping"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\xfd7zXZ\x00rest", "xz-compressed"),
        (b"\x28\xb5\x2f\xfdrest", "zstd-compressed"),
        (b"BZh91AY", "bzip2-compressed"),
        (b"\x7fELF\x02", "ELF"),
        ("text".encode("utf-16"), "UTF-16"),
        (b"\x17\x08\x44tracing6", "trace-cmd"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(data: bytes, said: str) -> None:
    assert said in str(refusal(data))


def test_binary_data_is_named_by_its_line() -> None:
    assert refusal(b"one\ntwo\nthr\x00ee\n").line == 3
    assert refusal(b"one\n\xff\xfe\xfd\n").line == 2


def test_binary_data_far_into_the_file_is_named_by_its_line() -> None:
    assert refusal(many_lines(15_000) + b"\x00\n").line == 15_001


def test_truncated_gzip_says_after_which_line() -> None:
    whole = gzip.compress(many_lines(20_000), compresslevel=1)

    message = str(refusal(whole[: len(whole) // 2]))

    assert "cut off after line" in message


def test_gzip_without_its_trailer_is_cut_off() -> None:
    assert "cut off" in str(refusal(gzip.compress(b"one\n")[:-4]))


def test_damaged_gzip_is_refused() -> None:
    whole = bytearray(gzip.compress(many_lines(2000)))
    whole[len(whole) // 2] ^= 0xFF

    assert "damaged" in str(refusal(bytes(whole)))


def test_a_file_over_the_limit_is_refused() -> None:
    assert "larger than 1 MiB" in str(refusal(many_lines(30_000)))


def test_a_gzip_bomb_is_stopped_at_the_limit() -> None:
    bomb = gzip.compress(bytes(b"x" * 99 + b"\n") * 700_000)
    sizes: list[int] = []

    with pytest.raises(UnusableRecording, match="unpacks to more than 16 MiB"):
        sizes.extend(map(len, RecordedText(io.BytesIO(bomb), ROOMY).blocks()))

    assert 0 < max(sizes) < 10_000  # lines that were in memory at once


def test_a_line_without_end_is_refused() -> None:
    assert "longer than any line" in str(refusal(gzip.compress(b"x" * (3 << 20))))
