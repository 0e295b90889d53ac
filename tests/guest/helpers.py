"""Runs guest functions by hand: each step is noted, and the words that they write are really written."""

from collections.abc import Iterator

from app.guest.apic_driver import NATIVE_OPERATIONS
from app.guest.apic_ops import Context, Kernel
from app.guest.steps import Load, MemoryWrite, SpinUntil, Step, Steps, Store
from app.hw.machine import Machine
from tests.guest.same_steps import SameSteps

#: What a load finds when the test does not say otherwise: an idle ICR, nothing in service.
IDLE = 0


def context_of(cpu: int = 0, cpus: int = 4) -> Context:
    return Context(Machine(cpus).cpus[cpu], Kernel(cpus), NATIVE_OPERATIONS)


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
        answer = next(values, IDLE) if isinstance(step, Load) else 0
        match step:
            case MemoryWrite(word, value) | SpinUntil(word, value):
                word.value = value
            case _:
                pass
        yield step


def stores_of(code: Steps[None], *reads: int) -> list[tuple[int, int]]:
    """Register and value of every store."""
    return [(step.register, step.value) for step in steps_of(code, *reads) if isinstance(step, Store)]
