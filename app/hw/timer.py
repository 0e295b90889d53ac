"""The local APIC timer (SDM vol. 3, "APIC Timer"). It keeps no time: callers pass the time, in TSC cycles."""

from app.x86.lvt import TimerMode, timer_divisor

#: TSC cycles that one undivided timer clock lasts. Assumed: a 200 MHz bus clock under a 2 GHz TSC.
CYCLES_PER_TIMER_CLOCK = 10
#: The modes in which the initial count starts the timer.
_COUNTING = (TimerMode.ONE_SHOT, TimerMode.PERIODIC)


class Timer:
    """Counts down from the initial count, or waits for a TSC value; is told when its ``deadline`` has come."""

    __slots__ = ("deadline", "divide_configuration", "initial_count", "mode")

    def __init__(self) -> None:
        self.initial_count = 0
        self.divide_configuration = 0
        self.mode = TimerMode.ONE_SHOT
        #: When the timer fires, in TSC cycles; None while it stands still.
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

    @property
    def tsc_deadline(self) -> int:
        """IA32_TSC_DEADLINE: 0 unless it is armed ("TSC-Deadline Mode")."""
        return self.deadline or 0 if self.mode is TimerMode.TSC_DEADLINE else 0

    def write_initial_count(self, value: int, now: int) -> bool:
        """Starts the timer at *value*; 0 stops it. False, and nothing done, in TSC-deadline mode and in the reserved
        one."""
        if self.mode not in _COUNTING:
            return False
        self.initial_count = value
        self.deadline = now + value * self.cycles_per_count if value else None
        return True

    def write_tsc_deadline(self, value: int) -> bool:
        """Arms the timer for TSC *value*; 0 disarms it. False, and nothing done, in the other modes."""
        if self.mode is not TimerMode.TSC_DEADLINE:
            return False
        self.deadline = value or None
        return True

    def write_divide_configuration(self, value: int, now: int) -> None:
        """Changes the pace of the counts that are left."""
        if value == self.divide_configuration:
            return
        left = self.current_count(now)
        self.divide_configuration = value
        if left:
            self.deadline = now + left * self.cycles_per_count

    def write_mode(self, mode: TimerMode) -> None:
        """One-shot and periodic keep counting across a change, as hardware does; any other change disarms."""
        if mode is not self.mode and not (mode in _COUNTING and self.mode in _COUNTING):
            self.deadline = None
            self.initial_count = 0
        self.mode = mode

    def expire(self, now: int) -> None:
        """The time has come, at *now*: periodic goes on from the initial count."""
        if self.mode is TimerMode.PERIODIC and self.initial_count and self.deadline is not None:
            self.deadline += self.initial_count * self.cycles_per_count
        else:
            self.deadline = None
