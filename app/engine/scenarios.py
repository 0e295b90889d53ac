"""What a machine does when nobody asks it for anything: the slow activity that a first visitor finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.engine.commands import CallGuest, DrivePin, Stimulus
from app.engine.processor import Processor
from app.guest.generations import GUEST_FUNCTIONS
from app.hw.cpu import RunState
from app.hw.machine import Machine

#: A level-triggered pin of the kernel's own set-up.
_DEVICE_PIN = 18


class Demonstration:
    """A round of small stimuli, one whenever the machine has been idle for ``gap`` cycles."""

    gap = 600
    _MOMENTS = 5

    def __init__(self) -> None:
        self._moment = 0
        self._due: int | None = None

    def idled(self, now: int) -> None:
        """The machine is idle, since *now* or for longer: the gap begins with the first time that this is told."""
        if self._due is None:
            self._due = now + self.gap

    def due(self, now: int) -> int | None:
        """When the next stimulus comes, for a machine that is idle at *now*; None when it was busy all the time."""
        return None if self._due is None else max(now, self._due)

    def next_commands(self, machine: Machine, processors: Sequence[Processor]) -> list[Stimulus]:
        """What happens next. A CPU that is busy is left alone, and nobody is made to wait for one that is held off."""
        self._due = None
        moment, self._moment = self._moment, (self._moment + 1) % self._MOMENTS
        held_off = any(processor.held_off for processor in processors)
        return [
            command
            for command in self._commands(moment, len(machine.cpus))
            if not isinstance(command, CallGuest)
            or (
                processors[command.cpu].cpu.run_state is RunState.HALTED
                and not (held_off and GUEST_FUNCTIONS[command.function].waits)
            )
        ]

    def _commands(self, moment: int, cpus: int) -> Iterator[Stimulus]:
        match moment:
            case 0:
                yield CallGuest(0, "smp_send_reschedule", target=1 % cpus)
            case 1:
                yield CallGuest(2 % cpus, "flush_tlb_others")
            case 2:
                yield DrivePin(_DEVICE_PIN, 1)
                yield DrivePin(_DEVICE_PIN, 0)
            case 3:
                yield CallGuest(1 % cpus, "smp_call_function")
            case _:
                yield CallGuest(3 % cpus, "send_ipi_self")


# Scripts, for those who want the same every time


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fixed script: *rounds* of stimuli, each round at its time, on a machine of so many CPUs."""

    name: str
    title: str
    cpus: int
    rounds: tuple[tuple[Stimulus, ...], ...]

    #: TSC cycles from one round to the next: longer than any back end takes over one.
    PERIOD = 1_000_000

    def times(self) -> Iterator[tuple[int, tuple[Stimulus, ...]]]:
        """Each round with the cycles since the beginning at which it comes."""
        for number, stimuli in enumerate(self.rounds):
            yield number * self.PERIOD, stimuli


_CPUS = 4
_STORM_CPUS = 8
#: An edge-triggered pin of the kernel's own set-up.
_EDGE_PIN = 4


def _from_each(function: str, cpus: int, times: int) -> tuple[tuple[Stimulus, ...], ...]:
    """Each CPU in turn calls *function*, one call a round."""
    return tuple((CallGuest(cpu % cpus, function),) for cpu in range(cpus * times))


def _pulse(pin: int) -> tuple[Stimulus, ...]:
    return DrivePin(pin, 1), DrivePin(pin, 0)


_STORM_ROUND: tuple[Stimulus, ...] = (
    *(CallGuest(cpu, "smp_call_function") for cpu in range(_STORM_CPUS)),
    *(CallGuest(cpu, "smp_send_reschedule", target=(cpu + 1) % _STORM_CPUS) for cpu in range(_STORM_CPUS)),
)
SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("reschedule", "each CPU wakes the next one", _CPUS, _from_each("smp_send_reschedule", _CPUS, 4)),
        Scenario(
            "call-function", "each CPU has all others run a function", _CPUS, _from_each("smp_call_function", _CPUS, 4)
        ),
        Scenario(
            "tlb-flush", "each CPU has all others drop translations", _CPUS, _from_each("flush_tlb_others", _CPUS, 4)
        ),
        Scenario(
            "devices", "an edge and a level interrupt in turn", _CPUS, (_pulse(_EDGE_PIN), _pulse(_DEVICE_PIN)) * 8
        ),
        Scenario("storm", "all CPUs call functions and wake others at once", _STORM_CPUS, (_STORM_ROUND,) * 4),
    )
}
