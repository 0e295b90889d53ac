"""Comparisons and verdicts are computed once, one at a time, in a thread that can be stopped."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from app.web.compare_question import Question
from app.web.errors import Problem
from app.web.works import Abandoned, Progress, Works


def question(targets: int) -> Question:
    return Question("function", "smp_call_function", targets, "", ("vmi",), "2007")


def test_same_question_is_computed_once() -> None:
    asked: list[int] = []

    def compute(one: Question, _: Progress) -> int:
        asked.append(one.targets)
        return 10 * one.targets

    async def ask() -> list[int | Progress]:
        works = Works(compute)
        return [
            await works.answer(one)
            for one in (question(3), question(3), question(4), question(3).seen("all", "log").work)
        ]

    assert asyncio.run(ask()) == [30, 30, 40, 30]
    assert asked == [3, 4]


def test_impatient_are_told_how_far_it_has_come_and_get_the_answer_later() -> None:
    told, go_on = threading.Event(), threading.Event()

    def compute(_: Question, progress: Progress) -> str:
        progress.tell("reading the log", 3, 7)
        told.set()
        go_on.wait(10)
        return "done"

    async def ask() -> None:
        works = Works(compute)
        await works.answer(question(1), 0)
        await asyncio.to_thread(told.wait, 10)
        under_way = await works.answer(question(1), 0)
        assert isinstance(under_way, Progress)
        assert (under_way.stage, under_way.done, under_way.total) == ("reading the log", 3, 7)
        go_on.set()
        assert await works.answer(question(1)) == "done"

    asyncio.run(ask())


def test_failure_reaches_whoever_asks_and_is_tried_again_by_the_next() -> None:
    tries: list[int] = []

    def compute(_: Question, __: Progress) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("line 7: not a log")
        return "done"

    async def ask() -> str | Progress:
        works = Works(compute)
        with pytest.raises(ValueError, match="line 7"):
            await works.answer(question(1))
        return await works.answer(question(1))

    assert asyncio.run(ask()) == "done"


def _until_told_to_stop(started: threading.Event, ended: threading.Event) -> Callable[[Question, Progress], None]:
    def compute(_: Question, progress: Progress) -> None:
        started.set()
        try:
            while True:
                progress.tell("for ever", 0, 1)
        finally:
            ended.set()

    return compute


def test_stopping_ends_the_thread_at_its_next_report() -> None:
    started, ended = threading.Event(), threading.Event()

    async def ask() -> None:
        works = Works(_until_told_to_stop(started, ended))
        await works.answer(question(1), 0)
        await asyncio.to_thread(started.wait, 10)
        works.stop()

    asyncio.run(ask())

    assert ended.wait(10)


def test_too_many_that_wait_are_sent_away() -> None:
    started, ended = threading.Event(), threading.Event()

    async def ask() -> Problem:
        works = Works(_until_told_to_stop(started, ended))
        try:
            for targets in range(1, 200):
                await works.answer(question(targets), 0)
        except Problem as refused:
            return refused
        finally:
            works.stop()
        raise AssertionError("nobody was sent away")

    assert asyncio.run(ask()).status == 503


def test_progress_ends_a_thread_that_nobody_waits_for() -> None:
    progress = Progress()
    progress.tell("ipi", 1, 9)
    assert (progress.stage, progress.done, progress.total) == ("ipi", 1, 9)

    progress.abandoned = True

    with pytest.raises(Abandoned):
        progress.tell("mask", 2, 9)


def test_answers_that_were_not_asked_for_longest_go_but_never_what_is_under_way() -> None:
    go_on, computed = threading.Event(), []

    def compute(asked: int, _: Progress) -> int:
        computed.append(asked)
        if asked == 100:
            go_on.wait(10)
        return asked

    async def ask() -> None:
        works = Works(compute)
        for asked in range(64):
            await works.answer(asked)
        await works.answer(100, 0)
        for asked in range(1, 64):
            await works.answer(asked)  # from here on 100 is what was not asked for longest
        await works.answer(101, 0)
        await works.answer(100, 0)
        go_on.set()
        assert await works.answer(100) == 100
        assert await works.answer(0) == 0

    asyncio.run(ask())

    assert computed.count(100) == 1
    assert computed.count(0) == 2


def test_one_is_computed_after_the_other() -> None:
    go_on = threading.Event()
    before = set(threading.enumerate())

    def compute(asked: int, _: Progress) -> int:
        go_on.wait(10)
        return asked

    async def ask() -> tuple[list[int | Progress], int]:
        works = Works(compute)
        for asked in range(3):
            await works.answer(asked, 0)
        for _ in range(10):  # each task has its turn, and would have begun its thread
            await asyncio.sleep(0)
        at_work = len(set(threading.enumerate()) - before)
        waiting = await works.answer(1, 0)
        assert isinstance(waiting, Progress)
        assert waiting.stage == "waiting for its turn"
        go_on.set()
        return [await works.answer(asked) for asked in range(3)], at_work

    assert asyncio.run(ask()) == ([0, 1, 2], 1)


def test_answer_that_was_asked_for_again_stays_longer_than_one_that_was_not() -> None:
    computed: list[int] = []

    def compute(asked: int, _: Progress) -> int:
        computed.append(asked)
        return asked

    async def ask() -> None:
        works = Works(compute)
        for asked in (*range(64), 0, 64):  # as many as are kept, the oldest again, and one more
            await works.answer(asked)
        await works.answer(0)
        await works.answer(1)

    asyncio.run(ask())

    assert (computed.count(0), computed.count(1)) == (1, 2)
