"""What happens when: a heap ordered by (time, priority, sequence), so that a run can be repeated exactly."""

import heapq
from enum import IntEnum
from typing import Generic, TypeVar

Due = TypeVar("Due")


class Priority(IntEnum):
    """What goes first among things of the same moment."""

    MESSAGE = 0
    TIMER = 1
    PROCESSOR = 2


class EventQueue(Generic[Due]):
    """First come, first served among equals. ``Due`` is whatever becomes due."""

    __slots__ = ("_heap", "_sequence")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Due]] = []
        self._sequence = 0

    def push(self, time: int, priority: int, due: Due) -> None:
        """Puts *due* into its place."""
        self._sequence += 1
        heapq.heappush(self._heap, (time, priority, self._sequence, due))

    def pop(self, until: int | None) -> tuple[int, Due] | None:
        """The next thing and its time; None when there is none up to *until*."""
        heap = self._heap
        if not heap or (until is not None and heap[0][0] > until):
            return None
        entry = heapq.heappop(heap)
        return entry[0], entry[3]

    def next_time(self) -> int | None:
        """When the next thing is due."""
        return self._heap[0][0] if self._heap else None

    def has_before(self, time: int) -> bool:
        """Whether anything is due at *time* or before."""
        return bool(self._heap) and self._heap[0][0] <= time

    def only_timers(self) -> bool:
        """Whether nothing but timers is waiting for its time."""
        return all(entry[1] == Priority.TIMER for entry in self._heap)
