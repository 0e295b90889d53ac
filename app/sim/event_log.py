"""What happened in a simulation, with its time, until somebody takes it; and how often each kind did."""

from app.hw.clock import Clock
from app.sim.counters import Counters
from app.sim.events import Event


class EventLog:
    """Events in their order, each with the virtual time at which it happened."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._events: list[tuple[int, Event]] = []
        self._counted = 0

    def record(self, event: Event) -> None:
        """*event* has happened, now."""
        self._events.append((self._clock.now, event))

    def count(self, counters: Counters) -> None:
        """Adds to *counters* what happened since they were last brought up to date."""
        for _, event in self._events[self._counted :]:
            counters.count(event)
        self._counted = len(self._events)

    def take(self) -> list[tuple[int, Event]]:
        """What happened since the last call. What was not counted before is not counted any more."""
        taken = self._events[:]
        self._events.clear()
        self._counted = 0
        return taken
