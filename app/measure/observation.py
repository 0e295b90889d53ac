"""Watches a simulation, step by step: what cycles go to, and when handlers begin."""

from functools import lru_cache
from typing import NamedTuple

from app.backends.backend import Backend
from app.engine.probe import Probe
from app.engine.processor import Frame, Processor, sending_functions
from app.engine.simulation import Simulation
from app.engine.work import Work
from app.guest.step_kinds import price_of
from app.guest.steps import (
    Acknowledge,
    EmulatedRead,
    EmulatedWrite,
    Load,
    NextEvent,
    SpinUntil,
    Step,
    Store,
    VirtualRead,
    VirtualWrite,
)
from app.measure.comparison import Shares
from app.x86.registers import Register

TIMER_REGISTERS = frozenset(
    {Register.LVT_TIMER, Register.TIMER_INITIAL_COUNT, Register.TIMER_CURRENT_COUNT, Register.TIMER_DIVIDE}
)
_BY_REGISTER = (Load, Store, EmulatedRead, EmulatedWrite, VirtualRead, VirtualWrite)


class Done(NamedTuple):
    """A step that was done: at *time*, by *cpu*, and what it came to (no cycles: it waits)."""

    time: int
    cpu: int
    step: Step
    work: Work
    share: str


class HandlerBegun(NamedTuple):
    """The first instruction of a handler."""

    time: int
    cpu: int
    vector: int


class Observation(Probe):
    """What *simulation* does from now on."""

    def __init__(self, simulation: Simulation) -> None:
        self._clock = simulation.clock
        #: Frames whose interrupt has been taken and whose handler has not begun.
        self._arriving: dict[Frame, int] = {}
        self.steps: list[Done] = []
        self.handlers: list[HandlerBegun] = []
        simulation.execution.add_probe(self)

    def shares(self) -> Shares:
        """All cycles, by what they went to."""
        totals = dict.fromkeys(Shares._fields, 0)
        for done in self.steps:
            totals[done.share] += done.work.cycles
        return Shares(**totals)

    def paid(self) -> frozenset[str]:
        """The entries of a cost sheet under which the steps stand that were done."""
        return frozenset(price_of(done.step) for done in self.steps)

    def polls(self) -> int:
        """Reads of ICR's delivery status beyond one for each send: the message before was still under way."""
        on_icr = [done.step for done in self.steps if getattr(done.step, "register", None) == Register.ICR_LOW]
        reads = sum(isinstance(step, Load | EmulatedRead | VirtualRead) for step in on_icr)
        return max(0, reads - sum(isinstance(step, Store | EmulatedWrite | VirtualWrite) for step in on_icr))

    def step_done(self, processor: Processor, frame: Frame, step: Step, work: Work) -> None:
        """Notes it, and the handler if it is the first step of one."""
        now, number = self._clock.now, processor.cpu.number
        if self._arriving and frame in self._arriving and frame.handler_begun:
            self.handlers.append(HandlerBegun(now, number, self._arriving.pop(frame)))
        if isinstance(step, Acknowledge) or (isinstance(step, NextEvent) and (frame.value or 0) > 0):
            self._arriving[frame] = frame.vector or 0
        self.steps.append(Done(now, number, step, work, _share(frame, step)))

    def wait_began(self, processor: Processor, frame: Frame, step: SpinUntil, work: Work) -> None:
        """As a step."""
        self.step_done(processor, frame, step, work)

    def wait_ended(self, processor: Processor, frame: Frame, step: SpinUntil, work: Work) -> None:
        """As a step."""
        self.step_done(processor, frame, step, work)


def _share(frame: Frame, step: Step) -> str:
    """What the step went to: the outermost function that sends, or that ends an interrupt, decides."""
    shares = _shares_of_functions(frame.backend)
    found = frame.inside(shares)
    if found is not None:
        return shares[found]
    return "timer" if isinstance(step, _BY_REGISTER) and step.register in TIMER_REGISTERS else "rest"


@lru_cache
def _shares_of_functions(backend: Backend) -> dict[str, str]:
    """What everything below a function goes to."""
    return {backend.operations.eoi.__name__: "eois"} | dict.fromkeys(sending_functions(backend), "sends")
