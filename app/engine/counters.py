"""What a session has counted since it began."""

from dataclasses import dataclass, field, fields
from typing import ClassVar

from app.engine.events import EVENTS, Event
from app.engine.work import Work
from app.hw.events import Acknowledged, EventTaken, ExternalAcknowledged, NmiTaken

#: The order in which they are told.
_TOLD = (
    *("ipis_sent", "accesses", "leaked", "exits", "hypercalls", "cycles"),
    *("messages", "accepted", "merged", "refused", "interrupts_taken", "eois"),
)

#: What each CPU does now is told by the interrupts that it took in the last so many cycles.
LATELY = 10_000
#: The events that tell of it.
TAKEN = (Acknowledged, EventTaken, ExternalAcknowledged, NmiTaken)
#: The events that may name a counter: all but those that leave that as it is for every event.
COUNTED: frozenset[type[Event]] = frozenset(event for event in EVENTS if event.counter is not Event.counter)


@dataclass(slots=True)
class Counters(Work):
    """The work of all CPUs, and what happened meanwhile. Waiting and idling are not work."""

    STATE: ClassVar[tuple[str, ...]] = (*_TOLD, "lately")

    ipis_sent: int = 0
    #: Of the accesses, the ones that by-passed a replaced ``apic_read``.
    leaked: int = 0
    messages: int = 0
    accepted: int = 0
    merged: int = 0
    refused: int = 0
    interrupts_taken: int = 0
    eois: int = 0
    #: Of each CPU that has taken an interrupt: the period of LATELY cycles in which it took the last, how many it took
    #: in that, and in the one before.
    lately: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def work(self) -> Work:
        """The work alone, as it stands now."""
        return Work(self.accesses, self.exits, self.hypercalls, self.cycles)

    def count(self, event: Event, time: int) -> None:
        """Adds *event* of a *time* to the counter that it names, if it does."""
        name = event.counter
        if name is None:
            return
        setattr(self, name, getattr(self, name) + 1)
        if isinstance(event, TAKEN):
            self.taken(event.cpu, time)

    def taken(self, cpu: int, time: int) -> None:
        """*cpu* has taken an interrupt at *time*."""
        period = time // LATELY
        last, taken, before = self.lately.get(cpu, (period, 0, 0))
        if period > last:
            taken, before = 0, taken if period == last + 1 else 0
        self.lately[cpu] = (period, taken + 1, before)

    def rates(self, cpu_count: int, time: int) -> list[int]:
        """How many interrupts each CPU has taken in the last LATELY cycles: those of the period that *time* lies in,
        and of the one before as many as still count, if they came evenly."""
        now, gone = divmod(time, LATELY)
        rates = [0] * cpu_count
        for cpu, (period, taken, before) in self.lately.items():
            if now == period:
                rates[cpu] = taken + (before * (LATELY - gone) + LATELY // 2) // LATELY
            elif now == period + 1:
                rates[cpu] = (taken * (LATELY - gone) + LATELY // 2) // LATELY
        return rates

    def reset(self) -> None:
        """Begins to count anew."""
        for counter in fields(self):
            setattr(self, counter.name, {} if counter.name == "lately" else 0)

    def as_dict(self) -> dict[str, int]:
        """Name to number."""
        return {name: getattr(self, name) for name in _TOLD}
