"""The one local timer that expires next, as an entry of the queue."""

from collections.abc import Callable

from app.hw.cpu import Cpu
from app.hw.machine import Machine
from app.sim.due import END_OF_TIME


class TimerWatch:
    """Keeps the next deadline of *machine* in the queue: *push* puts one there, and none is ever taken out again."""

    def __init__(self, machine: Machine, push: Callable[[int], None]) -> None:
        self._machine = machine
        self._push = push
        self._next: int | None = None

    def look(self) -> None:
        """Puts the next deadline into the queue when a write has changed which that is."""
        if self._machine.timers_changed:
            self._schedule()

    def _schedule(self) -> None:
        deadline = self._machine.next_timer_deadline()
        if deadline is not None and deadline <= END_OF_TIME and deadline != self._next:
            self._next = deadline
            self._push(deadline)

    def expire(self, deadline: int) -> list[Cpu]:
        """*deadline* has come: the CPUs whose timers fire. None do when another deadline has replaced it."""
        if deadline != self._next:
            return []
        self._next = None
        expired = self._machine.expire_timers()
        self._schedule()
        return expired
