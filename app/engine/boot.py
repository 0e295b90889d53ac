"""The machine as the kernel leaves it when it has booted: I/O APIC and local APICs set up, every CPU idle."""

from app.backends.backend import Backend
from app.engine.effects import Effects
from app.engine.processor import Frame, Processor
from app.guest.answers import advance
from app.guest.apic_ops import Context, KernelState
from app.hw.cpu import Cpu, RunState
from app.hw.events import Fault
from app.hw.machine import Machine
from app.x86.model_specific_registers import X2APIC_ENABLE, ApicMode, Msr


def boot_kernel(
    machine: Machine, backend: Backend, kernel: KernelState, processors: list[Processor], effects: Effects
) -> None:
    """Sets the APICs up as the kernel does, at no cost, and lets the CPUs idle."""
    if backend.event_channels:
        machine.transplant(backend.apic_mode, event_channels=True)
    for pin, entry in kernel.generation.io_apic_entries(kernel).items():
        machine.write_redirection_entry(pin, entry)
    for processor in processors:
        if backend.apic_mode is ApicMode.X2APIC:
            _enable_x2apic(machine, processor.cpu)
        _set_up(processor, backend, kernel, effects)
        processor.cpu.instruction_ended()
        processor.cpu.run_state = RunState.HALTED
    effects.counters.reset()


def _set_up(processor: Processor, backend: Backend, kernel: KernelState, effects: Effects) -> None:
    """Natively: nobody is there yet to answer what another back end would ask of its hypervisor."""
    code = kernel.generation.start_secondary(Context(processor.cpu, kernel, backend.native))
    frame = Frame("start_secondary", code, backend, 0)
    while True:
        try:
            step = advance(code, frame.value, processor.cpu)
        except StopIteration:
            return
        frame.value = 0
        effects.perform(processor, frame, step)


def _enable_x2apic(machine: Machine, cpu: Cpu) -> None:
    """``__x2apic_enable``."""
    base = machine.read_msr(cpu.number, Msr.IA32_APIC_BASE)
    assert not isinstance(base, Fault)
    machine.write_msr(cpu.number, Msr.IA32_APIC_BASE, base | X2APIC_ENABLE)
