"""The 8259 behind LINT0."""

import pytest

from app.hw.legacy_pic import DEVICE_LINES, FIRST_VECTOR, LegacyPic


def with_lines(*lines: int) -> LegacyPic:
    pic = LegacyPic()
    for line in lines:
        pic.raise_line(line)
    return pic


def test_output_is_up_while_a_line_asks() -> None:
    pic = LegacyPic()
    assert not pic.intr

    pic.raise_line(4)
    assert pic.intr

    pic.lower_line(4)
    assert not pic.intr


@pytest.mark.parametrize("line", DEVICE_LINES)
def test_vector_is_that_of_the_line(line: int) -> None:
    pic = with_lines(line)

    assert pic.acknowledge() == 0x20 + line
    assert not pic.intr


def test_lines_of_the_second_8259_come_at_line_2_of_the_first() -> None:
    pic = with_lines(*reversed(DEVICE_LINES))

    vectors = [pic.acknowledge() for _ in DEVICE_LINES]

    assert [vector - FIRST_VECTOR for vector in vectors] == [0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 3, 4, 5, 6, 7]


def test_line_that_asks_twice_is_one_interrupt() -> None:
    pic = with_lines(5, 5)

    pic.acknowledge()

    assert not pic.intr


def test_line_that_was_lowered_before_the_acknowledge_gives_the_spurious_vector() -> None:
    pic = with_lines(4)
    pic.lower_line(4)

    assert pic.acknowledge() == FIRST_VECTOR + 7


def test_lowering_a_line_that_is_down_changes_nothing() -> None:
    pic = with_lines(4)

    pic.lower_line(5)

    assert pic.acknowledge() == FIRST_VECTOR + 4


@pytest.mark.parametrize("line", [-1, 2, 16])
def test_line_that_no_device_has_is_refused(line: int) -> None:
    with pytest.raises(ValueError, match=f"not {line}"):
        LegacyPic().raise_line(line)


def test_line_that_is_raised_while_it_is_up_asks_no_second_time() -> None:
    pic = with_lines(1)
    pic.acknowledge()

    pic.raise_line(1)
    assert not pic.intr

    pic.lower_line(1)
    pic.raise_line(1)
    assert pic.intr
