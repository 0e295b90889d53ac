"""A course gives back what was written, by time, by id and in bins, however much there is and whatever has been
dropped: held against a plain list."""

from itertools import pairwise
from random import Random

import pytest

from app.engine.journal import moment_at
from app.score.course import Course, Row, Span
from app.score.line import Line, Part
from app.score.numbers import Numbers
from app.score.span_kinds import HANDLER, KIND_NAMES, LINE, MARK, REQUESTED

pytestmark = pytest.mark.slow


def written(course: Course, chance: Random, count: int, rows: list[Row] | None = None) -> int:
    """Spans of all kinds begin and end by chance; some never do, and are in *rows*. Returns the last tick."""
    time = tick = 0
    handlers: dict[int, list[Row]] = {}
    others: list[Row] = []
    for _ in range(count):
        tick += 1
        time += chance.choice([0, 1, 7, 300])
        lane = chance.randrange(-1, 5)
        match chance.randrange(8):
            case 0 if others:
                course.end(others.pop(chance.randrange(len(others))), time, tick, chance.choice([None, "other"]))
            case 1 if handlers.get(lane):
                course.end(handlers[lane].pop(), time, tick)
            case 2 if len(handlers.get(lane, [])) < 4:
                handlers.setdefault(lane, []).append(course.begin(HANDLER, lane, time, tick, 0x51, "do_IRQ"))
            case 3:
                course.instant(MARK, lane, time, tick, 0x31, "refused")
            case _:
                span = course.begin(chance.choice([REQUESTED, LINE]), lane, time, tick, 0x41, "a", 3, 1)
                if chance.random() < 0.02:
                    if rows is not None:
                        rows.append(span)
                    continue
                if chance.random() < 0.7:
                    course.end(span, time, tick)
                else:
                    others.append(span)
    return tick


def reaches(span: Span, begin: int, end: int) -> bool:
    return span.start <= end and (span.end is None or span.end >= begin)


