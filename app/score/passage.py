"""Spans that come again as they came before, at another time: what a fast path (``engine/fast_paths``) gives."""

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.score.course import CODES, END, ID, KIND, LANE, NONE, OPEN, Course, Row
from app.score.numbers import Mark
from app.score.span_kinds import HANDLER

#: Columns whose numbers are counted from the same: the first id, the time, the tick, or the number of the last message
#: before. All of them are of one type. Those of others are the same each time.
_COUNTED = (("id", "cause"), ("start", "end"), ("first", "last"), ("message",))
_ORIGINS = {name: origin for origin, names in enumerate(_COUNTED) for name in names}
_ORIGIN_OF = [_ORIGINS.get(name) for name in CODES]


class Abreast:
    """Numbers for an array of a type *code* that are counted from somewhere else each time, all but -1, which stands
    for none: they lie side by side in one big number, and one addition moves them all."""

    def __init__(self, code: str, numbers: Sequence[int]) -> None:
        width = 8 * array(code).itemsize
        places = range(0, width * len(numbers), width)
        if sys.byteorder == "big":
            places = places[::-1]
        below = (1 << width) - 1
        self._size = width // 8 * len(numbers)
        self._sum = sum((number & below) << place for number, place in zip(numbers, places, strict=True))
        self._ones = sum(1 << place for number, place in zip(numbers, places, strict=True) if number >= 0)

    def at(self, begin: int) -> bytes:
        """As the array holds them, counted from there."""
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
    def _by_name(self) -> dict[str, tuple[int, ...]]:
        return dict(zip(CODES, zip(*self.rows, strict=True), strict=True))

    @cached_property
    def _counted(self) -> list[Abreast]:
        """Of each origin all columns, one behind the other."""
        return [Abreast(CODES[names[0]], sum((self._by_name[name] for name in names), ())) for names in _COUNTED]

    @cached_property
    def _same(self) -> dict[str, bytes]:
        """The columns that are the same each time."""
        return {
            name: array(CODES[name], column).tobytes() for name, column in self._by_name.items() if name not in _ORIGINS
        }

    @cached_property
    def _busy(self) -> list[tuple[int, int]]:
        return [(row[ID], row[LANE]) for row in self.rows if row[KIND] == HANDLER]

    @cached_property
    def left_open(self) -> tuple[int, ...]:
        """The ids of what has not ended behind it."""
        return tuple(row[ID] for row in self.rows if row[END] == OPEN)

    def play(self, course: Course, earlier: Sequence[Row], time: int, tick: int, base: int) -> int:
        """It comes in *course*, now, behind message number *base*; *earlier* is what was open before. Returns the id
        that its first span gets."""
        first = course.numbers.next_id
        origins = first, time, tick, base
        ids, times, ticks, messages = [
            numbers.at(origin) for numbers, origin in zip(self._counted, origins, strict=True)
        ]
        size = len(messages)
        counted = {
            "id": ids[:size],
            "cause": ids[size:],
            "start": times[:size],
            "end": times[size:],
            "first": ticks[:size],
            "last": ticks[size:],
            "message": messages,
        }
        course.extend(
            self._same | counted,
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
        for number, origin in zip(row, _ORIGIN_OF, strict=True)
    )


def _below_none(number: int) -> int:
    """What was before a passage is told from what is none."""
    return number if number >= 0 else number - 1


def _is_of_before(row: Sequence[int]) -> bool:
    return any(number < NONE for number, origin in zip(row, _ORIGIN_OF, strict=True) if origin is not None)
