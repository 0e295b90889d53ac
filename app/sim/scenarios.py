"""What a machine does when nobody asks it for anything: the slow activity that a first visitor finds."""

from collections.abc import Iterator, Sequence
from itertools import cycle

from app.hw.machine import Machine
from app.sim.commands import CallGuest, ConfigurePin, DrivePin, Stimulus
from app.sim.processor import Processor

#: Pin 18 as a level-triggered device with vector 0x51 on CPU 1, in logical flat mode.
_LEVEL_DEVICE = 0x0200_0000_0000_8851
_DEVICE_PIN = 18


class Demonstration:
    """A round of small stimuli, one whenever the machine has been idle for ``gap`` cycles."""

    gap = 600

    def __init__(self) -> None:
        self._moments = cycle(range(5))
        self._due: int | None = None

    def due(self, now: int) -> int:
        """When the next stimulus comes, for a machine that is idle at *now*."""
        if self._due is None:
            self._due = now + self.gap
        return self._due

    def next_commands(self, machine: Machine, processors: Sequence[Processor]) -> list[Stimulus]:
        """What happens next. A CPU that is busy or waits is left alone."""
        self._due = None
        moment = next(self._moments)
        return [
            command
            for command in self._commands(moment, len(machine.cpus), machine)
            if not isinstance(command, CallGuest) or not processors[command.cpu].frames
        ]

    def _commands(self, moment: int, cpus: int, machine: Machine) -> Iterator[Stimulus]:
        match moment:
            case 0:
                yield CallGuest(0, "smp_send_reschedule", target=1 % cpus)
            case 1:
                yield CallGuest(2 % cpus, "flush_tlb_others")
            case 2:
                yield ConfigurePin(_DEVICE_PIN, _LEVEL_DEVICE)
                yield DrivePin(_DEVICE_PIN, 1)
                yield DrivePin(_DEVICE_PIN, 0)
            case 3:
                yield CallGuest(1 % cpus, "smp_call_function")
            case _:
                yield CallGuest(3 % cpus, "send_ipi_self")
