"""The whole course of a branch: its own spans, and of each branch that it comes from those up to where it was left."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from typing import Any, NamedTuple

from app.engine.journal import Moment
from app.score.course import Course, Span

_id_of = attrgetter("id")


class Part(NamedTuple):
    """A course, and where the next one leaves it; None: it is the last."""

    course: Course
    until: Moment | None = None


class Found(NamedTuple):
    """Spans as one list per field of ``Span``, and the id behind which to ask on; None when that was all."""

    columns: dict[str, list[Any]]
    next: int | None


class Lane(NamedTuple):
    """How many spans begin in each of some parts of time on a lane, and which share of each part it is in a handler."""

    lane: int
    counts: list[int]
    busy: list[float]


class Line:
    """*parts* are the oldest first."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts

    def between(self, begin: int, end: int, after: int = 0, limit: int | None = None) -> Found:
        """The spans that lie at least partly between two times, both included, and have ids above *after*, in the order
        in which they began; no more than *limit*."""
        runs = _Runs(limit)
        open_at_leaves: list[tuple[int, Course, int]] = []
        for number, (course, until) in enumerate(self.parts):
            places = course.between(begin, end, after, until.tick if until else None)
            if number:
                first, places = _split(course, places)
                open_at_leaves = sorted([*open_at_leaves, *first])
            own = list(islice(places, runs.wanted))
            open_at_leaves = runs.add(course, own, open_at_leaves)
        for _, course, place in open_at_leaves:
            runs.append(course, [place])
        return runs.found()

    def span(self, span: int) -> Span | None:
        """That of the id; None where this branch does not have it."""
        for course, until in reversed(self.parts):
            known = course.span(span)
            if known is not None:
                return known if until is None or (known.last is not None and known.last <= until.tick) else None
        return None

    def spans(self) -> Iterator[Span]:
        """All, in the order of their ids."""
        return merge(*(stream for part in self.parts for stream in self._streams_of(part)), key=_id_of)

    def _streams_of(self, part: Part) -> tuple[Iterator[Span], Iterator[Span]]:
        """What was open where the course began, and the rest: each in its order."""
        first = part.course.inherited
        return self._spans_of(part, 0, first), self._spans_of(part, first, len(part.course))

    @staticmethod
    def _spans_of(part: Part, first: int, last: int) -> Iterator[Span]:
        course, until = part
        if until is None:
            return (course.at(place) for place in range(first, last))
        last = min(last, course.places_up_to(until.tick))
        own = (course.at(place) for place in range(first, last))
        return (span for span in own if span.last is not None and span.last <= until.tick)

    @property
    def kept_from(self) -> int:
        """From this time on all spans are there."""
        return max((part.course.kept_from for part in self.parts), default=0)

    def lanes(self, lanes: Sequence[int], edges: Sequence[int]) -> list[Lane]:
        """For each of *lanes* what lies from each of the times *edges* to before the next."""
        counted = [Counter[int]() for _ in edges[1:]]
        for course, until in self.parts:
            for bin_, counts in zip(counted, course.counts(edges, until.tick if until else None), strict=True):
                bin_.update(counts)
        return [Lane(lane, [counts[lane] for counts in counted], self._shares(lane, edges)) for lane in lanes]

    def _shares(self, lane: int, edges: Sequence[int]) -> list[float]:
        sums = [self._busy(lane, edge) for edge in edges]
        return [
            (after - before) / max(1, end - begin)
            for before, after, begin, end in zip(sums, sums[1:], edges, edges[1:], strict=False)
        ]

    def _busy(self, lane: int, time: int) -> int:
        """For how many cycles the lane was in a handler up to *time*, since the first part begins."""
        total, began = 0, 0
        for course, until in self.parts:
            end = time if until is None else min(time, until.time)
            if end > began:
                total += course.busy(lane, end) - course.busy(lane, began)
                began = end
        return total


class _Runs:
    """Spans that are put together, *limit* of them: places in one course after the other."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._runs: list[tuple[Course, list[int]]] = []
        self._count = 0

    @property
    def wanted(self) -> int | None:
        """How many more are of use: one too many shows that there are more."""
        return None if self._limit is None else max(0, self._limit + 1 - self._count)

    def append(self, course: Course, places: list[int]) -> None:
        """These come next."""
        if places:
            self._runs.append((course, places))
            self._count += len(places)

    def add(
        self, course: Course, places: list[int], others: list[tuple[int, Course, int]]
    ) -> list[tuple[int, Course, int]]:
        """Spans of one course, with those of *others* that began before the last of them where they belong. Returns
        the rest of these."""
        ids = course.ids(places)
        done = taken = 0
        for span, other, place in others:
            if not ids or span > ids[-1]:
                break
            cut = bisect_left(ids, span)
            self.append(course, places[done:cut])
            self.append(other, [place])
            done, taken = cut, taken + 1
        self.append(course, places[done:])
        return others[taken:]

    def found(self) -> Found:
        """All as columns."""
        whole: dict[str, list[Any]] = {name: [] for name in Span._fields}
        left = self._count if self._limit is None else self._limit
        for course, places in self._runs:
            for name, values in course.columns(places[: max(0, left)]).items():
                whole[name] += values
            left -= len(places)
        return Found(whole, whole["id"][-1] if left < 0 and whole["id"] else None)


def _split(course: Course, places: Iterator[int]) -> tuple[list[tuple[int, Course, int]], Iterator[int]]:
    """Those of *places* that were open where *course* began, with their ids, and the others."""
    first: list[int] = []
    for place in places:
        if place >= course.inherited:
            places = chain([place], places)
            break
        first.append(place)
    return [(span, course, place) for span, place in zip(course.ids(first), first, strict=True)], places
