"""What the kernel does when an interrupt comes: Linux 2.6.22, ``arch/i386/kernel/{smp,apic,irq}.c``.

The order of EOI and work is the kernel's: it decides which class can come in meanwhile.
"""

from app.guest import handler_work
from app.guest.apic_ops import Context, Handler
from app.guest.asks import ReadWord
from app.guest.device_interrupts import do_irq
from app.guest.linux_2_6_22.irq_vectors import (
    CALL_FUNCTION_VECTOR,
    ERROR_APIC_VECTOR,
    INVALIDATE_TLB_VECTOR,
    LOCAL_TIMER_VECTOR,
    RESCHEDULE_VECTOR,
    SPURIOUS_APIC_VECTOR,
)
from app.guest.steps import AtomicAdd, AtomicClear, Steps
from app.x86.registers import Register

_ISR7 = int(Register.ISR7)
_ESR = int(Register.ESR)
_SPURIOUS_BIT = 1 << (SPURIOUS_APIC_VECTOR & 31)


def smp_reschedule_interrupt(context: Context, vector: int) -> Steps[None]:
    """EOI, and the scheduler runs on the way out."""
    yield from context.operations.eoi(context)
    yield handler_work.RESCHEDULE


def smp_call_function_interrupt(context: Context, vector: int) -> Steps[None]:
    """EOI first; then it tells the sender that it has begun, and works. From then on the sender that does not wait may
    give ``call_data`` to the next: whether this one waits is read before."""
    data = context.kernel.call_data
    wait = yield ReadWord(data.wait)
    yield from context.operations.eoi(context)
    yield AtomicAdd(data.started, 1)
    yield handler_work.CALLED_FUNCTION
    if wait:
        yield AtomicAdd(data.finished, 1)


def smp_invalidate_interrupt(context: Context, vector: int) -> Steps[None]:
    """The EOI comes after the flush; only then may the sender go on.

    When nobody asked for a flush, the kernel leaves at once and sends no EOI: a stray vector stays in service and keeps
    class f shut.
    """
    mask = context.kernel.flush_cpumask
    mine = 1 << context.number
    if not (yield ReadWord(mask)) & mine:
        return
    yield handler_work.FLUSH
    yield from context.operations.eoi(context)
    yield AtomicClear(mask, mine)


def smp_apic_timer_interrupt(context: Context, vector: int) -> Steps[None]:
    """EOI first, then the tick."""
    yield from context.operations.eoi(context)
    yield handler_work.TIMER


def smp_spurious_interrupt(context: Context, vector: int) -> Steps[None]:
    """Sends an EOI only if the vector is really in service: a spurious one is not."""
    in_service = yield from context.operations.apic_read(_ISR7)
    if in_service & _SPURIOUS_BIT:
        yield from context.operations.eoi(context)


def smp_error_interrupt(context: Context, vector: int) -> Steps[None]:
    """Reads ESR before and after the write that latches it."""
    operations = context.operations
    yield from operations.apic_read(_ESR)
    yield from operations.apic_write(_ESR, 0)
    yield from operations.apic_read(_ESR)
    yield from operations.eoi(context)


_HANDLERS: dict[int, Handler] = {
    CALL_FUNCTION_VECTOR: smp_call_function_interrupt,
    RESCHEDULE_VECTOR: smp_reschedule_interrupt,
    INVALIDATE_TLB_VECTOR: smp_invalidate_interrupt,
    LOCAL_TIMER_VECTOR: smp_apic_timer_interrupt,
    ERROR_APIC_VECTOR: smp_error_interrupt,
    SPURIOUS_APIC_VECTOR: smp_spurious_interrupt,
}


def handler_of(vector: int) -> Handler:
    """The function that the gate of *vector* leads to (``init_IRQ``, ``apic_intr_init``)."""
    return _HANDLERS.get(vector, do_irq)
