"""Today's way from "send this vector" to a register: Linux 6.12, ``arch/x86/kernel/apic/{ipi,apic,apic_flat_64}.c``,
``arch/x86/include/asm/apic.h``. Names are the kernel's, in lower case.

Three drivers (``struct apic``): ``apic_physflat`` here, physical destinations over the xAPIC page, whatever the number
of CPUs (since 6.12, commit 838ba7733e4e; up to eight CPUs were a logical mask before); over x2APIC MSRs
``x2apic_phys.py`` and ``x2apic_cluster.py``.
"""

from app.guest.apic_ops import Context
from app.guest.asks import ICR_AGAIN, ICR_LOOP
from app.guest.cpumask import cpus_of
from app.guest.irqflags import local_irq_restore, local_irq_save
from app.guest.linux_6.irq_vectors import NMI_VECTOR
from app.guest.steps import Delay, Load, ReadMsr, Steps, Store, WriteMsr
from app.x86.icr import DELIVERY_STATUS, DeliveryMode, DestinationMode, Icr, Shorthand
from app.x86.model_specific_registers import x2apic_msr
from app.x86.registers import Register

_ICR_LOW = int(Register.ICR_LOW)
_ICR_HIGH = int(Register.ICR_HIGH)
_EOI = int(Register.EOI)
_PHYSICAL = DestinationMode.PHYSICAL
_WAIT_LOOKS, _WAIT_MICROSECONDS = 1000, 100
#: What ``native_apic_msr_write`` leaves alone: no such MSR, or one that cannot be written.
_NOT_WRITTEN = (Register.DFR, Register.ID, Register.LDR, Register.VERSION)
_U32 = 0xFFFF_FFFF


def prepare_icr(shortcut: Shorthand, vector: int, mode: DestinationMode) -> int:
    """``__prepare_ICR``. Vector 2 stands for an NMI, which has no vector."""
    if vector == NMI_VECTOR:
        return Icr(0, DeliveryMode.NMI, mode, shortcut, level=0).low()
    return Icr(vector, DeliveryMode.FIXED, mode, shortcut, level=0).low()


# The xAPIC page, physical destinations


def native_apic_mem_read(register: int) -> Steps[int]:
    """A load from the APIC page."""
    return (yield Load(register))


def native_apic_mem_write(register: int, value: int) -> Steps[None]:
    """A store to the APIC page."""
    yield Store(register, value)


def native_apic_mem_eoi(context: Context) -> Steps[None]:
    """A store to EOI."""
    yield from native_apic_mem_write(_EOI, 0)


def native_apic_icr_write(context: Context, low: int, destination: int) -> Steps[None]:
    """Destination first, then the half that sends. Of a destination wider than 8 bits ``u32`` keeps the lowest 8."""
    flags = yield from local_irq_save()
    yield from context.operations.apic_write(_ICR_HIGH, destination << 24 & _U32)
    yield from context.operations.apic_write(_ICR_LOW, low)
    yield from local_irq_restore(flags)


def apic_mem_wait_icr_idle() -> Steps[None]:
    """Polls delivery status until the last IPI has been accepted."""
    yield ICR_LOOP
    while (yield from native_apic_mem_read(_ICR_LOW)) & DELIVERY_STATUS:
        yield ICR_AGAIN


def apic_mem_wait_icr_idle_timeout(context: Context) -> Steps[None]:
    """The same by ``apic_read``, and no longer than a tenth of a second: a look every 100 microseconds."""
    for _ in range(_WAIT_LOOKS):
        if not (yield from context.operations.apic_read(_ICR_LOW)) & DELIVERY_STATUS:
            return
        yield Delay(_WAIT_MICROSECONDS)


def __wait_icr_idle(context: Context, vector: int) -> Steps[None]:
    """An NMI may go to CPUs that hang: nobody waits for it for ever."""
    yield from apic_mem_wait_icr_idle_timeout(context) if vector == NMI_VECTOR else apic_mem_wait_icr_idle()


def __default_send_ipi_shortcut(context: Context, shortcut: Shorthand, vector: int) -> Steps[None]:
    """One write, so interrupts may stay on: no second half that another send could come between."""
    yield from __wait_icr_idle(context, vector)
    yield from native_apic_mem_write(_ICR_LOW, prepare_icr(shortcut, vector, _PHYSICAL))


def __default_send_ipi_dest_field(context: Context, destination: int, vector: int) -> Steps[None]:
    yield from __wait_icr_idle(context, vector)
    yield from native_apic_mem_write(_ICR_HIGH, destination << 24)
    yield from native_apic_mem_write(_ICR_LOW, prepare_icr(Shorthand.NONE, vector, _PHYSICAL))


def default_send_ipi_single_phys(context: Context, cpu: int, vector: int) -> Steps[None]:
    """To one CPU."""
    flags = yield from local_irq_save()
    yield from __default_send_ipi_dest_field(context, cpu, vector)
    yield from local_irq_restore(flags)


def default_send_ipi_mask_sequence_phys(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs: one send each."""
    flags = yield from local_irq_save()
    for cpu in cpus_of(cpumask):
        yield from __default_send_ipi_dest_field(context, cpu, vector)
    yield from local_irq_restore(flags)


def default_send_ipi_mask_allbutself_phys(context: Context, cpumask: int, vector: int) -> Steps[None]:
    """To a set of CPUs without the one that asks."""
    yield from default_send_ipi_mask_sequence_phys(context, cpumask & ~(1 << context.number), vector)


def default_send_ipi_allbutself(context: Context, vector: int) -> Steps[None]:
    """To every other CPU, by shorthand."""
    yield from __default_send_ipi_shortcut(context, Shorthand.ALL_EXCLUDING_SELF, vector)


def default_send_ipi_all(context: Context, vector: int) -> Steps[None]:
    """To every CPU, by shorthand."""
    yield from __default_send_ipi_shortcut(context, Shorthand.ALL_INCLUDING_SELF, vector)


def default_send_ipi_self(context: Context, vector: int) -> Steps[None]:
    """To the CPU that asks, by shorthand."""
    yield from __default_send_ipi_shortcut(context, Shorthand.SELF, vector)


# x2APIC MSRs: what both drivers reach the registers by


def native_apic_msr_read(register: int) -> Steps[int]:
    """RDMSR of the register. DFR, which is none, reads as ones without it."""
    if register == Register.DFR:
        return 0xFFFF_FFFF
    return (yield ReadMsr(x2apic_msr(register)))


def native_apic_msr_write(register: int, value: int) -> Steps[None]:
    """WRMSR of the register. DFR, ID, LDR and the version are left alone; the upper half of ICR is not, and faults."""
    if register not in _NOT_WRITTEN:
        yield WriteMsr(x2apic_msr(register), value)


def native_apic_msr_eoi(context: Context) -> Steps[None]:
    """WRMSR of 0 to EOI."""
    yield WriteMsr(x2apic_msr(_EOI), 0)


def native_x2apic_icr_write(context: Context, low: int, destination: int) -> Steps[None]:
    """One WRMSR of 64 bits."""
    yield WriteMsr(x2apic_msr(_ICR_LOW), destination << 32 | low)
