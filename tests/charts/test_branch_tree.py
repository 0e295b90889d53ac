"""The tree of branches: rows on one axis of time, under the course that they leave, and no line crosses another."""

import random
from itertools import pairwise

import pytest

from app.charts.branch_tree import Course, Row, row_drawing, rows_of


def random_courses(seed: int) -> list[Course]:
    """As a session makes them: each leaves an earlier one at a moment that is that one's own."""
    chance = random.Random(seed)
    courses = [Course(0, None, 0, 1_000)]
    for number in range(1, chance.randrange(2, 12)):
        parent = chance.choice(courses)
        leaves = chance.randrange(parent.leaves, parent.head + 1)
        courses.append(Course(number, parent.number, leaves, leaves + chance.randrange(0, 900)))
    return courses


def test_one_course_is_one_row_over_all_of_time() -> None:
    assert rows_of([Course(0, None, 0, 500)]) == [Row(0, 0, 0.0, 1.0, (), ())]


def test_course_stands_under_the_one_that_it_leaves_later_forks_first() -> None:
    rows = rows_of([Course(0, None, 0, 100), Course(1, 0, 20, 200), Course(2, 0, 60, 90), Course(3, 1, 150, 160)])

    assert [(row.number, row.depth) for row in rows] == [(0, 0), (2, 1), (1, 1), (3, 2)]
    assert [(row.start, row.end) for row in rows] == [(0.0, 0.5), (0.3, 0.45), (0.1, 1.0), (0.75, 0.8)]
    assert rows[0].leaving == (0.3, 0.1)
    assert rows[1].passing == (0.1,)


def test_session_in_which_no_time_has_gone_by_can_be_drawn() -> None:
    assert [(row.start, row.end) for row in rows_of([Course(0, None, 0, 0), Course(1, 0, 0, 0)])] == [(0.0, 0.0)] * 2


@pytest.mark.parametrize("seed", range(30))
def test_no_fork_crosses_a_course_and_each_reaches_its_row(seed: int) -> None:
    courses = random_courses(seed)

    rows = rows_of(courses)

    assert sorted(row.number for row in rows) == [course.number for course in courses]
    for row in rows:
        # A line that passes through stands before the row's own part, or at its beginning.
        assert all(x <= row.start for x in row.passing)
    by_number = {course.number: course for course in courses}
    for above, below in pairwise(rows):
        coming = sorted([*above.passing, *above.leaving])
        going = sorted([*below.passing, below.start])
        assert coming == pytest.approx(going)
        assert by_number[below.number].parent is not None


def test_drawing_marks_the_course_that_is_shown() -> None:
    row = Row(1, 1, 0.25, 0.75, (), (0.5,))

    assert 'class="branch-tree shown"' in str(row_drawing(row, shown=True))
    assert 'x1="25" y1="10" x2="75" y2="10"' in str(row_drawing(row, shown=False))
