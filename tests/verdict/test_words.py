"""Numbers in words, and where the words change."""

import pytest

from app.verdict.judgement import Tone
from app.verdict.words import changed, cheaper, cycles, duration, percent, share, times


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0 %"), (0.00001, "less than 0.01 %"), (0.0016, "0.16 %"), (0.05, "5 %"), (0.0123, "1.2 %"), (0.336, "34 %")],
)
def test_share_has_the_digits_that_count(value: float, words: str) -> None:
    assert plain(percent(value)) == words


@pytest.mark.parametrize(("count", "words"), [(4078, "4,078 cycles"), (19_074_097, "19.1 million cycles")])
def test_many_cycles_are_millions(count: int, words: str) -> None:
    assert plain(cycles(count)) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.11, "3.1 s"), (0.00502, "5.0 ms"), (0.1004, "100 ms"), (2e-6, "2.0 µs"), (5e-9, "5 ns")]
)
def test_time_has_the_unit_that_suits_it(seconds: float, words: str) -> None:
    assert plain(duration(seconds)) == words


@pytest.mark.parametrize(
    ("before", "after", "words", "tone"),
    [
        (200, 100, "50 % fewer", Tone.FOR),
        (100, 150, "50 % more", Tone.AGAINST),
        (100, 100, "as many", Tone.OPEN),
        (0, 0, "as many", Tone.OPEN),
    ],
)
def test_change_has_a_direction(before: int, after: int, words: str, tone: Tone) -> None:
    assert plain(changed(before, after)) == words
    assert cheaper(before, after) is tone


def test_part_of_nothing_is_nothing() -> None:
    assert share(5, 0) == 0


def test_one_exit_is_no_plural() -> None:
    assert (times(1), times(5)) == ("1 exit", "5 exits")
