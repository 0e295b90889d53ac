"""What a question looks at: a machine at a moment, what somebody does to it then, and what comes of that. All of it
happens on copies."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from app.commands.command import Stimulus
from app.engine.events import Event
from app.engine.simulation import Simulation
from app.history.record import Record, from_state, state
from app.hw.cpu import Cpu
from app.hw.events import Accepted, Acknowledged, EventTaken, ExternalAcknowledged, Merged
from app.lesson.playing import UnusableLine, command_of

if TYPE_CHECKING:
    from app.commands.table import Command

#: So far is looked; a machine that has not come to rest by then gives no answer that needs its rest.
MOST_OPERATIONS = 5_000
_RESTLESS = f"the machine does not come to rest within {MOST_OPERATIONS:,} operations"
#: A vector that a CPU takes: from its APIC, by an event channel, from the 8259.
VectorTaken = Acknowledged | EventTaken | ExternalAcknowledged


class NoAnswer(ValueError):
    """Why a question has none here; one sentence."""


class Happened(NamedTuple):
    """An event, and the machine behind the operation in which it happened."""

    event: Event
    simulation: Simulation


class Situation:
    """*simulation* at a moment, at which *when*, lines of commands, would be done. Nobody touches it. NoAnswer when
    they cannot be done."""

    def __init__(self, simulation: Simulation, when: Sequence[str], values: Mapping[str, Any]) -> None:
        #: The parameters of the question.
        self.values = values
        self._record: Record = state(simulation)
        self._log = [event for _, event in simulation.events_since(0)]
        self._when = when
        #: As the machine stands now.
        self.now = self.copy()
        #: As it stands when *when* has been done, and no time has passed.
        self.then = self.copy()
        #: What *when* says.
        self.commands = self._act(self.then)
        self.then.take_log()
        self._rest: Simulation | None = None

    def copy(self) -> Simulation:
        """A simulation of its own, at the moment."""
        return from_state(self._record)

    def _act(self, simulation: Simulation) -> "list[Command]":
        """Does *when* on *simulation*. Returns its commands."""
        commands: list[Command] = []
        for line in self._when:
            try:
                command = command_of(line, simulation)
                if not isinstance(command, Stimulus):
                    raise UnusableLine(f"{line!r}: only what acts on the machine can be asked about")
                refusal = command.refusal(simulation)
                if refusal is not None:
                    raise UnusableLine(f"{line!r}: {refusal.message}")
            except UnusableLine as unusable:
                raise NoAnswer(str(unusable)) from unusable
            commands.append(command)
            simulation.apply(command)
        return commands

    def happens(self) -> Iterator[Happened]:
        """All that happens from the moment on, until nothing but timers is left, or MOST_OPERATIONS are done."""
        simulation = self.copy()
        self._act(simulation)
        for _, event in simulation.take_log():
            yield Happened(event, simulation)
        for _ in range(MOST_OPERATIONS):
            if simulation.idle:
                break
            simulation.run(operations=1, until_idle=True)
            for _, event in simulation.take_log():
                yield Happened(event, simulation)

    @cached_property
    def events(self) -> list[Event]:
        """The events of all that happens so far."""
        return [one.event for one in self.happens()]

    def rest(self) -> Simulation:
        """The machine once nothing but timers is left. NoAnswer when it never comes to rest."""
        if self._rest is None:
            self._rest = self.copy()
            self._act(self._rest)
            self._rest.take_log()
            self._rest.run(operations=MOST_OPERATIONS, until_idle=True)
        if not self._rest.idle:
            raise NoAnswer(_RESTLESS)
        return self._rest

    def more(self, counter: str) -> int:
        """By how much a counter (``engine/counters``) has grown until the machine is at rest."""
        return int(getattr(self.rest().counters, counter)) - int(getattr(self.now.counters, counter))

    @property
    def cpu(self) -> Cpu:
        """The CPU that the question is about, once *when* has been done."""
        cpu: int = self.values["cpu"]
        return self.then.machine.cpus[cpu]

    def arrivals(self, cpu: int, requested: Sequence[int]) -> list[int]:
        """*requested* vectors of a CPU, in the order in which they came last, as far as the log tells."""
        came = [int(event.vector) for event in self._log if isinstance(event, Accepted) and event.cpu == cpu]
        return sorted(requested, key=lambda vector: len(came) - came[::-1].index(vector) if vector in came else 0)


def requested(cpu: Cpu) -> list[int]:
    """The vectors that are requested on *cpu*, or ports that are pending, upwards."""
    return list(cpu.apic.irr if cpu.event_channels is None else cpu.event_channels.pending)


def outcome_at(event: Event, cpu: int | None, vector: int | None) -> bool:
    """Whether *event* is the acceptance, be it by a merge, of a *vector* at a *cpu*; None: of any."""
    match event:
        case Accepted() | Merged():
            return cpu in (None, event.cpu) and vector in (None, event.vector)
        case _:
            return False
