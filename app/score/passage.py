"""Spans that come again as they came before, at another time: what a fast path (``engine/fast_paths``) gives."""

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.score.course import CODES, END, ID, KIND, LANE, NONE, OPEN, Course, Row
from app.score.numbers import Mark
from app.score.span_kinds import HANDLER

#: From what the numbers of a column are counted: the first id, the time, the tick, or the number of the last message
#: before. Those of others are the same each time.
_ORIGINS = {"id": 0, "start": 1, "end": 1, "first": 2, "last": 2, "message": 3, "cause": 0}
_COUNTED = [_ORIGINS.get(name) for name in CODES]


class Abreast:
    """Numbers for an array of a type *code*. Those that are not -1, which stands for none, are counted from somewhere
    else each time where they *move*: they lie side by side in one big number, and one addition moves them all."""

    def __init__(self, code: str, numbers: Sequence[int], *, move: bool) -> None:
        width = 8 * array(code).itemsize
        places = range(0, width * len(numbers), width)
        if sys.byteorder == "big":
            places = places[::-1]
        below = (1 << width) - 1
        self._size = width // 8 * len(numbers)
        self._sum = sum((number & below) << place for number, place in zip(numbers, places, strict=True))
        self._ones = sum(1 << place for number, place in zip(numbers, places, strict=True) if move and number >= 0)

    def at(self, begin: int) -> bytes:
        """As the array holds them, with what moves counted from there."""
        return (self._sum + begin * self._ones).to_bytes(self._size, sys.byteorder)


@dataclass(frozen=True)
class Passage:
    """Spans that begin one after the other. Ids, times, ticks and message numbers are counted from where the passage
    begins."""

    #: As a course's columns have them.
    rows: tuple[tuple[int, ...], ...]
    #: What ends on it, in its order: ids; -1 is what was open before and ends first, -2 the next of these.
    ends: tuple[int, ...]
    #: When what was open before ends: time and tick.
    earlier: tuple[tuple[int, int], ...]

    @cached_property
    def _columns(self) -> list[tuple[Abreast, int]]:
        """With the origin of each."""
        return [
            (Abreast(code, numbers, move=origin is not None), origin or 0)
            for code, origin, numbers in zip(CODES.values(), _COUNTED, zip(*self.rows, strict=True), strict=True)
        ]

    @cached_property
    def _busy(self) -> list[int]:
        return [row[LANE] if row[KIND] == HANDLER else NONE for row in self.rows]

    @cached_property
    def left_open(self) -> tuple[int, ...]:
        """The ids of what has not ended behind it."""
        return tuple(row[ID] for row in self.rows if row[END] == OPEN)

    def play(self, course: Course, earlier: Sequence[Row], time: int, tick: int, base: int) -> int:
        """It comes in *course*, now, behind message number *base*; *earlier* is what was open before. Returns the id
        that its first span gets."""
        first = course.numbers.next_id
        origins = first, time, tick, base
        course.extend(
            [numbers.at(origins[origin]) for numbers, origin in self._columns],
            self._busy,
            [first + span if span >= 0 else earlier[~span][ID] for span in self.ends],
            [(row, time + end, tick + last) for row, (end, last) in zip(earlier, self.earlier, strict=True)],
        )
        return first


def passage_since(course: Course, mark: Mark, time: int, tick: int, base: int) -> tuple[Passage, list[int]] | None:
    """What was written since *mark*, at which it was that time and tick, behind message number *base*; and the ids of
    what was open there and has ended since. None where it cannot come again."""
    written = course.since(mark)
    if written is None:
        return None
    rows, ends = written
    first = mark.next_id
    moved = [_moved(row, (first, time, tick, base)) for row in rows]
    if not rows or any(_is_of_before(row) for row in moved):
        return None
    earlier = [span for span in ends if span < first]
    ended = [course.span(span) for span in earlier]
    if None in ended:
        return None
    passage = Passage(
        tuple(moved),
        tuple(span - first if span >= first else ~earlier.index(span) for span in ends),
        tuple((span.end - time, span.last - tick) for span in ended if span and span.end and span.last),
    )
    return passage, earlier


def _moved(row: Iterable[int], origins: Sequence[int]) -> tuple[int, ...]:
    return tuple(
        number if number == NONE or origin is None else _below_none(number - origins[origin])
        for number, origin in zip(row, _COUNTED, strict=True)
    )


def _below_none(number: int) -> int:
    """What was before a passage is told from what is none."""
    return number if number >= 0 else number - 1


def _is_of_before(row: Sequence[int]) -> bool:
    return any(number < NONE for number, origin in zip(row, _COUNTED, strict=True) if origin is not None)
