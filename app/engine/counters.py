"""What a session has counted since it began."""

from dataclasses import dataclass, fields
from typing import ClassVar

from app.engine.events import Event
from app.engine.work import Work

#: The order in which they are told.
_TOLD = (
    *("ipis_sent", "accesses", "leaked", "exits", "hypercalls", "cycles"),
    *("messages", "accepted", "merged", "refused", "interrupts_taken", "eois"),
)


@dataclass(slots=True)
class Counters(Work):
    """The work of all CPUs, and what happened meanwhile. Waiting and idling are not work."""

    STATE: ClassVar[tuple[str, ...]] = _TOLD

    ipis_sent: int = 0
    #: Of the accesses, the ones that by-passed a replaced ``apic_read``.
    leaked: int = 0
    messages: int = 0
    accepted: int = 0
    merged: int = 0
    refused: int = 0
    interrupts_taken: int = 0
    eois: int = 0

    @property
    def work(self) -> Work:
        """The work alone, as it stands now."""
        return Work(self.accesses, self.exits, self.hypercalls, self.cycles)

    def count(self, event: Event) -> None:
        """Adds *event* to the counter that it names, if it does."""
        name = event.counter
        if name is not None:
            setattr(self, name, getattr(self, name) + 1)

    def reset(self) -> None:
        """Begins to count anew."""
        for field in fields(self):
            setattr(self, field.name, 0)

    def as_dict(self) -> dict[str, int]:
        """Name to number."""
        return {name: getattr(self, name) for name in _TOLD}
