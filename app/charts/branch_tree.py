"""The courses of a session as a tree on one axis of time: a row per course, under the one that it leaves.

A row has its own part, from the fork to the head, and the lines of other courses that pass through it: from a fork
above down to a row below. Of two courses that leave the same one, the later fork comes first, so that no line crosses
another.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.charts.svg import Element, Value, line

#: Units of a row's drawing, which is stretched to the room that it has.
WIDTH, HEIGHT = 100.0, 20.0
#: Of a course that has come nowhere yet, so much is drawn.
_SHORTEST = 1.5


class Course(NamedTuple):
    """What the tree knows of a course: its number, the one that it leaves and when, and when its head is; both times in
    TSC cycles."""

    number: int
    parent: int | None
    leaves: int
    head: int


class Row(NamedTuple):
    """A course as a row of the tree; x is a share of time, from 0 to 1."""

    number: int
    #: How many courses it is away from the first.
    depth: int
    start: float
    end: float
    #: Where lines of later rows pass through this one, from top to bottom.
    passing: tuple[float, ...]
    #: Where lines of later rows leave this one, down from its middle.
    leaving: tuple[float, ...]


def rows_of(courses: Iterable[Course]) -> list[Row]:
    """The rows from top to bottom. Each course's parent must be among *courses*."""
    by_number = {course.number: course for course in courses}
    latest = max((course.head for course in by_number.values()), default=0) or 1
    order = [(number, depth) for root in _children(by_number, None) for number, depth in _below(by_number, root, 0)]
    places = {number: place for place, (number, _) in enumerate(order)}
    rows = []
    for place, (number, depth) in enumerate(order):
        course = by_number[number]
        later = [by_number[below] for below, _ in order[place + 1 :]]
        leaving = [child for child in later if child.parent == number]
        passing = [child for child in later if child.parent is not None and places[child.parent] < place]
        rows.append(
            Row(
                number,
                depth,
                course.leaves / latest,
                course.head / latest,
                tuple(child.leaves / latest for child in passing),
                tuple(child.leaves / latest for child in leaving),
            )
        )
    return rows


def _children(courses: dict[int, Course], parent: int | None) -> list[int]:
    """Those that leave *parent*, the latest fork first."""
    found = [course for course in courses.values() if course.parent == parent]
    return [course.number for course in sorted(found, key=lambda course: (-course.leaves, course.number))]


def _below(courses: dict[int, Course], number: int, depth: int) -> list[tuple[int, int]]:
    found = [(number, depth)]
    for child in _children(courses, number):
        found += _below(courses, child, depth + 1)
    return found


def row_drawing(row: Row, *, shown: bool) -> Element:
    """*row* as SVG, as wide and as high as its place; whoever places rows one under the other sees one tree."""
    middle = HEIGHT / 2
    start = row.start * WIDTH
    end = max(row.end * WIDTH, start + _SHORTEST)
    through = [_vertical(x * WIDTH, 0.0, HEIGHT, "tree-fork") for x in row.passing]
    down = [_vertical(x * WIDTH, middle, HEIGHT, "tree-fork") for x in row.leaving]
    fork = [_vertical(start, 0.0, middle, "tree-fork")] if row.depth else []
    own = [_line(start, middle, end, middle, "tree-course")]
    head = [_vertical(end, middle - 2.5, middle + 2.5, "tree-head")]
    attributes: dict[str, Value] = {
        "class": f"branch-tree{' shown' if shown else ''}",
        "viewBox": f"0 0 {WIDTH:.0f} {HEIGHT:.0f}",
        "preserveAspectRatio": "none",
        "aria-hidden": "true",
        "focusable": "false",
    }
    return Element("svg", (*through, *down, *fork, *own, *head), attributes)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Element:
    return line(x1, y1, x2, y2, class_=kind, vector_effect="non-scaling-stroke")


def _vertical(x: float, y1: float, y2: float, kind: str) -> Element:
    return _line(x, y1, x, y2, kind)


def tree(courses: Sequence[Course], shown: int) -> list[tuple[Row, Element]]:
    """The rows of *courses*, each with its drawing."""
    return [(row, row_drawing(row, shown=row.number == shown)) for row in rows_of(courses)]
