"""What happens when, in an order that is always the same: by time, then by kind, then first come, first served."""

import heapq
from collections.abc import Iterable
from enum import IntEnum
from typing import Generic, TypeVar

Due = TypeVar("Due")


class Priority(IntEnum):
    """What goes first among things of the same moment. The timers have one entry for all of them: the alarm."""

    MESSAGE = 0
    TIMER = 1
    PROCESSOR = 2


_TIMER, _PROCESSOR = int(Priority.TIMER), int(Priority.PROCESSOR)  # finding a member of an enum takes its time


class EventQueue(Generic[Due]):
    """Messages and processors, ``Due``, each at its time, and one ``alarm``: when the next timer expires, if any."""

    STATE = ("_heap", "alarm")
    WIRES = ("_sequence",)
    __slots__ = (*STATE, *WIRES)

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Due]] = []
        self._sequence = 0
        self.alarm: int | None = None

    def push(self, time: int, priority: int, due: Due) -> None:
        """Puts *due* into its place."""
        self._sequence += 1
        heapq.heappush(self._heap, (time, priority, self._sequence, due))

    def pop(self, until: int | None) -> tuple[int, Due | None] | None:
        """The next thing and its time; None in the place of the thing is the alarm, which goes off with that. None when
        nothing is due up to *until*."""
        heap, alarm = self._heap, self.alarm
        if alarm is not None and (not heap or (alarm, _TIMER) < heap[0]):
            if until is not None and alarm > until:
                return None
            self.alarm = None
            return alarm, None
        if not heap or (until is not None and heap[0][0] > until):
            return None
        entry = heapq.heappop(heap)
        return entry[0], entry[3]

    def take_turns(self, time: int, due: Due, until: int | None) -> tuple[int, Due] | None:
        """Puts the processor *due* into its place, and gives the next one with its time, be it the same; None, and
        nothing is taken out, when something else comes before that, or nothing is due up to *until*."""
        heap, alarm = self._heap, self.alarm
        self._sequence += 1
        first = heapq.heappushpop(heap, (time, _PROCESSOR, self._sequence, due))
        at = first[0]
        if first[1] != _PROCESSOR or (until is not None and at > until) or (alarm is not None and alarm <= at):
            heapq.heappush(heap, first)
            return None
        return at, first[3]

    def next_time(self) -> int | None:
        """When the next thing is due."""
        if not self._heap:
            return self.alarm
        first = self._heap[0][0]
        return first if self.alarm is None else min(first, self.alarm)

    def has_before(self, time: int) -> bool:
        """Whether anything is due at *time* or before."""
        return (bool(self._heap) and self._heap[0][0] <= time) or (self.alarm is not None and self.alarm <= time)

    def only_timers(self) -> bool:
        """Whether nothing but timers is waiting for its time."""
        return not self._heap

    def refill(self, entries: Iterable[tuple[int, int, Due]], alarm: int | None) -> None:
        """Takes *entries*, in their order, and *alarm* instead of everything that was due."""
        self._heap = [(time, priority, number, due) for number, (time, priority, due) in enumerate(entries)]
        self._sequence = len(self._heap)
        self.alarm = alarm

    def entries(self) -> list[tuple[int, int, Due]]:
        """Everything but the alarm, in its order: (time, priority, what becomes due)."""
        return [(time, priority, due) for time, priority, _, due in sorted(self._heap, key=lambda entry: entry[:3])]
