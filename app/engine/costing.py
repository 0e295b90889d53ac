"""What guest code costs by itself, without a simulation around it: single accesses, single sends."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

from app.backends.backend import Backend
from app.backends.catalogue import BACKENDS, generation_for
from app.costs.sheet import DEFAULT_COST_SHEET, CostSheet, load_cost_sheet
from app.guest.answers import advance
from app.guest.generations import GENERATIONS
from app.guest.memory_steps import touch_memory
from app.guest.steps import (
    ACCESSES,
    EXITS,
    MEMORY_STEPS,
    DisableInterrupts,
    EmulatedWrite,
    EnableInterrupts,
    GuestStep,
    Hypercall,
    HypervisorCall,
    MemoryStep,
    Step,
    Steps,
    price_of,
)
from app.hw.cpu import Cpu
from app.hw.machine import Machine
from app.x86.registers import Register

_REMEMBERED = (*MEMORY_STEPS, DisableInterrupts, EnableInterrupts)


class AccessCost(NamedTuple):
    """What one access is: how often the guest leaves, and cycles in all."""

    accesses: int
    exits: int
    hypercalls: int
    cycles: int


class Walk(NamedTuple):
    """Guest code that ran by itself: every step that was done, the hypervisor's among them, and its accesses."""

    steps: list[Step]
    accesses: int

    def cost(self, sheet: CostSheet) -> AccessCost:
        """What it comes to. NoFigure when *sheet* lacks a price."""
        return AccessCost(
            self.accesses,
            sum(isinstance(step, EXITS) for step in self.steps),
            sum(isinstance(step, HypervisorCall | Hypercall) for step in self.steps),
            sum(sheet.price(price_of(step)) for step in self.steps),
        )


def read_nothing(step: Step) -> int:
    """The answer to every read of a register: 0."""
    return 0


def walk(
    backend: Backend, code: Steps[int] | Steps[None], cpu: Cpu, answer: Callable[[Step], int] = read_nothing
) -> Walk:
    """Runs *code* on *cpu*, whose APIC it does not touch. *answer* sees each step that is done and gives what a read
    gets; words of memory hold what was written, and nobody else writes to them."""
    steps: list[Step] = []
    accesses = 0
    intercept = backend.hypervisor.intercept if backend.hypervisor else None

    def perform(step: Step) -> int:
        steps.append(step)
        answered = answer(step)
        return _remembered(step, cpu, answered) if isinstance(step, _REMEMBERED) else answered

    reply: int | None = None
    while True:
        try:
            step = advance(code, reply, cpu)
        except StopIteration:
            return Walk(steps, accesses)
        accesses += isinstance(step, ACCESSES)
        host = intercept(_of_guest(step), cpu) if intercept else None
        reply = perform(step) if host is None else drained(host, cpu, perform)


def _remembered(step: MemoryStep | DisableInterrupts | EnableInterrupts, cpu: Cpu, answered: int) -> int:
    """What a later step of the same code can see."""
    if isinstance(step, DisableInterrupts | EnableInterrupts):
        cpu.interrupt_flag = isinstance(step, EnableInterrupts)
        return answered
    return touch_memory(step, cpu.number)


def drained(host: Steps[int], cpu: Cpu, perform: Callable[[Step], int]) -> int:
    """Lets the hypervisor of *cpu* do all of its steps; gives what the guest gets in the end."""
    reply: int | None = None
    while True:
        try:
            reply = perform(advance(host, reply, cpu))
        except StopIteration as stop:
            return int(stop.value or 0)


@lru_cache
def access_cost(
    backend: str, register: int, write: bool, value: int = 0, sheet: str = DEFAULT_COST_SHEET, targets: int = 1
) -> AccessCost:
    """The cost of one ``apic_read`` or ``apic_write`` of *register*; a write of ICR reaches so many *targets*. KeyError
    for an unknown *backend*."""
    reached = BACKENDS[backend].bind(GENERATIONS[generation_for(backend)])
    operation = reached.operations.apic_write(register, value) if write else reached.operations.apic_read(register)
    cpu = Machine(1).cpus[0]  # in its reset state: what an access is does not depend on what the APIC holds
    return walk(reached, operation, cpu, partial(_targets_found, targets)).cost(load_cost_sheet(sheet))


def _targets_found(targets: int, step: Step) -> int:
    """An emulated write of ICR finds so many; every other register reads as 0."""
    sends = isinstance(step, EmulatedWrite) and step.register in (Register.ICR_LOW, Register.SELF_IPI)
    return targets if sends else 0


def _of_guest(step: Step) -> GuestStep:
    return step  # type: ignore[return-value]  # a guest function yields guest steps
