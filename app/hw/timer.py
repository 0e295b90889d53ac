"""The local APIC timer (SDM vol. 3, "APIC Timer"). It keeps no time: callers pass the time, in TSC cycles."""

from app.x86.lvt import TimerMode, timer_divisor

#: TSC cycles that one undivided timer clock lasts. Assumed: a 200 MHz bus clock under a 2 GHz TSC.
CYCLES_PER_TIMER_CLOCK = 10


class Timer:
    """Counts down from the initial count; says when it will expire and is told when it has."""

    __slots__ = ("deadline", "divide_configuration", "initial_count", "mode", "tsc_deadline")

    def __init__(self) -> None:
        self.initial_count = 0
        self.divide_configuration = 0
        self.mode = TimerMode.ONE_SHOT
        self.tsc_deadline = 0
        #: When the count reaches 0, in TSC cycles; None while the timer stands still.
        self.deadline: int | None = None

    def reset(self) -> None:
        self.__init__()  # type: ignore[misc]  # every field has its reset value there, once

    @property
    def divisor(self) -> int:
        return timer_divisor(self.divide_configuration)

    @property
    def cycles_per_count(self) -> int:
        return self.divisor * CYCLES_PER_TIMER_CLOCK

    def current_count(self, now: int) -> int:
        if self.deadline is None or self.mode is TimerMode.TSC_DEADLINE:
            return 0
        return max(0, -(-(self.deadline - now) // self.cycles_per_count))

    def write_initial_count(self, value: int, now: int) -> None:
        """Starts the timer at *value*; 0 stops it. Ignored in TSC-deadline mode."""
        if self.mode is TimerMode.TSC_DEADLINE:
            return
        self.initial_count = value
        self.deadline = now + value * self.cycles_per_count if value else None

    def write_divide_configuration(self, value: int, now: int) -> None:
        """Changes the pace of the counts that are left."""
        left = self.current_count(now)
        self.divide_configuration = value
        if left:
            self.deadline = now + left * self.cycles_per_count

    def write_mode(self, mode: TimerMode) -> None:
        """One-shot and periodic keep counting across a change; to or from TSC-deadline disarms."""
        if TimerMode.TSC_DEADLINE in (mode, self.mode) and mode is not self.mode:
            self.deadline = None
            self.tsc_deadline = 0
            self.initial_count = 0
        self.mode = mode

    def expire(self, now: int) -> None:
        """The count has reached 0 at *now*."""
        if self.mode is TimerMode.PERIODIC and self.initial_count and self.deadline is not None:
            self.deadline += self.initial_count * self.cycles_per_count
        else:
            self.deadline = None
            self.tsc_deadline = 0
