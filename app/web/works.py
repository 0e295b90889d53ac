"""Comparisons and verdicts under way and done: each is computed once, for all who ask for it, and kept for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")

#: Answers that are kept: what was not asked for longest goes first.
_KEPT_ANSWERS = 64
#: Seconds after which an answer that nobody waits for, and nobody has asked for again, is given up. A page that shows
#: its progress asks every second or two.
_PATIENCE_WITH_ASKERS = 10.0


class Progress:
    """How far an answer has come, told by whoever computes it and read by the page."""

    def __init__(self) -> None:
        self.stage = "waiting for its turn"
        self.done = 0
        self.total = 0
        #: What of the answer is there already; None where it comes as a whole.
        self.so_far: object | None = None
        #: Others that wait for the same.
        self.passed_on: list[Progress] = []

    def tell(self, stage: str, done: int, total: int) -> None:
        """*done* of *total* of this *stage* is behind us."""
        self.stage, self.done, self.total = stage, done, total
        for other in self.passed_on:
            other.tell(stage, done, total)


@dataclass(eq=False, slots=True)
class _Work(Generic[Answer]):
    """An answer under way or done. ``waiting`` counts those who wait for it at this moment."""

    task: "asyncio.Task[Answer]"
    progress: Progress
    waiting: int = 0
    failure_told: bool = False
    leaving: asyncio.TimerHandle | None = field(default=None)


class Works(Generic[Asked, Answer]):
    """The answers to questions, by question. *compute* is given the question, its progress and the visitor who asked
    first; it is cancelled when nobody wants to know any more."""

    def __init__(
        self,
        compute: Callable[[Asked, Progress, str], Awaitable[Answer]],
        *,
        kept: int = _KEPT_ANSWERS,
        patience_with_askers: float = _PATIENCE_WITH_ASKERS,
    ) -> None:
        self._compute = compute
        self._most_kept = kept
        self._patience_with_askers = patience_with_askers
        self._kept: OrderedDict[Asked, _Work[Answer]] = OrderedDict()

    async def answer(self, question: Asked, visitor: str, patience: float | None = None) -> Answer | Progress:
        """The answer, or, after *patience* seconds, how far it has come. Raises what the computation raised."""
        work = self._work(question, visitor)
        await self._wait(work, patience)
        if not work.task.done():
            return work.progress
        work.failure_told = True
        return work.task.result()

    async def finished(self, question: Asked, visitor: str, progress: Progress | None = None) -> Answer:
        """The answer, however long it takes; *progress* is told meanwhile."""
        work = self._work(question, visitor)
        if progress is not None:
            work.progress.passed_on.append(progress)
        try:
            await self._wait(work, None)
        finally:
            if progress is not None:
                work.progress.passed_on.remove(progress)
        work.failure_told = True
        return work.task.result()

    def stop(self) -> None:
        """Ends all that is under way."""
        for work in self._kept.values():
            work.task.cancel()

    async def _wait(self, work: _Work[Answer], patience: float | None) -> None:
        if work.leaving is not None:
            work.leaving.cancel()
        work.waiting += 1
        try:
            await asyncio.wait({work.task}, timeout=patience)
        finally:
            work.waiting -= 1
            if not work.waiting and not work.task.done():
                loop = asyncio.get_running_loop()
                work.leaving = loop.call_later(self._patience_with_askers, work.task.cancel)

    def _work(self, question: Asked, visitor: str) -> _Work[Answer]:
        known = self._kept.get(question)
        if known is not None and not _to_be_tried_again(known):
            self._kept.move_to_end(question)
            return known
        progress = Progress()
        task = asyncio.ensure_future(self._compute(question, progress, visitor))
        task.add_done_callback(_heard)
        self._kept[question] = work = _Work(task, progress)
        done = [key for key, kept in self._kept.items() if kept.task.done()]  # what is under way stays
        for key in done[: max(0, len(self._kept) - self._most_kept)]:
            del self._kept[key]
        return work


def _heard(task: "asyncio.Task[object]") -> None:
    """A failure of which nobody asks any more is no fault to be logged."""
    if not task.cancelled():
        task.exception()


def _to_be_tried_again(work: _Work[Answer]) -> bool:
    """What was wrong may have been put right, by sending a file once more; but somebody must have heard of it, as those
    who are shown a progress come back for what became of it."""
    task = work.task
    return task.done() and (task.cancelled() or (task.exception() is not None and work.failure_told))
