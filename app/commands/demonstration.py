"""What a machine does when nobody asks it for anything: the slow activity that a first visitor finds."""

from collections.abc import Iterator, Sequence

from app.commands.guest import CallGuest
from app.commands.lines import LowerPin, RaisePin
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

    STATE = ("_due", "_moment")
    WIRES = ()
    __slots__ = (*STATE, *WIRES)

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

    def next_commands(
        self, machine: Machine, processors: Sequence[Processor]
    ) -> Sequence[CallGuest | RaisePin | LowerPin]:
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

    def _commands(self, moment: int, cpus: int) -> Iterator[CallGuest | RaisePin | LowerPin]:
        match moment:
            case 0:
                yield CallGuest(0, "smp_send_reschedule", target=1 % cpus)
            case 1:
                yield CallGuest(2 % cpus, "flush_tlb_others")
            case 2:
                yield RaisePin(_DEVICE_PIN)
                yield LowerPin(_DEVICE_PIN)
            case 3:
                yield CallGuest(1 % cpus, "smp_call_function")
            case _:
                yield CallGuest(3 % cpus, "send_ipi_self")
