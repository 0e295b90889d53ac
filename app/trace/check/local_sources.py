"""Which local sources may have fired: timers, and the 8259 behind LINT0.

The recording says *that* a source of some CPU's local vector table fired, not whose. So each firing makes every CPU
whose source could have fired a candidate, and the vector that a CPU then takes, or shows in IRR, decides. No more
vectors can come of a source than it fired.
"""

from collections.abc import Sequence

from app.trace.check.qemu_shadow import ShadowApic
from app.trace.operations import LocalSourceFired
from app.x86 import lvt
from app.x86.icr import DeliveryMode
from app.x86.registers import Register

_TIMER = 0
_LINT0 = 3


def _delivery_mode(entry: int) -> int:
    return entry >> 8 & 7


class LocalSources:
    """The local sources of every CPU. ``recorded`` says whether the recording tells of firings at all."""

    def __init__(self, shadows: Sequence[ShadowApic], *, recorded: bool) -> None:
        self._shadows = shadows
        self._recorded = recorded
        #: CPUs whose timer is set and not masked, with the vector.
        self._armed: dict[int, int] = {}
        #: CPUs whose timer may have fired since they last took its vector, with that vector.
        self._timers: dict[int, int] = {}
        #: The same for other sources with fixed delivery: CPU to vectors.
        self._others: dict[int, set[int]] = {}
        self._timer_firings = 0
        self._legacy_firings = 0

    def reset(self, cpu: int) -> None:
        """INIT of *cpu*."""
        self._armed.pop(cpu, None)
        self._timers.pop(cpu, None)
        self._others.pop(cpu, None)

    def timer_written(self, cpu: int) -> None:
        """*cpu* wrote its timer's LVT entry or initial count."""
        shadow = self._shadows[cpu]
        entry = shadow.lvt(Register.LVT_TIMER)
        if entry & lvt.MASKED or not shadow.written.get(Register.TIMER_INITIAL_COUNT):
            self._armed.pop(cpu, None)
        else:
            self._armed[cpu] = entry & 0xFF

    def fired(self, operation: LocalSourceFired) -> None:
        """Some CPU's source fired."""
        if operation.entry == _TIMER:
            self._timer_firings += 1
            self._timers.update(self._armed)
            return
        if operation.entry == _LINT0:
            self._legacy_firings += 1
        if operation.delivery_mode == DeliveryMode.FIXED:
            register = Register.LVT_TIMER + 16 * operation.entry
            for cpu, shadow in enumerate(self._shadows):
                entry = shadow.lvt(register)
                if not entry & lvt.MASKED and _delivery_mode(entry) == DeliveryMode.FIXED:
                    self._others.setdefault(cpu, set()).add(entry & 0xFF)

    # Timer and other sources with fixed delivery

    def may_request(self, cpu: int, vector: int) -> bool:
        """Whether *vector* of *cpu* may have been requested by a local source."""
        return self.may_be_timer(cpu, vector) or vector in self._others.get(cpu, ())

    def may_be_timer(self, cpu: int, vector: int) -> bool:
        """Whether it may have been the timer."""
        if not self._recorded:
            return self._armed.get(cpu) == vector
        return self._timer_firings > 0 and self._timers.get(cpu) == vector

    def requested(self, cpu: int, vector: int) -> None:
        """It was so: *vector* of *cpu* is requested by a local source."""
        if not self.may_be_timer(cpu, vector):
            self._others[cpu].discard(vector)
            return
        self._timer_firings -= 1
        # It stays armed: a one-shot timer may have been set anew between firing and now.
        self._timers.pop(cpu, None)

    def may_be_any_timer(self) -> bool:
        """Whether some CPU's timer has fired, and no vector has been taken for that yet."""
        return not self._recorded or self._timer_firings > 0

    def timer_seen(self, cpu: int, vector: int) -> None:
        """The timer of *cpu*, whose entry has not been seen, asks for *vector*: it is armed, and has fired."""
        self._shadows[cpu].written[Register.LVT_TIMER] = vector
        self._armed[cpu] = self._timers[cpu] = vector

    def armed_vector(self, cpu: int) -> int | None:
        """The vector of the timer of *cpu*, when it may have fired."""
        vector = self._armed.get(cpu, self._timers.get(cpu))
        return vector if vector is not None and self.may_be_timer(cpu, vector) else None

    # The 8259

    def may_be_legacy(self) -> bool:
        """Whether the 8259 has asked for an interrupt since its last one was taken."""
        return not self._recorded or self._legacy_firings > 0

    def legacy_taken(self) -> None:
        """A CPU took a vector of the 8259."""
        self._legacy_firings -= 1
