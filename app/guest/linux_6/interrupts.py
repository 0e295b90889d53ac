"""What the kernel does when an interrupt comes: Linux 6.x, ``arch/x86/kernel/{smp,irq}.c``, ``kernel/smp.c``."""

from app.guest import handler_work
from app.guest.apic_ops import Context, Handler
from app.guest.device_interrupts import do_irq
from app.guest.linux_6.irq_vectors import (
    CALL_FUNCTION_SINGLE_VECTOR,
    CALL_FUNCTION_VECTOR,
    ERROR_APIC_VECTOR,
    LOCAL_TIMER_VECTOR,
    RESCHEDULE_VECTOR,
    SPURIOUS_APIC_VECTOR,
)
from app.guest.steps import MemoryWrite, Steps
from app.x86.registers import Register

_ISR7 = int(Register.ISR7)
_ESR = int(Register.ESR)
_SPURIOUS_BIT = 1 << (SPURIOUS_APIC_VECTOR & 31)


def sysvec_reschedule_ipi(context: Context, vector: int) -> Steps[None]:
    """EOI, and the scheduler runs on the way out."""
    yield from context.operations.eoi(context)
    yield handler_work.RESCHEDULE


def sysvec_call_function(context: Context, vector: int) -> Steps[None]:
    """EOI first, then ``flush_smp_call_function_queue``."""
    yield from context.operations.eoi(context)
    yield from flush_smp_call_function_queue(context)


def sysvec_call_function_single(context: Context, vector: int) -> Steps[None]:
    """As sysvec_call_function: the queue does not know which vector came."""
    yield from context.operations.eoi(context)
    yield from flush_smp_call_function_queue(context)


def flush_smp_call_function_queue(context: Context) -> Steps[None]:
    """Takes the whole queue at once, runs each request and unlocks it."""
    queue = context.kernel.call_single_queues[context.number]
    requests, queue.requests = queue.requests, []
    yield MemoryWrite(queue.word, 0)
    for lock in requests:
        yield handler_work.CALLED_FUNCTION
        yield MemoryWrite(lock, 0)


def sysvec_apic_timer_interrupt(context: Context, vector: int) -> Steps[None]:
    """EOI first, then the tick."""
    yield from context.operations.eoi(context)
    yield handler_work.TIMER


def sysvec_spurious_apic_interrupt(context: Context, vector: int) -> Steps[None]:
    """Sends an EOI only if the vector is really in service: a spurious one is not."""
    in_service = yield from context.operations.apic_read(_ISR7)
    if in_service & _SPURIOUS_BIT:
        yield from context.operations.eoi(context)


def sysvec_error_interrupt(context: Context, vector: int) -> Steps[None]:
    """Latches ESR, reads it, and ends."""
    yield from context.operations.apic_write(_ESR, 0)
    yield from context.operations.apic_read(_ESR)
    yield from context.operations.eoi(context)


_HANDLERS: dict[int, Handler] = {
    RESCHEDULE_VECTOR: sysvec_reschedule_ipi,
    CALL_FUNCTION_VECTOR: sysvec_call_function,
    CALL_FUNCTION_SINGLE_VECTOR: sysvec_call_function_single,
    LOCAL_TIMER_VECTOR: sysvec_apic_timer_interrupt,
    SPURIOUS_APIC_VECTOR: sysvec_spurious_apic_interrupt,
    ERROR_APIC_VECTOR: sysvec_error_interrupt,
}


def handler_of(vector: int) -> Handler:
    """The function that the gate of *vector* leads to (``apic_idts``)."""
    return _HANDLERS.get(vector, do_irq)
