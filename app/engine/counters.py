"""What a session has counted since it began."""

from dataclasses import asdict, dataclass

from app.hw.event import Event


@dataclass(slots=True)
class Counters:
    """``cycles`` is what all CPUs spent on interrupt work; waiting and idling are not work."""

    ipis_sent: int = 0
    accesses: int = 0
    #: Of these, the ones that by-passed a replaced ``apic_read``.
    leaked: int = 0
    exits: int = 0
    hypercalls: int = 0
    cycles: int = 0
    messages: int = 0
    accepted: int = 0
    merged: int = 0
    refused: int = 0
    interrupts_taken: int = 0
    eois: int = 0

    def count(self, event: Event) -> None:
        """Adds *event* to the counter that it names, if it does."""
        name = event.counter
        if name is not None:
            setattr(self, name, getattr(self, name) + 1)

    def reset(self) -> None:
        """Begins to count anew."""
        self.__init__()  # type: ignore[misc]  # every counter has its first value there

    def as_dict(self) -> dict[str, int]:
        """Name to number."""
        return asdict(self)
