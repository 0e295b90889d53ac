"""Watches a simulation, step by step: what cycles go to, and when handlers begin."""

from types import GeneratorType
from typing import NamedTuple

from app.backends.backend import Backend
from app.engine.processor import Frame, Processor
from app.engine.simulation import Simulation
from app.guest.apic_ops import absent
from app.guest.steps import (
    Acknowledge,
    Delay,
    EmulatedRead,
    EmulatedWrite,
    Load,
    NextEvent,
    Step,
    Store,
    VirtualRead,
    VirtualWrite,
    price_of,
)
from app.measure.comparison import Shares
from app.x86.registers import Register

#: Entries of the guest's table that end in an interrupt command.
_SENDING = ("icr_write", "smp_send_reschedule")
TIMER_REGISTERS = frozenset(
    {Register.LVT_TIMER, Register.TIMER_INITIAL_COUNT, Register.TIMER_CURRENT_COUNT, Register.TIMER_DIVIDE}
)
_BY_REGISTER = (Load, Store, EmulatedRead, EmulatedWrite, VirtualRead, VirtualWrite)


class Done(NamedTuple):
    """A step that was done: at *time*, by *cpu*, for so many *cycles* (0: it waits)."""

    time: int
    cpu: int
    step: Step
    cycles: int
    share: str


class HandlerBegun(NamedTuple):
    """The first instruction of a handler."""

    time: int
    cpu: int
    vector: int


class Observation:
    """What *simulation* does from now on."""

    def __init__(self, simulation: Simulation) -> None:
        self._clock = simulation.clock
        backend = simulation.execution.backend
        self._sends = sending_functions(backend)
        self._eoi = backend.operations.eoi.__name__
        self._virtual = backend.hypervisor is not None
        #: Frames whose interrupt has been taken and whose handler has not begun.
        self._arriving: dict[Frame, int] = {}
        self.steps: list[Done] = []
        self.handlers: list[HandlerBegun] = []
        simulation.execution.watch = self._see

    def shares(self) -> Shares:
        """All cycles, by what they went to."""
        totals = dict.fromkeys(Shares._fields, 0)
        for done in self.steps:
            totals[done.share] += done.cycles
        return Shares(**totals)

    def paid(self) -> frozenset[str]:
        """The entries of a cost sheet under which the steps stand that were done."""
        return frozenset(price_of(done.step) for done in self.steps)

    def polls(self) -> int:
        """Reads of ICR's delivery status beyond one for each send: the message before was still under way."""
        on_icr = [done.step for done in self.steps if getattr(done.step, "register", None) == Register.ICR_LOW]
        reads = sum(isinstance(step, Load | EmulatedRead | VirtualRead) for step in on_icr)
        return max(0, reads - sum(isinstance(step, Store | EmulatedWrite | VirtualWrite) for step in on_icr))

    def _see(self, processor: Processor, frame: Frame, step: Step, cycles: int | None) -> int | None:
        now, number = self._clock.now, processor.cpu.number
        if self._arriving and frame in self._arriving and (frame.intercept is not None or not self._virtual):
            self.handlers.append(HandlerBegun(now, number, self._arriving.pop(frame)))
        if isinstance(step, Acknowledge) or (isinstance(step, NextEvent) and (frame.value or 0) > 0):
            self._arriving[frame] = frame.vector or 0
        work = 0 if isinstance(step, Delay) else cycles or 0
        self.steps.append(Done(now, number, step, work, self._share(frame, step)))
        return cycles

    def _share(self, frame: Frame, step: Step) -> str:
        for function in _functions(frame.generator):
            if function in self._sends:
                return "sends"
            if function == self._eoi:
                return "eois"
        return "timer" if isinstance(step, _BY_REGISTER) and step.register in TIMER_REGISTERS else "rest"


def sending_functions(backend: Backend) -> frozenset[str]:
    """The names of the functions below which everything is sending."""
    table = backend.operations
    entries = [name for name in table.entries() if name.startswith("send_") or name in _SENDING]
    functions = [getattr(table, name) for name in entries]
    return frozenset(function.__name__ for function in functions if function is not absent) | {"apic_icr_write"}


def _functions(generator: object) -> list[str]:
    """What is on the stack of *generator*, outermost first."""
    names = []
    while isinstance(generator, GeneratorType):
        names.append(generator.gi_code.co_name)
        generator = generator.gi_yieldfrom
    return names
