"""The whole course of a branch: its own spans, and of each branch that it comes from those up to where it was left."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from app.engine.journal import Moment
from app.score.course import Course, Span


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
        found: list[dict[str, list[Any]]] = []
        left = limit
        for course, until in self.parts:
            tick = until.tick if until else None
            wanted = None if left is None else left + 1
            places = list(islice(course.between(begin, end, after, tick), wanted))
            if left is not None and len(places) > left:
                found.append(course.columns(places[:left]))
                return _joined(found, more=True)
            found.append(course.columns(places))
            left = None if left is None else left - len(places)
        return _joined(found, more=False)

    def span(self, span: int) -> Span | None:
        """That of the id; None where this branch does not have it."""
        for course, until in reversed(self.parts):
            known = course.span(span)
            if known is not None:
                return known if until is None or (known.last is not None and known.last <= until.tick) else None
        return None

    def spans(self) -> Iterator[Span]:
        """All, in the order of their ids."""
        return chain.from_iterable(self._spans_of(part) for part in self.parts)

    @staticmethod
    def _spans_of(part: Part) -> Iterator[Span]:
        if part.until is None:
            return part.course.spans()
        tick = part.until.tick
        behind = part.course.places_up_to(tick)
        own = (part.course.at(place) for place in range(behind))
        return (span for span in own if span.last is not None and span.last <= tick)

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


def _joined(found: list[dict[str, list[Any]]], *, more: bool) -> Found:
    """The same columns in one; *more* are to come."""
    whole: dict[str, list[Any]] = {name: [] for name in Span._fields}
    for columns in found:
        for name, values in columns.items():
            whole[name] += values
    return Found(whole, whole["id"][-1] if more and whole["id"] else None)
