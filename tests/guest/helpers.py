"""Runs guest functions by hand: each step is noted, and the words that they write are really written."""

from collections.abc import Iterator

from app.guest.apic_ops import ApicOperations, Context, Generation, Kernel
from app.guest.linux_2_6_22.kernel import LINUX_2_6_22, NATIVE_OPERATIONS
from app.guest.linux_6.kernel import LINUX_6, X2APIC_CLUSTER_OPERATIONS, X2APIC_PHYS_OPERATIONS, XAPIC_OPERATIONS
from app.guest.steps import Load, MemoryWrite, ReadMsr, SpinUntil, Step, Steps, Store
from app.hw.apic_base import ApicMode
from app.hw.machine import Machine
from tests.guest.same_steps import SameSteps

#: What a load finds when the test does not say otherwise: an idle ICR, nothing in service.
IDLE = 0


def context_of(
    cpu: int = 0,
    cpus: int = 4,
    operations: ApicOperations = NATIVE_OPERATIONS,
    generation: Generation = LINUX_2_6_22,
) -> Context:
    mode = ApicMode.X2APIC if operations in (generation.x2apic, generation.x2apic_phys) else ApicMode.XAPIC
    return Context(Machine(cpus, mode=mode).cpus[cpu], Kernel(cpus, generation), operations)


def xapic(cpu: int = 0, cpus: int = 4) -> Context:
    """Linux 6 over the APIC page."""
    return context_of(cpu, cpus, XAPIC_OPERATIONS, LINUX_6)


def x2apic(cpu: int = 0, cpus: int = 4) -> Context:
    """Linux 6 over MSRs, with logical clusters."""
    return context_of(cpu, cpus, X2APIC_CLUSTER_OPERATIONS, LINUX_6)


def x2apic_phys(cpu: int = 0, cpus: int = 4) -> Context:
    """Linux 6 over MSRs, with physical destinations."""
    return context_of(cpu, cpus, X2APIC_PHYS_OPERATIONS, LINUX_6)


def steps_of(code: Steps[None], *reads: int) -> list[Step]:
    """All steps of *code*, whose loads find *reads*, then IDLE. A wait for a word is over at once."""
    return SameSteps(walk(code, *reads))


def walk(code: Steps[None], *reads: int) -> Iterator[Step]:
    """As ``steps_of``, one step at a time. The caller may look at the world between two steps."""
    values = iter(reads)
    answer: int | None = None
    while True:
        try:
            step = code.send(answer)  # type: ignore[arg-type]  # None starts it
        except StopIteration:
            return
        answer = next(values, IDLE) if isinstance(step, Load | ReadMsr) else 0
        match step:
            case MemoryWrite(word, value) | SpinUntil(word, value):
                word.value = value
            case _:
                pass
        yield step


def stores_of(code: Steps[None], *reads: int) -> list[tuple[int, int]]:
    """Register and value of every store."""
    return [(step.register, step.value) for step in steps_of(code, *reads) if isinstance(step, Store)]
