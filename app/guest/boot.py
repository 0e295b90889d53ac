"""How a CPU sets its APIC up: ``setup_local_APIC`` of Linux 2.6.22, ``arch/i386/kernel/apic.c``."""

from app.guest.apic_ops import Context
from app.guest.irq_vectors import ERROR_APIC_VECTOR, SPURIOUS_APIC_VECTOR
from app.guest.steps import EnableInterrupts, Steps
from app.x86.lvt import MASKED
from app.x86.registers import SVR_ENABLE, Register

_FLAT = 0xFFFF_FFFF
_EXTINT = 7 << 8
_NMI = 4 << 8


def init_apic_ldr(context: Context) -> Steps[None]:
    """Flat model, one bit a CPU. Beyond eight CPUs the kernel addresses APIC IDs and the bits do not matter."""
    operations = context.operations
    yield from operations.apic_write(Register.DFR, _FLAT)
    yield from operations.apic_write(Register.LDR, 1 << (24 + context.number % 8))


def setup_local_apic(context: Context) -> Steps[None]:
    """TPR 0, software enable, spurious vector 0xff; LINT0 from the 8259 and LINT1 as NMI on the bootstrap processor."""
    operations = context.operations
    yield from init_apic_ldr(context)
    yield from operations.apic_write(Register.TPR, 0)
    yield from operations.apic_write(Register.SVR, SVR_ENABLE | SPURIOUS_APIC_VECTOR)
    masked = 0 if context.cpu.bootstrap else MASKED
    yield from operations.apic_write(Register.LVT_LINT0, _EXTINT | MASKED)
    yield from operations.apic_write(Register.LVT_LINT1, _NMI | masked)
    yield from operations.apic_write(Register.ESR, 0)
    yield from operations.apic_write(Register.LVT_ERROR, ERROR_APIC_VECTOR)
    yield from operations.apic_write(Register.ESR, 0)


def start_secondary(context: Context) -> Steps[None]:
    """Where a CPU begins after INIT and a start-up IPI (the bootstrap processor: after INIT alone)."""
    yield from setup_local_apic(context)
    yield EnableInterrupts()
