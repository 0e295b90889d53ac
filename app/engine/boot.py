"""The hardware as the firmware and the kernel leave it before any CPU sets its own APIC up."""

from app.backends.backend import Backend
from app.guest.apic_ops import KernelState
from app.hw.events import Fault
from app.hw.machine import Machine
from app.x86.model_specific_registers import X2APIC_ENABLE, ApicMode, Msr


def boot_apics(machine: Machine, backend: Backend, kernel: KernelState) -> None:
    """The I/O APIC's entries, and every APIC in the mode in which the guest has it."""
    if backend.event_channels:
        machine.transplant(backend.apic_mode, event_channels=True)
    for pin, entry in kernel.generation.io_apic_entries(kernel).items():
        machine.write_redirection_entry(pin, entry)
    if backend.apic_mode is ApicMode.X2APIC:
        for cpu in machine.cpus:
            _enable_x2apic(machine, cpu.number)


def _enable_x2apic(machine: Machine, cpu: int) -> None:
    """``__x2apic_enable``."""
    base = machine.read_msr(cpu, Msr.IA32_APIC_BASE)
    assert not isinstance(base, Fault)
    machine.write_msr(cpu, Msr.IA32_APIC_BASE, base | X2APIC_ENABLE)
