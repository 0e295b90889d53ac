"""One machine on its course, tick by tick, with all that a condition can look at."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from app.breakpoints.seen import Seen, Written
from app.commands.registers import WriteCr8, WriteRegister, Wrmsr
from app.engine.performable import Performable
from app.engine.probe import Probe
from app.engine.processor import Frame, Processor
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.guest.steps import EmulatedWrite, Step, Store, VirtualWrite, WriteMsr
from app.trace.operations import RegisterWrite
from app.x86.registers import Register

if TYPE_CHECKING:
    from app.history.recorded import Playback

#: The MSRs of the x2APIC: a register's is this, and its offset in the page by 16.
_FIRST_MSR, _LAST_MSR = 0x800, 0x8FF
_CLASS = 4  # CR8 is TPR's class


class Watch(Protocol):
    """A machine whose ticks can be looked at."""

    @property
    def ticks(self) -> int:
        """Where it stands."""

    def here(self) -> Seen:
        """How it stands, with nothing that happens."""

    def tick(self) -> Seen | None:
        """Goes on by one tick and gives what is seen of it; None when nothing is left. What else has moved the machine
        since the last look is given first, as one."""

    def close(self) -> None:
        """Nobody looks any more."""


class SimulationWatch(Probe):
    """*simulation*, which *advance* lets go on by one tick: False when nothing is left."""

    def __init__(self, simulation: Simulation, advance: Callable[[], bool]) -> None:
        self._simulation = simulation
        self._advance = advance
        self._writes: list[Written] = []
        self._happened = simulation.happened
        self._journalled = len(simulation.journal)
        self._ticks = simulation.ticks
        simulation.execution.add_probe(self)

    def close(self) -> None:
        self._simulation.execution.remove_probe(self)

    @property
    def ticks(self) -> int:
        return self._simulation.ticks

    def here(self) -> Seen:
        simulation = self._simulation
        return Seen(
            simulation.machine,
            simulation.processors,
            simulation.ticks,
            simulation.time,
            in_flight=len(simulation.in_flight),
        )

    def tick(self) -> Seen | None:
        if self._ticks == self._simulation.ticks and not self._advance():
            return None
        return self._seen()

    def _seen(self) -> Seen:
        simulation, seen = self._simulation, self.here()
        seen.events = [event for _, event in simulation.events_since(self._happened)]
        for done in simulation.journal[self._journalled :]:
            self._writes += _written_by(done.command)
        seen.writes, self._writes = self._writes, []
        self._happened, self._journalled, self._ticks = simulation.happened, len(simulation.journal), simulation.ticks
        return seen

    def step_done(self, processor: Processor, frame: Frame, step: Step, work: Work) -> None:
        match step:
            case Store() | EmulatedWrite() | VirtualWrite():
                self._writes.append(Written(processor.cpu.number, step.register, step.value))
            case WriteMsr():
                self._writes += _written_msr(processor.cpu.number, step.msr, step.value)
            case _:
                pass


def _written_msr(cpu: int, msr: int, value: int) -> Iterator[Written]:
    if _FIRST_MSR <= msr <= _LAST_MSR:
        yield Written(cpu, msr - _FIRST_MSR << 4, value)


def _written_by(command: Performable) -> Iterator[Written]:
    """What a person writes past the guest."""
    match command:
        case WriteRegister(cpu, register, value):
            yield Written(cpu, register, value)
        case Wrmsr(cpu, msr, value):
            yield from _written_msr(cpu, msr, value)
        case WriteCr8(cpu, value):
            yield Written(cpu, Register.TPR, value << _CLASS)
        case _:
            pass


class PlaybackWatch:
    """*playback*, which *advance* lets play one operation: False at its end."""

    def __init__(self, playback: "Playback", advance: Callable[[], bool]) -> None:
        self._playback = playback
        self._advance = advance

    def close(self) -> None:
        """Nothing is to be undone."""

    @property
    def ticks(self) -> int:
        return self._playback.ticks

    def here(self) -> Seen:
        playback = self._playback
        return Seen(playback.replay.machine, None, playback.ticks, playback.time)

    def tick(self) -> Seen | None:
        playback = self._playback
        before = playback.happened
        if not self._advance():
            return None
        seen = self.here()
        seen.events = [event for _, event in playback.events_since(before)]
        operation = playback.replay.recording.operations[playback.ticks - 1]
        if isinstance(operation, RegisterWrite):
            seen.writes = [Written(operation.cpu, operation.offset, operation.value)]
        return seen
