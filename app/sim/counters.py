"""What a session has counted since it began."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counters:
    """``cycles`` is what all CPUs spent on interrupt work; waiting and idling are not work."""

    ipis_sent: int = 0
    accesses: int = 0
    exits: int = 0
    hypercalls: int = 0
    cycles: int = 0
    messages: int = 0
    accepted: int = 0
    merged: int = 0
    refused: int = 0
    interrupts_taken: int = 0
    eois: int = 0

    def add(self, name: str, number: int) -> None:
        """Adds *number* to the counter called *name*."""
        setattr(self, name, getattr(self, name) + number)

    def as_dict(self) -> dict[str, int]:
        """Name to number."""
        return asdict(self)
