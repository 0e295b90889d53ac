"""What a condition can look at: one tick of a machine, and how it stands behind that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.engine.processor import Processor
from app.hw.event import Event
from app.hw.machine import Machine


class Written(NamedTuple):
    """A write to a register of *cpu*'s local APIC: its offset in the APIC page, and the value."""

    cpu: int
    register: int
    value: int


class Taken(NamedTuple):
    """*cpu* took *vector*, which had been requested for so many TSC cycles."""

    cpu: int
    vector: int
    waited: int


@dataclass(slots=True)
class Seen:
    """One tick: what happened in it, at which time in TSC cycles, and the machine behind it. ``processors`` say what
    runs, and ``in_flight`` how many messages are under way; a recording has neither."""

    machine: Machine
    processors: Sequence[Processor] | None = None
    tick: int = 0
    time: int = 0
    events: Sequence[Event] = ()
    writes: Sequence[Written] = ()
    in_flight: int = 0
    #: The interrupts taken in this tick, as far as it is known when they were requested.
    taken: list[Taken] = field(default_factory=list)

    def without_events(self) -> "Seen":
        """The same machine, and nothing that happens."""
        return Seen(self.machine, self.processors, self.tick, self.time, in_flight=self.in_flight)


#: A vector that is requested on a CPU, a port where that has event channels: CPU, vector.
Request = tuple[int, int]
#: When each was requested, in TSC cycles.
Requests = Mapping[Request, int]


def requested_on(machine: Machine) -> set[Request]:
    """What is requested now."""
    found: set[Request] = set()
    for cpu in machine.cpus:
        channels = cpu.event_channels
        requested = cpu.apic.irr if channels is None else channels.pending
        if requested.bits:
            found |= {(cpu.number, vector) for vector in requested}
    return found
