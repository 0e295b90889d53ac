"""Runs guest functions by hand: each step is noted, and the words that they write are really written."""

from collections.abc import Iterator
from types import GeneratorType

from app.guest.answers import advance
from app.guest.apic_ops import ApicOperations, Context, Generation, KernelState
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22, NATIVE_OPERATIONS
from app.guest.linux_6.kernel import LINUX_6, X2APIC_CLUSTER_OPERATIONS, X2APIC_PHYS_OPERATIONS, XAPIC_OPERATIONS
from app.guest.memory_steps import touch_memory
from app.guest.steps import Load, MemoryStep, ReadMsr, SpinUntil, Step, Steps, Store
from app.hw.cpu import Cpu
from app.hw.machine import Machine
from app.x86.model_specific_registers import ApicMode
from tests.guest.same_steps import SameSteps

#: What a load finds when the test does not say otherwise: an idle ICR, nothing in service.
IDLE = 0


class ContextOnCpu(Context):
    """A context that a test can find the CPU of."""

    __slots__ = ("cpu",)

    def __init__(self, cpu: Cpu, kernel: KernelState, operations: ApicOperations) -> None:
        super().__init__(cpu, kernel, operations)
        self.cpu = cpu


def cpu_of(code: Steps[None] | Steps[int]) -> Cpu:
    """The CPU on which *code*, which has not begun, is to run: its context's; if it has none, one after reset."""
    context = code.gi_frame.f_locals.get("context") if isinstance(code, GeneratorType) and code.gi_frame else None
    return context.cpu if isinstance(context, ContextOnCpu) else Machine(1).cpus[0]


def context_of(
    cpu: int = 0,
    cpus: int = 4,
    operations: ApicOperations = NATIVE_OPERATIONS,
    generation: Generation = LINUX_2_6_22,
) -> ContextOnCpu:
    mode = ApicMode.X2APIC if operations in (generation.x2apic, generation.x2apic_phys) else ApicMode.XAPIC
    return ContextOnCpu(Machine(cpus, mode=mode).cpus[cpu], KernelState(cpus, generation), operations)


def xapic(cpu: int = 0, cpus: int = 4) -> ContextOnCpu:
    """Linux 6 over the APIC page."""
    return context_of(cpu, cpus, XAPIC_OPERATIONS, LINUX_6)


def x2apic(cpu: int = 0, cpus: int = 4) -> ContextOnCpu:
    """Linux 6 over MSRs, with logical clusters."""
    return context_of(cpu, cpus, X2APIC_CLUSTER_OPERATIONS, LINUX_6)


def x2apic_phys(cpu: int = 0, cpus: int = 4) -> ContextOnCpu:
    """Linux 6 over MSRs, with physical destinations."""
    return context_of(cpu, cpus, X2APIC_PHYS_OPERATIONS, LINUX_6)


def steps_of(code: Steps[None], *reads: int) -> list[Step]:
    """All steps of *code*, whose loads find *reads*, then IDLE. A wait for a word is over at once."""
    return SameSteps(walk(code, *reads))


def walk(code: Steps[None], *reads: int) -> Iterator[Step]:
    """As ``steps_of``, one step at a time. The caller may look at the world between two steps."""
    values, cpu = iter(reads), cpu_of(code)
    answer: int | None = None
    while True:
        try:
            step = advance(code, answer, cpu)
        except StopIteration:
            return
        answer = next(values, IDLE) if isinstance(step, Load | ReadMsr) else 0
        if isinstance(step, MemoryStep):
            answer = touch_memory(step, cpu.number)
        elif isinstance(step, SpinUntil):
            step.word.value = step.value
        yield step


def stores_of(code: Steps[None], *reads: int) -> list[tuple[int, int]]:
    """Register and value of every store."""
    return [(step.register, step.value) for step in steps_of(code, *reads) if isinstance(step, Store)]
