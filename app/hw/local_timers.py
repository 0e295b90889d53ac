"""All the local APIC timers of a machine: which is the next, and what happens when its time has come."""

import heapq
from collections.abc import Iterable, Sequence

from app.hw import local_vector_table
from app.hw.cpu import Cpu


class LocalTimers:
    """The timers of *cpus*, the next one first: what a write to one of them costs does not depend on their number."""

    __slots__ = ("_cpus", "_deadlines")

    def __init__(self, cpus: Sequence[Cpu]) -> None:
        self._cpus = cpus
        #: A heap of (deadline, CPU). One that its timer no longer has stays until it is met or the heap is made anew.
        self._deadlines: list[tuple[int, int]] = []

    def changed(self, numbers: Iterable[int]) -> None:
        """The timers of the CPUs *numbers* may have other deadlines than before."""
        for number in numbers:
            deadline = self._cpus[number].apic.timer.deadline
            if deadline is not None:
                heapq.heappush(self._deadlines, (deadline, number))
        if len(self._deadlines) > 2 * len(self._cpus):
            self._deadlines = sorted({entry for entry in self._deadlines if self._stands(entry)})

    def next_deadline(self, now: int) -> int | None:
        """When the next timer expires, in TSC cycles, and not before *now*; None when none runs."""
        deadlines = self._deadlines
        while deadlines and not self._stands(deadlines[0]):
            heapq.heappop(deadlines)
        return max(deadlines[0][0], now) if deadlines else None

    def expire(self, now: int) -> list[Cpu]:
        """Fires every timer whose time has come by *now*. Returns their CPUs, in the order of their numbers."""
        due = set()
        while self._deadlines and self._deadlines[0][0] <= now:
            entry = heapq.heappop(self._deadlines)
            if self._stands(entry):
                due.add(entry[1])
        expired = [self._cpus[number] for number in sorted(due)]
        for cpu in expired:
            cpu.apic.timer.expire(now)
            local_vector_table.expire_timer(cpu.apic)
        self.changed(sorted(due))
        return expired

    def _stands(self, entry: tuple[int, int]) -> bool:
        deadline, number = entry
        return self._cpus[number].apic.timer.deadline == deadline
