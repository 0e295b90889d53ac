"""What a scribe writes of a fast path as a whole is what it writes of it tick by tick.

``APICSCOPE_RANDOM_SESSIONS=2000 pytest tests/score/test_passages.py`` tries as many random sessions.
"""

import os
from collections.abc import Callable

import pytest

from app.backends.catalogue import BACKENDS
from app.commands.lines import LowerLint, RaiseLint
from app.commands.machine import SetInterruptFlag
from app.commands.registers import WriteCr8
from app.score.course import Course
from app.score.numbers import Position
from app.score.passage import Abreast
from app.score.scribe import Scribe
from tests.engine.runs import PAIRS, reschedule
from tests.engine.twins import SEEDS, Twins, alone, session, twins

pytestmark = pytest.mark.slow

EACH = -(-int(os.environ.get("APICSCOPE_RANDOM_SESSIONS", "22")) // len(PAIRS))


class Scores:
    """Those of two machines that are told the same."""

    def __init__(self, both: Twins) -> None:
        self._both = both
        self._scribes = [Scribe(Course(), twin) for twin in both]
        for scribe in self._scribes:
            scribe.course.grow()
        self._seen: list[Position] = [scribe.course.position for scribe in self._scribes]

    def look(self) -> None:
        """They are the same, and tell the same of what has changed since the last look."""
        paths, model = (self._all_of(scribe, seen) for scribe, seen in zip(self._scribes, self._seen, strict=True))
        assert paths == model
        self._seen = [scribe.course.position for scribe in self._scribes]

    @staticmethod
    def _all_of(scribe: Scribe, seen: Position) -> dict[str, object]:
        course = scribe.course
        stands = [(each.closed, each.host, each.priority, each.wait) for each in scribe._stands]
        changes = course.changes_since(seen)
        return {
            "position": course.position,
            "changes": changes if changes and len(changes.began) + len(changes.ended) < 2_000 else None,
            "spans": list(course.spans()),
            "open": course.open,
            "ticks": list(scribe.event_ticks),
            "stands": [[row and row[:-1] for row in rows] for rows in stands],
            "stirred": [processor.stirred for processor in scribe._processors],
            "busy": [course.busy(lane, 1 << 60) for lane in range(len(stands))],
        }


def scored(both: Twins) -> Callable[[], None]:
    return Scores(both).look


@pytest.mark.parametrize(("generation", "backend"), PAIRS, ids=lambda word: word)
def test_whoever_writes_whole_paths_writes_the_same(generation: str, backend: str) -> None:
    assert (
        session(generation, backend, seed=SEEDS.get((generation, backend), 0), acts=40, looks=0.1, compare=scored) > 0
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_sessions_have_the_same_score_and_do_follow_paths() -> None:
    followed = [session(*pair, seed, 150, 0.2, scored) for pair in PAIRS for seed in range(1, EACH + 1)]

    assert sum(map(bool, followed)) > len(followed) / 4
    assert sum(followed) > 10 * len(followed)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_ipi_that_is_alone_is_written_as_a_whole_once_it_was_sent_often(backend: str) -> None:
    both = twins(backend=backend)
    scores = Scores(both)

    assert alone(both) >= 4
    scores.look()
    both.end()


def test_what_is_open_leaves_all_to_the_model_until_it_is_over() -> None:
    both = twins()
    scores = Scores(both)
    assert alone(both) > 0

    both.told(RaiseLint(2, 1))
    both.run(lambda twin: twin.run())
    assert alone(both) == 0
    scores.look()
    both.told(LowerLint(2, 1))
    assert alone(both) > 0
    scores.look()


def test_what_could_not_be_learnt_while_something_was_open_is_learnt_afterwards() -> None:
    both = twins()
    scores = Scores(both)
    both.told(RaiseLint(2, 1))
    both.run(lambda twin: twin.run())
    assert alone(both, 40) == 0

    both.told(LowerLint(2, 1))
    assert alone(both) > 0
    scores.look()


def test_a_stand_that_is_another_leaves_all_to_the_model() -> None:
    both = twins()
    scores = Scores(both)
    assert alone(both) > 0

    for command in (WriteCr8(1, 2), SetInterruptFlag(3, enabled=False), SetInterruptFlag(1, enabled=False)):
        both.told(command)
        both.run(lambda twin: twin.run(until_idle=True))
        alone(both, 4)
        scores.look()
    both.end()


@pytest.mark.parametrize("stops", range(1, 30, 2))
def test_a_run_may_end_anywhere_inside_a_path(stops: int) -> None:
    both = twins(backend="trap-emulate")
    scores = Scores(both)
    alone(both)

    both.told(reschedule(0, 1))
    both.run(lambda twin: twin.run(operations=stops))
    scores.look()
    both.run(lambda twin: twin.run(to_tick=twin.ticks + stops))
    scores.look()
    both.run(lambda twin: twin.run())
    scores.look()


def test_who_follows_from_now_on_only_has_what_comes_from_now_on() -> None:
    both = twins()
    alone(both)
    scores = Scores(both)
    alone(both)
    later = Scores(both)

    alone(both)
    later.look()
    assert both.paths > 0
    assert all(len(scribe.course) > 0 for scribe in scores._scribes)


@pytest.mark.parametrize("begin", [0, 7, 1 << 31])
def test_numbers_abreast_move_together_but_for_those_that_stand_for_none(begin: int) -> None:
    numbers = Abreast("I", [0, 5, 0x7FFF_FFFF]), Abreast("q", [3, -1, 1 << 40])

    assert list(memoryview(numbers[0].at(begin)).cast("I")) == [begin, begin + 5, begin + 0x7FFF_FFFF]
    assert list(memoryview(numbers[1].at(begin)).cast("q")) == [begin + 3, -1, begin + (1 << 40)]
