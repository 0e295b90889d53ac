"""What happens when: a heap ordered by (time, priority, sequence), so that a run can be repeated exactly."""

import heapq
from collections.abc import Callable
from enum import IntEnum
from typing import Any


class Priority(IntEnum):
    """What goes first among things of the same moment."""

    MESSAGE = 0
    TIMER = 1
    PROCESSOR = 2
    STIMULUS = 3


#: Called with its argument when its time has come; returns whether there was anything to see.
Action = Callable[[Any], bool]
_Entry = tuple[int, int, int, Action, Any]


class EventQueue:
    """First come, first served among equals."""

    __slots__ = ("_heap", "_sequence")

    def __init__(self) -> None:
        self._heap: list[_Entry] = []
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, time: int, priority: int, action: Action, argument: object) -> None:
        """Has *action* called with *argument* at *time*."""
        self._sequence += 1
        heapq.heappush(self._heap, (time, priority, self._sequence, action, argument))

    def pop(self, until: int | None) -> _Entry | None:
        """The next entry, when its time has come at *until*; None when there is no such entry."""
        heap = self._heap
        if not heap or (until is not None and heap[0][0] > until):
            return None
        return heapq.heappop(heap)

    def next_time(self) -> int | None:
        """When the next entry is due."""
        return self._heap[0][0] if self._heap else None

    def only_timers(self) -> bool:
        """Whether nothing but timers is waiting for its time."""
        return all(entry[1] == Priority.TIMER for entry in self._heap)
