"""The one local timer that expires next, as the alarm of the queue."""

from typing import TYPE_CHECKING, Any

from app.engine.due import END_OF_TIME
from app.hw.cpu import Cpu
from app.hw.machine import Machine

if TYPE_CHECKING:
    from app.engine.event_queue import EventQueue


class TimerWatch:
    """Keeps the alarm of *queue* at the next deadline of *machine*."""

    STATE = ()
    WIRES = ("_machine", "_queue")

    def __init__(self, machine: Machine, queue: "EventQueue[Any]") -> None:
        self._machine = machine
        self._queue = queue

    def look(self) -> None:
        """Sets the alarm anew when a write may have changed which deadline is the next."""
        if self._machine.timers_changed:
            self._set()

    def expire(self) -> list[Cpu]:
        """The alarm has gone off: the CPUs whose timers fire."""
        expired = self._machine.expire_timers()
        self._set()
        return expired

    def _set(self) -> None:
        deadline = self._machine.next_timer_deadline()
        self._queue.alarm = deadline if deadline is not None and deadline <= END_OF_TIME else None
