"""The local APIC timers: one, and all of a machine (SDM vol. 3, "APIC Timer").

A timer keeps no time. Callers pass the time, in TSC cycles since the machine was made.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from app.x86.lvt import TimerMode, timer_divisor
from app.x86.units import Cycles

#: TSC cycles that one undivided timer clock lasts. Assumed: a 200 MHz bus clock under a 2 GHz TSC.
CYCLES_PER_TIMER_CLOCK = Cycles(10)
#: The modes in which the initial count starts the timer.
_COUNTING = (TimerMode.ONE_SHOT, TimerMode.PERIODIC)


@dataclass(slots=True, eq=False)
class Timer:
    """Counts down from the initial count, or waits for a TSC value; is told when its ``deadline`` has come."""

    STATE: ClassVar = ("deadline", "divide_configuration", "initial_count", "mode")
    WIRES: ClassVar = ()

    initial_count: int = 0
    divide_configuration: int = 0
    mode: TimerMode = TimerMode.ONE_SHOT
    #: When the timer fires; None while it stands still.
    deadline: Cycles | None = None

    def reset(self) -> None:
        """INIT, and the APIC switched off."""
        self.initial_count = 0
        self.divide_configuration = 0
        self.mode = TimerMode.ONE_SHOT
        self.deadline = None

    @property
    def divisor(self) -> int:
        return timer_divisor(self.divide_configuration)

    @property
    def cycles_per_count(self) -> Cycles:
        return Cycles(self.divisor * CYCLES_PER_TIMER_CLOCK)

    def current_count(self, now: Cycles) -> int:
        if self.deadline is None or self.mode is TimerMode.TSC_DEADLINE:
            return 0
        return max(0, -(-(self.deadline - now) // self.cycles_per_count))

    @property
    def tsc_deadline(self) -> Cycles:
        """IA32_TSC_DEADLINE: 0 unless it is armed ("TSC-Deadline Mode")."""
        if self.deadline is None or self.mode is not TimerMode.TSC_DEADLINE:
            return Cycles(0)
        return self.deadline

    def write_initial_count(self, value: int, now: Cycles) -> bool:
        """Starts the timer at *value*; 0 stops it. False, and nothing done, in TSC-deadline mode and in the reserved
        one."""
        if self.mode not in _COUNTING:
            return False
        self.initial_count = value
        self.deadline = Cycles(now + value * self.cycles_per_count) if value else None
        return True

    def write_tsc_deadline(self, value: int) -> bool:
        """Arms the timer for TSC *value*; 0 disarms it. False, and nothing done, in the other modes."""
        if self.mode is not TimerMode.TSC_DEADLINE:
            return False
        self.deadline = Cycles(value) if value else None
        return True

    def write_divide_configuration(self, value: int, now: Cycles) -> None:
        """Changes the pace of the counts that are left."""
        if value == self.divide_configuration:
            return
        left = self.current_count(now)
        self.divide_configuration = value
        if left:
            self.deadline = Cycles(now + left * self.cycles_per_count)

    def write_mode(self, mode: TimerMode) -> None:
        """One-shot and periodic keep counting across a change, as hardware does; any other change disarms."""
        if mode is not self.mode and not (mode in _COUNTING and self.mode in _COUNTING):
            self.deadline = None
            self.initial_count = 0
        self.mode = mode

    def expire(self) -> None:
        """The deadline has come: periodic goes on from the initial count."""
        if self.mode is TimerMode.PERIODIC and self.initial_count and self.deadline is not None:
            self.deadline = Cycles(self.deadline + self.initial_count * self.cycles_per_count)
        else:
            self.deadline = None


class LocalTimers:
    """The *timers* of all CPUs, the next one first: what a write to one costs does not depend on their number."""

    STATE = ()
    WIRES = ("_deadlines", "_timers")
    __slots__ = (*STATE, *WIRES)

    def __init__(self, timers: Sequence[Timer]) -> None:
        self._timers = timers
        #: A heap of (deadline, CPU). One that its timer no longer has stays until it is met or the heap is made anew.
        self._deadlines: list[tuple[Cycles, int]] = []

    def changed(self, numbers: Iterable[int]) -> None:
        """The timers of the CPUs *numbers* may have other deadlines than before."""
        for number in numbers:
            deadline = self._timers[number].deadline
            if deadline is not None:
                heapq.heappush(self._deadlines, (deadline, number))
        if len(self._deadlines) > 2 * len(self._timers):
            self._deadlines = sorted({entry for entry in self._deadlines if self._stands(entry)})

    def look_at_all(self) -> None:
        """Every timer may have another deadline than before."""
        self._deadlines = []
        self.changed(range(len(self._timers)))

    def next_deadline(self, now: Cycles) -> Cycles | None:
        """When the next timer expires, and not before *now*; None when none runs."""
        deadlines = self._deadlines
        while deadlines and not self._stands(deadlines[0]):
            heapq.heappop(deadlines)
        return max(deadlines[0][0], now) if deadlines else None

    def expire(self, now: Cycles) -> list[int]:
        """Every timer whose time has come by *now* expires. Returns the numbers of their CPUs, in order."""
        due = set()
        while self._deadlines and self._deadlines[0][0] <= now:
            entry = heapq.heappop(self._deadlines)
            if self._stands(entry):
                due.add(entry[1])
        expired = sorted(due)
        for number in expired:
            self._timers[number].expire()
        self.changed(expired)
        return expired

    def _stands(self, entry: tuple[Cycles, int]) -> bool:
        deadline, number = entry
        return self._timers[number].deadline == deadline
