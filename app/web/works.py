"""Comparisons and verdicts under way and done: each is computed once, in a thread, one after the other of its kind, and
kept for a while."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from app.web.errors import Problem

Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")

#: Answers that are kept: what was not asked for longest goes first.
_KEPT_ANSWERS = 64
#: Questions that may wait for their turn.
_LONGEST_QUEUE = 8


class Abandoned(Exception):
    """Nobody waits for the result any more."""


class Progress:
    """How far an answer has come, told by its thread and read by the page."""

    def __init__(self) -> None:
        self.stage = "waiting for its turn"
        self.done = 0
        self.total = 0
        self.abandoned = False

    def tell(self, stage: str, done: int, total: int) -> None:
        """*done* of *total* of this *stage* is behind us. Abandoned when the thread is to stop."""
        if self.abandoned:
            raise Abandoned
        self.stage, self.done, self.total = stage, done, total


class Works(Generic[Asked, Answer]):
    """The answers to questions, by question. *compute* runs in a thread of its own."""

    def __init__(self, compute: Callable[[Asked, Progress], Answer]) -> None:
        self._compute = compute
        self._turn = asyncio.Semaphore(1)
        self._kept: OrderedDict[Asked, tuple[asyncio.Task[Answer], Progress]] = OrderedDict()

    async def answer(self, question: Asked, patience: float | None = None) -> Answer | Progress:
        """The answer, or, after *patience* seconds, how far it has come. Raises what the computation raised, and
        Problem when there is too much to do already."""
        task, progress = self._work(question)
        await asyncio.wait({task}, timeout=patience)
        return task.result() if task.done() else progress

    def stop(self) -> None:
        """Has every thread end at the next report of its progress."""
        for task, progress in self._kept.values():
            progress.abandoned = True
            task.cancel()

    def _work(self, question: Asked) -> tuple[asyncio.Task[Answer], Progress]:
        known = self._kept.get(question)
        if known is not None and not _failed(known[0]):
            self._kept.move_to_end(question)
            return known
        if sum(not task.done() for task, _ in self._kept.values()) >= _LONGEST_QUEUE:
            raise Problem(503, "Too much to do", "Others are being served first; try again in a minute.")
        progress = Progress()
        self._kept[question] = task, progress = asyncio.create_task(self._run(question, progress)), progress
        done = [
            key for key, (task, _) in self._kept.items() if task.done()
        ]  # what is under way is counted, and stopped
        for key in done[: max(0, len(self._kept) - _KEPT_ANSWERS)]:
            del self._kept[key]
        return task, progress

    async def _run(self, question: Asked, progress: Progress) -> Answer:
        async with self._turn:
            return await _in_daemon(lambda: self._compute(question, progress))


async def _in_daemon(compute: Callable[[], Answer]) -> Answer:
    """*compute* in a thread that the end of the process does not wait for, as it would for asyncio's own."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Answer] = loop.create_future()

    def settle(settled: Callable[[], None]) -> None:
        if not future.done():
            settled()

    def run() -> None:
        try:
            answer = compute()
        except Exception as error:
            settled = partial(future.set_exception, error)
        else:
            settled = partial(future.set_result, answer)
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(settle, settled)

    threading.Thread(target=run, name="computation", daemon=True).start()
    return await future


def _failed(task: "asyncio.Task[object]") -> bool:
    """Whether it should be tried again: what was wrong may have been put right, by sending a file once more."""
    return task.done() and (task.cancelled() or task.exception() is not None)
