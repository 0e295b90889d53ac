"""The APIC timer, counted down one cycle at a time."""

from .bits import bit

CYCLES_PER_TICK = 10  # one count lasts divisor * 10 cycles

# Bits 3, 1, 0 of the divide configuration register and what they divide by.
DIVISORS = {
    (0, 0, 0): 2,
    (0, 0, 1): 4,
    (0, 1, 0): 8,
    (0, 1, 1): 16,
    (1, 0, 0): 32,
    (1, 0, 1): 64,
    (1, 1, 0): 128,
    (1, 1, 1): 1,
}

ONE_SHOT, PERIODIC, DEADLINE, RESERVED = 0, 1, 2, 3


class Timer:
    """One timer: counts left, cycles gone of the present count, and the deadline."""

    def __init__(self) -> None:
        self.mode = ONE_SHOT  # follows LVT timer bits 18:17
        self.initial_count = 0
        self.current_count = 0
        self.divide = 0
        self.cycles_gone = 0  # of the count in progress
        self.deadline = 0  # 0: not armed

    def stop(self) -> None:
        """Both counts 0 and no deadline; the divide register stays."""
        self.initial_count = 0
        self.current_count = 0
        self.cycles_gone = 0
        self.deadline = 0

    def set_mode(self, mode: int) -> None:
        """One-shot <-> periodic goes on counting; a change that touches deadline or reserved stops everything."""
        if mode == self.mode:
            return
        if mode in (DEADLINE, RESERVED) or self.mode in (DEADLINE, RESERVED):
            self.stop()
        self.mode = mode

    def write_initial_count(self, count: int) -> None:
        """N > 0 starts at N, 0 stops."""
        if self.mode in (DEADLINE, RESERVED):
            return
        self.initial_count = count
        self.current_count = count
        self.cycles_gone = 0

    def write_divide(self, divide: int) -> None:
        """The counts left stay; a changed divisor begins the count in progress anew."""
        if divide != self.divide:
            self.cycles_gone = 0
        self.divide = divide

    def write_deadline(self, deadline: int) -> None:
        """Armed by a value other than 0, disarmed by 0, ignored outside deadline mode."""
        if self.mode == DEADLINE:
            self.deadline = deadline

    def read_deadline(self) -> int:
        """0 when not armed; outside deadline mode it is never armed."""
        return self.deadline

    def divisor(self) -> int:
        """What the divide register divides by."""
        return DIVISORS[bit(self.divide, 3), bit(self.divide, 1), bit(self.divide, 0)]

    def deadline_expires(self, tsc: int) -> bool:
        """Whether an armed deadline is reached; it is disarmed by that."""
        if self.deadline == 0 or tsc < self.deadline:
            return False
        self.deadline = 0
        return True

    def cycle_expires(self) -> bool:
        """One cycle passes; whether the count reached 0 in it."""
        if self.current_count == 0:
            return False
        self.cycles_gone += 1
        if self.cycles_gone < self.divisor() * CYCLES_PER_TICK:
            return False
        self.cycles_gone = 0
        self.current_count -= 1
        if self.current_count > 0:
            return False
        if self.mode == PERIODIC:
            self.current_count = self.initial_count  # an initial count of 0 therefore stops
        return True
