"""Comparisons and verdicts are computed once for all who ask, kept for a while, and given up when nobody asks."""

import asyncio

import pytest

from app.web.pages.compare.question import Question
from app.web.works import Progress, Works

ME = "somebody"

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Works live on asyncio alone."""
    return "asyncio"


def question(targets: int) -> Question:
    return Question("function", "smp_call_function", targets, "", ("vmi",), "2007")


class Slow:
    """A computation that goes on when it is told to; ``ended`` says how it did."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.go_on, self.begun = asyncio.Event(), 0
        self.ended: list[str] = []
        self.given_up = asyncio.Event()
        self._failure = failure

    async def __call__(self, asked: int, progress: Progress, visitor: str) -> int:
        self.begun += 1
        progress.tell("reading the log", 3, 7)
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.ended.append("given up")
            self.given_up.set()
            raise
        if self._failure is not None:
            raise self._failure
        self.ended.append("done")
        return 10 * asked


async def test_same_question_is_computed_once() -> None:
    asked: list[int] = []

    async def compute(one: Question, _: Progress, __: str) -> int:
        asked.append(one.targets)
        return 10 * one.targets

    works = Works(compute)
    answers = [
        await works.answer(one, ME)
        for one in (question(3), question(3), question(4), question(3).seen("all", "log").work)
    ]

    assert answers == [30, 30, 40, 30]
    assert asked == [3, 4]


async def test_impatient_are_told_how_far_it_has_come_and_get_the_answer_later() -> None:
    slow = Slow()
    works = Works(slow)
    await works.answer(1, ME, 0)
    await asyncio.sleep(0)

    under_way = await works.answer(1, ME, 0)
    assert isinstance(under_way, Progress)
    assert (under_way.stage, under_way.done, under_way.total) == ("reading the log", 3, 7)

    slow.go_on.set()
    assert await works.answer(1, ME) == 10


async def test_failure_while_nobody_waits_is_told_once_and_then_tried_again() -> None:
    slow = Slow(ValueError("line 7: not a log"))
    works = Works(slow)
    assert isinstance(await works.answer(1, ME, 0), Progress)
    slow.go_on.set()
    await asyncio.sleep(0.01)

    for begun in (1, 2):
        with pytest.raises(ValueError, match="line 7"):
            await works.answer(1, ME)
        assert slow.begun == begun


@pytest.mark.slow
async def test_what_nobody_asks_for_any_more_is_given_up() -> None:
    slow = Slow()
    works = Works(slow, patience_with_askers=0.05)
    await works.answer(1, ME, 0)
    await asyncio.wait_for(slow.given_up.wait(), 30)

    assert slow.ended == ["given up"]
    slow.go_on.set()
    assert await works.answer(1, ME) == 10


@pytest.mark.slow
async def test_what_is_asked_for_again_in_time_goes_on() -> None:
    slow = Slow()
    works = Works(slow, patience_with_askers=3.0)
    for _ in range(8):
        assert isinstance(await works.answer(1, ME, 0.5), Progress)

    slow.go_on.set()

    assert await works.answer(1, ME) == 10
    assert slow.begun == 1


async def test_one_of_two_who_wait_may_leave() -> None:
    slow = Slow()
    works = Works(slow, patience_with_askers=0.01)
    leaves, stays = (asyncio.create_task(works.finished(1, ME)) for _ in range(2))
    await asyncio.sleep(0)

    leaves.cancel()
    await asyncio.sleep(0.1)
    slow.go_on.set()

    assert await stays == 10


async def test_progress_is_passed_on_to_whoever_waits_for_a_part() -> None:
    slow, told = Slow(), Progress()
    waiting = asyncio.create_task(Works(slow).finished(1, ME, told))
    await asyncio.sleep(0.01)

    assert (told.stage, told.done, told.total) == ("reading the log", 3, 7)
    slow.go_on.set()
    await waiting


async def test_stopping_ends_all_that_is_under_way() -> None:
    slow = Slow()
    works = Works(slow)
    for asked in range(3):
        await works.answer(asked, ME, 0)
    await asyncio.sleep(0)

    works.stop()
    await asyncio.sleep(0)

    assert slow.ended == ["given up"] * 3


async def test_answers_that_were_not_asked_for_longest_go_but_never_what_is_under_way() -> None:
    computed, go_on = [], asyncio.Event()

    async def compute(asked: int, _: Progress, __: str) -> int:
        computed.append(asked)
        if asked == 100:
            await go_on.wait()
        return asked

    works = Works(compute)
    for asked in range(64):
        await works.answer(asked, ME)
    await works.answer(100, ME, 0)
    for asked in range(1, 64):
        await works.answer(asked, ME)  # from here on 100 is what was not asked for longest
    await works.answer(101, ME, 0)
    await works.answer(100, ME, 0)
    go_on.set()

    assert await works.answer(100, ME) == 100
    assert await works.answer(0, ME) == 0
    assert computed.count(100) == 1
    assert computed.count(0) == 2


async def test_answer_that_was_asked_for_again_stays_longer_than_one_that_was_not() -> None:
    computed: list[int] = []

    async def compute(asked: int, _: Progress, __: str) -> int:
        computed.append(asked)
        return asked

    works = Works(compute)
    for asked in (*range(64), 0, 64):  # as many as are kept, the oldest again, and one more
        await works.answer(asked, ME)
    await works.answer(0, ME)
    await works.answer(1, ME)

    assert (computed.count(0), computed.count(1)) == (1, 2)
