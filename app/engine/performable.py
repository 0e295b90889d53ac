"""What the engine knows of a command: that it can be done. What people can ask is listed in ``commands/table``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from app.hw.events import Fault, Ignored
from app.hw.machine import Machine

if TYPE_CHECKING:
    from app.engine.processor import Processor
    from app.engine.simulation import Simulation

#: What comes of a command: the value of a read, the fault that an access met, or why a write did nothing.
Result = int | Fault | Ignored | None


class Performable(Protocol):
    """A command, as a value: the journal keeps it, and it can be done again."""

    #: Whether a demonstration ends with it.
    disturbs: ClassVar[bool]

    def perform(self, simulation: "Simulation") -> Result:
        """Does it, now. What cannot be done raises, and changes nothing."""


class Activity(Protocol):
    """What a machine does by itself whenever it has nothing else to do."""

    def idled(self, now: int) -> None:
        """The machine is idle, since *now* or for longer."""

    def due(self, now: int) -> int | None:
        """When it does something next, for a machine that is idle at *now*; None when that was busy all the time."""

    def next_commands(self, machine: Machine, processors: "Sequence[Processor]") -> Sequence[Performable]:
        """What it does next."""
