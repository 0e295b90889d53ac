"""Runs guest code under a back end by hand: every step that is really done, the hypervisor's among them."""

from app.backends.backend import Backend
from app.guest.apic_ops import Context, Kernel
from app.guest.steps import EmulatedRead, GuestStep, Load, Step, Steps
from app.hw.machine import Machine
from tests.guest.same_steps import SameSteps


def context_of(backend: Backend, cpu: int = 0, cpus: int = 4) -> Context:
    return Context(Machine(cpus).cpus[cpu], Kernel(cpus), backend.operations)


def done(backend: Backend, code: Steps[None] | Steps[int], *, reads: int = 0) -> list[Step]:
    """Every step of *code*; whatever reads a register finds *reads*."""
    steps, _ = run(backend, code, reads)
    return steps


def result(backend: Backend, code: Steps[int], *, reads: int) -> int:
    """What *code* returns when whatever reads a register finds *reads*."""
    _, value = run(backend, code, reads)
    assert value is not None
    return value


def run(backend: Backend, code: Steps[None] | Steps[int], reads: int) -> tuple[list[Step], int | None]:
    steps = SameSteps()
    answer: int | None = None
    while True:
        try:
            step = code.send(answer)  # type: ignore[arg-type]  # None starts it
        except StopIteration as stop:
            return steps, stop.value
        host = backend.hypervisor.intercept(guest_step(step)) if backend.hypervisor else None
        if host is None:
            steps.append(step)
            answer = reads if isinstance(step, Load) else 0
        else:
            emulated, answer = drain(host, reads)
            steps += emulated


def drain(code: Steps[int], reads: int = 0) -> tuple[list[Step], int]:
    """The hypervisor's own steps, and what the guest gets in the end."""
    steps = SameSteps()
    answer: int | None = None
    while True:
        try:
            step = code.send(answer)  # type: ignore[arg-type]  # None starts it
        except StopIteration as stop:
            return steps, int(stop.value)
        steps.append(step)
        answer = reads if isinstance(step, EmulatedRead) else 0


def guest_step(step: Step) -> GuestStep:
    return step  # type: ignore[return-value]  # guest code yields guest steps
