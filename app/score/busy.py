"""When one lane was in a handler."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

_OPEN = -1


class Busy:
    """The handlers of one lane, by their places in a course: those inside others add nothing."""

    def __init__(self) -> None:
        self._places = array("q")
        #: Of so many of the places, which have all ended, the outermost are known: when each begins and ends, and for
        #: how long it was before.
        self._known = 0
        self._begins, self._ends, self._before = array("q"), array("q"), array("q")

    def add(self, place: int) -> None:
        """Another handler has begun, later than all others."""
        self._places.append(place)

    def begin_with(self, places: Sequence[int], behind: int) -> None:
        """Those before place *behind* are *places* now, and some of them began earlier than was known."""
        self._places = array("q", [*places]) + self._places[bisect_left(self._places, behind) :]
        self._forget()

    def drop(self, count: int, gone: int, moved: Mapping[int, int]) -> None:
        """Of the first *count* places *gone* are no more, and *moved* says where the others are."""
        places = (moved.get(place) if place < count else place - gone for place in self._places)
        self._places = array("q", [place for place in places if place is not None])
        self._forget()

    def _forget(self) -> None:
        self._known = 0
        self._begins, self._ends, self._before = array("q"), array("q"), array("q")

    def up_to(self, time: int, starts: Sequence[int], ends: Sequence[int]) -> int:
        """How many cycles it was up to *time*. *starts* and *ends* are those of the course."""
        self._learn(starts, ends)
        place = bisect_right(self._begins, time) - 1
        total = covered = 0
        if place >= 0:
            covered = min(time, self._ends[place])
            total = self._before[place] + covered - self._begins[place]
        if self._ends:
            covered = max(covered, min(time, self._ends[-1]))
        for index in range(self._known, len(self._places)):
            begin, end = starts[self._places[index]], ends[self._places[index]]
            if begin >= time:
                break
            end = time if end == _OPEN else min(end, time)
            if end > covered:
                total += end - max(begin, covered)
                covered = end
        return total

    def _learn(self, starts: Sequence[int], ends: Sequence[int]) -> None:
        """Looks at those that have ended since."""
        while self._known < len(self._places):
            begin, end = starts[self._places[self._known]], ends[self._places[self._known]]
            if end == _OPEN:
                return
            self._known += 1
            if self._ends and begin <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                total = self._before[-1] + self._ends[-1] - self._begins[-1] if self._ends else 0
                self._begins.append(begin)
                self._ends.append(end)
                self._before.append(total)