def rows(columns: dict[str, list[object]]) -> list[Span]:
    return [Span(*row) for row in zip(*columns.values(), strict=True)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_a_range_holds_what_reaches_into_it_and_nothing_else(seed: int) -> None:
    chance = Random(seed)
    course = Course()
    written(course, chance, 3_000)
    everything = list(course.spans())
    line = Line([Part(course)])

    assert [span.id for span in everything] == sorted(span.id for span in everything)
    assert [span.start for span in everything] == sorted(span.start for span in everything)
    for _ in range(60):
        begin = chance.randrange(everything[-1].start + 100)
        end = begin + chance.choice([0, 10, 1_000, 100_000])
        after = chance.choice([0, chance.choice(everything).id])
        expected = [span for span in everything if reaches(span, begin, end) and span.id > after]
        found = line.between(begin, end, after)
        assert rows(found.columns) == expected
        assert found.next is None
        paged: list[Span] = []
        following: int | None = after
        while following is not None:
            page = line.between(begin, end, following, limit=7)
            paged += rows(page.columns)
            following = page.next
            if len(paged) > 100:
                break
        assert paged == expected[: len(paged)]
    for span in chance.sample(everything, 50):
        assert course.span(span.id) == span
    assert course.span(everything[-1].id + 1) is None


@pytest.mark.parametrize("seed", range(4))
def test_bins_count_what_begins_and_the_time_in_handlers(seed: int) -> None:
    chance = Random(seed)
    course = Course()
    written(course, chance, 2_000)
    everything = list(course.spans())
    last = everything[-1].start
    edges = sorted(chance.sample(range(last), 12))

    lanes = Line([Part(course)]).lanes(range(-1, 5), edges)

    for lane, counts, busy in lanes:
        own = [span for span in everything if span.lane == lane]
        ranges = list(pairwise(edges))
        assert counts == [sum(begin <= span.start < end for span in own) for begin, end in ranges]
        handlers = [span for span in own if span.kind == KIND_NAMES[HANDLER]]
        for share, (begin, end) in zip(busy, ranges, strict=True):
            inside = [
                time
                for time in range(begin, end, 41)
                if any(span.start <= time and (span.end is None or time < span.end) for span in handlers)
            ]
            sampled = len(inside) / len(range(begin, end, 41))
            assert share == pytest.approx(sampled, abs=0.15) or end - begin < 3_000
            assert 0 <= share <= 1


@pytest.mark.parametrize("seed", range(4))
def test_a_line_has_of_a_parent_what_had_ended_where_it_was_left_and_the_rest_from_the_child(seed: int) -> None:
    chance = Random(seed)
    numbers = Numbers()
    parent = Course(numbers)
    written(parent, chance, 1_500)
    everything = list(parent.spans())
    leaves_at = chance.randrange(100, everything[-1].first)
    time = max(span.start for span in everything if span.first <= leaves_at)
    opened = [span for span in everything if span.first <= leaves_at and (span.last is None or span.last > leaves_at)]

    child = Course(numbers)
    assert parent.open_at(leaves_at) == opened
    again = [
        child.begin(KIND_NAMES.index(span.kind), span.lane, time, leaves_at, span.value, span.name) for span in opened
    ]
    child.inherited = len(child)
    child.adopt(opened)
    for row in again[::2]:
        child.end(row, time + 5, leaves_at + 1)
    new = child.begin(REQUESTED, 1, time + 9, leaves_at + 2)[0]
    line = Line([Part(parent, moment_at(leaves_at, time)), Part(child)])

    closed = [span for span in everything if span.last is not None and span.last <= leaves_at]
    ended = [span._replace(end=time + 5, last=leaves_at + 1) for span in opened[::2]]
    still = [span._replace(end=None, last=None) for span in opened[1::2]]
    expected = {span.id: span for span in [*closed, *ended, *still]}
    assert {span.id: span for span in line.spans() if span.id != new} == expected
    assert [span.id for span in line.spans()][-1] == new
    found = {span.id: span for span in rows(line.between(0, 1 << 60).columns)}
    assert found == expected | {new: child.at(len(child) - 1)}
    assert line.span(opened[0].id) == expected[opened[0].id]
    behind = next((span.id for span in everything if span.first > leaves_at), None)
    assert behind is None or line.span(behind) is None


def test_changes_are_what_began_and_what_ended_since() -> None:
    course = Course()
    first = course.begin(REQUESTED, 0, 10, 1)
    seen = course.position
    second = course.begin(REQUESTED, 0, 20, 2)
    third = course.begin(REQUESTED, 1, 20, 2)
    course.end(third, 30, 3)
    course.end(first, 30, 3)

    changes = course.changes_since(seen)

    assert changes is not None
    assert changes.began == [second[0], third[0]]
    assert changes.ended == [first[0]]
    assert course.position.changes == seen.changes + 4
    for _ in range(9_000):
        course.instant(MARK, 0, 40, 4)
    assert course.changes_since(seen) is None


@pytest.mark.parametrize("seed", range(4))
def test_what_is_dropped_is_the_oldest_and_from_a_time_on_nothing_is_missing(seed: int) -> None:
    chance = Random(seed)
    course = Course()
    rows: list[Row] = []
    written(course, chance, 3_000, rows=rows)
    before = list(course.spans())
    opened = course.open

    course.drop(800)

    kept = course.kept_from
    assert kept > 0
    left = list(course.spans())
    assert len(left) < len(before)
    assert [span for span in left if reaches(span, kept, 1 << 60)] == [
        span for span in before if reaches(span, kept, 1 << 60)
    ]
    assert course.open == opened
    for row in rows:
        if row[0] == opened[0]:
            course.end(row, before[-1].start, before[-1].first)
    ended = course.span(opened[0])
    assert ended is not None
    assert ended.end == before[-1].start
    lane = 2
    begin, last = kept, before[-1].start
    handlers = [span for span in before if span.kind == "handler" and span.lane == lane]
    times = range(begin, last, 13)
    inside = sum(any(span.start <= time < (span.end or last) for span in handlers) for time in times)
    assert course.busy(lane, last) - course.busy(lane, begin) == pytest.approx(13 * inside, rel=0.1)


def test_what_was_open_gets_its_true_beginning_once_that_is_known() -> None:
    course = Course(Numbers(first_id=1_000))
    first = course.begin(REQUESTED, 2, 500, 50, 0x41)
    second = course.begin(REQUESTED, 2, 500, 50, 0x51)
    course.inherited = 2
    serving = course.begin(KIND_NAMES.index("in_service"), 2, 600, 60, 0x51, cause=second)
    course.end(second, 600, 60)
    known = Span(7, "requested", 2, 0x51, 20, None, 2, None, 9, -1, "", 3)

    course.adopt([known, known._replace(id=8, value=0x41, start=30, first=3, message=-1)])

    assert [(span.id, span.value, span.start, span.end) for span in course.spans()][:2] == [
        (7, 0x51, 20, 600),
        (8, 0x41, 30, None),
    ]
    service = course.span(serving[0])
    assert service is not None
    assert service.cause == 7
    course.end(first, 700, 70)
    assert course.at(1).end == 700
    assert course.open == [serving[0]]
