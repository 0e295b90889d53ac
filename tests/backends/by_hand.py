"""Runs guest code under a back end by hand: every step that is really done, the hypervisor's among them."""

from app.backends.backend import Backend
from app.guest.answers import advance
from app.guest.apic_ops import KernelState
from app.guest.memory_steps import touch_memory
from app.guest.steps import EmulatedRead, GuestStep, Load, MemoryStep, ReadMsr, Step, Steps, VirtualRead
from app.hw.cpu import Cpu
from app.hw.machine import Machine
from tests.guest.by_hand import ContextOnCpu, cpu_of
from tests.guest.same_steps import SameSteps


def context_of(backend: Backend, cpu: int = 0, cpus: int = 4) -> ContextOnCpu:
    machine = Machine(cpus, mode=backend.apic_mode)
    return ContextOnCpu(machine.cpus[cpu], KernelState(cpus, backend.generation), backend.operations)


def done(backend: Backend, code: Steps[None] | Steps[int], *, reads: int = 0, cpu: Cpu | None = None) -> list[Step]:
    """Every step of *code*; whatever reads a register finds *reads*."""
    steps, _ = run(backend, code, reads, cpu)
    return steps


def result(backend: Backend, code: Steps[int], *, reads: int) -> int:
    """What *code* returns when whatever reads a register finds *reads*."""
    _, value = run(backend, code, reads)
    assert value is not None
    return value


def run(
    backend: Backend, code: Steps[None] | Steps[int], reads: int, cpu: Cpu | None = None
) -> tuple[list[Step], int | None]:
    asked, cpu = cpu or cpu_of(code), cpu or Machine(1).cpus[0]
    steps = SameSteps()
    answer: int | None = None
    while True:
        try:
            step = advance(code, answer, asked)
        except StopIteration as stop:
            return steps, stop.value
        host = backend.hypervisor.intercept(guest_step(step), cpu) if backend.hypervisor else None
        if host is None:
            steps.append(step)
            answer = reads if isinstance(step, Load | ReadMsr) else 0
            if isinstance(step, MemoryStep):
                answer = touch_memory(step, asked.number)
        else:
            emulated, answer = drain(host, reads, cpu)
            steps += emulated


def drain(code: Steps[int] | Steps[None], reads: int = 0, cpu: Cpu | None = None) -> tuple[list[Step], int]:
    """The hypervisor's own steps, and what the guest gets in the end."""
    cpu = cpu or Machine(1).cpus[0]
    steps = SameSteps()
    answer: int | None = None
    while True:
        try:
            step = advance(code, answer, cpu)
        except StopIteration as stop:
            return steps, int(stop.value or 0)
        steps.append(step)
        answer = reads if isinstance(step, EmulatedRead | VirtualRead) else 0


def intercepted(backend: Backend, step: GuestStep, cpu: Cpu | None = None) -> list[Step] | None:
    """What happens instead of *step*; None when the guest does it undisturbed."""
    assert backend.hypervisor is not None
    code = backend.hypervisor.intercept(step, cpu or Machine(1).cpus[0])
    return None if code is None else drain(code, cpu=cpu)[0]


def guest_step(step: Step) -> GuestStep:
    return step  # type: ignore[return-value]  # guest code yields guest steps
