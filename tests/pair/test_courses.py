"""The courses of a pair's machines: what was undone is in them no more, nothing is watched twice, and each interrupt of
the table has its spans."""

from random import Random

import pytest

from app.commands.guest import CallGuest
from app.pair.script import at_once
from app.pair.timeline import PAIR_UNITS, STIMULUS, PairTimeline
from app.score.course import Course, Span
from tests.engine.whole_state import first_difference
from tests.pair.test_timeline import PAIRS, every_pair, everything_of, forward, new_pair, stimulus

pytestmark = pytest.mark.slow


def courses_of(timeline: PairTimeline) -> list[Course]:
    courses = [side.course for side in timeline.lock_step.sides]
    return [course for course in courses if course is not None]


def spans_of(timeline: PairTimeline) -> list[list[Span]]:
    """The spans of both, numbered from 0."""
    return [numbered_anew(list(course.spans())) for course in courses_of(timeline)]


def numbered_anew(spans: list[Span]) -> list[Span]:
    first = min((span.id for span in spans), default=0)
    return [
        span._replace(id=span.id - first, cause=span.cause if span.cause == -1 else span.cause - first)
        for span in spans
    ]


@every_pair
def test_after_a_way_back_a_course_is_what_it_was_there_and_goes_on_as_before(
    a: tuple[str, str], b: tuple[str, str]
) -> None:
    chance = Random(f"courses {a} {b}")
    timeline = PairTimeline(new_pair(a, b), [stimulus(chance) for _ in range(5)], scored=True)
    for _ in range(10):
        unit = chance.choice(PAIR_UNITS)
        if chance.random() < 0.4 and not timeline.lock_step.at_rest:
            timeline.lock_step.run(chance.randrange(1, 30))
        there, before = timeline.moment, spans_of(timeline)
        if not forward(timeline, unit):
            break
        then, after = timeline.moment, spans_of(timeline)
        if then == there:
            continue

        timeline.step_back(unit)
        assert spans_of(timeline) == before

        forward(timeline, unit)
        assert spans_of(timeline) == after


def test_whoever_follows_a_course_sees_that_it_is_another_after_a_way_back() -> None:
    timeline = PairTimeline(new_pair(*PAIRS[0]), [at_once(CallGuest(0, "send_ipi_self"))], scored=True)
    forward(timeline, STIMULUS)
    before = [course.position for course in courses_of(timeline)]

    timeline.step_back(STIMULUS)

    for course, position in zip(courses_of(timeline), before, strict=True):
        assert course.position.changes > position.changes
        assert course.changes_since(position) is None
    forward(timeline, STIMULUS)
    for course, position in zip(courses_of(timeline), before, strict=True):
        assert min(span.id for span in course.spans()) > position.next_id


@every_pair
def test_writing_them_changes_neither_machines_nor_books(a: tuple[str, str], b: tuple[str, str]) -> None:
    timelines = [PairTimeline(new_pair(a, b), [stimulus(Random(3))], scored=scored) for scored in (False, True)]
    for timeline in timelines:
        forward(timeline, STIMULUS)

    plain, scored = timelines
    assert spans_of(scored)[0]
    for side in scored.lock_step.sides:
        side.course = None
        side.simulation.follow(None)
    seen = [[line for line in everything_of(one) if ".stirred" not in line] for one in (plain, scored)]
    assert first_difference(*seen) == ""  # that is told to who follows alone


@every_pair
def test_each_interrupt_has_the_spans_of_its_messages(a: tuple[str, str], b: tuple[str, str]) -> None:
    chance = Random(f"messages {a} {b}")
    timeline = PairTimeline(new_pair(a, b), [stimulus(chance) for _ in range(6)], scored=True)
    while forward(timeline, STIMULUS):
        pass

    seen = 0
    for side, course in zip(timeline.lock_step.sides, courses_of(timeline), strict=True):
        flights = [span for span in course.spans() if span.kind == "flight"]
        for stretch in side.stretches:
            for interrupt in stretch.interrupts:
                own = [flight for flight in flights if flight.message in interrupt.numbers]
                assert {flight.value for flight in own} == {interrupt.vector}
                lanes = sorted(flight.lane for flight in own)
                assert lanes in (sorted(interrupt.targets), [-1])  # for lowest priority the bus chooses on arrival
                seen += 1
    assert seen > 6


@pytest.mark.parametrize("unit", PAIR_UNITS)
def test_a_pair_without_scores_has_no_courses(unit: str) -> None:
    timeline = PairTimeline(new_pair(*PAIRS[0]), [at_once(CallGuest(0, "send_ipi_self"))])
    forward(timeline, unit)
    timeline.step_back(unit)

    assert courses_of(timeline) == []
