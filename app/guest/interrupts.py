"""What the kernel does when an interrupt comes: Linux 2.6.22, ``arch/i386/kernel/{smp,apic,irq}.c``.

The order of EOI and work is the kernel's: it decides which class can come in meanwhile.
"""

from collections.abc import Callable

from app.guest.apic_ops import Context
from app.guest.irq_vectors import (
    CALL_FUNCTION_VECTOR,
    ERROR_APIC_VECTOR,
    INVALIDATE_TLB_VECTOR,
    ISA_VECTORS,
    LOCAL_TIMER_VECTOR,
    RESCHEDULE_VECTOR,
    SPURIOUS_APIC_VECTOR,
)
from app.guest.steps import DisableInterrupts, EnableInterrupts, MemoryWrite, Steps, Work
from app.x86.registers import Register

_ISR7 = int(Register.ISR7)
_ESR = int(Register.ESR)
_SPURIOUS_BIT = 1 << (SPURIOUS_APIC_VECTOR & 31)

_RESCHEDULE = Work("handler_reschedule", "the scheduler will run on the way out")
_CALLED_FUNCTION = Work("handler_call_function", "runs the function it was asked for")
_FLUSH = Work("handler_invalidate_tlb", "drops its translations")
_TIMER = Work("handler_timer", "does the timer's work")
_DEVICE = Work("handler_device", "serves the device")
_NMI = Work("handler_nmi", "handles the NMI")
_SMI = Work("handler_smi", "the firmware serves the SMI")


def smp_reschedule_interrupt(context: Context, vector: int) -> Steps[None]:
    """EOI, and the scheduler runs on the way out."""
    yield from context.operations.ack_apic_irq(context)
    yield _RESCHEDULE


def smp_call_function_interrupt(context: Context, vector: int) -> Steps[None]:
    """EOI first; then it tells the sender that it has begun, and works."""
    data = context.kernel.call_data
    yield from context.operations.ack_apic_irq(context)
    yield MemoryWrite(data.started, data.started.value + 1)
    yield _CALLED_FUNCTION
    if data.wait:
        yield MemoryWrite(data.finished, data.finished.value + 1)


def smp_invalidate_interrupt(context: Context, vector: int) -> Steps[None]:
    """The EOI comes after the flush; only then may the sender go on.

    When nobody asked for a flush, the kernel leaves at once and sends no EOI: a stray vector stays in service and keeps
    class f shut.
    """
    mask = context.kernel.flush_cpumask
    mine = 1 << context.number
    if not mask.value & mine:
        return
    yield _FLUSH
    yield from context.operations.ack_apic_irq(context)
    yield MemoryWrite(mask, mask.value & ~mine)


def smp_apic_timer_interrupt(context: Context, vector: int) -> Steps[None]:
    """EOI first, then the tick."""
    yield from context.operations.ack_apic_irq(context)
    yield _TIMER


def smp_spurious_interrupt(context: Context, vector: int) -> Steps[None]:
    """Sends an EOI only if the vector is really in service: a spurious one is not."""
    in_service = yield from context.operations.apic_read(_ISR7)
    if in_service & _SPURIOUS_BIT:
        yield from context.operations.ack_apic_irq(context)


def smp_error_interrupt(context: Context, vector: int) -> Steps[None]:
    """Reads ESR before and after the write that latches it."""
    operations = context.operations
    yield from operations.apic_read(_ESR)
    yield from operations.apic_write(_ESR, 0)
    yield from operations.apic_read(_ESR)
    yield from operations.ack_apic_irq(context)


def do_irq(context: Context, vector: int) -> Steps[None]:
    """A device's interrupt. Edge: EOI first. Level: EOI last, so its class stays closed while the device is served.
    Interrupts are on while the device is served, and off again before the EOI (``handle_IRQ_event``): a higher class
    comes in meanwhile, but handlers do not pile up behind each EOI."""
    apic = context.cpu.apic
    # What came as an ExtINT is ``i8259A_chip``'s, which acknowledges at the 8259 and not at the APIC.
    external = vector in ISA_VECTORS and vector not in apic.isr
    level = vector in apic.tmr and not external
    if external:
        yield _DEVICE  # interrupts stay off: only the masked line keeps an 8259's from coming in again at once
        return
    if not level:
        yield from context.operations.ack_apic_irq(context)
    yield EnableInterrupts()
    yield _DEVICE
    yield DisableInterrupts()
    if level:
        yield from context.operations.ack_apic_irq(context)


def smi_handler(context: Context) -> Steps[None]:
    """The firmware's, unseen by the kernel. An SMI needs no EOI."""
    yield _SMI


def do_nmi(context: Context) -> Steps[None]:
    """An NMI needs no EOI."""
    yield _NMI


_HANDLERS: dict[int, Callable[[Context, int], Steps[None]]] = {
    CALL_FUNCTION_VECTOR: smp_call_function_interrupt,
    RESCHEDULE_VECTOR: smp_reschedule_interrupt,
    INVALIDATE_TLB_VECTOR: smp_invalidate_interrupt,
    LOCAL_TIMER_VECTOR: smp_apic_timer_interrupt,
    ERROR_APIC_VECTOR: smp_error_interrupt,
    SPURIOUS_APIC_VECTOR: smp_spurious_interrupt,
}


def handler_of(vector: int) -> Callable[[Context, int], Steps[None]]:
    """The function that the gate of *vector* leads to (``init_IRQ``, ``apic_intr_init``)."""
    return _HANDLERS.get(vector, do_irq)
